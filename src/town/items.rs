//! The items a town's rows fill, found once by name.

use std::sync::LazyLock;

use renkei_registry::{Dictionary, ItemNo, Row};

fn find(id: &str) -> Option<ItemNo> {
    Dictionary::standard().find(id).map(|item| item.no)
}

/// Sets an item that was found; a row keeps what it has where it was not.
pub(crate) fn set(row: &mut Row, item: Option<ItemNo>, text: &str) {
    if let Some(item) = item {
        row.set(item, text);
    }
}

macro_rules! items {
    ($($name:ident)+) => {
        /// Items by their romaji ids.
        pub(crate) struct TownItems {
            $(pub(crate) $name: Option<ItemNo>,)+
        }

        impl TownItems {
            fn load() -> Self {
                Self { $($name: find(stringify!($name)),)+ }
            }

            #[cfg(test)]
            fn missing(&self) -> Vec<&'static str> {
                [$((stringify!($name), self.$name)),+].iter().filter(|(_, no)| no.is_none()).map(|(id, _)| *id).collect()
            }
        }
    };
}

items! {
    shikuchoson_cd atena_no rireki_no rireki_eda_no saishin_flg setai_no jumin_shubetsu jumin_jotai
    juminhyo_cd kojin_bango ido_ymd ido_ymd_fusho_flg ido_todoke_ymd ido_jiyu shori_ymd
    shimei uji_nihonjin mei_nihonjin shimei_gaikokujin_romaji shimei_gaikokujin_kanji shimei_kana
    uji_nihonjin_kana mei_nihonjin_kana kyuuji kyuuji_kana tsusho tsusho_kana shimei_yusen_kbn
    seibetsu seibetsu_hyoki birth_ymd birth_fusho_flg birth_fusho birth_gengo
    zokugara_cd1 zokugara_cd2 zokugara_cd3 zokugara_cd4 zokugara_hyoki setainushi_shimei kisai_juni
    jumin_ymd jumin_fusho_flg jutei_ymd jutei_fusho_flg
    tennyumae_kokumei_cd tennyumae_kokumei tennyumae_setainushi
    shojo_todoke_ymd shojo_ido_ymd shojo_ido_fusho_flg shojo_jiyu
    tennyu_tsuchi_ymd tenshutsu_todoke_ymd tenshutsu_yotei_ymd tenshutsu_ymd
    tenshutsu_yotei_kokumei_cd tenshutsu_yotei_kokumei
    honseki honseki_shikuchoson_cd honseki_machiaza_cd honseki_todofuken honseki_shikugunchoson
    honseki_machiaza honseki_chiban hittosha hittosha_uji hittosha_mei
    gaikokujin_jumin_ymd gaikokujin_jumin_fusho_flg kokuseki_cd kokuseki_mei hou30_45_kbn
    zairyu_shikaku_cd zairyu_kikan_nen zairyu_kikan_tsuki zairyu_kikan_hi zairyu_manryo_ymd
    zairyu_card_no zairyu_card_no_kbn sosasha_id koshin_ymd koshin_time del_flg
}

/// The items of one of the addresses of a row; each address lacks some.
pub(crate) struct AddressItems {
    pub(crate) code: Option<ItemNo>,
    pub(crate) town_code: Option<ItemNo>,
    pub(crate) prefecture: Option<ItemNo>,
    pub(crate) municipality: Option<ItemNo>,
    pub(crate) area: Option<ItemNo>,
    pub(crate) lot: Option<ItemNo>,
    pub(crate) lot_numbers: Option<ItemNo>,
    pub(crate) apartment_code: Option<ItemNo>,
    pub(crate) apartment: Option<ItemNo>,
    pub(crate) apartment_kana: Option<ItemNo>,
    pub(crate) postal: Option<ItemNo>,
}

impl AddressItems {
    fn load(prefix: &str) -> Self {
        let find = |suffix: &str| find(&format!("{prefix}_{suffix}"));
        Self {
            code: find("shikuchoson_cd"),
            town_code: find("machiaza_cd"),
            prefecture: find("todofuken"),
            municipality: find("shikugunchoson"),
            area: find("machiaza"),
            lot: find("banchigo"),
            lot_numbers: find("banchi_eda"),
            apartment_code: find("katagaki_cd"),
            apartment: find("katagaki"),
            apartment_kana: find("katagaki_kana"),
            postal: find("yubin_no"),
        }
    }
}

/// Everything a row is filled by.
pub(crate) struct ItemBook {
    pub(crate) one: TownItems,
    /// 住所, 転居前住所, 転入前住所, 転出先住所（予定）, 転出先住所（確定）.
    pub(crate) home: AddressItems,
    pub(crate) home_before: AddressItems,
    pub(crate) came_from: AddressItems,
    pub(crate) plans_to: AddressItems,
    pub(crate) went_to: AddressItems,
}

impl ItemBook {
    /// The book, made once.
    pub(crate) fn get() -> &'static Self {
        static BOOK: LazyLock<ItemBook> = LazyLock::new(|| ItemBook {
            one: TownItems::load(),
            home: AddressItems::load("jusho"),
            home_before: AddressItems::load("tenkyomae"),
            came_from: AddressItems::load("tennyumae"),
            plans_to: AddressItems::load("tenshutsu_yotei"),
            went_to: AddressItems::load("tenshutsu_kakutei"),
        });
        &BOOK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_an_item() {
        let book = ItemBook::get();
        assert_eq!(book.one.missing(), [""; 0]);
        for address in [&book.home, &book.home_before, &book.came_from, &book.plans_to, &book.went_to] {
            let all = [
                address.code,
                address.town_code,
                address.prefecture,
                address.municipality,
                address.area,
                address.lot,
                address.apartment,
                address.postal,
            ];
            assert!(all.iter().all(Option::is_some));
        }
        assert!(book.home.lot_numbers.is_some() && book.home.apartment_kana.is_some());
    }
}
