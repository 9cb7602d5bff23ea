//! Files and exactly what is said about them, whatever number of threads judges.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Read};

use renkei_core::csv_file::{Newline, Quote};
use renkei_core::declared::Problems;
use renkei_core::layout::{FileFormat, HeaderRow, Layout};
use renkei_core::state::{FeedState, RowDigest, bucket_of};
use renkei_core::text::Encoding;

use super::*;
use crate::error::EngineError;

const LAYOUT: &str = r#"interface = "024z001"
version = "1.0"
name = "試験"
valid_from = 2026-04-01
rows = "received"
key = ["no", "eda"]
individual_number = false
[removal]
column = "sakujo"
present = "0"
removed = "1"
[[column]]
field = "no"
header = "番号"
type = "digits"
length = 6
[[column]]
field = "eda"
header = "枝"
type = "int"
[[column]]
field = "meigi"
header = "名義"
type = "text"
max = 10
severity = "warning"
[[column]]
field = "sakujo"
header = "削除"
type = "flag"
"#;

const HEADER: &str = "\"番号\",\"枝\",\"名義\",\"削除\"\r\n";

fn layout() -> Layout {
    Layout::read("l.toml", LAYOUT, &Problems::new()).unwrap()
}

fn format() -> FileFormat {
    FileFormat {
        encoding: Encoding::Utf8,
        newline: Newline::CrLf,
        quote: Quote::Always,
        header: HeaderRow::Japanese,
    }
}

/// Everything that is said, the rows that were read, and the outcome.
fn judge(
    file: &[u8],
    format: FileFormat,
    order: KeyOrder,
    n_desks: usize,
) -> (Vec<String>, Vec<String>, JudgedFile, FeedState) {
    let layout = layout();
    let mut judge = FileJudge::new(&layout, format, "2026-04-01".parse().unwrap(), order);
    judge.n_desks = n_desks;
    let (mut said, mut rows) = (Vec::new(), Vec::new());
    let judged = judge.judge(file, &mut |batch| {
        for line in batch.lines() {
            match line {
                JudgedLine::Refused(issue) => said.push(format!("{} {}", issue.row_no(), issue.rule())),
                JudgedLine::Row(row) => {
                    said.extend(row.issues().map(|issue| {
                        let sign = if issue.is_warning { "?" } else { "" };
                        format!("{} {}{} {}", issue.row, issue.column, sign, issue.rule)
                    }));
                    let fields: Vec<String> = row.fields().map(Cow::into_owned).collect();
                    assert_eq!(row.key(), fields[..2].join("\u{1f}").as_bytes());
                    assert_eq!(row.bucket(), bucket_of([fields[0].as_bytes(), fields[1].as_bytes()]));
                    assert_eq!(row.digest(), RowDigest::of(row.line().as_bytes()));
                    assert_eq!(
                        (row.field(1), row.is_removed()),
                        (fields[1].clone().into(), fields[3] == "1")
                    );
                    rows.push(format!("{}:{}", row.row_no(), fields.join("|")));
                }
            }
        }
        Ok::<(), EngineError>(())
    });
    (said, rows, judged.unwrap(), judge.state().clone())
}

#[track_caller]
fn check(body: &str, order: KeyOrder, expect: &[&str]) {
    let (said, ..) = judge(format!("{HEADER}{body}").as_bytes(), format(), order, 2);
    assert_eq!(said, expect, "{body:?}");
}

