//! A hub ready to work: configuration read, database and folders open, and for writers the root locked and
//! what a crash left behind finished.

use renkei_core::port::{ReceiptBox, Snapshot, Store};
use renkei_engine::{Clock as _, House, Recovered, recover};
use renkei_folder::RootLock;

use crate::audit_head;
use crate::clock::HubClock;
use crate::config::Config;
use crate::console::Console;
use crate::premises::{Beside, Premises, make_folders};
use crate::progress::Progress;
use crate::{Failure, HubError, Session};

/// What a command works with.
pub(crate) struct Workplace<'s> {
    pub(crate) config: Config,
    premises: Premises,
    progress: Progress<'s>,
    operator: String,
    /// Held as long as the command writes.
    _lock: Option<RootLock>,
    /// True for a command that may write to the audit.
    is_writing: bool,
    console: &'s Console,
}

/// How long a command waits for its turn to write a word.
const NOTE_WAIT: std::time::Duration = std::time::Duration::from_secs(10);

impl<'s> Workplace<'s> {
    /// For a command that writes: takes the root's lock, then finishes what was cut off before.
    pub(crate) fn for_writing(session: &'s Session, what: &str) -> Result<Self, Failure> {
        Self::for_writing_at(session, session.config()?, what, HubClock::system())
    }

    /// The same with a configuration and a clock of the caller's.
    pub(crate) fn for_writing_at(
        session: &'s Session,
        config: Config,
        what: &str,
        clock: HubClock,
    ) -> Result<Self, Failure> {
        make_folders(&config)?;
        let wait = session.wait();
        let wait_if_any = (!wait.is_zero()).then_some(wait);
        let lock =
            RootLock::take(&Beside::of(&config).root_lock, what, &clock.now().to_string(), wait_if_any)?;
        let workplace = Self::open(session, config, clock, Some(lock))?;
        let recovered = recover(workplace.house())?;
        workplace.progress.finish();
        report_recovered(session.console(), recovered);
        Ok(workplace)
    }

    /// For a command that only reads: works beside a writer.
    pub(crate) fn for_reading(session: &'s Session) -> Result<Self, Failure> {
        let config = session.config()?;
        if !config.store.path.exists() {
            return Err(HubError::NoDatabase { path: config.store.path }.into());
        }
        Self::open(session, config, HubClock::system(), None)
    }

    /// For a command that writes a word or two for others to act on: works beside a writer, and waits a little
    /// for it.
    pub(crate) fn for_noting(session: &'s Session) -> Result<Self, Failure> {
        let config = session.config()?;
        if !config.store.path.exists() {
            return Err(HubError::NoDatabase { path: config.store.path }.into());
        }
        let wait = session.wait().max(NOTE_WAIT);
        let premises = Premises::open(&config, HubClock::system(), wait, false)?;
        let progress = Progress::new(session.console());
        Ok(Self {
            config,
            premises,
            progress,
            operator: session.operator(),
            _lock: None,
            is_writing: true,
            console: session.console(),
        })
    }

    fn open(
        session: &'s Session,
        config: Config,
        clock: HubClock,
        lock: Option<RootLock>,
    ) -> Result<Self, Failure> {
        let premises = Premises::open(&config, clock, session.wait(), lock.is_some())?;
        let progress = Progress::new(session.console());
        Ok(Self {
            config,
            premises,
            progress,
            operator: session.operator(),
            is_writing: lock.is_some(),
            _lock: lock,
            console: session.console(),
        })
    }

    /// What the use cases work with.
    pub(crate) fn house(&self) -> House<'_> {
        self.premises.house(&self.progress, &self.operator)
    }

    /// The database.
    pub(crate) fn store(&self) -> &dyn Store {
        &self.premises.store
    }

    /// The folders that receipts are put into.
    pub(crate) fn letters(&self) -> &dyn ReceiptBox {
        &self.premises.folders
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &HubClock {
        &self.premises.clock
    }

    /// Takes the progress bar away.
    pub(crate) fn end_progress(&self) {
        self.progress.finish();
    }

    /// One instant of the database.
    pub(crate) fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Failure> {
        Ok(self.premises.store.snapshot()?)
    }
}

impl Drop for Workplace<'_> {
    /// What the command wrote to the audit is kept in the second place before the root is another's. That this
    /// fails is told and does not change what the command came to.
    fn drop(&mut self) {
        if self.is_writing
            && let Err(failure) =
                audit_head::keep(&self.premises.store, &self.config, self.premises.clock.now())
        {
            self.console.failure(&failure);
        }
    }
}

/// Says what the start found; an operator wants to know that something was cut off.
fn report_recovered(console: &Console, recovered: Recovered) {
    for (feed, sequence) in &recovered.finished {
        console.say(
            format_args!("中断していた配信を完了しました: {feed} 連番 {sequence}"),
            format_args!("Finished a publication that was cut off: {feed} sequence {sequence}"),
        );
    }
    if recovered.n_interrupted_runs > 0 {
        let n_runs = recovered.n_interrupted_runs;
        console.say(
            format_args!("前回中断した実行が {n_runs} 件あります（renkei runs で確認）。"),
            format_args!("{n_runs} runs were cut off before (see renkei runs)."),
        );
    }
    for error in recovered.unfinished {
        console.failure(&error.into());
    }
}
