//! Files of fixed-length records: every record is a row in the layout's columns or told, there is an end, and what is read
//! does not depend on how the source gives its bytes.
//!
//! The first byte chooses encoding and newline, the second how many bytes come at a time.
#![no_main]

use std::io::Read;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use renkei_core::csv_file::Newline;
use renkei_core::declared::Problems;
use renkei_core::layout::Layout;
use renkei_core::mapping::{Ending, MappedError, MappedReader, Mapping};
use renkei_core::text::Encoding;

static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
    let layout = Layout::read("l.toml", include_str!("../../../layouts/023z001-1.0.toml"), &Problems::new());
    let layouts = [("023z001-1.0".to_owned(), Arc::new(layout.expect("a shipped layout")))].into();
    let text = include_str!("../seeds/mapping/fixed.toml");
    Mapping::read("m.toml", text, &layouts, &Problems::new()).expect("a right mapping")
});

fuzz_target!(|bytes: &[u8]| {
    let [choice, n_bytes, file @ ..] = bytes else { return };
    let mut mapping = MAPPING.clone();
    mapping.source.encoding = if choice & 1 == 0 { Encoding::Utf8 } else { Encoding::Cp932 };
    let ending = match choice >> 1 & 3 {
        0 => Ending::None,
        1 => Ending::Newline(Newline::Lf),
        _ => Ending::Newline(Newline::CrLf),
    };
    mapping.fixed.as_mut().expect("it is of fixed length").ending = ending;
    let whole = lines(&mapping, file);
    assert!(whole.len() <= file.len() + 1, "it goes on for ever");
    assert_eq!(whole, lines(&mapping, Drip(file, 1 + usize::from(*n_bytes))));
    if ending == Ending::None {
        let record_bytes = mapping.fixed.as_ref().map_or(1, renkei_core::mapping::FixedForm::record_bytes);
        assert_eq!(whole.len(), file.len().div_ceil(record_bytes));
    }
});

/// Each line as its fields, or what is told of it.
fn lines(mapping: &Mapping, source: impl Read) -> Vec<Result<Vec<String>, String>> {
    let mut reader = MappedReader::new(mapping, source);
    let (mut lines, mut last) = (Vec::new(), 0);
    loop {
        lines.push(match reader.next_row() {
            Ok(None) => return lines,
            Ok(Some(row)) => {
                assert!(row.row_no > last && row.fields.len() == mapping.layout.columns.len());
                last = row.row_no;
                Ok(row.fields)
            }
            Err(MappedError::Refused(issue)) => Err(issue.to_string()),
            Err(error) => Err(error.to_string()),
        });
    }
}

/// Gives so many bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_bytes = self.0.len().min(buffer.len()).min(self.1);
        buffer[..n_bytes].copy_from_slice(&self.0[..n_bytes]);
        self.0 = &self.0[n_bytes..];
        Ok(n_bytes)
    }
}
