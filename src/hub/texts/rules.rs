//! What the rules of reports on files mean, in both languages.

use crate::console::Lang;

/// Rule, Japanese, English.
const RULES: &[(&str, &str, &str)] = &[
    // Lines.
    (
        "unclosed-quote",
        "引用符が閉じていません。項目の中の改行もこうなります。",
        "A quotation mark is not closed; a line break inside a field comes to this too.",
    ),
    ("stray-quote", "引用符の位置が誤っています。", "A quotation mark stands where none may."),
    ("bare-cr", "LFを伴わないCRがあります。", "CR without LF."),
    ("blank-line", "空の行があります。", "A line with nothing on it."),
    ("nul", "バイト00があります。", "The byte 00."),
    ("record-too-long", "行が長すぎます。", "The line is too long."),
    ("too-many-fields", "列が多すぎます。", "Too many columns."),
    ("missing-final-newline", "ファイルが行の途中で終わっています。", "The file ends inside a line."),
    ("wrong-newline", "改行がレイアウトと違います。", "Another newline than the layout's."),
    ("unquoted-field", "引用符のない項目があります。", "A field without quotation marks."),
    (
        "quoted-field",
        "引用符があってはならない項目にあります。",
        "A field in quotation marks where none may be.",
    ),
    (
        "not-text",
        "文字コードとして読めないバイトがあります。",
        "Bytes that are no text in the file's encoding.",
    ),
    ("wrong-columns", "列の数が違います。", "Another number of columns."),
    ("wrong-header", "見出し行がレイアウトと違います。", "The header row is not the layout's."),
    (
        "wrong-start",
        "見出し行かBOMが足りないか余計です。",
        "Header row or byte order mark missing, or one too many.",
    ),
    (
        "wrong-removal-mark",
        "削除の印がどちらの値でもありません。",
        "The removal mark has neither of its two values.",
    ),
    // Fields.
    ("missing", "必須の項目が空です。", "A required field is empty."),
    ("too-long", "文字数が上限を超えています。", "More characters than the field has room for."),
    ("wrong-length", "長さが決まりと違います。", "Not of the length that it must have."),
    ("not-digits", "数字以外があります。", "Something other than digits."),
    ("not-integer", "整数ではないか、前に0があります。", "No integer, or one with leading zeros."),
    ("not-date", "存在する日付の形ではありません。", "No day that exists, in the form the field has."),
    ("not-timestamp", "日時（YYYYMMDDhhmmss）ではありません。", "No moment as YYYYMMDDhhmmss."),
    ("not-time", "時刻（HH:MM:SS）ではありません。", "No time of day as HH:MM:SS."),
    ("not-flag", "0でも1でもありません。", "Neither 0 nor 1."),
    ("unknown-code", "コード表にない値です。", "Not in the code table."),
    (
        "code-not-valid",
        "コード表にありますが、その日には使えません。",
        "In the code table, but not to be used on that day.",
    ),
    ("wrong-check-digit", "検査数字が誤っています。", "The check digit is wrong."),
    ("control-character", "制御文字があります。", "A control character."),
    ("wrong-text", "固定の値と違います。", "Another text than the fixed one."),
    ("duplicate-key", "同じキーの行があります。", "A row has the key of a row before it."),
    ("not-in-key-order", "キーの順に並んでいません。", "Not in key order."),
    // Files against their notice.
    ("file-missing", "通知にあるファイルがありません。", "A file that the notice names is not there."),
    ("unreadable", "最後まで読めません。", "It cannot be read to its end."),
    ("too-large", "大きすぎるため読みません。", "It is too large to be looked at."),
    ("wrong-digest", "SHA-256が通知と違います。", "Another SHA-256 than the notice has."),
    ("wrong-row-count", "行数が通知と違います。", "Another number of rows than the notice has."),
    (
        "extra-file",
        "通知にないファイルが同じ名前で始まっています。",
        "A file under the notice's name that it does not name.",
    ),
    // Notices.
    ("notice-unreadable", "格納完了通知が読めません。", "The notice cannot be read."),
    (
        "notice-name",
        "格納完了通知の名前が決まりと違います。",
        "The notice's name is not as names of notices are.",
    ),
    (
        "name-not-of-notice",
        "ファイル名が通知の名前で始まっていません。",
        "A file's name does not begin like its notice's.",
    ),
    ("unknown-version", "知らない連携IDか版数です。", "An interface or version that is not known."),
    (
        "unknown-layout",
        "どのレイアウトか分かりません。--layout で指定してください。",
        "It cannot be told which layout it is in; name one with --layout.",
    ),
    ("not-in-force", "その日には使えない版数です。", "A version that is not in force on that day."),
    (
        "unknown-file-format",
        "文字コード、改行、引用符、見出しのいずれかが知らない語です。",
        "Encoding, newline, quoting or header is a word unknown here.",
    ),
    ("other-municipality", "別の市区町村のデータです。", "Data of another municipality."),
    ("no-municipality", "市区町村コードとして正しくありません。", "No municipality code."),
    ("no-proof", "取込後の状態が通知にありません。", "The notice does not say the state after it."),
    (
        "wrong-change-counts",
        "追加・更新・削除の件数が通知と違います。",
        "The numbers of rows added, changed and removed are not the notice's.",
    ),
    (
        "wrong-state-before",
        "取込前の状態が前のファイルと合いません。",
        "The state before is not what the files before it give.",
    ),
    (
        "wrong-state-after",
        "取込後の状態がファイルと合いません。",
        "The state after is not what the files give.",
    ),
    ("removal-in-full", "全件に削除の行があります。", "A full has rows marked as removed."),
    // Chains.
    ("sequence-gap", "前の通番が抜けています。", "A publication before it is missing."),
    ("other-feed", "別の系列の通知です。", "A notice of another feed."),
    (
        "no-base",
        "もとになる全件がなく、つながりを証明できません。",
        "Without a full to begin with, the chain cannot be proven.",
    ),
    (
        "full-differs",
        "全件が、それまでの差分の結果と違います。",
        "The full is not what the files before it lead to.",
    ),
    ("removes-unknown-row", "なかった行を削除しています。", "A row is removed that was not there."),
    // Mappings.
    ("unmapped-code", "読替定義にないコードです。", "A code that the mapping does not have."),
    ("emptied", "読み替えられず、空にしました。", "It could not be turned over and was left empty."),
];

