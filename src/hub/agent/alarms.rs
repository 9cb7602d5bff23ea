//! Whom an agent tells, and of what: the alerts that stand open, and the messages that have not gone out yet, in a file
//! of the agent's own folder.
//!
//! The alerts are those the hub raises about its intakes. A condition is told when it begins and when it is over, by
//! whichever call of the agent sees it, whether it stays or is started by cron.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use renkei_core::alert::{Alert, Channel, Delivery, Matter, News, Word};
use renkei_core::port::{DeliveryRecord, WaitingMessage};
use renkei_core::{Class, FileName, FolderPath, IntakeId, Moment};
use renkei_folder::Outbox as IntoFolder;
use serde::{Deserialize, Serialize};

use super::config::AgentConfig;
use crate::alert::{AlertSender, HubName, Outbox, empty};
use crate::{Failure, HubError};

/// Where they are kept in the agent's folder.
const FOLDER: &str = "alerts";
const FILE: &str = "alerts.json";
/// A fault that may pass by itself is told once it has lasted so long.
const PASSING_FOR: TimeDelta = TimeDelta::minutes(5);

/// Who tells, and where it is kept what was told.
#[derive(Debug)]
pub(crate) struct Alarms {
    folder: PathBuf,
    sender: AlertSender,
    intakes: Vec<IntakeId>,
}

/// How a look at an intake went, for its people.
#[derive(Debug)]
pub(super) enum Found {
    /// The alerts that should stand open.
    Standing(Vec<Alert>),
    /// It could not look; what it would have found is not known.
    Failed {
        code: &'static str,
        class: Class,
        /// That nothing came, which can be told without looking.
        nothing_came: Option<Alert>,
    },
}

impl Found {
    /// That a set of it did not come from the hub, beside what else is known.
    pub(super) fn lacks_a_set(&mut self, intake: &IntakeId, failure: &Failure, now: Moment) {
        let Self::Standing(alerts) = self else { return };
        let (intake, fault_code) = (Word::of(intake.as_str()), Word::of(failure.code()));
        alerts.push(Alert::new(Matter::ReceivingFailed { intake, fault_code }, now));
    }

    /// That the hub could not be reached: what stands here is looked at, but what stands there is not known.
    pub(super) fn cannot_reach(&mut self, failure: &Failure) {
        let Self::Standing(alerts) = self else { return };
        let is_late = |alert: &Alert| matches!(alert.matter, Matter::NothingCame { .. });
        let nothing_came = std::mem::take(alerts).into_iter().find(is_late);
        *self = Self::Failed { code: failure.code(), class: failure.class(), nothing_came };
    }
}

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// The alerts that stand open.
    open: Vec<Alert>,
    /// Since when looks fail.
    failing: BTreeMap<IntakeId, String>,
    /// The last number given to a message.
    last_no: u64,
    /// Messages that wait.
    messages: Vec<Message>,
    /// When messages went out, the last of each channel.
    sent: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Message {
    no: u64,
    channel: String,
    alert: Alert,
    n_failed: u32,
    last_try: Option<String>,
}

impl Alarms {
    /// For an agent.
    pub(crate) fn of(config: &AgentConfig) -> Self {
        let name = HubName {
            municipality: config.municipality.as_str().to_owned(),
            name: config.receiver.to_string(),
            is_agent: true,
        };
        Self {
            folder: config.folder.clone(),
            sender: AlertSender::of(config.alert.clone(), name),
            intakes: config.intakes.iter().map(|intake| intake.terms.id.clone()).collect(),
        }
    }

    /// The channels and who is named in messages.
    pub(crate) fn sender(&self) -> &AlertSender {
        &self.sender
    }

    /// The alerts that stand open, for whoever asks.
    pub(crate) fn open(&self) -> Vec<Alert> {
        self.read().open
    }

