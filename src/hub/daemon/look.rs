//! One look at the clock and the database: what came, what was cut off, what starts.

use std::sync::Arc;

use renkei_core::dispatch::Decision;
use renkei_core::feed::Feed;
use renkei_core::order::Order;
use renkei_core::port::{FolderError, RunRecord, RunState, Store as _};
use renkei_core::{Fault as _, FeedId, Moment};
use renkei_engine::night::{
    NightPlan, Outcome, account_slots, begin, close_books, deadlines, queue, rescue, settle_held,
};
use renkei_engine::{Clock as _, EngineError, House, recover};
use renkei_folder::RootLock;
use tokio::sync::Notify;

use super::alarms::Alarms;
use super::chain::ChainKeeper;
use super::checks::Checks;
use super::deliveries::tell_of_deliveries;
use super::head::HeadKeeper;
use super::inboxes::Inboxes;
use super::jumps::Jumps;
use super::live::{Live, Points};
use super::receipts::ReceiptKeeper;
use super::sources::tell_of_sources;
use super::standstill::Standstill;
use super::visitors::VisitorKeeper;
use super::worker::{Ended, Task, dice, record};
use crate::config::Config;
use crate::console::Lang;
use crate::delivery::Couriers;
use crate::metrics;
use crate::premises::{Beside, Premises};
use crate::pull::Pullers;

/// Who the scheduler is in the audit.
pub(super) const SCHEDULER: &str = "scheduler";

/// Everything a look works with.
pub(super) struct Looker {
    pub(super) premises: Arc<Premises>,
    pub(super) config: Arc<Config>,
    pub(super) plan: Arc<NightPlan>,
    pub(super) feeds: Arc<Vec<Feed>>,
    pub(super) live: Live,
    pub(super) is_stopping: bool,
    /// Tries that ended and are not on record yet.
    pub(super) unrecorded: Vec<(Task, Outcome)>,
    root_lock: Option<RootLock>,
    beside: Beside,
    jumps: Jumps,
    head: HeadKeeper,
    chain: ChainKeeper,
    receipts: ReceiptKeeper,
    pub(super) alarms: Alarms,
    inboxes: Inboxes,
    visitors: VisitorKeeper,
    pub(super) couriers: Couriers,
    pub(super) pullers: Pullers,
    checks: Option<Checks>,
    lang: Lang,
    /// What ends the loop's wait.
    wake: Arc<Notify>,
    /// False until the first look has put in order what was cut off before.
    is_recovered: bool,
    standstill: Standstill,
}

impl Looker {
    /// `lang` is that of reports to people.
    pub(super) fn new(
        premises: Arc<Premises>,
        config: Config,
        live: Live,
        wake: Arc<Notify>,
        lang: Lang,
    ) -> Self {
        let mut inboxes = Inboxes::default();
        inboxes.watch(&config, &wake);
        let beside = Beside::of(&config);
        let plan = Arc::new(config.night_plan());
        let feeds = Arc::new(config.feeds.iter().map(|declared| declared.feed.clone()).collect());
        Self {
            checks: Checks::begin(&config, premises.clock, lang),
            lang,
            premises,
            alarms: Alarms::new(&config),
            config: Arc::new(config),
            plan,
            feeds,
            live,
            is_stopping: false,
            unrecorded: Vec::new(),
            root_lock: None,
            beside,
            jumps: Jumps::default(),
            head: HeadKeeper::default(),
            chain: ChainKeeper::default(),
            inboxes,
            visitors: VisitorKeeper::default(),
            couriers: Couriers::default(),
            pullers: Pullers::default(),
            wake,
            receipts: ReceiptKeeper::default(),
            is_recovered: false,
            standstill: Standstill::default(),
        }
    }

