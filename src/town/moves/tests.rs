//! The day's moves keep the registry's rules.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;
use crate::TownSpec;
use renkei_registry::{Effect, MoveReason, Row, Values, validate};

fn town(n_residents: u32, with_past: bool) -> Town {
    Town::new(TownSpec { n_residents, seed: 1, day: "2026-11-21".into(), with_past }).unwrap()
}

fn bytes(town: &Town, n_moves: u32, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_moves_csv(town, n_moves, seed, &mut out).unwrap();
    out
}

fn latest_rows(town: &Town) -> HashMap<String, Row> {
    let mut rows = HashMap::new();
    town.for_each_row(&mut |row: &Row| {
        if row.is_latest() {
            rows.insert(row.get(ItemNo::ATENA_NO).to_owned(), row.clone());
        }
        Ok::<(), ()>(())
    })
    .unwrap();
    rows
}

/// What the file's reasons are about: 21 and 43 stand for several things.
fn kinds(lines: &[Line], rows: &HashMap<String, Row>) -> HashSet<String> {
    let kind = |line: &Line| match line.reason {
        "21" if line.items.contains_key(&ItemNo::TENSHUTSU_YMD) => "21 confirmed".to_owned(),
        "21" => "21 planned".to_owned(),
        "43" => {
            let latest = rows.get(&line.atena_no).map(|row| row.get(ItemNo::IDO_YMD)).unwrap_or_default();
            let is_retroactive = line.items[&ItemNo::IDO_YMD].as_str() < latest;
            if is_retroactive { "43 retroactive".to_owned() } else { "43".to_owned() }
        }
        reason => reason.to_owned(),
    };
    lines.iter().map(kind).collect()
}

#[test]
fn a_day_of_150_moves_has_every_kind() {
    let town = town(10_000, true);
    let rows = latest_rows(&town);
    for seed in 1..=5 {
        let lines = lines(&town, 150, seed);
        assert_eq!(lines.len(), 150);
        let kinds = kinds(&lines, &rows);
        for kind in [
            "01",
            "02",
            "03",
            "41",
            "21 planned",
            "21 confirmed",
            "22",
            "23",
            "42",
            "43",
            "43 retroactive",
            "44",
            "50",
            "51",
            "52",
            "53",
            "54",
            "57",
            "45",
            "48",
            "28",
            "09",
            "59",
        ] {
            assert!(kinds.contains(kind), "seed {seed}: no {kind}");
        }
    }
}

