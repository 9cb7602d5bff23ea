//! Rows of opened buckets from a file, and what any comparison of rows comes to.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use renkei_core::Digest;
use renkei_core::feed::Feed;
use renkei_core::hash::sha256;
use renkei_core::port::PublicationRecord;
use renkei_core::receive::{OpenedError, OpenedRows};
use renkei_engine::reconcile::{compare_opened, given};
use renkei_engine::{Divergence, EngineError};
use serde_json::{Map, Value};

use super::super::input_file;
use super::Reconcile;
use crate::Failure;
use crate::reconcile::{ReportOf, keep_rows};
use crate::workplace::Workplace;

/// What a comparison of rows came to.
pub(super) struct Found {
    pub(super) given: PublicationRecord,
    pub(super) n_rows_there: u64,
    pub(super) counts: RowCounts,
    pub(super) by_column: Map<String, Value>,
    pub(super) report: Option<PathBuf>,
    /// What the receiver holds, where a diff can be made from it.
    pub(super) theirs: Option<Divergence>,
    pub(super) source: Digest,
    pub(super) n_buckets: usize,
    /// Whether more rows differ than a diff is made of.
    pub(super) is_too_different: bool,
    pub(super) issues: Option<renkei_engine::IssueList>,
}

/// Rows that differ.
#[derive(Clone, Copy)]
pub(super) struct RowCounts {
    pub(super) missing: u64,
    pub(super) surplus: u64,
    pub(super) different: u64,
    pub(super) duplicate: u64,
}

impl Reconcile {
    pub(super) fn opened(
        &self,
        workplace: &Workplace<'_>,
        feed: &Feed,
        path: &Path,
    ) -> Result<Found, Failure> {
        let open = || -> Result<Box<dyn BufRead>, EngineError> {
            let file = std::fs::File::open(path);
            let file = file.map_err(|source| EngineError::Input { file: input_file::label(path), source })?;
            Ok(Box::new(BufReader::with_capacity(1 << 18, file)))
        };
        let rows = OpenedRows::new(open()?).map_err(|error| match error {
            OpenedError::Io(source) => EngineError::Input { file: input_file::label(path), source },
            OpenedError::Unusable(error) => error.into(),
        })?;
        let holding = rows.opening().holding.clone();
        drop(rows);
        let house = self.house(workplace);
        let given = given(workplace.snapshot()?.as_ref(), feed, holding.sequence)?;
        let theirs = compare_opened(house, feed, &given, &open)?;
        let source = Digest(sha256(holding.to_json()?.as_bytes()));
        let receiver = self.receiver.as_ref();
        let of = ReportOf { feed: &feed.id, receiver, sequence: given.sequence, source };
        let keep = || keep_rows(&workplace.config, &of, feed, &theirs);
        let report = (!theirs.rows.is_empty()).then(keep).transpose()?;
        let count = |is: fn(bool, bool) -> bool| {
            theirs.rows.iter().filter(|row| is(row.ours.is_some(), row.theirs.is_some())).count() as u64
        };
        let counts = RowCounts {
            missing: count(|ours, theirs| ours && !theirs),
            surplus: count(|ours, theirs| !ours && theirs),
            different: count(|ours, theirs| ours && theirs),
            duplicate: 0,
        };
        Ok(Found {
            n_rows_there: holding.n_rows,
            n_buckets: given.state.differing_buckets(&theirs.state).len(),
            given,
            counts,
            by_column: Map::new(),
            report,
            theirs: Some(theirs),
            source,
            is_too_different: false,
            issues: None,
        })
    }
}