    /// Goes by another configuration from now on.
    pub(super) fn adopt(&mut self, config: Config) {
        if let Err(error) = close_books(self.premises.house(&Points, SCHEDULER), &self.plan) {
            let causes = causes(&error);
            tracing::warn!("the slots of the last minutes are judged by the new configuration: {causes}");
        }
        self.plan = Arc::new(config.night_plan());
        self.feeds = Arc::new(config.feeds.iter().map(|declared| declared.feed.clone()).collect());
        self.alarms = Alarms::new(&config);
        self.inboxes.watch(&config, &self.wake);
        self.checks = Checks::begin(&config, self.premises.clock, self.lang);
        self.config = Arc::new(config);
        self.couriers.recall();
        self.pullers.recall();
    }

    /// Has partner systems shown the host keys that are there now.
    pub(super) fn renew_host_keys(&mut self) {
        self.visitors.renew_host_keys(&self.config);
    }

    /// Nobody is let in any more; uploads that are at work have so long.
    pub(super) fn shut(&mut self, patience: std::time::Duration) {
        self.visitors.stop(patience);
    }

    /// Keeps the audit's end in its second place, for the last time.
    pub(super) fn keep_head(&self) {
        self.head.keep(&self.premises, &self.config);
    }

    /// Looks once, and gives the tries that begin now; they are on record as begun.
    pub(super) fn look(&mut self) -> Vec<Task> {
        let now = self.premises.clock.now();
        if let Some(set) = self.jumps.look(now) {
            tracing::warn!(
                seconds = set.num_seconds(),
                "the clock was set; no slot is lost or run twice by it"
            );
            self.alarms.clock_jumped(&self.premises.store, set.num_seconds(), now);
        }
        for (task, outcome) in std::mem::take(&mut self.unrecorded) {
            let ended = record(task, outcome);
            self.took_end(ended);
        }
        self.look_at_inboxes(now);
        self.look_at_deliveries(now);
        self.look_at_sources(now);
        let begun = self.try_look();
        self.receipts.keep(
            self.premises.house(&Points, SCHEDULER),
            &self.premises.folders,
            &self.config,
            &self.plan,
            &self.alarms,
        );
        if !self.is_stopping {
            self.visitors.keep(&self.premises, &self.config, &self.alarms, now);
        }
        self.head.keep(&self.premises, &self.config);
        self.chain.keep(&self.premises, &self.config, &self.alarms, &self.wake, now);
        self.look_out(now);
        let sender = self.alarms.sender();
        match begun {
            Ok(tasks) => {
                self.standstill.works(&sender, now);
                tasks
            }
            Err(error) => {
                self.standstill.stopped(&error, &sender, now);
                Vec::new()
            }
        }
    }

    /// Takes the end of a try: on record, it is told; not on record, it is kept until it is.
    pub(super) fn took_end(&mut self, ended: Ended) {
        match ended {
            Ended::Recorded { run, outcome } => {
                let now = self.premises.clock.now();
                self.alarms.run_ended(&self.premises.store, &run, Some(&outcome), now);
                count(&run, now);
                let feeds = Order::parse(&run.order).map(|order| order.feeds().to_vec()).unwrap_or_default();
                self.tell_feeds(&feeds);
                self.inboxes.is_stale |= matches!(Order::parse(&run.order), Some(Order::Receive { .. }));
            }
            Ended::Unrecorded { task, outcome } => self.unrecorded.push((task, outcome)),
        }
    }

    /// Looks at what systems handed in: queues runs, and tells what a person should know.
    fn look_at_inboxes(&mut self, now: Moment) {
        if self.is_stopping {
            return;
        }
        let premises = Arc::clone(&self.premises);
        let house = premises.house(&Points, SCHEDULER);
        match self.inboxes.look(house, &premises, &self.config, &self.plan) {
            Ok(Some(alerts)) => self.alarms.intakes(&premises.store, &alerts, now),
            Ok(None) => {}
            Err(error) => {
                let causes = causes(&error);
                tracing::warn!(fault.code = error.code(), "the inboxes could not be looked at: {causes}");
            }
        }
    }

