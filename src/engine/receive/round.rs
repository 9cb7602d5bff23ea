//! One round of an intake: look at its folders, take in what is next for as long as something is, hand out receipts.

use std::collections::HashMap;

use renkei_core::port::{FileStamp, Outcome, SeenFile, SeenName};
use renkei_core::publication::Kind;
use renkei_core::receive::{
    Conversion, FoundSet, Pairer, Pairing, Patience, PendingNotice, Receipt, Stray, Terms, UnreadableNotice,
    WaitingSet, read_notice,
};
use renkei_core::{FeedId, FileName, FolderPath, Sequence, Version};

use super::desk::Desk;
use super::set::{Goal, Set, SetResult, Taker, refuse_unreadable, take_set};
use crate::error::EngineError;

/// Receipts handed out in one round.
const MAX_ANSWERS: u32 = 1_000;

/// Remembers an intake's folders from round to round.
#[derive(Debug, Default)]
pub struct Rounds {
    pairers: HashMap<FolderPath, Pairer>,
    /// Sets that were refused or wait, by folder and notice: not read again while nothing has changed.
    stuck: HashMap<(FolderPath, FileName), Stuck>,
}

/// A verdict that stands while its files, and what the intake stands at, are the same.
#[derive(Debug)]
struct Stuck {
    stamps: Vec<FileStamp>,
    is_settled: bool,
    head: Option<(FeedId, Sequence)>,
    receipt: Receipt,
}

/// Where the rows of an intake go.
pub struct Tables<'t> {
    /// The table for a version's rows; `None` keeps keys and digests only.
    pub name: &'t dyn Fn(Version) -> Option<String>,
    /// What values become on their way there, by version.
    pub conversion: &'t dyn Fn(Version) -> Option<&'t Conversion>,
}

/// What a round came to.
#[derive(Debug, Default)]
pub struct Look {
    /// Sets judged, in order; those that nothing new was said of left out.
    pub results: Vec<SetResult>,
    /// What was refused before and stands there as it did: said again, for nothing after it is taken in.
    pub standing: Vec<Receipt>,
    /// Sets that wait for others before them.
    pub gaps: Vec<Receipt>,
    /// Sets that lack files.
    pub incomplete: Vec<WaitingSet>,
    /// Notices of which nothing can be said yet.
    pub pending: Vec<PendingNotice>,
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
    /// What its files looked like, in the order of the notice.
    pub stamps: Vec<FileStamp>,
}

/// What a look found: whole sets, and notices that cannot be read.
type Seen = (Vec<Found>, Vec<(FolderPath, UnreadableNotice)>);

