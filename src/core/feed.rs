//! A feed (配信系列): one interface in one version and one rendering; it owns a sequence.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::file_name::FolderPath;
use crate::guard::GuardBounds;
use crate::ids::{BusinessId, Digest, FeedId};
use crate::layout::{FileFormat, Layout};
use crate::ledger::ReceiverWindow;
use crate::mend::MendRule;
use crate::naming::StemTemplate;
use crate::text::{CharacterSet, DegradeMap};

/// What happens to a character the feed's encoding lacks. There is no third way: none is lost in silence.
#[derive(Debug, Clone)]
pub enum Unmappable {
    /// The row stops the run, by row and column.
    Stop,
    /// It goes through the declared map and is listed; what the map lacks stops the run.
    Degrade(Arc<DegradeMap>),
}

/// Where a publication is cut into several files; none where both are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartLimits {
    /// The most rows of a file, from 1.
    pub max_rows: Option<u64>,
    /// The most bytes of a file, from 1; a single longer row still makes a file of its own.
    pub max_bytes: Option<u64>,
}

impl PartLimits {
    /// True when files are numbered parts.
    pub fn are_set(&self) -> bool {
        self.max_rows.is_some() || self.max_bytes.is_some()
    }
}

/// A system that reads a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedReceiver {
    /// The system.
    pub system: BusinessId,
    /// The days on which it does.
    pub window: ReceiverWindow,
    /// What is done by itself when it lacks or refused something.
    pub mend: MendRule,
}

/// A feed, checked and ready to be rendered.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// Its layout.
    pub layout: Arc<Layout>,
    /// How its files are written: the layout's way, or the feed's own.
    pub file: FileFormat,
    /// What happens to characters the encoding lacks.
    pub unmappable: Unmappable,
    /// Where it is cut into parts.
    pub parts: PartLimits,
    /// Where its publications stand, below the root.
    pub folder: FolderPath,
    /// How they are named.
    pub naming: StemTemplate,
    /// Who reads it, and when.
    pub receivers: Vec<FeedReceiver>,
    /// How large a publication may be before it is held for review.
    pub guard: GuardBounds,
}

impl Feed {
    /// The systems that read it on any day.
    pub fn receiver_ids(&self) -> impl Iterator<Item = &BusinessId> {
        self.receivers.iter().map(|receiver| &receiver.system)
    }

    /// The receiver that is this system.
    pub fn receiver(&self, system: &BusinessId) -> Option<&FeedReceiver> {
        self.receivers.iter().find(|receiver| receiver.system == *system)
    }

    /// The characters its files can carry.
    pub fn characters(&self) -> CharacterSet {
        let map = match &self.unmappable {
            Unmappable::Stop => None,
            Unmappable::Degrade(map) => Some(DegradeMap::clone(map)),
        };
        CharacterSet::new(self.file.encoding, map)
    }

    /// SHA-256 of everything that decides how a row is rendered. When it is not what it was at the last
    /// publication, a diff would hide what changed by declaration, and only a full will do.
    pub fn rendering_sha256(&self) -> Digest {
        let mut hash = Sha256::new();
        hash.update(self.layout.sha256.0);
        for word in [
            self.file.encoding.as_str(),
            self.file.newline.as_str(),
            self.file.quote.as_str(),
            self.file.header.as_str(),
        ] {
            hash.update(word.as_bytes());
            hash.update([0]);
        }
        match &self.unmappable {
            Unmappable::Stop => hash.update(b"stop"),
            Unmappable::Degrade(map) => hash.update(map.digest().0),
        }
        Digest(hash.finalize().into())
    }
}
