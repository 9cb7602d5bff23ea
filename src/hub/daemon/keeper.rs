//! The daemon's loop: looks, starts what is due, and waits for whatever comes next — the end of a run, a
//! wake-up, a signal, or the tick.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use renkei_core::Fault as _;
use renkei_core::port::FolderError;
use renkei_engine::Clock as _;
use renkei_folder::RootLock;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::audit;
use super::control::{listen, serve};
use super::descriptors::raise_limit;
use super::live::Live;
use super::look::Looker;
use super::notify::{tell, watchdog_pause};
use super::worker::{Ended, do_work, note_panics};
use crate::alert::deliver_waiting;
use crate::clock::HubClock;
use crate::config::{Config, ConfigError, SftpConfig, declarations_sha256};
use crate::premises::{Beside, Premises, make_folders};
use crate::{Exit, Failure, HubError, Session, log, metrics};

/// How long the scheduler's own transactions wait for a command's; longer ones are left to the next look.
const STORE_WAIT: Duration = Duration::from_secs(10);
/// A scheduler that has not looked for so long is stuck, and systemd may start it anew.
const STUCK_AFTER: Duration = Duration::from_mins(5);

/// How long uploads that are at work may go on after runs have ended.
const VISIT_PATIENCE: Duration = Duration::from_secs(10);
/// Between two askings of runs to end, once the grace time is over.
const STOP_AGAIN: Duration = Duration::from_secs(1);

/// Runs the daemon until it is told to stop.
pub(crate) fn run(session: &Session) -> Result<Exit, Failure> {
    let folder = session.folder()?;
    let declared = declarations_sha256(&folder);
    let config = Config::load(&folder)?;
    make_folders(&config)?;
    let beside = Beside::of(&config);
    let clock = HubClock::system();
    let _daemon_lock =
        match RootLock::take(&beside.daemon_lock, "renkei daemon", &clock.now().to_string(), None) {
            Err(FolderError::Locked { holder }) => return Err(HubError::DaemonUp { holder }.into()),
            lock => lock?,
        };
    log::to_file(&config)?;
    raise_limit();
    let premises = Arc::new(Premises::open(&config, clock, STORE_WAIT, true)?);
    let _figures = metrics::start(&config)?;
    note_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| HubError::Daemon { attempt: "start its threads", source })?;
    let live = Live::default();
    let feeds: Vec<_> = config.feeds.iter().map(|declared| declared.feed.id.clone()).collect();
    let wake = Arc::new(Notify::new());
    let opened = Arc::clone(&premises);
    let looker = Looker::new(premises, config, live.clone(), Arc::clone(&wake), session.console().lang());
    looker.tell_feeds(&feeds);
    let kept = runtime.block_on(async move {
        let started = format!("version {}, {}", env!("CARGO_PKG_VERSION"), audit::declared(declared));
        audit::note_beside(&opened, "start scheduler", started);
        keep(looker, live, folder, beside, wake).await
    });
    // A run that does not come to a safe point keeps its thread; the process ends all the same, and the next
    // start puts it in order.
    runtime.shutdown_timeout(Duration::from_secs(1));
    kept
}

/// What makes the loop go round.
struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }
}

