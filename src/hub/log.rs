//! Where log lines go: standard error, as text or JSON; warnings unless more is asked for. The daemon also
//! keeps them as JSON in a file a day, for `renkei show`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::cli::{Globals, LogFormat};
use crate::config::Config;
use crate::failure::HubError;

/// What the files' names begin with.
const PREFIX: &str = "renkei";

/// True while a live view has the terminal: a line on standard error would stand in the middle of it.
static IS_SILENT: AtomicBool = AtomicBool::new(false);

static FILE: OnceLock<RollingFileAppender> = OnceLock::new();

/// Shows lines on standard error, or nowhere, from now on.
pub(crate) fn set_silent(is_silent: bool) {
    IS_SILENT.store(is_silent, Ordering::Relaxed);
}

fn shown() -> Box<dyn Write> {
    if IS_SILENT.load(Ordering::Relaxed) { Box::new(io::sink()) } else { Box::new(io::stderr()) }
}

/// Starts logging for the whole process; a second start changes nothing.
pub(crate) fn start(globals: &Globals, is_daemon: bool) {
    let level = match (globals.verbose, is_daemon) {
        (0, false) => "warn",
        (0, true) | (1, _) => "info",
        (2, _) => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("RENKEI_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let shown = tracing_subscriber::fmt::layer().with_writer(shown).with_ansi(false);
    let shown = match globals.log_format {
        LogFormat::Text => shown.with_target(false).boxed(),
        LogFormat::Json => shown.json().flatten_event(true).boxed(),
    };
    let kept = is_daemon.then(|| {
        let kept = tracing_subscriber::fmt::layer().with_writer(KeptLines).json().flatten_event(true);
        kept.with_filter(LevelFilter::INFO)
    });
    // Fails only where a log is already set up, as in tests.
    let _ = tracing_subscriber::registry().with(kept).with(shown.with_filter(filter)).try_init();
}

/// Keeps the daemon's lines in files beside the database from now on.
pub(crate) fn to_file(config: &Config) -> Result<(), HubError> {
    let folder = folder(config);
    // One a day, and the day's own.
    let n_files = usize::try_from(config.retention.logs.num_days()).unwrap_or(usize::MAX).saturating_add(1);
    std::fs::create_dir_all(&folder).map_err(|source| HubError::Write { path: folder.clone(), source })?;
    let built = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(PREFIX)
        .filename_suffix("jsonl")
        .max_log_files(n_files)
        .build(&folder);
    match built {
        Ok(file) => {
            // A second daemon in one process there is not.
            let _ = FILE.set(file);
            Ok(())
        }
        Err(error) => Err(HubError::Write { path: folder, source: io::Error::other(error) }),
    }
}

/// Where the daemon's log files stand.
pub(crate) fn folder(config: &Config) -> PathBuf {
    config.store.path.with_file_name("log")
}

/// The kept lines that name a run, the last `limit` of them, oldest first.
pub(crate) fn lines_of_run(config: &Config, run_id: &str, limit: usize) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder(config)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut lines: Vec<String> = files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .flat_map(|text| {
            text.lines().filter(|line| line.contains(run_id)).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    lines.drain(..lines.len().saturating_sub(limit));
    lines
}

/// Writes to the day's file; nowhere before there is one.
struct KeptLines;

impl<'w> MakeWriter<'w> for KeptLines {
    type Writer = Box<dyn Write + 'w>;

    fn make_writer(&'w self) -> Self::Writer {
        match FILE.get() {
            Some(file) => Box::new(file.make_writer()),
            None => Box::new(io::sink()),
        }
    }
}