#[test]
fn a_right_file_is_read_row_by_row() {
    let file = format!(
        "{HEADER}\"000001\",\"0\",\"髙𠮷 \"\"太郎\"\"\",\"0\"\r\n\"000002\",\"10\",\"辻\u{e0100}\",\"1\"\r\n"
    );
    let (said, rows, judged, state) = judge(file.as_bytes(), format(), KeyOrder::Ascending, 2);
    assert_eq!(said, [""; 0]);
    assert_eq!(rows, ["2:000001|0|髙𠮷 \"太郎\"|0", "3:000002|10|辻\u{e0100}|1"]);
    assert_eq!((judged.n_rows, judged.n_removed, judged.n_refused), (2, 1, 0));
    assert_eq!(
        (judged.n_bytes, judged.sha256.0),
        (file.len() as u64, renkei_core::hash::sha256(file.as_bytes()))
    );
    let mut expect = FeedState::empty();
    let line = file.lines().nth(1).unwrap();
    expect.add(bucket_of([b"000001".as_slice(), b"0"]), &RowDigest::of(line.as_bytes()));
    assert_eq!(state, expect);
}

#[test]
fn every_issue_has_its_row_and_rule() {
    let any = KeyOrder::Any;
    check("\"00001\",\"01\",\"名\",\"0\"\r\n", any, &["2 no wrong-length", "2 eda not-integer"]);
    check(
        "\"000001\",\"\",\"一二三四五六七八九十一\",\"0\"\r\n",
        any,
        &["2 eda missing", "2 meigi? too-long"],
    );
    check("\"000001\",\"1\",\"名\"\r\n", any, &["2 wrong-columns"]);
    check("\"000001\",\"1\",\"名\",\"2\"\r\n", any, &["2 wrong-removal-mark"]);
    check("\"000001\",\"1\",\"名\t\",\"0\"\r\n", any, &["2 meigi? control-character"]);
    check("\"000001\",\"1\",\"名\",\"0\"\n", any, &["2 wrong-newline"]);
    check("\"000001\",\"1\",\"名\",\"0\"", any, &["2 missing-final-newline"]);
    let row = |no: u32| format!("\"{no:06}\",\"1\",\"名\",\"0\"\r\n");
    let three = [row(2), row(1), row(2)].concat();
    check(&three, any, &["4  duplicate-key"]);
    check(&three, KeyOrder::Ascending, &["3  not-in-key-order"]);
    check(&three, KeyOrder::Unchecked, &[]);
}

#[test]
fn the_start_of_a_file_is_as_declared() {
    let said = |file: &[u8], format| judge(file, format, KeyOrder::Any, 1).0;
    assert_eq!(said(b"", format()), ["1 wrong-start"]);
    assert_eq!(said(b"\"a\"\r\n", format()), ["1 wrong-columns"]);
    let with_mark = format!("\u{feff}{HEADER}");
    assert_eq!(said(with_mark.as_bytes(), format()), ["1 wrong-start"]);
    let marked = FileFormat { encoding: Encoding::Utf8Bom, ..format() };
    assert_eq!(said(with_mark.as_bytes(), marked), [""; 0]);
    assert_eq!(said(HEADER.as_bytes(), marked), ["1 wrong-start"]);
    assert_eq!(said(HEADER.replace("枝", "枝番").as_bytes(), format()), ["1 wrong-header"]);
    let bare = FileFormat { header: HeaderRow::None, ..format() };
    assert_eq!(said(b"", bare), [""; 0]);
    assert_eq!(said(b"\"000001\",\"1\",\"\",\"0\"\r\n", bare), [""; 0]);
    assert_eq!(said("\u{feff}\"000001\",\"1\",\"\",\"0\"\r\n".as_bytes(), bare), ["1 wrong-start"]);
}

