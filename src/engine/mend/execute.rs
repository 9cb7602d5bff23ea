//! Going the chosen way. May be cut off anywhere: what was given again is recognised as a repeat, and a plan made
//! anew has only what is still lacking.

use chrono::NaiveDate;
use renkei_core::feed::Feed;
use renkei_core::mend::{MendPlan, MendWay};
use renkei_core::redo::RedeliverFrom;

use crate::error::EngineError;
use crate::generate::{Cause, Content, Generated, Published, audit_entry, make, make_mending};
use crate::house::House;
use crate::redo::{Redelivered, redeliver};

/// What came of it.
#[derive(Debug, Clone)]
pub enum Mended {
    /// Publications given again.
    Again(Vec<Redelivered>),
    /// One diff in the receiver's mailbox.
    Merged(Box<Published>),
    /// A full, published or held by the guard.
    Full(Box<Generated>),
}

/// Carries a plan out. [`EngineError::MendRefused`] where it chose no way.
pub fn mend(
    house: House<'_>,
    feed: &Feed,
    plan: &MendPlan,
    business_date: NaiveDate,
    reason: &str,
) -> Result<Mended, EngineError> {
    let house = House { reason, ..house };
    let Some(way) = plan.chosen else {
        let of_option = |option: &renkei_core::mend::MendOption| {
            let obstacles: Vec<String> = option.obstacles.iter().map(ToString::to_string).collect();
            format!("{}: {}", option.way.as_str(), obstacles.join(", "))
        };
        let whys = plan.options.iter().filter(|option| !option.works()).map(of_option).collect();
        return Err(EngineError::MendRefused {
            feed: feed.id.clone(),
            receiver: plan.receiver.clone(),
            whys,
        });
    };
    let what = format!("mend {} for {} as {}", feed.id, plan.receiver, way.as_str());
    match way {
        MendWay::Again => {
            let gives = plan.option(way).map(|option| option.gives.clone()).unwrap_or_default();
            let mut redelivered = Vec::new();
            for sequence in &gives {
                redelivered.push(redeliver(house, &feed.id, *sequence, RedeliverFrom::Data, reason)?);
            }
            let numbers: Vec<String> = gives.iter().map(ToString::to_string).collect();
            let mut tx = house.store.begin()?;
            tx.append_audit(&audit_entry(
                house,
                what,
                reason,
                format!("given again: {}", numbers.join(" ")),
            ))?;
            tx.commit()?;
            Ok(Mended::Again(redelivered))
        }
        MendWay::Merged => {
            let Some(base) = plan.holds else { return Err(EngineError::NoBase { feed: feed.id.clone() }) };
            let cause = Cause { what, reason: Some(reason.to_owned()), redoes: None };
            let made = make_mending(house, feed, &plan.receiver, base, None, &cause)?;
            Ok(Mended::Merged(Box::new(made)))
        }
        MendWay::Full => {
            let cause = Cause { what, reason: Some(reason.to_owned()), redoes: None };
            Ok(Mended::Full(Box::new(make(house, feed, Content::Full, business_date, &cause)?)))
        }
    }
}
