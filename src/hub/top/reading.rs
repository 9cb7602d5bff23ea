//! Looks at the hub: every two seconds, or at once when something else is wanted. Each look is one short read.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use chrono::NaiveDate;
use renkei_core::port::RunRecord;
use renkei_engine::Clock as _;
use renkei_engine::night::board;

use crate::clock::HubClock;
use crate::config::Config;
use crate::daemon::DaemonLink;
use crate::night_board::NightBoard;
use crate::premises::Premises;
use crate::run_sheet::RunSheet;
use crate::{Failure, HubError};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a look waits for the database.
const STORE_WAIT: Duration = Duration::from_secs(1);
/// How many of the last runs are shown.
const N_RUNS: u32 = 100;

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Wanted {
    /// The business date; `None` for today.
    pub(super) date: Option<NaiveDate>,
    /// The run whose sheet is wanted.
    pub(super) run: Option<String>,
}

/// What a look saw.
pub(super) struct Seen {
    pub(super) board: NightBoard,
    /// The last runs, newest first; parts of runs are left out.
    pub(super) runs: Vec<RunRecord>,
    pub(super) sheet: Option<RunSheet>,
}

/// Why a look saw nothing.
#[derive(Debug, Clone)]
pub(super) struct Blind {
    pub(super) code: &'static str,
    pub(super) causes: String,
}

/// What a look comes to.
pub(super) type Look = Result<Seen, Blind>;

/// Looks at one hub.
pub(super) struct Reader {
    folder: PathBuf,
    config: Config,
    /// Opened at the first look, and anew after one that failed.
    premises: Option<Premises>,
}

impl Reader {
    /// A reader of the hub in a folder; fails where there is no hub or no database yet.
    pub(super) fn new(folder: PathBuf) -> Result<Self, Failure> {
        let config = Config::load(&folder)?;
        if !config.store.path.exists() {
            return Err(HubError::NoDatabase { path: config.store.path }.into());
        }
        Ok(Self { folder, config, premises: None })
    }

    /// Looks for as long as somebody listens.
    pub(super) fn serve(mut self, asked: &Receiver<Wanted>, tell: &Sender<Look>) {
        let mut wanted = Wanted::default();
        loop {
            match asked.recv_timeout(LOOK_EVERY) {
                Ok(newer) => wanted = asked.try_iter().last().unwrap_or(newer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if tell.send(self.look(&wanted)).is_err() {
                return;
            }
        }
    }

    /// Looks once.
    pub(super) fn look(&mut self, wanted: &Wanted) -> Look {
        self.try_look(wanted).map_err(|failure| {
            // The file may have been replaced, or its disk come back.
            self.premises = None;
            let causes: Vec<String> = failure.causes().into_iter().chain(failure.details()).collect();
            Blind { code: failure.code(), causes: causes.join(": ") }
        })
    }

    fn try_look(&mut self, wanted: &Wanted) -> Result<Seen, Failure> {
        let config = Config::load(&self.folder)?;
        if config.store != self.config.store || config.root != self.config.root {
            self.premises = None;
        }
        self.config = config;
        let premises = match self.premises.take() {
            Some(premises) => premises,
            None => Premises::open(&self.config, HubClock::system(), STORE_WAIT, false)?,
        };
        let premises = self.premises.insert(premises);
        let now = premises.clock.now();
        let date = wanted.date.unwrap_or_else(|| now.date());
        let daemon = DaemonLink::find(&self.config);
        let live = daemon.as_ref().map(DaemonLink::live).unwrap_or_default();
        let snapshot = premises.house(&renkei_engine::Unwatched, "").store.snapshot()?;
        let lines = board(snapshot.as_ref(), &self.config.night_plan(), date, now)?;
        let earlier = snapshot.open_runs()?.into_iter().filter(|run| run.business_date < date).collect();
        let mut runs = snapshot.runs(N_RUNS)?;
        runs.retain(|run| run.parent.is_none());
        let run = wanted.run.as_ref().map(|run| snapshot.run(run)).transpose()?.flatten();
        let sheet = run.map(|run| RunSheet::of(snapshot.as_ref(), run)).transpose()?;
        let board = NightBoard::new(now, date, daemon.map(|daemon| daemon.holder), lines, earlier, live);
        Ok(Seen { board, runs, sheet })
    }
}
