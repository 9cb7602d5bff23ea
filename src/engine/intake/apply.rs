//! Applying a file of moves: one file = one set = one transaction = one commit.

use std::collections::BTreeMap;
use std::io::Read;

use renkei_core::port::{AuditEntry, CommitKind, CommitRecord, RowChange, Transaction};
use renkei_core::{CommitNo, Digest};
use renkei_registry::packed::pack_row;
use renkei_registry::{
    AtenaNo, History, ItemNo, Move, PackedReader, Row, Stamp, Values, apply, check_household,
};

use super::issue::{InputIssue, IssueList, Rejected};
use super::moves_file::read_moves;
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

/// Reads and applies a file of moves. On [`EngineError::Refused`] nothing was taken in and the issues are
/// given beside it.
pub fn apply_moves(
    house: House<'_>,
    source: impl Read,
    options: &ApplyOptions<'_>,
) -> Result<Applied, Box<Rejected>> {
    let moves = read_moves(options.file, source)?;
    let mut issues = moves.issues;
    let n_moves = moves.moves.len() as u64;
    let mut tx = house.store.begin()?;
    refuse_same_file(house, options, &moves.sha256)?;
    let mut set = MoveSet::new(house, tx.as_ref());
    let mut n_applied = 0;
    for (n_done, (row, mv)) in moves.moves.iter().enumerate() {
        house.witness.progress("moves", n_done as u64, n_moves);
        if set.apply(*row, mv, &mut issues)? {
            n_applied += 1;
        }
    }
    let n_refused = issues.n_rows_refused();
    let refused = EngineError::Refused { file: options.file.to_owned(), n_issues: issues.n_errors };
    if n_refused > 0 && options.strictness == Strictness::Set {
        return Err(Box::new(Rejected { error: refused, issues }));
    }
    let changes = set.changes()?;
    set.check_households(&mut issues)?;
    let mut applied =
        Applied { commit_no: None, n_applied, n_refused, n_row_changes: changes.len() as u64, issues };
    if n_applied == 0 {
        return Ok(applied);
    }
    let commit = CommitRecord {
        commit_no: CommitNo(0),
        kind: CommitKind::Moves,
        n_moves: n_applied,
        n_row_changes: changes.len() as u64,
        source_sha256: moves.sha256,
        operator: house.operator.to_owned(),
        committed_at: house.clock.now().to_string(),
    };
    let commit_no = record(house, tx.as_mut(), &commit, &changes, options)?;
    house.witness.reached("apply.rows-written");
    tx.commit()?;
    house.witness.reached("apply.committed");
    tracing::info!(
        commit = commit_no.0,
        moves = n_applied,
        rows = changes.len(),
        "a set of moves is applied"
    );
    applied.commit_no = Some(commit_no);
    Ok(applied)
}

fn record(
    house: House<'_>,
    tx: &mut dyn Transaction,
    commit: &CommitRecord,
    changes: &[RowChange],
    options: &ApplyOptions<'_>,
) -> Result<CommitNo, EngineError> {
    let commit_no = tx.record_commit(commit, changes)?;
    tx.append_audit(&AuditEntry {
        audit_no: 0,
        at: house.clock.now().to_string(),
        operator: house.operator.to_owned(),
        action: "apply moves".to_owned(),
        reason: options.again_because.unwrap_or_default().to_owned(),
        result: format!("commit {commit_no}: {} moves, {} rows", commit.n_moves, changes.len()),
        chain_sha256: Digest([0; 32]),
    })?;
    Ok(commit_no)
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
        }),
        None => Ok(()),
    }
}

/// The histories a set touches, before and after.
struct MoveSet<'s> {
    house: House<'s>,
    tx: &'s dyn Transaction,
    stamp: Stamp,
    residents: BTreeMap<AtenaNo, Touched>,
}

/// A resident whom the set touches.
struct Touched {
    /// The line of the first move about the resident.
    row: u64,
    before: History,
    after: History,
}