async fn keep(
    mut looker: Looker,
    live: Live,
    folder: PathBuf,
    beside: Beside,
    wake: Arc<Notify>,
) -> Result<Exit, Failure> {
    let failed = |attempt| move |source| Failure::from(HubError::Daemon { attempt, source });
    let mut signals = Signals::listen().map_err(failed("listen to signals"))?;
    let listener = listen(&beside.socket).map_err(failed("open its socket"))?;
    tokio::spawn(serve(listener, live.clone(), Arc::clone(&wake)));
    let started = Instant::now();
    let last_look_s = Arc::new(AtomicU64::new(0));
    if let Some(pause) = watchdog_pause() {
        tokio::spawn(ping(pause, started, Arc::clone(&last_look_s)));
    }
    let mut tasks: JoinSet<Ended> = JoinSet::new();
    let outbox = Outbox::default();
    let mut stop_at: Option<tokio::time::Instant> = None;
    let mut is_ready = false;
    loop {
        let (back, begun) = look(looker).await?;
        looker = back;
        last_look_s.store(started.elapsed().as_secs(), Ordering::Relaxed);
        if !is_ready {
            is_ready = true;
            tell(NotifyState::Ready);
            tracing::info!(
                jobs = looker.plan.jobs.len(),
                version = env!("CARGO_PKG_VERSION"),
                "the scheduler is up"
            );
        }
        for task in begun {
            let live = live.clone();
            tasks.spawn_blocking(move || do_work(task, &live));
        }
        if tasks.is_empty() && looker.unrecorded.is_empty() {
            looker.release();
            if looker.is_stopping && looker.couriers.are_home() && looker.pullers.are_home() {
                break;
            }
        }
        outbox.bring_out(&looker);
        let tick = looker.config.daemon.tick;
        tokio::select! {
            Some(ended) = tasks.join_next() => took_end(&mut looker, ended),
            () = wake.notified() => {}
            () = tokio::time::sleep(tick) => {}
            Some(()) = signals.term.recv() => stop(&mut looker, &live, &mut stop_at),
            Some(()) = signals.int.recv() => stop(&mut looker, &live, &mut stop_at),
            Some(()) = signals.hup.recv() => reload(&mut looker, &folder),
            () = sleep_until(stop_at), if stop_at.is_some() => {
                if tasks.is_empty() {
                    // Only records are missing, and the database does not take them.
                    break;
                }
                tracing::debug!("the time for a stop is over; runs end at their next safe point");
                live.stop_all();
                // Again, for a run that was only just starting.
                stop_at = Some(tokio::time::Instant::now() + STOP_AGAIN);
            }
        }
    }
    looker =
        shut(looker, if tasks.is_empty() { "all work done" } else { "work left to the next start" }).await?;
    drop(looker);
    // Whoever connects from now on finds nobody.
    let _ = std::fs::remove_file(&beside.socket);
    tracing::info!("the scheduler has stopped");
    Ok(Exit::Ok)
}

/// The server has threads of its own that are waited for.
async fn shut(mut looker: Looker, result: &'static str) -> Result<Looker, Failure> {
    tokio::task::spawn_blocking(move || {
        looker.shut(VISIT_PATIENCE);
        audit::note(&looker.premises, "stop scheduler", result, 1);
        looker.keep_head();
        looker
    })
    .await
    .map_err(|_| HubError::Panic { place: "the end of visits".to_owned() }.into())
}

/// The outbox of alerts, brought out by one thread at a time: a mail server may take its time.
#[derive(Clone, Default)]
struct Outbox {
    is_at_work: Arc<AtomicBool>,
}

impl Outbox {
    fn bring_out(&self, looker: &Looker) {
        if self.is_at_work.swap(true, Ordering::AcqRel) {
            return;
        }
        let (premises, sender) = (Arc::clone(&looker.premises), looker.alarms.sender());
        let is_at_work = Arc::clone(&self.is_at_work);
        tokio::task::spawn_blocking(move || {
            match deliver_waiting(&premises.store, &sender, &|| premises.clock.now()) {
                Ok(delivered) if delivered.n_lost > 0 => {
                    tracing::error!(lost = delivered.n_lost, "alerts could not be told to anybody");
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "the outbox of alerts is looked at the next time"),
            }
            is_at_work.store(false, Ordering::Release);
        });
    }
}

/// A look may wait for the database, so it is done on a thread of its own.
async fn look(mut looker: Looker) -> Result<(Looker, Vec<super::worker::Task>), Failure> {
    tokio::task::spawn_blocking(move || {
        let begun = looker.look();
        (looker, begun)
    })
    .await
    .map_err(|_| HubError::Panic { place: "the scheduler's look".to_owned() }.into())
}

fn took_end(looker: &mut Looker, ended: Result<Ended, tokio::task::JoinError>) {
    match ended {
        Ok(ended) => looker.took_end(ended),
        // Work is guarded; what is left is found as cut off once the root is taken again.
        Err(error) => tracing::error!(%error, "a run's thread ended early"),
    }
}

