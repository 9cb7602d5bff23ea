//! Parcels in memory, and what is told of them.

use std::io::Read;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use renkei_core::Digest;
use renkei_core::delivery::{DeliveryError, Parcel, ParcelFile, ParcelPart};
use renkei_core::hash::sha256;
use renkei_core::port::{Content, DeliveryWatch, ParcelSource};

/// Files with their bytes, the notice last.
pub(crate) struct Goods {
    pub(crate) parcel: Parcel,
    files: Vec<(String, Vec<u8>)>,
}

/// Bytes that repeat nowhere soon, so that a piece in the wrong place shows.
pub(crate) fn bytes(n_bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(n_bytes + 8);
    while bytes.len() < n_bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(n_bytes);
    bytes
}

impl Goods {
    /// Files of these lengths and a notice.
    pub(crate) fn new(lengths: &[usize]) -> Self {
        let data = lengths.iter().zip(1..).map(|(length, no)| (format!("part{no}.csv"), bytes(*length, no)));
        let mut files: Vec<(String, Vec<u8>)> = data.collect();
        files.push(("set.done".to_owned(), bytes(700, 99)));
        let mut described = files.iter().map(|(name, bytes)| ParcelFile {
            name: name.parse().unwrap(),
            part: ParcelPart::Data,
            content: Content { n_bytes: bytes.len() as u64, sha256: Digest(sha256(bytes)) },
        });
        let data = described.by_ref().take(lengths.len()).collect();
        let parcel = Parcel {
            feed: "001o005-v1".parse().unwrap(),
            sequence: renkei_core::Sequence(7),
            folder: "001/001o005-00/v1".parse().unwrap(),
            files: data,
            notice: described.next().unwrap(),
        };
        Self { parcel, files }
    }

    /// Changes a byte of a file behind the parcel's back.
    pub(crate) fn spoil(&mut self, name: &str) {
        let (_, bytes) = self.files.iter_mut().find(|(known, _)| known == name).unwrap();
        bytes[0] ^= 1;
    }

    pub(crate) fn bytes_of(&self, name: &str) -> &[u8] {
        &self.files.iter().find(|(known, _)| known == name).unwrap().1
    }

    /// Says that a folder has just these files.
    #[track_caller]
    pub(crate) fn assert_all_in(&self, folder: &Path) {
        let mut expected: Vec<&String> = self.files.iter().map(|(name, _)| name).collect();
        expected.sort();
        assert_eq!(names(folder).iter().collect::<Vec<_>>(), expected);
        for (name, bytes) in &self.files {
            assert!(std::fs::read(folder.join(name)).unwrap() == *bytes, "{name} has other bytes");
        }
    }

    /// Says that what has a final name has all its bytes, and the notice only beside everything else.
    #[track_caller]
    pub(crate) fn assert_whole_or_absent(&self, folder: &Path) {
        let names = names(folder);
        for (name, bytes) in &self.files {
            if names.contains(name) {
                assert!(std::fs::read(folder.join(name)).unwrap() == *bytes, "{name} is not whole");
            }
        }
        let has_notice = names.contains(&self.parcel.notice.name.to_string());
        let has_all = self.files.iter().all(|(name, _)| names.contains(name));
        assert!(!has_notice || has_all, "the notice came before its files: {names:?}");
    }
}

/// What is in a folder, hidden files too.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

impl ParcelSource for Goods {
    fn open(&self, file: &ParcelFile) -> Result<Box<dyn Read + Send>, DeliveryError> {
        Ok(Box::new(std::io::Cursor::new(self.bytes_of(file.name.as_str()).to_vec())))
    }
}

/// Counts, and ends after so many bytes.
#[derive(Default)]
pub(crate) struct Watcher {
    pub(crate) n_bytes: AtomicU64,
    pub(crate) stop_after: Mutex<Option<u64>>,
}

impl DeliveryWatch for Watcher {
    fn sent(&self, n_bytes: u64) {
        self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed);
    }

    fn wants_stop(&self) -> bool {
        self.stop_after.lock().unwrap().is_some_and(|after| self.n_bytes.load(Ordering::Relaxed) >= after)
    }
}