impl<'s> MoveSet<'s> {
    fn new(house: House<'s>, tx: &'s dyn Transaction) -> Self {
        let now = house.clock.now();
        let operator_id: String = house.operator.chars().take(10).collect();
        let stamp = Stamp { date: now.date_text(), time: now.time_text(), operator_id };
        Self { house, tx, stamp, residents: BTreeMap::new() }
    }

    /// Applies one move to the history it concerns; false when it is refused.
    fn apply(&mut self, row: u64, mv: &Move, issues: &mut IssueList) -> Result<bool, EngineError> {
        if !self.residents.contains_key(&mv.atena_no) {
            let history = read_history(mv.atena_no, &self.tx.rows_of(mv.atena_no)?)?;
            self.residents.insert(mv.atena_no, Touched { row, before: history.clone(), after: history });
        }
        let Some(touched) = self.residents.get_mut(&mv.atena_no) else { return Ok(false) };
        match apply(&mut touched.after, mv, self.house.municipality, &self.stamp) {
            Ok(warnings) => {
                for issue in &warnings {
                    issues.push(InputIssue::of_item(row, issue));
                }
                Ok(true)
            }
            Err(refusal) => {
                issues.push(InputIssue::of_row(row, refusal.rule(), refusal.to_string()));
                Ok(false)
            }
        }
    }

    /// The rows the set changes in all, by key.
    fn changes(&self) -> Result<Vec<RowChange>, EngineError> {
        let packed = |row: Option<&Row>| {
            row.map(|row| {
                let mut bytes = Vec::new();
                pack_row(row, &mut bytes).map(|()| bytes)
            })
            .transpose()
        };
        let mut changes = Vec::new();
        for touched in self.residents.values() {
            for (key, old, new) in touched.after.changes_since(&touched.before) {
                changes.push(RowChange { key, before: packed(old)?, after: packed(new)? });
            }
        }
        Ok(changes)
    }

    /// Looks at every household the set touches, as it is after the set.
    fn check_households(&self, issues: &mut IssueList) -> Result<(), EngineError> {
        let mut touched: BTreeMap<&str, u64> = BTreeMap::new();
        for resident in self.residents.values().filter(|resident| resident.before != resident.after) {
            for row in [resident.before.latest(), resident.after.latest()].into_iter().flatten() {
                let line = touched.entry(row.get(ItemNo::SETAI_NO)).or_insert(resident.row);
                *line = (*line).min(resident.row);
            }
        }
        for (setai_no, line) in touched {
            let mut members: BTreeMap<AtenaNo, Row> = BTreeMap::new();
            for atena_no in self.tx.household_members(setai_no)? {
                if !self.residents.contains_key(&atena_no)
                    && let Some(row) = read_history(atena_no, &self.tx.rows_of(atena_no)?)?.latest()
                {
                    members.insert(atena_no, row.clone());
                }
            }
            for (atena_no, resident) in &self.residents {
                let latest = resident.after.latest().filter(|row| row.get(ItemNo::SETAI_NO) == setai_no);
                if let Some(row) = latest {
                    members.insert(*atena_no, row.clone());
                }
            }
            for issue in check_household(members.values()) {
                // A household's number is personal; the line of a move that touched it leads there.
                let detail = "the household after the set".to_owned();
                issues
                    .push(InputIssue { is_warning: true, ..InputIssue::of_row(line, issue.rule(), detail) });
            }
        }
        Ok(())
    }
}

/// Unpacks the rows of a resident.
fn read_history(atena_no: AtenaNo, packed: &[Vec<u8>]) -> Result<History, EngineError> {
    let mut reader = PackedReader::new();
    let rows = packed.iter().map(|bytes| reader.read(bytes).map(|row| Row::from_values(&row)));
    Ok(History::new(atena_no, rows.collect::<Result<_, _>>()?)?)
}
