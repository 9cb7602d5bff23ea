//! One round of an intake: look at its folders, take in what is next for as long as something is, hand out receipts.

use std::collections::HashMap;

use renkei_core::port::Outcome;
use renkei_core::publication::Kind;
use renkei_core::receive::{
    FoundSet, Pairer, Pairing, Patience, Receipt, Stray, Terms, UnreadableNotice, WaitingSet, read_notice,
};
use renkei_core::{Digest, FileName, FolderPath, Version};

use super::desk::Desk;
use super::set::{Goal, Set, SetResult, Taker, refuse_unreadable, take_set};
use crate::error::EngineError;

/// Receipts handed out in one round.
const MAX_ANSWERS: u32 = 1_000;

/// Remembers an intake's folders from round to round.
#[derive(Debug, Default)]
pub struct Rounds {
    pairers: HashMap<FolderPath, Pairer>,
    /// What needs no second judgement: the notice and what became of it.
    settled: HashMap<(FolderPath, FileName), Digest>,
}

/// What a round came to.
#[derive(Debug, Default)]
pub struct Look {
    /// Sets judged, in order; those that nothing new was said of left out.
    pub results: Vec<SetResult>,
    /// Sets that wait for others before them.
    pub gaps: Vec<Receipt>,
    /// Sets that lack files.
    pub incomplete: Vec<WaitingSet>,
    /// What no notice names.
    pub strays: Vec<Stray>,
}

/// A set and where it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The folder.
    pub folder: FolderPath,
    /// The set.
    pub set: FoundSet,
}

impl Rounds {
    /// Goes round once. `table` gives the table for a version's rows; `None` keeps keys and digests only.
    pub fn go(
        &mut self,
        taker: Taker<'_>,
        terms: &Terms,
        patience: &Patience,
        table: &dyn Fn(Version) -> Option<String>,
        goal: Goal,
        desk: &mut dyn Desk,
    ) -> Result<Look, EngineError> {
        let mut look = Look::default();
        let (mut sets, unreadable) = self.look(taker, terms, patience, &mut look)?;
        if goal == Goal::Take {
            for (folder, notice) in unreadable {
                let result = refuse_unreadable(taker, terms, &notice)?;
                desk.conclude_unreadable(&folder, &notice, &result)?;
                push_new(&mut look.results, result);
            }
        }
        let has_head = taker.store.head(&terms.id)?.is_some();
        in_order(&mut sets, terms, has_head);
        // What waits may be next once another is in: again, until nothing moves.
        loop {
            let (mut n_taken, mut waiting) = (0, Vec::new());
            for found in sets {
                if taker.witness.wants_stop() {
                    return Err(EngineError::Stopped);
                }
                let version_table = table(found.set.notice.version);
                let set =
                    Set { terms, folder: &found.folder, found: &found.set, table: version_table.as_deref() };
                let result = take_set(taker, set, goal, desk)?;
                match result.receipt.outcome {
                    Outcome::Taken => n_taken += 1,
                    Outcome::Waiting => {
                        waiting.push((found, result));
                        continue;
                    }
                    _ => {}
                }
                self.conclude(&found, &result, goal, desk)?;
                push_new(&mut look.results, result);
                if goal == Goal::Preview && n_taken > 0 {
                    // What would come after it cannot be told without taking it in.
                    return Ok(look);
                }
            }
            if n_taken == 0 || waiting.is_empty() {
                for (found, result) in waiting {
                    self.conclude(&found, &result, goal, desk)?;
                    look.gaps.push(result.receipt.clone());
                    push_new(&mut look.results, result);
                }
                break;
            }
            sets = waiting.into_iter().map(|(found, _)| found).collect();
        }
        if goal == Goal::Take {
            answer_all(taker, desk)?;
        }
        Ok(look)
    }

    /// The whole sets of all folders that were not settled before.
    fn look(
        &mut self,
        taker: Taker<'_>,
        terms: &Terms,
        patience: &Patience,
        look: &mut Look,
    ) -> Result<(Vec<Found>, Vec<(FolderPath, UnreadableNotice)>), EngineError> {
        let now = taker.clock.now();
        let (mut sets, mut unreadable) = (Vec::new(), Vec::new());
        for folder in &terms.folders {
            let seen = taker.share.look(folder)?;
            let pairer = self.pairers.entry(folder.clone()).or_default();
            let mut read = |name: &FileName| read_notice(taker.share, folder, name);
            let pairing: Pairing = pairer.look(seen, &mut read, now, patience);
            unreadable.extend(pairing.unreadable.into_iter().map(|notice| (folder.clone(), notice)));
            look.incomplete.extend(pairing.waiting);
            look.strays.extend(pairing.strays);
            for set in pairing.ready {
                let place = (folder.clone(), set.notice_name.clone());
                if self.settled.get(&place) != Some(&set.notice_sha256) {
                    sets.push(Found { folder: folder.clone(), set });
                }
            }
        }
        Ok((sets, unreadable))
    }

    fn conclude(
        &mut self,
        found: &Found,
        result: &SetResult,
        goal: Goal,
        desk: &mut dyn Desk,
    ) -> Result<(), EngineError> {
        if goal == Goal::Preview {
            return Ok(());
        }
        desk.conclude(&found.folder, &found.set, result)?;
        let outcome = result.receipt.outcome;
        if matches!(outcome, Outcome::Taken | Outcome::Repeated | Outcome::Passed) {
            let place = (found.folder.clone(), found.set.notice_name.clone());
            self.settled.insert(place, found.set.notice_sha256);
        }
        Ok(())
    }
}

/// Hands out every receipt that was not handed out before, whoever made it.
fn answer_all(taker: Taker<'_>, desk: &mut dyn Desk) -> Result<(), EngineError> {
    for record in taker.store.unanswered(MAX_ANSWERS)? {
        desk.answer(&record)?;
        taker.witness.reached("receive.answered");
        taker.store.mark_answered(record.set_no)?;
    }
    Ok(())
}

fn push_new(results: &mut Vec<SetResult>, result: SetResult) {
    if result.is_new {
        results.push(result);
    }
}

/// By version, feed and number. A taker that holds nothing begins with the last full there is, not with the first.
fn in_order(sets: &mut Vec<Found>, terms: &Terms, has_head: bool) {
    sets.sort_by(|one, other| {
        let key = |found: &Found| {
            let notice = &found.set.notice;
            (notice.version, notice.feed.clone(), notice.sequence)
        };
        key(one).cmp(&key(other))
    });
    let may_begin = |found: &Found| {
        let notice = &found.set.notice;
        let accepted = terms.version(notice.version);
        notice.kind == Kind::Full
            && accepted.is_some_and(|accepted| accepted.is_accepted_on(notice.business_date))
    };
    // Where every set counts, there is nothing that a full stands for but itself.
    if !has_head
        && !terms.is_each_counted
        && let Some(last_full) = sets.iter().rposition(may_begin)
    {
        let first = sets.remove(last_full);
        sets.insert(0, first);
    }
}
