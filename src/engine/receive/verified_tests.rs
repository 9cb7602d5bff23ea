//! What is read a second time is what was judged, or an error.

use std::io::{Cursor, Read};
use std::sync::OnceLock;

use renkei_core::declared::Problems;
use renkei_core::hash::sha256;
use renkei_core::layout::Layout;
use renkei_core::notice::Notice;
use renkei_core::port::{FolderError, SeenFile, Share};
use renkei_core::receive::FoundSet;
use renkei_core::{Digest, FileName, FolderPath};

use super::VerifiedSet;

/// A folder in which every file has these bytes.
struct Holds(&'static [u8]);

impl Share for Holds {
    fn look(&self, _: &FolderPath) -> Result<Vec<SeenFile>, FolderError> {
        Ok(Vec::new())
    }

    fn open(&self, _: &FolderPath, _: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        Ok(Box::new(Cursor::new(self.0)))
    }
}

/// A set whose only file was judged with these bytes.
fn judged(bytes: &[u8]) -> FoundSet {
    let (n_bytes, sha256_of_file) = (bytes.len(), Digest(sha256(bytes)));
    let text = format!(
        r#"{{"format": 1, "municipality": "082201", "interface": "001z010", "branch": "00", "version": "1.0",
        "feed": "moves", "kind": "full", "sequence": 1, "base_sequence": null,
        "commits": {{"after": 0, "through": 0}}, "as_of": null, "business_date": "2026-10-01",
        "created_at": "2026-10-02T01:00:00+09:00",
        "file_format": {{"encoding": "utf-8", "newline": "crlf", "quote": "needed", "header": "ja"}},
        "n_columns": 1,
        "files": [{{"name": "a.csv", "n_rows": 1, "n_bytes": {n_bytes}, "is_last": true,
            "sha256": "{sha256_of_file}"}}],
        "n_rows": 1, "changes": null, "state_before": null, "state_after": null}}"#
    );
    FoundSet {
        notice_name: "a.done".parse().unwrap(),
        notice: Notice::parse(text.as_bytes()).unwrap(),
        notice_sha256: Digest(sha256(text.as_bytes())),
        is_settled: true,
    }
}

#[test]
fn only_what_was_judged_is_read_to_its_end() {
    let check = |is_turned_over: bool, holds: &'static [u8], expected: Option<&[u8]>, most: usize| {
        let text = include_str!("../../../layouts/001z010-1.0.toml");
        let layout = Layout::read("001z010-1.0.toml", text, &Problems::new()).unwrap();
        let (folder, found) = ("in".parse().unwrap(), judged(b"one\r\n"));
        let set = VerifiedSet {
            folder: &folder,
            found: &found,
            layout: &layout,
            format: layout.file,
            share: &Holds(holds),
            is_turned_over,
            source_row: &|_, row| row,
            parks_rows: false,
            changed: OnceLock::new(),
        };
        let name: FileName = "a.csv".parse().unwrap();
        let mut bytes = Vec::new();
        let read = set.open(&name).unwrap().read_to_end(&mut bytes);
        assert_eq!(read.is_ok().then_some(&bytes[..]), expected);
        assert_eq!(set.changed(), expected.is_none().then_some(&name));
        assert!(bytes.len() <= most, "{} bytes were read", bytes.len());
    };
    check(false, b"one\r\n", Some(b"one\r\n"), 5);
    check(false, b"two\r\n", None, 5);
    check(false, b"one", None, 3);
    check(false, b"", None, 0);
    check(false, &[b'x'; 4_096], None, 6);
    // What was turned over stands in the taker's own folders.
    check(true, b"eins\r\n", Some(b"eins\r\n"), 6);
}
