//! The dictionary (項目辞書): the ordered list of all items of the standard data item list (基本データリスト).
//!
//! The items are data (`data/items.csv`), embedded. The list only ever grows at its end: an item keeps
//! its number for ever, because packed rows are read by number.

use std::collections::HashMap;
use std::sync::LazyLock;

use csv::StringRecord;

use crate::codes::CodeTable;

/// The place of an item in the dictionary, from 0; the standard's 項番 minus one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemNo(u16);

impl ItemNo {
    /// As an index into a list of all items.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The item at `index`, if a dictionary can have that many.
    pub fn from_index(index: usize) -> Option<Self> {
        u16::try_from(index).ok().map(Self)
    }
}

/// What an item's text must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemType {
    /// Digits only, exactly or at most `max_chars`.
    Digits,
    /// Free text.
    Text,
    /// An unsigned integer without leading zeros.
    Integer,
    /// A code, of a table where one is at hand.
    Code,
    /// `YYYY-MM-DD`.
    Date,
    /// `HH:MM:SS`.
    Time,
    /// `0` or `1`.
    Flag,
}

/// Whether a row may leave an item empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Part of the row's key; never empty.
    Key,
    /// Never empty.
    Required,
    /// May be empty.
    Optional,
    /// The source does not say; may be empty.
    Unknown,
}

/// A check digit rule an item follows (`facts.md` 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckDigit {
    /// 個人番号; a wrong one is an error.
    IndividualNumber,
    /// 住民票コード; a wrong one is a warning.
    ResidentCode,
    /// 全国地方公共団体コード; a wrong one is a warning.
    Municipality,
}

/// One item of the dictionary.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its place.
    pub no: ItemNo,
    /// Its romaji id, `atena_no`.
    pub id: &'static str,
    /// Its Japanese name, 宛名番号.
    pub name_ja: &'static str,
    /// What its text looks like.
    pub kind: ItemType,
    /// The longest text, in characters; `None` where the source gives no length.
    pub max_chars: Option<u16>,
    /// Whether it may be empty.
    pub presence: Presence,
    /// The code table its values come from, where one is at hand.
    pub codes: Option<&'static CodeTable>,
    /// Its check digit rule.
    pub check_digit: Option<CheckDigit>,
}

/// All items, in order.
#[derive(Debug)]
pub struct Dictionary {
    items: Vec<Item>,
    by_name: HashMap<&'static str, ItemNo>,
}

impl Dictionary {
    /// The standard list of 160 items.
    pub fn standard() -> &'static Self {
        static STANDARD: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::of_records(&RECORDS));
        &STANDARD
    }

    /// All items in order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// How many items there are; it is also the dictionary's version, because it only grows.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Never true.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item with this number.
    pub fn item(&self, no: ItemNo) -> Option<&Item> {
        self.items.get(no.index())
    }

    /// The item with this romaji id or Japanese name (WT資料 2.2.8: both spellings are in use).
    pub fn find(&self, name: &str) -> Option<&Item> {
        self.by_name.get(name).and_then(|no| self.item(*no))
    }

    /// Builds the list from records that are part of the program; one that does not fit is left out, which
    /// `tests::the_standard_list_is_complete` would show.
    fn of_records(records: &'static [StringRecord]) -> Self {
        let mut items: Vec<Item> = Vec::new();
        let mut by_name = HashMap::new();
        for record in records {
            // no, name_ja, id, type, max_chars, presence, …
            let field = |place: usize| record.get(place).unwrap_or_default();
            let (name_ja, id) = (plain_name(field(1)), field(2));
            let (Some(no), Some(kind)) = (ItemNo::from_index(items.len()), item_type(field(3))) else {
                continue;
            };
            by_name.insert(id, no);
            by_name.insert(name_ja, no);
            for alias in aliases(id) {
                by_name.insert(alias, no);
            }
            items.push(Item {
                no,
                id,
                name_ja,
                kind,
                max_chars: field(4).parse().ok(),
                presence: match field(5) {
                    "key" => Presence::Key,
                    "required" => Presence::Required,
                    "optional" => Presence::Optional,
                    _ => Presence::Unknown,
                },
                codes: code_table_of(id).and_then(CodeTable::find),
                check_digit: check_digit_of(id),
            });
        }
        Self { items, by_name }
    }
}

