//! What must not get past the reader, and what must not bring it down.

use std::io::{self, Read};

use proptest::prelude::*;

use super::*;

type Refusal = (u64, usize, u64, Rule);

/// All records as fields, and all refusals.
fn read_all(source: impl Read, accept: Accept, limits: Limits) -> (Vec<Vec<String>>, Vec<Refusal>) {
    let mut reader = RecordReader::with_limits(source, accept, limits);
    let (mut records, mut refusals) = (Vec::new(), Vec::new());
    loop {
        match reader.next_record() {
            Ok(None) => return (records, refusals),
            Ok(Some(record)) => {
                let fields = record.fields().map(|field| String::from_utf8_lossy(&field).into_owned());
                records.push(fields.collect());
            }
            Err(ReadError::Refused(at)) => {
                refusals.push((at.row_no, at.column, at.byte_offset, at.rule));
            }
            Err(ReadError::Unreadable(error)) => panic!("{error}"),
        }
    }
}

/// Gives one byte at a time, and is interrupted before each.
struct Drip<'a>(&'a [u8], bool);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let n_bytes = self.0.len().min(buffer.len()).min(1);
        buffer[..n_bytes].copy_from_slice(&self.0[..n_bytes]);
        self.0 = &self.0[n_bytes..];
        Ok(n_bytes)
    }
}

#[track_caller]
fn check(file: &str, accept: Accept, n_records: usize, expect: &[Refusal]) {
    let whole = read_all(file.as_bytes(), accept, Limits::default());
    assert_eq!((whole.0.len(), whole.1.as_slice()), (n_records, expect), "{file:?}");
    let drip = read_all(Drip(file.as_bytes(), false), accept, Limits::default());
    assert_eq!(drip, whole, "{file:?} byte by byte");
}

const ANY: Accept = Accept { newline: None, quote: None };
const CRLF: Accept = Accept { newline: Some(Newline::CrLf), quote: None };
const LF: Accept = Accept { newline: Some(Newline::Lf), quote: None };
const QUOTED: Accept = Accept { newline: None, quote: Some(Quote::Always) };
const BARE: Accept = Accept { newline: None, quote: Some(Quote::Never) };

#[test]
fn every_refusal_has_its_place_and_the_next_line_is_read() {
    check("", ANY, 0, &[]);
    check("a,b\r\nc,d\ne,f\r\n", ANY, 3, &[]);
    check("a\r\nb\nc\r\n", CRLF, 2, &[(2, 1, 4, Rule::WrongNewline)]);
    check("a\nb,c\r\nd\n", LF, 2, &[(2, 2, 5, Rule::WrongNewline)]);
    check("a\n\r\n\nb\n", ANY, 2, &[(2, 1, 2, Rule::BlankLine), (3, 1, 4, Rule::BlankLine)]);
    check("\"a\nb\"\nc\n", ANY, 1, &[(1, 1, 0, Rule::UnclosedQuote), (2, 1, 4, Rule::StrayQuote)]);
    check("\"a\r\n\",b\n", ANY, 0, &[(1, 1, 0, Rule::UnclosedQuote), (2, 1, 4, Rule::UnclosedQuote)]);
    check("\"a\rb\",c\nd\n", ANY, 1, &[(1, 1, 2, Rule::BareCr)]);
    check("a\r\r\nb\n", ANY, 1, &[(1, 1, 1, Rule::BareCr)]);
    check("a,\0\nb\n", ANY, 1, &[(1, 2, 2, Rule::Nul)]);
    check("\"x\"y,z\nok\nx\"y\"\n", ANY, 1, &[(1, 1, 3, Rule::StrayQuote), (3, 1, 11, Rule::StrayQuote)]);
    check("\"a\",b\n", QUOTED, 0, &[(1, 2, 4, Rule::UnquotedField)]);
    check("a,\"b\"\n", BARE, 0, &[(1, 2, 2, Rule::QuotedField)]);
    check("a\nb", ANY, 1, &[(2, 1, 3, Rule::MissingFinalNewline)]);
    check("a\nb\r", ANY, 1, &[(2, 1, 4, Rule::MissingFinalNewline)]);
    check("\"", ANY, 0, &[(1, 1, 1, Rule::MissingFinalNewline)]);
    check("\"\n", ANY, 0, &[(1, 1, 0, Rule::UnclosedQuote)]);
    check("\r", ANY, 0, &[(1, 1, 1, Rule::MissingFinalNewline)]);
    check("\n", ANY, 0, &[(1, 1, 0, Rule::BlankLine)]);
}

#[test]
fn a_byte_order_mark_is_seen_once_and_counts_as_bytes() {
    for (file, has_bom, first_offset, first) in [
        ("\u{feff}a\nb\n", true, 3, "a"),
        ("a\n\u{feff}b\n", false, 0, "a"),
        ("\u{feff}\u{feff}\n", true, 3, "\u{feff}"),
    ] {
        let mut reader = RecordReader::new(Drip(file.as_bytes(), false), ANY);
        let record = reader.next_record().unwrap().unwrap();
        assert_eq!((record.byte_offset(), record.line()), (first_offset, first.as_bytes()));
        assert_eq!(reader.has_bom(), has_bom, "{file:?}");
    }
    check("\u{feff}", ANY, 0, &[]);
    check("\u{feff}\n", ANY, 0, &[(1, 1, 3, Rule::BlankLine)]);
}

