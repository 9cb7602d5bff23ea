//! How sets are fetched from a server: notices are looked for, then the files of those that are whole there, and the
//! notice last.
//!
//! Names, lengths and kinds in a listing are a stranger's word: nothing is kept of an entry but a plain notice name
//! that is new, so that a folder of any length takes no more memory than one look may fetch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use renkei_core::delivery::DeliveryError;
use renkei_core::hash::sha256;
use renkei_core::naming::NOTICE_ENDING;
use renkei_core::notice::{MAX_BYTES, Notice, NoticeError};
use renkei_core::port::{Content, PullMemory, Standing};
use renkei_core::pull::{
    AfterPull, FailedSet, PullFolder, PullLook, PulledFile, PulledSet, Remembered, UnfinishedSet,
};
use renkei_core::{Digest, FileName};
use renkei_folder::LandingFolder;

use super::incoming::{Incoming, fetch_file};
use super::outgoing::Under;
use super::remote::{Attributes, EntryKind, Remote, Renamed};

/// New notices that are held of one listing; the folder is listed again for those beyond.
const MOST_NOTICES: usize = 4096;
/// Bytes of notices held at a time.
const MOST_HELD_BYTES: usize = 32 << 20;
/// Names that are looked up in the memory at a time.
const BATCH: usize = 512;
/// A folder with more entries than this has no end.
const MOST_ENTRIES: u64 = 2_000_000;

/// A look at one folder.
pub(super) struct FolderPull<'p> {
    folder: &'p PullFolder,
    into: LandingFolder,
    memory: &'p dyn PullMemory,
    under: &'p Under<'p>,
    waiting: Mutex<VecDeque<Candidate>>,
    sets: Mutex<Vec<NoticedSet>>,
    n_held: AtomicU64,
    /// The last notice that was looked at, where the listing had more than are held.
    after: Mutex<Option<FileName>>,
    has_more: AtomicBool,
    has_failed: AtomicBool,
    look: Mutex<PullLook>,
}

/// A notice that is new, or of which something is still to be done.
#[derive(Debug, Clone)]
struct Candidate {
    name: FileName,
    found: Attributes,
    remembered: Option<Remembered>,
}

/// A set that is whole at the server.
struct NoticedSet {
    name: FileName,
    bytes: Vec<u8>,
    notice: Notice,
    files: Vec<NoticedFile>,
    changed_at: Option<u32>,
    /// Files that are not here yet; those that failed stay in it.
    n_left: usize,
    n_next: usize,
}

#[derive(Clone)]
struct NoticedFile {
    name: FileName,
    content: Content,
    changed_at: Option<u32>,
}

impl NoticedFile {
    fn pulled(&self) -> PulledFile {
        PulledFile {
            name: self.name.clone(),
            n_bytes: self.content.n_bytes,
            changed_at: self.changed_at,
            sha256: self.content.sha256,
        }
    }
}

impl NoticedSet {
    fn content(&self) -> Content {
        Content { n_bytes: self.bytes.len() as u64, sha256: Digest(sha256(&self.bytes)) }
    }

