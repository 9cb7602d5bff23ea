//! The board: what each feed published, on one line each.

use renkei_core::notice::Notice;
use renkei_core::port::PublicationRecord;
use serde::Serialize;

use crate::console::{Console, Lang, TextTable};

/// One publication as the board shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct BoardLine {
    feed: String,
    version: String,
    kind: String,
    sequence: u32,
    business_date: String,
    n_rows: u64,
    n_bytes: u64,
    n_files: usize,
    changes: Option<renkei_core::notice::ChangeCounts>,
    n_degraded: u64,
    state_digest: Option<String>,
    state_rows: Option<u64>,
    folder: String,
    stem: String,
    progress: String,
}

impl BoardLine {
    /// The line of a publication on record; `None` when its notice cannot be read.
    pub(crate) fn of(record: &PublicationRecord) -> Option<Self> {
        let notice = Notice::parse(record.notice.as_bytes()).ok()?;
        Some(Self {
            feed: notice.feed.to_string(),
            version: notice.version.to_string(),
            kind: notice.kind.to_string(),
            sequence: notice.sequence.0,
            business_date: notice.business_date.to_string(),
            n_rows: notice.n_rows,
            n_bytes: notice.files.iter().map(|file| file.n_bytes).sum(),
            n_files: notice.files.len(),
            changes: notice.changes,
            n_degraded: notice.reports.iter().map(|report| report.n_rows).sum(),
            state_digest: notice.state_after.map(|state| state.digest.to_string()),
            state_rows: notice.state_after.map(|state| state.n_rows),
            folder: record.folder.clone(),
            stem: record.stem.clone(),
            progress: record.progress.as_str().to_owned(),
        })
    }
}

/// Prints the board: a table, or its lines as JSON.
pub(crate) fn print(console: &Console, lines: &[BoardLine]) {
    if console.is_json() {
        console.json(&lines);
        return;
    }
    let lang = console.lang();
    let mut table = TextTable::new([
        lang.pick("配信系列", "feed"),
        lang.pick("版数", "version"),
        lang.pick("種別", "kind"),
        lang.pick(">連番", ">sequence"),
        lang.pick(">行数", ">rows"),
        lang.pick(">バイト", ">bytes"),
        lang.pick(">縮退", ">degraded"),
        lang.pick("状態ダイジェスト", "state digest"),
        lang.pick("フォルダ", "folder"),
    ]);
    for line in lines {
        let kind = kind_word(lang, &line.kind);
        let digest = line.state_digest.as_deref().and_then(|digest| digest.get(..16)).unwrap_or("-");
        table.row([
            line.feed.clone(),
            line.version.clone(),
            match line.progress.as_str() {
                "held" => format!("{kind}{}", lang.pick("（保留）", " (held)")),
                "discarded" => format!("{kind}{}", lang.pick("（破棄）", " (discarded)")),
                "sealed" => format!("{kind}{}", lang.pick("（未了）", " (not finished)")),
                _ => kind.to_owned(),
            },
            line.sequence.to_string(),
            grouped(line.n_rows),
            grouped(line.n_bytes),
            grouped(line.n_degraded),
            digest.to_owned(),
            line.folder.clone(),
        ]);
    }
    console.table(&table);
}

/// A kind's word ([`renkei_core::publication::Kind::as_str`]) for people.
pub(crate) fn kind_word(lang: Lang, kind: &str) -> &'static str {
    match kind {
        "full" => lang.pick("全件", "full"),
        "diff" => lang.pick("差分", "diff"),
        "single" => lang.pick("1件", "single"),
        _ => lang.pick("基準日", "as of"),
    }
}

/// Digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, expect) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expect);
        }
    }
}
