//! Apartment buildings and the rooms in them (方書).

use crate::addresses::{Area, split_chome};
use crate::dice::Dice;

/// An apartment of a building (方書).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Apartment {
    /// 方書コード: one per building.
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) kana: String,
}

pub(crate) const N_BUILDINGS_PER_AREA: u64 = 60;
const BUILDINGS: [(&str, &str); 16] = [
    ("コーポ", "コーポ"),
    ("ハイツ", "ハイツ"),
    ("メゾン", "メゾン"),
    ("サンハイツ", "サンハイツ"),
    ("グリーンコーポ", "グリーンコーポ"),
    ("レジデンス", "レジデンス"),
    ("シャトレ", "シャトレ"),
    ("パークハイム", "パークハイム"),
    ("ヴィラ", "ヴィラ"),
    ("フラワーハイツ", "フラワーハイツ"),
    ("プレジール", "プレジール"),
    ("エステート", "エステート"),
    ("第一", "ダイイチ"),
    ("第二", "ダイニ"),
    ("ロイヤル", "ロイヤル"),
    ("カーサ", "カーサ"),
];
const BUILDING_ENDS: [(&str, &str); 4] =
    [("", ""), ("Ａ棟", "Ａトウ"), ("荘", "ソウ"), ("マンション", "マンション")];

/// An apartment in a building of an area; `key` is the building's own chance.
pub(crate) fn apartment(area: Area, building: u64, key: u64, dice: &mut Dice) -> Apartment {
    let style = usize::try_from(key >> 40).unwrap_or(0);
    let (front, front_kana) = BUILDINGS.get(style % BUILDINGS.len()).copied().unwrap_or_default();
    // 第一, 第二 need a word behind; the others mostly stand alone.
    let end = if front.starts_with('第') { 2 + style / 64 % 2 } else { (style / 64 % 4).saturating_sub(2) };
    let (end, end_kana) = BUILDING_ENDS.get(end).copied().unwrap_or_default();
    let oaza = split_chome(area.name).0;
    let oaza_kana = if oaza == area.name { area.kana } else { strip_chome_kana(area.kana) };
    let n_floors = key >> 16 & 3;
    let room = (dice.below(n_floors + 2) + 1) * 100 + dice.below(8) + 1;
    Apartment {
        code: format!("{:07}{building:03}", area.town_code),
        name: format!("{front}{oaza}{end}　{room}号室"),
        kana: format!("{front_kana}{oaza_kana}{end_kana}　{room}ゴウシツ"),
    }
}

/// `アヅマサンチョウメ` without its 丁目.
fn strip_chome_kana(kana: &'static str) -> &'static str {
    let numbers = ["イッ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハッ", "キュウ", "ジュウ", "ジュッ"];
    let Some(body) = kana.strip_suffix("チョウメ") else { return kana };
    numbers.iter().find_map(|number| body.strip_suffix(number)).unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kana_of_a_chome_comes_off() {
        for (kana, expect) in
            [("アヅマサンチョウメ", "アヅマ"), ("サクライッチョウメ", "サクラ"), ("アカツカ", "アカツカ")]
        {
            assert_eq!(strip_chome_kana(kana), expect);
        }
    }
}
