//! Pairs what stands in a folder into sets: pure, from one look after another and the notices in it.
//!
//! A notice is read once, and again only when it was written to; what no notice names is never read. Every look
//! decides anew from what stands there, so nothing depends on having seen a file come.

mod memory;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod writer_tests;

use std::collections::BTreeSet;
use std::io::Read as _;

use crate::file_name::{FileName, FolderPath};
use crate::hash::sha256;
use crate::ids::Digest;
use crate::moment::Moment;
use crate::naming::NOTICE_ENDING;
use crate::notice::{MAX_BYTES, Notice};
use crate::port::{FolderError, SeenFile, SeenKind, SeenName, Share};
use crate::receive::pairing::{
    FoundSet, Lack, LackKind, Pairing, Patience, PendingCause, PendingNotice, Stray, UnreadableNotice,
    WaitingSet,
};
use memory::{Entry, Memory, Reading};

/// How many bytes of notices are held at a time for one folder: 30,000 of the usual length. Those beyond are read
/// when others have gone.
pub const HELD_NOTICE_BYTES: u64 = 64 << 20;

/// Endings that programs give to files they are still writing.
const TEMPORARY_ENDINGS: [&str; 3] = [".tmp", ".part", ".filepart"];

/// Remembers a folder from look to look: what stands in it now, and nothing that went.
#[derive(Debug, Default)]
pub struct Pairer {
    memory: Memory,
}

/// Reads a notice for [`Pairer::look`]: of one that is too long only as much as shows that.
pub fn read_notice(share: &dyn Share, folder: &FolderPath, name: &FileName) -> Result<Vec<u8>, FolderError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let read = share.open(folder, name)?.take(most).read_to_end(&mut bytes);
    read.map_err(|source| FolderError::Unavailable {
        path: format!("{folder}/{name}"),
        attempt: "read",
        source,
    })?;
    Ok(bytes)
}

impl Pairer {
    /// Takes in a look and says what it comes to. `read_notice` gives the bytes of a notice, of one longer than
    /// [`MAX_BYTES`] only the first of them: see [`read_notice`].
    ///
    /// A clock that was set back makes a wait begin again, and a time in the future counts as now.
    pub fn look(
        &mut self,
        seen: Vec<SeenFile>,
        read_notice: &mut dyn FnMut(&FileName) -> Result<Vec<u8>, FolderError>,
        now: Moment,
        patience: &Patience,
    ) -> Pairing {
        self.memory.take_in(seen, now);
        self.read_notices(read_notice);
        let mut pairing = Pairing::default();
        let named = self.pair(&mut pairing, now, patience);
        self.tell_notices(&mut pairing, now, patience);
        let is_deferred = pairing.pending.iter().any(|notice| notice.cause == PendingCause::Deferred);
        for (name, entry) in self.memory.entries() {
            let is_known = match name {
                SeenName::Plain(plain) => is_notice(plain, entry) || named.contains(plain),
                SeenName::Odd(_) => false,
            };
            if !is_known {
                let since = entry.since(now);
                pairing.strays.push(Stray {
                    name: name.clone(),
                    kind: entry.kind,
                    is_temporary: is_temporary(name),
                    since,
                    is_overdue: !is_deferred && now.since(since) >= patience.stray_after,
                });
            }
        }
        pairing
    }

    /// Reads the notices that are new, were written to, or could not be opened before.
    fn read_notices(&mut self, read: &mut dyn FnMut(&FileName) -> Result<Vec<u8>, FolderError>) {
        let mut n_held = self.memory.n_held();
        for (name, entry) in self.memory.entries_mut() {
            let SeenName::Plain(name) = name else { continue };
            if !is_notice(name, entry) || matches!(entry.reading, Reading::Sound(..) | Reading::Unsound(..)) {
                continue;
            }
            // Of one that is too long nothing is held.
            let n_bytes = entry.stamp.n_bytes;
            if n_bytes <= MAX_BYTES as u64 && n_held.saturating_add(n_bytes) > HELD_NOTICE_BYTES {
                entry.reading = Reading::Deferred;
                continue;
            }
            entry.reading = match read(name) {
                Err(error) => Reading::unopened(&error),
                Ok(bytes) => {
                    let sha256 = Digest(sha256(&bytes));
                    match Notice::parse(&bytes) {
                        Ok(notice) => {
                            n_held = n_held.saturating_add(bytes.len() as u64);
                            Reading::Sound(Box::new(notice), sha256)
                        }
                        Err(error) => Reading::Unsound(error, sha256),
                    }
                }
            };
        }
    }

