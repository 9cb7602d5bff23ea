//! Two fulls against what maps say of them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use renkei_core::csv_file::{Accept, BlockRecords, Limits, Newline, Quote, write_record};
use renkei_core::declared::Problems;
use renkei_core::layout::{HeaderRow, Layout, Removal};
use renkei_core::text::{CharacterSet, Encoding};

use super::rows::{Hashes, RowReader};
use super::scan::{read_rows, read_through};
use super::*;

const LAYOUT: &str = r#"interface = "024z001"
version = "1.0"
name = "試験"
valid_from = 2026-04-01
rows = "received"
key = ["no", "eda"]
individual_number = false
column = [
    { field = "no", header = "番号", type = "digits", max = 6 },
    { field = "na", header = "名", type = "text", max = 20 },
    { field = "eda", header = "枝", type = "int" },
    { field = "bi", header = "備考", type = "text", max = 20 },
]
"#;

type Found = (Vec<String>, DifferenceKind, Vec<usize>);
type Row = ((u8, u8), (String, String));
type Rows = BTreeMap<(u8, u8), (String, String)>;

fn layout() -> Layout {
    let problems = Problems::new();
    let layout = Layout::read("l.toml", LAYOUT, &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
    layout.unwrap()
}

fn file(
    layout: &Layout,
    format: FileFormat,
    rows: impl Iterator<Item = ((u8, u8), (String, String))>,
) -> Vec<u8> {
    let mut text = Vec::new();
    let mut push = |fields: &[&str]| {
        write_record(&mut text, fields.iter().map(|field| field.as_bytes()), format.quote, format.newline)
            .unwrap();
    };
    push(&layout.headers(format.header).unwrap().collect::<Vec<_>>());
    for ((no, eda), (name, note)) in rows {
        push(&[&no.to_string(), &name, &eda.to_string(), &note]);
    }
    let mut bytes = Vec::new();
    let text = String::from_utf8(text).unwrap();
    CharacterSet::new(format.encoding, None).encode_into(&text, &mut bytes).unwrap();
    bytes
}

impl SideFile for std::io::Cursor<Vec<u8>> {}

/// The differences by key: kind, columns, and whether the fields are those of the sides.
fn compared(layout: &Layout, a: (&[u8], FileFormat), b: (&[u8], FileFormat)) -> (Comparison, Vec<Found>) {
    fn open(bytes: &[u8]) -> impl Fn(usize) -> Result<Box<dyn SideFile>, EngineError> {
        move |_| Ok(Box::new(std::io::Cursor::new(bytes.to_vec())))
    }
    let (open_a, open_b) = (open(a.0), open(b.0));
    let side_a = Side { n_files: 1, n_bytes: a.0.len() as u64, format: a.1, open: &open_a };
    let side_b = Side { n_files: 1, n_bytes: b.0.len() as u64, format: b.1, open: &open_b };
    let mut found = Vec::new();
    let counts = compare(layout, side_a, side_b, &mut |difference| {
        assert_eq!(difference.a.is_some(), difference.kind != DifferenceKind::Surplus);
        assert_eq!(difference.b.is_some(), difference.kind != DifferenceKind::Missing);
        found.push((difference.key.to_vec(), difference.kind, difference.columns.to_vec()));
        Ok(())
    });
    found.sort_by(|one, other| one.0.cmp(&other.0));
    (counts.unwrap(), found)
}

fn expected(a: &Rows, b: &Rows) -> Vec<Found> {
    let key = |(no, eda): &(u8, u8)| vec![no.to_string(), eda.to_string()];
    let mut expected = Vec::new();
    for (of, row) in a {
        match b.get(of) {
            None => expected.push((key(of), DifferenceKind::Missing, Vec::new())),
            Some(other) if other == row => {}
            Some(other) => {
                let columns = [(1, row.0 != other.0), (3, row.1 != other.1)];
                let columns =
                    columns.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column).collect();
                expected.push((key(of), DifferenceKind::Different, columns));
            }
        }
    }
    let surplus = b.keys().filter(|of| !a.contains_key(of));
    expected.extend(surplus.map(|of| (key(of), DifferenceKind::Surplus, Vec::new())));
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    expected
}

fn rows() -> impl Strategy<Value = Rows> {
    prop::collection::btree_map((0..6_u8, 0..3_u8), ("[あ髙,\" ]{0,2}", "[ab]{0,1}"), 0..14)
}

