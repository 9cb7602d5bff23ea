//! What readers say about declarations that are wrong, to the character.

use super::*;
use crate::ids::Version;

/// Reads `text` as the tests' own declaration and compares every problem as printed.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let problems = Problems::new();
    if let Some(mut table) = Declaration::parse("a.toml", text, &problems) {
        table.required("version").and_then(Value::parsed::<Version>);
        table.optional("count").and_then(|value| value.integer_in(1..=9));
        table.optional("rows").and_then(|value| value.one_of(&[("latest", 1), ("history", 2)]));
        table.optional("on").and_then(Value::boolean);
        table.optional("from").and_then(Value::date);
        table.optional("names").and_then(Value::list_of_text);
        table.optional("versions").and_then(Value::list_of::<Version>);
        for mut part in table.optional("part").and_then(Value::tables).unwrap_or_default() {
            part.required("name").and_then(Value::text);
            part.finish();
        }
        table.finish();
    }
    let found: Vec<String> = problems.into_sorted().iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_right_declaration_has_no_problem() {
    check("version = \"1.1\"\ncount = 3\nfrom = 2026-04-01\nnames = [\"a\"]\n[[part]]\nname = \"\"\n", &[]);
}

#[test]
fn all_problems_come_at_once_each_at_its_place() {
    check(
        "version = \"1\"\ncount = 0x10\nrows = \"histroy\"\non = 1\n  form = 2026-04-01\nversions = [\"1.0\", \"2\", 3]\n",
        &[
            r#"a.toml:1:11: version: version must be major.minor, such as 1.1, not "1""#,
            "a.toml:2:9: count: must be 1 to 9, not 0x10",
            r#"a.toml:3:8: rows: unknown word "histroy" (did you mean "history"?)"#,
            "a.toml:4:6: on: must be true or false, not an integer",
            r#"a.toml:5:3: form: unknown key (did you mean "from"?)"#,
            r#"a.toml:6:20: versions[1]: version must be major.minor, such as 1.1, not "2""#,
            "a.toml:6:25: versions[2]: must be a text in quotes, not an integer",
        ],
    );
}

#[test]
fn a_missing_key_is_reported_at_its_table() {
    check(
        "version = \"1.0\"\n\n[[part]]\nname = \"a\"\n\n[[part]]\nnmae = \"b\"\n",
        &[
            "a.toml:6:1: part[1].name: missing",
            r#"a.toml:7:1: part[1].nmae: unknown key (did you mean "name"?)"#,
        ],
    );
    check("", &["a.toml:1:1: version: missing"]);
}

#[test]
fn columns_count_characters_not_bytes() {
    check(
        "names = [\"漢字\", 5]\nversion = \"1.0\"\n",
        &["a.toml:1:16: names[1]: must be a text in quotes, not an integer"],
    );
    check(
        "version = \"1.0\"\npart = [{ 名 = 1, name = \"漢\" }, 3]\n",
        &["a.toml:2:11: not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`"],
    );
    check(
        "version = \"1.0\"\npart = [{ \"名\" = 1, name = \"漢\" }, 3]\n",
        &[
            "a.toml:2:11: part[0].\"名\": unknown key (one of \"name\")",
            "a.toml:2:34: part[1]: must be a table, not an integer",
        ],
    );
}

#[test]
fn a_date_must_exist_and_be_no_text() {
    check(
        "version = \"1.0\"\nfrom = \"2026-04-01\"\n",
        &["a.toml:2:8: from: must be a date without quotes, such as 2026-04-01, not a text"],
    );
    check(
        "version = \"1.0\"\nfrom = 2026-04-01T10:00:00\n",
        &["a.toml:2:8: from: must be a date without quotes, such as 2026-04-01, not a date or time"],
    );
}

#[test]
fn every_syntax_error_is_reported() {
    check(
        "version = \nfoo\ncount = 1\n",
        &[
            "a.toml:1:11: not TOML: string values must be quoted, expected literal string",
            "a.toml:2:4: not TOML: key with no value, expected `=`",
        ],
    );
    check("a = 1\na = 2\n", &["a.toml:2:1: not TOML: duplicate key"]);
}

#[test]
fn only_near_words_are_suggested() {
    assert_eq!(nearest("atena_nno", ["atena_no", "rireki_no"]), Some("atena_no"));
    assert_eq!(nearest("宛名番合", ["宛名番号", "世帯番号"]), Some("宛名番号"));
    assert_eq!(nearest("colour", ["atena_no", "rireki_no"]), None);
    assert_eq!(nearest("4", ["1", "2"]), None);
    assert_eq!(did_you_mean("4", ["1", "2"]).as_deref(), Some(r#"one of "1", "2""#));
}