    /// Judges the sets of all sound notices and gives every name they have.
    fn pair(&self, pairing: &mut Pairing, now: Moment, patience: &Patience) -> BTreeSet<&FileName> {
        let mut sets: Vec<(&FileName, &Entry, &Notice, Digest)> = Vec::new();
        let mut named = BTreeSet::new();
        for (name, entry) in self.memory.entries() {
            if let (SeenName::Plain(name), Reading::Sound(notice, sha256)) = (name, &entry.reading) {
                sets.push((name, entry, notice, *sha256));
                named.extend(declared(notice).map(|(name, _)| name));
            }
        }
        sets.sort_by(|(name, _, one, _), (other_name, _, other, _)| {
            (&one.feed, one.sequence, name).cmp(&(&other.feed, other.sequence, other_name))
        });
        // Who comes first has a file that two name; the other is told so, and later that the file has gone.
        let mut given: BTreeSet<&FileName> = BTreeSet::new();
        for (name, entry, notice, notice_sha256) in sets {
            let mut lacks: Vec<Lack> = Vec::new();
            let mut is_settled = entry.is_settled(now, patience);
            for (file, n_bytes) in declared(notice) {
                let found = self.memory.entry(file);
                is_settled &= found.is_some_and(|found| found.is_settled(now, patience));
                lacks.extend(lack(found, n_bytes).map(|kind| Lack { name: file.clone(), kind }));
            }
            if lacks.is_empty() {
                let others = declared(notice).map(|(file, _)| file).filter(|file| given.contains(file));
                lacks.extend(others.map(|file| Lack { name: file.clone(), kind: LackKind::OfOtherSet }));
            }
            let (notice_name, notice_of_set) = (name.clone(), notice.clone());
            if lacks.is_empty() {
                given.extend(declared(notice).map(|(file, _)| file));
                let set = FoundSet { notice_name, notice: notice_of_set, notice_sha256, is_settled };
                pairing.ready.push(set);
            } else {
                let since = entry.stands_since(now);
                pairing.waiting.push(WaitingSet {
                    notice_name,
                    feed: notice.feed.clone(),
                    sequence: notice.sequence,
                    notice: notice_of_set,
                    notice_sha256,
                    lacks,
                    since,
                    is_overdue: now.since(since) >= patience.incomplete_after,
                });
            }
        }
        pairing.waiting.sort_by(|one, other| one.notice_name.cmp(&other.notice_name));
        named
    }

    /// Tells of the notices that are not sound, or of which that is not known.
    fn tell_notices(&self, pairing: &mut Pairing, now: Moment, patience: &Patience) {
        for (name, entry) in self.memory.entries() {
            let SeenName::Plain(name) = name else { continue };
            let cause = match &entry.reading {
                Reading::None | Reading::Sound(..) => continue,
                Reading::Unsound(error, sha256) if entry.is_settled(now, patience) => {
                    let (name, error) = (name.clone(), error.clone());
                    pairing.unreadable.push(UnreadableNotice { name, sha256: *sha256, error });
                    continue;
                }
                Reading::Unsound(error, _) => PendingCause::Unfinished(error.clone()),
                Reading::Unopened { code, detail } => PendingCause::Unopened { code, detail: detail.clone() },
                Reading::Deferred => PendingCause::Deferred,
            };
            let since = entry.since(now);
            let is_overdue = now.since(since) >= patience.incomplete_after;
            pairing.pending.push(PendingNotice { name: name.clone(), cause, since, is_overdue });
        }
    }
}

/// The files a notice names, with the lengths it declares.
fn declared(notice: &Notice) -> impl Iterator<Item = (&FileName, u64)> {
    let files = notice.files.iter().map(|file| (&file.name, file.n_bytes));
    files.chain(notice.reports.iter().map(|report| (&report.name, report.n_bytes)))
}

fn lack(found: Option<&Entry>, declared: u64) -> Option<LackKind> {
    match found {
        None => Some(LackKind::Missing),
        Some(entry) if entry.kind != SeenKind::File => Some(LackKind::NoFile(entry.kind)),
        Some(entry) if entry.stamp.n_bytes != declared => {
            Some(LackKind::OtherLength { found: entry.stamp.n_bytes, declared })
        }
        Some(_) => None,
    }
}

fn is_notice(name: &FileName, entry: &Entry) -> bool {
    entry.kind == SeenKind::File && name.as_str().ends_with(NOTICE_ENDING)
}

fn is_temporary(name: &SeenName) -> bool {
    let text = match name {
        SeenName::Plain(name) => name.as_str(),
        SeenName::Odd(text) => text,
    };
    let lower = text.to_ascii_lowercase();
    lower.starts_with('.') || TEMPORARY_ENDINGS.iter().any(|ending| lower.ends_with(ending))
}