/// The first asks for an end; the second does not wait for the grace time.
fn stop(looker: &mut Looker, live: &Live, stop_at: &mut Option<tokio::time::Instant>) {
    if looker.is_stopping {
        live.stop_all();
        return;
    }
    looker.is_stopping = true;
    looker.couriers.stop();
    looker.pullers.stop();
    tell(NotifyState::Stopping);
    let grace = looker.config.daemon.grace;
    *stop_at = Some(tokio::time::Instant::now() + grace);
    tracing::info!(grace_s = grace.as_secs(), running = live.runs().len(), "stopping: nothing new starts");
}

/// Takes the configuration anew, all of it or nothing, and puts on record which.
fn reload(looker: &mut Looker, folder: &std::path::Path) {
    let declared = audit::declared(declarations_sha256(folder));
    let result = match take_anew(looker, folder) {
        Ok(()) => format!("taken, {declared}"),
        Err(code) => format!("refused ({code}), {declared}"),
    };
    audit::note_beside(&looker.premises, "reload declarations", result);
}

/// The code of what keeps it from being taken is the error.
fn take_anew(looker: &mut Looker, folder: &std::path::Path) -> Result<(), &'static str> {
    match Config::load(folder) {
        Ok(mut config) => {
            let old = &looker.config;
            if config.store != old.store || config.root != old.root || config.municipality != old.municipality
            {
                tracing::error!(
                    "[store], [secrets], [root] or municipality changed: that needs a restart; the old configuration stays"
                );
                return Err("config.needs-restart");
            }
            if config.metrics != old.metrics {
                tracing::warn!(
                    "[metrics] changed: that needs a restart; figures stay where they are until then"
                );
                // So that every reload says so until it is done.
                config.metrics = old.metrics;
            }
            if let (Some(sftp), Some(old)) = (&config.sftp, &old.sftp)
                && sftp.authorities != old.authorities
            {
                tracing::info!("[sftp] user_ca and revoked are as they are declared from now on");
            }
            if !is_served_alike(config.sftp.as_ref(), old.sftp.as_ref()) {
                tracing::warn!(
                    "[sftp] changed: that needs a restart; partner systems log in as before until then"
                );
                // Whose certificates are taken back waits for nothing.
                let authorities = config.sftp.take().map(|sftp| sftp.authorities);
                config.sftp.clone_from(&old.sftp);
                if let (Some(sftp), Some(authorities)) = (&mut config.sftp, authorities) {
                    sftp.authorities = authorities;
                }
            }
            if config.audit_head != old.audit_head {
                tracing::info!("[audit] changed: the end of the audit is kept in its new place from now on");
            }
            looker.adopt(config);
            looker.renew_host_keys();
            tracing::info!(jobs = looker.plan.jobs.len(), "the configuration was read anew");
            Ok(())
        }
        Err(error) => {
            if let ConfigError::Invalid { problems } = &error {
                for problem in problems {
                    tracing::error!("{problem}");
                }
                tracing::error!(problems = problems.len(), "the old configuration stays until all is right");
            } else {
                tracing::error!(%error, "the old configuration stays");
            }
            Err(error.code())
        }
    }
}

/// Whether all that needs a restart is as it was: whose certificates are taken is asked at each login.
fn is_served_alike(new: Option<&SftpConfig>, old: Option<&SftpConfig>) -> bool {
    match (new, old) {
        (Some(new), Some(old)) => *new == SftpConfig { authorities: new.authorities.clone(), ..old.clone() },
        (new, old) => new == old,
    }
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Tells systemd that the scheduler is alive, for as long as it looks.
async fn ping(pause: Duration, started: Instant, last_look_s: Arc<AtomicU64>) {
    loop {
        let since_look = started.elapsed().as_secs().saturating_sub(last_look_s.load(Ordering::Relaxed));
        if since_look < STUCK_AFTER.as_secs() {
            tell(NotifyState::Watchdog);
        }
        tokio::time::sleep(pause).await;
    }
}
