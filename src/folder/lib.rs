//! The only room that touches the connection folders: a confined root, stage and publish, and the root lock.
//!
//! Nothing here follows a symbolic link below the root, and nothing appears under its final name before
//! it is complete and durable. What may be in a folder is decided elsewhere.

mod acl;
mod archive;
mod confined;
mod errors;
mod inbox;
mod landing;
mod lock;
mod outbox;
mod own;
mod publish;
mod quarantine;
mod read;
mod receipts;
mod receiver;
mod reread;
mod root;
mod share;
mod stage;
mod transport;
pub mod visit;
mod watch;

pub use errors::fault;
pub use landing::{Landing, LandingFolder, Part};
pub use lock::RootLock;
pub use outbox::Outbox;
pub use read::PlainFolder;
pub use receiver::ReceiverFolders;
pub use root::LocalFolders;
pub use share::ReadOnlyShare;
pub use transport::FolderTransport;
pub use watch::{Waker, WatchMode, WatchedFolder, Watcher};
