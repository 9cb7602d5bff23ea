//! Sets at a partner's, and what is remembered of those that were fetched.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use renkei_core::hash::sha256;
use renkei_core::notice::{DataFile, FORMAT, FileFormatWords, Notice};
use renkei_core::port::{PullMemory, StoreError};
use renkei_core::publication::Kind;
use renkei_core::pull::{PulledFile, Remembered};
use renkei_core::{CommitNo, Digest, FileName, FolderPath, Moment, Sequence, Window};

use crate::parcels::bytes;

/// A set of data files and its notice.
pub(crate) struct Set {
    pub(crate) stem: String,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) notice: Vec<u8>,
}

impl Set {
    /// Of data files of these lengths; `seed` makes their bytes.
    pub(crate) fn new(stem: &str, lengths: &[usize], seed: u64) -> Self {
        let files: Vec<(String, Vec<u8>)> = lengths
            .iter()
            .zip(1..)
            .map(|(length, no)| (format!("{stem}-{no:03}.csv"), bytes(*length, seed * 100 + no)))
            .collect();
        let described = files.iter().enumerate().map(|(no, (name, bytes))| DataFile {
            name: name.parse().unwrap(),
            n_rows: 0,
            n_bytes: bytes.len() as u64,
            sha256: Digest(sha256(bytes)),
            is_last: no + 1 == files.len(),
        });
        let word = str::to_owned;
        let notice = Notice {
            format: FORMAT,
            municipality: word("082201"),
            interface: "011i001".parse().unwrap(),
            branch: "00".parse().unwrap(),
            version: "1.0".parse().unwrap(),
            feed: "011i001-v1".parse().unwrap(),
            kind: Kind::Full,
            sequence: Sequence(1),
            base_sequence: None,
            commits: Window { after: CommitNo(0), through: CommitNo(0) },
            as_of: None,
            business_date: Moment::parse("2026-10-02T01:30:00+09:00").unwrap().date(),
            created_at: word("2026-10-02T01:30:00+09:00"),
            file_format: FileFormatWords {
                encoding: word("utf-8"),
                newline: word("crlf"),
                quote: word("always"),
                header: word("ja"),
            },
            n_columns: 1,
            files: described.collect(),
            reports: Vec::new(),
            n_rows: 0,
            changes: None,
            state_before: None,
            state_after: None,
        };
        let notice = notice.to_json().unwrap().into_bytes();
        Self { stem: stem.to_owned(), files, notice }
    }

    pub(crate) fn notice_name(&self) -> String {
        format!("{}.done", self.stem)
    }

    /// All files by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (String, &[u8])> {
        let data = self.files.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice()));
        data.chain([(self.notice_name(), self.notice.as_slice())])
    }

    /// Puts it into a folder.
    pub(crate) fn put(&self, folder: &Path) {
        for (name, bytes) in self.all() {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }

    /// Says that a folder has all of it.
    #[track_caller]
    pub(crate) fn assert_in(&self, folder: &Path) {
        for (name, bytes) in self.all() {
            assert!(fs::read(folder.join(&name)).unwrap() == bytes, "{name} has other bytes");
        }
    }

    /// Says that what is there is whole, and the notice only beside everything else.
    #[track_caller]
    pub(crate) fn assert_whole_or_absent(&self, folder: &Path) {
        let standing: Vec<bool> = self
            .all()
            .map(|(name, bytes)| match fs::read(folder.join(&name)) {
                Ok(found) => {
                    assert!(found == bytes, "{name} is not whole");
                    true
                }
                Err(_) => false,
            })
            .collect();
        let (notice, data) = standing.split_last().unwrap();
        assert!(!notice || data.iter().all(|there| *there), "the notice came before its files");
    }
}

/// A memory of what was fetched, by folder and name. Its clock stands a day ahead, unless told otherwise.
pub(crate) struct Memory {
    of: Mutex<BTreeMap<(String, FileName), Remembered>>,
    ahead_s: AtomicI64,
}

impl Default for Memory {
    fn default() -> Self {
        Self { of: Mutex::default(), ahead_s: AtomicI64::new(86_400) }
    }
}

impl Memory {
    /// Sets its clock so many seconds ahead.
    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.ahead_s.store(seconds, Ordering::SeqCst);
    }
}

impl PullMemory for Memory {
    fn recall(&self, folder: &str, names: &[FileName]) -> Result<BTreeMap<FileName, Remembered>, StoreError> {
        let of = self.of.lock().unwrap();
        let found = names.iter().filter_map(|name| {
            of.get(&(folder.to_owned(), name.clone())).map(|one| (name.clone(), one.clone()))
        });
        Ok(found.collect())
    }

    fn set_of(&self, folder: &str, notice: &FileName) -> Result<Vec<Remembered>, StoreError> {
        let of = self.of.lock().unwrap();
        let of_set = of.iter().filter(|((of, _), one)| of == folder && one.notice == *notice);
        Ok(of_set.map(|(_, one)| one.clone()).collect())
    }

    fn remember(
        &self,
        folder: &str,
        notice: &FileName,
        files: &[PulledFile],
        is_here: bool,
    ) -> Result<(), StoreError> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = i64::try_from(since.as_secs()).unwrap() + self.ahead_s.load(Ordering::SeqCst);
        let at = Moment::from_unix(now).unwrap();
        let mut of = self.of.lock().unwrap();
        for file in files {
            let one = Remembered { file: file.clone(), notice: notice.clone(), is_here, at };
            of.insert((folder.to_owned(), file.name.clone()), one);
        }
        Ok(())
    }

    // As for a person who asks: what stands there comes again, whatever it was.
    fn is_by_hand(&self) -> bool {
        true
    }

    fn was_judged(&self, _: &FolderPath, _: &Digest) -> Result<bool, StoreError> {
        Ok(false)
    }
}
