//! Applying a file of moves: one file = one set = one transaction = one commit.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::mpsc::Receiver;
use std::thread::ScopedJoinHandle;

use renkei_core::port::{AuditEntry, CommitKind, CommitRecord, RowChange, Transaction};
use renkei_core::{CommitNo, Digest};
use renkei_registry::{
    AtenaNo, History, ItemNo, Move, PackedReader, PackedRow, Row, RowKey, Stamp, Values, apply,
    check_household,
};

use super::issue::{InputIssue, IssueList, Rejected};
use super::moves_file::{MoveLine, MovesFile};
use crate::audit::note_refused;
use crate::error::EngineError;
use crate::house::House;

/// What happens to a set with a move that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// The whole set is refused.
    Set,
    /// The others go in; the refused ones are reported.
    Each,
}

/// How a file is applied.
#[derive(Debug, Clone)]
pub struct ApplyOptions<'o> {
    /// Its name, for messages.
    pub file: &'o str,
    /// What a refused move does.
    pub strictness: Strictness,
    /// Why a file that was taken in before is taken in again; `None` refuses it.
    pub again_because: Option<&'o str>,
}

/// What came of a file of moves.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The commit; `None` when no move was left to apply.
    pub commit_no: Option<CommitNo>,
    /// Moves applied.
    pub n_applied: u64,
    /// Moves refused.
    pub n_refused: u64,
    /// Rows written.
    pub n_row_changes: u64,
    /// Everything refused or remarkable.
    pub issues: IssueList,
}

/// Follows a set of moves while it is applied.
pub(crate) trait MovesFollower {
    /// True for a line that is to be left out, whatever the registry would say of it.
    fn is_left_out(&self, row: u64) -> bool;

    /// Hears of every error, however many there are, in the order of the lines.
    fn refused(&mut self, issue: &InputIssue) -> Result<(), EngineError>;

    /// Called before the set is committed: what is to be known of it whatever comes after must be put away here.
    fn before_commit(&mut self) -> Result<(), EngineError>;
}

/// For whom it is enough to know the issues afterwards.
struct Nobody;

impl MovesFollower for Nobody {
    fn is_left_out(&self, _: u64) -> bool {
        false
    }

    fn refused(&mut self, _: &InputIssue) -> Result<(), EngineError> {
        Ok(())
    }

    fn before_commit(&mut self) -> Result<(), EngineError> {
        Ok(())
    }
}

/// Reads and applies a file of moves, one after the other: memory does not grow with the set. On
/// [`EngineError::Refused`] nothing was taken in and the issues are given beside it.
pub fn apply_moves(
    house: House<'_>,
    source: impl Read + Send,
    options: &ApplyOptions<'_>,
) -> Result<Applied, Box<Rejected>> {
    apply_moves_for(house, source, options, &mut Nobody)
}

/// The same for somebody who follows it.
pub(crate) fn apply_moves_for(
    house: House<'_>,
    source: impl Read + Send,
    options: &ApplyOptions<'_>,
    follower: &mut dyn MovesFollower,
) -> Result<Applied, Box<Rejected>> {
    let applied = try_apply(house, source, options, follower);
    if let Err(rejected) = &applied {
        let reason = options.again_because.unwrap_or_default();
        note_refused(house, "apply moves", reason, &rejected.error);
    }
    applied
}

fn try_apply(
    house: House<'_>,
    source: impl Read + Send,
    options: &ApplyOptions<'_>,
    follower: &mut dyn MovesFollower,
) -> Result<Applied, Box<Rejected>> {
    let file = MovesFile::open(options.file, source)?;
    std::thread::scope(|scope| {
        let (lines, reading) = file.read_ahead(scope);
        apply_lines(house, lines, reading, options, follower)
    })
}