    /// Brings what stands open into line with what looks found, and tells people of what is new or over. What cannot be
    /// told is tried again after the next look.
    pub(super) fn tell(&self, found: Vec<(IntakeId, Found)>, now: &dyn Fn() -> Moment) {
        let told = self.try_tell(found, now);
        if let Err(failure) = told {
            tracing::error!(fault.code = failure.code(), "what people are to be told of could not be kept");
        }
    }

    /// The same where no intake could be looked at at all.
    pub(crate) fn tell_failed(&self, failure: &Failure, now: &dyn Fn() -> Moment) {
        let failed = |id: &IntakeId| {
            let (code, class) = (failure.code(), failure.class());
            (id.clone(), Found::Failed { code, class, nothing_came: None })
        };
        self.tell(self.intakes.iter().map(failed).collect(), now);
    }

    fn try_tell(&self, found: Vec<(IntakeId, Found)>, now: &dyn Fn() -> Moment) -> Result<(), Failure> {
        let before = self.read();
        let mut kept = before.clone();
        for (intake, found) in found {
            kept.found(&intake, found, &self.sender, now());
        }
        // A channel that is no longer declared, an intake that is no more.
        let channels = self.sender.channels();
        kept.messages.retain(|message| channels.iter().any(|one| one.as_str() == message.channel));
        let names: Vec<Word> = self.intakes.iter().map(|id| Word::of(id.as_str())).collect();
        kept.open.retain(|alert| alert.intake().is_none_or(|intake| names.contains(intake)));
        if kept != before {
            self.write(&kept)?;
        }
        let mut outbox = InFile { alarms: self, kept };
        let delivered = empty(&mut outbox, &self.sender, now)?;
        if delivered.n_lost > 0 {
            tracing::error!(lost = delivered.n_lost, "alerts could not be told to anybody");
        }
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FOLDER).join(FILE)
    }

    /// What is kept; nothing before the first time. Where it cannot be read, what stands open is told once more.
    fn read(&self) -> Kept {
        let path = self.path();
        let read = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Kept::default(),
            Err(error) => Err(error),
            Ok(text) => serde_json::from_slice(&text).map_err(std::io::Error::from),
        };
        read.unwrap_or_else(|error| {
            tracing::warn!(file = %path.display(), %error, "cannot be read; what stands open is told again");
            Kept::default()
        })
    }

    fn write(&self, kept: &Kept) -> Result<(), Failure> {
        let failed = |source| HubError::Write { path: self.path(), source };
        let text = serde_json::to_vec_pretty(kept).map_err(|error| failed(error.into()))?;
        let (folder, file) = (FOLDER.parse::<FolderPath>(), FILE.parse::<FileName>());
        let (Ok(folder), Ok(file)) = (folder, file) else { return Ok(()) };
        std::fs::create_dir_all(Path::new(&self.folder).join(FOLDER)).map_err(failed)?;
        Ok(IntoFolder::open(&self.folder)?.put(&folder, &file, text.as_slice())?)
    }
}

