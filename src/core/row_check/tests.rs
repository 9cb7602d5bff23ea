//! Rows and exactly what is said about them.

use super::*;
use crate::declared::Problems;
use crate::layout::Layout;
use renkei_registry::Severity;

const LAYOUT: &str = r#"interface = "024z001"
version = "1.0"
name = "国保資格"
valid_from = 2026-04-01
rows = "received"
key = ["atena_no", "renban"]
individual_number = false
[removal]
column = "sakujo"
present = "0"
removed = "1"
[[column]]
item = "atena_no"
[[column]]
field = "renban"
header = "連番"
type = "int"
[[column]]
field = "kubun"
header = "区分"
type = "code"
one_of = ["1", "2"]
presence = "required"
[[column]]
field = "shutoku"
header = "取得日"
type = "date8"
[[column]]
field = "soshitsu"
header = "喪失日"
type = "date8"
also = ["99999999"]
[[column]]
field = "jiyu"
header = "喪失事由"
type = "code"
one_of = ["01", "02"]
severity = "warning"
[[column]]
text = "E"
header = "終端"
romaji = "end"
[[column]]
field = "sakujo"
header = "削除"
type = "flag"
[[column]]
field = "kaigo"
header = "要介護状態"
type = "code"
codes = "care_level"
[[column]]
field = "meigi"
header = "名義"
type = "text"
max = 3
[[rule]]
name = "shutoku-before-soshitsu"
order = ["shutoku", "<=", "soshitsu"]
[[rule]]
name = "jiyu-with-soshitsu"
when = { column = "soshitsu", is_set = true }
then = { column = "jiyu", must_be = "set" }
severity = "warning"
[[rule]]
name = "kubun-2-has-renban-1"
when = { column = "kubun", is = ["2"] }
then = { column = "renban", must_be = ["1", "2"] }
"#;

const RIGHT: [&str; 10] = ["000000000000001", "1", "1", "20260401", "", "", "E", "0", "12", "髙𠮷"];

fn layout() -> Layout {
    let problems = Problems::new();
    let layout = Layout::read("l.toml", LAYOUT, &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
    layout.unwrap()
}

/// Changes fields of the right row and compares what is said, a warning with `?` before it.
#[track_caller]
fn check(changes: &[(usize, &str)], expect: &[(usize, &str)]) {
    let layout = layout();
    let mut row = RIGHT;
    for (column, text) in changes {
        row[*column] = text;
    }
    let checker = RowChecker::new(&layout, "2014-04-01".parse().unwrap());
    let mut issues = Vec::new();
    checker.check(&row, &mut issues);
    let found: Vec<(usize, String)> = issues
        .iter()
        .map(|issue| {
            let sign = if issue.severity == Severity::Warning { "?" } else { "" };
            (issue.column, format!("{sign}{}", issue.rule))
        })
        .collect();
    let expect: Vec<(usize, String)> =
        expect.iter().map(|(column, rule)| (*column, (*rule).to_owned())).collect();
    assert_eq!(found, expect, "{changes:?}");
}

#[test]
fn fields_are_checked_as_declared() {
    check(&[], &[]);
    check(&[(0, ""), (1, "")], &[(0, "missing"), (1, "missing")]);
    check(&[(1, "01")], &[(1, "not-integer")]);
    check(&[(2, "")], &[(2, "missing")]);
    check(&[(2, "3")], &[(2, "unknown-code")]);
    check(&[(3, "20260231")], &[(3, "not-date")]);
    check(&[(5, "03")], &[(5, "?unknown-code")]);
    check(&[(6, "F")], &[(6, "wrong-text")]);
    check(&[(8, "06")], &[(8, "code-not-valid")]);
    check(&[(9, "髙𠮷髙𠮷")], &[(9, "too-long")]);
    check(&[(9, "髙\u{85}")], &[(9, "control-character")]);
}

#[test]
fn rules_between_fields_hold_where_there_is_something_to_compare() {
    check(&[(4, "20260401"), (5, "01")], &[]);
    check(&[(4, "20260331"), (5, "01")], &[(4, "shutoku-before-soshitsu")]);
    check(&[(3, "20260401"), (4, "99999999"), (5, "01")], &[]);
    check(&[(3, ""), (4, "20260331"), (5, "01")], &[]);
    check(&[(3, "x"), (4, "20260331"), (5, "01")], &[(3, "not-date")]);
    check(&[(4, "20260401")], &[(5, "?jiyu-with-soshitsu")]);
    check(&[(2, "2"), (1, "2")], &[]);
    check(&[(2, "2"), (1, "3")], &[(1, "kubun-2-has-renban-1")]);
}

#[test]
fn a_row_has_its_key_bucket_and_mark() {
    let layout = layout();
    let checker = RowChecker::new(&layout, "2026-04-01".parse().unwrap());
    assert_eq!(checker.key(&RIGHT).collect::<Vec<_>>(), ["000000000000001", "1"]);
    assert_eq!(checker.bucket(&RIGHT), crate::state::bucket_of([b"000000000000001".as_slice(), b"1"]));
    for (mark, expect) in
        [("0", RowMark::Present), ("1", RowMark::Removed), ("", RowMark::Unknown { column: 7 })]
    {
        let mut row = RIGHT;
        row[7] = mark;
        assert_eq!(checker.mark(&row), expect);
    }
    assert_eq!((checker.column_name(0), checker.column_name(2)), ("atena_no", "kubun"));
}

#[test]
fn a_row_that_is_too_short_lacks_what_is_required() {
    let layout = layout();
    let checker = RowChecker::new(&layout, "2026-04-01".parse().unwrap());
    let mut issues = Vec::new();
    checker.check(&RIGHT[..2], &mut issues);
    assert_eq!(issues.iter().map(|issue| issue.column).collect::<Vec<_>>(), [2]);
}
