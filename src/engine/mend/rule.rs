//! Mending by rule: what a person would do for a receiver that lacks or refused something, done once for each answer.

use chrono::NaiveDate;
use renkei_core::Moment;
use renkei_core::feed::{Feed, FeedReceiver};
use renkei_core::mend::{MendPlan, MendWay};
use renkei_core::port::Snapshot;
use renkei_core::publication::Kind;

use super::execute::{Mended, mend};
use super::look::plan_mend_of;
use crate::error::EngineError;
use crate::house::House;

/// Mends a receiver by its rule, where it needs that and nothing done before is still to be answered. `None` where
/// nothing is done: nobody need, may or can without a person.
pub fn mend_by_rule(
    house: House<'_>,
    feed: &Feed,
    receiver: &FeedReceiver,
    today: NaiveDate,
) -> Result<Option<Mended>, EngineError> {
    let Some(way) = receiver.mend.way() else { return Ok(None) };
    if !receiver.window.has(today) {
        return Ok(None);
    }
    let plan = plan_mend_of(house, feed, &receiver.system, Some(way), today)?;
    if !plan.is_needed || is_under_way(house.store.snapshot()?.as_ref(), feed, &plan, way)? {
        return Ok(None);
    }
    if plan.chosen.is_none() {
        let option = plan.option(way);
        let whys: Vec<String> =
            option.iter().flat_map(|option| &option.obstacles).map(ToString::to_string).collect();
        tracing::warn!(
            feed = feed.id.as_str(),
            receiver = receiver.system.as_str(),
            way = way.as_str(),
            "a receiver cannot be mended by rule, a person must: {}",
            whys.join("; ")
        );
        return Ok(None);
    }
    let reason = format!("by rule: mend = {:?}", way.as_str());
    mend(house, feed, &plan, today, &reason).map(Some)
}

/// True when what was done before is still to be answered, or was done and did not help.
fn is_under_way(
    snapshot: &dyn Snapshot,
    feed: &Feed,
    plan: &MendPlan,
    way: MendWay,
) -> Result<bool, EngineError> {
    match way {
        MendWay::Merged => {
            let head = snapshot.feed_head(&feed.id)?.map(|head| head.sequence);
            // One that its folder refuses is under way too: another would be refused like it.
            let all = snapshot.mendings(Some(&feed.id), None)?;
            Ok(all.iter().any(|one| {
                one.receiver == plan.receiver
                    && Some(one.base_sequence) == plan.holds
                    && Some(one.sequence) == head
            }))
        }
        MendWay::Again => {
            let gives = plan.option(way).map(|option| option.gives.as_slice()).unwrap_or_default();
            let answers = snapshot.ledger_events(Some(&feed.id), None, Some(&plan.receiver))?;
            let standing = snapshot.standing_publications()?;
            // Given after the last answer to it, it is the receiver's turn.
            let is_given = |sequence| {
                let since = standing
                    .iter()
                    .find(|one| one.feed == feed.id && one.sequence == sequence)
                    .and_then(|one| Moment::parse(&one.since));
                let answered = answers.iter().filter(|event| event.sequence == sequence);
                let answered = answered.map(|event| event.recorded_at).max();
                since.zip(answered).is_some_and(|(since, answered)| since > answered)
            };
            Ok(!gives.is_empty() && gives.iter().all(|sequence| is_given(*sequence)))
        }
        // Whoever did not take the last full will not take another.
        MendWay::Full => {
            let first = plan.needed.first();
            let first = first.map(|first| snapshot.publication(&feed.id, *first)).transpose()?.flatten();
            Ok(first.is_some_and(|first| first.kind == Kind::Full))
        }
    }
}