    fn pulled(&self) -> Vec<PulledFile> {
        let Content { n_bytes, sha256 } = self.content();
        let notice = PulledFile { name: self.name.clone(), n_bytes, changed_at: self.changed_at, sha256 };
        self.files.iter().map(NoticedFile::pulled).chain([notice]).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The files that a notice names, with what they must be.
fn contents(notice: &Notice) -> impl Iterator<Item = (&FileName, Content)> {
    let data = notice.files.iter().map(|file| (&file.name, file.n_bytes, file.sha256));
    let reports = notice.reports.iter().map(|file| (&file.name, file.n_bytes, file.sha256));
    data.chain(reports).map(|(name, n_bytes, sha256)| (name, Content { n_bytes, sha256 }))
}

/// Whether a fault is one set's alone, so that the others go on.
fn is_of_one_set(error: &DeliveryError) -> bool {
    matches!(
        error,
        DeliveryError::NoticeUnreadable { .. }
            | DeliveryError::TooLarge { .. }
            | DeliveryError::NoPlainFile { .. }
            | DeliveryError::NotAsNoticed { .. }
            | DeliveryError::TakenHere { .. }
            | DeliveryError::Refused { .. }
    )
}

impl<'p> FolderPull<'p> {
    pub(super) fn new(
        folder: &'p PullFolder,
        into: LandingFolder,
        memory: &'p dyn PullMemory,
        under: &'p Under<'p>,
    ) -> Self {
        Self {
            folder,
            into,
            memory,
            under,
            waiting: Mutex::default(),
            sets: Mutex::default(),
            n_held: AtomicU64::new(0),
            after: Mutex::default(),
            has_more: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            look: Mutex::default(),
        }
    }

    /// What it came to.
    pub(super) fn into_look(self) -> PullLook {
        self.look.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists the folder: the notices in it that are not remembered as they are, from where the last listing was left.
    pub(super) async fn list<R: Remote>(&self, remote: &R) -> Result<(), DeliveryError> {
        self.has_more.store(false, Ordering::Relaxed);
        let after = lock(&self.after).clone();
        let mut batch: Vec<(FileName, Attributes)> = Vec::new();
        let mut new: BTreeMap<FileName, Candidate> = BTreeMap::new();
        let mut n_entries = 0_u64;
        let mut each = |name: &[u8], found: Attributes| {
            self.under.may_go_on()?;
            n_entries += 1;
            if n_entries > MOST_ENTRIES {
                let detail = "the folder has no end".to_owned();
                return Err(DeliveryError::Refused { name: self.folder.from.clone(), detail });
            }
            let plain = std::str::from_utf8(name).ok().and_then(|name| name.parse::<FileName>().ok());
            let notice = plain.filter(|name| {
                name.as_str().ends_with(NOTICE_ENDING) && after.as_ref().is_none_or(|after| name > after)
            });
            if let Some(name) = notice.filter(|_| found.kind != Some(EntryKind::Other)) {
                batch.push((name, found));
            }
            if batch.len() >= BATCH { self.sift(&mut batch, &mut new) } else { Ok(()) }
        };
        let is_there = remote.list(&self.folder.from, &mut each).await?;
        if !is_there && !self.folder.may_be_missing {
            let detail = "there is no such folder".to_owned();
            return Err(DeliveryError::Refused { name: self.folder.from.clone(), detail });
        }
        self.sift(&mut batch, &mut new)?;
        if let Some((last, _)) = new.last_key_value() {
            *lock(&self.after) = Some(last.clone());
        }
        *lock(&self.waiting) = new.into_values().collect();
        Ok(())
    }

    /// Takes out of a batch what is new, the first by name, and no more than one look takes.
    fn sift(
        &self,
        batch: &mut Vec<(FileName, Attributes)>,
        new: &mut BTreeMap<FileName, Candidate>,
    ) -> Result<(), DeliveryError> {
        let names: Vec<FileName> = batch.iter().map(|(name, _)| name.clone()).collect();
        let mut known = self.memory.recall(&self.folder.from, &names).map_err(DeliveryError::Memory)?;
        for (name, found) in batch.drain(..) {
            let remembered = known.remove(&name);
            let is_done = remembered.as_ref().is_some_and(|one| {
                let n_bytes = found.n_bytes.unwrap_or(u64::MAX);
                one.is_here
                    && self.folder.after == AfterPull::Leave
                    && one.is_unchanged(n_bytes, found.changed_at)
            });
            if is_done {
                continue;
            }
            new.insert(name.clone(), Candidate { name, found, remembered });
            if new.len() > MOST_NOTICES {
                new.pop_last();
                self.has_more.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// How many notices are to be read.
    pub(super) fn n_notices(&self) -> usize {
        lock(&self.waiting).len()
    }

    /// How many files are to be fetched.
    pub(super) fn n_files(&self) -> usize {
        lock(&self.sets).iter().map(|set| set.files.len()).sum()
    }

    /// Lets go of the sets that were dealt with. False where notices of this listing are still to be read.
    pub(super) fn is_read(&self) -> bool {
        lock(&self.sets).clear();
        self.n_held.store(0, Ordering::Relaxed);
        lock(&self.waiting).is_empty()
    }

    /// Whether the folder is to be listed once more.
    pub(super) fn has_more(&self) -> bool {
        self.has_more.load(Ordering::Relaxed)
    }

    /// Reads notices until there is none left, or enough is held; several may do so side by side.
    pub(super) async fn read_notices<R: Remote>(&self, remote: &R) -> Result<(), DeliveryError> {
        while !self.has_failed.load(Ordering::Relaxed) {
            if self.n_held.load(Ordering::Relaxed) > MOST_HELD_BYTES as u64 {
                break;
            }
            let Some(candidate) = lock(&self.waiting).pop_front() else { break };
            let name = candidate.name.clone();
            let looked = self.look_at_one(remote, candidate).await;
            self.settle(&name, looked)?;
        }
        Ok(())
    }

    /// What is one set's affair is kept for the report; what is the connection's ends the look.
    fn settle(&self, notice: &FileName, done: Result<(), DeliveryError>) -> Result<(), DeliveryError> {
        match done {
            Ok(()) => Ok(()),
            Err(error) if is_of_one_set(&error) => {
                let (from, notice) = (self.folder.from.clone(), Some(notice.clone()));
                lock(&self.look).failed.push(FailedSet { from, notice, error });
                Ok(())
            }
            Err(error) => {
                self.has_failed.store(true, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    async fn look_at_one<R: Remote>(&self, remote: &R, candidate: Candidate) -> Result<(), DeliveryError> {
        self.under.may_go_on()?;
        let Candidate { name, found, remembered } = candidate;
        let n_bytes = found.n_bytes.unwrap_or(0);
        if let Some(one) = remembered.as_ref().filter(|one| one.is_unchanged(n_bytes, found.changed_at)) {
            return self.go_on_with(remote, one).await;
        }
        let path = self.path_of(&name);
        // What a listing calls a file may be none by now; a link is never gone after.
        let Some(before) = remote.look_at(&path).await? else { return Ok(()) };
        if before.kind == Some(EntryKind::Other) {
            return Err(DeliveryError::NoPlainFile { name: name.to_string() });
        }
        let bytes = self.read_notice(remote, &path, &name).await?;
        let digest = Digest(sha256(&bytes));
        let unreadable = |source| DeliveryError::NoticeUnreadable { name: name.to_string(), source };
        let notice = Notice::parse(&bytes).map_err(unreadable)?;
        let exceeded = self.folder.most.exceeded(&notice);
        if !exceeded.is_empty() {
            return Err(DeliveryError::TooLarge { name: name.to_string(), detail: exceeded.join("; ") });
        }
        if let Some(one) = remembered.filter(|one| one.file.sha256 == digest) {
            // Touched only, or cut off on the way: what is here is what stands there.
            if one.is_here || self.has_come(&name, &bytes, &notice)? {
                let n_bytes = bytes.len() as u64;
                let sha256 = digest;
                let file = PulledFile { name: name.clone(), n_bytes, changed_at: before.changed_at, sha256 };
                self.remember(&name, &[file], true)?;
                return self.clear_away(remote, &name).await;
            }
        }
        let Some(files) = self.look_at_files(remote, &name, &notice).await? else { return Ok(()) };
        let set = NoticedSet {
            name,
            notice,
            changed_at: before.changed_at,
            n_left: files.len(),
            n_next: 0,
            files,
            bytes,
        };
        self.n_held.fetch_add(set.bytes.len() as u64, Ordering::Relaxed);
        self.make_way(&set)?;
        lock(&self.sets).push(set);
        Ok(())
    }

    async fn read_notice<R: Remote>(
        &self,
        remote: &R,
        path: &str,
        name: &FileName,
    ) -> Result<Vec<u8>, DeliveryError> {
        let mut bytes = Vec::new();
        let mut into = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            Ok(())
        };
        remote.fetch(path, 0, MAX_BYTES as u64 + 1, self.under, &mut into).await?;
        if bytes.len() > MAX_BYTES {
            let (name, source) = (name.to_string(), NoticeError::TooLong);
            return Err(DeliveryError::NoticeUnreadable { name, source });
        }
        Ok(bytes)
    }

    /// The files that a notice names, where all are there in their full length.
    async fn look_at_files<R: Remote>(
        &self,
        remote: &R,
        name: &FileName,
        notice: &Notice,
    ) -> Result<Option<Vec<NoticedFile>>, DeliveryError> {
        let (mut files, mut n_lacking) = (Vec::new(), 0);
        for (file, content) in contents(notice) {
            self.under.may_go_on()?;
            match remote.look_at(&self.path_of(file)).await? {
                Some(found) if found.kind == Some(EntryKind::Other) => {
                    return Err(DeliveryError::NoPlainFile { name: file.to_string() });
                }
                Some(found) if found.n_bytes == Some(content.n_bytes) => {
                    files.push(NoticedFile { name: file.clone(), content, changed_at: found.changed_at });
                }
                _ => n_lacking += 1,
            }
        }
        if n_lacking == 0 {
            return Ok(Some(files));
        }
        let (from, notice) = (self.folder.from.clone(), name.clone());
        lock(&self.look).unfinished.push(UnfinishedSet { from, notice, n_lacking });
        Ok(None)
    }

    /// Whether a set whose notice was about to get its name has come: its notice is here, or somebody has taken its
    /// files away since, which nobody does before the notice is there.
    fn has_come(&self, name: &FileName, bytes: &[u8], notice: &Notice) -> Result<bool, DeliveryError> {
        let content = Content { n_bytes: bytes.len() as u64, sha256: Digest(sha256(bytes)) };
        if self.standing(name, &content)? == Standing::Same {
            return Ok(true);
        }
        for (file, content) in contents(notice) {
            if self.standing(file, &content)? == Standing::Same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn standing(&self, name: &FileName, content: &Content) -> Result<Standing, DeliveryError> {
        let wants_stop = || self.under.watch.wants_stop();
        let standing = self.into.standing(name, content, &wants_stop).map_err(DeliveryError::Landing)?;
        standing.ok_or(DeliveryError::Stopped)
    }

    /// Sees to it that no notice here tells of other files than those that are about to come under their names.
    fn make_way(&self, set: &NoticedSet) -> Result<(), DeliveryError> {
        match self.standing(&set.name, &set.content())? {
            Standing::Other if self.folder.replaces => {
                self.into.remove(&set.name).map_err(DeliveryError::Landing)
            }
            Standing::Other => Err(DeliveryError::TakenHere { name: set.name.to_string() }),
            Standing::Same | Standing::Missing => Ok(()),
        }
    }

    /// Fetches files until there is none left, each set's notice when all its files are here; several may do so side
    /// by side.
    pub(super) async fn fetch_files<R: Remote>(&self, remote: &R) -> Result<(), DeliveryError> {
        while !self.has_failed.load(Ordering::Relaxed) {
            let Some((set_no, notice, file)) = self.next_file() else { break };
            let incoming = Incoming {
                name: &file.name,
                path: self.path_of(&file.name),
                content: file.content,
                changed_at: file.changed_at,
                replaces: self.folder.replaces,
            };
            let fetched = match fetch_file(remote, &self.into, &incoming, self.under).await {
                Ok(n_bytes) => {
                    lock(&self.look).n_bytes += n_bytes;
                    self.under.watch.file_over(n_bytes == 0);
                    self.file_is_here(remote, set_no).await
                }
                Err(error) => Err(error),
            };
            self.settle(&notice, fetched)?;
        }
        Ok(())
    }

    fn next_file(&self) -> Option<(usize, FileName, NoticedFile)> {
        let mut sets = lock(&self.sets);
        let (set_no, set) = sets.iter_mut().enumerate().find(|(_, set)| set.n_next < set.files.len())?;
        let file = set.files.get(set.n_next)?.clone();
        set.n_next += 1;
        Some((set_no, set.name.clone(), file))
    }

    async fn file_is_here<R: Remote>(&self, remote: &R, set_no: usize) -> Result<(), DeliveryError> {
        let whole = {
            let mut sets = lock(&self.sets);
            let Some(set) = sets.get_mut(set_no) else { return Ok(()) };
            set.n_left -= 1;
            // The place stays, for others are known by theirs.
            (set.n_left == 0).then(|| {
                let emptied = NoticedSet {
                    name: set.name.clone(),
                    bytes: Vec::new(),
                    notice: set.notice.clone(),
                    files: Vec::new(),
                    changed_at: None,
                    n_left: 0,
                    n_next: 0,
                };
                std::mem::replace(set, emptied)
            })
        };
        let Some(set) = whole else { return Ok(()) };
        self.finish(&set)?;
        let Notice { feed, sequence, .. } = &set.notice;
        lock(&self.look).pulled.push(PulledSet {
            to: self.folder.to.clone(),
            notice: set.name.clone(),
            feed: feed.clone(),
            sequence: *sequence,
            n_files: set.files.len() as u64 + 1,
        });
        self.clear_away(remote, &set.name).await
    }

    /// Puts the notice to files that are all here.
    fn finish(&self, set: &NoticedSet) -> Result<(), DeliveryError> {
        self.into.sync().map_err(DeliveryError::Landing)?;
        self.under.watch.reached("pull.files-here");
        self.remember(&set.name, &set.pulled(), false)?;
        self.under.watch.reached("pull.remembered");
        if self.standing(&set.name, &set.content())? != Standing::Same {
            let mut part = self.into.part(&set.name, "notice").map_err(DeliveryError::Landing)?;
            part.begin_anew().map_err(DeliveryError::Landing)?;
            part.write(&set.bytes).map_err(DeliveryError::Landing)?;
            if !self.into.place(&part, &set.name).map_err(DeliveryError::Landing)? {
                return Err(DeliveryError::TakenHere { name: set.name.to_string() });
            }
        }
        self.into.sync().map_err(DeliveryError::Landing)?;
        self.under.watch.file_over(false);
        self.under.watch.reached("pull.notice-here");
        self.remember(&set.name, &set.pulled(), true)?;
        self.under.watch.reached("pull.here");
        Ok(())
    }

    fn remember(&self, notice: &FileName, files: &[PulledFile], is_here: bool) -> Result<(), DeliveryError> {
        let remembered = self.memory.remember(&self.folder.from, notice, files, is_here);
        remembered.map_err(DeliveryError::Memory)
    }

    /// What is still to be done with a notice that is remembered as it stands there.
    async fn go_on_with<R: Remote>(&self, remote: &R, one: &Remembered) -> Result<(), DeliveryError> {
        let name = &one.file.name;
        if one.is_here {
            return self.clear_away(remote, name).await;
        }
        // The process ended while it was given its name; its bytes are needed if that was before.
        let forgotten = Remembered { at: renkei_core::Moment::from_unix(0).unwrap_or(one.at), ..one.clone() };
        let found = Attributes { n_bytes: Some(one.file.n_bytes), kind: None, changed_at: None };
        Box::pin(
            self.look_at_one(remote, Candidate { name: name.clone(), found, remembered: Some(forgotten) }),
        )
        .await
    }

    /// Does at the partner's what is to be done with a set that is here: only to files that are still what was fetched,
    /// and to the notice last.
    async fn clear_away<R: Remote>(&self, remote: &R, notice: &FileName) -> Result<(), DeliveryError> {
        if self.folder.after == AfterPull::Leave {
            return Ok(());
        }
        let set = self.memory.set_of(&self.folder.from, notice).map_err(DeliveryError::Memory)?;
        let (notices, files): (Vec<_>, Vec<_>) = set.iter().partition(|one| one.file.name == *notice);
        for one in files.into_iter().chain(notices) {
            self.under.may_go_on()?;
            let file = &one.file;
            let path = self.path_of(&file.name);
            let Some(found) = remote.look_at(&path).await? else { continue };
            let is_other = found.kind == Some(EntryKind::Other) || found.n_bytes != Some(file.n_bytes);
            // One that was written to since, or may have been in the very second in which it was fetched, is compared.
            let is_it = !is_other
                && (one.is_unchanged(file.n_bytes, found.changed_at)
                    || remote.digest(&path, file.n_bytes, self.under).await? == file.sha256);
            if !is_it {
                continue;
            }
            match &self.folder.after {
                AfterPull::Leave => {}
                AfterPull::Delete => remote.remove(&path).await?,
                AfterPull::Move(to) => self.move_away(remote, file, &path, to).await?,
            }
            self.under.watch.reached("pull.cleared-one");
        }
        Ok(())
    }

    async fn move_away<R: Remote>(
        &self,
        remote: &R,
        file: &PulledFile,
        path: &str,
        to: &str,
    ) -> Result<(), DeliveryError> {
        let digest = file.sha256.to_string();
        let other = format!("{}.{}", file.name, digest.get(..12).unwrap_or_default());
        let mut words = String::new();
        for name in [file.name.as_str(), &other] {
            let target = PullFolder::path_in(to, name);
            // Some servers write over what has the name.
            if remote.look_at(&target).await?.is_some() {
                "the name is taken there".clone_into(&mut words);
                continue;
            }
            match remote.rename(path, &target).await? {
                Renamed::Done => return Ok(()),
                Renamed::Refused(said) => words = said,
            }
        }
        Err(DeliveryError::Refused { name: file.name.to_string(), detail: words })
    }

    fn path_of(&self, name: &FileName) -> String {
        PullFolder::path_in(&self.folder.from, name.as_str())
    }
}
