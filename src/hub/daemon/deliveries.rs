//! Who is told of deliveries that stopped.

use renkei_core::alert::{Alert, AlertKind, Matter, Word};
use renkei_core::delivery::{DeliveryLine, DeliveryState};
use renkei_core::port::{Store, StoreError};
use renkei_core::{Class, Moment};

use super::alarms::{Alarms, note};

/// Brings the alerts about deliveries into line with what is on record; writes nothing where they are.
pub(super) fn tell_of_deliveries(store: &dyn Store, alarms: &Alarms, now: Moment) {
    note(try_tell(store, alarms, now), "the deliveries");
}

fn try_tell(store: &dyn Store, alarms: &Alarms, now: Moment) -> Result<(), StoreError> {
    let snapshot = store.snapshot()?;
    let lines = snapshot.delivery_lines(None, true)?;
    let stopped = lines.iter().filter(|line| line.state == DeliveryState::Stopped);
    // Several of a feed may have been stopped by hand; they are one condition.
    let wanted: Vec<Alert> = stopped.map(|line| alert_of(line, now)).collect();
    drop(snapshot);
    alarms.align(store, |alert| alert.kind() == AlertKind::DeliveryStopped, &wanted, now)
}

fn alert_of(line: &DeliveryLine, now: Moment) -> Alert {
    let matter = Matter::DeliveryStopped {
        destination: Word::of(line.destination.as_str()),
        sequence: line.sequence,
        fault_code: Word::of(line.fault_code.as_deref().unwrap_or("-")),
        class: line.fault_class.unwrap_or(Class::Operator),
        n_tries: line.n_tries,
    };
    Alert::new(matter, now).of_feed(&line.feed)
}
