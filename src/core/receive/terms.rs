//! On what terms an intake takes sets.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::file_name::FolderPath;
use crate::guard::GuardBounds;
use crate::ids::{Branch, BusinessId, IntakeId, InterfaceId, Version};
use crate::layout::Layout;
use crate::mapping::Mapping;
use crate::notice::{DataFile, Notice};
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
    /// How large a set may be.
    pub most: Most,
}

/// The largest set that is read. A larger one is refused by its notice, or by the length of its files, unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Rows in all its files.
    pub n_rows: u64,
    /// Bytes of all its files, reports among them.
    pub n_bytes: u64,
}

impl Most {
    /// For rows that go into a table: three times the all-items full of the largest city, history included.
    pub const OF_TABLE: Self = Self { n_rows: 100_000_000, n_bytes: 200 << 30 };
    /// For whoever looks at what he brought himself.
    pub const WHATEVER: Self = Self { n_rows: u64::MAX, n_bytes: u64::MAX };
    /// For moves and cases, which come by the day.
    pub const OF_REGISTRY: Self = Self { n_rows: 200_000, n_bytes: 1 << 30 };

    /// What a notice says of more than this, for people.
    pub fn exceeded(&self, notice: &Notice) -> Vec<String> {
        // Every number of a notice is a claim: the sum of many may be more than a number holds.
        let sum = |of: fn(&DataFile) -> u64| notice.files.iter().map(of).fold(0, u64::saturating_add);
        // Reports travel and take room like the data.
        let of_reports = notice.reports.iter().map(|report| report.n_bytes);
        let n_bytes = of_reports.fold(sum(|file| file.n_bytes), u64::saturating_add);
        let claims = [
            (notice.n_rows.max(sum(|file| file.n_rows)), self.n_rows, "rows"),
            (n_bytes, self.n_bytes, "bytes"),
        ];
        let beyond = claims.into_iter().filter(|(found, most, _)| found > most);
        beyond
            .map(|(found, most, what)| format!("the notice says {found} {what}, at most {most} are taken"))
            .collect()
    }
}

impl Default for Most {
    fn default() -> Self {
        Self::OF_TABLE
    }
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
