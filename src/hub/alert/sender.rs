//! Bringing alerts out over the channels that are declared.

use std::time::Instant;

use renkei_core::Moment;
use renkei_core::alert::{Alert, Channel, Delivery, Outcome, RateLimit};

use super::letter::{HubName, Letter};
use super::{hook, mail};
use crate::config::{AlertConfig, Config};
use crate::console::Lang;

/// Knows the channels. Sending blocks, at most as long as each channel's time limit.
#[derive(Debug, Clone)]
pub struct AlertSender {
    config: AlertConfig,
    hub: HubName,
}

impl AlertSender {
    /// For a hub.
    pub fn new(config: &Config) -> Self {
        Self { config: config.alert.clone(), hub: HubName::of(config) }
    }

    /// For whoever declares channels as a hub does.
    pub(crate) fn of(config: AlertConfig, hub: HubName) -> Self {
        Self { config, hub }
    }

    /// The channels that are declared.
    pub fn channels(&self) -> Vec<Channel> {
        self.config.channels()
    }

    /// The channels that are to be told of an alert: what to give to `Transaction::open_alert`.
    pub fn channels_for(&self, alert: &Alert) -> Vec<Channel> {
        self.config.channels_for(alert.severity())
    }

    /// An alert in one line.
    pub(crate) fn title(&self, alert: &Alert, lang: Lang) -> String {
        Letter::of(alert, &self.hub, lang).field("title").to_owned()
    }

    /// How many messages of a channel go out in a period.
    pub fn limit(&self) -> RateLimit {
        self.config.limit
    }

    /// Tells an alert at once over every channel that wants it, whatever the limit says.
    pub fn send(&self, alert: &Alert, now: Moment) -> Vec<Delivery> {
        let alerts = std::slice::from_ref(alert);
        let channels = self.channels_for(alert);
        channels.into_iter().filter_map(|channel| self.send_on(channel, alerts, now)).collect()
    }

    /// Tells one alert, or several in a summary, over one channel. `None` where it is not declared or there is
    /// nothing to tell.
    pub fn send_on(&self, channel: Channel, alerts: &[Alert], now: Moment) -> Option<Delivery> {
        let started = Instant::now();
        let letter = |lang| match alerts {
            [] => None,
            [alert] => Some(Letter::of(alert, &self.hub, lang)),
            several => Some(Letter::summary(several, &self.hub, lang, now)),
        };
        let outcome = match channel {
            Channel::Mail => {
                let config = self.config.mail.as_ref()?;
                mail::send(config, &letter(config.lang)?, now)
            }
            Channel::Command => {
                let config = self.config.command.as_ref()?;
                hook::run(config, &letter(config.lang)?)
            }
        };
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let delivery = Delivery { channel, outcome, duration_ms };
        log(&delivery, alerts);
        Some(delivery)
    }
}

fn log(delivery: &Delivery, alerts: &[Alert]) {
    let channel = delivery.channel.as_str();
    let (n_alerts, duration_ms) = (alerts.len(), delivery.duration_ms);
    if delivery.is_done() {
        tracing::info!(alert.channel = channel, alerts = n_alerts, duration_ms, "people were told");
        return;
    }
    // What a program says is on record, not in the log.
    let outcome = match &delivery.outcome {
        Outcome::Sent { .. } => "sent",
        Outcome::Exited { .. } => "exited with a failure",
        Outcome::Refused { .. } => "refused",
        Outcome::Unreachable { .. } => "unreachable",
        Outcome::TimedOut => "timed out",
        Outcome::GivenUp => "given up",
    };
    tracing::warn!(alert.channel = channel, alerts = n_alerts, duration_ms, outcome, "people were not told");
}
