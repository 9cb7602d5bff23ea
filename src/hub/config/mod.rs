//! Configuration of a hub: `hub.toml`, `jobs/*.toml`, `jobs/calendars/*.toml` and `layouts/*.toml` of one folder, read and checked
//! together into a [`Config`] that cannot be wrong. All problems of all files are found at once.

pub mod alert;
mod characters;
mod daemon_part;
mod destination;
mod errors;
mod feed;
mod files;
mod guard;
mod hub_file;
mod intake;
mod job_file;
mod job_terms;
mod keeping;
mod ledger;
mod load;
mod metrics;
mod named_secrets;
mod night;
mod paths;
mod receivers;
pub(crate) mod secret_reference;
mod sftp;
mod source;
pub(crate) mod taking;
#[cfg(test)]
mod tests;
mod transfer;
mod types;

pub use alert::AlertConfig;
pub use daemon_part::DaemonConfig;
pub(crate) use destination::sftp as partner_server;
pub use destination::{CommandTerms, Destination, ReceiveTerms, RequestTerms, WayTerms, timeout_of};
pub use errors::ConfigError;
pub use files::{HUB_FILE, find_folder};
pub(crate) use files::{declarations_sha256, read_calendar_files, read_layout_files};
pub use intake::{Intake, RowsTo};
pub use job_terms::JobTerms;
pub use ledger::LedgerConfig;
pub use metrics::MetricsConfig;
pub(crate) use named_secrets::SECRETS;
pub(crate) use paths::resolve as resolve_path;
pub(crate) use secret_reference::secret_key_of;
pub(crate) use sftp::HOST_KEYS;
pub use sftp::{ListeningAt, SftpConfig};
pub use source::Source;
pub use types::{Config, DeclaredFeed, Job, JobSchedule, StoreConfig, System};
