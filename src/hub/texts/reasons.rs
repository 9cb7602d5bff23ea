//! Receipts in words: why a set was refused or waits, in both languages, for the file beside it and for the screen.

use renkei_core::receive::{Reason, ReasonCode, Receipt};

use crate::console::Lang;

/// A receipt as a text for people. The reader's language comes first, the other after it: the file goes to another
/// office.
pub(crate) fn as_text(receipt: &Receipt, ja_first: bool) -> String {
    let langs = if ja_first { [Lang::Ja, Lang::En] } else { [Lang::En, Lang::Ja] };
    langs.map(|lang| in_language(receipt, lang)).join("\n")
}

fn in_language(receipt: &Receipt, lang: Lang) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        text.push_str(label);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    };
    line(lang.pick("格納完了通知", "Notice"), &receipt.notice);
    if let (Some(feed), Some(sequence)) = (&receipt.feed, receipt.sequence) {
        let version = receipt.version.map(|version| version.to_string()).unwrap_or_default();
        line(
            lang.pick("配信系列・版数・連番", "Feed, version, sequence"),
            &format!("{feed} {version} {sequence}"),
        );
    }
    line(lang.pick("結果", "Outcome"), outcome(receipt, lang));
    line(lang.pick("日時", "When"), &receipt.at);
    for reason in &receipt.reasons {
        line("-", &reason_text(reason, lang));
    }
    text
}

/// What became of a set, in a word.
pub(crate) fn outcome(receipt: &Receipt, lang: Lang) -> &'static str {
    use renkei_core::port::Outcome::{Passed, Refused, Repeated, Taken, Waiting};
    match receipt.outcome {
        Taken => lang.pick("取込済", "taken in"),
        Repeated => lang.pick("再受信（取込済）", "repeated (taken in before)"),
        Passed => lang.pick("対象外", "passed over"),
        Waiting => lang.pick("待ち", "waiting"),
        Refused => lang.pick("拒否", "refused"),
    }
}

/// One reason: its code, its place, what was found and what to do.
pub(crate) fn reason_text(reason: &Reason, lang: Lang) -> String {
    let mut text = reason.code.clone();
    let mut place = Vec::new();
    if let Some(file) = &reason.file {
        place.push(file.clone());
    }
    if let Some(row) = reason.row {
        place.push(lang.pick("行", "row").to_owned() + &format!(" {row}"));
    }
    if let Some(column) = &reason.column {
        place.push(lang.pick("項目", "column").to_owned() + &format!(" {column}"));
    }
    if let Some(count) = reason.count {
        place.push(format!("{count} {}", lang.pick("件", "times")));
    }
    if !place.is_empty() {
        text.push_str(&format_args!(" ({})", place.join(", ")).to_string());
    }
    if !reason.detail.is_empty() {
        text.push_str(": ");
        text.push_str(&reason.detail);
    }
    if let Some(code) = ReasonCode::parse(&reason.code) {
        text.push_str("\n  ");
        text.push_str(lang.pick(code.text_ja(), code.text_en()));
    }
    text
}