    /// Makes due what was published, sends couriers out, and tells what a person should know of it.
    fn look_at_deliveries(&mut self, now: Moment) {
        let premises = Arc::clone(&self.premises);
        let house = premises.house(&Points, SCHEDULER);
        if let Err(error) = self.couriers.look(house, &premises, &self.config, &self.wake, now) {
            let causes = causes(&error);
            tracing::warn!(fault.code = error.code(), "deliveries are looked at the next time: {causes}");
        }
        tell_of_deliveries(&premises.store, &self.alarms, now);
    }

    /// Sets out to partners' servers whose time has come, and tells what a person should know of them.
    fn look_at_sources(&mut self, now: Moment) {
        let premises = Arc::clone(&self.premises);
        if let Err(error) = self.pullers.look(&premises, &self.config, &self.wake, now) {
            let causes = causes(&error);
            tracing::warn!(fault.code = error.code(), "sources are looked at the next time: {causes}");
        }
        tell_of_sources(&premises.store, &self.config, &self.alarms, now);
    }

    /// Looks at what a person should know: deadlines, disks, calendars; and tells the figures.
    fn look_out(&mut self, now: Moment) {
        let premises = Arc::clone(&self.premises);
        self.alarms.reconcile(&premises.store, now);
        self.alarms.look_around(&premises.store, &self.config, now);
        let told = premises.store.snapshot().and_then(|snapshot| {
            let standings = deadlines(snapshot.as_ref(), &self.plan, now)?;
            let waiting = queue(snapshot.as_ref(), &self.plan, now)?;
            let n_open = snapshot.alerts(true, u32::MAX)?.len();
            Ok((standings, waiting, n_open))
        });
        match told {
            Ok((standings, waiting, n_open)) => {
                self.alarms.deadlines(&premises.store, standings, now);
                let n_slots = waiting.iter().filter(|queued| queued.run.planned.is_some()).count();
                metrics::record::slots_waiting(n_slots as u64);
                metrics::record::queue_length(waiting.len() as u64);
                metrics::record::alerts_open(n_open as u64);
            }
            Err(error) => tracing::debug!(%error, "deadlines are looked at the next time"),
        }
        metrics::record::scheduler_ticked(now);
    }

    /// Tells the figures of feeds: what a receiver holds after the last publication.
    pub(super) fn tell_feeds(&self, feeds: &[FeedId]) {
        let Ok(snapshot) = self.premises.store.snapshot() else { return };
        for feed in feeds {
            if let Ok(Some(head)) = snapshot.feed_head(feed)
                && let Some(at) = Moment::parse(&head.sealed_at)
            {
                let n_rows = u64::try_from(head.state.n_rows()).unwrap_or(0);
                metrics::record::feed_published(feed, head.sequence, n_rows, at);
            }
        }
    }

    /// Lets commands write: nothing is at work.
    pub(super) fn release(&mut self) {
        self.root_lock = None;
    }

    fn try_look(&mut self) -> Result<Vec<Task>, EngineError> {
        let premises = Arc::clone(&self.premises);
        let house = premises.house(&Points, SCHEDULER);
        self.stop_called_off(house)?;
        if self.is_stopping {
            return Ok(Vec::new());
        }
        let seen = account_slots(house, &self.plan)?;
        for run in &seen.queued {
            tracing::info!(
                run.id = run.run_id,
                run.what = run.what,
                trigger = run.trigger.as_str(),
                "a slot came"
            );
        }
        let now = self.premises.clock.now();
        if !self.has_work(house, now)? || !self.take_root(house, now)? {
            return Ok(Vec::new());
        }
        for run in settle_held(house)? {
            tracing::info!(
                run.id = run.run_id,
                state = run.state.as_str(),
                "a person has decided about a held run"
            );
        }
        let rescued = rescue(house, &self.plan, dice())?;
        for run in &rescued.going_on {
            tracing::warn!(run.id = run.run_id, run.what = run.what, "a run was cut off; it is tried again");
        }
        for run in &rescued.given_up {
            tracing::error!(run.id = run.run_id, run.what = run.what, "a run was cut off too often");
            self.alarms.run_ended(&premises.store, run, None, now);
        }
        let waiting = queue(house.store.snapshot()?.as_ref(), &self.plan, now)?;
        let mut begun = Vec::new();
        for queued in waiting.into_iter().filter(|queued| queued.decision == Decision::Start) {
            match self.begin(house, &queued.run) {
                Ok(task) => begun.push(task),
                // What has begun goes on; the others have their turn at the next look.
                Err(error) => {
                    let causes = causes(&error);
                    tracing::warn!(
                        run.id = queued.run.run_id,
                        fault.code = error.code(),
                        "a run could not begin: {causes}"
                    );
                    break;
                }
            }
        }
        Ok(begun)
    }

