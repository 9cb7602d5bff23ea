//! What values and keys may hold.

use renkei_core::port::{StoreError, TakeMode};

use super::rows::{TestRow, check_held, code, counts, gone, intake, jumin, parked, row, stage, take, values};
use super::{Fixture, PATIENT};

pub(crate) fn values_are_kept_byte_for_byte<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let texts = [
        "",
        " ",
        "𠮷田 髙",
        "葛\u{e0100}城",
        "か\u{3099}",
        "\u{e000}\u{f8ff}",
        "'\"`$1 ?1 :a @a %s",
        "\\.",
        "\\N",
        "\\",
        "a\tb\rc\nd\u{1f}e",
        "NULL",
        "\u{feff}bom",
        "\u{1}\u{7f}\u{10ffff}",
        "-- ; DROP TABLE jumin;",
    ];
    let mut rows: Vec<TestRow> =
        texts.iter().enumerate().map(|(number, text)| row(&format!("{number:02}"), &[text])).collect();
    let long = "𠮷".repeat(300_000);
    rows.push(row("99", &[&long]));
    take(&*store, &jumin(), 1, TakeMode::Replace, &rows).unwrap();
    assert_eq!(fixture.values("jumin"), values(&rows));
    // The same as keys; one with the joint of keys in it is none.
    let mut keys: Vec<TestRow> =
        texts.iter().filter(|text| !text.contains('\u{1f}')).map(|text| row(text, &["x"])).collect();
    take(&*store, &jumin(), 2, TakeMode::Replace, &keys).unwrap();
    assert_eq!(fixture.values("jumin"), values(&keys));
    keys.sort_by(|a, b| a.key.cmp(&b.key));
    check_held(&*store, &keys);
    let all_gone: Vec<TestRow> = keys.iter().map(|row| gone(&row.values[0])).collect();
    let n_keys = keys.len() as u64;
    assert_eq!(take(&*store, &jumin(), 3, TakeMode::Diff, &all_gone).unwrap(), counts([0, 0, n_keys, 0, 0]));
    assert_eq!(fixture.values("jumin"), values(&[]));
}

pub(crate) fn keys_that_differ_in_case_or_spaces_are_different<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let keys = ["", " ", "A", "A ", "a", "a ", "ａ", "é", "e\u{301}"];
    let mut rows: Vec<TestRow> = keys.iter().map(|key| row(key, &["x"])).collect();
    let n_keys = keys.len() as u64;
    assert_eq!(take(&*store, &jumin(), 1, TakeMode::Replace, &rows).unwrap(), counts([n_keys, 0, 0, 0, 0]));
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    check_held(&*store, &rows);
    assert_eq!(take(&*store, &jumin(), 2, TakeMode::Diff, &[gone("a ")]).unwrap(), counts([0, 0, 1, 0, 0]));
    rows.retain(|row| row.key != b"a ");
    check_held(&*store, &rows);
    assert_eq!(fixture.values("jumin"), values(&rows));
}

pub(crate) fn a_nul_is_kept_or_refused_clearly<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    take(&*store, &jumin(), 1, TakeMode::Replace, &[row("0", &[""])]).unwrap();
    let with_nul = [row("0", &[""]), row("1", &["a\0b"])];
    match take(&*store, &jumin(), 2, TakeMode::Replace, &with_nul) {
        Ok(_) => assert_eq!(fixture.values("jumin"), values(&with_nul)),
        Err(StoreError::Unavailable { detail }) => {
            assert!(detail.contains("NUL") && detail.contains("shimei") && detail.contains('2'), "{detail}");
            assert!(!detail.contains("a\0b"), "{detail:?}");
            assert_eq!(fixture.values("jumin"), values(&with_nul[..1]));
        }
        Err(other) => panic!("{other}"),
    }
    // Held back, it hurts nowhere.
    take(&*store, &jumin(), 3, TakeMode::Replace, &[row("0", &[""]), parked("1\0", &["a\0b"])]).unwrap();
    assert_eq!(fixture.values("jumin"), values(&with_nul[..1]));
    assert_eq!(take(&*store, &jumin(), 4, TakeMode::Diff, &[gone("1\0")]).unwrap().removed, 1);
}

pub(crate) fn a_row_whose_key_is_not_its_values_is_refused<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    for wrong in [
        TestRow { key: b"2".to_vec(), ..row("1", &["a"]) },
        TestRow { key: b"1\x1fa".to_vec(), ..row("1", &["a"]) },
        row("1", &[]),
        row("1", &["a", "b"]),
        row("1\u{1f}2", &["a"]),
    ] {
        let mut taking = store.begin_taking(&intake(), &jumin()).unwrap();
        assert_eq!(
            code(stage(&mut *taking, &[row("0", &[""]), wrong.clone()])),
            "store.missing",
            "{wrong:?}"
        );
    }
}
