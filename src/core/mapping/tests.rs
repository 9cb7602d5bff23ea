//! Broken mappings and exactly what is said about them; sources and what becomes of their rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use renkei_registry::Severity;

use super::*;
use crate::declared::Problems;
use crate::layout::Layout;
use crate::row_check::RowChecker;
use crate::text::CharacterSet;

const LAYOUT: &str = r#"interface = "001z010"
version = "1.0"
name = "異動"
valid_from = 2026-04-01
rows = "received"
key = ["no"]
individual_number = false
column = [
    { field = "no", header = "番号", type = "digits", length = 6 },
    { field = "kubun", header = "区分", type = "code", one_of = ["1", "2"], presence = "required" },
    { field = "hi", header = "日", type = "date" },
    { field = "hi8", header = "日8", type = "date8" },
    { field = "biko", header = "備考", type = "text", max = 5 },
    { text = "E", header = "終端", romaji = "end" },
    { field = "sakujo", header = "削除", type = "flag", presence = "required" },
]
[removal]
column = "sakujo"
present = "0"
removed = "1"
"#;

/// A right mapping; each case changes it by replacing text.
const RIGHT: &str = r#"name = "旧"
layout = "001z010-1.0"
ignore = ["端末"]
[source]
encoding = "utf-8"
header = true
[[column]]
to = "no"
from = "住民番号"
pad_left = 6
[[column]]
to = "区分"
from = "性別"
codes = { "男" = "1", "女" = "2" }
[[column]]
to = "hi"
from = "生年月日"
date = "wareki"
otherwise = "keep"
[[column]]
to = "hi8"
from = 4
date = "yyyy/mm/dd"
otherwise = "empty"
"#;

