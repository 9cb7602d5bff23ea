//! The checked configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use renkei_core::calendar::Calendars;
use renkei_core::feed::Feed;
use renkei_core::layout::Layout;
use renkei_core::mapping::Mapping;
use renkei_core::naming::StemTemplate;
use renkei_core::order::Order;
use renkei_core::retention::Rules;
use renkei_core::schedule::{CatchUpRule, Schedule, StopWindows};
use renkei_core::{BusinessId, JobId};
use renkei_engine::transfer::TransferTerms;
use renkei_registry::MunicipalityCode;
use renkei_secret::{KeyPlace, SecretSource};

use super::alert::AlertConfig;
use super::daemon_part::DaemonConfig;
use super::destination::Destination;
use super::intake::Intake;
use super::job_terms::JobTerms;
use super::ledger::LedgerConfig;
use super::metrics::MetricsConfig;
use super::sftp::SftpConfig;
use super::source::Source;

/// A hub's configuration; only [`Config::load`] makes one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// The hub's folder, absolute.
    pub folder: PathBuf,
    /// 全国地方公共団体コード.
    pub municipality: MunicipalityCode,
    /// The municipality's name.
    pub name: String,
    /// The root of the connection folders, absolute.
    pub root: PathBuf,
    /// Where everything durable is.
    pub store: StoreConfig,
    /// How published files are named.
    pub naming: StemTemplate,
    /// The systems that are connected.
    pub systems: Vec<System>,
    /// The feeds, in declared order.
    pub feeds: Vec<DeclaredFeed>,
    /// The jobs, by id.
    pub jobs: Vec<Job>,
    /// How the scheduler daemon works.
    pub daemon: DaemonConfig,
    /// The file in a second place that keeps the end of the audit, absolute.
    pub audit_head: Option<PathBuf>,
    /// How long what is kept is kept.
    pub retention: Rules,
    /// The calendars of `jobs/calendars/`.
    pub calendars: Calendars,
    /// When no run may start.
    pub stop_windows: StopWindows,
    /// All layouts by file name without `.toml`, those no feed uses included.
    pub layouts: BTreeMap<String, Arc<Layout>>,
    /// All mappings by file name without `.toml`.
    pub mappings: BTreeMap<String, Arc<Mapping>>,
    /// Who is told of what went wrong.
    pub alert: AlertConfig,
    /// Where the daemon's figures can be read.
    pub metrics: Option<MetricsConfig>,
    /// What systems hand in, in declared order.
    pub intakes: Vec<Intake>,
    /// Where publications go beyond the hub's own folders, in declared order.
    pub destinations: Vec<Destination>,
    /// Whose servers sets are fetched from, in declared order.
    pub sources: Vec<Source>,
    /// Where files of online move-outs and transfer certificates go.
    pub transfer: TransferTerms,
    /// When a receiver that does not answer is told of.
    pub ledger: LedgerConfig,
    /// Where partner systems log in; nowhere without.
    pub sftp: Option<SftpConfig>,
    /// Where the key is that secrets are encrypted under; without one none is.
    pub secret_key: Option<KeyPlace>,
}

/// Where everything durable is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The database file, absolute.
    pub path: PathBuf,
    /// Where the key for 個人番号 comes from: 64 hex digits.
    pub number_key: SecretSource,
}

/// A business system (業務システム) that is given files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// 業務ID, or an id of its own.
    pub id: BusinessId,
    /// Its name.
    pub name: String,
    /// True when its business is 番号利用事務, so that it may be given 個人番号.
    pub individual_number: bool,
    /// The group of this machine that its people are in, for rights on disk.
    pub local_group: Option<String>,
}

/// A feed (配信系列) with the names it was declared by.
#[derive(Debug, Clone)]
pub struct DeclaredFeed {
    /// Its layout's file name without `.toml`.
    pub layout_id: String,
    /// The feed, ready to be rendered.
    pub feed: Feed,
    /// When a receiver of it is told of as behind, over the hub's rule.
    pub behind_after: Option<TimeDelta>,
}

/// A job (ジョブ): declared work.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its file name without `.toml`.
    pub id: JobId,
    /// What people call it.
    pub name: String,
    /// What a run of it does.
    pub order: Order,
    /// False for a job that is kept but does not run.
    pub is_enabled: bool,
    /// On what terms it runs.
    pub terms: JobTerms,
    /// When it is due; without one it runs only when asked to.
    pub schedule: Option<JobSchedule>,
}

/// When a job is due, and what becomes of slots that were missed.
#[derive(Debug, Clone)]
pub struct JobSchedule {
    /// When.
    pub schedule: Schedule,
    /// What becomes of missed slots.
    pub catch_up: CatchUpRule,
}

impl Config {
    /// The feed with this id.
    pub fn feed(&self, id: &str) -> Option<&Feed> {
        self.feeds.iter().map(|declared| &declared.feed).find(|feed| feed.id.as_str() == id)
    }

    /// The job with this id.
    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id.as_str() == id)
    }

    /// The intake with this id.
    pub fn intake(&self, id: &str) -> Option<&Intake> {
        self.intakes.iter().find(|intake| intake.terms.id.as_str() == id)
    }

    /// The destination with this id.
    pub fn destination(&self, id: &str) -> Option<&Destination> {
        self.destinations.iter().find(|destination| destination.terms.id.as_str() == id)
    }

    /// The source with this id.
    pub fn source(&self, id: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.terms.id.as_str() == id)
    }

    /// The system with this id.
    pub fn system(&self, id: &str) -> Option<&System> {
        self.systems.iter().find(|system| system.id.as_str() == id)
    }
}