/// What a rule means; a rule between fields is the layout's own.
pub(crate) fn meaning(rule: &str, lang: Lang) -> &'static str {
    let known = RULES.iter().find(|(word, _, _)| *word == rule);
    known.map_or_else(
        || lang.pick("レイアウトの項目間の規則です。", "A rule of the layout between fields."),
        |(_, ja, en)| lang.pick(ja, en),
    )
}

#[cfg(test)]
mod tests {
    use renkei_core::csv_file;
    use renkei_core::row_check::WRONG_TEXT;
    use renkei_engine::KeyIssue;

    use super::*;

    #[test]
    fn every_rule_has_its_meaning_once() {
        for (word, _, _) in RULES {
            assert_eq!(RULES.iter().filter(|(other, _, _)| other == word).count(), 1, "{word}");
        }
        let mut words = vec![WRONG_TEXT, KeyIssue::Duplicate.as_str(), KeyIssue::NotInOrder.as_str()];
        words.extend([csv_file::Rule::Nul, csv_file::Rule::WrongNewline].map(csv_file::Rule::as_str));
        words.extend(
            [renkei_registry::Rule::Missing, renkei_registry::Rule::NotFlag]
                .map(renkei_registry::Rule::as_str),
        );
        for word in words {
            assert!(RULES.iter().any(|(known, _, _)| *known == word), "{word}");
        }
    }
}
