//! How a person stands to the head of the household (続柄): up to four codes, read from the head outwards,
//! and the words for them.

/// A relationship: 子の妻 is `["20", "12"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Relation {
    /// Codes of `codes/relationship.csv`, one to four.
    pub(crate) codes: &'static [&'static str],
    /// 続柄表記.
    pub(crate) label: &'static str,
}

macro_rules! relations {
    ($($name:ident = [$($code:literal),+] $label:literal;)+) => {
        impl Relation {
            $(#[doc = concat!($label, ".")] pub(crate) const $name: Self =
                Self { codes: &[$($code),+], label: $label };)+
        }

        #[cfg(test)]
        pub(crate) const ALL: &[Relation] = &[$(Relation::$name),+];
    };
}

relations! {
    HEAD = ["02"] "世帯主";
    HUSBAND = ["11"] "夫";
    WIFE = ["12"] "妻";
    HUSBAND_UNREGISTERED = ["13"] "夫（未届）";
    WIFE_UNREGISTERED = ["14"] "妻（未届）";
    CHILD = ["20"] "子";
    FATHER = ["51"] "父";
    MOTHER = ["52"] "母";
    OLDER_BROTHER = ["71"] "兄";
    YOUNGER_BROTHER = ["74"] "弟";
    OLDER_SISTER = ["81"] "姉";
    YOUNGER_SISTER = ["84"] "妹";
    RELATIVE = ["96"] "縁故者";
    LODGER = ["99"] "同居人";
    CHILDS_CHILD = ["20", "20"] "子の子";
    CHILDS_WIFE = ["20", "12"] "子の妻";
    WIFES_FATHER = ["12", "51"] "妻の父";
    WIFES_MOTHER = ["12", "52"] "妻の母";
    HUSBANDS_FATHER = ["11", "51"] "夫の父";
    HUSBANDS_MOTHER = ["11", "52"] "夫の母";
    WIFES_CHILD = ["12", "20"] "妻の子";
}

impl Relation {
    /// True for 世帯主.
    pub(crate) fn is_head(self) -> bool {
        self == Self::HEAD
    }

    /// True for a married spouse of the head.
    pub(crate) fn is_spouse(self) -> bool {
        self == Self::HUSBAND || self == Self::WIFE
    }

    /// The relationship to a new head who was the old head's spouse; `None` where the tables at hand
    /// have no code for it.
    pub(crate) fn after_spouse_heads(self, old_head_is_male: bool) -> Option<Self> {
        Some(match self {
            Self::HUSBAND | Self::WIFE => Self::HEAD,
            Self::HEAD if old_head_is_male => Self::HUSBAND,
            Self::HEAD => Self::WIFE,
            Self::FATHER if old_head_is_male => Self::HUSBANDS_FATHER,
            Self::MOTHER if old_head_is_male => Self::HUSBANDS_MOTHER,
            Self::FATHER => Self::WIFES_FATHER,
            Self::MOTHER => Self::WIFES_MOTHER,
            Self::WIFES_FATHER => Self::FATHER,
            Self::WIFES_MOTHER => Self::MOTHER,
            Self::CHILD | Self::WIFES_CHILD => Self::CHILD,
            Self::CHILDS_CHILD | Self::CHILDS_WIFE => self,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_registry::CodeTable;

    #[test]
    fn every_code_is_in_the_table() {
        let table = CodeTable::find("relationship").unwrap();
        for relation in ALL {
            for code in relation.codes {
                assert!(table.get(code).is_some(), "{} {code}", relation.label);
            }
        }
    }

    #[test]
    fn a_new_head_turns_the_family_round() {
        assert_eq!(Relation::MOTHER.after_spouse_heads(true), Some(Relation::HUSBANDS_MOTHER));
        assert_eq!(Relation::WIFES_MOTHER.after_spouse_heads(true), Some(Relation::MOTHER));
        assert_eq!(Relation::LODGER.after_spouse_heads(true), None);
    }
}
