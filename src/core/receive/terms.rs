//! On what terms an intake takes sets.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::file_name::FolderPath;
use crate::guard::GuardBounds;
use crate::ids::{Branch, BusinessId, IntakeId, InterfaceId, Version};
use crate::layout::Layout;
use crate::mapping::Mapping;
use crate::port::TakeMode;

/// An intake (取込): one interface from one system, in the versions accepted.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Its id.
    pub id: IntakeId,
    /// Who takes: what receipts are signed with.
    pub receiver: BusinessId,
    /// The system the folder belongs to: who hands in there.
    pub sender: BusinessId,
    /// 市区町村コード of whose data it is.
    pub municipality: String,
    /// 連携ID.
    pub interface: InterfaceId,
    /// 枝番.
    pub branch: Branch,
    /// The folders sets arrive in: one for each feed followed. Never empty.
    pub folders: Vec<FolderPath>,
    /// The versions accepted; never empty.
    pub versions: Vec<AcceptedVersion>,
    /// What a full does: [`TakeMode::Replace`] or [`TakeMode::Merge`].
    pub full: TakeMode,
    /// What a row with errors does.
    pub rows: RowPolicy,
    /// How much a set may change before a person must allow it.
    pub guard: GuardBounds,
    /// True where every set counts by itself, as moves do: none is passed over because a later one came.
    pub is_each_counted: bool,
    /// True where a notice must prove its state before and after; the hub's own notices always do, other
    /// systems' may be unable to.
    pub needs_proof: bool,
    /// By what files in another form are turned over into the one version accepted; `None` where they come in its
    /// own form. What notices say of form, columns and states is then of the files as handed in, and not asked for.
    pub mapping: Option<Arc<Mapping>>,
}

/// A version accepted, with the business dates on which it is.
#[derive(Debug, Clone)]
pub struct AcceptedVersion {
    /// Its layout.
    pub layout: Arc<Layout>,
    /// The first business date; `None` for the layout's own.
    pub from: Option<NaiveDate>,
    /// The last business date; `None` for the layout's own.
    pub until: Option<NaiveDate>,
}

/// What a row with errors does to its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPolicy {
    /// The whole set is refused.
    RefuseSet,
    /// The row is held back and reported; the others are taken in.
    Park,
}

impl AcceptedVersion {
    /// True when a set of this business date is accepted in this version.
    pub fn is_accepted_on(&self, day: NaiveDate) -> bool {
        self.layout.is_valid_on(day)
            && self.from.is_none_or(|from| day >= from)
            && self.until.is_none_or(|until| day <= until)
    }
}

impl Terms {
    /// The accepted version, whether or not its dates fit.
    pub fn version(&self, version: Version) -> Option<&AcceptedVersion> {
        self.versions.iter().find(|accepted| accepted.layout.version == version)
    }

    /// The versions accepted on a business date, as text for people: `1.0, 1.1`.
    pub fn versions_on(&self, day: NaiveDate) -> String {
        let accepted: Vec<String> = self
            .versions
            .iter()
            .filter(|accepted| accepted.is_accepted_on(day))
            .map(|accepted| accepted.layout.version.to_string())
            .collect();
        if accepted.is_empty() { "none".to_owned() } else { accepted.join(", ") }
    }
}