/// Applies the lines of a file that another thread reads.
fn apply_lines(
    house: House<'_>,
    lines: Receiver<Vec<MoveLine>>,
    reading: ScopedJoinHandle<'_, Result<Digest, EngineError>>,
    options: &ApplyOptions<'_>,
    follower: &mut dyn MovesFollower,
) -> Result<Applied, Box<Rejected>> {
    let mut issues = IssueList::default();
    let mut tx = house.store.begin()?;
    let mut set = MoveSet::new(house);
    let mut n_applied = 0;
    for line in lines.into_iter().flatten() {
        let mut of_line = IssueList::default();
        match line {
            MoveLine::Move(row, _) if follower.is_left_out(row) => continue,
            MoveLine::Move(row, mv) => {
                n_applied += u64::from(set.apply(tx.as_mut(), row, &mv, &mut of_line)?);
                house.witness.progress("moves", row, 0);
            }
            MoveLine::Wrong(found) => {
                let found = found.into_iter().filter(|issue| !follower.is_left_out(issue.row));
                found.for_each(|issue| of_line.push(issue));
            }
        }
        for issue in of_line.listed {
            if !issue.is_warning {
                follower.refused(&issue)?;
            }
            issues.push(issue);
        }
    }
    let source_sha256 = reading.join().map_err(|_| EngineError::Worker)??;
    // Before what is wrong with the moves: most of a file's moves do not fit a second time.
    refuse_same_file(house, options, &source_sha256)?;
    let n_refused = issues.n_rows_refused();
    if n_refused > 0 && options.strictness == Strictness::Set {
        let error = EngineError::Refused { file: options.file.to_owned(), n_issues: issues.n_errors };
        return Err(Box::new(Rejected { error, issues }));
    }
    set.check_households(tx.as_ref(), &mut issues)?;
    let mut applied = Applied { commit_no: None, n_applied, n_refused, n_row_changes: 0, issues };
    if n_applied == 0 {
        return Ok(applied);
    }
    let commit = tx.record_commit(&CommitRecord {
        commit_no: CommitNo(0),
        kind: CommitKind::Moves,
        n_moves: n_applied,
        n_row_changes: 0,
        source_sha256,
        operator: house.operator.to_owned(),
        committed_at: house.clock.now().to_string(),
    })?;
    tx.append_audit(&audit(house, &commit, options))?;
    follower.before_commit()?;
    house.witness.reached("apply.rows-written");
    tx.commit()?;
    house.witness.reached("apply.committed");
    let CommitRecord { commit_no, n_row_changes, .. } = commit;
    tracing::info!(
        commit = commit_no.0,
        moves = n_applied,
        rows = n_row_changes,
        "a set of moves is applied"
    );
    applied.commit_no = Some(commit_no);
    applied.n_row_changes = n_row_changes;
    Ok(applied)
}

/// Applies one move within a transaction of the caller's, as a set of its own; `None` when it is refused, with why
/// in `issues`. `row` is where it came from in the file of this digest.
pub(crate) fn apply_within(
    house: House<'_>,
    tx: &mut dyn Transaction,
    (row, mv): (u64, &Move),
    source_sha256: Digest,
    issues: &mut IssueList,
) -> Result<Option<CommitRecord>, EngineError> {
    let mut set = MoveSet::new(house);
    if !set.apply(tx, row, mv, issues)? {
        return Ok(None);
    }
    set.check_households(tx, issues)?;
    let commit = tx.record_commit(&CommitRecord {
        commit_no: CommitNo(0),
        kind: CommitKind::Moves,
        n_moves: 1,
        n_row_changes: 0,
        source_sha256,
        operator: house.operator.to_owned(),
        committed_at: house.clock.now().to_string(),
    })?;
    Ok(Some(commit))
}

fn audit(house: House<'_>, commit: &CommitRecord, options: &ApplyOptions<'_>) -> AuditEntry {
    AuditEntry {
        audit_no: 0,
        at: commit.committed_at.clone(),
        operator: house.operator.to_owned(),
        action: "apply moves".to_owned(),
        reason: options.again_because.unwrap_or_default().to_owned(),
        result: format!(
            "commit {}: {} moves, {} rows",
            commit.commit_no, commit.n_moves, commit.n_row_changes
        ),
        chain_sha256: Digest([0; 32]),
    }
}

