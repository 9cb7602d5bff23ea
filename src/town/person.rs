//! A person as one history row tells of them.

use std::fmt::Write as _;
use std::rc::Rc;

use crate::addresses::Address;
use crate::calendar::Day;
use crate::foreign::{Country, ForeignName, Stay};
use crate::kinship::Relation;
use crate::koseki::Koseki;
use crate::names::{GivenName, Sex, Surname};

/// 生年月日.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Birth {
    Known(Day),
    /// 不詳: the year is known only.
    YearOnly(Day),
}

impl Birth {
    /// The day, or one in the year.
    pub(crate) const fn day(self) -> Day {
        match self {
            Self::Known(day) | Self::YearOnly(day) => day,
        }
    }
}

/// Name and what goes with being Japanese or foreign.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Who {
    Japanese { surname: Surname, given: GivenName, former: Option<Surname>, koseki: Rc<Koseki> },
    Foreign { name: ForeignName, alias: Option<(String, String)>, since: Day, stay: Stay },
}

/// The move a row was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// 異動事由.
    pub(crate) reason: &'static str,
    /// 異動年月日.
    pub(crate) day: Day,
    /// 届出年月日 and 処理年月日.
    pub(crate) filed: Day,
}

/// Where somebody came from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Born here, or here before records.
    Here,
    Japan {
        address: Rc<Address>,
        head_name: Rc<str>,
    },
    Abroad(Country),
}

/// That somebody goes or has gone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Leaving {
    Stays,
    /// 転出予定: still registered.
    Plans {
        on: Day,
        filed: Day,
        to: Rc<Address>,
    },
    /// 国内転出, confirmed.
    MovedOut {
        on: Day,
        filed: Day,
        to: Rc<Address>,
    },
    /// 国外転出.
    WentAbroad {
        on: Day,
        filed: Day,
        country: Country,
    },
    Died,
    /// 職権消除.
    Struck,
}

impl Leaving {
    /// 住民状態.
    pub(crate) const fn status(&self) -> &'static str {
        match self {
            Self::Stays | Self::Plans { .. } => "1",
            Self::MovedOut { .. } | Self::WentAbroad { .. } => "2",
            Self::Died => "3",
            Self::Struck => "9",
        }
    }
}

/// The household somebody belongs to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) setai_no: u64,
    pub(crate) relation: Relation,
    pub(crate) head_name: Rc<str>,
    /// 記載順位, from 1.
    pub(crate) order: u32,
}

/// One state of one person.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) index: u64,
    /// The indexes 住民票コード and 個人番号 are made of; they differ from `index` after a change on request.
    pub(crate) code_index: u64,
    pub(crate) number_index: u64,
    pub(crate) sex: Sex,
    pub(crate) birth: Birth,
    pub(crate) who: Who,
    pub(crate) member: Membership,
    pub(crate) address: Rc<Address>,
    pub(crate) address_before: Option<Rc<Address>>,
    /// 住民となった年月日.
    pub(crate) resident_since: Day,
    /// 住所を定めた年月日.
    pub(crate) settled_on: Day,
    pub(crate) origin: Origin,
    pub(crate) leaving: Leaving,
    pub(crate) entry: Entry,
    /// 個人履歴番号.
    pub(crate) rireki_no: u32,
}

impl Person {
    /// 氏名: the writing that comes first.
    pub(crate) fn display_name(&self) -> String {
        match &self.who {
            Who::Japanese { surname, given, .. } => joined(surname.text, given.text),
            Who::Foreign { name, .. } if name.kanji.is_empty() => name.romaji.clone(),
            Who::Foreign { name, .. } => name.kanji.clone(),
        }
    }

    /// Whole years on a day.
    pub(crate) fn age_on(&self, day: Day) -> i32 {
        self.birth.day().age_on(day)
    }

    /// True for 日本人住民.
    pub(crate) const fn is_japanese(&self) -> bool {
        matches!(self.who, Who::Japanese { .. })
    }

    /// True while 住民状態 is 住登者.
    pub(crate) fn is_registered(&self) -> bool {
        self.leaving.status() == "1"
    }

    /// The person after a move; what the move changes is set on what this returns.
    pub(crate) fn after(&self, entry: Entry) -> Self {
        Self { entry, rireki_no: self.rireki_no + 1, ..self.clone() }
    }

    /// Moves to another address of the municipality.
    pub(crate) fn settle(&mut self, address: &Rc<Address>, on: Day) {
        self.address_before = Some(Rc::clone(&self.address));
        self.address = Rc::clone(address);
        self.settled_on = on;
    }
}

/// 氏 and 名 with the space between that the registry's files have.
pub(crate) fn joined(family: &str, given: &str) -> String {
    let mut text = String::with_capacity(family.len() + given.len() + 3);
    let _ = write!(text, "{family}　{given}");
    text
}
