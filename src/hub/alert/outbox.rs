//! Emptying the outbox: what is due goes out within the limit, and what came of it is recorded at once.
//!
//! A crash between sending and recording sends that one message again; nothing is lost.

use renkei_core::Moment;
use renkei_core::alert::{Alert, Channel, Delivery, Outcome, Pending, next_try};
use renkei_core::port::{DeliveryRecord, Store, StoreError, WaitingMessage};

use super::sender::AlertSender;

/// Where messages wait.
pub(crate) trait Outbox {
    /// Why it cannot be read or written.
    type Error;

    /// What waits for a channel, and when its last `n_sent` messages went out.
    fn waiting(
        &self,
        channel: Channel,
        n_sent: u32,
    ) -> Result<(Vec<WaitingMessage>, Vec<Moment>), Self::Error>;

    /// Records a try of these messages; durable before it gives.
    fn record(&mut self, message_nos: &[u64], record: &DeliveryRecord) -> Result<(), Self::Error>;
}

/// The hub's: its database.
struct OfStore<'s>(&'s dyn Store);

impl Outbox for OfStore<'_> {
    type Error = StoreError;

    fn waiting(
        &self,
        channel: Channel,
        n_sent: u32,
    ) -> Result<(Vec<WaitingMessage>, Vec<Moment>), StoreError> {
        // What is read must not be held while a server takes its time.
        let snapshot = self.0.snapshot()?;
        Ok((snapshot.undelivered_alerts(channel)?, snapshot.alerts_sent_at(channel, n_sent)?))
    }

    fn record(&mut self, message_nos: &[u64], record: &DeliveryRecord) -> Result<(), StoreError> {
        let mut transaction = self.0.begin()?;
        transaction.put_delivery(message_nos, record)?;
        transaction.commit()?;
        Ok(())
    }
}

/// What emptying the outbox came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Messages that were told, those of a summary each counted.
    pub n_told: usize,
    /// Messages that wait for another try or for the limit.
    pub n_waiting: usize,
    /// Messages that were refused for good or given up.
    pub n_lost: usize,
    /// When to look again; `None` when nothing waits.
    pub look_again: Option<Moment>,
}

/// Tells what waits and is due. `now` is asked for each message, because sending takes time.
pub fn deliver_waiting(
    store: &dyn Store,
    sender: &AlertSender,
    now: &dyn Fn() -> Moment,
) -> Result<Delivered, StoreError> {
    empty(&mut OfStore(store), sender, now)
}

/// The same for any outbox.
pub(crate) fn empty<O: Outbox>(
    outbox: &mut O,
    sender: &AlertSender,
    now: &dyn Fn() -> Moment,
) -> Result<Delivered, O::Error> {
    let mut delivered = Delivered::default();
    for channel in sender.channels() {
        Round { outbox, sender, now, channel, delivered: &mut delivered }.run()?;
    }
    Ok(delivered)
}

struct Round<'r, O> {
    outbox: &'r mut O,
    sender: &'r AlertSender,
    now: &'r dyn Fn() -> Moment,
    channel: Channel,
    delivered: &'r mut Delivered,
}

impl<O: Outbox> Round<'_, O> {
    fn run(mut self) -> Result<(), O::Error> {
        let limit = self.sender.limit();
        let (waiting, log) = self.outbox.waiting(self.channel, limit.n_max)?;
        let now = (self.now)();
        let mut pending = Vec::new();
        for message in &waiting {
            match next(message, now) {
                Some(next) => pending.push(next),
                None => self.record(&[message], Outcome::GivenUp, 0)?,
            }
        }
        let plan = limit.decide(&log, &pending, now);
        let alone = plan.send.iter().map(std::slice::from_ref);
        let together = Some(plan.summarise.as_slice()).filter(|numbers| !numbers.is_empty());
        let mut letters = alone.chain(together);
        for message_nos in letters.by_ref() {
            if !self.tell(&waiting, message_nos)? {
                break;
            }
        }
        // Where nobody answers, each further try would only take its time.
        let n_untried: usize = letters.map(<[u64]>::len).sum();
        self.delivered.n_waiting += plan.hold.len() + n_untried;
        self.look_again(plan.hold_until);
        Ok(())
    }

    /// False when there is no way through at the moment.
    fn tell(&mut self, waiting: &[WaitingMessage], message_nos: &[u64]) -> Result<bool, O::Error> {
        let messages: Vec<&WaitingMessage> =
            waiting.iter().filter(|message| message_nos.contains(&message.message_no)).collect();
        let alerts: Vec<Alert> = messages.iter().map(|message| message.alert.clone()).collect();
        let Some(delivery) = self.sender.send_on(self.channel, &alerts, (self.now)()) else {
            return Ok(false);
        };
        let is_open = !matches!(delivery.outcome, Outcome::Unreachable { .. } | Outcome::TimedOut);
        self.record(&messages, delivery.outcome, delivery.duration_ms)?;
        Ok(is_open)
    }

    fn record(
        &mut self,
        messages: &[&WaitingMessage],
        outcome: Outcome,
        duration_ms: u64,
    ) -> Result<(), O::Error> {
        let now = (self.now)();
        let delivery = Delivery { channel: self.channel, outcome, duration_ms };
        let (is_done, is_retryable) = (delivery.is_done(), delivery.is_retryable());
        let numbers: Vec<u64> = messages.iter().map(|message| message.message_no).collect();
        self.outbox.record(&numbers, &DeliveryRecord { at: now.to_string(), delivery })?;
        match () {
            () if is_done => self.delivered.n_told += messages.len(),
            () if is_retryable => {
                self.delivered.n_waiting += messages.len();
                for message in messages {
                    self.look_again(next_try(message.n_failed + 1, now).or(Some(now)));
                }
            }
            () => self.delivered.n_lost += messages.len(),
        }
        Ok(())
    }

    fn look_again(&mut self, at: Option<Moment>) {
        self.delivered.look_again = self.delivered.look_again.into_iter().chain(at).min();
    }
}

/// When a message may be tried; `None` when it was tried too often. After a clock that went back, the next try
/// is now, and is recorded by the new time.
fn next(message: &WaitingMessage, now: Moment) -> Option<Pending> {
    let not_before = match message.last_try {
        Some(last) if last <= now => Some(next_try(message.n_failed, last)?),
        _ => None,
    };
    Some(Pending { message_no: message.message_no, not_before })
}
