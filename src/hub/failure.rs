//! What ends a command early: a fault of any room, or one of the hub's own.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use renkei_core::{Class, Fault};

use crate::config::ConfigError;
use crate::exit::Exit;

/// A fault on its way to the console.
#[derive(Debug)]
pub struct Failure {
    fault: Box<dyn Fault>,
}

impl<F: Fault> From<F> for Failure {
    fn from(fault: F) -> Self {
        Self { fault: Box::new(fault) }
    }
}

impl Failure {
    /// The fault's code.
    pub fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// The fault's class.
    pub fn class(&self) -> Class {
        self.fault.class()
    }

    /// What the process ends with: usage for `usage.…`, else by class.
    pub fn exit(&self) -> Exit {
        if self.code().starts_with("usage.") { Exit::Usage } else { Exit::of_class(self.class()) }
    }

    /// What happened and what caused it, outermost first.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = vec![self.fault.to_string()];
        let mut source = self.fault.source();
        while let Some(error) = source {
            causes.push(error.to_string());
            source = error.source();
        }
        causes
    }

    /// Lines that belong to the fault: the problems of a configuration.
    pub fn details(&self) -> Vec<String> {
        let error: &dyn Error = self.fault.as_ref();
        match error.downcast_ref::<ConfigError>() {
            Some(ConfigError::Invalid { problems }) => problems.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        }
    }
}

