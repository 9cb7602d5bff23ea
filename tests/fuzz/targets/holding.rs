//! What a receiver says it holds, and the rows of buckets it opens: read or refused, and what is read says the same
//! when written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renkei_core::receive::{Holding, OpenedRows};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(holding) = Holding::parse(bytes) {
        let state = holding.state().expect("what was read has its sums");
        assert_eq!(state.digest(), holding.digest);
        let text = holding.to_json().expect("what was read can be written");
        assert_eq!(Holding::parse(text.as_bytes()).expect("what was written can be read"), holding);
    }
    let Ok(mut rows) = OpenedRows::new(bytes) else { return };
    let opened = rows.opening().opened.clone();
    while let Ok(Some(row)) = rows.next_row() {
        assert!(opened.iter().any(|bucket| usize::from(*bucket) == row.bucket), "a row of an opened bucket");
    }
});
