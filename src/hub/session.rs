//! What every command is handed: the console, and what the global options say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use renkei_core::declared::nearest;
use renkei_core::feed::Feed;

use crate::cli::Globals;
use crate::config::{Config, ConfigError, Job, find_folder};
use crate::console::Console;
use crate::failure::{Failure, HubError};

/// One call of the program.
#[derive(Debug)]
pub struct Session {
    console: Console,
    globals: Globals,
}

impl Session {
    pub(crate) fn new(console: Console, globals: Globals) -> Self {
        if let Some(path) = &globals.key_file {
            renkei_secret::use_key_file(std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        }
        Self { console, globals }
    }

    /// The key file that was named in place of the declared one.
    pub(crate) fn key_file(&self) -> Option<&Path> {
        self.globals.key_file.as_deref()
    }

    /// The one place that prints.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// The hub's folder: `--hub`, else the nearest folder upwards with a `hub.toml`.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.globals.hub {
            return Ok(folder.clone());
        }
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        find_folder(&here).ok_or_else(|| ConfigError::NotFoundUpwards { folder: here }.into())
    }

    /// The hub's configuration, checked.
    pub fn config(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.folder()?)?)
    }

    /// The feed a command was given.
    pub fn feed<'c>(&self, config: &'c Config, id: &str) -> Result<&'c Feed, Failure> {
        config.feed(id).ok_or_else(|| {
            let ids = config.feeds.iter().map(|declared| declared.feed.id.as_str());
            let near = nearest(id, ids).map(str::to_owned);
            HubError::UnknownFeed { feed: id.to_owned(), near }.into()
        })
    }

    /// The job a command was given.
    pub fn job<'c>(&self, config: &'c Config, id: &str) -> Result<&'c Job, Failure> {
        config.job(id).ok_or_else(|| {
            let near = nearest(id, config.jobs.iter().map(|job| job.id.as_str())).map(str::to_owned);
            HubError::UnknownJob { job: id.to_owned(), near }.into()
        })
    }

    /// Who asks, for the audit: `--operator`, else the user behind `sudo`, else the user.
    pub fn operator(&self) -> String {
        let of_env = |name| std::env::var(name).ok().filter(|user: &String| !user.is_empty());
        self.globals
            .operator
            .clone()
            .or_else(|| of_env("SUDO_USER"))
            .or_else(|| of_env("USER"))
            .or_else(|| of_env("LOGNAME"))
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// How long to wait for another writer; zero unless `--wait`.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.globals.wait.unwrap_or(0))
    }
}
