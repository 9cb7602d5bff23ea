//! Writes fields and records into a buffer.

use memchr::{memchr, memchr3};

use super::form::{Newline, Quote};
use crate::{Class, Fault};

/// A value that cannot be written without quotation marks where the layout has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column {column} cannot be written without quotation marks")]
pub struct NeedsQuotes {
    /// The column, from 1; 1 from [`write_field`], which knows no other.
    pub column: usize,
}

impl Fault for NeedsQuotes {
    fn code(&self) -> &'static str {
        "csv.needs-quotes"
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}

/// Appends one value, quoted as declared and with its quotation marks doubled. Refuses under
/// [`Quote::Never`] what [`Quote::Needed`] would quote, and then appends nothing.
pub fn write_field(out: &mut Vec<u8>, field: &[u8], quote: Quote) -> Result<(), NeedsQuotes> {
    match quote {
        Quote::Always => write_quoted(out, field),
        Quote::Needed if needs_quotes(field) => write_quoted(out, field),
        Quote::Never if needs_quotes(field) => return Err(NeedsQuotes { column: 1 }),
        Quote::Needed | Quote::Never => out.extend_from_slice(field),
    }
    Ok(())
}

/// Appends one record with its newline. One empty field alone is quoted under [`Quote::Needed`] and refused
/// under [`Quote::Never`], because it would be a blank line. A refused record appends nothing.
pub fn write_record<'f>(
    out: &mut Vec<u8>,
    fields: impl IntoIterator<Item = &'f [u8]>,
    quote: Quote,
    newline: Newline,
) -> Result<(), NeedsQuotes> {
    let before = out.len();
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        if write_field(out, field, quote).is_err() {
            out.truncate(before);
            return Err(NeedsQuotes { column: index + 1 });
        }
    }
    if out.len() == before {
        if quote == Quote::Never {
            return Err(NeedsQuotes { column: 1 });
        }
        out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(newline.as_bytes());
    Ok(())
}

fn write_quoted(out: &mut Vec<u8>, field: &[u8]) {
    out.reserve(field.len() + 2);
    out.push(b'"');
    if has_quote(field) {
        write_doubled(out, field);
    } else {
        out.extend_from_slice(field);
    }
    out.push(b'"');
}

#[cold]
fn write_doubled(out: &mut Vec<u8>, mut field: &[u8]) {
    while let Some(place) = memchr(b'"', field) {
        let (head, tail) = field.split_at(place + 1);
        out.extend_from_slice(head);
        out.push(b'"');
        field = tail;
    }
    out.extend_from_slice(field);
}

/// Looks at eight bytes at once: most fields are shorter than what a call of `memchr` pays for.
#[inline]
fn has_quote(field: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = field.as_chunks::<8>();
    words.iter().any(|word| {
        let zero_where_quote = u64::from_ne_bytes(*word) ^ (ONES * u64::from(b'"'));
        zero_where_quote.wrapping_sub(ONES) & !zero_where_quote & HIGHS != 0
    }) || rest.contains(&b'"')
}

fn needs_quotes(field: &[u8]) -> bool {
    field.first() == Some(&b' ')
        || field.last() == Some(&b' ')
        || memchr3(b'"', b',', b'\n', field).is_some()
        || memchr(b'\r', field).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(fields: &[&str], quote: Quote, expect: Result<&str, usize>) {
        let mut out = b"kept".to_vec();
        let result = write_record(&mut out, fields.iter().map(|field| field.as_bytes()), quote, Newline::Lf);
        let expect_bytes = format!("kept{}", expect.map_or(String::new(), |line| format!("{line}\n")));
        assert_eq!(String::from_utf8_lossy(&out), expect_bytes, "{fields:?} {quote}");
        assert_eq!(result.err().map(|refused| refused.column), expect.err(), "{fields:?} {quote}");
    }

    #[test]
    fn records_are_quoted_as_declared() {
        check(&["a", "", "b\"c"], Quote::Always, Ok(r#""a","","b""c""#));
        check(&["\"", "\"\""], Quote::Always, Ok(r#""""","""""""#));
        for place in 0..18 {
            let mut field = "0123456789abcdefgh".to_owned();
            field.insert(place, '"');
            check(&[&field], Quote::Always, Ok(&format!("\"{}\"", field.replace('"', "\"\""))));
        }
        check(&[""], Quote::Always, Ok(r#""""#));
        check(
            &["a", "b,c", "d\"", " e", "f ", "g\rh", "i\nj", "", "　"],
            Quote::Needed,
            Ok("a,\"b,c\",\"d\"\"\",\" e\",\"f \",\"g\rh\",\"i\nj\",,　"),
        );
        check(&[""], Quote::Needed, Ok(r#""""#));
        check(&["", ""], Quote::Needed, Ok(","));
        check(&["a", "", "神田"], Quote::Never, Ok("a,,神田"));
        for wrong in [",", "\"", "\r", "\n", " a", "a "] {
            check(&["a", wrong, "b"], Quote::Never, Err(2));
        }
        check(&[""], Quote::Never, Err(1));
    }

    proptest! {
        #[test]
        fn the_csv_crate_reads_what_is_written(
            records in prop::collection::vec(prop::collection::vec("[a あ,\"\r\n\t']{0,6}", 1..5), 0..6),
            quote in prop::sample::select(vec![Quote::Always, Quote::Needed]),
            newline in prop::sample::select(vec![Newline::CrLf, Newline::Lf]),
        ) {
            let mut out = Vec::new();
            for record in &records {
                write_record(&mut out, record.iter().map(String::as_bytes), quote, newline).unwrap();
            }
            let read: Vec<Vec<String>> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(out.as_slice())
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            prop_assert_eq!(read, records);
        }
    }
}
