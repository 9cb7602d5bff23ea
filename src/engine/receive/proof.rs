//! Whether a set builds on what is held, and leads to where its notice says.

use std::ops::ControlFlow;

use renkei_core::IntakeId;
use renkei_core::guard::{Decision, Facts, judge as judge_change};
use renkei_core::notice::ChangeCounts;
use renkei_core::port::{HeldRow, IntakeHead, IntakeStore, TakeCounts, TakeMode, Taking};
use renkei_core::publication::Kind;
use renkei_core::receive::{Reason, ReasonCode};
use renkei_core::state::FeedState;

use super::answer::words;
use super::next::Next;
use crate::error::EngineError;

impl Next<'_> {
    /// A diff must build on what is held: known before a row is read.
    pub(super) fn wrong_state_before(&self) -> Option<Reason> {
        let is_declared = self.notice().kind == Kind::Diff && self.set.terms.mapping.is_none();
        let declared = self.notice().state_before.filter(|_| is_declared)?;
        let held = words(&self.head.as_ref()?.state);
        (declared != held).then(|| {
            let detail = format!(
                "the notice says {} rows {}, held are {} rows {}",
                declared.n_rows, declared.digest, held.n_rows, held.digest
            );
            Reason::of_set(ReasonCode::WrongStateBefore, detail)
        })
    }

    /// The head with the state as the rows held give it, where that is what the set builds on: the sum on record is
    /// not what was put right, the rows are.
    pub(super) fn counted_anew(&self) -> Result<Option<IntakeHead>, EngineError> {
        let Some(head) = self.head.as_ref().filter(|_| self.notice().kind == Kind::Diff) else {
            return Ok(None);
        };
        let state = count_held(self.taker.store, &self.set.terms.id, &mut |_| ControlFlow::Continue(()))?;
        let is_base = self.notice().state_before == Some(words(&state));
        Ok(is_base.then(|| IntakeHead { state, ..head.clone() }))
    }

    /// What is held after the set.
    pub(super) fn state_after(
        &self,
        of_set: &FeedState,
        taking: &mut dyn Taking,
    ) -> Result<FeedState, EngineError> {
        if self.mode == TakeMode::Replace {
            return Ok(of_set.clone());
        }
        let mut state = self.head.as_ref().map_or_else(FeedState::empty, |head| head.state.clone());
        taking.held_before(&mut |bucket, digest| state.remove(bucket, &digest))?;
        state.merge(of_set);
        Ok(state)
    }

    /// Whether rows and states are what the notice says.
    pub(super) fn proof(&self, of_set: &FeedState, after: &FeedState, counts: TakeCounts) -> Vec<Reason> {
        let notice = self.notice();
        let mut reasons = Vec::new();
        if self.set.terms.mapping.is_some() {
            // A sender cannot know the states of what its files are turned over into.
            return reasons;
        }
        let mut refuse = |code, detail: String| reasons.push(Reason::of_set(code, detail));
        if let (Kind::Diff, Some(declared), Some(_)) = (notice.kind, notice.changes, notice.state_after) {
            let found =
                ChangeCounts { added: counts.added, changed: counts.changed, removed: counts.removed };
            if found != declared || counts.absent > 0 || counts.unchanged > 0 {
                let detail = format!(
                    "added {}, changed {}, removed {}; unchanged {}, absent {}",
                    found.added, found.changed, found.removed, counts.unchanged, counts.absent
                );
                refuse(ReasonCode::WrongChangeCounts, detail);
            }
        }
        // A full proves what its sender holds, which is ours only where it replaces.
        let proven = if notice.kind == Kind::Full { of_set } else { after };
        if let Some(declared) = notice.state_after
            && declared != words(proven)
        {
            let found = words(proven);
            let detail = format!(
                "the notice says {} rows {}, found {} rows {}",
                declared.n_rows, declared.digest, found.n_rows, found.digest
            );
            refuse(ReasonCode::WrongStateAfter, detail);
        }
        reasons
    }

    /// Whether the guard wants a person to look at it first.
    pub(super) fn held(&self, after: &FeedState, counts: TakeCounts) -> Option<Reason> {
        let rows = |n_rows: i64| u64::try_from(n_rows).unwrap_or(0);
        let facts = Facts {
            n_held: self.head.as_ref().map(|head| rows(head.state.n_rows())),
            n_after: rows(after.n_rows()),
            changes: (self.mode != TakeMode::Replace).then_some(ChangeCounts {
                added: counts.added,
                changed: counts.changed,
                removed: counts.removed,
            }),
            earlier_diffs: Vec::new(),
        };
        match judge_change(&self.set.terms.guard, &facts) {
            Decision::Pass => None,
            Decision::Hold(exceeded) => {
                let bounds: Vec<String> = exceeded.iter().map(ToString::to_string).collect();
                Some(Reason::of_set(ReasonCode::ChangeHeld, bounds.join("; ")))
            }
        }
    }
}

/// The state that the rows held give, whatever sum is on record; each row is also given to `each`, until it breaks.
pub fn count_held(
    store: &dyn IntakeStore,
    intake: &IntakeId,
    each: &mut dyn FnMut(HeldRow<'_>) -> ControlFlow<()>,
) -> Result<FeedState, EngineError> {
    let mut state = FeedState::empty();
    store.held_rows(intake, &mut |row| {
        state.add(row.bucket, &row.digest);
        each(row)
    })?;
    Ok(state)
}
