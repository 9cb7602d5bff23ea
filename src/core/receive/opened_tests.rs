//! What is written of opened buckets is read back, and what lacks or adds something is not.

use super::*;
use crate::Sequence;
use crate::moment::Moment;
use crate::port::IntakeHead;

const KEYS: [&str; 6] = ["1", "2\u{1f}1", "2\u{1f}2", "3 \"x\"", "4", "5"];

fn rows() -> Vec<OpenedRow> {
    let row = |key: &str| OpenedRow {
        key: key.as_bytes().to_vec(),
        bucket: bucket_of(key.split('\u{1f}').map(str::as_bytes)),
        digest: RowDigest::of(key.as_bytes()),
    };
    KEYS.into_iter().map(row).collect()
}

/// A file with the buckets of all keys opened but the last.
fn file() -> String {
    let mut state = FeedState::empty();
    let rows = rows();
    for row in &rows {
        state.add(row.bucket, &row.digest);
    }
    let head = IntakeHead {
        feed: "f".parse().unwrap(),
        version: "1.0".parse().unwrap(),
        sequence: Sequence(7),
        content_sha256: Digest([1; 32]),
        state,
        business_date: "2026-10-05".parse().unwrap(),
        taken_at: Moment::from_unix(0).unwrap(),
    };
    let (_, opened) = rows.split_last().unwrap();
    let mut buckets: Vec<u8> = opened.iter().map(|row| u8::try_from(row.bucket).unwrap()).collect();
    buckets.sort_unstable();
    let mut out = Vec::new();
    Opening { holding: Holding::of(&"jumin".parse().unwrap(), &head), opened: buckets }
        .write(&mut out)
        .unwrap();
    for row in opened {
        write_opened_row(&mut out, &row.key, row.digest).unwrap();
    }
    String::from_utf8(out).unwrap()
}

fn read(text: &str) -> Result<Vec<OpenedRow>, String> {
    let mut reader = OpenedRows::new(text.as_bytes()).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().map_err(|error| error.to_string())? {
        rows.push(row);
    }
    Ok(rows)
}

#[test]
fn opened_buckets_read_back() {
    let mut expected = rows();
    expected.pop();
    assert_eq!(read(&file()).unwrap(), expected);
}

#[test]
fn what_is_not_whole_or_not_its_own_is_refused() {
    let check = |text: String, what: &str| {
        let refused = read(&text).unwrap_err();
        assert!(refused.contains(what), "{refused} is not {what}");
    };
    let whole = file();
    let lines: Vec<&str> = whole.lines().collect();
    let without_one =
        lines.iter().enumerate().filter(|(at, _)| *at != 2).map(|(_, line)| format!("{line}\n"));
    check(without_one.collect(), "its rows do not give its sums");
    check(format!("{whole}{}\n", lines[1]), "its rows do not give its sums");
    let last = rows().pop().unwrap();
    let mut other = whole.clone().into_bytes();
    write_opened_row(&mut other, &last.key, last.digest).unwrap();
    check(String::from_utf8(other).unwrap(), "a bucket that is not opened");
    check(whole.trim_end().to_owned(), "not whole");
    check(format!("{whole}x\n"), "a line is no row");
    check(format!("{whole}{}\n", "x".repeat(5000)), "too long");
    check("{}\n".to_owned(), "not well-formed");
    check(whole.replacen("\"format\":1", "\"format\":3", 1), "in another format");
    let wrong_sum = Digest(RowDigest::of(b"5").0).to_string();
    assert!(whole.contains(&wrong_sum), "a bucket with one row has its digest as sum");
    check(whole.replacen(&wrong_sum, &"ab".repeat(32), 1), "its sums do not give its digest");
}
