//! Sets with one flaw each.

use renkei_core::Digest;
use renkei_core::layout::{Column, Content, HeaderRow, Rows};
use renkei_core::naming::NOTICE_ENDING;
use renkei_core::row_check::RowChecker;
use renkei_registry::Severity;

use super::case::Case;
use super::draft::{Bench, Draft};

type Words = (&'static str, &'static str, &'static str);

/// All that the layout has room for: one without removal marks has no removal in a full.
pub(super) fn flawed(bench: &Bench<'_>) -> Vec<Case> {
    let mut cases = of_notices(bench);
    cases.extend(of_bytes(bench));
    cases.extend(of_rows(bench));
    cases.extend(of_chains(bench));
    cases
}

fn case(rule: &'static str, (folder, ja, en): Words, files: Vec<(String, Vec<u8>)>) -> Case {
    let folder = format!("bad-{folder}");
    Case { folder, ja, en, rule: Some(rule), is_warning: false, files }
}

fn of_notices(bench: &Bench<'_>) -> Vec<Case> {
    let changed = |rule, words, change: fn(&mut Draft)| {
        let mut draft = bench.full();
        change(&mut draft);
        case(rule, words, draft.files())
    };
    let notice_text = |words, change: &dyn Fn(&str, &str) -> String| {
        let draft = bench.full();
        let name = format!("{}.csv", draft.stem);
        let mut files = draft.files();
        if let Some((_, notice)) = files.last_mut() {
            *notice = change(&String::from_utf8_lossy(notice), &name).into_bytes();
        }
        case("notice-unreadable", words, files)
    };
    vec![
        changed(
            "wrong-digest",
            ("wrong-digest", "通知のSHA-256が違う", "the notice has another SHA-256"),
            |draft| {
                if let Some(file) = draft.notice.files.first_mut() {
                    file.sha256 = Digest([0x5a; 32]);
                }
            },
        ),
        changed(
            "wrong-row-count",
            ("wrong-row-count", "通知の行数が違う", "the notice has another number of rows"),
            |draft| {
                draft.notice.n_rows += 1;
                if let Some(state) = &mut draft.notice.state_after {
                    state.n_rows += 1;
                }
                draft.measure();
            },
        ),
        changed(
            "wrong-state-after",
            ("wrong-state", "取込後の状態が違う", "another state after it"),
            |draft| {
                if let Some(state) = &mut draft.notice.state_after {
                    state.digest = Digest([0x5a; 32]);
                }
            },
        ),
        changed(
            "unknown-version",
            ("unknown-version", "知らない版数", "a version that is not known"),
            |draft| {
                if let Ok(version) = "98.7".parse() {
                    draft.notice.version = version;
                }
            },
        ),
        notice_text(
            (
                "hostile-name",
                "通知がフォルダの外のファイルを指す",
                "the notice names a file outside of its folder",
            ),
            &|notice, name| notice.replace(name, "../../../etc/passwd"),
        ),
        notice_text(("cut-notice", "途中で切れた通知", "a notice that was cut off"), &|notice, _| {
            notice.chars().take(notice.chars().count() / 2).collect()
        }),
        notice_text(
            ("other-format", "別の形式版の通知", "a notice in another format"),
            &|notice, _| notice.replacen("\"format\": 1", "\"format\": 99", 1),
        ),
    ]
}

fn of_bytes(bench: &Bench<'_>) -> Vec<Case> {
    let with_data = |rule, words, data: Vec<u8>, is_measured: bool| {
        let mut draft = bench.full();
        draft.data = data;
        if is_measured {
            draft.measure();
        }
        case(rule, words, draft.files())
    };
    let data = bench.full().data;
    let cut = data.get(..data.len() * 2 / 3 + 1).unwrap_or_default().to_vec();
    let newline = bench.layout.file.newline.as_bytes();
    let quoted = [data.as_slice(), b"\"open", newline].concat();
    let not_text = [data.as_slice(), b"\"\xff\xfe\"", newline].concat();
    let short = [data.as_slice(), b"\"1\"", newline].concat();
    let mut missing = bench.full().files();
    missing.retain(|(name, _)| name.ends_with(NOTICE_ENDING));
    let mut extra = bench.full().files();
    let stem = bench.full().stem;
    extra.push((format!("{stem}-002.csv"), data.clone()));
    let mut cases = vec![
        with_data(
            "wrong-length",
            ("cut-file", "途中で切れたファイル", "a file that was cut off"),
            cut,
            false,
        ),
        with_data(
            "unclosed-quote",
            ("bad-csv", "引用符が閉じていないCSV", "CSV with a quotation mark not closed"),
            quoted,
            true,
        ),
        with_data(
            "not-text",
            ("not-text", "文字コードが違うバイト", "bytes of another encoding"),
            not_text,
            true,
        ),
        with_data(
            "wrong-columns",
            ("wrong-columns", "列の足りない行", "a row that lacks columns"),
            short,
            true,
        ),
        case("file-missing", ("file-missing", "データファイルがない", "the data file is missing"), missing),
        case(
            "extra-file",
            ("extra-file", "通知にないデータファイルがある", "a data file that the notice does not name"),
            extra,
        ),
    ];
    if bench.layout.file.header != HeaderRow::None {
        let at = data.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let first = bench.layout.file.quote == renkei_core::csv_file::Quote::Always;
        let header = if first { "\"?\"" } else { "?" };
        let n_more = bench.layout.columns.len().saturating_sub(1);
        let header = format!("{header}{}", format!(",{header}").repeat(n_more));
        let other = [header.as_bytes(), newline, data.get(at..).unwrap_or_default()].concat();
        cases.push(with_data(
            "wrong-header",
            ("wrong-header", "見出し行が違う", "another header row"),
            other,
            true,
        ));
    }
    cases
}

fn of_rows(bench: &Bench<'_>) -> Vec<Case> {
    let rules: [(&'static str, Words, &str); 7] = [
        ("missing", ("missing", "必須の項目が空", "a required field is empty"), ""),
        ("unknown-code", ("unknown-code", "コード表にない値", "a code that does not exist"), "~"),
        ("wrong-check-digit", ("wrong-check-digit", "検査数字の誤り", "a wrong check digit"), "#"),
        ("not-date", ("not-date", "存在しない日付", "a day that does not exist"), "20260231"),
        ("not-digits", ("not-digits", "数字でない値", "something other than digits"), "1２3"),
        ("not-integer", ("not-integer", "整数でない値", "no integer"), "01"),
        ("too-long", ("too-long", "長すぎる値", "a value that is too long"), "*"),
    ];
    let mut cases: Vec<Case> =
        rules.into_iter().filter_map(|(rule, words, text)| with_field(bench, rule, words, text)).collect();
    let mut doubled = bench.rows.clone();
    doubled.extend(bench.rows.last().cloned());
    cases.push(case(
        "duplicate-key",
        ("duplicate-key", "同じキーの行が2つ", "two rows with one key"),
        bench.full_of(&doubled).files(),
    ));
    if let Some(removal) = &bench.layout.removal {
        let mut rows = bench.rows.clone();
        if let Some(mark) = rows.last_mut().and_then(|row| row.get_mut(removal.column)) {
            mark.clone_from(&removal.removed);
        }
        cases.push(case(
            "removal-in-full",
            ("removal-in-full", "全件に削除の行がある", "a full with a row that is removed"),
            bench.full_of(&rows).files(),
        ));
    }
    if bench.layout.rows != Rows::Received {
        let reversed: Vec<_> = bench.rows.iter().rev().cloned().collect();
        cases.push(case(
            "not-in-key-order",
            ("key-order", "キーの順でない", "not in key order"),
            bench.full_of(&reversed).files(),
        ));
    }
    cases
}

/// The full with one field changed so that just this rule is broken; `None` where no column has the rule.
fn with_field(bench: &Bench<'_>, rule: &'static str, words: Words, text: &str) -> Option<Case> {
    let checker = RowChecker::new(bench.layout, bench.day);
    let mark = bench.layout.removal.as_ref().map(|removal| removal.column);
    let broken = |column: usize, declared: &Column| {
        let row = bench.rows.last()?;
        let is_free = !bench.layout.key_columns.contains(&column)
            && mark != Some(column)
            && !matches!(declared.content, Content::Text(_));
        let mut changed = row.clone();
        let field = changed.get_mut(column)?;
        *field = match text {
            "#" => other_last_digit(field)?,
            "*" => "長".repeat(usize::from(declared.rule()?.max_chars?) + 1),
            text => text.to_owned(),
        };
        let mut issues = Vec::new();
        checker.check(&changed, &mut issues);
        let found = issues.iter().find(|issue| issue.column == column && issue.rule == rule)?;
        is_free.then_some((changed, found.severity == Severity::Warning))
    };
    let columns = bench.layout.columns.iter().enumerate();
    let mut found: Vec<_> = columns.filter_map(|(column, declared)| broken(column, declared)).collect();
    // An error shows more than a warning.
    found.sort_by_key(|(_, is_warning)| *is_warning);
    let (changed, is_warning) = found.into_iter().next()?;
    let mut rows = bench.rows.clone();
    *rows.last_mut()? = changed;
    let files = bench.full_of(&rows).files();
    Some(Case { is_warning, ..case(rule, words, files) })
}

fn other_last_digit(number: &str) -> Option<String> {
    let (body, last) = number.split_at_checked(number.len().checked_sub(1)?)?;
    let last: u32 = last.parse().ok()?;
    Some(format!("{body}{}", (last + 1) % 10))
}

fn of_chains(bench: &Bench<'_>) -> Vec<Case> {
    let full = bench.full().files();
    let gap = bench.diff_of((3, 2)).files();
    let mut other_state = bench.diff();
    if let Some(state) = &mut other_state.notice.state_before {
        state.digest = Digest([0x5a; 32]);
    }
    let alone = bench.diff().files();
    let mut cases = vec![
        case("sequence-gap", ("gap", "通番が抜けた差分", "a diff after a gap"), [full.clone(), gap].concat()),
        case(
            "wrong-state-before",
            ("state-before", "前の状態が合わない差分", "a diff on another state"),
            [full, other_state.files()].concat(),
        ),
    ];
    // Alone it is right by itself: only with its full a chain can be proven.
    cases.push(Case {
        folder: "valid-diff-alone".to_owned(),
        ja: "差分だけ（つながりは証明できない）",
        en: "a diff alone (the chain cannot be proven)",
        rule: None,
        is_warning: false,
        files: alone,
    });
    cases
}