fn formats() -> impl Strategy<Value = FileFormat> {
    let encoding = prop::sample::select(vec![Encoding::Utf8, Encoding::Cp932]);
    let quote = prop::sample::select(vec![Quote::Always, Quote::Needed]);
    let newline = prop::sample::select(vec![Newline::CrLf, Newline::Lf]);
    (encoding, quote, newline).prop_map(|(encoding, quote, newline)| FileFormat {
        encoding,
        newline,
        quote,
        header: HeaderRow::Japanese,
    })
}

proptest! {
    #[test]
    fn what_differs_is_what_maps_say(
        (a, b) in (rows(), rows()),
        (format_a, format_b) in (formats(), formats()),
        is_in_order in any::<bool>(),
    ) {
        let layout = layout();
        // One side backwards, or both in order: that says nothing.
        let file_a = file(&layout, format_a, a.clone().into_iter());
        let mut rows_b: Vec<_> = b.clone().into_iter().collect();
        if !is_in_order {
            rows_b.reverse();
        }
        let file_b = file(&layout, format_b, rows_b.into_iter());
        let (counts, found) = compared(&layout, (&file_a, format_a), (&file_b, format_b));
        let expected = expected(&a, &b);
        prop_assert_eq!(&found, &expected);
        let n = |kind| expected.iter().filter(|one| one.1 == kind).count() as u64;
        prop_assert_eq!(counts.n_missing, n(DifferenceKind::Missing));
        prop_assert_eq!(counts.n_surplus, n(DifferenceKind::Surplus));
        prop_assert_eq!(counts.n_different, n(DifferenceKind::Different));
        prop_assert_eq!((counts.n_rows_a, counts.n_rows_b), (a.len() as u64, b.len() as u64));
        prop_assert_eq!(counts.n_equal + counts.n_missing + counts.n_different, a.len() as u64);
        prop_assert_eq!(counts.is_same(), a == b);
        let in_column = |column| expected.iter().filter(|one| one.2.contains(&column)).count() as u64;
        prop_assert_eq!(&counts.n_by_column, &vec![0, in_column(1), 0, in_column(3)]);
    }
}

#[test]
fn sides_in_order_are_merged_and_come_to_what_any_order_does() {
    let layout = layout();
    let row = |no: u8, name: &str| ((no, 1), (name.to_owned(), String::new()));
    let check = |a: &[Row], b: &[Row], is_merged: bool| {
        let files = [a, b].map(|rows| file(&layout, layout.file, rows.iter().cloned()));
        let opens = files.each_ref().map(|bytes| {
            move |_: usize| -> Result<Box<dyn SideFile>, EngineError> {
                Ok(Box::new(std::io::Cursor::new(bytes.clone())))
            }
        });
        let side = |at: usize| Side { n_files: 1, n_bytes: 1, format: layout.file, open: &opens[at] };
        let hashes = Hashes::new();
        let reader = RowReader::new(&layout, layout.file, layout.file, &hashes);
        let (small, large) = ((side(0), &reader), (side(1), &reader));
        let merged = merge(small, large).unwrap();
        assert_eq!(merged.is_some(), is_merged);
        let other = in_any_order(small, large, &mut IssueList::default()).unwrap();
        let Some(merged) = merged else { return };
        let counts = |one: &Merged| (one.n_small, one.n_large, one.n_equal, one.n_duplicate);
        assert_eq!(counts(&merged), counts(&other));
        assert_eq!(merged.sought.different, other.sought.different);
        assert_eq!(merged.sought.only_small, other.sought.only_small);
        let places = |sought: &Sought| sought.only_large.iter().map(|(_, at)| *at).collect::<Vec<_>>();
        assert_eq!(places(&merged.sought), places(&other.sought));
    };
    let ordered = [row(1, "x"), row(1, "y"), row(2, "z"), row(4, "u"), row(4, "u"), row(5, "v")];
    let other = [row(0, "a"), row(2, "z"), row(2, "z"), row(3, "w"), row(3, "q"), row(5, "o")];
    check(&ordered, &other, true);
    check(&other, &ordered, true);
    check(&ordered, &[], true);
    check(&[], &ordered, true);
    check(&[], &[], true);
    check(&ordered, &[row(2, "z"), row(1, "x")], false);
    check(&[row(2, "z"), row(1, "x")], &ordered, false);
}