impl Kept {
    fn found(&mut self, intake: &IntakeId, found: Found, sender: &AlertSender, now: Moment) {
        let word = Word::of(intake.as_str());
        let is_of_intake = |alert: &Alert| alert.intake() == Some(&word);
        let standing = match found {
            Found::Standing(alerts) => {
                self.failing.remove(intake);
                alerts
            }
            Found::Failed { code, class, nothing_came } => {
                let since = self.failing.entry(intake.clone()).or_insert_with(|| now.to_string());
                if Moment::parse(since).is_some_and(|since| since > now) {
                    // By a clock that was set back meanwhile; it would never be long ago.
                    *since = now.to_string();
                }
                let lasted = Moment::parse(since).map_or(PASSING_FOR, |since| now.since(since));
                let is_known = |alert: &&Alert| {
                    is_of_intake(alert) && !matches!(alert.matter, Matter::ReceivingFailed { .. })
                };
                let mut alerts: Vec<Alert> = self.open.iter().filter(is_known).cloned().collect();
                alerts.extend(nothing_came);
                let was_told = self.open.iter().any(|alert| is_of_intake(alert) && !is_known(&alert));
                if was_told || class != Class::Retry || lasted >= PASSING_FOR {
                    let fault_code = Word::of(code);
                    alerts
                        .push(Alert::new(Matter::ReceivingFailed { intake: word.clone(), fault_code }, now));
                }
                alerts
            }
        };
        let is_in = |alerts: &[Alert], alert: &Alert| alerts.iter().any(|other| other.key() == alert.key());
        let (over, kept): (Vec<Alert>, Vec<Alert>) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|alert| is_of_intake(alert) && !is_in(&standing, alert));
        self.open = kept;
        for alert in over {
            self.ask(&alert.with_news(News::Cleared, now), sender);
        }
        for alert in standing {
            let known = self.open.iter().position(|other| other.key() == alert.key());
            match known.and_then(|place| self.open.get_mut(place)) {
                Some(known) if alert.severity() <= known.severity() => {}
                Some(known) => {
                    *known = alert.clone();
                    self.ask(&alert.with_news(News::Worsened, now), sender);
                }
                None => {
                    self.ask(&alert, sender);
                    self.open.push(alert);
                }
            }
        }
    }

    /// A message of this for every channel that wants it.
    fn ask(&mut self, alert: &Alert, sender: &AlertSender) {
        for channel in sender.channels_for(alert) {
            self.last_no += 1;
            self.messages.push(Message {
                no: self.last_no,
                channel: channel.as_str().to_owned(),
                alert: alert.clone(),
                n_failed: 0,
                last_try: None,
            });
        }
    }

    /// What came of a try: what went out or never will is off the list.
    fn tried(&mut self, message_nos: &[u64], at: &str, delivery: &Delivery, n_sent: usize) {
        let is_tried = |message: &Message| message_nos.contains(&message.no);
        if delivery.is_done() || !delivery.is_retryable() {
            self.messages.retain(|message| !is_tried(message));
        }
        for message in self.messages.iter_mut().filter(|message| is_tried(message)) {
            message.n_failed += 1;
            message.last_try = Some(at.to_owned());
        }
        let channel = delivery.channel.as_str();
        if delivery.is_done() {
            self.sent.push((channel.to_owned(), at.to_owned()));
        }
        let n_of_channel = self.sent.iter().filter(|(of, _)| of == channel).count();
        let mut n_over = n_of_channel.saturating_sub(n_sent);
        self.sent.retain(|(of, _)| {
            let is_over = of == channel && n_over > 0;
            n_over -= usize::from(is_over);
            !is_over
        });
    }
}

/// The file as an outbox.
struct InFile<'a> {
    alarms: &'a Alarms,
    kept: Kept,
}

impl Outbox for InFile<'_> {
    type Error = Failure;

    fn waiting(&self, channel: Channel, _: u32) -> Result<(Vec<WaitingMessage>, Vec<Moment>), Failure> {
        let of_channel = self.kept.messages.iter().filter(|message| message.channel == channel.as_str());
        let waiting = of_channel.map(|message| WaitingMessage {
            message_no: message.no,
            alert: message.alert.clone(),
            n_failed: message.n_failed,
            last_try: message.last_try.as_deref().and_then(Moment::parse),
        });
        let sent = self.kept.sent.iter().filter(|(of, _)| of == channel.as_str());
        Ok((waiting.collect(), sent.filter_map(|(_, at)| Moment::parse(at)).collect()))
    }

    fn record(&mut self, message_nos: &[u64], record: &DeliveryRecord) -> Result<(), Failure> {
        let n_sent = usize::try_from(self.alarms.sender.limit().n_max).unwrap_or(usize::MAX);
        self.kept.tried(message_nos, &record.at, &record.delivery, n_sent);
        self.alarms.write(&self.kept)
    }
}

#[cfg(test)]
mod tests;
