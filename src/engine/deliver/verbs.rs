//! What a person decides about deliveries; each with a reason in the audit.

use renkei_core::delivery::{DeliveryLine, DeliveryState, DeliveryTerms, TrustedKey};
use renkei_core::publication::Progress;
use renkei_core::{DestinationId, FeedId, Sequence};

use crate::error::EngineError;
use crate::generate::audit_entry;
use crate::house::House;

/// Makes a publication due at a destination once more, or for the first time; gives its line. Only of the feeds that the
/// destination is given: whoever may have a feed was decided where its receivers are declared.
pub fn deliver_again(
    house: House<'_>,
    terms: &DeliveryTerms,
    feed: &FeedId,
    sequence: Sequence,
) -> Result<DeliveryLine, EngineError> {
    if !terms.feeds.contains(feed) {
        return Err(EngineError::NotGiven { destination: terms.id.clone(), feed: feed.clone() });
    }
    let missing = || EngineError::NoSuchPublication { feed: feed.clone(), sequence };
    let record = house.store.snapshot()?.publication(feed, sequence)?.ok_or_else(missing)?;
    if record.progress != Progress::Published {
        return Err(missing());
    }
    let now = house.clock.now();
    let mut tx = house.store.begin()?;
    let line = match tx.delivery_line(feed, sequence, &terms.id)? {
        Some(line) => line.again(now),
        None => DeliveryLine::due(feed, sequence, &terms.id, &terms.system, now),
    };
    tx.put_delivery_line(&line)?;
    let what = format!("delivery again {feed} {sequence} to {}", terms.id);
    tx.append_audit(&audit_entry(house, what, house.reason, "due".to_owned()))?;
    tx.commit()?;
    Ok(line)
}

/// Makes a delivery that had stopped due again; gives its line, or `None` where it has not stopped any more.
pub fn resume(house: House<'_>, line: &DeliveryLine) -> Result<Option<DeliveryLine>, EngineError> {
    let now = house.clock.now();
    let mut tx = house.store.begin()?;
    let stands = tx.delivery_line(&line.feed, line.sequence, &line.destination)?;
    let Some(line) = stands.filter(|line| line.state == DeliveryState::Stopped) else { return Ok(None) };
    let line = line.again(now);
    tx.put_delivery_line(&line)?;
    let what = format!("delivery again {} {} to {}", line.feed, line.sequence, line.destination);
    tx.append_audit(&audit_entry(house, what, house.reason, "due".to_owned()))?;
    tx.commit()?;
    Ok(Some(line))
}

/// Ends an open delivery without giving anything, so that the later ones of its feed go on. `None` where it is not
/// open.
pub fn give_up(
    house: House<'_>,
    destination: &DestinationId,
    feed: &FeedId,
    sequence: Sequence,
) -> Result<Option<DeliveryLine>, EngineError> {
    let mut tx = house.store.begin()?;
    let Some(line) = tx.delivery_line(feed, sequence, destination)?.filter(|line| line.state.is_open())
    else {
        return Ok(None);
    };
    let line = DeliveryLine { state: DeliveryState::GivenUp, next_at: None, ..line };
    tx.put_delivery_line(&line)?;
    let what = format!("delivery give-up {feed} {sequence} to {destination}");
    tx.append_audit(&audit_entry(house, what, house.reason, "given up".to_owned()))?;
    tx.commit()?;
    Ok(Some(line))
}

/// Accepts a host key for a destination or source at a host and port; with `only` it takes the others back. What the old
/// key stopped is due again.
pub fn trust_key(
    house: House<'_>,
    destination: &DestinationId,
    place: &str,
    fingerprint: &str,
    only: bool,
) -> Result<(bool, u64), EngineError> {
    let now = house.clock.now();
    let mut tx = house.store.begin()?;
    let is_new = tx.trust_key(&TrustedKey {
        destination: destination.clone(),
        place: place.to_owned(),
        fingerprint: fingerprint.to_owned(),
        operator: house.operator.to_owned(),
        at: now,
    })?;
    let n_taken_back = if only { tx.distrust_keys_but(destination, place, fingerprint)? } else { 0 };
    for line in tx.delivery_lines(Some(destination), true)? {
        if line.state == DeliveryState::Stopped && is_of_key(line.fault_code.as_deref()) {
            tx.put_delivery_line(&line.again(now))?;
        }
    }
    // The id may be a source's.
    let source = tx.pull_line(destination)?;
    if let Some(line) = source.filter(|line| line.is_stopped && is_of_key(line.fault_code.as_deref())) {
        tx.put_pull_line(&line.again())?;
    }
    let what = format!("destination trust {destination} {fingerprint}");
    let result =
        format!("{}, {n_taken_back} taken back", if is_new { "accepted" } else { "accepted before" });
    tx.append_audit(&audit_entry(house, what, house.reason, result))?;
    tx.commit()?;
    Ok((is_new, n_taken_back))
}

fn is_of_key(fault_code: Option<&str>) -> bool {
    matches!(fault_code, Some("delivery.host-key-unknown" | "delivery.host-key-changed"))
}
