//! Keys and passwords: the one reader of them for every room, what they are encrypted with at rest, and how they are put
//! in their place and given another key.
//!
//! A secret is never part of a configuration: it stands in a file of its owner's alone, plain or encrypted, or in an
//! environment variable. It is read when it is needed, wiped after, and shown by nothing here.

mod errors;
mod keeper;
mod key_file;
mod own_file;
mod rekey;
mod sealed;
mod source;
#[cfg(test)]
mod tests;
mod whole;

pub use errors::SecretError;
pub use keeper::{Keeper, Kept, Told};
pub use key_file::{KeyId, KeyPlace, use_key_file};
pub use own_file::{Exposure, exposure};
pub use rekey::{REKEY_POINTS, Rekeyed};
pub use source::{Secret, SecretSource};

/// No key or password is longer, in bytes.
pub const MOST_BYTES: u64 = 64 * 1024;
