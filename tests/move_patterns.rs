//! The move patterns of `fixtures/moves/`: state before, moves, state after, and what the two feeds of
//! 001o005 publish as a diff, byte for byte.
//!
//! `RENKEI_BLESS=1` writes what comes out as what is expected; then read it before it is committed.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may end so")]

mod small_hub;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use renkei_core::port::{Numbers, RowSet, Store as _};
use renkei_engine::{Content, Published, Strictness};
use renkei_registry::{Dictionary, Item, PackedReader, Row, Values as _};
use small_hub::SmallHub;

/// The feeds, each with the file that holds its diff.
const FEEDS: [(&str, &str); 2] =
    [("001o005-v1.1", "expected-diff.001o005-v1.1.csv"), ("001o005-v1.0", "expected-diff.001o005-v1.0.csv")];

#[test]
fn every_pattern_leaves_the_rows_and_publishes_the_diffs_it_says() {
    let folders = pattern_folders();
    assert!(folders.len() >= 14, "only {} patterns", folders.len());
    let mut differences = String::new();
    for folder in &folders {
        let name = folder.file_name().unwrap().to_string_lossy();
        for difference in run(folder) {
            writeln!(differences, "\n=== {name}: {difference}").unwrap();
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// The folders in order.
fn pattern_folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/moves");
    let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// Walks one pattern; gives what differs from what it says.
fn run(folder: &Path) -> Vec<String> {
    let before = std::fs::read(folder.join("before.csv")).unwrap();
    let moves = std::fs::read(folder.join("moves.csv")).unwrap();
    let hub = SmallHub::new();
    let mut differences = Vec::new();
    if csv::Reader::from_reader(before.as_slice()).records().next().is_some() {
        let warnings = hub.load(&before);
        differences.extend(warnings.listed.iter().map(|issue| format!("before.csv: {issue}")));
    }
    hub.set_clock(-86_400);
    for (id, _) in FEEDS {
        hub.publish(hub.feed(id), Content::Full);
    }
    hub.set_clock(0);
    let applied = hub.apply(&moves, Strictness::Set);
    differences.extend(applied.issues.listed.iter().map(|issue| format!("moves.csv: {issue}")));
    compare(&folder.join("after.csv"), &rows_as_csv(&hub), &mut differences);
    for (id, expected) in FEEDS {
        let feed = hub.feed(id);
        let diff = hub.publish(feed, Content::Diff);
        compare(&folder.join(expected), &data_file(&hub, &diff), &mut differences);
        let fresh = hub.publish(feed, Content::Full);
        let report = hub.verify(feed);
        if !report.is_sound() || report.proven_state != Some(fresh.state) || diff.state != fresh.state {
            differences.push(format!("{id}: full and diff do not give a fresh full: {report:?}"));
        }
    }
    differences
}

/// The bytes of a publication's one data file.
fn data_file(hub: &SmallHub, published: &Published) -> Vec<u8> {
    let [file] = published.notice.files.as_slice() else { panic!("not one data file") };
    let path = hub.config.root.join(published.folder.as_str()).join(file.name.as_str());
    std::fs::read(path).unwrap()
}

/// All rows of the registry: the items that any of them has, under their Japanese names.
///
/// A column that is empty in every row is left out, so a file without a column says that it is empty.
fn rows_as_csv(hub: &SmallHub) -> Vec<u8> {
    let mut rows = Vec::new();
    let mut reader = PackedReader::new();
    let snapshot = hub.store.snapshot().unwrap();
    let mut take = |packed: &[u8]| {
        rows.push(Row::from_values(&reader.read(packed).unwrap()));
        ControlFlow::Continue(())
    };
    snapshot.scan(RowSet::History, Numbers::Clear, &mut take).unwrap();
    let items = Dictionary::standard().items().iter();
    let used: Vec<&Item> = items.filter(|item| rows.iter().any(|row| !row.get(item.no).is_empty())).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(used.iter().map(|item| item.name_ja)).unwrap();
    for row in &rows {
        writer.write_record(used.iter().map(|item| row.get(item.no))).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Compares with a file of the pattern, or writes it when blessing.
fn compare(path: &Path, found: &[u8], differences: &mut Vec<String>) {
    if std::env::var_os("RENKEI_BLESS").is_some() {
        std::fs::write(path, found).unwrap();
        return;
    }
    let expected = std::fs::read(path).unwrap_or_default();
    if expected != found {
        let name = path.file_name().unwrap().to_string_lossy();
        differences.push(format!("{name}\n{}", describe(&expected, found)));
    }
}

/// What a person needs to see of two files that differ: fields by row and column name, the text around the
/// first byte that differs, and the bytes there.
fn describe(expected: &[u8], found: &[u8]) -> String {
    let place = expected.iter().zip(found).take_while(|(one, other)| one == other).count();
    let mut text = fields_that_differ(expected, found);
    for (what, bytes) in [("expected", expected), ("found", found)] {
        let start = bytes.len().min(place.saturating_sub(16));
        let around = &bytes[start..bytes.len().min(place + 16)];
        let line = String::from_utf8_lossy(&bytes[..place.min(bytes.len())]).matches('\n').count();
        let decoded = String::from_utf8_lossy(bytes);
        let decoded = decoded.lines().nth(line).unwrap_or("(no such line)");
        writeln!(text, "  {what}, {} bytes, line {}: {decoded}", bytes.len(), line + 1).unwrap();
        writeln!(text, "    bytes from {start}, first difference at {place}: {}", hex(around)).unwrap();
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    let texts: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    texts.join(" ")
}

/// One line for each field that differs, where both files are CSV.
fn fields_that_differ(expected: &[u8], found: &[u8]) -> String {
    let (expected, found) = (fields(expected), fields(found));
    let places: std::collections::BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let mut text = String::new();
    for place in places {
        let (one, other) = (expected.get(place), found.get(place));
        if one != other {
            let (row, column) = place;
            writeln!(text, "  row {row}, {column}: expected {one:?}, found {other:?}").unwrap();
        }
    }
    text
}

/// The fields of a CSV that are not empty, by row (from 1) and column name.
fn fields(bytes: &[u8]) -> BTreeMap<(usize, String), String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let names = reader.headers().cloned().unwrap_or_default();
    let mut fields = BTreeMap::new();
    for (row, record) in (1..).zip(reader.records().filter_map(Result::ok)) {
        for (name, field) in names.iter().zip(&record).filter(|(_, field)| !field.is_empty()) {
            fields.insert((row, name.to_owned()), field.to_owned());
        }
    }
    fields
}

#[test]
fn a_difference_is_shown_with_its_bytes() {
    let shown = describe("番号,氏名\n1,山崎\n".as_bytes(), "番号,氏名\n1,山﨑\n".as_bytes());
    assert!(shown.contains("row 1, 氏名: expected Some(\"山崎\"), found Some(\"山﨑\")"), "{shown}");
    assert!(shown.contains("line 2: 1,山﨑"), "{shown}");
    assert!(shown.contains("e5 b1 b1 ef a8 91 0a"), "{shown}");
}