/// The list as read; items borrow from it.
static RECORDS: LazyLock<Vec<StringRecord>> = LazyLock::new(|| {
    let csv: &[u8] = include_bytes!("data/items.csv");
    csv::Reader::from_reader(csv).into_records().filter_map(Result::ok).collect()
});

fn item_type(text: &str) -> Option<ItemType> {
    Some(match text {
        "num" => ItemType::Digits,
        "str" => ItemType::Text,
        "int" => ItemType::Integer,
        "code" => ItemType::Code,
        "date" => ItemType::Date,
        "time" => ItemType::Time,
        "flag" => ItemType::Flag,
        _ => return None,
    })
}

/// The list notes a rename as `操作年月日 →「更新年月日」` (WT資料 1.2.8); the new name is the item's name.
fn plain_name(name: &'static str) -> &'static str {
    name.split_once('「').and_then(|(_, new)| new.strip_suffix('」')).unwrap_or(name)
}

/// Names an item had before a revision of the standard; read, and written by layouts that say so.
fn aliases(id: &str) -> &'static [&'static str] {
    match id {
        "koshin_ymd" => &["操作年月日"],
        "koshin_time" => &["操作時刻"],
        _ => &[],
    }
}

fn code_table_of(id: &str) -> Option<&'static str> {
    Some(match id {
        "jumin_shubetsu" => "resident_kind",
        "jumin_jotai" => "resident_status",
        "ido_jiyu" | "shojo_jiyu" => "move_reason",
        "shimei_yusen_kbn" => "name_priority",
        "seibetsu" => "sex",
        "birth_gengo" => "era",
        "zokugara_cd1" | "zokugara_cd2" | "zokugara_cd3" | "zokugara_cd4" => "relationship",
        _ => return None,
    })
}

fn check_digit_of(id: &str) -> Option<CheckDigit> {
    Some(match id {
        "kojin_bango" => CheckDigit::IndividualNumber,
        "juminhyo_cd" => CheckDigit::ResidentCode,
        "shikuchoson_cd" => CheckDigit::Municipality,
        _ if id.ends_with("_shikuchoson_cd") => CheckDigit::Municipality,
        _ => return None,
    })
}

