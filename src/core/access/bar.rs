//! What no rule can give, whatever was granted and whenever: to write where only the hub does, and 個人番号 to whom the
//! law does not give it.
//!
//! A grant is judged when it is made; a feed that is declared later, or a system that is no 番号利用事務 any more, would
//! make a lawful grant an unlawful one. So every decision asks the bars too.

use super::right::{Right, Rights};
use crate::feed::Feed;
use crate::file_name::FolderPath;
use crate::ids::{BusinessId, FeedId};

/// Why something is barred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarCause {
    /// What the hub publishes there is what it says it is only while nobody else writes there.
    HubAlone(FeedId),
    /// Its files hold 個人番号, whose use is confined to 番号利用事務 (番号法 9 条).
    IndividualNumber(FeedId),
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

const WRITING: Rights = Rights::of(&[Right::Create, Right::Replace, Right::Delete]);

/// The bars that follow from the feeds; `lawful` are the systems whose business is a 番号利用事務.
pub fn bars_of<'f>(feeds: impl IntoIterator<Item = &'f Feed>, lawful: &[BusinessId]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for feed in feeds {
        let folder = &feed.folder;
        let cause = BarCause::HubAlone(feed.id.clone());
        bars.push(Bar { folder: folder.clone(), rights: WRITING, spares: Vec::new(), cause });
        if !feed.layout.holds_individual_number {
            continue;
        }
        // What is published for one receiver alone lies in a folder of its own.
        let mends =
            feed.receivers.iter().filter_map(|receiver| format!("{}/mend", receiver.system).parse().ok());
        for folder in std::iter::once(folder.clone()).chain(mends) {
            let (rights, spares) = (Rights::of(&[Right::Read]), lawful.to_vec());
            let cause = BarCause::IndividualNumber(feed.id.clone());
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