/// Faults of the hub itself.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// `explain` was asked for something unknown.
    #[error("no fault has the code {code:?}{}", hint(near.as_deref()))]
    UnknownCode {
        /// What was asked for.
        code: String,
        /// The nearest code.
        near: Option<String>,
    },
    /// A command was given a feed that is not declared.
    #[error("no feed has the id {feed:?}{}", hint(near.as_deref()))]
    UnknownFeed {
        /// What was given.
        feed: String,
        /// The nearest feed.
        near: Option<String>,
    },
    /// A command was given a layout that is not declared.
    #[error("no layout has the id {layout:?}{}", hint(near.as_deref()))]
    UnknownLayout {
        /// What was given.
        layout: String,
        /// The nearest layout.
        near: Option<String>,
    },
    /// A command was given a mapping that is not declared.
    #[error("no mapping has the id {mapping:?}{}", hint(near.as_deref()))]
    UnknownMapping {
        /// What was given.
        mapping: String,
        /// The nearest mapping.
        near: Option<String>,
    },
    /// Nobody has accepted the host key of the agent's hub yet.
    #[error(
        "the host key of {place} is {fingerprint} and was never accepted; if it is right: host_keys = [\"{fingerprint}\"] in [sftp] of the declaration"
    )]
    HubKeyUnknown {
        /// Host and port.
        place: String,
        /// `SHA256:…`
        fingerprint: String,
    },
    /// A command was given a source that is not declared.
    #[error("no source has the id {id:?}{}", hint(near.as_deref()))]
    UnknownSource {
        /// What was given.
        id: String,
        /// The nearest source.
        near: Option<String>,
    },
    /// A set is to be fetched once more that never was.
    #[error("no set with the notice {notice} was ever fetched from {source_id}")]
    NeverFetched {
        /// The source.
        source_id: String,
        /// The name that was given.
        notice: String,
    },
    /// A set is to be fetched once more that is not at the partner's now.
    #[error("{notice} did not come again: {source_id} does not have the whole set now")]
    NotThereAgain {
        /// The source.
        source_id: String,
        /// The set's notice.
        notice: String,
    },
    /// A command was given a destination that is not declared.
    #[error("no destination has the id {destination:?}{}", hint(near.as_deref()))]
    UnknownDestination {
        /// What was given.
        destination: String,
        /// The nearest destination.
        near: Option<String>,
    },
    /// A destination is not reached by SFTP, so that it has no host key.
    #[error("destination {destination} is of kind {kind}: it has no host key")]
    NoHostKey {
        /// The destination.
        destination: String,
        /// Its kind.
        kind: &'static str,
    },
    /// A destination that is not reached by HULFT, so that nothing is asked of its partner by it.
    #[error("destination {destination} is of kind {kind}, not hulft")]
    NotHulft {
        /// The destination.
        destination: String,
        /// Its kind.
        kind: &'static str,
    },
    /// A destination that does not declare whom or what to ask.
    #[error("destination {destination} declares no {what}")]
    NoRequest {
        /// The destination.
        destination: String,
        /// The key that is missing.
        what: &'static str,
    },
    /// A file id that the destination does not declare.
    #[error("destination {destination} declares no file id {file_id:?}{}", hint(near.as_deref()))]
    UnknownFileId {
        /// The destination.
        destination: String,
        /// What was given.
        file_id: String,
        /// The nearest.
        near: Option<String>,
    },
    /// Host keys in `hub.toml`, which a command does not take back.
    #[error("hub.toml declares other host keys of {destination}: {keys}; take them out of host_keys first")]
    DeclaredKeys {
        /// The destination.
        destination: String,
        /// The fingerprints, with blanks between.
        keys: String,
    },
    /// A delivery that is not open cannot be given up.
    #[error("there is no open delivery of {feed} {sequence} to {destination}")]
    NoOpenDelivery {
        /// The destination.
        destination: String,
        /// The feed.
        feed: String,
        /// The publication.
        sequence: u32,
    },
    /// A secret that would take the place of the key for 個人番号.
    #[error("{name} is the key for individual numbers, and is never replaced")]
    NumberKeyKept {
        /// The file's name.
        name: String,
    },
    /// A path that is to be encrypted, and that nothing here refers to.
    #[error("hub.toml refers to no secret at {}", path.display())]
    NoSecretThere {
        /// Which.
        path: PathBuf,
    },
    /// Whether a secret that is to be replaced is the key for 個人番号 cannot be told.
    #[error("{name} is not replaced: hub.toml, which tells what is kept under the name, is not right")]
    ReplaceUnsure {
        /// The file's name.
        name: String,
    },
    /// `runs` was asked for a run that is not on record.
    #[error("no run's id begins with {run:?}")]
    UnknownRun {
        /// What was given.
        run: String,
    },
    /// A part of an id that several runs have.
    #[error("{n_runs} runs have {run:?} in their id")]
    AmbiguousRun {
        /// What was given.
        run: String,
        /// How many fit.
        n_runs: usize,
    },
    /// A run is to be done again as another job's.
    #[error("run {run} is not one of job {job}")]
    OtherJob {
        /// The run.
        run: String,
        /// The job.
        job: String,
    },
    /// A run is to be done again that left nothing undone.
    #[error("run {run} left nothing undone")]
    NothingLeft {
        /// The run.
        run: String,
    },
    /// A run that cannot be called off.
    #[error("run {run} is {state}")]
    NotCancellable {
        /// The run.
        run: String,
        /// How it stands.
        state: &'static str,
    },
    /// A run whose publication waits for a decision.
    #[error("run {run} is held: release or discard what it made")]
    RunHeld {
        /// The run.
        run: String,
    },
    /// A run that the command waited for failed.
    #[error("run {run} failed with {fault}: {text}")]
    RunFailed {
        /// The run.
        run: String,
        /// The code of its fault.
        fault: String,
        /// What that said.
        text: String,
        /// The class of its fault.
        class: Class,
    },
    /// `run` was given a job that is not declared.
    #[error("no job has the id {job:?}{}", hint(near.as_deref()))]
    UnknownJob {
        /// What was given.
        job: String,
        /// The nearest job.
        near: Option<String>,
    },
    /// `run` was given a job that does not run.
    #[error("job {job} is disabled")]
    DisabledJob {
        /// The job.
        job: String,
    },
    /// A command that reads came before the first that writes.
    #[error("{} does not exist", path.display())]
    NoDatabase {
        /// Where the database is to be.
        path: PathBuf,
    },
    /// `alert clear` was given a key that no open alert has.
    #[error("no open alert has the key {key:?}{}", hint(near.as_deref()))]
    UnknownAlert {
        /// What was given.
        key: String,
        /// The nearest key.
        near: Option<String>,
    },
    /// `alert test` has nothing to try.
    #[error("no such channel is declared in [alert]")]
    NoAlertChannel,
    /// The port of `[metrics]` cannot be opened.
    #[error("{address} cannot be listened on")]
    MetricsPort {
        /// Which.
        address: std::net::SocketAddr,
        /// The system's words.
        source: io::Error,
    },
    /// `receive` was given an intake that is not declared.
    #[error("no intake has the id {intake:?}{}", hint(near.as_deref()))]
    UnknownIntake {
        /// What was given.
        intake: String,
        /// The nearest intake.
        near: Option<String>,
    },
    /// `reread` was given no refused set.
    #[error("no refused set has the place or number {set:?}")]
    UnknownSet {
        /// What was given.
        set: String,
    },
    /// `intake allow` was given a set that nothing holds.
    #[error("intake {intake} has no set {sequence} that waits to be allowed")]
    NothingHeld {
        /// The intake.
        intake: String,
        /// The sequence.
        sequence: u32,
    },
    /// Signals cannot be listened to.
    #[error("signals cannot be listened to")]
    Signals {
        /// The system's words.
        source: io::Error,
    },
    /// A file for people cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("standard output cannot be written")]
    Output {
        /// The system's words.
        source: io::Error,
    },
    /// A live view was asked for where none can be drawn.
    #[error("{why}")]
    NoScreen {
        /// What is missing.
        why: &'static str,
    },
    /// The terminal went away under a live view.
    #[error("the terminal cannot be drawn on")]
    Screen {
        /// The system's words.
        source: io::Error,
    },
    /// A second daemon of the same hub.
    #[error("the daemon of this hub is up: {holder}")]
    DaemonUp {
        /// Who: process, command, since when.
        holder: String,
    },
    /// The daemon cannot work.
    #[error("the daemon cannot {attempt}")]
    Daemon {
        /// What it cannot do.
        attempt: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// The file that keeps the audit's end cannot be read or written.
    #[error("{} cannot be read or written", path.display())]
    AuditHeadUnavailable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The file that keeps the audit's end holds something else.
    #[error("{} does not hold the end of an audit", path.display())]
    AuditHeadDamaged {
        /// Which.
        path: PathBuf,
    },
    /// The program met a state it does not expect.
    #[error("stopped at {place}")]
    Panic {
        /// File and line.
        place: String,
    },
}

