//! What a session needs from its house: the root, the rules as they stand, the time, and somebody who writes down.

use std::net::IpAddr;
use std::sync::Arc;

use renkei_core::Moment;
use renkei_core::access::{Account, Right, Rulebook};
use renkei_folder::visit::{VisitPath, VisitedRoot};

/// Who a session serves.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The account that logged in.
    pub account: Account,
    /// From where; `None` where another program did the login.
    pub address: Option<IpAddr>,
    /// A number for the log and the audit, one per login.
    pub session_no: u64,
}

/// The house that sessions visit. Everything is asked anew for every request, so a grant taken back holds at once.
pub trait Premises: Send + Sync {
    /// The root of the connection folders.
    fn root(&self) -> &VisitedRoot;

    /// The rules as they stand.
    fn rulebook(&self) -> Arc<Rulebook>;

    /// Now.
    fn now(&self) -> Moment;

    /// Writes down what was done or refused: audit and ledger. It must not wait for long; the session waits for it.
    fn note(&self, visitor: &Visitor, deed: &Deed<'_>);
}

/// What a visitor did, or was not allowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed<'d> {
    /// A file was fetched, in whole or in part. Told when its handle is closed or the session ends.
    Fetched {
        /// Which.
        path: &'d VisitPath,
        /// Length of the file when it was opened, in bytes.
        n_bytes: u64,
        /// Bytes from its start that were sent without a hole.
        n_bytes_from_start: u64,
        /// Bytes sent in all; parts sent twice count twice.
        n_bytes_sent: u64,
        /// The client closed it; where its connection just ended, nobody knows what of it arrived.
        is_closed: bool,
    },
    /// A file was brought and stands under its name.
    Stored {
        /// Which.
        path: &'d VisitPath,
        /// Its length, in bytes.
        n_bytes: u64,
        /// It took the place of another.
        has_replaced: bool,
    },
    /// A file that was being brought broke off; nothing stands under its name.
    BrokenOff {
        /// Which.
        path: &'d VisitPath,
        /// Bytes that had arrived.
        n_bytes: u64,
    },
    /// A file or folder was given another name.
    Renamed {
        /// Its name before.
        from: &'d VisitPath,
        /// Its name now.
        to: &'d VisitPath,
        /// It took the place of another.
        has_replaced: bool,
    },
    /// A file was removed.
    Removed {
        /// Which.
        path: &'d VisitPath,
    },
    /// A folder was made.
    FolderMade {
        /// Which.
        path: &'d VisitPath,
    },
    /// An empty folder was removed.
    FolderRemoved {
        /// Which.
        path: &'d VisitPath,
    },
    /// Something was not allowed.
    Refused {
        /// What it was about.
        path: &'d VisitPath,
        /// The right that was missing.
        right: Right,
    },
}

impl Deed<'_> {
    /// True when a file was fetched to its end without a hole, and closed by whoever fetched it.
    pub fn is_whole_fetch(&self) -> bool {
        matches!(self, Self::Fetched { n_bytes, n_bytes_from_start, is_closed: true, .. } if n_bytes_from_start >= n_bytes)
    }
}
