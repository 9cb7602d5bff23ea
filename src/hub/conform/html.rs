//! The report as one page: no scripts, nothing from elsewhere, everything escaped, made to be printed on A4.

use std::fmt::Write as _;

use renkei_engine::conform::{ConformReport, RuleCount, SetConformance, Verdict};

use super::text;
use crate::board::grouped;
use crate::console::Lang;
use crate::texts::rules;

const STYLE: &str = "@page{size:A4;margin:14mm}\
*{box-sizing:border-box}\
body{font:14px/1.6 \"Hiragino Sans\",\"Noto Sans CJK JP\",\"Noto Sans JP\",Meiryo,sans-serif;color:#1b1b1b;\
background:#fff;max-width:180mm;margin:0 auto;padding:8mm 4mm;overflow-wrap:anywhere}\
h1{font-size:21px;margin:0 0 4px}h2{font-size:16px;margin:26px 0 6px;border-bottom:1px solid #999;break-after:avoid}\
.verdict{font-size:18px;font-weight:700;border:2px solid;padding:6px 12px;margin:10px 0}\
.ok{color:#0b5d2e}.warned{color:#7a4b00}.bad{color:#a11212}\
table{border-collapse:collapse;width:100%;margin:6px 0;font-size:12.5px}\
th,td{border:1px solid #bbb;padding:3px 6px;text-align:left;vertical-align:top}th{background:#f0f0f0}\
thead{display:table-header-group}tr{break-inside:avoid}td.n{text-align:right;white-space:nowrap}\
.small{color:#555;font-size:12px}.mark{white-space:nowrap;font-weight:700}";