#[test]
fn a_record_shows_its_parts() {
    let mut reader = RecordReader::new("\"h\"\r\n\"a\"\"b\",c,\"\"\r\n".as_bytes(), ANY);
    reader.next_record().unwrap();
    let record = reader.next_record().unwrap().unwrap();
    assert_eq!((record.row_no(), record.byte_offset(), record.n_fields()), (2, 5, 3));
    assert_eq!(record.line(), b"\"a\"\"b\",c,\"\"");
    let found = |index| (record.field(index).into_owned(), record.raw_field(index), record.is_quoted(index));
    assert_eq!(found(0), (b"a\"b".to_vec(), b"\"a\"\"b\"".as_slice(), true));
    assert_eq!(found(1), (b"c".to_vec(), b"c".as_slice(), false));
    assert_eq!(found(2), (Vec::new(), b"\"\"".as_slice(), true));
    assert_eq!(found(3), (Vec::new(), b"".as_slice(), false));
    assert_eq!(format!("{record:?}"), "Record { row_no: 2, byte_offset: 5, n_fields: 3, .. }");
}

#[test]
fn a_file_cut_anywhere_but_after_a_record_is_refused() {
    let file = "\"番号\",\"氏名\"\r\n\"1\",\"山田\"\"太郎\"\r\n\"2\",\"\"\r\n".as_bytes();
    for length in 1..file.len() {
        let (_, refusals) = read_all(&file[..length], CRLF, Limits::default());
        let is_refused_as_cut = refusals.iter().any(|at| at.3 == Rule::MissingFinalNewline);
        assert_eq!(is_refused_as_cut, file[length - 1] != b'\n', "cut after {length} bytes");
    }
}

#[test]
fn no_line_makes_the_buffer_grow_past_its_limit() {
    let limits = Limits { record_bytes: 600 << 10, columns: 10 };
    let endless = || io::repeat(b'"').take(24 << 20);
    let mut reader = RecordReader::with_limits(endless().chain("\nok\n".as_bytes()), ANY, limits);
    assert!(matches!(
        reader.next_record(),
        Err(ReadError::Refused(Issue { row_no: 1, column: 1, rule: Rule::RecordTooLong, .. }))
    ));
    let next = reader.next_record().unwrap().unwrap();
    assert_eq!((next.row_no(), next.line(), next.byte_offset()), (2, b"ok".as_slice(), (24 << 20) + 1));
    assert!(reader.next_record().unwrap().is_none());
    assert!(reader.buffer_bytes() <= 1200 << 10, "{}", reader.buffer_bytes());

    let (records, refusals) = read_all(endless(), ANY, limits);
    assert_eq!((records.len(), refusals.len()), (0, 1));
}

#[test]
fn limits_are_exact() {
    let limits = Limits { record_bytes: 4, columns: 2 };
    let check = |file: &str, n_records, expect: &[Refusal]| {
        let found = read_all(file.as_bytes(), ANY, limits);
        assert_eq!((found.0.len(), found.1.as_slice()), (n_records, expect), "{file:?}");
    };
    check("abcd\r\nabcd\n", 2, &[]);
    check("abcde\r\nabcd\n", 1, &[(1, 1, 4, Rule::RecordTooLong)]);
    check("a,b\na,b,\n", 1, &[(2, 3, 8, Rule::TooManyFields)]);
}

#[test]
fn a_failed_read_can_be_taken_up_again() {
    struct Flaky(u8);
    impl Read for Flaky {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => {
                    buffer[..2].copy_from_slice(b"a,");
                    Ok(2)
                }
                2 => Err(io::ErrorKind::TimedOut.into()),
                3 => {
                    buffer[..2].copy_from_slice(b"b\n");
                    Ok(2)
                }
                _ => Ok(0),
            }
        }
    }
    let mut reader = RecordReader::new(Flaky(0), ANY);
    // Two bytes might begin a byte order mark, so the second read fails already while looking for it.
    assert!(matches!(reader.next_record(), Err(ReadError::Unreadable(_))));
    assert_eq!(reader.next_record().unwrap().unwrap().line(), b"a,b");
    assert!(reader.next_record().unwrap().is_none());
}

proptest! {
    #[test]
    fn what_is_taken_is_what_the_csv_crate_reads(
        file in "([a あ,]|\"\"|\"a\",|\"\",|\"|\r\n|\n|\r|\0){0,24}\n?",
    ) {
        let (records, refusals) = read_all(file.as_bytes(), ANY, Limits::default());
        if refusals.is_empty() {
            let oracle: Vec<Vec<String>> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(file.as_bytes())
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            prop_assert_eq!(records, oracle);
        }
    }

    #[test]
    fn what_is_written_is_read(
        records in prop::collection::vec(prop::collection::vec("[a あ,\"\t]{0,6}", 1..5), 0..6),
        quote in prop::sample::select(vec![Quote::Always, Quote::Needed]),
        newline in prop::sample::select(vec![Newline::CrLf, Newline::Lf]),
    ) {
        let mut file = Vec::new();
        for record in &records {
            write_record(&mut file, record.iter().map(String::as_bytes), quote, newline).unwrap();
        }
        let accept = Accept { newline: Some(newline), quote: Some(quote) };
        prop_assert_eq!(read_all(file.as_slice(), accept, Limits::default()), (records, Vec::new()));
    }

    #[test]
    fn any_bytes_are_read_to_the_end(file in prop::collection::vec(any::<u8>(), 0..200)) {
        let limits = Limits { record_bytes: 20, columns: 3 };
        let (records, refusals) = read_all(file.as_slice(), ANY, limits);
        let n_lines = file.split(|byte| *byte == b'\n').count() - usize::from(file.is_empty() || file.ends_with(b"\n"));
        let has_bom = file == b"\xEF\xBB\xBF";
        prop_assert_eq!(records.len() + refusals.len(), n_lines - usize::from(has_bom));
    }
}
