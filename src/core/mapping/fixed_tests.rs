//! Sources of records of fixed length: what is read, what is refused where, and that no character is cut in two.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::csv_file::Newline;
use crate::declared::Problems;
use crate::text::CharacterSet;

const LAYOUT: &str = r#"interface = "001z010"
version = "1.0"
name = "異動"
valid_from = 2026-04-01
rows = "received"
key = ["no"]
individual_number = false
column = [
    { field = "no", header = "番号", type = "digits", length = 6 },
    { field = "namae", header = "名", type = "text", max = 20 },
    { field = "hi", header = "日", type = "date" },
    { field = "sakujo", header = "削除", type = "flag", presence = "required" },
]
[removal]
column = "sakujo"
present = "0"
removed = "1"
"#;
const MAPPING: &str = r#"name = "旧"
layout = "l"
ignore = [3]
[source]
format = "fixed"
encoding = "cp932"
newline = "crlf"
widths = [6, 8, 2, 8]
[[column]]
to = "no"
from = 1
pad_left = 6
[[column]]
to = "namae"
from = 2
[[column]]
to = "hi"
from = 4
date = "yyyymmdd"
otherwise = "empty"
"#;

fn read(text: &str) -> (Option<Mapping>, Vec<String>) {
    let problems = Problems::new();
    let layout = Layout::read("l.toml", LAYOUT, &problems).map(Arc::new).unwrap();
    let layouts: BTreeMap<_, _> = [("l".to_owned(), layout)].into();
    let mapping = Mapping::read("m.toml", text, &layouts, &problems);
    (mapping, problems.into_sorted().iter().map(ToString::to_string).collect())
}

fn cp932(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    CharacterSet::new(Encoding::Cp932, None).encode_into(text, &mut bytes).unwrap();
    bytes
}

/// Gives a few bytes at a time, and is interrupted before each.
struct Drip<'a>(&'a [u8], usize, bool);

impl std::io::Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.2 = !self.2;
        if self.2 {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let n_bytes = self.0.len().min(buffer.len()).min(self.1);
        buffer[..n_bytes].copy_from_slice(&self.0[..n_bytes]);
        self.0 = &self.0[n_bytes..];
        Ok(n_bytes)
    }
}

/// Every line in short: the fields of a row, or what is told of it.
fn lines(mapping: &Mapping, source: impl std::io::Read) -> Vec<String> {
    let mut reader = MappedReader::new(mapping, source);
    let mut lines = Vec::new();
    loop {
        lines.push(match reader.next_row() {
            Ok(None) => return lines,
            Ok(Some(row)) => format!("{}: {}", row.row_no, row.fields.join("|")),
            Err(MappedError::Refused(issue)) => issue.to_string(),
            Err(error) => error.to_string(),
        });
    }
}

#[track_caller]
fn check(newline: &str, source: &[u8], expect: &[&str]) {
    let (mapping, problems) = read(&MAPPING.replace("\"crlf\"", &format!("{newline:?}")));
    assert!(problems.is_empty(), "{problems:?}");
    let mapping = mapping.unwrap();
    assert_eq!(lines(&mapping, source), expect);
    assert_eq!(lines(&mapping, Drip(source, 3, false)), expect, "a few bytes at a time");
}

#[test]
fn columns_are_bytes_and_lose_what_fills_them_up() {
    let source = cp932("     1山田    xx20261001\r\n000002 a　　  xx        \r\n");
    check("crlf", &source, &["1: 000001|山田|2026-10-01|0", "2: 000002| a||0"]);
    let source = cp932("     1山田    xx20261001\n");
    check("lf", &source, &["1: 000001|山田|2026-10-01|0"]);
    let source = cp932("     1山田    xx20261001     2髙橋    xx20261002");
    check("none", &source, &["1: 000001|山田|2026-10-01|0", "2: 000002|髙橋|2026-10-02|0"]);
    for newline in ["crlf", "lf", "none"] {
        check(newline, b"", &[]);
    }
}

