//! The report as text, for the screen and for the file beside it.

use renkei_engine::InputIssue;
use renkei_engine::conform::{ConformReport, RuleCount, SetConformance, Verdict};

use crate::board::grouped;
use crate::console::Lang;
use crate::texts::rules;

/// The verdict in words.
pub(super) fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Conforms => lang.pick("適合", "CONFORMS"),
        Verdict::ConformsWithWarnings => lang.pick("適合（警告あり）", "CONFORMS, with warnings"),
        Verdict::DoesNotConform => lang.pick("不適合", "DOES NOT CONFORM"),
    }
}

/// What content is called.
pub(super) fn kind(word: &str, lang: Lang) -> &str {
    match word {
        "full" => lang.pick("全件", "full"),
        "diff" => lang.pick("差分", "diff"),
        "single" => lang.pick("1件", "single"),
        "asof" => lang.pick("時点全件", "full as of a day"),
        other => other,
    }
}

/// The first places of a rule, in one line.
pub(super) fn places(rule: &RuleCount, lang: Lang) -> String {
    let places = rule.first.iter().map(|place| {
        let at = match place.row {
            0 => place.file.clone(),
            row => format!("{} {}{row}", place.file, lang.pick("行", "row ")),
        };
        if place.detail.is_empty() { at } else { format!("{at} ({})", place.detail) }
    });
    let mut text = places.collect::<Vec<_>>().join(", ");
    if rule.count > rule.first.len() as u64 {
        text.push_str(" …");
    }
    text
}

/// The report in a language.
pub(crate) fn as_text(report: &ConformReport, lang: Lang) -> String {
    let mut text = format!(
        "{}: {}（{} {}、{} {}）\n",
        lang.pick("判定", "Verdict"),
        verdict(report.verdict, lang),
        lang.pick("エラー", "errors"),
        grouped(report.n_errors),
        lang.pick("警告", "warnings"),
        grouped(report.n_warnings),
    );
    if lang == Lang::En {
        text = text.replace('（', " (").replace('、', ", ").replace('）', ")");
    }
    for set in &report.sets {
        set_text(set, lang, &mut text);
    }
    for issue in &report.chain_issues {
        text.push_str(
            &format_args!("\n{}: {}", lang.pick("つながり", "chain"), issue_text(issue, lang)).to_string(),
        );
    }
    if let Some(state) = &report.proven_state {
        let label = if report.verdict.conforms() {
            lang.pick("ファイルだけから証明した状態", "state proven from the files alone")
        } else {
            lang.pick("ファイルから得た状態（証明は不成立）", "state the files give (the proof FAILED)")
        };
        let rows = lang.pick("行", "rows");
        text.push_str(
            &format_args!("\n{label}: {} {rows}, {}\n", grouped(state.n_rows), state.digest).to_string(),
        );
    }
    text
}

fn set_text(set: &SetConformance, lang: Lang, text: &mut String) {
    let n_rows: u64 = set.files.iter().map(|file| file.n_rows).sum();
    let sequence = set.sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
    let facts = [
        set.interface.as_str(),
        set.layout_name.as_str(),
        set.version.as_str(),
        kind(&set.kind, lang),
        sequence.as_str(),
    ];
    let facts: Vec<&str> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    text.push_str(
        &format_args!(
            "\n{}: {} [{}] {} {}\n",
            verdict(set.verdict, lang),
            set.name,
            facts.join(" "),
            grouped(n_rows),
            lang.pick("行", "rows"),
        )
        .to_string(),
    );
    for issue in &set.issues {
        text.push_str(&format_args!("  {}\n", issue_text(issue, lang)).to_string());
    }
    for rule in &set.rules {
        let weight =
            if rule.is_warning { lang.pick("警告", "warning") } else { lang.pick("エラー", "error") };
        let column = if rule.column.is_empty() { String::new() } else { format!(" {}", rule.column) };
        text.push_str(
            &format_args!(
                "  {} × {weight}{column} {}: {}\n    {}\n",
                grouped(rule.count),
                rule.rule,
                rules::meaning(&rule.rule, lang),
                places(rule, lang),
            )
            .to_string(),
        );
    }
}

/// An issue of a notice: its rule, what it means, what was found.
pub(super) fn issue_text(issue: &InputIssue, lang: Lang) -> String {
    let weight =
        if issue.is_warning { lang.pick("警告", "warning") } else { lang.pick("エラー", "error") };
    let meaning = rules::meaning(&issue.rule, lang);
    if issue.detail.is_empty() {
        format!("{weight} {}: {meaning}", issue.rule)
    } else {
        format!("{weight} {}: {meaning} ({})", issue.rule, issue.detail)
    }
}