/// The items the registry itself reads or writes, by name.
macro_rules! known_items {
    ($($name:ident = $number:literal $id:literal),+ $(,)?) => {
        impl ItemNo {
            $(#[doc = concat!("`", $id, "`.")] pub const $name: Self = Self($number - 1);)+
        }

        #[cfg(test)]
        const KNOWN: &[(ItemNo, &str)] = &[$((ItemNo::$name, $id)),+];
    };
}

known_items! {
    SHIKUCHOSON_CD = 1 "shikuchoson_cd",
    ATENA_NO = 3 "atena_no",
    RIREKI_NO = 4 "rireki_no",
    RIREKI_EDA_NO = 5 "rireki_eda_no",
    SAISHIN_FLG = 6 "saishin_flg",
    SETAI_NO = 7 "setai_no",
    JUMIN_SHUBETSU = 8 "jumin_shubetsu",
    JUMIN_JOTAI = 9 "jumin_jotai",
    JUMINHYO_CD = 10 "juminhyo_cd",
    KOJIN_BANGO = 11 "kojin_bango",
    IDO_YMD = 12 "ido_ymd",
    IDO_YMD_FUSHO_FLG = 13 "ido_ymd_fusho_flg",
    IDO_YMD_FUSHO = 14 "ido_ymd_fusho",
    IDO_TODOKE_YMD = 15 "ido_todoke_ymd",
    IDO_JIYU = 16 "ido_jiyu",
    IDO_KBN = 17 "ido_kbn",
    SHORI_YMD = 18 "shori_ymd",
    BIRTH_YMD = 37 "birth_ymd",
    BIRTH_FUSHO_FLG = 38 "birth_fusho_flg",
    ZOKUGARA_CD1 = 41 "zokugara_cd1",
    JUSHO_SHIKUCHOSON_CD = 48 "jusho_shikuchoson_cd",
    JUSHO_MACHIAZA_CD = 49 "jusho_machiaza_cd",
    JUSHO_TODOFUKEN = 50 "jusho_todofuken",
    JUSHO_SHIKUGUNCHOSON = 51 "jusho_shikugunchoson",
    JUSHO_MACHIAZA = 52 "jusho_machiaza",
    JUSHO_BANCHIGO = 53 "jusho_banchigo",
    JUSHO_BANCHI_EDA = 54 "jusho_banchi_eda",
    JUSHO_KATAGAKI_CD = 55 "jusho_katagaki_cd",
    JUSHO_KATAGAKI = 56 "jusho_katagaki",
    JUSHO_KATAGAKI_KANA = 57 "jusho_katagaki_kana",
    JUSHO_YUBIN_NO = 58 "jusho_yubin_no",
    JUMIN_YMD = 59 "jumin_ymd",
    JUTEI_YMD = 62 "jutei_ymd",
    TENKYOMAE_SHIKUCHOSON_CD = 85 "tenkyomae_shikuchoson_cd",
    TENKYOMAE_MACHIAZA_CD = 86 "tenkyomae_machiaza_cd",
    TENKYOMAE_TODOFUKEN = 87 "tenkyomae_todofuken",
    TENKYOMAE_SHIKUGUNCHOSON = 88 "tenkyomae_shikugunchoson",
    TENKYOMAE_MACHIAZA = 89 "tenkyomae_machiaza",
    TENKYOMAE_BANCHIGO = 90 "tenkyomae_banchigo",
    TENKYOMAE_KATAGAKI_CD = 91 "tenkyomae_katagaki_cd",
    TENKYOMAE_KATAGAKI = 92 "tenkyomae_katagaki",
    TENKYOMAE_KATAGAKI_KANA = 93 "tenkyomae_katagaki_kana",
    TENKYOMAE_YUBIN_NO = 94 "tenkyomae_yubin_no",
    SHOJO_TODOKE_YMD = 95 "shojo_todoke_ymd",
    SHOJO_IDO_YMD = 96 "shojo_ido_ymd",
    SHOJO_IDO_FUSHO_FLG = 97 "shojo_ido_fusho_flg",
    SHOJO_IDO_FUSHO = 98 "shojo_ido_fusho",
    SHOJO_JIYU = 99 "shojo_jiyu",
    TENSHUTSU_TODOKE_YMD = 101 "tenshutsu_todoke_ymd",
    TENSHUTSU_YOTEI_YMD = 102 "tenshutsu_yotei_ymd",
    TENSHUTSU_YMD = 103 "tenshutsu_ymd",
    SOSASHA_ID = 157 "sosasha_id",
    KOSHIN_YMD = 158 "koshin_ymd",
    KOSHIN_TIME = 159 "koshin_time",
    DEL_FLG = 160 "del_flg",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_list_is_complete() {
        let dictionary = Dictionary::standard();
        assert_eq!(dictionary.len(), 160);
        for (index, item) in dictionary.items().iter().enumerate() {
            assert_eq!(item.no.index(), index);
            assert_eq!(dictionary.find(item.id).map(|i| i.no), Some(item.no), "{}", item.id);
            assert_eq!(dictionary.find(item.name_ja).map(|i| i.no), Some(item.no), "{}", item.name_ja);
        }
    }

    #[test]
    fn known_items_stand_where_the_list_has_them() {
        for (no, id) in KNOWN {
            assert_eq!(Dictionary::standard().item(*no).map(|item| item.id), Some(*id));
        }
    }

    #[test]
    fn a_renamed_item_has_its_new_name_and_answers_to_the_old() {
        let item = Dictionary::standard().find("操作年月日").unwrap();
        assert_eq!((item.id, item.name_ja), ("koshin_ymd", "更新年月日"));
    }
}