/// The same bytes twice are a mistake more often than a wish: 転居 would move people to where they live.
fn refuse_same_file(
    house: House<'_>,
    options: &ApplyOptions<'_>,
    sha256: &Digest,
) -> Result<(), EngineError> {
    if options.again_because.is_some() {
        return Ok(());
    }
    match house.store.snapshot()?.commit_of_source(sha256)? {
        Some(commit) => Err(EngineError::SameFile {
            file: options.file.to_owned(),
            commit_no: commit.commit_no,
            at: commit.committed_at,
            n_moves: commit.n_moves,
        }),
        None => Ok(()),
    }
}

/// A set being applied.
struct MoveSet<'s> {
    house: House<'s>,
    stamp: Stamp,
    /// The households (世帯番号) touched, with the line of the first move that touched each.
    households: BTreeMap<Box<str>, u64>,
}

impl<'s> MoveSet<'s> {
    fn new(house: House<'s>) -> Self {
        let now = house.clock.now();
        let operator_id: String = house.operator.chars().take(10).collect();
        let stamp = Stamp { date: now.date_text(), time: now.time_text(), operator_id };
        Self { house, stamp, households: BTreeMap::new() }
    }

    /// Applies one move to the history it concerns; false when it is refused.
    fn apply(
        &mut self,
        tx: &mut dyn Transaction,
        row: u64,
        mv: &Move,
        issues: &mut IssueList,
    ) -> Result<bool, EngineError> {
        let stored = tx.rows_of(mv.atena_no)?;
        let before = read_history(mv.atena_no, &stored)?;
        let mut after = before.clone();
        match apply(&mut after, mv, self.house.municipality, &self.stamp) {
            Ok(warnings) => {
                for issue in &warnings {
                    issues.push(InputIssue::of_item(row, issue));
                }
                tx.change_rows(&changes(&before, &stored, &after)?)?;
                for latest in [before.latest(), after.latest()].into_iter().flatten() {
                    self.households.entry(latest.get(ItemNo::SETAI_NO).into()).or_insert(row);
                }
                Ok(true)
            }
            Err(refusal) => {
                issues.push(InputIssue::of_row(row, refusal.rule(), refusal.to_string()));
                Ok(false)
            }
        }
    }

    /// Looks at every household the set touched, as it is after the set.
    fn check_households(&self, tx: &dyn Transaction, issues: &mut IssueList) -> Result<(), EngineError> {
        let mut readers = Vec::new();
        for (setai_no, line) in &self.households {
            let rows = tx.household(setai_no)?;
            readers.resize_with(rows.len().max(readers.len()), PackedReader::new);
            let members = readers.iter_mut().zip(&rows).map(|(reader, row)| reader.read(row));
            let members: Vec<PackedRow<'_>> = members.collect::<Result<_, _>>()?;
            for issue in check_household(&members) {
                // A household's number is personal; the line of a move that touched it leads there.
                let detail = "the household after the set".to_owned();
                issues
                    .push(InputIssue { is_warning: true, ..InputIssue::of_row(*line, issue.rule(), detail) });
            }
        }
        Ok(())
    }
}

/// The rows one move changes; `stored` are those before, packed, in the same order.
fn changes(before: &History, stored: &[Vec<u8>], after: &History) -> Result<Vec<RowChange>, EngineError> {
    let as_stored = |row: &Row| {
        let mut rows = before.rows().iter().zip(stored);
        rows.find(|(other, _)| std::ptr::eq(*other, row)).map(|(_, packed)| packed.clone())
    };
    let packed = |row: &Row| {
        let mut bytes = Vec::with_capacity(2_048);
        row.pack(&mut bytes).map(|()| bytes)
    };
    let changed = after.changes_since(before).into_iter();
    let change = |(key, old, new): (RowKey, Option<&Row>, Option<&Row>)| {
        Ok(RowChange { key, before: old.and_then(as_stored), after: new.map(packed).transpose()? })
    };
    changed.map(change).collect()
}

/// Unpacks the rows of a resident.
fn read_history(atena_no: AtenaNo, packed: &[Vec<u8>]) -> Result<History, EngineError> {
    let mut reader = PackedReader::new();
    let rows = packed.iter().map(|bytes| reader.read(bytes).map(|row| Row::from_packed(&row)));
    Ok(History::new(atena_no, rows.collect::<Result<_, _>>()?)?)
}