#[test]
fn duplicates_and_lines_that_are_no_rows_are_told() {
    let layout = layout();
    let format = layout.file;
    let row = |no: u8, name: &str| ((no, 1), (name.to_owned(), String::new()));
    let one = file(&layout, format, [row(1, "x"), row(1, "y"), row(2, "z")].into_iter());
    let mut other =
        file(&layout, format, [row(2, "z"), row(2, "z"), row(3, "w"), row(3, "w"), row(1, "x")].into_iter());
    other.extend_from_slice(b"\"1\",\"2\"\r\n\"open\r\n");
    for (a, b, first, second) in [(&one, &other, "1", "3"), (&other, &one, "3", "1")] {
        let (counts, found) = compared(&layout, (a, format), (b, format));
        assert_eq!(
            (counts.n_duplicate, counts.n_equal, counts.issues.n_errors),
            (3, 2, 2),
            "{first} {second}"
        );
        assert!(!counts.is_same());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, ["3", "1"]);
        let rows: Vec<u64> = counts.issues.listed.iter().map(|issue| issue.row).collect();
        assert_eq!(rows, [7, 8]);
    }
}

#[test]
fn fields_do_not_run_into_one_another_and_what_is_no_text_is_no_character() {
    let layout = layout();
    // Not always quoted, so that rows are not compared as lines.
    let format = FileFormat { quote: Quote::Needed, ..layout.file };
    let check = |one: &[u8], other: &[u8], columns: &[usize]| {
        let with = |row: &[u8]| [&file(&layout, format, std::iter::empty())[..], row].concat();
        let (counts, found) = compared(&layout, (&with(one), format), (&with(other), format));
        let is_same = columns.is_empty();
        assert_eq!((counts.n_different, counts.n_equal), (u64::from(!is_same), u64::from(is_same)));
        let found: Vec<&[usize]> = found.iter().map(|(_, _, columns)| columns.as_slice()).collect();
        assert_eq!(found.first().copied().unwrap_or_default(), columns);
    };
    check(b"1,a,1,b\r\n", b"1,\"a\",1,b\r\n", &[]);
    check(b"1,\xff,1,b\r\n", b"1,\xff,1,b\r\n", &[]);
    check(b"1,\xff,1,b\r\n", b"1,\xfe,1,b\r\n", &[1]);
    check(b"1,\xff,1,b\r\n", "1,\u{fffd},1,b\r\n".as_bytes(), &[1]);
    let of = |one: &[&str], other: &[&str]| {
        let key = |fields: &[&str]| {
            let hashes = Hashes::new();
            let reader = RowReader::new(&layout, format, format, &hashes);
            let line = fields.join(",") + "\r\n";
            let mut records = BlockRecords::new(line.as_bytes(), 0, Accept::default(), Limits::default());
            let record = records.next_record().unwrap().unwrap();
            let mut key = Vec::new();
            reader.key_of(&record, &mut key);
            key
        };
        (key(one), key(other))
    };
    // Which fields are the key's is the layout's: 1 and 3.
    let (one, other) = of(&["1\u{1f}", "", "2", ""], &["1", "", "\u{1f}2", ""]);
    assert_ne!(one, other);
    let (less, more) = of(&["1", "", "2", ""], &["10", "", "1", ""]);
    assert!(less < more);
}

#[test]
fn much_that_differs_is_read_in_turns() {
    let layout = layout();
    let format = layout.file;
    let lines = |note: &str| {
        let mut bytes = file(&layout, format, std::iter::empty());
        for number in 0..HELD_ROWS + 10 {
            bytes.extend_from_slice(format!("\"{number}\",\"\",\"1\",\"{note}\"\r\n").as_bytes());
        }
        bytes
    };
    let (one, other) = (lines("a"), lines("b"));
    let (counts, found) = compared(&layout, (&one, format), (&other, format));
    assert_eq!((counts.n_different, found.len()), (HELD_ROWS as u64 + 10, HELD_ROWS + 10));
    assert_eq!(counts.n_by_column, [0, 0, 0, HELD_ROWS as u64 + 10]);
}