fn layouts() -> BTreeMap<String, Arc<Layout>> {
    let problems = Problems::new();
    let layout = Layout::read("l.toml", LAYOUT, &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
    [("001z010-1.0".to_owned(), Arc::new(layout.unwrap()))].into()
}

#[track_caller]
fn problems_of(text: &str) -> Vec<String> {
    let problems = Problems::new();
    let mapping = Mapping::read("m.toml", text, &layouts(), &problems);
    assert_eq!(mapping.is_some(), problems.is_empty(), "a mapping exactly when there is no problem");
    problems.into_sorted().iter().map(ToString::to_string).collect()
}

fn mapping(text: &str) -> Mapping {
    let problems = Problems::new();
    let mapping = Mapping::read("m.toml", text, &layouts(), &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
    mapping.unwrap()
}

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(RIGHT.contains(from), "{from:?} is not in the right mapping");
    let line = RIGHT[..RIGHT.find(from).unwrap()].matches('\n').count() + 1;
    let expected: Vec<String> =
        expected.iter().map(|text| text.replace(":L:", &format!(":{line}:"))).collect();
    assert_eq!(problems_of(&RIGHT.replacen(from, to, 1)), expected, "{from:?} replaced by {to:?}");
}

#[test]
fn columns_come_from_one_place_and_go_to_columns_that_are_there() {
    assert_eq!(problems_of(RIGHT), [""; 0]);
    check(
        "to = \"hi\"",
        "to = \"hii\"",
        &["m.toml:L:6: column[2].to: the layout has no column \"hii\" (did you mean \"hi\"?)"],
    );
    check(
        "to = \"hi\"",
        "to = \"日8\"",
        &["m.toml:21:6: column[3].to: something is mapped to it already (line 16)"],
    );
    check(
        "to = \"hi\"",
        "to = \"end\"",
        &["m.toml:L:6: column[2].to: the column is a fixed text of the layout"],
    );
    check(
        "from = \"住民番号\"",
        "from = \"住民番号\"\ntext = \"1\"",
        &[
            "m.toml:7:1: column[0]: a column comes from exactly one place (from = \"…\", from = 1 or text = \"…\")",
        ],
    );
    check(
        "[[column]]\nto = \"区分\"\nfrom = \"性別\"\ncodes = { \"男\" = \"1\", \"女\" = \"2\" }\n",
        "",
        &["m.toml:7:1: column: nothing is mapped to kubun, which must not be empty"],
    );
    check(
        "layout = \"001z010-1.0\"",
        "layout = \"001z010-1.1\"",
        &["m.toml:L:10: layout: no layout \"001z010-1.1\" (did you mean \"001z010-1.0\"?)"],
    );
}

#[test]
fn conversions_fit_their_columns() {
    check(
        "pad_left = 6",
        "pad_left = 7",
        &["m.toml:L:12: column[0].pad_left: the column has room for 6 characters"],
    );
    check(
        "pad_left = 6",
        "pad_left = 6\ndate = \"wareki\"",
        &[
            "m.toml:10:12: column[0].pad_left: both date and pad_left",
            "m.toml:11:8: column[0].date: the fields of this column are no days",
        ],
    );
    check(
        "\"女\" = \"2\"",
        "\"女\" = \"3\"",
        &["m.toml:L:28: column[1].codes.\"女\": no field of this column could be this: unknown-code"],
    );
    check(
        "pad_left = 6",
        "otherwise = \"keep\"",
        &["m.toml:L:13: column[0].otherwise: there is nothing that could fail: no codes, date or pad_left"],
    );
    check(
        "from = \"性別\"\ncodes = { \"男\" = \"1\", \"女\" = \"2\" }",
        "text = \"3\"\notherwise = \"keep\"",
        &[
            "m.toml:13:8: column[1].text: no field of this column could be this: unknown-code",
            "m.toml:14:13: column[1].otherwise: otherwise turns over what a source has, not a text",
        ],
    );
}

#[test]
fn sources_say_how_they_are_written() {
    check(
        "header = true",
        "header = true\ncolumns = 5\ndelimiter = \"tab\"",
        &[
            "m.toml:7:11: source.columns: the header row says how many columns there are",
            "m.toml:8:13: source.delimiter: unknown word \"tab\" (one of \"comma\")",
        ],
    );
    check(
        "header = true",
        "header = false",
        &[
            "m.toml:4:1: source: needs columns = … (without a header row nothing else says when a column is missing)",
        ],
    );
    check(
        "header = true",
        "header = false\ncolumns = 4",
        &[
            "m.toml:3:11: ignore[0]: the source has no header row; give the column's number",
            "m.toml:7:11: source.columns: column 1 of the source is neither mapped nor ignored",
            "m.toml:7:11: source.columns: column 2 of the source is neither mapped nor ignored",
            "m.toml:7:11: source.columns: column 3 of the source is neither mapped nor ignored",
            "m.toml:10:8: column[0].from: the source has no header row; give the column's number",
            "m.toml:14:8: column[1].from: the source has no header row; give the column's number",
            "m.toml:18:8: column[2].from: the source has no header row; give the column's number",
        ],
    );
    check("ignore = [\"端末\"]", "ignore = [\"性別\"]", &["m.toml:L:11: ignore[0]: the column is mapped"]);
}

const HEADER: &str = "住民番号,性別,生年月日,異動日,端末\n";

/// Rows as `fields / issues`, or the error.
fn read(mapping: &Mapping, source: &[u8]) -> Vec<String> {
    let mut reader = MappedReader::new(mapping, source);
    let mut found = Vec::new();
    loop {
        match reader.next_row() {
            Ok(None) => return found,
            Ok(Some(row)) => {
                let issues: Vec<String> = row
                    .issues
                    .iter()
                    .map(|issue| {
                        let sign = if issue.severity == Severity::Warning { "?" } else { "" };
                        format!(" {}:{sign}{}", issue.column, issue.rule)
                    })
                    .collect();
                found.push(format!("{} {}{}", row.row_no, row.fields.join("|"), issues.concat()));
            }
            Err(error) => found.push(error.to_string()),
        }
    }
}

#[test]
fn rows_come_in_the_columns_of_the_layout() {
    let mapping = mapping(RIGHT);
    let source = |rows: &str| read(&mapping, format!("{HEADER}{rows}").as_bytes());
    assert_eq!(source("12,男,S64.01.07,2026/4/1,x\n"), ["2 000012|1|1989-01-07|20260401||E|0"]);
    assert_eq!(source("12,男,,,x\n"), ["2 000012|1||||E|0"]);
    assert_eq!(
        source("1234567,他,S64.01.08,2026/4/31,x\n1x,女,,,x\n"),
        ["2 ||S64.01.08|||E|0 0:too-long 1:unmapped-code 3:?emptied", "3 |2||||E|0 0:not-digits",]
    );
    assert_eq!(source("1,男,,\n\"2\"x\n"), ["row 2: 4 columns instead of 5", "the line is refused"]);
    let row = read(&mapping, &[HEADER.as_bytes(), b"1,\xed\xa0\x80,,,x\n"].concat());
    assert_eq!(row, ["row 2: byte 2 is no text in this encoding"]);
}

#[test]
fn a_header_that_does_not_fit_is_told_as_a_whole_and_nothing_is_read() {
    let mapping = mapping(RIGHT);
    assert_eq!(
        read(&mapping, "住民番号,性別,性別,新,余\n1,男,,,\n".as_bytes()),
        [
            "the header row does not fit the mapping: column 3 has the name of a column before it, no column \"生年月日\", no column \"端末\", column 5 is neither mapped nor ignored"
        ]
    );
    assert_eq!(read(&mapping, b""), ["the header row does not fit the mapping: the file is empty"]);
}

#[test]
fn a_source_without_header_goes_by_numbers() {
    let text = r#"name = "旧"
layout = "001z010-1.0"
ignore = 3
[source]
encoding = "cp932"
header = false
columns = 3
[[column]]
to = "no"
from = 1
[[column]]
to = "kubun"
text = "2"
[[column]]
to = "biko"
from = 2
"#;
    let mut source = Vec::new();
    CharacterSet::new(crate::text::Encoding::Cp932, None)
        .encode_into("000001,髙表,\r\n", &mut source)
        .unwrap();
    assert_eq!(read(&mapping(text), &source), ["1 000001|2|||髙表|E|0"]);
}

#[test]
fn the_shipped_mapping_takes_in_old_moves() {
    let problems = Problems::new();
    let layout = include_str!("../../../layouts/001z010-1.0.toml");
    let layout = Layout::read("l.toml", layout, &problems).map(Arc::new);
    let layouts: BTreeMap<_, _> =
        layout.map(|layout| ("001z010-1.0".to_owned(), layout)).into_iter().collect();
    let text = include_str!("../../../layouts/mappings/legacy-moves.toml");
    let mapping = Mapping::read("m.toml", text, &layouts, &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
    let mapping = mapping.unwrap();
    let header = "住民番号,異動コード,異動日,届出日,世帯番号,氏名,カナ氏名,性別,生年月日,続柄,郵便番号,住所,番地,方書,備考,処理端末\r\n";
    let row = "10101,110,R08.10.01,R08.10.02,5001,山田　太郎,ヤマダ　タロウ,男,S64.01.07,世帯主,3050817,研究学園五丁目,1番地,,転入,T01\r\n";
    let mut source = Vec::new();
    let characters = CharacterSet::new(crate::text::Encoding::Cp932, None);
    characters.encode_into(&format!("{header}{row}"), &mut source).unwrap();
    let mut reader = MappedReader::new(&mapping, source.as_slice());
    let row = reader.next_row().unwrap().unwrap();
    assert!(row.issues.is_empty(), "{:?}", row.issues);
    let field = |name: &str| row.fields[mapping.layout.find_column(name).unwrap()].as_str();
    assert_eq!((field("atena_no"), field("ido_jiyu")), ("000000000010101", "01"));
    assert_eq!((field("ido_ymd"), field("birth_ymd")), ("2026-10-01", "1989-01-07"));
    let mut issues = Vec::new();
    RowChecker::new(&mapping.layout, "2026-10-02".parse().unwrap()).check(&row.fields, &mut issues);
    assert!(issues.is_empty(), "{issues:?}");
    assert!(reader.next_row().unwrap().is_none());
}
