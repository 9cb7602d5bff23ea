//! What no rule can give, whatever was granted and whenever: to write where only the hub does, and 個人番号 to whom the
//! law does not give it.
//!
//! A grant is judged when it is made; a feed that is declared later, or a system that is no 番号利用事務 any more, would
//! make a lawful grant an unlawful one. So every decision asks the bars too.

use std::fmt;

use super::right::{Right, Rights};
use crate::feed::Feed;
use crate::file_name::FolderPath;
use crate::ids::{BusinessId, FeedId, IntakeId};

/// Whose folder is barred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarOf {
    /// A feed's, or one of what is published of it for one receiver alone.
    Feed(FeedId),
    /// An intake's: what systems hand in stands there until it is taken.
    Intake(IntakeId),
    /// One of what comes of transfer cases: for the CS, or for a system that prepares for a move-in.
    Transfers(FolderPath),
}

impl fmt::Display for BarOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed(feed) => write!(f, "{feed}"),
            Self::Intake(intake) => write!(f, "intake {intake}"),
            Self::Transfers(folder) => write!(f, "{folder}"),
        }
    }
}

/// Why something is barred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarCause {
    /// What the hub puts there is what it says it is only while nobody else writes there.
    HubAlone(BarOf),
    /// Its files hold 個人番号, whose use is confined to 番号利用事務 (番号法 9 条).
    IndividualNumber(BarOf),
}

/// Rights that nobody has in a folder and below it, but the systems that are spared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Where, and below.
    pub folder: FolderPath,
    /// What.
    pub rights: Rights,
    /// Whom it does not bar.
    pub spares: Vec<BusinessId>,
    /// Why.
    pub cause: BarCause,
}

/// What is barred by other things than feeds: where files with 個人番号 stand for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Whose.
    pub of: BarOf,
    /// Where.
    pub folder: FolderPath,
    /// Whether its files hold 個人番号.
    pub has_numbers: bool,
    /// Whether the hub alone puts files there; others may take them away.
    pub is_hubs: bool,
}

const WRITING: Rights = Rights::of(&[Right::Create, Right::Replace, Right::Delete]);

/// The bars that follow from folders in which files stand for a time; `lawful` as for feeds.
pub fn bars_of_passages(passages: impl IntoIterator<Item = Passage>, lawful: &[BusinessId]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for Passage { of, folder, has_numbers, is_hubs } in passages {
        if is_hubs {
            let (rights, cause) =
                (Rights::of(&[Right::Create, Right::Replace]), BarCause::HubAlone(of.clone()));
            bars.push(Bar { folder: folder.clone(), rights, spares: Vec::new(), cause });
        }
        if has_numbers {
            let (rights, cause) = (Rights::of(&[Right::Read]), BarCause::IndividualNumber(of));
            bars.push(Bar { folder, rights, spares: lawful.to_vec(), cause });
        }
    }
    bars
}

/// The bars that follow from the feeds; `lawful` are the systems whose business is a 番号利用事務.
pub fn bars_of<'f>(feeds: impl IntoIterator<Item = &'f Feed>, lawful: &[BusinessId]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for feed in feeds {
        let folder = &feed.folder;
        let cause = BarCause::HubAlone(BarOf::Feed(feed.id.clone()));
        bars.push(Bar { folder: folder.clone(), rights: WRITING, spares: Vec::new(), cause });
        if !feed.layout.holds_individual_number {
            continue;
        }
        // What is published for one receiver alone lies in a folder of its own.
        let mends =
            feed.receivers.iter().filter_map(|receiver| format!("{}/mend", receiver.system).parse().ok());
        for folder in std::iter::once(folder.clone()).chain(mends) {
            let (rights, spares) = (Rights::of(&[Right::Read]), lawful.to_vec());
            let cause = BarCause::IndividualNumber(BarOf::Feed(feed.id.clone()));
            bars.push(Bar { folder, rights, spares, cause });
        }
    }
    bars
}

impl Bar {
    /// Whether it bars anybody of a system from this.
    pub fn holds(&self, system: &BusinessId, folder: &FolderPath, right: Right) -> bool {
        self.rights.has(right) && folder.is_at_or_below(&self.folder) && !self.spares.contains(system)
    }

    /// Whether it takes something from what is given to a system for a folder and what is below.
    pub fn cuts(&self, system: &BusinessId, folder: &FolderPath, rights: Rights) -> bool {
        let is_around = folder.is_at_or_below(&self.folder) || self.folder.is_at_or_below(folder);
        let is_about = Right::ALL.into_iter().any(|right| self.rights.has(right) && rights.has(right));
        is_around && is_about && !self.spares.contains(system)
    }
}