fn hint(near: Option<&str>) -> String {
    near.map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default()
}

impl Fault for HubError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownCode { .. } => "usage.unknown-code",
            Self::UnknownFeed { .. } => "usage.unknown-feed",
            Self::HubKeyUnknown { .. } => "receive.host-key-unknown",
            Self::UnknownSource { .. } => "usage.unknown-source",
            Self::NeverFetched { .. } => "usage.never-fetched",
            Self::NotThereAgain { .. } => "pull.not-there-again",
            Self::UnknownDestination { .. } => "usage.unknown-destination",
            Self::NoHostKey { .. } => "usage.no-host-key",
            Self::NotHulft { .. } => "usage.not-hulft",
            Self::NoRequest { .. } => "usage.no-request",
            Self::UnknownFileId { .. } => "usage.unknown-file-id",
            Self::DeclaredKeys { .. } => "usage.declared-keys",
            Self::NoOpenDelivery { .. } => "usage.no-open-delivery",
            Self::NoSecretThere { .. } => "usage.no-secret-there",
            Self::NumberKeyKept { .. } => "usage.number-key-kept",
            Self::ReplaceUnsure { .. } => "usage.replace-unsure",
            Self::UnknownLayout { .. } => "usage.unknown-layout",
            Self::UnknownMapping { .. } => "usage.unknown-mapping",
            Self::UnknownRun { .. } => "usage.unknown-run",
            Self::AmbiguousRun { .. } => "usage.ambiguous-run",
            Self::OtherJob { .. } => "usage.other-job",
            Self::NothingLeft { .. } => "usage.nothing-left",
            Self::NotCancellable { .. } => "usage.not-cancellable",
            Self::RunHeld { .. } => "usage.run-held",
            Self::RunFailed { .. } => "hub.run-failed",
            Self::UnknownJob { .. } => "usage.unknown-job",
            Self::DisabledJob { .. } => "usage.disabled-job",
            Self::UnknownIntake { .. } => "usage.unknown-intake",
            Self::UnknownSet { .. } => "usage.unknown-set",
            Self::NothingHeld { .. } => "intake.nothing-held",
            Self::Signals { .. } => "hub.signals",
            Self::UnknownAlert { .. } => "usage.unknown-alert",
            Self::NoDatabase { .. } => "hub.no-database",
            Self::NoAlertChannel => "hub.no-alert-channel",
            Self::MetricsPort { .. } => "hub.metrics-port",
            Self::Write { .. } => "hub.write",
            Self::Output { .. } => "hub.output",
            Self::NoScreen { .. } => "hub.no-screen",
            Self::Screen { .. } => "hub.screen",
            Self::DaemonUp { .. } => "hub.daemon-up",
            Self::Daemon { .. } => "hub.daemon",
            Self::AuditHeadUnavailable { .. } => "audit.head-unavailable",
            Self::AuditHeadDamaged { .. } => "audit.head-damaged",
            Self::Panic { .. } => "hub.panic",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Panic { .. } => Class::Bug,
            Self::RunFailed { class, .. } => *class,
            _ => Class::Operator,
        }
    }
}
