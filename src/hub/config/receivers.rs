//! `receivers` of a `[[feed]]`: systems, each always or from a day through another.

use renkei_core::BusinessId;
use renkei_core::declared::{Located, Problems, Table, Value};
use renkei_core::feed::FeedReceiver;
use renkei_core::ledger::ReceiverWindow;

/// Reads the list; `None` where one of it is wrong, which has been reported.
pub(super) fn read(list: Value<'_>, problems: &Problems) -> Option<Vec<Located<FeedReceiver>>> {
    let read: Vec<_> = list
        .values("a list of texts or tables")?
        .into_iter()
        .map(|value| {
            let spot = value.spot().clone();
            let receiver = if value.is_table() {
                value.table().and_then(|table| with_window(table, problems))
            } else {
                value
                    .parsed::<BusinessId>()
                    .map(|system| FeedReceiver { system, window: ReceiverWindow::ALWAYS })
            };
            Some(Located { value: receiver?, spot })
        })
        .collect();
    read.into_iter().collect()
}

/// `{ system = "015", from = 2027-04-01, until = 2027-09-30 }`; either day may be left out.
fn with_window(mut table: Table<'_>, problems: &Problems) -> Option<FeedReceiver> {
    let system = table.required("system").and_then(Value::parsed::<BusinessId>);
    let until_spot = table.spot_of("until");
    let from = table.optional("from").map(Value::date);
    let until = table.optional("until").map(Value::date);
    table.finish();
    let window = ReceiverWindow { from: from.flatten(), until: until.flatten() };
    if window.is_empty() {
        problems.report(&until_spot, "until is before from");
        return None;
    }
    Some(FeedReceiver { system: system?, window })
}

/// The receivers, each system once.
pub(super) fn distinct(list: Vec<Located<FeedReceiver>>, problems: &Problems) -> Vec<FeedReceiver> {
    let mut seen: Vec<FeedReceiver> = Vec::new();
    for Located { value, spot } in list {
        if seen.iter().any(|earlier| earlier.system == value.system) {
            problems.report(&spot, format!("system {} is named twice", value.system));
        } else {
            seen.push(value);
        }
    }
    seen
}
