//! What stands where: records, folder and archive looked at. Nothing is changed.

use chrono::NaiveDate;
use renkei_core::BusinessId;
use renkei_core::feed::Feed;
use renkei_core::ledger::{PublishedSet, ReceiverWindow, Standing};
use renkei_core::mend::{MendCost, MendFacts, MendObstacle, MendPlan, MendSet, MendWay, plan_mend};
use renkei_core::notice::Notice;
use renkei_core::port::{Snapshot, Standing as Stands};
use renkei_core::publication::{Kind, Progress};
use renkei_core::redo::{RedeliverFrom, Role};

use crate::error::EngineError;
use crate::generate::{Divergence, count_mending};
use crate::house::House;
use crate::redo::plan_redelivery;

/// Looks and plans how a receiver of a feed comes to what the feed holds.
pub fn plan_mend_of(
    house: House<'_>,
    feed: &Feed,
    receiver: &BusinessId,
    wish: Option<MendWay>,
    today: NaiveDate,
) -> Result<MendPlan, EngineError> {
    let snapshot = house.store.snapshot()?;
    // Somebody asks for it, so its window does not matter.
    let standing = snapshot.receiver_standing(&feed.id, receiver, &ReceiverWindow::ALWAYS, today)?;
    let published = snapshot.published_sets(&feed.id)?;
    let mut needed = Vec::new();
    for set in its_chain(&published, &standing) {
        needed.push(mend_set(house, feed, snapshot.as_ref(), set, &standing)?);
    }
    let merged = merged(house, feed, snapshot.as_ref(), &standing, None)?;
    let facts = MendFacts {
        feed: feed.id.clone(),
        receiver: receiver.clone(),
        holds: standing.holds,
        is_state_equal: standing.is_state_equal,
        needed,
        merged: merged.0,
        merged_obstacles: merged.1,
        full: cost_of_full(snapshot.as_ref(), feed, &published)?,
        full_obstacles: full_obstacles(snapshot.as_ref(), feed, today)?,
        n_other_receivers: feed.receivers.iter().filter(|other| other.system != *receiver).count(),
    };
    Ok(plan_mend(facts, wish))
}

/// What leads from what is held to what the feed holds: what moves the state, from the last full on.
fn its_chain<'p>(
    published: &'p [PublishedSet],
    standing: &Standing,
) -> impl Iterator<Item = &'p PublishedSet> {
    let is_after = |set: &&PublishedSet| standing.holds.is_none_or(|holds| set.sequence > holds);
    let moving: Vec<_> = published.iter().filter(|set| set.kind.moves_state()).filter(is_after).collect();
    let last_full = moving.iter().rposition(|set| set.kind == Kind::Full);
    let n_before = match (last_full, standing.holds) {
        (Some(index), _) => index,
        // Who holds nothing cannot begin with a diff.
        (None, None) => moving.len(),
        (None, Some(_)) => 0,
    };
    moving.into_iter().skip(n_before)
}

fn mend_set(
    house: House<'_>,
    feed: &Feed,
    snapshot: &dyn Snapshot,
    set: &PublishedSet,
    standing: &Standing,
) -> Result<MendSet, EngineError> {
    let plan = plan_redelivery(house, &feed.id, set.sequence, RedeliverFrom::Data)?;
    let record = snapshot.publication(&feed.id, set.sequence)?;
    let notice = record.map(|record| Notice::parse(record.notice.as_bytes())).transpose()?;
    let refusal = standing.refusal.as_ref().filter(|refusal| refusal.sequence == set.sequence);
    Ok(MendSet {
        sequence: set.sequence,
        kind: set.kind,
        n_rows: notice.map_or(0, |notice| notice.n_rows),
        n_bytes: plan.files.iter().filter(|file| file.role != Role::Notice).map(|file| file.n_bytes).sum(),
        is_whole: plan.files.iter().all(|file| file.in_folder == Stands::Same),
        refusals: plan.refusals,
        refused: refusal.map(|refusal| refusal.reasons.clone()),
    })
}

/// What one diff for the receiver alone would cost, and what keeps it from being made.
pub(crate) fn merged(
    house: House<'_>,
    feed: &Feed,
    snapshot: &dyn Snapshot,
    standing: &Standing,
    theirs: Option<&Divergence>,
) -> Result<(MendCost, Vec<MendObstacle>), EngineError> {
    let nothing = |obstacle| Ok((MendCost::default(), vec![obstacle]));
    let Some(base) = theirs.map(|theirs| theirs.sequence).or(standing.holds) else {
        return nothing(MendObstacle::HoldsNothing);
    };
    let changes = match count_mending(house, feed, base, theirs) {
        Ok(changes) => changes,
        Err(EngineError::NoBase { .. } | EngineError::BaseLost { .. }) => {
            return nothing(MendObstacle::HoldsNothing);
        }
        Err(EngineError::RenderingChanged { .. }) => return nothing(MendObstacle::RenderingChanged),
        Err(EngineError::LoadInWindow { .. }) => return nothing(MendObstacle::LoadedSince),
        Err(EngineError::SurplusUnknown { .. }) => return nothing(MendObstacle::SurplusUnknown),
        Err(error) => return Err(error),
    };
    let n_rows = changes.added + changes.changed + changes.removed;
    let n_bytes = bytes_of_rows(snapshot, feed, &snapshot.published_sets(&feed.id)?, n_rows)?;
    Ok((MendCost { n_sets: 1, n_rows, n_bytes }, Vec::new()))
}

/// As many rows as the feed holds, each as long as those of its last full.
fn cost_of_full(
    snapshot: &dyn Snapshot,
    feed: &Feed,
    published: &[PublishedSet],
) -> Result<MendCost, EngineError> {
    let held = snapshot.feed_head(&feed.id)?.map_or(0, |head| head.state.n_rows());
    let n_rows = u64::try_from(held).unwrap_or(0);
    Ok(MendCost { n_sets: 1, n_rows, n_bytes: bytes_of_rows(snapshot, feed, published, n_rows)? })
}

/// About how many bytes so many rows have, by those of the feed's last full.
fn bytes_of_rows(
    snapshot: &dyn Snapshot,
    feed: &Feed,
    published: &[PublishedSet],
    n_rows: u64,
) -> Result<u64, EngineError> {
    let last = published.iter().rfind(|set| set.kind == Kind::Full).map(|set| set.sequence);
    let record = last.map(|last| snapshot.publication(&feed.id, last)).transpose()?.flatten();
    let notice = record.map(|record| Notice::parse(record.notice.as_bytes())).transpose()?;
    Ok(notice.map_or(0, |notice| {
        let n_bytes: u64 = notice.files.iter().map(|file| file.n_bytes).sum();
        let scaled = u128::from(n_bytes) * u128::from(n_rows) / u128::from(notice.n_rows.max(1));
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }))
}

fn full_obstacles(
    snapshot: &dyn Snapshot,
    feed: &Feed,
    today: NaiveDate,
) -> Result<Vec<MendObstacle>, EngineError> {
    let mut obstacles = Vec::new();
    let last = snapshot.last_publications(Some(&feed.id), 1)?;
    if let Some(held) = last.iter().find(|last| last.progress == Progress::Held) {
        obstacles.push(MendObstacle::Held { sequence: held.sequence });
    }
    if !feed.layout.is_valid_on(today) {
        obstacles.push(MendObstacle::NotInForce);
    }
    Ok(obstacles)
}
