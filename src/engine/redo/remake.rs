//! Remake: the same business date made again. A new publication, guarded like any other.

use renkei_core::feed::Feed;
use renkei_core::notice::Notice;
use renkei_core::port::{PublicationRecord, Snapshot};
use renkei_core::publication::{Kind, Progress};
use renkei_core::redo::{DiffObstacle, Later, RemakeFacts, RemakePlan, RemakeWish, plan_remake};
use renkei_core::{CommitNo, Sequence};
use renkei_registry::AtenaNo;

use super::publication;
use crate::error::EngineError;
use crate::generate::{Cause, Content, Generated, make};
use crate::house::House;

/// Looks at the records and plans; changes nothing.
pub fn plan_remake_of(
    house: House<'_>,
    feed: &Feed,
    sequence: Sequence,
    wish: RemakeWish,
) -> Result<RemakePlan, EngineError> {
    let record = publication(house, &feed.id, sequence)?;
    let snapshot = house.store.snapshot()?;
    let mut later = Vec::new();
    for one in snapshot.publications(Some(&feed.id), None)? {
        if one.sequence > sequence && one.progress != Progress::Discarded {
            let base_sequence = Notice::parse(one.notice.as_bytes())?.base_sequence;
            later.push(Later { sequence: one.sequence, kind: one.kind, base_sequence });
        }
    }
    let head = snapshot.feed_head(&feed.id)?;
    let last = snapshot.last_publications(Some(&feed.id), 1)?;
    let facts = RemakeFacts {
        record: &record,
        as_of: Notice::parse(record.notice.as_bytes())?.as_of,
        later,
        head: head.as_ref().map(|head| head.sequence),
        head_through: head.as_ref().map_or(CommitNo(0), |head| head.window.through),
        diff_obstacle: diff_obstacle(snapshot.as_ref(), feed, head.as_ref())?,
        held: last.iter().find(|last| last.progress == Progress::Held).map(|held| held.sequence),
        last_commit: snapshot.head()?,
    };
    Ok(plan_remake(&facts, wish))
}

fn diff_obstacle(
    snapshot: &dyn Snapshot,
    feed: &Feed,
    head: Option<&PublicationRecord>,
) -> Result<Option<DiffObstacle>, EngineError> {
    let Some(head) = head else { return Ok(Some(DiffObstacle::NoFull)) };
    let load = snapshot.load_commit()?;
    Ok(match () {
        () if head.progress == Progress::Sealed => Some(DiffObstacle::HeadLost),
        () if head.layout_sha256 != feed.rendering_sha256() => Some(DiffObstacle::RenderingChanged),
        () if load.is_some_and(|load| load > head.window.through) => Some(DiffObstacle::Loaded),
        () => None,
    })
}

/// Carries a plan out. [`EngineError::RemakeRefused`] where it says no. `resident` is whose rows a single holds.
pub fn remake(
    house: House<'_>,
    feed: &Feed,
    plan: &RemakePlan,
    resident: Option<AtenaNo>,
    reason: &str,
) -> Result<Generated, EngineError> {
    let refused = || EngineError::RemakeRefused {
        feed: feed.id.clone(),
        sequence: plan.sequence,
        refusals: plan.refusals.clone(),
    };
    let making = plan.makes.ok_or_else(refused)?;
    let content = match (making.kind, resident, making.as_of) {
        (Kind::Full, ..) => Content::Full,
        (Kind::Diff, ..) => Content::Diff,
        (Kind::Single, Some(resident), _) => Content::Single(resident),
        (Kind::AsOf, _, Some(day)) => Content::AsOf(day),
        (Kind::Single | Kind::AsOf, ..) => return Err(refused()),
    };
    let what = format!("remake of {} {}", feed.id, plan.sequence);
    let cause = Cause { what, reason: Some(reason.to_owned()), redoes: Some(plan.run_id.clone()) };
    make(House { reason, ..house }, feed, content, making.business_date, &cause)
}
