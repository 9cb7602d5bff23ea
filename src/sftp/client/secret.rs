//! Keys and passwords: named in the configuration, read when they are needed, wiped after, never shown.

pub use renkei_secret::{Secret, SecretSource};