#[test]
fn what_is_no_record_is_told_and_the_next_is_read() {
    let right = "     1山田    xx20261001\r\n";
    check(
        "crlf",
        &cp932(&format!("short\r\n{right}\r\n{right}{}\r\nno newline", "x".repeat(300))),
        &[
            "row 1: 5 bytes instead of 24",
            "2: 000001|山田|2026-10-01|0",
            "row 3: 0 bytes instead of 24",
            "4: 000001|山田|2026-10-01|0",
            "row 5: 300 bytes instead of 24",
            "row 6, column 1, byte 373: missing-final-newline",
        ],
    );
    check("crlf", &cp932(&right.replace("\r\n", "\n")), &["row 1, column 1, byte 24: wrong-newline"]);
    check("lf", &cp932(right), &["row 1, column 1, byte 24: wrong-newline"]);
    check(
        "none",
        &cp932("     1山田    xx20261001tail"),
        &["1: 000001|山田|2026-10-01|0", "row 2: 4 bytes instead of 24"],
    );
    // Too long and with the other newline, whether or not all of it was read at once (found by fuzzing).
    let long = "x".repeat(60);
    check("crlf", format!("{long}\n").as_bytes(), &["row 1, column 1, byte 60: wrong-newline"]);
    check("lf", format!("{long}\r\n").as_bytes(), &["row 1, column 1, byte 60: wrong-newline"]);
    // Nothing of a long line is kept.
    let long = vec![b'x'; 1 << 20];
    let mut source = long.clone();
    source.extend(b"\r\n");
    check("crlf", &source, &["row 1: 1048576 bytes instead of 24"]);
    check("crlf", &long, &["row 1, column 1, byte 1048576: missing-final-newline"]);
}

#[test]
fn a_character_across_two_columns_is_no_text() {
    let source = cp932("     1 山田山田x20261001\r\n");
    check("crlf", &source, &["row 1: byte 13 is no text in this encoding"]);
}

#[test]
fn a_broken_declaration_is_told_whole() {
    let check = |from: &str, to: &str, expect: &[&str]| {
        let (mapping, problems) = read(&MAPPING.replace(from, to));
        assert!(mapping.is_none());
        let problems: Vec<&str> =
            problems.iter().filter_map(|problem| problem.splitn(4, ':').last()).collect();
        assert_eq!(problems, expect, "{to}");
    };
    check("widths = [6, 8, 2, 8]", "", &[" source.widths: missing"]);
    check("widths = [6, 8, 2, 8]", "widths = [6, 0, 2, 8]", &[" source.widths[1]: must be 1 to 4096, not 0"]);
    check(
        "8, 2, 8]",
        "8, 2, 8, 1]",
        &[" source.widths: column 5 of the source is neither mapped nor ignored"],
    );
    check(
        "from = 4",
        "from = 5",
        &[
            " source.widths: column 4 of the source is neither mapped nor ignored",
            " column[2].from: the source has 4 columns",
        ],
    );
    check("newline = \"crlf\"", "", &[" source.newline: missing"]);
    check(
        "encoding = \"cp932\"",
        "encoding = \"cp932\"\nheader = true\nquote = \"never\"",
        &[
            " source.header: records of fixed length have no header",
            " source.quote: records of fixed length have no quote",
        ],
    );
    check(
        "widths = [6, 8, 2, 8]",
        "widths = []",
        &[" source.format: a record has 1 to 1048576 bytes, this has 0"],
    );
}

proptest! {
    /// What is filled up to its width comes back, in any encoding and however the source gives its bytes.
    #[test]
    fn what_was_written_is_read(
        rows in prop::collection::vec(("[0-9]{1,6}", "[a-zア-ンｱ-ﾝ一二三]{0,6}", "[xy]{0,2}"), 0..8),
        is_cp932 in any::<bool>(),
        newline in prop_oneof![
            Just(Ending::Newline(Newline::CrLf)),
            Just(Ending::Newline(Newline::Lf)),
            Just(Ending::None)
        ],
        n_bytes in 1_usize..40,
    ) {
        let (mapping, _) = read(&MAPPING.replace("[6, 8, 2, 8]", "[6, 18, 2, 8]"));
        let mut mapping = mapping.unwrap();
        mapping.fixed.as_mut().unwrap().ending = newline;
        mapping.source.encoding = if is_cp932 { Encoding::Cp932 } else { Encoding::Utf8 };
        let characters = CharacterSet::new(mapping.source.encoding, None);
        let mut source = Vec::new();
        for (no, name, rest) in &rows {
            for (text, width) in [(no, 6), (name, 18), (rest, 2), (&String::new(), 8)] {
                let mut bytes = Vec::new();
                characters.encode_into(text, &mut bytes).unwrap();
                bytes.resize(width, b' ');
                source.extend(bytes);
            }
            if let Ending::Newline(newline) = newline {
                source.extend(newline.as_bytes());
            }
        }
        let expect: Vec<String> =
            (1..).zip(&rows).map(|(row_no, (no, name, _))| format!("{row_no}: {no:0>6}|{name}||0")).collect();
        prop_assert_eq!(lines(&mapping, Drip(&source, n_bytes, false)), expect);
    }
}
