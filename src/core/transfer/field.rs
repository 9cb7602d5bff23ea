//! What a case has texts for: the standard's items, and a few that only a notification has.

use renkei_registry::{CodeTable, Dictionary, ItemCheck, ItemNo, Severity, date};

/// A field of a notification that is no standard item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnField {
    /// 受付番号 of the sender.
    ReceptionNo,
    /// `1` where the move-in is one of 特例転入.
    SpecialMoveIn,
    /// 転出先住所 in one text, as filed.
    AddressTo,
    /// 転出元住所 in one text, as sent.
    AddressFrom,
    /// 転入予定年月日.
    PlannedMoveIn,
    /// 連絡先.
    Contact,
    /// 支援措置区分: a person whose address must not get out.
    Protection,
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// An item of the standard's list.
    Item(ItemNo),
    /// One of a notification's own.
    Own(OwnField),
}

impl OwnField {
    /// All of them, in the order of forms.
    pub const ALL: [Self; 7] = [
        Self::ReceptionNo,
        Self::SpecialMoveIn,
        Self::AddressTo,
        Self::AddressFrom,
        Self::PlannedMoveIn,
        Self::Contact,
        Self::Protection,
    ];

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::ReceptionNo => ("uketsuke_no", "受付番号"),
            Self::SpecialMoveIn => ("tokurei_flg", "特例転入フラグ"),
            Self::AddressTo => ("tenshutsusaki_jusho", "転出先住所"),
            Self::AddressFrom => ("tenshutsumoto_jusho", "転出元住所"),
            Self::PlannedMoveIn => ("tennyu_yotei_ymd", "転入予定年月日"),
            Self::Contact => ("renrakusaki", "連絡先"),
            Self::Protection => ("shien_sochi_kbn", "支援措置区分"),
        }
    }

    /// The rule a text breaks, as a word; none where it is well.
    fn check(self, text: &str) -> Option<&'static str> {
        let is_longer = |most: usize| text.chars().count() > most;
        match self {
            _ if text.chars().any(char::is_control) => Some("control-character"),
            Self::SpecialMoveIn => (!matches!(text, "0" | "1")).then_some("not-flag"),
            Self::PlannedMoveIn => (!date::is_date(text.as_bytes())).then_some("not-date"),
            Self::Protection => {
                let codes = CodeTable::find("protection");
                codes.is_none_or(|codes| codes.get(text).is_none()).then_some("unknown-code")
            }
            Self::ReceptionNo | Self::Contact => is_longer(40).then_some("too-long"),
            Self::AddressTo | Self::AddressFrom => is_longer(500).then_some("too-long"),
        }
    }
}

impl Field {
    /// The field with this id or Japanese name. Names of a notification that mean a standard item are that item:
    /// 届出年月日 is 異動届出年月日.
    pub fn find(name: &str) -> Option<Self> {
        if matches!(name, "todoke_ymd" | "届出年月日") {
            return Some(Self::Item(ItemNo::IDO_TODOKE_YMD));
        }
        if let Some(item) = Dictionary::standard().find(name) {
            return Some(Self::Item(item.no));
        }
        let is_named = |own: &OwnField| {
            let (id, name_ja) = own.names();
            id == name || name_ja == name
        };
        OwnField::ALL.into_iter().find(is_named).map(Self::Own)
    }

    /// The standard item with this id, which is part of the program's own lists.
    pub(super) fn of_id(id: &str) -> Option<Self> {
        Dictionary::standard().find(id).map(|item| Self::Item(item.no))
    }

    /// The romaji id.
    pub fn id(self) -> &'static str {
        match self {
            Self::Item(item) => Dictionary::standard().item(item).map_or("?", |item| item.id),
            Self::Own(own) => own.names().0,
        }
    }

    /// The Japanese name.
    pub fn name_ja(self) -> &'static str {
        match self {
            Self::Item(item) => Dictionary::standard().item(item).map_or("?", |item| item.name_ja),
            Self::Own(own) => own.names().1,
        }
    }

    /// The standard item, if it is one.
    pub fn item(self) -> Option<ItemNo> {
        match self {
            Self::Item(item) => Some(item),
            Self::Own(_) => None,
        }
    }

    /// The rule a text that is not empty breaks, as a word, and whether that is an error; none where it is well.
    /// What only warns elsewhere warns here too.
    pub fn check(self, text: &str) -> Option<(&'static str, bool)> {
        match self {
            Self::Item(item) => {
                let item = Dictionary::standard().item(item)?;
                let issue = ItemCheck::of(item).issue(text)?;
                Some((issue.rule.as_str(), issue.severity == Severity::Error))
            }
            Self::Own(own) => own.check(text).map(|rule| (rule, true)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_id_and_name_and_no_own_one_hides_an_item() {
        for own in OwnField::ALL {
            let field = Field::Own(own);
            assert_eq!(Field::find(field.id()), Some(field));
            assert_eq!(Field::find(field.name_ja()), Some(field));
            assert!(Dictionary::standard().find(field.id()).is_none());
        }
        assert_eq!(Field::find("届出年月日"), Some(Field::Item(ItemNo::IDO_TODOKE_YMD)));
        assert_eq!(Field::find("転出予定年月日"), Some(Field::Item(ItemNo::TENSHUTSU_YOTEI_YMD)));
        assert_eq!(Field::find("山田太郎"), None);
    }

    #[test]
    fn a_text_is_checked_by_its_fields_rule() {
        let check = |name: &str, text: &str, expected: Option<&str>| {
            let found = Field::find(name).unwrap().check(text).map(|(rule, _)| rule);
            assert_eq!(found, expected, "{name} {text}");
        };
        check("tokurei_flg", "2", Some("not-flag"));
        check("tennyu_yotei_ymd", "2026-02-30", Some("not-date"));
        check("shien_sochi_kbn", "7", Some("unknown-code"));
        check("renrakusaki", &"9".repeat(41), Some("too-long"));
        check("tenshutsusaki_jusho", "東京都\n千代田区", Some("control-character"));
        check("tenshutsusaki_jusho", "東京都千代田区", None);
        check("kojin_bango", "123456789012", Some("wrong-check-digit"));
        check("birth_ymd", "昭和64年", Some("not-date"));
    }
}