#[test]
fn bytes_that_are_no_text_cost_their_line() {
    let row =
        |no: u32, name: &[u8]| [format!("\"{no:06}\",\"1\",\"").as_bytes(), name, b"\",\"0\"\r\n"].concat();
    let surrogate = [0xed, 0xa0, 0x80];
    let file =
        [HEADER.as_bytes(), &row(1, b"a"), &row(2, &surrogate), &row(3, b"x\0"), &row(4, b"b\"\"")].concat();
    let (said, rows, ..) = judge(&file, format(), KeyOrder::Any, 2);
    assert_eq!(said, ["3 not-text", "4 nul"]);
    assert_eq!(rows, ["2:000001|1|a|0", "5:000004|1|b\"|0"]);
    let cp932 = FileFormat { encoding: Encoding::Cp932, header: HeaderRow::None, ..format() };
    // 表 is 95 5C: its second byte is a backslash in ASCII.
    let file = [row(1, &[0x95, 0x5c]), row(2, &[0x81]), row(3, &[0x92, 0x86])].concat();
    let (said, rows, ..) = judge(&file, cp932, KeyOrder::Any, 2);
    assert_eq!(said, ["2 not-text"]);
    assert_eq!(rows, ["1:000001|1|表|0", "3:000003|1|中|0"]);
}

#[test]
fn the_outcome_does_not_depend_on_the_number_of_threads() {
    let mut body = String::new();
    for no in 0..60_000_u32 {
        let (key, name) =
            (if no % 10_007 == 9 { no - 3 } else { no }, if no % 9_001 == 7 { "\u{1}" } else { "名" });
        let end = if no % 20_011 == 5 { "\n" } else { "\r\n" };
        write!(body, "\"{key:06}\",\"1\",\"{name}\",\"{}\"{end}", u32::from(no % 7 == 0)).unwrap();
    }
    let file = format!("{HEADER}{body}").into_bytes();
    assert!(file.len() > 5 << 18, "several blocks");
    let one = judge(&file, format(), KeyOrder::Any, 1);
    assert!(one.0.contains(&"11  duplicate-key".to_owned()), "{:?}", one.0);
    assert_eq!(one.0.len(), 6 + 7 + 3);
    for n_desks in [2, 3, 4] {
        let many = judge(&file, format(), KeyOrder::Any, n_desks);
        assert_eq!((&many.0, &many.1, &many.3), (&one.0, &one.1, &one.3), "{n_desks} desks");
        assert_eq!((many.2.sha256, many.2.n_rows), (one.2.sha256, one.2.n_rows));
    }
}

#[test]
fn keys_differ_over_all_files_of_a_set() {
    let layout = layout();
    let mut judge = FileJudge::new(&layout, format(), "2026-04-01".parse().unwrap(), KeyOrder::Any);
    let file = format!("{HEADER}\"000001\",\"1\",\"名\",\"0\"\r\n");
    let mut n_errors = Vec::new();
    for _ in 0..2 {
        let judged = judge.judge(file.as_bytes(), &mut |_| Ok::<(), EngineError>(())).unwrap();
        n_errors.push(judged.n_rows_with_error);
    }
    assert_eq!((n_errors, judge.state().n_rows()), (vec![0, 1], 2));
}

#[test]
fn a_taker_that_fails_ends_the_reading_and_a_source_that_fails_is_told() {
    /// Gives rows for ever.
    struct Endless;
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let line = b"\"000001\",\"1\",\"\",\"0\"\r\n";
            let n_lines = buffer.len() / line.len();
            buffer[..n_lines * line.len()].copy_from_slice(&line.repeat(n_lines));
            Ok(n_lines * line.len())
        }
    }
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::TimedOut.into())
        }
    }
    let layout = layout();
    let bare = FileFormat { header: HeaderRow::None, ..format() };
    let mut judge = FileJudge::new(&layout, bare, "2026-04-01".parse().unwrap(), KeyOrder::Unchecked);
    let mut n_batches = 0;
    let ended = judge.judge(Endless, &mut |_| {
        n_batches += 1;
        if n_batches == 3 { Err(EngineError::Worker) } else { Ok(()) }
    });
    assert!(matches!(ended, Err(EngineError::Worker)));
    let judged = judge.judge(Failing, &mut |_| Ok::<(), EngineError>(())).unwrap();
    assert_eq!(judged.unreadable.unwrap().kind(), io::ErrorKind::TimedOut);
}
