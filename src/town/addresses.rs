//! Addresses: the town areas of the municipality, one area in each of 300 others, and houses in them.

use std::sync::LazyLock;

use crate::apartments::{Apartment, N_BUILDINGS_PER_AREA, apartment};
use crate::dice::{Dice, mix};

/// The municipality the town lies in: つくば市.
pub(crate) const MUNICIPALITY_CODE: &str = "082201";
const PREFECTURE: &str = "茨城県";
const MUNICIPALITY: &str = "つくば市";

/// A town area (町字) of a municipality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Area {
    /// 市区町村コード.
    pub(crate) code: &'static str,
    pub(crate) prefecture: &'static str,
    pub(crate) municipality: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kana: &'static str,
    pub(crate) postal: &'static str,
    /// 町字コード, made up by the rule of `data/SOURCES.md`.
    pub(crate) town_code: u32,
}

/// Where somebody lives.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) area: Area,
    /// 番地号表記, `1234番地5`.
    pub(crate) lot: String,
    /// 番地枝番数値, `1234-5`.
    pub(crate) lot_numbers: String,
    pub(crate) apartment: Option<Apartment>,
}

/// What kind of home a household has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    House,
    Apartment,
}

/// All town areas.
pub(crate) struct Areas {
    /// Of the municipality.
    own: Vec<Area>,
    /// One of each of the others.
    others: Vec<Area>,
}

impl Areas {
    /// The areas that are part of the program.
    pub(crate) fn embedded() -> &'static Self {
        static AREAS: LazyLock<Areas> = LazyLock::new(Areas::read);
        &AREAS
    }

    fn read() -> Self {
        let mut own: Vec<Area> = Vec::new();
        let (mut n_names, mut name_before) = (0, "");
        for line in include_str!("data/municipality_areas.csv").lines().skip(1) {
            let mut fields = line.split(',');
            let mut next = || fields.next().unwrap_or_default();
            let (name, kana, postal) = (next(), next(), next());
            let (oaza, chome) = split_chome(name);
            // The areas of one 大字 stand together.
            n_names += u32::from(oaza != name_before);
            name_before = oaza;
            own.push(Area {
                code: MUNICIPALITY_CODE,
                prefecture: PREFECTURE,
                municipality: MUNICIPALITY,
                name,
                kana,
                postal,
                town_code: n_names * 1000 + chome,
            });
        }
        let mut others = Vec::new();
        for line in include_str!("data/municipalities.csv").lines().skip(1) {
            let mut fields = line.split(',');
            let mut next = || fields.next().unwrap_or_default();
            let (code, prefecture, municipality, _kana) = (next(), next(), next(), next());
            let (name, kana, postal) = (next(), next(), next());
            let town_code = 1000 + split_chome(name).1;
            others.push(Area { code, prefecture, municipality, name, kana, postal, town_code });
        }
        Self { own, others }
    }

    /// An address in the municipality.
    pub(crate) fn own(&self, home: Home, dice: &mut Dice) -> Address {
        address_in(dice.pick(&self.own), home, dice)
    }

    /// An address in another municipality.
    pub(crate) fn other(&self, dice: &mut Dice) -> Address {
        let home = if dice.permille(550) { Home::Apartment } else { Home::House };
        address_in(dice.pick(&self.others), home, dice)
    }

    /// A lot for a 本籍: half of them in the municipality.
    pub(crate) fn lot_of_origin(&self, dice: &mut Dice) -> Address {
        let area = if dice.permille(500) { dice.pick(&self.own) } else { dice.pick(&self.others) };
        address_in(area, Home::House, dice)
    }
}

/// `吾妻三丁目` is 大字 `吾妻`, 丁目 3; an area without 丁目 has 0.
pub(crate) fn split_chome(name: &'static str) -> (&'static str, u32) {
    let Some(body) = name.strip_suffix("丁目") else { return (name, 0) };
    let digits = (1..).zip(['一', '二', '三', '四', '五', '六', '七', '八', '九']);
    let mut ones = digits.filter_map(|(value, digit)| Some((body.strip_suffix(digit)?, value)));
    let (rest, ones) = ones.next().unwrap_or((body, 0));
    let (rest, tens) = rest.strip_suffix('十').map_or((rest, 0), |rest| (rest, 10));
    if rest.is_empty() { (name, 0) } else { (rest, tens + ones) }
}

fn address_in(area: Area, home: Home, dice: &mut Dice) -> Address {
    let (lot, lot_numbers) = match home {
        Home::House => lot_in(area, dice.below(1 << 40), dice.permille(700)),
        // A building always stands on the same lot.
        Home::Apartment => {
            let building = dice.below(N_BUILDINGS_PER_AREA);
            let key = mix(mix(building) ^ u64::from(area.town_code) ^ postal_number(area) << 20);
            let (lot, lot_numbers) = lot_in(area, key >> 8, true);
            let apartment = apartment(area, building, key, dice);
            return Address { area, lot, lot_numbers, apartment: Some(apartment) };
        }
    };
    Address { area, lot, lot_numbers, apartment: None }
}

fn postal_number(area: Area) -> u64 {
    area.postal.parse().unwrap_or(0)
}

/// Areas with 丁目 have 街区符号 and 住居番号 in some places, small lot numbers in the others.
fn lot_in(area: Area, key: u64, has_branch: bool) -> (String, String) {
    let is_divided = !area.town_code.is_multiple_of(1000);
    let (number, branch) =
        if is_divided { (key % 40 + 1, key / 40 % 30 + 1) } else { (key % 3200 + 1, key / 3200 % 28 + 1) };
    if is_divided && (area.town_code / 1000).is_multiple_of(2) {
        (format!("{number}番{branch}号"), format!("{number}-{branch}"))
    } else if has_branch {
        (format!("{number}番地{branch}"), format!("{number}-{branch}"))
    } else {
        (format!("{number}番地"), number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_registry::check_digit::municipality_code_is_valid;
    use std::collections::HashSet;

    #[test]
    fn the_data_is_all_there_and_well_formed() {
        let areas = Areas::embedded();
        assert_eq!((areas.own.len(), areas.others.len()), (304, 300));
        let codes: HashSet<u32> = areas.own.iter().map(|area| area.town_code).collect();
        assert_eq!(codes.len(), 304, "a 町字コード stands twice");
        for area in areas.own.iter().chain(&areas.others) {
            assert!(municipality_code_is_valid(area.code), "{}", area.code);
            assert!(area.postal.len() == 7 && area.postal.bytes().all(|b| b.is_ascii_digit()));
            assert!(area.municipality.chars().count() <= 12 && area.prefecture.chars().count() <= 4);
            assert!(!area.name.is_empty() && !area.kana.is_empty());
        }
    }

    #[test]
    fn chome_are_numbers() {
        for (name, expect) in [
            ("吾妻三丁目", ("吾妻", 3)),
            ("西一丁目", ("西", 1)),
            ("桜十二丁目", ("桜", 12)),
            ("桜十丁目", ("桜", 10)),
            ("赤塚", ("赤塚", 0)),
        ] {
            assert_eq!(split_chome(name), expect, "{name}");
        }
    }

    #[test]
    fn a_building_stands_on_one_lot() {
        let mut dice = Dice::new(3, 3, 3);
        let areas = Areas::embedded();
        let mut lots = std::collections::HashMap::new();
        for _ in 0..20_000 {
            let address = areas.own(Home::Apartment, &mut dice);
            let code = address.apartment.unwrap().code;
            assert_eq!(lots.entry(code).or_insert_with(|| address.lot.clone()), &address.lot);
        }
    }
}