/// Follows every person through the file: who may be added, changed, removed, and which numbers exist.
#[test]
fn moves_keep_the_rules_of_the_registry() {
    for with_past in [false, true] {
        let town = town(6_000, with_past);
        let rows = latest_rows(&town);
        let n_rows = |atena_no: &str| rows.get(atena_no).map(|row| row.key().unwrap().rireki_no);
        for seed in [1, 2] {
            // 個人履歴番号 so far, whether registered, and the reasons of the moves of this file by number.
            let mut state: HashMap<String, (u32, bool, BTreeMap<u32, &'static str>)> = HashMap::new();
            for line in lines(&town, 400, seed) {
                let known = rows.get(&line.atena_no).map(|row| row.get(ItemNo::JUMIN_JOTAI) == "1");
                let (number, is_registered, made) = state.entry(line.atena_no.clone()).or_insert_with(|| {
                    (n_rows(&line.atena_no).unwrap_or(0), known == Some(true), BTreeMap::new())
                });
                let reason = MoveReason::find(line.reason).unwrap();
                if reason.corrects_a_row() {
                    assert_eq!(line.target, Some(*number));
                    continue;
                }
                if reason.is_cancellation() {
                    let cancelled = MoveReason::find(made[&line.target.unwrap()]).unwrap();
                    assert_eq!(cancelled.cancelled_by(), line.reason);
                    *is_registered = cancelled.effect() != Effect::Add;
                } else {
                    assert_eq!(line.target, None);
                    assert_eq!(*is_registered, reason.effect() != Effect::Add, "{}", line.reason);
                    let is_planned = reason.is_move_out() && !line.items.contains_key(&ItemNo::TENSHUTSU_YMD);
                    *is_registered = reason.effect() != Effect::Remove || is_planned;
                }
                *number += 1;
                made.insert(*number, line.reason);
                assert!(line.items[&ItemNo::IDO_YMD].as_str() <= "2026-11-21");
            }
        }
    }
}

#[test]
fn rows_stay_valid_and_kept_items_are_left_alone() {
    let town = town(6_000, true);
    let rows = latest_rows(&town);
    let mut now: HashMap<String, Row> = HashMap::new();
    for line in lines(&town, 400, 7) {
        let mut row =
            now.get(&line.atena_no).or_else(|| rows.get(&line.atena_no)).cloned().unwrap_or_else(|| {
                // What the registry sets for a new person.
                let mut row = Row::new();
                for (item, text) in [
                    (ItemNo::SHIKUCHOSON_CD, "082201"),
                    (ItemNo::ATENA_NO, line.atena_no.as_str()),
                    (ItemNo::RIREKI_NO, "1"),
                    (ItemNo::RIREKI_EDA_NO, "0"),
                    (ItemNo::JUMIN_JOTAI, "1"),
                    (ItemNo::KOSHIN_YMD, "2026-11-21"),
                    (ItemNo::KOSHIN_TIME, "10:00:00"),
                ] {
                    row.set(item, text);
                }
                row
            });
        row.set(ItemNo::IDO_JIYU, line.reason);
        for (item, text) in &line.items {
            let id = Dictionary::standard().item(*item).unwrap().id;
            assert!(
                !["shikuchoson_cd", "rireki_no", "rireki_eda_no", "saishin_flg", "del_flg"].contains(&id)
            );
            assert!(!id.starts_with("koshin_") && !id.starts_with("shojo_") && id != "jumin_jotai");
            row.set(*item, if text == CLEAR { "" } else { text });
        }
        let mut issues = Vec::new();
        validate(&row, &mut issues);
        assert!(issues.is_empty(), "{} {issues:?}", line.reason);
        now.insert(line.atena_no, row);
    }
}

#[test]
fn households_keep_one_head_whose_name_all_carry() {
    let town = town(6_000, true);
    let mut rows = latest_rows(&town);
    let mut gone = HashSet::new();
    let confirmed =
        |line: &Line| !matches!(line.reason, "21" | "22") || line.items.contains_key(&ItemNo::TENSHUTSU_YMD);
    for line in lines(&town, 400, 3) {
        let effect = MoveReason::find(line.reason).unwrap().effect();
        match line.reason {
            // Cancelled moves leave the households as they were or empty.
            "28" => drop(gone.insert(line.atena_no.clone())),
            "09" => drop(gone.remove(&line.atena_no)),
            "59" | "44" => {}
            _ if effect == Effect::Remove && confirmed(&line) => drop(gone.insert(line.atena_no.clone())),
            _ => {}
        }
        let row = rows.entry(line.atena_no.clone()).or_default();
        for (item, text) in &line.items {
            row.set(*item, if text == CLEAR { "" } else { text });
        }
    }
    let mut households: HashMap<String, Vec<&Row>> = HashMap::new();
    for (atena_no, row) in &rows {
        if !gone.contains(atena_no) && !matches!(row.get(ItemNo::JUMIN_JOTAI), "2" | "3" | "9") {
            households.entry(row.get(ItemNo::SETAI_NO).to_owned()).or_default().push(row);
        }
    }
    let item = |row: &Row, id: &str| row.get(Dictionary::standard().find(id).unwrap().no).to_owned();
    for members in households.values() {
        let heads: Vec<_> = members.iter().filter(|row| row.get(ItemNo::ZOKUGARA_CD1) == "02").collect();
        assert_eq!(heads.len(), 1, "{members:?}");
        let name = item(heads[0], "shimei");
        assert!(members.iter().all(|row| item(row, "setainushi_shimei") == name), "{members:?}");
    }
}

#[test]
fn the_same_day_is_the_same_bytes_and_other_seeds_bring_other_people() {
    let town = town(5_000, false);
    assert!(bytes(&town, 150, 1) == bytes(&town, 150, 1));
    let new_people = |seed| {
        let lines = lines(&town, 150, seed);
        lines.into_iter().filter(|line| line.reason < "09").map(|line| line.atena_no).collect::<HashSet<_>>()
    };
    assert!(new_people(1).is_disjoint(&new_people(2)));
    let rows = latest_rows(&town);
    assert!(new_people(1).iter().all(|atena_no| !rows.contains_key(atena_no)));
}

#[test]
fn files_of_consecutive_seeds_are_about_different_people() {
    let town = town(10_000, false);
    let mut seen = HashSet::new();
    assert_eq!(desk::stride(&town, 150), 3);
    for seed in 5..8 {
        let people: HashSet<String> = lines(&town, 150, seed).into_iter().map(|line| line.atena_no).collect();
        assert!(people.is_disjoint(&seen), "seed {seed}");
        seen.extend(people);
    }
}

#[test]
fn a_small_town_has_fewer_moves_and_none_has_none() {
    for (n_residents, n_moves) in [(0, 150), (1, 150), (40, 150), (5_000, 0), (5_000, 1), (5_000, 10)] {
        let n_lines = lines(&town(n_residents, true), n_moves, 1).len();
        assert!(n_lines <= n_moves, "{n_lines} moves, {n_moves} asked for");
        assert!(n_residents < 5_000 || n_lines == n_moves, "{n_lines} moves, {n_moves} asked for");
    }
}

#[test]
fn the_file_has_its_columns_and_says_what_is_cleared() {
    let bytes = bytes(&town(6_000, true), 400, 1);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header[..3], ["atena_no", "ido_jiyu", "target_rireki_no"]);
    assert!(header[3..].iter().all(|id| Dictionary::standard().find(id).is_some()));
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 400);
    assert!(records.iter().any(|record| record.iter().any(|cell| cell == CLEAR)));
    for place in 3..header.len() {
        assert!(records.iter().any(|record| !record[place].is_empty()), "{} is never set", header[place]);
    }
}
