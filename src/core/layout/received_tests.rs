//! Layouts of received interfaces: columns of their own, keys of their own, rules between columns.

use renkei_registry::{CheckDigit, CodeTable, FieldKind, Severity};

use super::*;
use crate::declared::Problems;

/// A right layout; each case changes it by replacing text.
const RIGHT: &str = r#"interface = "023z001"
version = "1.0"
name = "介護保険資格"
valid_from = 2026-04-01
rows = "received"
key = ["hihokensha_no", "宛名番号"]
individual_number = false
[[column]]
item = "atena_no"
presence = "key"
[[column]]
field = "hihokensha_no"
header = "被保険者番号"
type = "digits"
length = 10
[[column]]
field = "kubun"
header = "区分"
type = "code"
one_of = ["1", "2"]
presence = "required"
[[column]]
field = "shutoku_ymd"
header = "取得日"
type = "date8"
[[column]]
field = "soshitsu_ymd"
header = "喪失日"
type = "date8"
also = ["99999999"]
[[column]]
field = "shichoson"
header = "市町村"
type = "digits"
length = 6
check_digit = "municipality"
severity = "error"
[[column]]
field = "yokaigo"
header = "要介護"
type = "code"
codes = "care_level"
[[rule]]
name = "in-order"
order = ["shutoku_ymd", "<=", "soshitsu_ymd"]
severity = "warning"
[[rule]]
name = "with-kubun"
when = { column = "kubun", is = ["1"] }
then = { column = "要介護", must_be = "set" }
"#;

#[track_caller]
fn problems_of(text: &str) -> Vec<String> {
    let problems = Problems::new();
    let layout = Layout::read("l.toml", text, &problems);
    assert_eq!(layout.is_some(), problems.is_empty(), "a layout exactly when there is no problem");
    problems.into_sorted().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(RIGHT.contains(from), "{from:?} is not in the right layout");
    let line = RIGHT[..RIGHT.find(from).unwrap()].matches('\n').count() + 1;
    let expected: Vec<String> =
        expected.iter().map(|text| text.replace(":L:", &format!(":{line}:"))).collect();
    assert_eq!(problems_of(&RIGHT.replacen(from, to, 1)), expected, "{from:?} replaced by {to:?}");
}

#[test]
fn a_right_layout_is_read() {
    assert_eq!(problems_of(RIGHT), [""; 0]);
    let layout = Layout::read("l.toml", RIGHT, &Problems::new()).unwrap();
    assert_eq!((layout.rows, layout.key_columns.as_slice()), (Rows::Received, [1, 0].as_slice()));
    assert!(layout.removal.is_none() && !layout.is_for_feeds() && !layout.holds_individual_number);
    let rule = |column: usize| layout.columns[column].rule().unwrap();
    assert_eq!((rule(1).kind, rule(1).exact_chars), (FieldKind::Digits, Some(10)));
    assert_eq!((rule(2).one_of, rule(2).is_required), (vec!["1".to_owned(), "2".to_owned()], true));
    assert_eq!(rule(4).also, ["99999999"]);
    assert_eq!(
        (rule(5).check_digit, rule(5).severity),
        (Some(CheckDigit::Municipality), Some(Severity::Error))
    );
    assert_eq!(rule(6).codes, CodeTable::find("care_level"));
    assert!(rule(0).is_required && rule(1).is_required && !rule(3).is_required);
    let may_be_empty = RIGHT.replace("length = 10", "length = 10\npresence = \"optional\"");
    let may_be_empty = Layout::read("l.toml", &may_be_empty, &Problems::new()).unwrap();
    assert!(!may_be_empty.columns[1].rule().unwrap().is_required);
    assert_eq!(layout.columns[1].header_romaji, "hihokensha_no");
    assert_eq!(layout.rules[0].check, CrossCheck::Order { earlier: 3, later: 4, is_strict: false });
    assert_eq!((layout.rules[0].severity, layout.rules[1].severity), (Severity::Warning, Severity::Error));
    assert_eq!(layout.find_column("被保険者番号"), Some(1));
}

#[test]
fn fields_say_what_they_are() {
    check(
        "type = \"code\"\none_of = [\"1\", \"2\"]\n",
        "",
        &[
            "l.toml:16:1: column[2]: a field needs type = \"…\" (one of \"digits\", \"int\", \"text\", \"date\", \"date8\", \"timestamp14\", \"time\", \"flag\", \"code\")",
        ],
    );
    check(
        "one_of = [\"1\", \"2\"]\n",
        "",
        &["l.toml:16:1: column[2]: a code needs its codes (codes = \"…\" or one_of = [\"…\"])"],
    );
    check(
        "type = \"digits\"\nlength = 10",
        "type = \"text\"",
        &[
            "l.toml:11:1: column[1]: type = \"text\" needs max or length (so that no field takes more room than it has)",
        ],
    );
    check("length = 10", "length = 10\nmax = 12", &["l.toml:L:10: column[1].length: both max and length"]);
    check(
        "type = \"date8\"",
        "length = 8\ntype = \"date8\"",
        &["l.toml:L:10: column[3].length: type = \"date8\" has its own length"],
    );
    check(
        "length = 6",
        "length = 5",
        &["l.toml:L:10: column[5].length: a number with this check digit has 6 digits"],
    );
    check(
        "type = \"date8\"",
        "type = \"date9\"",
        &[
            "l.toml:22:1: column[3]: a field needs type = \"…\" (one of \"digits\", \"int\", \"text\", \"date\", \"date8\", \"timestamp14\", \"time\", \"flag\", \"code\")",
            "l.toml:25:8: column[3].type: unknown word \"date9\" (did you mean \"date\"?)",
        ],
    );
    check(
        "codes = \"care_level\"",
        "codes = \"care_levels\"",
        &["l.toml:L:9: column[6].codes: unknown code table \"care_levels\" (did you mean \"care_level\"?)"],
    );
    check(
        "one_of = [\"1\", \"2\"]",
        "one_of = [\"1\", \"\"]\ncodes = \"sex\"",
        &[
            "l.toml:L:10: column[2].one_of: both codes and one_of",
            "l.toml:L:16: column[2].one_of[1]: no field could be this: missing",
        ],
    );
    check(
        "also = [\"99999999\"]",
        "also = [\"\"]",
        &["l.toml:L:9: column[4].also[0]: a value that passes is not empty and has no control characters"],
    );
}

