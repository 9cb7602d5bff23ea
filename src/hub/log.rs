//! Where log lines go: standard error, as text or JSON; warnings unless more is asked for.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::cli::{Globals, LogFormat};

/// Starts logging for the whole process; a second start changes nothing.
pub(crate) fn start(globals: &Globals) {
    let level = match globals.verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("RENKEI_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    // Fails only where a log is already set up, as in tests.
    let _ = match globals.log_format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
}
