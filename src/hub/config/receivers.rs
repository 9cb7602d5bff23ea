//! `receivers` of a `[[feed]]`: systems, each always or from a day through another.

use renkei_core::BusinessId;
use renkei_core::declared::{Located, Problems, Table, Value};
use renkei_core::feed::FeedReceiver;
use renkei_core::ledger::ReceiverWindow;
use renkei_core::mend::MendRule;

/// Reads the list; `None` where one of it is wrong, which has been reported.
pub(super) fn read(
    list: Value<'_>,
    usual: MendRule,
    problems: &Problems,
) -> Option<Vec<Located<FeedReceiver>>> {
    let read: Vec<_> = list
        .values("a list of texts or tables")?
        .into_iter()
        .map(|value| {
            let spot = value.spot().clone();
            let receiver = if value.is_table() {
                value.table().and_then(|table| with_window(table, usual, problems))
            } else {
                value.parsed::<BusinessId>().map(|system| FeedReceiver {
                    system,
                    window: ReceiverWindow::ALWAYS,
                    mend: usual,
                })
            };
            Some(Located { value: receiver?, spot })
        })
        .collect();
    read.into_iter().collect()
}

/// `{ system = "015", from = 2027-04-01, until = 2027-09-30, mend = "merged" }`; all but the system may be left out.
fn with_window(mut table: Table<'_>, usual: MendRule, problems: &Problems) -> Option<FeedReceiver> {
    let system = table.required("system").and_then(Value::parsed::<BusinessId>);
    let until_spot = table.spot_of("until");
    let from = table.optional("from").map(Value::date);
    let until = table.optional("until").map(Value::date);
    let mend = table.optional("mend").map_or(Some(usual), |value| value.one_of(&MendRule::WORDS));
    table.finish();
    let window = ReceiverWindow { from: from.flatten(), until: until.flatten() };
    if window.is_empty() {
        problems.report(&until_spot, "until is before from");
        return None;
    }
    Some(FeedReceiver { system: system?, window, mend: mend? })
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
