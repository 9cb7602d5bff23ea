//! Broken layouts and exactly what is said about them; the shipped layouts and what they promise.

use renkei_registry::{Dictionary, ItemNo};

use super::*;
use crate::declared::Problems;

const SHIPPED: [(&str, &str); 14] = [
    ("001o005-1.0", include_str!("../../../layouts/001o005-1.0.toml")),
    ("001o005-1.1", include_str!("../../../layouts/001o005-1.1.toml")),
    ("001o006-1.0", include_str!("../../../layouts/001o006-1.0.toml")),
    ("001o006-1.1", include_str!("../../../layouts/001o006-1.1.toml")),
    ("001z001-1.0", include_str!("../../../layouts/001z001-1.0.toml")),
    ("003z001-1.0", include_str!("../../../layouts/003z001-1.0.toml")),
    ("023z001-1.0", include_str!("../../../layouts/023z001-1.0.toml")),
    ("024z001-1.0", include_str!("../../../layouts/024z001-1.0.toml")),
    ("025z001-1.0", include_str!("../../../layouts/025z001-1.0.toml")),
    ("026z001-1.0", include_str!("../../../layouts/026z001-1.0.toml")),
    ("027z001-1.0", include_str!("../../../layouts/027z001-1.0.toml")),
    ("001z010-1.0", include_str!("../../../layouts/001z010-1.0.toml")),
    ("001z020-1.0", include_str!("../../../layouts/001z020-1.0.toml")),
    ("001z021-1.0", include_str!("../../../layouts/001z021-1.0.toml")),
];

/// A right layout; each case changes it by replacing text.
const RIGHT: &str = r#"interface = "001o005"
version = "1.1"
name = "住民情報"
valid_from = 2026-04-01
rows = "latest"
individual_number = false
[select]
jumin_jotai = ["1"]
[removal]
column = "del_flg"
present = "0"
removed = "1"
[[column]]
item = "atena_no"
[[column]]
item = "氏名"
header = "氏名（漢字）"
[[column]]
item = "del_flg"
"#;

#[track_caller]
fn problems_of(text: &str) -> Vec<String> {
    let problems = Problems::new();
    let layout = Layout::read("l.toml", text, &problems);
    assert_eq!(layout.is_some(), problems.is_empty(), "a layout exactly when there is no problem");
    problems.into_sorted().iter().map(ToString::to_string).collect()
}

/// Replaces `from` by `to` in the right layout and compares what is said.
#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(RIGHT.contains(from), "{from:?} is not in the right layout");
    assert_eq!(problems_of(&RIGHT.replace(from, to)), expected, "{from:?} replaced by {to:?}");
}

fn shipped(id: &str) -> Layout {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == id).unwrap();
    let problems = Problems::new();
    let layout = Layout::read(id, text, &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
    layout.unwrap()
}

fn has(layout: &Layout, id: &str) -> bool {
    let no = Dictionary::standard().find(id).unwrap().no;
    layout.columns.iter().any(|column| column.content == Content::Item(no))
}

#[test]
fn a_right_layout_is_read() {
    assert_eq!(problems_of(RIGHT), [""; 0]);
    let layout = Layout::read("l.toml", RIGHT, &Problems::new()).unwrap();
    let romaji: Vec<_> = layout.headers(HeaderRow::Romaji).unwrap().collect();
    let japanese: Vec<_> = layout.headers(HeaderRow::Japanese).unwrap().collect();
    assert_eq!(romaji, ["atena_no", "shimei", "del_flg"]);
    assert_eq!(japanese, ["宛名番号", "氏名（漢字）", "削除フラグ"]);
    assert_eq!((layout.key_columns.as_slice(), layout.removal.as_ref().unwrap().column), ([0].as_slice(), 2));
    assert_eq!((layout.branch.as_str(), layout.file), ("00", FileFormat::default()));
    assert!(!layout.is_valid_on("2026-03-31".parse().unwrap()));
    assert!(layout.is_valid_on("2026-04-01".parse().unwrap()));
}