impl Rounds {
    /// Goes round once.
    pub fn go(
        &mut self,
        taker: Taker<'_>,
        terms: &Terms,
        patience: &Patience,
        tables: &Tables<'_>,
        goal: Goal,
        desk: &mut dyn Desk,
    ) -> Result<Look, EngineError> {
        let mut look = Look::default();
        let (mut sets, unreadable) = self.look(taker, terms, patience, desk, &mut look)?;
        if goal == Goal::Take {
            for (folder, notice) in unreadable {
                let result = refuse_unreadable(taker, terms, &notice)?;
                desk.conclude_unreadable(&folder, &notice, &result)?;
                look.push(result);
            }
        }
        let mut head = stands_at(taker, terms)?;
        in_order(&mut sets, terms, head.is_some());
        self.stuck.retain(|place, _| sets.iter().any(|found| found.place() == *place));
        // What waits may be next once another is in: again, until nothing moves.
        loop {
            let (mut n_taken, mut waiting) = (0, Vec::new());
            for found in sets {
                if taker.witness.wants_stop() {
                    return Err(EngineError::Stopped);
                }
                if !desk.is_change_allowed(&found.set)
                    && let Some(receipt) = self.stands(&found, head.as_ref())
                {
                    match receipt.outcome {
                        Outcome::Waiting => look.gaps.push(receipt.clone()),
                        _ => look.standing.push(receipt.clone()),
                    }
                    continue;
                }
                let version = found.set.notice.version;
                let table = (tables.name)(version);
                let set = Set {
                    terms,
                    folder: &found.folder,
                    found: &found.set,
                    table: table.as_deref(),
                    conversion: (tables.conversion)(version),
                };
                let result = take_set(taker, set, goal, desk)?;
                match result.receipt.outcome {
                    Outcome::Taken => {
                        n_taken += 1;
                        head = stands_at(taker, terms)?;
                    }
                    Outcome::Waiting => {
                        waiting.push((found, result));
                        continue;
                    }
                    _ => {}
                }
                if goal == Goal::Take {
                    desk.conclude(&found.folder, &found.set, &result)?;
                    self.remember(&found, head.as_ref(), &result.receipt);
                }
                look.push(result);
                if goal == Goal::Preview && n_taken > 0 {
                    // What would come after it cannot be told without taking it in.
                    return Ok(look);
                }
            }
            if n_taken == 0 || waiting.is_empty() {
                for (found, result) in waiting {
                    if goal == Goal::Take {
                        desk.conclude(&found.folder, &found.set, &result)?;
                        self.remember(&found, head.as_ref(), &result.receipt);
                    }
                    look.gaps.push(result.receipt.clone());
                    look.push(result);
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

    /// The verdict on a set that nothing has changed for.
    fn stands(&self, found: &Found, head: Option<&(FeedId, Sequence)>) -> Option<&Receipt> {
        let stuck = self.stuck.get(&found.place())?;
        let is_same = (&stuck.stamps, stuck.is_settled, stuck.head.as_ref())
            == (&found.stamps, found.set.is_settled, head);
        is_same.then_some(&stuck.receipt)
    }

    fn remember(&mut self, found: &Found, head: Option<&(FeedId, Sequence)>, receipt: &Receipt) {
        if matches!(receipt.outcome, Outcome::Refused | Outcome::Waiting) {
            let stuck = Stuck {
                stamps: found.stamps.clone(),
                is_settled: found.set.is_settled,
                head: head.cloned(),
                receipt: receipt.clone(),
            };
            self.stuck.insert(found.place(), stuck);
        }
    }

    /// The whole sets of all folders that were not settled before.
    fn look(
        &mut self,
        taker: Taker<'_>,
        terms: &Terms,
        patience: &Patience,
        desk: &dyn Desk,
        look: &mut Look,
    ) -> Result<Seen, EngineError> {
        let now = taker.clock.now();
        let settled = taker.store.settled(&terms.id)?;
        let (mut sets, mut unreadable) = (Vec::new(), Vec::new());
        for folder in &terms.folders {
            let seen = taker.share.look(folder)?;
            let stamps = stamps_of(&seen);
            let pairer = self.pairers.entry(folder.clone()).or_default();
            let mut read = |name: &FileName| read_notice(taker.share, folder, name);
            let pairing: Pairing = pairer.look(seen, &mut read, now, patience);
            unreadable.extend(pairing.unreadable.into_iter().map(|notice| (folder.clone(), notice)));
            // What says of itself that it is too large need not be whole to be refused.
            let (too_large, waiting): (Vec<_>, Vec<_>) =
                pairing.waiting.into_iter().partition(|set| !terms.most.exceeded(&set.notice).is_empty());
            look.incomplete.extend(waiting);
            let too_large = too_large.into_iter().map(|set| FoundSet {
                notice_name: set.notice_name,
                notice: set.notice,
                notice_sha256: set.notice_sha256,
                is_settled: true,
            });
            look.pending.extend(pairing.pending);
            look.strays.extend(pairing.strays);
            let whole = pairing.ready.into_iter().chain(too_large).filter(|set| {
                // Files that are taken away once they are done with may be here because that was cut off.
                desk.takes_away() || !settled.contains(&set.notice_sha256)
            });
            sets.extend(whole.map(|set| {
                let names = set.notice.names().chain([&set.notice_name]);
                let stamps = names.filter_map(|name| stamps.get(name).copied()).collect();
                Found { folder: folder.clone(), set, stamps }
            }));
        }
        Ok((sets, unreadable))
    }
}

impl Look {
    fn push(&mut self, result: SetResult) {
        if result.is_new {
            self.results.push(result);
        } else if result.receipt.outcome == Outcome::Refused {
            self.standing.push(result.receipt);
        }
    }
}

impl Found {
    fn place(&self) -> (FolderPath, FileName) {
        (self.folder.clone(), self.set.notice_name.clone())
    }
}

/// What the verdict on a set depends on besides the set.
fn stands_at(taker: Taker<'_>, terms: &Terms) -> Result<Option<(FeedId, Sequence)>, EngineError> {
    Ok(taker.store.head(&terms.id)?.map(|head| (head.feed, head.sequence)))
}

fn stamps_of(seen: &[SeenFile]) -> HashMap<FileName, FileStamp> {
    let plain = seen.iter().filter_map(|file| match &file.name {
        SeenName::Plain(name) => Some((name.clone(), file.stamp)),
        SeenName::Odd(_) => None,
    });
    plain.collect()
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

/// By version, feed and number; what is not accepted on its date goes last, when a switch to another version is
/// behind. A taker that holds nothing begins with the last full there is, not with the first.
fn in_order(sets: &mut Vec<Found>, terms: &Terms, has_head: bool) {
    sets.sort_by(|one, other| {
        let key = |found: &Found| {
            let notice = &found.set.notice;
            let accepted = terms.version(notice.version);
            let is_late = !accepted.is_some_and(|accepted| accepted.is_accepted_on(notice.business_date));
            (is_late, notice.version, notice.feed.clone(), notice.sequence)
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
