//! `renkei receive`: the agent of a consuming system.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use renkei_core::IntakeId;
use renkei_core::declared::nearest;
use renkei_engine::Clock as _;
use renkei_engine::receive::Goal;

use super::looks::{news, print_held, tell, worst};
use super::reason;
use crate::agent::{Agent, Alarms, OpenedFor, ReadAgent, Stop, Stoppable, note_allowed};
use crate::clock::HubClock;
use crate::console::Lang;
use crate::intake::IntakeLook;
use crate::progress::Progress;
use crate::{Exit, Failure, HubError, Session};

/// How long telling what is held waits for a round of the agent that stays.
const STATE_WAIT: Duration = Duration::from_secs(30);
/// Between two looks, whatever happens in the folders.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// Take in what a hub publishes, as a consuming system does.
///
/// Looks into the connection folders once, takes in every set that is next, answers with receipts, and ends: for
/// cron, or by hand. Needs no hub.toml, only a receive.toml. Exit code 11 when a set was refused, 10 when
/// something waits too long or a person must allow a change.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[expect(clippy::option_option, reason = "asked for without a file is not the same as not asked for")]
pub(crate) struct Receive {
    /// The agent's declaration.
    #[arg(long, value_name = "FILE", default_value = "receive.toml")]
    config: PathBuf,
    /// Only this intake.
    #[arg(long, value_name = "ID")]
    intake: Option<String>,
    /// Say what would be taken in and what it would change, and change nothing.
    #[arg(long, conflicts_with_all = ["daemon", "allow"])]
    preview: bool,
    /// Go on looking until told to stop.
    #[arg(long)]
    daemon: bool,
    /// Take in the set of this sequence although it changes more than the bounds allow.
    #[arg(long, value_name = "SEQUENCE", requires_all = ["intake", "reason"])]
    allow: Option<u32>,
    /// Why a set is let in; kept in the agent's folder with who let it in. No names, numbers or addresses of residents.
    #[arg(long, value_name = "TEXT", requires = "allow", value_parser = reason::parse)]
    reason: Option<String>,
    /// Tell people over every channel of [alert] that this is a test, and say what came of it.
    #[arg(long, conflicts_with_all = ["preview", "daemon", "allow", "status", "state"])]
    alert_test: bool,
    /// Show what is held, the last sets and the alerts that stand open, and change nothing.
    #[arg(long, conflicts_with_all = ["preview", "daemon", "allow"])]
    status: bool,
    /// Count what is held and write it as 256 sums without rows, for `renkei reconcile` at the hub: to a file, or
    /// without one into the receipts' folder.
    #[arg(long, value_name = "FILE", num_args = 0..=1, requires = "intake",
          conflicts_with_all = ["preview", "daemon", "allow", "status"])]
    state: Option<Option<PathBuf>>,
    /// With --state: add keys and digests of the rows of these buckets, by commas, or `all`.
    #[arg(long, value_name = "NUMBERS", requires = "state")]
    buckets: Option<Buckets>,
    /// Print a commented declaration to begin with.
    #[arg(long, exclusive = true)]
    example: bool,
}

