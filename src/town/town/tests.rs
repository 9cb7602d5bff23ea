//! A town holds what its rows promise: validity, uniqueness, one head per household, plausible lives.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::names::Names;
use crate::person::Who;
use renkei_registry::{AtenaNo, Dictionary, History, ItemNo, Row, Values, validate};

fn town(n_residents: u32, seed: u64, with_past: bool) -> Town {
    Town::new(TownSpec { n_residents, seed, day: "2026-11-21".into(), with_past }).unwrap()
}

fn rows(town: &Town) -> Vec<Row> {
    let mut rows = Vec::new();
    town.for_each_row(&mut |row: &Row| {
        rows.push(row.clone());
        Ok::<(), ()>(())
    })
    .unwrap();
    rows
}

fn item(row: &Row, id: &str) -> String {
    row.get(Dictionary::standard().find(id).unwrap().no).to_owned()
}

#[test]
fn every_row_of_five_towns_is_valid() {
    for seed in 1..=5 {
        for row in rows(&town(3000, seed, true)) {
            let mut issues = Vec::new();
            validate(&row, &mut issues);
            assert!(issues.is_empty(), "seed {seed}: {issues:?} in {row:?}");
        }
    }
}

#[test]
fn a_town_has_as_many_registered_residents_as_asked_for() {
    for n in [0, 1, 2, 7, 100, 3001] {
        for with_past in [false, true] {
            let registered = rows(&town(n, 9, with_past))
                .iter()
                .filter(|row| row.is_latest() && row.get(ItemNo::JUMIN_JOTAI) == "1")
                .count();
            assert_eq!(registered, usize::try_from(n).unwrap(), "with_past {with_past}");
        }
    }
}

#[test]
fn rows_come_in_key_order_and_numbers_are_unique() {
    let rows = rows(&town(10_000, 4, true));
    let keys: Vec<_> = rows.iter().map(|row| row.key().unwrap()).collect();
    assert!(keys.is_sorted_by(|a, b| a < b));
    for id in ["juminhyo_cd", "kojin_bango"] {
        let mut owners: HashMap<String, AtenaNo> = HashMap::new();
        for row in &rows {
            let own = row.key().unwrap().atena_no;
            assert_eq!(*owners.entry(item(row, id)).or_insert(own), own, "{id} belongs to two");
        }
    }
}

#[test]
fn every_household_has_one_head_whose_name_all_carry() {
    let mut households: HashMap<String, Vec<Row>> = HashMap::new();
    for row in rows(&town(5000, 2, false)) {
        households.entry(item(&row, "setai_no")).or_default().push(row);
    }
    for members in households.values() {
        let heads: Vec<&Row> = members.iter().filter(|row| item(row, "zokugara_cd1") == "02").collect();
        assert_eq!(heads.len(), 1);
        assert!(members.iter().all(|row| item(row, "setainushi_shimei") == item(heads[0], "shimei")));
        let orders: HashSet<String> = members.iter().map(|row| item(row, "kisai_juni")).collect();
        assert_eq!(orders.len(), members.len(), "記載順位 stands twice");
        let addresses: HashSet<String> = members.iter().map(|row| item(row, "jusho_katagaki")).collect();
        assert_eq!(addresses.len(), 1);
    }
}

#[test]
fn histories_hold_together() {
    let mut histories: HashMap<AtenaNo, Vec<Row>> = HashMap::new();
    for row in rows(&town(8_000, 3, true)) {
        histories.entry(row.key().unwrap().atena_no).or_default().push(row);
    }
    let (mut n_with_past, mut n_former, mut n_planned) = (0, 0, 0);
    for (atena_no, rows) in histories {
        for (row, number) in rows.iter().zip(1..) {
            assert_eq!(row.key().unwrap().rireki_no, number);
            assert!(item(row, "ido_ymd") <= item(row, "shori_ymd"));
            assert!(item(row, "koshin_ymd").as_str() < "2026-11-21");
            assert!(item(row, "birth_ymd") <= item(row, "ido_ymd"));
        }
        for pair in rows.windows(2) {
            assert!(item(&pair[0], "ido_ymd") < item(&pair[1], "ido_ymd"), "{:?}", pair[1]);
            assert!(item(&pair[0], "shori_ymd") <= item(&pair[1], "shori_ymd"));
            if item(&pair[1], "ido_jiyu") == "41" {
                assert_eq!(item(&pair[1], "tenkyomae_banchigo"), item(&pair[0], "jusho_banchigo"));
                assert_eq!(item(&pair[1], "jutei_ymd"), item(&pair[1], "ido_ymd"));
            }
        }
        let last = rows.last().unwrap();
        let is_registered = last.get(ItemNo::JUMIN_JOTAI) == "1";
        assert_eq!(last.get(ItemNo::SHOJO_IDO_YMD).is_empty(), is_registered);
        n_with_past += usize::from(is_registered && rows.len() > 1);
        n_former += usize::from(!is_registered);
        n_planned += usize::from(is_registered && !last.get(ItemNo::TENSHUTSU_YOTEI_YMD).is_empty());
        assert!(History::new(atena_no, rows).is_ok());
    }
    assert!((960..1_600).contains(&n_with_past), "{n_with_past} of 8,000 have a past");
    assert!((200..480).contains(&n_former), "{n_former} former residents to 8,000");
    assert!((8..100).contains(&n_planned), "{n_planned} of 8,000 plan to move out");
}

#[test]
fn names_that_test_character_sets_are_sure_to_be_there() {
    let town = town(30_000, 1, false);
    let people = town.households().flat_map(|household| household.lives).flatten();
    let is_marked = |person: &Person| match &person.who {
        Who::Japanese { surname, .. } => Names::embedded().is_marked(surname.text),
        Who::Foreign { .. } => false,
    };
    let n_marked = people.filter(is_marked).count();
    assert!(n_marked >= 20, "only {n_marked}");
}

#[test]
fn families_are_plausible() {
    for household in town(5000, 5, false).households() {
        let people: Vec<_> = household.lives.iter().filter_map(|life| life.last()).collect();
        for person in &people {
            assert!((0..=110).contains(&person.age_on(Day::of(2026, 11, 21))));
        }
        let of =
            |label: &'static str| people.iter().filter(move |person| person.member.relation.label == label);
        if let Some(mother) = of("妻").next() {
            for child in of("子").filter(|_| people[0].member.relation.is_head()) {
                let age = mother.birth.day().age_on(child.birth.day());
                assert!((18..=50).contains(&age), "a mother of {age}");
            }
        }
    }
}

#[test]
fn a_day_that_is_none_is_refused() {
    for day in ["2026-02-30", "", "2012-12-31", "2100-01-01"] {
        let spec = TownSpec { n_residents: 1, seed: 1, day: day.into(), with_past: false };
        assert!(matches!(Town::new(spec), Err(TownError::Day { .. })), "{day}");
    }
}
