//! Finding what was published and is not on record for a destination.

use renkei_core::delivery::{DeliveryLine, DeliveryTerms};

use crate::error::EngineError;
use crate::house::House;

/// Makes a line for every publication that a destination is to be given and has none for; gives the new ones. Writes
/// nothing where there is none.
pub fn note_due(house: House<'_>, destinations: &[DeliveryTerms]) -> Result<Vec<DeliveryLine>, EngineError> {
    let now = house.clock.now();
    let snapshot = house.store.snapshot()?;
    let mut lines = Vec::new();
    for terms in destinations {
        for feed in &terms.feeds {
            let sequences = snapshot.undelivered(feed, &terms.id)?;
            lines.extend(
                sequences
                    .into_iter()
                    .map(|sequence| DeliveryLine::due(feed, sequence, &terms.id, &terms.system, now)),
            );
        }
    }
    drop(snapshot);
    if lines.is_empty() {
        return Ok(lines);
    }
    let mut tx = house.store.begin()?;
    // Another process may have been faster, and may be at work on one of them.
    let mut new = Vec::new();
    for line in lines {
        if tx.delivery_line(&line.feed, line.sequence, &line.destination)?.is_none() {
            tx.put_delivery_line(&line)?;
            new.push(line);
        }
    }
    tx.commit()?;
    house.witness.reached("deliver.due-noted");
    Ok(new)
}
