//! Configuration of a hub: `hub.toml`, `jobs/*.toml` and `layouts/*.toml` of one folder, read and checked
//! together into a [`Config`] that cannot be wrong. All problems of all files are found at once.

pub mod alert;
mod characters;
mod errors;
mod feed;
mod files;
mod hub_file;
mod job_file;
mod load;
mod metrics;
mod paths;
#[cfg(test)]
mod tests;
mod types;

pub use alert::AlertConfig;
pub use errors::ConfigError;
pub use files::{HUB_FILE, find_folder};
pub use metrics::MetricsConfig;
pub use types::{Config, DeclaredFeed, Job, KeySource, StoreConfig, System};
