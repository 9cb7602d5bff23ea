//! 突合 against small registries: one person, nobody, two of one name, moved, dead, protected, other numbers.

use renkei_registry::{Dictionary, ItemNo, Row, Values as _};

use super::*;
use crate::ids::CommitNo;

type Texts<'t> = &'t [(&'t str, &'t str)];

const TARO: Texts<'static> = &[
    ("atena_no", "000000000000042"),
    ("jumin_jotai", "1"),
    ("juminhyo_cd", "12345678903"),
    ("kojin_bango", "123456789018"),
    ("shimei", "山田　太郎"),
    ("shimei_kana", "ヤマダ　タロウ"),
    ("seibetsu", "1"),
    ("birth_ymd", "1989-01-08"),
    ("jusho_banchigo", "１番地"),
];

fn row(texts: &[Texts<'_>]) -> Row {
    let mut row = Row::new();
    for (id, text) in texts.iter().copied().flatten() {
        row.set(Dictionary::standard().find(id).unwrap().no, text);
    }
    row
}

fn content(texts: Texts<'_>) -> Content {
    let mut content = Content::default();
    for (name, text) in texts {
        content.set(Field::find(name).unwrap(), text);
    }
    content
}

fn compared(kind: CaseKind, case: Texts<'_>, registry: &[Row]) -> Comparison {
    let content = content(case);
    let mut search = Search::new(kind, &content);
    for row in registry {
        search.look_at(row);
    }
    compare(kind, &content, &search, CommitNo(7))
}

/// Outcome, way, concerns and everything that is not equal, as one line.
fn line(found: &Comparison) -> String {
    let differences = found.differences.iter().filter_map(|difference| {
        let word = match difference.kind {
            DifferenceKind::Equal => return None,
            DifferenceKind::Differs { variant: true } => "~",
            DifferenceKind::Differs { variant: false } => "≠",
            DifferenceKind::OnlyHere => "+",
            DifferenceKind::OnlyThere => "-",
        };
        Some(format!(" {}{word}", difference.item))
    });
    let by = found.found_by.map_or_else(|| "nobody".to_owned(), |by| format!("{by:?}"));
    let concerns: Vec<&str> = found.concerns.iter().map(|concern| concern.as_str()).collect();
    format!("{} {by} [{}]{}", found.outcome.as_str(), concerns.join(" "), differences.collect::<String>())
}

#[track_caller]
fn check(case: Texts<'_>, registry: &[Row], expected: &str) {
    assert_eq!(line(&compared(CaseKind::OssMoveOut, case, registry)), expected);
}

const PERSON: Texts<'static> = &[("shimei", "山田　太郎"), ("birth_ymd", "1989-01-08"), ("seibetsu", "1")];

#[test]
fn each_way_of_finding_in_its_order() {
    let taro = row(&[TARO]);
    let all = [PERSON, &[("juminhyo_cd", "12345678903"), ("kojin_bango", "123456789018")]].concat();
    let with_number = [&all[..], &[("atena_no", "42")]].concat();
    let one = std::slice::from_ref(&taro);
    check(&with_number, one, "matched AtenaNo [registered] shimei_kana-");
    check(&all, one, "matched ResidentCode [registered] shimei_kana-");
    check(&all[..3], one, "matched Person [registered] juminhyo_cd- kojin_bango- shimei_kana-");
    let number = [PERSON, &[("juminhyo_cd", "99999999999"), ("kojin_bango", "123456789018")]].concat();
    check(&number, one, "differs IndividualNumber [registered] juminhyo_cd≠ shimei_kana-");
    // A 宛名番号 that nobody has is the last word on a move-out.
    check(&[&all[..], &[("atena_no", "43")]].concat(), one, "not-found nobody []");
    check(&[("shimei", "山田　花子"), ("birth_ymd", "1989-01-08")], one, "not-found nobody []");
    assert_eq!(compared(CaseKind::OssMoveOut, &all, one).atena_no().unwrap().get(), 42);
}

#[test]
fn differences_are_told_by_item_and_writing_is_only_a_hint() {
    let taro = row(&[TARO]);
    let case = [
        ("atena_no", "42"),
        ("shimei", "山田 太郎"),
        ("shimei_kana", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("seibetsu", "2"),
        ("birth_ymd", "1989-01-08"),
        ("jusho_banchigo", "1番地"),
        ("kyuuji", "佐藤"),
        ("tenshutsu_yotei_ymd", "2026-10-20"),
    ];
    check(
        &case,
        &[taro],
        "differs AtenaNo [registered] juminhyo_cd- kojin_bango- shimei~ shimei_kana~ kyuuji+ seibetsu≠ jusho_banchigo~",
    );
}

#[test]
fn two_people_of_one_name_are_not_one() {
    let other: Texts<'_> =
        &[("atena_no", "000000000000043"), ("juminhyo_cd", "22345678901"), ("kojin_bango", "")];
    let registry = [row(&[TARO]), row(&[TARO, other])];
    check(PERSON, &registry, "ambiguous Person []");
    assert_eq!(compared(CaseKind::OssMoveOut, PERSON, &registry).atena_no(), None);
    let with_code = [PERSON, &[("juminhyo_cd", "22345678901")]].concat();
    check(&with_code, &registry, "matched ResidentCode [registered] shimei_kana-");
    // Without the sex, who has the name and the day of birth is found all the same.
    check(
        &PERSON[..2],
        &registry[..1],
        "matched Person [registered] juminhyo_cd- kojin_bango- shimei_kana- seibetsu-",
    );
}

#[test]
fn what_a_clerk_must_know_is_said_and_what_contradicts_blocks() {
    let check = |kind: CaseKind, jotai: &str, planned: &str, expected: &str, is_blocked: bool| {
        let found = row(&[TARO, &[("jumin_jotai", jotai), ("tenshutsu_yotei_ymd", planned)]]);
        let comparison = compared(kind, &[("atena_no", "42"), ("shimei", "山田　太郎")], &[found]);
        let concerns: Vec<_> = comparison.concerns.iter().map(|concern| concern.as_str()).collect();
        assert_eq!(concerns, [expected], "{kind} {jotai}");
        assert_eq!(comparison.is_blocked(kind), is_blocked, "{kind} {jotai}");
    };
    let (out, into) = (CaseKind::OssMoveOut, CaseKind::CsMoveIn);
    check(out, "1", "", "registered", false);
    check(out, "1", "2026-10-20", "move-planned", false);
    check(out, "2", "2026-10-20", "moved-already", true);
    check(out, "3", "", "dead", true);
    check(out, "9", "", "removed", true);
    check(into, "1", "", "registered", true);
    check(into, "2", "2020-01-01", "moved-already", false);
    check(into, "3", "", "dead", true);
}

#[test]
fn a_protected_person_is_marked() {
    for (code, expected) in [("1", true), ("2", true), ("3", false)] {
        let case = [("atena_no", "42"), ("shien_sochi_kbn", code)];
        let found = compared(CaseKind::OssMoveOut, &case, &[row(&[TARO])]);
        assert_eq!(found.concerns.contains(&Concern::Protected), expected, "{code}");
        assert!(!found.is_blocked(CaseKind::OssMoveOut));
    }
}

#[test]
fn who_moves_in_with_a_new_number_and_was_here_before_is_found() {
    let before = row(&[TARO, &[("jumin_jotai", "2")]]);
    let registry = std::slice::from_ref(&before);
    let case = [("atena_no", "99"), ("juminhyo_cd", "12345678903"), ("shimei", "山田　太郎")];
    let found = compared(CaseKind::CsMoveIn, &case, registry);
    assert_eq!(found.concerns, [Concern::MovedAlready, Concern::OtherNumber]);
    assert!(found.is_blocked(CaseKind::CsMoveIn), "one person must not get a second number");
    assert!(!compared(CaseKind::CsMoveIn, &case[1..], registry).is_blocked(CaseKind::CsMoveIn));
    // Of a move-in the address is not compared: it is to become another.
    let case = [("juminhyo_cd", "12345678903"), ("jusho_banchigo", "９番地")];
    let found = compared(CaseKind::CsMoveIn, &case, registry);
    assert!(found.differences.iter().all(|difference| difference.item != "jusho_banchigo"));
}

#[test]
fn a_comparison_reads_back_and_tells_a_change_of_the_registry() {
    let case = [("atena_no", "42"), ("shimei", "山田　太郎")];
    let found = compared(CaseKind::OssMoveOut, &case, &[row(&[TARO])]);
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Comparison>(&text).unwrap(), found);
    assert!(!text.contains("山田") && !format!("{found:?}").contains("42"));
    let renamed = compared(CaseKind::OssMoveOut, &case, &[row(&[TARO, &[("shimei", "山田　次郎")]])]);
    assert!(found.says_the_same(&found) && !found.says_the_same(&renamed));
    assert_eq!(row(&[TARO]).get(ItemNo::ATENA_NO), "000000000000042");
}
