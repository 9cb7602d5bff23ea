//! The move that comes of a verified case: 転出 with its planned or confirmed day, or 転入.

use renkei_registry::{AtenaNo, Dictionary, ItemNo, Move, MoveReason, Values};

use super::content::Content;
use super::field::{Field, OwnField};
use super::kind::CaseKind;

/// What a case lacks to become a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveGap {
    /// The field without a text.
    pub field: Field,
}

/// Items a move-in must not bring along: the registry's own, and those of leaving (項番 95 to 122).
fn is_for_a_move_in(item: ItemNo) -> bool {
    let given_by_the_registry = [
        ItemNo::SHIKUCHOSON_CD,
        ItemNo::ATENA_NO,
        ItemNo::RIREKI_NO,
        ItemNo::RIREKI_EDA_NO,
        ItemNo::SAISHIN_FLG,
        ItemNo::JUMIN_JOTAI,
        ItemNo::IDO_JIYU,
        ItemNo::SHORI_YMD,
        ItemNo::SOSASHA_ID,
        ItemNo::KOSHIN_YMD,
        ItemNo::KOSHIN_TIME,
        ItemNo::DEL_FLG,
    ];
    !given_by_the_registry.contains(&item) && !(95..=122).contains(&(item.index() + 1))
}

/// Items a move-out notification sets: 転出先住所 and its day (項番 103 to 114), nothing about who the person is.
fn is_for_a_move_out(item: ItemNo) -> bool {
    (102..=114).contains(&(item.index() + 1)) || item == ItemNo::IDO_TODOKE_YMD
}

