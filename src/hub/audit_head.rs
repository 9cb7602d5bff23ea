//! The end of the audit in a second place: one small file on another disk, written after whatever was written to
//! the audit and never moved backwards. Only with it does a cut-off end of the audit show.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use renkei_core::Moment;
use renkei_core::audit::{AuditLink, KeptHead, compare};
use renkei_core::port::{Snapshot, Store, StoreError};
use renkei_folder::RootLock;

use crate::config::Config;
use crate::{Failure, HubError};

/// No such file is longer, in bytes.
const LONGEST: u64 = 4096;
/// How long one process waits for another that writes the file.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Brings the file up to the audit's last line, where one is declared; cheap when it is there already.
///
/// Where the audit no longer has what the file holds, the file stays as it is and that is the fault.
pub(crate) fn keep(store: &dyn Store, config: &Config, now: Moment) -> Result<(), Failure> {
    let Some(path) = &config.audit_head else { return Ok(()) };
    if is_current(store, path)? {
        return Ok(());
    }
    // Two processes at once: the one that read the audit earlier must not write last.
    let _turn = turn(config, now)?;
    let snapshot = store.snapshot()?;
    let head = snapshot.audit_head()?;
    if let Some(kept) = read(path)? {
        compare(kept, head, chain_at(snapshot.as_ref(), kept)?)?;
        if kept == head {
            return Ok(());
        }
    } else if head == AuditLink::START {
        return Ok(());
    }
    write(path, head, now)
}

/// Compares without writing: the number the file holds, `None` where there is no file yet.
pub(crate) fn look(store: &dyn Store, path: &Path) -> Result<Option<u64>, Failure> {
    let Some(kept) = read(path)? else { return Ok(None) };
    let snapshot = store.snapshot()?;
    compare(kept, snapshot.audit_head()?, chain_at(snapshot.as_ref(), kept)?)?;
    Ok(Some(kept.audit_no))
}

/// Writes the audit's last line over whatever the file holds: an operator accepted the audit as it stands.
pub(crate) fn rebase(store: &dyn Store, config: &Config, now: Moment) -> Result<(), Failure> {
    let Some(path) = &config.audit_head else { return Ok(()) };
    let _turn = turn(config, now)?;
    write(path, store.snapshot()?.audit_head()?, now)
}

fn turn(config: &Config, now: Moment) -> Result<RootLock, Failure> {
    let lock = config.store.path.with_file_name("audit-head.lock");
    Ok(RootLock::take(&lock, "renkei", &now.to_string(), Some(LOCK_WAIT))?)
}

fn is_current(store: &dyn Store, path: &Path) -> Result<bool, Failure> {
    Ok(read(path)? == Some(store.snapshot()?.audit_head()?))
}

/// The chain value that stands at the number kept: of the line, or of the base.
fn chain_at(snapshot: &dyn Snapshot, kept: AuditLink) -> Result<Option<renkei_core::Digest>, StoreError> {
    for at in [AuditLink::START, snapshot.audit_base()?] {
        if at.audit_no == kept.audit_no {
            return Ok(Some(at.chain_sha256));
        }
    }
    let line = snapshot.audit(kept.audit_no.saturating_sub(1), 1)?.pop();
    Ok(line.filter(|line| line.audit_no == kept.audit_no).map(|line| line.chain_sha256))
}

/// What a file keeps; `None` where there is none.
pub(crate) fn read(path: &Path) -> Result<Option<AuditLink>, HubError> {
    let failed = |source| HubError::AuditHeadUnavailable { path: path.to_owned(), source };
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    let kept = std::str::from_utf8(&bytes).ok().and_then(KeptHead::parse);
    let damaged = || HubError::AuditHeadDamaged { path: path.to_owned() };
    Ok(Some(kept.ok_or_else(damaged)?.link()))
}

/// Whole or not at all: a file beside it, made durable, takes its name.
fn write(path: &Path, head: AuditLink, now: Moment) -> Result<(), Failure> {
    let text = KeptHead::new(head, now.to_string()).to_text();
    let written = try_write(path, &text);
    written.map_err(|source| HubError::AuditHeadUnavailable { path: path.to_owned(), source }.into())
}

fn try_write(path: &Path, text: &str) -> io::Result<()> {
    let mut beside: PathBuf = path.to_owned();
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    beside.set_file_name(format!(".{}.new", name.to_string_lossy()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
