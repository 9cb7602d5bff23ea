//! Configuration of a hub: `hub.toml`, `jobs/*.toml`, `jobs/calendars/*.toml` and `layouts/*.toml` of one folder, read and checked
//! together into a [`Config`] that cannot be wrong. All problems of all files are found at once.

pub mod alert;
mod characters;
mod daemon_part;
mod errors;
mod feed;
mod files;
mod guard;
mod hub_file;
mod job_file;
mod job_terms;
mod keeping;
mod load;
mod metrics;
mod night;
mod paths;
#[cfg(test)]
mod tests;
mod transfer;
mod types;

pub use alert::AlertConfig;
pub use daemon_part::DaemonConfig;
pub use errors::ConfigError;
pub use files::{HUB_FILE, find_folder};
pub use job_terms::JobTerms;
pub use metrics::MetricsConfig;
pub use types::{Config, DeclaredFeed, Job, JobSchedule, KeySource, StoreConfig, System};