/// The move of a case whose person has this 宛名番号; or everything it lacks, at once.
pub fn move_of(kind: CaseKind, content: &Content, atena_no: Option<AtenaNo>) -> Result<Move, Vec<MoveGap>> {
    let mut gaps = Vec::new();
    let mut items: Vec<(ItemNo, Box<str>)> = Vec::new();
    let mut take = |is_taken: fn(ItemNo) -> bool| {
        let all = Dictionary::standard().items().iter().map(|item| item.no);
        for item in all.filter(|item| is_taken(*item) && !content.get(*item).is_empty()) {
            items.push((item, content.get(item).into()));
        }
    };
    let named = |id: &str| Field::of_id(id).map_or("", |field| content.text(field));
    let lacks =
        |gaps: &mut Vec<MoveGap>, field: Option<Field>| gaps.extend(field.map(|field| MoveGap { field }));
    let (reason, day) = match kind {
        CaseKind::OssMoveOut => {
            take(is_for_a_move_out);
            let is_abroad = !named("tenshutsu_yotei_kokumei_cd").is_empty()
                || !named("tenshutsu_yotei_kokugai_jusho").is_empty();
            if !is_abroad && named("tenshutsu_yotei_shikuchoson_cd").is_empty() {
                lacks(&mut gaps, Field::of_id("tenshutsu_yotei_shikuchoson_cd"));
            }
            // A planned one is recorded as of the day it was filed, a confirmed one as of its own.
            let confirmed = content.get(ItemNo::TENSHUTSU_YMD);
            let filed = content.get(ItemNo::IDO_TODOKE_YMD);
            (if is_abroad { "22" } else { "21" }, if confirmed.is_empty() { filed } else { confirmed })
        }
        CaseKind::CsMoveIn => {
            take(is_for_a_move_in);
            let is_from_abroad = !named("tennyumae_kokumei_cd").is_empty();
            let given = content.get(ItemNo::IDO_YMD);
            let planned = content.own(OwnField::PlannedMoveIn);
            (if is_from_abroad { "02" } else { "01" }, if given.is_empty() { planned } else { given })
        }
    };
    if day.is_empty() {
        lacks(&mut gaps, Some(Field::Item(ItemNo::IDO_YMD)));
    }
    let mut default = |item: ItemNo, text: &str| {
        if !items.iter().any(|(set, _)| *set == item) {
            items.push((item, text.into()));
        }
    };
    default(ItemNo::IDO_YMD, day);
    if kind == CaseKind::CsMoveIn {
        default(ItemNo::JUMIN_YMD, day);
        default(ItemNo::JUTEI_YMD, day);
        default(ItemNo::BIRTH_FUSHO_FLG, "0");
    }
    if atena_no.is_none() {
        lacks(&mut gaps, Some(Field::Item(ItemNo::ATENA_NO)));
    }
    match (atena_no, MoveReason::find(reason)) {
        (Some(atena_no), Some(reason)) if gaps.is_empty() => {
            Ok(Move { atena_no, reason, target_rireki_no: None, items })
        }
        _ => Err(gaps),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(texts: &[(&str, &str)]) -> Content {
        let mut content = Content::default();
        for (name, text) in texts {
            content.set(Field::find(name).unwrap(), text);
        }
        content
    }

    fn of(kind: CaseKind, texts: &[(&str, &str)]) -> Result<Move, Vec<&'static str>> {
        let made = move_of(kind, &content(texts), AtenaNo::new(42));
        made.map_err(|gaps| gaps.into_iter().map(|gap| gap.field.id()).collect())
    }

    const OUT: [(&str, &str); 4] = [
        ("shimei", "山田　太郎"),
        ("ido_todoke_ymd", "2026-10-01"),
        ("tenshutsu_yotei_ymd", "2026-10-20"),
        ("tenshutsu_yotei_shikuchoson_cd", "131016"),
    ];

    #[test]
    fn a_move_out_is_planned_or_confirmed_and_changes_nothing_else() {
        let planned = of(CaseKind::OssMoveOut, &OUT).unwrap();
        assert_eq!((planned.reason.code(), planned.item(ItemNo::IDO_YMD)), ("21", Some("2026-10-01")));
        assert_eq!(planned.item(ItemNo::TENSHUTSU_YOTEI_YMD), Some("2026-10-20"));
        assert_eq!(planned.items.len(), 4, "no name");
        let confirmed =
            of(CaseKind::OssMoveOut, &[&OUT[..], &[("tenshutsu_ymd", "2026-10-21")]].concat()).unwrap();
        assert_eq!(confirmed.item(ItemNo::IDO_YMD), Some("2026-10-21"));
        let abroad = [OUT[1], OUT[2], ("tenshutsu_yotei_kokumei_cd", "USA")];
        assert_eq!(of(CaseKind::OssMoveOut, &abroad).unwrap().reason.code(), "22");
    }

    #[test]
    fn a_move_in_brings_the_person_and_no_flags() {
        let texts = [
            ("shimei", "山田　太郎"),
            ("saishin_flg", "1"),
            ("jumin_jotai", "2"),
            ("tenshutsu_yotei_ymd", "2026-10-20"),
            ("tennyu_yotei_ymd", "2026-10-21"),
        ];
        let made = of(CaseKind::CsMoveIn, &texts).unwrap();
        let items: Vec<_> =
            made.items.iter().map(|(item, text)| (Field::Item(*item).id(), &**text)).collect();
        assert_eq!(
            items,
            [
                ("shimei", "山田　太郎"),
                ("ido_ymd", "2026-10-21"),
                ("jumin_ymd", "2026-10-21"),
                ("jutei_ymd", "2026-10-21"),
                ("birth_fusho_flg", "0"),
            ]
        );
        let abroad = [("tennyumae_kokumei_cd", "USA"), ("ido_ymd", "2026-10-22")];
        assert_eq!(of(CaseKind::CsMoveIn, &abroad).unwrap().reason.code(), "02");
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let made = move_of(CaseKind::OssMoveOut, &content(&[("shimei", "山田")]), None);
        let gaps: Vec<_> = made.unwrap_err().into_iter().map(|gap| gap.field.id()).collect();
        assert_eq!(gaps, ["tenshutsu_yotei_shikuchoson_cd", "ido_ymd", "atena_no"]);
    }
}