impl Receive {
    /// True when it is to stay.
    pub(super) fn is_daemon(&self) -> bool {
        self.daemon
    }

    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        if self.example {
            session.console().data(include_str!("../init/templates/receive.toml").trim_end());
            return Ok(Exit::Ok);
        }
        let config = ReadAgent::load(&self.config)?;
        let only = self.only(config.intakes.iter().map(|intake| intake.terms.id.as_str()))?;
        let alarms = Alarms::of(&config);
        if self.alert_test {
            return super::alert::test_agent(session, alarms.sender());
        }
        let (what, wait) = match (self.status, &self.state) {
            (true, _) => (OpenedFor::Looking, session.wait()),
            // An agent that stays has its turn in between.
            (_, Some(_)) => (OpenedFor::Work, session.wait().max(STATE_WAIT)),
            _ => (OpenedFor::Work, session.wait()),
        };
        let folder = config.folder.clone();
        let mut agent = Agent::open(config, wait, what).inspect_err(|failure| {
            if what == OpenedFor::Work && !self.preview {
                Agent::tell_unopened(&folder, &alarms, failure);
            }
        })?;
        if self.status {
            let ids = agent.config().intakes.iter().map(|intake| &intake.terms.id);
            let ids = ids.filter(|id| only.as_ref().is_none_or(|only| only == *id));
            print_held(session, agent.store(), ids, &alarms)?;
            return Ok(Exit::Ok);
        }
        if let (Some(to), Some(intake)) = (&self.state, &only) {
            return tell_state(session, &agent, intake, to.as_deref(), self.buckets.as_ref());
        }
        if self.daemon {
            return self.stay(session, &mut agent, only.as_ref());
        }
        if let (Some(sequence), Some(intake), Some(reason)) = (self.allow, &only, &self.reason) {
            let now = HubClock::system().now();
            let why = (session.operator(), reason.as_str());
            note_allowed(&agent.config().folder, intake, sequence, (&why.0, why.1), now)?;
        }
        let goal = if self.preview { Goal::Preview } else { Goal::Take };
        let looks = self.go(session, &mut agent, only.as_ref(), goal, None);
        let exit = worst(&looks);
        tell(session, looks, self.preview);
        Ok(exit)
    }

    /// The intake asked for, if it is declared.
    fn only<'i>(&self, ids: impl Iterator<Item = &'i str> + Clone) -> Result<Option<IntakeId>, Failure> {
        let Some(asked) = &self.intake else { return Ok(None) };
        if ids.clone().any(|id| id == asked)
            && let Ok(id) = asked.parse()
        {
            return Ok(Some(id));
        }
        let near = nearest(asked, ids).map(str::to_owned);
        Err(HubError::UnknownIntake { intake: asked.clone(), near }.into())
    }

    /// One round; with `stop`, one that ends when asked to.
    fn go(
        &self,
        session: &Session,
        agent: &mut Agent,
        only: Option<&IntakeId>,
        goal: Goal,
        stop: Option<&Stop>,
    ) -> Vec<IntakeLook> {
        let progress = Progress::new(session.console());
        let is_ja = session.console().lang() == Lang::Ja;
        let looks = match stop {
            None => agent.go(only, goal, self.allow, is_ja, &progress),
            Some(stop) => agent.go(only, goal, self.allow, is_ja, &Stoppable { inner: &progress, stop }),
        };
        progress.finish();
        looks
    }

    /// Looks again and again, as soon as something happens in a folder and at least as often as declared, until SIGTERM
    /// or SIGINT. A fault of one look is told and does not end it.
    fn stay(&self, session: &Session, agent: &mut Agent, only: Option<&IntakeId>) -> Result<Exit, Failure> {
        let stop = Stop::watch()?;
        let _staying = agent.stay()?;
        let every = agent.config().every;
        session.console().say(
            format_args!("取込の常駐を始めました（{} 秒ごと）。", every.as_secs()),
            format_args!("Receiving, every {} s.", every.as_secs()),
        );
        let mut watcher = agent.watcher(only);
        let mut last = Vec::new();
        while !stop.is_asked() {
            let looks = self.go(session, agent, only, Goal::Take, Some(&stop));
            // What stays as it was is told once.
            let said: Vec<Vec<String>> = looks.iter().map(news).collect();
            if said != last {
                tell(session, looks, false);
                last = said;
            }
            stop.wait(&mut watcher, LEAST_PAUSE, every);
        }
        session.console().say("取込の常駐を終えました。", "Receiving has ended.");
        Ok(Exit::Ok)
    }
}

/// Buckets by number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Buckets(Vec<u8>);

impl std::str::FromStr for Buckets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self((0..=u8::MAX).collect()));
        }
        let read: Result<Vec<u8>, _> = text.split(',').map(|number| number.trim().parse()).collect();
        let mut buckets = read.map_err(|_| "not numbers from 0 to 255, by commas, or \"all\"".to_owned())?;
        buckets.sort_unstable();
        buckets.dedup();
        Ok(Self(buckets))
    }
}

/// Tells what an intake holds; nothing held yet is a fault of the call.
fn tell_state(
    session: &Session,
    agent: &Agent,
    intake: &IntakeId,
    to: Option<&Path>,
    buckets: Option<&Buckets>,
) -> Result<Exit, Failure> {
    let opened = buckets.map(|buckets| buckets.0.as_slice());
    let place = agent.tell_state(intake, to, opened)?;
    session.console().say(
        format_args!("{intake} の状態を {place} に書きました。"),
        format_args!("The state of {intake} is in {place}."),
    );
    Ok(Exit::Ok)
}