#[test]
fn rows_read_by_themselves_are_those_of_the_file() {
    let layout = layout();
    let rows = (0..200_u8).map(|no| ((no, 1), ("x".repeat(usize::from(no) * 131), "\"y\"".to_owned())));
    let mut bytes = file(&layout, layout.file, rows);
    let mut places: Vec<u64> = vec![0];
    places.extend(bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u64 + 1));
    places.pop();
    let mut plain = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut plain, &bytes).unwrap();
    let hashes = Hashes::new();
    let reader = RowReader::new(&layout, layout.file, layout.file, &hashes);
    let base = 3 << 44;
    let check = |plain: &File, bytes: &[u8], step: usize| {
        let wanted: Vec<u64> = places.iter().step_by(step).map(|at| base + at).collect();
        let (mut apart, mut through) = (Vec::new(), Vec::new());
        read_rows(plain, base, &reader, &wanted, &mut |at, fields| {
            apart.push((at, fields));
            Ok(())
        })
        .unwrap();
        let source = Box::new(std::io::Cursor::new(bytes.to_vec()));
        read_through(source, base, &reader, &wanted, &mut |at, fields| {
            through.push((at, fields));
            Ok(())
        })
        .unwrap();
        assert_eq!(apart, through);
        apart.len()
    };
    assert_eq!(check(&plain, &bytes, 1), places.len());
    assert_eq!(check(&plain, &bytes, 7), places.len().div_ceil(7));
    // A file that was cut since: its last row has no end any more.
    bytes.truncate(bytes.len() - 9);
    plain.set_len(bytes.len() as u64).unwrap();
    assert_eq!(check(&plain, &bytes, 1), places.len() - 1);
}

/// A file in memory that tells how much of it was read.
struct Told {
    bytes: std::io::Cursor<Vec<u8>>,
    n_read: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Read for Told {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n_read = self.bytes.read(out)?;
        self.n_read.fetch_add(n_read, std::sync::atomic::Ordering::Relaxed);
        Ok(n_read)
    }
}

impl SideFile for Told {}

#[test]
fn that_one_side_is_in_no_order_is_seen_before_the_other_is_read() {
    let layout = layout();
    let row = |no: u32| format!("\"{no}\",\"{}\",\"1\",\"\"\r\n", "x".repeat(150));
    let large: String = (100_000..300_000).map(row).collect();
    let small = [290_000, 100_005, 100_007].map(row).concat();
    let header: Vec<_> =
        layout.headers(layout.file.header).unwrap().map(|name| format!("\"{name}\"")).collect();
    let header = format!("{}\r\n", header.join(","));
    let n_read = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let open_small = |_: usize| -> Result<Box<dyn SideFile>, EngineError> {
        Ok(Box::new(std::io::Cursor::new(format!("{header}{small}").into_bytes())))
    };
    let open_large = |_: usize| -> Result<Box<dyn SideFile>, EngineError> {
        let bytes = std::io::Cursor::new(format!("{header}{large}").into_bytes());
        Ok(Box::new(Told { bytes, n_read: n_read.clone() }))
    };
    let side = |open| Side { n_files: 1, n_bytes: 1, format: layout.file, open };
    let hashes = Hashes::new();
    let reader = RowReader::new(&layout, layout.file, layout.file, &hashes);
    assert!(merge((side(&open_small), &reader), (side(&open_large), &reader)).unwrap().is_none());
    let n_read = n_read.load(std::sync::atomic::Ordering::Relaxed);
    // What waits between the threads, and no more.
    assert!(n_read < large.len() / 3, "{n_read} of {}", large.len());
}

#[test]
fn a_row_marked_as_removed_is_none_of_a_side_s() {
    let mut layout = layout();
    let (present, removed) = ("0".to_owned(), "1".to_owned());
    layout.removal = Some(Removal { column: 3, present, removed });
    let row = |no: u8, note: &str| ((no, 1), ("x".to_owned(), note.to_owned()));
    for quote in [Quote::Always, Quote::Needed] {
        let format = FileFormat { quote, ..layout.file };
        // In no order, so that rows are hashed.
        let a = file(&layout, format, [row(3, "0"), row(1, "1"), row(2, "0"), row(4, "1")].into_iter());
        let b = file(&layout, format, [row(4, "0"), row(2, "1"), row(3, "0"), row(5, "1")].into_iter());
        let (counts, found) = compared(&layout, (&a, format), (&b, format));
        assert_eq!((counts.n_rows_a, counts.n_rows_b, counts.n_equal), (2, 2, 1), "{quote:?}");
        assert_eq!((counts.n_missing, counts.n_surplus, counts.n_different), (1, 1, 0), "{quote:?}");
        assert_eq!(found.len(), 2);
    }
}
