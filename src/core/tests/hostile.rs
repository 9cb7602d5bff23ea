//! Whatever comes from outside ends in an answer, never in a panic: random bytes, and sound texts with random damage.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end so")]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use renkei_core::csv_file::{Accept, Limits, ReadError, RecordReader};
use renkei_core::declared::Problems;
use renkei_core::layout::Layout;
use renkei_core::mapping::Mapping;
use renkei_core::notice::Notice;
use renkei_core::receive::Receipt;

const LAYOUTS: [&str; 3] = [
    include_str!("../../../layouts/001o005-1.1.toml"),
    include_str!("../../../layouts/023z001-1.0.toml"),
    include_str!("../../../layouts/001z010-1.0.toml"),
];
const MAPPING: &str = include_str!("../../../layouts/mappings/legacy-moves.toml");
const CSV: &[u8] =
    "\u{feff}\"宛名番号\",\"氏名\"\r\n\"000000000000001\",\"髙橋 𠮷\"\r\n1,\"a\"\"b\"\r\n".as_bytes();
const NOTICE: &str = r#"{"format":1,"municipality":"082201","interface":"001o005","branch":"00","version":"1.1",
"feed":"001o005-v1.1","kind":"diff","sequence":2,"base_sequence":1,"commits":{"after":1,"through":4},"as_of":null,
"business_date":"2026-10-02","created_at":"2026-10-02T01:30:00+09:00","file_format":{"encoding":"utf-8",
"newline":"crlf","quote":"always","header":"ja"},"n_columns":3,"files":[{"name":"x.csv","n_rows":0,"n_bytes":9,
"sha256":"0000000000000000000000000000000000000000000000000000000000000000","is_last":true}],"n_rows":0,
"changes":{"added":0,"changed":0,"removed":0},"state_before":null,"state_after":null}"#;
const RECEIPT: &str = r#"{"format":1,"municipality":"082201","receiver":"015","intake":"jumin","notice":"x.done",
"notice_sha256":"0000000000000000000000000000000000000000000000000000000000000000","outcome":"refused",
"reasons":[{"code":"wrong-digest","detail":"x","row":7}],"rows":{"added":0,"changed":0,"removed":0,"unchanged":0,
"warned":0,"parked":0},"at":"2026-10-02T02:00:00+09:00"}"#;

/// One damage: where, how much of what was there goes, and what comes instead.
type Damage = (prop::sample::Index, u8, Vec<u8>);

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..8),
        Just(b"\r".to_vec()),
        Just(b"\0".to_vec()),
        Just(b"\"\"\"".to_vec()),
        Just(vec![0xed, 0xa0, 0x80]),
        Just(b"../../etc/passwd".to_vec()),
        Just(b"18446744073709551616".to_vec()),
        Just(b"-1".to_vec()),
        Just(b"[[[[[[[[".to_vec()),
        Just("辻\u{e0100}".as_bytes().to_vec()),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), piece), 0..6)
}

fn damaged(sound: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for (place, n_gone, piece) in damages {
        let start = place.index(bytes.len() + 1);
        let end = (start + usize::from(*n_gone % 24)).min(bytes.len());
        bytes.splice(start..end, piece.iter().copied());
    }
    bytes
}

fn layouts() -> BTreeMap<String, Arc<Layout>> {
    let read = |text: &str| Arc::new(Layout::read("l.toml", text, &Problems::new()).unwrap());
    [("001z010-1.0".to_owned(), read(LAYOUTS[2]))].into()
}

/// Reads to the end: every line is a record or an issue, and there is an end.
fn read_csv(bytes: &[u8], limits: Limits) -> (usize, usize) {
    let mut reader = RecordReader::with_limits(bytes, Accept::default(), limits);
    let (mut n_records, mut n_issues) = (0, 0);
    loop {
        match reader.next_record() {
            Ok(None) => return (n_records, n_issues),
            Ok(Some(record)) => {
                assert!(record.n_fields() <= limits.columns && record.line().len() <= limits.record_bytes);
                n_records += 1;
            }
            Err(ReadError::Refused(_)) => n_issues += 1,
            Err(ReadError::Unreadable(error)) => panic!("memory cannot be read: {error}"),
        }
        assert!(n_records + n_issues <= bytes.len() + 1, "it goes on for ever");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_notice_is_read_or_refused(damages in damages(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Notice::parse(&bytes);
        if let Ok(notice) = Notice::parse(&damaged(NOTICE.as_bytes(), &damages)) {
            let again = Notice::parse(notice.to_json().unwrap().as_bytes()).unwrap();
            prop_assert_eq!(again.content_sha256(), notice.content_sha256());
            prop_assert!(notice.files.iter().all(|file| !file.name.as_str().contains('/')));
        }
    }

    #[test]
    fn a_receipt_is_read_or_refused(damages in damages(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Receipt::parse(&bytes);
        if let Ok(receipt) = Receipt::parse(&damaged(RECEIPT.as_bytes(), &damages)) {
            prop_assert_eq!(&Receipt::parse(receipt.to_json().as_bytes()).unwrap(), &receipt);
            let _ = receipt.file_name();
        }
    }

    #[test]
    fn a_declaration_is_read_or_its_problems_are_told(which in 0..LAYOUTS.len(), damages in damages()) {
        let text = String::from_utf8_lossy(&damaged(LAYOUTS[which].as_bytes(), &damages)).into_owned();
        let problems = Problems::new();
        let layout = Layout::read("l.toml", &text, &problems);
        prop_assert_eq!(layout.is_none(), !problems.is_empty());
        let text = String::from_utf8_lossy(&damaged(MAPPING.as_bytes(), &damages)).into_owned();
        let problems = Problems::new();
        let mapping = Mapping::read("m.toml", &text, &layouts(), &problems);
        prop_assert_eq!(mapping.is_none(), !problems.is_empty());
    }

    #[test]
    fn a_csv_is_records_and_issues_to_its_end(
        damages in damages(),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        record_bytes in 1..200_usize,
        columns in 1..9_usize,
    ) {
        let limits = Limits { record_bytes, columns };
        read_csv(&bytes, limits);
        read_csv(&damaged(CSV, &damages), limits);
        let (n_records, n_issues) = read_csv(CSV, Limits::default());
        prop_assert_eq!((n_records, n_issues), (3, 0));
    }
}
