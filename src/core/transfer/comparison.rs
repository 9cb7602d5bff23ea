//! 突合 (整合性確認): a case against the registry's latest row, item by item. Nothing is taken as equal that is not
//! the same text; what differs only in writing is marked so.

use renkei_registry::{AtenaNo, Dictionary, ItemNo, Row, Values};
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::field::Field;
use super::kind::CaseKind;
use super::search::{FoundBy, Search};
use super::state::Outcome;
use super::variant::is_variant;
use crate::ids::CommitNo;

/// What a comparison came to. It names items, never their texts, and is still about a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// In one word.
    pub outcome: Outcome,
    /// How the person was found; `None` where nobody was.
    pub found_by: Option<FoundBy>,
    /// Whom: the 宛名番号, where it is one person.
    atena_no: Option<u64>,
    /// Counted, what a clerk must know beside the items.
    pub concerns: Vec<Concern>,
    /// Each item that was compared, in the list's order.
    pub differences: Vec<Difference>,
    /// The registry it was compared with: right after this commit.
    as_of: u64,
}

/// One item compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The item's id.
    pub item: String,
    /// What came of it.
    #[serde(flatten)]
    pub kind: DifferenceKind,
}

/// How a text taken in stands to the registry's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DifferenceKind {
    /// The same text.
    Equal,
    /// Other texts.
    Differs {
        /// True where they differ only in width, kana, spaces and the like.
        variant: bool,
    },
    /// The case has a text, the registry none.
    OnlyHere,
    /// The registry has a text, the case none.
    OnlyThere,
}

/// Something a clerk must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concern {
    /// 支援措置: no address of this person may get out.
    Protected,
    /// The registry has the person as dead.
    Dead,
    /// The registry has the person as moved out.
    MovedAlready,
    /// The person's registration ended otherwise.
    Removed,
    /// The registry has a planned move-out of the person.
    MovePlanned,
    /// The registry has the person as registered here.
    Registered,
    /// The person has another 宛名番号 than the one given.
    OtherNumber,
}

impl Concern {
    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::Dead => "dead",
            Self::MovedAlready => "moved-already",
            Self::Removed => "removed",
            Self::MovePlanned => "move-planned",
            Self::Registered => "registered",
            Self::OtherNumber => "other-number",
        }
    }

    /// True when the case must not be verified as it stands: the move would contradict the registry.
    pub const fn is_blocking(self, kind: CaseKind) -> bool {
        match self {
            Self::Dead | Self::OtherNumber => true,
            Self::MovedAlready | Self::Removed => matches!(kind, CaseKind::OssMoveOut),
            Self::Registered => matches!(kind, CaseKind::CsMoveIn),
            Self::Protected | Self::MovePlanned => false,
        }
    }
}

/// Items that say who somebody is: compared even where the case has no text for them.
const IDENTITY: [&str; 6] = ["juminhyo_cd", "kojin_bango", "shimei", "shimei_kana", "seibetsu", "birth_ymd"];
/// 現住所: of a move-in it is where the person is to live, so the registry's is another.
const ADDRESS: std::ops::RangeInclusive<usize> = 48..=58;
/// Items about how somebody stands in a household and register; changed by moves of others, so a notification may
/// be a day behind.
const STANDING: [&str; 8] = [
    "setai_no",
    "zokugara_cd1",
    "zokugara_cd2",
    "setainushi_shimei",
    "kyuuji",
    "tsusho",
    "hittosha",
    "honseki",
];

/// The items that are compared of this case, in the list's order.
fn compared_items(kind: CaseKind, content: &Content) -> Vec<ItemNo> {
    let is_compared = |item: &&renkei_registry::Item| {
        let is_given = !content.get(item.no).is_empty();
        let is_address = ADDRESS.contains(&(item.no.index() + 1)) && kind == CaseKind::OssMoveOut;
        IDENTITY.contains(&item.id) || is_given && (is_address || STANDING.contains(&item.id))
    };
    Dictionary::standard().items().iter().filter(is_compared).map(|item| item.no).collect()
}

/// Compares a case with whom its search found.
pub fn compare(kind: CaseKind, content: &Content, search: &Search, as_of: CommitNo) -> Comparison {
    let (found_by, rows) = search.found();
    let mut concerns = Vec::new();
    if content.is_protected() {
        concerns.push(Concern::Protected);
    }
    let (outcome, atena_no, differences) = match rows {
        [] => (Outcome::NotFound, None, Vec::new()),
        [row] => {
            concerns.extend(concerns_of(row, search.atena_no()));
            let differences = differences(kind, content, row);
            let contradicts = |difference: &Difference| {
                matches!(difference.kind, DifferenceKind::Differs { .. } | DifferenceKind::OnlyHere)
            };
            let differs = differences.iter().any(contradicts);
            let outcome = if differs { Outcome::Differs } else { Outcome::Matched };
            (outcome, row.get(ItemNo::ATENA_NO).parse().ok().map(AtenaNo::get), differences)
        }
        _ => (Outcome::Ambiguous, None, Vec::new()),
    };
    Comparison { outcome, found_by, atena_no, concerns, differences, as_of: as_of.0 }
}

fn concerns_of(row: &Row, given: Option<AtenaNo>) -> Vec<Concern> {
    let mut concerns = Vec::new();
    match row.get(ItemNo::JUMIN_JOTAI) {
        "1" if row.get(ItemNo::TENSHUTSU_YOTEI_YMD).is_empty() => concerns.push(Concern::Registered),
        "1" => concerns.push(Concern::MovePlanned),
        "2" => concerns.push(Concern::MovedAlready),
        "3" => concerns.push(Concern::Dead),
        _ => concerns.push(Concern::Removed),
    }
    if given.is_some_and(|given| row.get(ItemNo::ATENA_NO).parse() != Ok(given)) {
        concerns.push(Concern::OtherNumber);
    }
    concerns
}

fn differences(kind: CaseKind, content: &Content, row: &Row) -> Vec<Difference> {
    let compared = compared_items(kind, content).into_iter();
    let compared = compared.filter_map(|item| {
        let kind = match (content.get(item), row.get(item)) {
            ("", "") => return None,
            (here, there) if here == there => DifferenceKind::Equal,
            ("", _) => DifferenceKind::OnlyThere,
            (_, "") => DifferenceKind::OnlyHere,
            (here, there) => DifferenceKind::Differs { variant: is_variant(here, there) },
        };
        Some(Difference { item: Field::Item(item).id().to_owned(), kind })
    });
    compared.collect()
}

impl Comparison {
    /// Whom it is about, where it is one person.
    pub fn atena_no(&self) -> Option<AtenaNo> {
        self.atena_no.and_then(AtenaNo::new)
    }

    /// The registry it was compared with: right after this commit.
    pub fn as_of(&self) -> CommitNo {
        CommitNo(self.as_of)
    }

    /// True when the case must not be verified as it stands.
    pub fn is_blocked(&self, kind: CaseKind) -> bool {
        self.concerns.iter().any(|concern| concern.is_blocking(kind))
    }

    /// True when two comparisons say the same of the same person, whenever they were made.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.outcome, self.atena_no, &self.concerns, &self.differences)
            == (other.outcome, other.atena_no, &other.concerns, &other.differences)
    }
}

/// Shows what came of it and not of whom.
impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Comparison({:?}, {:?})", self.outcome, self.concerns)
    }
}
