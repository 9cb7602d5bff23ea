//! The files that come of a case: certificate information (転出証明書情報) for the CS, and the data of a move-in for
//! systems that prepare. One header of item ids, one row; UTF-8, every field quoted, CRLF.
//!
//! The CS's own format is not public. This one holds what the source names (改定資料 3: 氏名、生年月日、続柄、個人番号、
//! 転出先、転出の予定年月日など) under the standard's ids; whatever brings it into the CS converts from it.

use renkei_registry::{ItemNo, Values};

use super::content::Content;
use super::field::{Field, OwnField};
use super::number::CaseNo;
use crate::csv_file::{Newline, Quote, write_record};

/// What the certificate holds of the registry's row, in order.
const CERTIFICATE: [&str; 39] = [
    "juminhyo_cd",
    "kojin_bango",
    "shimei",
    "shimei_kana",
    "kyuuji",
    "tsusho",
    "birth_ymd",
    "birth_fusho",
    "seibetsu",
    "zokugara_cd1",
    "zokugara_cd2",
    "zokugara_cd3",
    "zokugara_cd4",
    "zokugara_hyoki",
    "setainushi_shimei",
    "honseki",
    "hittosha",
    "kokuseki_cd",
    "kokuseki_mei",
    "zairyu_shikaku_cd",
    "zairyu_manryo_ymd",
    "zairyu_card_no",
    "jusho_shikuchoson_cd",
    "jusho_todofuken",
    "jusho_shikugunchoson",
    "jusho_machiaza",
    "jusho_banchigo",
    "jusho_katagaki",
    "jusho_yubin_no",
    "tenshutsu_todoke_ymd",
    "tenshutsu_yotei_ymd",
    "tenshutsu_yotei_shikuchoson_cd",
    "tenshutsu_yotei_todofuken",
    "tenshutsu_yotei_shikugunchoson",
    "tenshutsu_yotei_machiaza",
    "tenshutsu_yotei_banchigo",
    "tenshutsu_yotei_katagaki",
    "tenshutsu_yotei_yubin_no",
    "tenshutsu_yotei_kokumei_cd",
];

/// What a system that prepares gets of a move-in to come, in order. 個人番号 only where it may have it.
const PREPARATION: [&str; 11] = [
    "kojin_bango",
    "shimei",
    "shimei_kana",
    "birth_ymd",
    "seibetsu",
    "zokugara_cd1",
    "zokugara_hyoki",
    "setainushi_shimei",
    "kokuseki_cd",
    "tennyumae_shikuchoson_cd",
    "tennyumae_setainushi",
];

/// The address a move-in is to: never of a person under 支援措置.
const PREPARATION_ADDRESS: [&str; 6] = [
    "jusho_shikuchoson_cd",
    "jusho_machiaza_cd",
    "jusho_machiaza",
    "jusho_banchigo",
    "jusho_katagaki",
    "jusho_yubin_no",
];

/// The certificate information of a resident, from the registry's row right after the move.
pub fn certificate_csv(case_no: CaseNo, row: &impl Values) -> Vec<u8> {
    let items = CERTIFICATE.iter().filter_map(|id| Some((*id, Field::of_id(id)?.item()?)));
    one_row(case_no, items.map(|(id, item): (&str, ItemNo)| (id, row.get(item).to_owned())))
}

/// The data of a move-in for a system; `with_number` where its business may be given 個人番号 (番号利用事務).
pub fn preparation_csv(case_no: CaseNo, content: &Content, with_number: bool) -> Vec<u8> {
    let is_hidden = content.is_protected();
    let text = |id: &str| Field::of_id(id).map_or(String::new(), |field| content.text(field).to_owned());
    let ids = PREPARATION.iter().filter(|id| with_number || **id != "kojin_bango");
    let plain = ids.map(|id| (*id, text(id)));
    let own = [OwnField::PlannedMoveIn, OwnField::SpecialMoveIn, OwnField::Protection]
        .map(|own| (Field::Own(own).id(), content.own(own).to_owned()));
    let address =
        PREPARATION_ADDRESS.iter().map(|id| (*id, if is_hidden { String::new() } else { text(id) }));
    one_row(case_no, plain.chain(own).chain(address))
}

fn one_row<'f>(case_no: CaseNo, fields: impl Iterator<Item = (&'f str, String)>) -> Vec<u8> {
    let (mut ids, mut texts) = (vec!["case_no"], vec![case_no.to_string()]);
    for (id, text) in fields {
        ids.push(id);
        texts.push(text);
    }
    let mut csv = Vec::new();
    for record in
        [ids.iter().map(|id| id.as_bytes()).collect::<Vec<_>>(), texts.iter().map(String::as_bytes).collect()]
    {
        // Only what stands without quotation marks can be refused.
        let _ = write_record(&mut csv, record, Quote::Always, Newline::CrLf);
    }
    csv
}

#[cfg(test)]
mod tests {
    use renkei_registry::{Dictionary, Row};

    use super::*;

    fn content(protection: &str) -> Content {
        let mut content = Content::default();
        for (name, text) in [
            ("shimei", "𠮷野　\"花\""),
            ("kojin_bango", "123456789018"),
            ("jusho_banchigo", "１番地"),
            ("tennyu_yotei_ymd", "2026-10-05"),
            ("shien_sochi_kbn", protection),
        ] {
            content.set(Field::find(name).unwrap(), text);
        }
        content
    }

    #[test]
    fn every_column_is_an_item_and_stands_once() {
        for id in CERTIFICATE.iter().chain(&PREPARATION).chain(&PREPARATION_ADDRESS) {
            assert!(Dictionary::standard().find(id).is_some(), "{id}");
        }
        let mut ids: Vec<_> = PREPARATION.iter().chain(&PREPARATION_ADDRESS).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), PREPARATION.len() + PREPARATION_ADDRESS.len());
    }

    #[test]
    fn the_number_goes_to_who_may_have_it_and_no_hidden_address_to_anybody() {
        let text = |with_number, protection| {
            let csv = preparation_csv(CaseNo(3), &content(protection), with_number);
            String::from_utf8(csv).unwrap()
        };
        assert!(text(true, "").contains("\"123456789018\"") && text(true, "").contains("１番地"));
        assert!(!text(false, "").contains("123456789018") && !text(false, "").contains("kojin_bango"));
        for (protection, is_hidden) in [("1", true), ("2", true), ("3", false)] {
            assert_eq!(!text(true, protection).contains("１番地"), is_hidden, "{protection}");
        }
        assert!(
            text(false, "").starts_with("\"case_no\",\"shimei\"")
                && text(true, "").contains("\"𠮷野　\"\"花\"\"\"")
        );
    }

    #[test]
    fn a_certificate_holds_no_number_of_our_own() {
        let mut row = Row::new();
        row.set(ItemNo::ATENA_NO, "000000000000042");
        row.set(ItemNo::KOJIN_BANGO, "123456789018");
        row.set(ItemNo::TENSHUTSU_YOTEI_YMD, "2026-10-20");
        let csv = String::from_utf8(certificate_csv(CaseNo(3), &row)).unwrap();
        assert!(csv.contains("\"123456789018\"") && csv.contains("\"2026-10-20\""));
        assert!(!csv.contains("000000000000042") && csv.lines().count() == 2);
    }
}