    fn begin(&self, house: House<'_>, run: &RunRecord) -> Result<Task, EngineError> {
        let run = begin(house, run)?;
        let policy = run.job.as_ref().and_then(|job| self.plan.job(job)).map(|job| job.retry);
        Ok(Task {
            premises: Arc::clone(&self.premises),
            feeds: Arc::clone(&self.feeds),
            run,
            policy: policy.unwrap_or_default(),
            config: Arc::clone(&self.config),
        })
    }

    /// Asks runs at work that somebody called off to end.
    fn stop_called_off(&self, house: House<'_>) -> Result<(), EngineError> {
        for run in house.store.snapshot()?.open_runs()? {
            if run.state == RunState::Running && run.cancel_asked_by.is_some() {
                self.live.stop(&run.run_id);
            }
        }
        Ok(())
    }

    /// Whether there is anything that only the one writer of the root may do.
    fn has_work(&self, house: House<'_>, now: Moment) -> Result<bool, EngineError> {
        if !self.is_recovered {
            return Ok(true);
        }
        let snapshot = house.store.snapshot()?;
        let at_work: Vec<String> = self.live.runs().into_iter().map(|run| run.run_id).collect();
        let is_out_of_order = |run: &RunRecord| match run.state {
            RunState::Interrupted => true,
            RunState::Running => {
                let is_ours = at_work.contains(&run.run_id)
                    || self.unrecorded.iter().any(|(task, _)| task.run.run_id == run.run_id);
                !is_ours && self.root_lock.is_none()
            }
            state => state.waits() && run.cancel_asked_by.is_some(),
        };
        if snapshot.open_runs()?.iter().any(is_out_of_order) {
            return Ok(true);
        }
        let waiting = queue(snapshot.as_ref(), &self.plan, now)?;
        Ok(waiting.iter().any(|queued| queued.decision == Decision::Start))
    }

    /// Becomes the one writer, unless a command is. Whoever wrote before may have been cut off, so that is put
    /// in order each time.
    fn take_root(&mut self, house: House<'_>, now: Moment) -> Result<bool, EngineError> {
        if self.root_lock.is_some() {
            return Ok(true);
        }
        match RootLock::take(&self.beside.root_lock, "renkei daemon", &now.to_string(), None) {
            Ok(lock) => {
                let recovered = recover(house)?;
                for (feed, sequence) in &recovered.finished {
                    tracing::warn!(
                        feed = feed.as_str(),
                        sequence = sequence.0,
                        "a publication that was cut off is finished"
                    );
                }
                for error in &recovered.unfinished {
                    let causes = causes(error);
                    tracing::error!(fault.code = error.code(), "a publication cannot be finished: {causes}");
                }
                self.is_recovered = true;
                self.root_lock = Some(lock);
                Ok(true)
            }
            Err(FolderError::Locked { holder }) => {
                tracing::info!(holder, "a command writes; runs wait for its end");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// An error and what caused it, outermost first.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Counts the end of a run of a job.
fn count(run: &RunRecord, now: Moment) {
    if let Some(job) = run.job.as_ref().filter(|_| run.state.is_final()) {
        let started = run.started_at.as_deref().and_then(Moment::parse).unwrap_or(now);
        metrics::record::run_ended(job, run.state, now.since(started).to_std().unwrap_or_default());
    }
}
