//! The scheduler cannot work: told to people at once and directly, because what keeps it from working may be
//! the very database that the outbox of alerts is in.

use std::sync::Arc;

use renkei_core::alert::{Alert, Delivery, Matter, News, Word};
use renkei_core::{Class, Fault, Moment};

use super::look::causes;
use crate::alert::AlertSender;

/// A fault that goes away by itself, such as a command that writes, is nobody's business before so many seconds.
const PATIENCE_S: i64 = 300;

/// Remembers what keeps the scheduler from working.
#[derive(Debug, Default)]
pub(super) struct Standstill {
    now: Option<Stop>,
}

#[derive(Debug)]
struct Stop {
    code: &'static str,
    since: Moment,
    told: Option<Alert>,
}

impl Standstill {
    /// A look failed. The log hears of it once, people once, unless the fault changes.
    pub(super) fn stopped(&mut self, fault: &dyn Fault, sender: &Arc<AlertSender>, now: Moment) {
        let code = fault.code();
        let mut stop = match self.now.take() {
            Some(stop) if stop.code == code => stop,
            other => {
                let causes = causes(fault);
                tracing::error!(fault.code = code, "the scheduler cannot work: {causes}");
                let since = other.as_ref().map_or(now, |stop| stop.since);
                Stop { code, since, told: None }
            }
        };
        let is_worth_telling =
            fault.class() != Class::Retry || now.since(stop.since).num_seconds() >= PATIENCE_S;
        if stop.told.is_none() && is_worth_telling {
            let alert = Alert::new(Matter::SchedulerStopped { fault_code: Word::of(code) }, now);
            send(sender, alert.clone(), now);
            stop.told = Some(alert);
        }
        self.now = Some(stop);
    }

    /// A look went well.
    pub(super) fn works(&mut self, sender: &Arc<AlertSender>, now: Moment) {
        let Some(stop) = self.now.take() else { return };
        tracing::info!(fault.code = stop.code, "the scheduler works again");
        if let Some(alert) = stop.told {
            send(sender, alert.with_news(News::Cleared, now), now);
        }
    }
}

/// On a thread of its own: a mail server may take its time.
fn send(sender: &Arc<AlertSender>, alert: Alert, now: Moment) {
    let sender = Arc::clone(sender);
    let sending = move || {
        if !sender.send(&alert, now).iter().all(Delivery::is_done) {
            tracing::error!("nobody could be told that the scheduler cannot work");
        }
    };
    if let Err(error) = std::thread::Builder::new().name("renkei-alert".to_owned()).spawn(sending) {
        tracing::error!(%error, "nobody could be told that the scheduler cannot work");
    }
}