/// The page. `made` says when, and `heading` what was examined.
pub(crate) fn page(report: &ConformReport, heading: &str, made: &str, lang: Lang) -> String {
    let mut page = Page { text: String::new() };
    let language = lang.pick("ja", "en");
    page.raw(&format!("<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">"));
    page.raw("<meta name=\"viewport\" content=\"width=device-width\"><title>適合確認 / Conformance: ");
    page.text(heading);
    page.raw(&format!(
        "</title><style>{STYLE}</style></head><body>\n<h1>適合確認報告 / Conformance report</h1>\n"
    ));
    page.raw("<p class=\"small\">");
    page.text(&format!("{heading}　{made}　Renkei {}", env!("CARGO_PKG_VERSION")));
    page.raw("</p>\n");
    page.verdict(report.verdict, report.n_errors, report.n_warnings);
    if report.sets.len() > 1 {
        page.summary(report, lang);
    }
    for set in &report.sets {
        page.set(set, lang);
    }
    if !report.chain_issues.is_empty() {
        page.raw("<h2>通知のつながり / Between notices</h2>\n<ul>");
        for issue in &report.chain_issues {
            page.raw("<li>");
            page.text(&text::issue_text(issue, lang));
            page.raw("</li>");
        }
        page.raw("</ul>\n");
    }
    if let Some(state) = report.proven_state.filter(|_| report.verdict.conforms()) {
        page.raw("<h2>証明された状態 / Proven state</h2>\n<p>");
        page.text(&format!("{} {}, {}", grouped(state.n_rows), lang.pick("行", "rows"), state.digest));
        page.raw("</p>\n");
    }
    page.raw("<p class=\"small\">値は載せていません。場所はファイルの行番号（見出し行が1）です。");
    page.raw(" / No values are shown; places are lines of the file, the header row being line 1.</p>\n");
    page.raw("</body></html>\n");
    page.text
}

struct Page {
    text: String,
}

impl Page {
    /// Markup of our own.
    fn raw(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    /// Text from anywhere.
    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\'' => self.raw("&#39;"),
                // Of what steers a text nothing passes, direction marks included.
                _ if character.is_control()
                    || matches!(character, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
                {
                    self.text.push('\u{fffd}');
                }
                _ => self.text.push(character),
            }
        }
    }

    fn cell(&mut self, text: &str) {
        self.raw("<td>");
        self.text(text);
        self.raw("</td>");
    }

    fn number(&mut self, number: u64) {
        // Writing to a string cannot fail.
        let _never = write!(self.text, "<td class=\"n\">{}</td>", grouped(number));
    }

    fn verdict(&mut self, verdict: Verdict, n_errors: u64, n_warnings: u64) {
        let (ja, en) = (text::verdict(verdict, Lang::Ja), text::verdict(verdict, Lang::En));
        self.raw(&format!("<p class=\"verdict {}\">{ja} / {en}<br><span class=\"small\">", class(verdict)));
        self.raw(&format!(
            "エラー / errors {}　警告 / warnings {}</span></p>\n",
            grouped(n_errors),
            grouped(n_warnings)
        ));
    }

    fn head(&mut self, names: &[&str]) {
        self.raw("<table><thead><tr>");
        for name in names {
            self.raw(&format!("<th scope=\"col\">{name}</th>"));
        }
        self.raw("</tr></thead><tbody>\n");
    }

    fn summary(&mut self, report: &ConformReport, lang: Lang) {
        self.raw("<h2>一覧 / Overview</h2>\n");
        self.head(&["対象 / File", "判定 / Verdict", "行 / Rows", "エラー / Errors", "警告 / Warnings"]);
        for set in &report.sets {
            self.raw("<tr>");
            self.cell(&set.name);
            self.raw(&format!(
                "<td class=\"{}\">{}</td>",
                class(set.verdict),
                text::verdict(set.verdict, lang)
            ));
            self.number(set.files.iter().map(|file| file.n_rows).sum());
            self.number(set.n_errors);
            self.number(set.n_warnings);
            self.raw("</tr>\n");
        }
        self.raw("</tbody></table>\n");
    }

    fn set(&mut self, set: &SetConformance, lang: Lang) {
        self.raw("<h2>");
        self.text(&set.name);
        self.raw("</h2>\n");
        let day = set.business_date.map(|day| day.to_string()).unwrap_or_default();
        let sequence = set.sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
        let facts = [
            ("連携ID / Interface", set.interface.as_str()),
            ("名称 / Name", &set.layout_name),
            ("版数 / Version", &set.version),
            ("系列 / Feed", &set.feed),
            ("種別 / Content", text::kind(&set.kind, lang)),
            ("通番 / Sequence", &sequence),
            ("業務日 / Business date", &day),
        ];
        self.raw("<table><tbody>");
        for (label, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
            self.raw(&format!("<tr><th scope=\"row\">{label}</th>"));
            self.cell(value);
            self.raw("</tr>");
        }
        self.raw(&format!("<tr><th scope=\"row\">判定 / Verdict</th><td class=\"{}\">", class(set.verdict)));
        self.raw(text::verdict(set.verdict, lang));
        self.raw("</td></tr></tbody></table>\n");
        if !set.issues.is_empty() {
            self.raw("<p>通知とファイル名 / Notice and names</p><ul>");
            for issue in &set.issues {
                self.raw("<li>");
                self.text(&text::issue_text(issue, lang));
                self.raw("</li>");
            }
            self.raw("</ul>\n");
        }
        if !set.files.is_empty() {
            self.head(&[
                "ファイル / File",
                "行 / Rows",
                "バイト / Bytes",
                "エラー / Errors",
                "警告 / Warnings",
            ]);
            for file in &set.files {
                self.raw("<tr>");
                self.cell(&file.name);
                for number in [file.n_rows, file.n_bytes, file.n_errors, file.n_warnings] {
                    self.number(number);
                }
                self.raw("</tr>\n");
            }
            self.raw("</tbody></table>\n");
        }
        if !set.rules.is_empty() {
            self.head(&[
                "区分 / Weight",
                "規則 / Rule",
                "項目 / Column",
                "件数 / Count",
                "最初の場所 / First places",
            ]);
            set.rules.iter().for_each(|rule| self.rule(rule, lang));
            self.raw("</tbody></table>\n");
        }
    }

    fn rule(&mut self, rule: &RuleCount, lang: Lang) {
        self.raw("<tr>");
        let (class, word) = if rule.is_warning {
            ("warned", lang.pick("警告", "warning"))
        } else {
            ("bad", lang.pick("エラー", "error"))
        };
        self.raw(&format!("<td class=\"mark {class}\">{word}</td><td>"));
        self.text(&rule.rule);
        self.raw("<br><span class=\"small\">");
        self.text(rules::meaning(&rule.rule, lang));
        self.raw("</span></td>");
        self.cell(&rule.column);
        self.number(rule.count);
        self.cell(&text::places(rule, lang));
        self.raw("</tr>\n");
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Conforms => "ok",
        Verdict::ConformsWithWarnings => "warned",
        Verdict::DoesNotConform => "bad",
    }
}

#[cfg(test)]
mod tests {
    use renkei_engine::InputIssue;

    use super::*;

    #[test]
    fn what_comes_from_outside_is_text() {
        let hostile = "<script>alert('x')</script>\u{202e}\"&\u{7}";
        let issue = InputIssue::of_row(0, "extra-file", hostile.to_owned());
        let set = SetConformance {
            name: hostile.to_owned(),
            interface: hostile.to_owned(),
            layout_name: String::new(),
            version: hostile.to_owned(),
            feed: hostile.to_owned(),
            kind: hostile.to_owned(),
            sequence: None,
            business_date: None,
            verdict: Verdict::DoesNotConform,
            n_errors: 1,
            n_warnings: 0,
            issues: vec![issue.clone()],
            files: Vec::new(),
            rules: Vec::new(),
        };
        let report = ConformReport::new(vec![set.clone(), set], vec![issue], None);
        for lang in [Lang::Ja, Lang::En] {
            let page = page(&report, hostile, "2026-10-05", lang);
            assert!(!page.contains("<script") && !page.contains("alert('x')") && !page.contains('\u{202e}'));
            assert!(
                page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\u{fffd}&quot;&amp;\u{fffd}")
            );
            assert!(!page.contains("http") && !page.contains("src=") && !page.contains("href="));
            assert!(page.contains("size:A4"));
            for tag in ["table", "tr", "td", "th", "ul", "li", "h2", "p", "tbody", "thead", "span"] {
                let (opened, closed) = (format!("<{tag}"), format!("</{tag}>"));
                let n_opened = page
                    .match_indices(&opened)
                    .filter(|(at, _)| page[at + opened.len()..].starts_with(['>', ' ']))
                    .count();
                assert_eq!(n_opened, page.matches(&closed).count(), "{tag}");
            }
        }
    }
}