#[test]
fn items_keep_what_the_dictionary_says() {
    check(
        "presence = \"key\"",
        "type = \"int\"\nmax = 3\npresence = \"key\"",
        &[
            "l.toml:L:8: column[0].type: the dictionary says type for an item (field = \"…\" declares a column of the layout's own)",
            "l.toml:11:7: column[0].max: the dictionary says max for an item (field = \"…\" declares a column of the layout's own)",
        ],
    );
    check(
        "field = \"kubun\"",
        "field = \"shimei\"",
        &[
            "l.toml:L:9: column[2].field: the dictionary has an item of this name (item = \"shimei\")",
            "l.toml:49:19: rule[1].when.column: no column \"kubun\"",
        ],
    );
    check(
        "item = \"atena_no\"\npresence = \"key\"",
        "item = \"atena_no\"\npresence = \"key\"\n[[column]]\ntext = \"E\"\nheader = \"終端\"\nromaji = \"end\"\nseverity = \"error\"",
        &["l.toml:15:12: column[1].severity: severity is for items and fields"],
    );
}

#[test]
fn received_rows_have_a_key_of_their_own() {
    check(
        "key = [\"hihokensha_no\", \"宛名番号\"]\n",
        "",
        &["l.toml:7:1: column: no columns are named as the key (rows = \"received\" needs key = [\"…\"])"],
    );
    check(
        "\"hihokensha_no\", \"宛名番号\"",
        "\"hihokensha_na\", \"atena_no\", \"atena_no\"",
        &[
            "l.toml:L:8: key[0]: no column \"hihokensha_na\" (did you mean \"hihokensha_no\"?)",
            "l.toml:L:37: key[2]: the column is already part of the key",
        ],
    );
    check(
        "\"hihokensha_no\", \"宛名番号\"",
        "\"hihokensha_no\"",
        &["l.toml:10:12: column[0].presence: the column is not named in key"],
    );
    check(
        "rows = \"received\"",
        "rows = \"latest\"",
        &[
            "l.toml:1:1: removal: missing",
            "l.toml:6:7: key: no key with rows = \"latest\" (rows of the registry have the registry's key)",
        ],
    );
    check(
        "[[column]]\nitem",
        "[select]\njumin_jotai = [\"1\"]\n[[column]]\nitem",
        &["l.toml:9:1: select.jumin_jotai: received rows are not selected, all of them are taken in"],
    );
}

#[test]
fn removals_may_be_told_by_a_field() {
    let removal = |column: &str, removed: &str| {
        format!(
            "[removal]\ncolumn = \"{column}\"\npresent = \"1\"\nremoved = \"{removed}\"\n[[column]]\nitem"
        )
    };
    check("[[column]]\nitem", &removal("kubun", "2"), &[]);
    check(
        "[[column]]\nitem",
        &removal("kubun", "3"),
        &["l.toml:11:11: removal.removed: kubun has no value \"3\""],
    );
    check(
        "[[column]]\nitem",
        &removal("hihokensha_no", "2"),
        &[
            "l.toml:9:10: removal.column: field hihokensha_no is neither a flag nor a code and cannot tell a removal",
        ],
    );
}

#[test]
fn a_field_with_the_check_digit_of_an_individual_number_holds_one() {
    check(
        "length = 6\ncheck_digit = \"municipality\"",
        "length = 12\ncheck_digit = \"individual_number\"",
        &[
            "l.toml:7:21: individual_number: must be true: a column holds kojin_bango (only systems of 番号利用事務 may be given such files; else take the column out)",
        ],
    );
}

#[test]
fn rules_name_columns_and_values_that_are_there() {
    check(
        "order = [\"shutoku_ymd\"",
        "order = [\"kubun\"",
        &[
            "l.toml:L:10: rule[0].order[0]: the fields of this column have no order (days, times, moments and integers have one)",
        ],
    );
    check("\"<=\"", "\"=<\"", &["l.toml:L:25: rule[0].order[1]: unknown sign \"=<\" (\"<=\" or \"<\")"]);
    check(
        "is = [\"1\"]",
        "is = [\"3\"]",
        &["l.toml:L:34: rule[1].when.is[0]: no field of this column could be this: unknown-code"],
    );
    check(
        "is = [\"1\"]",
        "is = [\"1\"], is_set = true",
        &["l.toml:L:8: rule[1].when: a condition says exactly one thing (is = [\"…\"] or is_set = true)"],
    );
    check(
        "must_be = \"set\"",
        "must_be = \"sett\"",
        &["l.toml:L:36: rule[1].then.must_be: unknown word \"sett\" (did you mean \"set\"?)"],
    );
    check(
        "name = \"with-kubun\"",
        "name = \"in-order\"",
        &["l.toml:L:8: rule[1].name: rule \"in-order\" is already declared (line 44)"],
    );
    check(
        "order = [\"shutoku_ymd\", \"<=\", \"soshitsu_ymd\"]\n",
        "",
        &[
            "l.toml:43:1: rule[0]: a rule says exactly one thing (when = { … } and then = { … }, or order = [\"…\", \"<=\", \"…\"])",
        ],
    );
}