#[test]
fn columns_name_items_that_exist_once() {
    check(
        "\"atena_no\"",
        "\"atena_nno\"",
        &[r#"l.toml:14:8: column[0].item: unknown item "atena_nno" (did you mean "atena_no"?)"#],
    );
    check(
        "\"氏名\"",
        "\"宛名番号\"",
        &["l.toml:16:8: column[1].item: item atena_no is already a column (line 14)"],
    );
    check(
        "item = \"氏名\"",
        "item = \"氏名\"\ntext = \"x\"",
        &[
            "l.toml:15:1: column[1]: a column holds exactly one thing (item = \"…\", field = \"…\", text = \"…\" or content = \"removal\")",
        ],
    );
    check(
        "item = \"氏名\"",
        "text = \"\"",
        &["l.toml:15:1: column[1]: a column that is no item needs romaji = \"…\""],
    );
}

#[test]
fn headers_are_unique_and_readable_under_every_quoting() {
    check(
        "氏名（漢字）",
        "宛名番号",
        &[r#"l.toml:17:10: column[1].header: header "宛名番号" is already taken (line 13)"#],
    );
    for bad in ["", "a,b", "a\\\"b", "a\\nb"] {
        check(
            "氏名（漢字）",
            bad,
            &[
                "l.toml:17:10: column[1].header: a header must not be empty nor hold quotes, commas or control characters",
            ],
        );
    }
}

#[test]
fn key_items_are_columns() {
    check(
        "rows = \"latest\"",
        "rows = \"history\"",
        &[
            r#"l.toml:13:1: column: key item rireki_eda_no must be a column (rows = "history")"#,
            r#"l.toml:13:1: column: key item rireki_no must be a column (rows = "history")"#,
        ],
    );
}

#[test]
fn the_individual_number_is_declared_exactly_when_it_is_there() {
    check(
        "\"氏名\"",
        "\"kojin_bango\"",
        &[
            "l.toml:6:21: individual_number: must be true: a column holds kojin_bango (only systems of 番号利用事務 may be given such files; else take the column out)",
        ],
    );
    check(
        "individual_number = false",
        "individual_number = true",
        &[
            "l.toml:6:21: individual_number: must be false: no column holds kojin_bango (files without 個人番号 are not confined to 番号利用事務)",
        ],
    );
    check(
        "jumin_jotai",
        "kojin_bango",
        &["l.toml:8:1: select.kojin_bango: rows cannot be selected by 個人番号: it is encrypted at rest"],
    );
}

#[test]
fn selections_use_values_the_item_has() {
    check(
        "[\"1\"]",
        "[\"1\", \"4\"]",
        &[r#"l.toml:8:21: select.jumin_jotai[1]: jumin_jotai has no value "4" (one of "1", "2", "3", "9")"#],
    );
    check("[\"1\"]", "[]", &["l.toml:8:1: select.jumin_jotai: no row would pass an empty list"]);
    check(
        "jumin_jotai",
        "jumin_jotei",
        &[r#"l.toml:8:1: select.jumin_jotei: unknown item "jumin_jotei" (did you mean "jumin_jotai"?)"#],
    );
}

#[test]
fn removals_are_told_by_a_column_that_can_tell() {
    check(
        "column = \"del_flg\"",
        "column = \"氏名\"",
        &["l.toml:10:10: removal.column: item shimei is neither a flag nor a code and cannot tell a removal"],
    );
    check(
        "column = \"del_flg\"",
        "column = \"saishin_flg\"",
        &[
            "l.toml:10:10: removal.column: item saishin_flg is no column of this layout (make the item a column, or name a column with content = \"removal\")",
        ],
    );
    check(
        "present = \"0\"",
        "present = \"1\"",
        &["l.toml:12:11: removal.removed: a removed row must differ from one that is there"],
    );
    check(
        "removed = \"1\"",
        "removed = \"D\"",
        &[r#"l.toml:12:11: removal.removed: del_flg has no value "D" (one of "0", "1")"#],
    );
    let own = RIGHT
        .replace("\"del_flg\"\npresent", "\"状態\"\npresent")
        .replace("removed = \"1\"", "removed = \"D\"");
    let own =
        own.replace("item = \"del_flg\"", "content = \"removal\"\nheader = \"状態\"\nromaji = \"jotai\"");
    assert_eq!(problems_of(&own), [""; 0]);
}

#[test]
fn the_last_day_is_not_before_the_first() {
    check(
        "rows = ",
        "valid_until = 2026-03-31\nrows = ",
        &["l.toml:5:15: valid_until: the last day is before the first (2026-04-01)"],
    );
    check("rows = ", "valid_until = 2026-04-01\nrows = ", &[]);
}

#[test]
fn columns_are_listed_in_one_place() {
    let head = RIGHT.split("[[column]]").next().unwrap();
    let with = |items: &str| problems_of(&head.replace("rows =", &format!("{items}\nrows =")));
    assert_eq!(with("items = [\"atena_no\", \"del_flg\"]"), [""; 0]);
    assert_eq!(
        with("items = []"),
        [
            "l.toml:5:9: items: a layout has at least one column (items = [\"…\"], items = \"all\" or [[column]])"
        ]
    );
    assert_eq!(with("items = \"al\""), [r#"l.toml:5:9: items: unknown word "al" (did you mean "all"?)"#]);
    check(
        "rows =",
        "items = \"all\"\nrows =",
        &["l.toml:5:9: items: both items and [[column]] (a layout lists its columns in one place)"],
    );
}

#[test]
fn shipped_versions_really_differ() {
    for interface in ["001o005", "001o006"] {
        let old = shipped(&format!("{interface}-1.0"));
        let new = shipped(&format!("{interface}-1.1"));
        assert_eq!((old.rows, new.rows), (Rows::Latest, Rows::History));
        assert!(!has(&old, "saishin_flg") && has(&new, "saishin_flg"));
        let headers = |layout: &Layout| -> Vec<String> {
            layout.headers(HeaderRow::Japanese).unwrap().map(str::to_owned).collect()
        };
        assert!(
            headers(&old).contains(&"操作年月日".to_owned())
                && headers(&old).contains(&"操作時刻".to_owned())
        );
        assert!(
            headers(&new).contains(&"更新年月日".to_owned())
                && headers(&new).contains(&"更新時刻".to_owned())
        );
        assert!(old.columns.len() < new.columns.len());
    }
}

#[test]
fn only_001o006_and_the_dump_hold_the_individual_number() {
    for (id, holds) in [
        ("001o005-1.0", false),
        ("001o005-1.1", false),
        ("001o006-1.0", true),
        ("001o006-1.1", true),
        ("001z001-1.0", true),
    ] {
        assert_eq!(shipped(id).holds_individual_number, holds, "{id}");
    }
    assert_eq!(shipped("001z001-1.0").columns.len(), Dictionary::standard().len());
    assert_eq!(shipped("001z001-1.0").columns[10].content, Content::Item(ItemNo::KOJIN_BANGO));
}

#[test]
fn shipped_layouts_are_for_giving_or_for_receiving() {
    for (id, _) in SHIPPED {
        let layout = shipped(id);
        assert_eq!(id, format!("{}-{}", layout.interface, layout.version));
        let is_inbound = layout.rows == Rows::Received;
        assert_eq!(layout.is_for_feeds(), !is_inbound, "{id}");
        if !is_inbound {
            continue;
        }
        assert!(!layout.rules.is_empty(), "{id} has rules between fields");
        if let Some(place) = layout.find_column("atena_no") {
            assert_eq!(layout.columns[place].rule().unwrap().exact_chars, Some(15), "{id}");
        }
        assert_eq!(layout.holds_individual_number, has(&layout, "kojin_bango"), "{id}");
    }
}
