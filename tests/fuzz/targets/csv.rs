//! The strict reader of CSV: from a stream and from a block it gives the same, every line is a record or an issue, and
//! a record written again is read as the same fields.
//!
//! The first byte chooses what is accepted, the second the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renkei_core::csv_file::{
    Accept, BlockRecords, Issue, Limits, Newline, Quote, ReadError, RecordReader, write_record,
};
use renkei_core::text::{CharacterSet, Encoding};

type Line = Result<Vec<Vec<u8>>, Issue>;

fuzz_target!(|bytes: &[u8]| {
    let [choice, limit, file @ ..] = bytes else { return };
    let accept = Accept {
        newline: [None, Some(Newline::CrLf), Some(Newline::Lf), None][usize::from(choice & 3)],
        quote: [None, Some(Quote::Always), Some(Quote::Needed), Some(Quote::Never)]
            [usize::from(choice >> 2 & 3)],
    };
    let limits =
        Limits { record_bytes: 1 + usize::from(*limit >> 2) * 8, columns: 1 + usize::from(limit & 3) * 4 };
    let limits = if choice & 16 == 0 { Limits::default() } else { limits };
    let streamed = of_stream(file, accept, limits);
    assert!(streamed.len() <= file.len() + 1);
    if !file.starts_with(b"\xEF\xBB\xBF") {
        assert_eq!(streamed, of_block(file, accept, limits));
    }
    for fields in streamed.iter().flatten() {
        assert!(fields.len() <= limits.columns);
        let mut line = Vec::new();
        let written = write_record(&mut line, fields.iter().map(Vec::as_slice), Quote::Always, Newline::CrLf);
        if written.is_ok() {
            assert_eq!(of_stream(&line, Accept::default(), Limits::default()), [Ok(fields.clone())]);
        }
        for encoding in [Encoding::Utf8, Encoding::Cp932] {
            let characters = CharacterSet::new(encoding, None);
            for text in fields.iter().filter_map(|field| characters.decode(field).ok()) {
                // What steers a device is text, but not to be written.
                let Ok(canonical) = characters.canonical(&text).map(|canonical| canonical.text) else {
                    continue;
                };
                let mut encoded = Vec::new();
                characters.encode_into(&canonical, &mut encoded).expect("canonical text can be encoded");
                assert_eq!(characters.decode(&encoded).expect("what was encoded is text"), canonical);
            }
        }
    }
});

fn of_stream(file: &[u8], accept: Accept, limits: Limits) -> Vec<Line> {
    let mut reader = RecordReader::with_limits(file, accept, limits);
    let mut lines = Vec::new();
    loop {
        match reader.next_record() {
            Ok(None) => return lines,
            Ok(Some(record)) => lines.push(Ok(record.fields().map(std::borrow::Cow::into_owned).collect())),
            Err(ReadError::Refused(issue)) => lines.push(Err(issue)),
            Err(ReadError::Unreadable(error)) => panic!("memory cannot be read: {error}"),
        }
    }
}

fn of_block(file: &[u8], accept: Accept, limits: Limits) -> Vec<Line> {
    let mut reader = BlockRecords::new(file, 0, accept, limits);
    let mut lines = Vec::new();
    while let Some(record) = reader.next_record() {
        lines.push(record.map(|record| record.fields().map(std::borrow::Cow::into_owned).collect()));
    }
    lines
}
