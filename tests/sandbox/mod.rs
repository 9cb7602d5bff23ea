//! A hub in a folder of its own: what the tests of the program are made of.
//!
//! A [`Sandbox`] is a temporary folder in which the built program is run with a cleaned environment and a
//! clock that stands still. A check that fails prints the command, both streams and the folder's tree.
#![allow(dead_code, reason = "each test program uses its own part")]

mod audit;
pub(crate) mod files;
pub(crate) mod flaws;
pub(crate) mod moves;
mod outcome;
mod towns;
pub(crate) mod volumes;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub(crate) use outcome::Outcome;

/// The time in every sandbox: 01:30 of 2 October 2026 in Asia/Tokyo, in unix seconds.
pub(crate) const NOW: &str = "1790872200";
/// The municipality of every sandbox.
pub(crate) const MUNICIPALITY: &str = "082201";
/// A feed without 個人番号: the latest row of each resident, UTF-8.
pub(crate) const PLAIN: &str = "001o005-v1.0";
/// A feed with history and a byte order mark.
pub(crate) const BOM: &str = "001o005-v1.1";
/// A feed with 個人番号.
pub(crate) const NUMBERS: &str = "001o006-v1.0";
/// A feed in CP932 with a degrade map.
pub(crate) const CP932: &str = "001o006-v1.1";
/// The feed of all items.
pub(crate) const ALL_ITEMS: &str = "001z001-v1.0";

/// A temporary folder with a hub in it, or room for one.
pub(crate) struct Sandbox {
    folder: TempDir,
    note: String,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("renkei-").tempdir().unwrap();
        Self { folder, note: String::new() }
    }

    /// A hub with a loaded town; its moves are not applied.
    pub(crate) fn loaded(n_residents: u32, n_moves: u32) -> Self {
        let sandbox = Self::new().init().town(n_residents, n_moves);
        sandbox.run(&["load", "town/residents.csv"]).expect(0);
        sandbox
    }

    /// Adds a hub.
    pub(crate) fn init(self) -> Self {
        self.run(&["init", "hub"]).expect(0);
        self
    }

    /// Adds `town/residents.csv` and `town/moves.csv`.
    pub(crate) fn town(self, n_residents: u32, n_moves: u32) -> Self {
        towns::write(&self.path("town"), n_residents, n_moves);
        self
    }

    /// The same files in another folder.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        files::copy_folder(self.folder.path(), copy.folder.path());
        copy
    }

    /// The same, with a word on what it is for, which a failure prints.
    pub(crate) fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// A path in the sandbox.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder a feed of the shipped configuration is published to.
    pub(crate) fn feed_folder(&self, feed: &str) -> PathBuf {
        let (interface, version) = feed.split_once('-').unwrap();
        self.path(&format!("hub/share/{}/{interface}-00/{version}", &interface[..3]))
    }

    /// The notices of a feed's publications, by sequence.
    pub(crate) fn notices(&self, feed: &str) -> Vec<PathBuf> {
        let mut notices = files::names(&self.feed_folder(feed));
        notices.retain(|name| files::ends_with(name, "done"));
        notices.sort_by_key(|name| name.rsplit('_').next().unwrap().to_owned());
        notices.into_iter().map(|name| self.feed_folder(feed).join(name)).collect()
    }

    /// Replaces a text that occurs in a file.
    #[track_caller]
    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) -> &Self {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from:?} is not in {file}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
        self
    }

    /// The program on this folder, not started yet: `RENKEI_HUB` names the hub, paths are relative to the
    /// sandbox.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_renkei"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("USER", "tester")
            .env("RENKEI_NOW", NOW)
            .env("RENKEI_HUB", self.path("hub"))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        self.run_command(&mut self.command(args))
    }

    /// Runs the program with more in its environment.
    pub(crate) fn run_with(&self, env: &[(&str, &str)], args: &[&str]) -> Outcome {
        self.run_command(self.command(args).envs(env.iter().copied()))
    }

    /// Runs the program with a text on standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Outcome {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.audited(&mut command, |command| {
            let mut child = command.spawn().unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
            child.wait_with_output().unwrap()
        })
    }

    /// Runs a command made by [`Sandbox::command`].
    pub(crate) fn run_command(&self, command: &mut Command) -> Outcome {
        self.audited(command, |command| command.output().unwrap())
    }

    /// Fails where the command changed something and left no line in the audit.
    fn audited(&self, command: &mut Command, run: impl FnOnce(&mut Command) -> Output) -> Outcome {
        let before = if self.has_database() { self.n_audited() } else { Some(0) };
        let before = before.filter(|_| audit::is_change(command));
        let output = run(command);
        let outcome = self.outcome(command, &output);
        if output.status.success()
            && let Some((before, after)) = before.zip(self.n_audited())
        {
            outcome.require(after > before, "a line in the audit");
        }
        outcome
    }

    /// What came of a command that was spawned.
    pub(crate) fn outcome(&self, command: &Command, output: &Output) -> Outcome {
        Outcome::new(self.folder.path(), &self.note, command, output)
    }

    /// A job on any feeds: `generate FEED… --CONTENT`.
    pub(crate) fn generate(&self, feeds: &[&str], content: &[&str]) -> Outcome {
        self.run(&[&["generate"], feeds, content].concat())
    }

    /// Everything published, by path below the root, with its bytes; the hub's own folders are left out.
    pub(crate) fn published(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        files::read_tree(&self.path("hub/share"), |name| !name.starts_with('.'))
    }

    /// The sandbox's folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
