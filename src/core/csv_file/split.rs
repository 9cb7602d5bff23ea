//! Cuts one line into fields and finds the first thing wrong with it.

use memchr::{memchr, memchr2};

use super::form::{Accept, Quote};
use super::issue::Rule;

/// Where one field's content lies in its line, without its quotation marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) is_quoted: bool,
    /// Doubled quotation marks are in it.
    pub(super) has_doubled: bool,
}

/// What is wrong with a line, by column from 1 and place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) column: usize,
    pub(super) place: usize,
    pub(super) rule: Rule,
}

/// Fills `spans` with the fields of `line`, which has no LF; stops at the first flaw.
pub(super) fn split(
    line: &[u8],
    accept: Accept,
    n_columns_max: usize,
    spans: &mut Vec<Span>,
) -> Result<(), Flaw> {
    spans.clear();
    if line.is_empty() {
        return Err(Flaw { column: 1, place: 0, rule: Rule::BlankLine });
    }
    let forbidden = memchr2(b'\0', b'\r', line);
    let flaw = cut(line, accept, n_columns_max, usize::MAX, spans).err();
    // Both looks are over the whole line; what stands first in it is reported.
    match (forbidden, flaw) {
        (Some(place), flaw)
            if flaw.is_none_or(|flaw| place < flaw.place || flaw.rule == Rule::UnclosedQuote) =>
        {
            let column = spans.iter().take_while(|span| span.end < place).count() + 1;
            let rule = if line.get(place) == Some(&b'\r') { Rule::BareCr } else { Rule::Nul };
            Err(Flaw { column, place, rule })
        }
        (_, Some(flaw)) => Err(flaw),
        (_, None) => Ok(()),
    }
}

/// Fills `spans` with the first `n_columns` fields of `line`; false where it has fewer or a flaw is in them. The rest
/// is not looked at.
pub(super) fn split_first(line: &[u8], accept: Accept, n_columns: usize, spans: &mut Vec<Span>) -> bool {
    spans.clear();
    cut(line, accept, usize::MAX, n_columns, spans).is_ok() && spans.len() == n_columns
}

/// How many fields a line has of which every one is quoted and holds no quotation mark; `None` for any other line, for
/// one with a flaw, and for a few that begin or end a field with a comma. [`split`] finds the same, field by field.
///
/// Between two such fields stands `","`. Where no quotation mark stands between two commas, no two of these share one;
/// where the first and the last mark belong to none, and the marks are two for each and these two, no mark is left over to
/// stand in a field.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch keeps a processor from taking many bytes at a time"
)]
pub(super) fn count_quoted(line: &[u8]) -> Option<usize> {
    let ([b'"', second, ..], [.., last_but_one, b'"']) = (line, line) else { return None };
    if [*second, *last_but_one].iter().any(|byte| matches!(byte, b',' | b'\0' | b'\r')) {
        return None;
    }
    let n_threes = line.len() - 2;
    let from = |place: usize| line.get(place..place + n_threes).unwrap_or_default();
    let (mut n_marks, mut n_between, mut has_other) = (0, 0, false);
    for ((firsts, seconds), thirds) in
        from(0).chunks(PIECE).zip(from(1).chunks(PIECE)).zip(from(2).chunks(PIECE))
    {
        let (mut marks, mut between, mut others) = (0_u8, 0_u8, 0_u8);
        let threes = firsts.iter().copied().zip(seconds.iter().copied()).zip(thirds.iter().copied());
        for ((first, second), third) in threes {
            let is_between = (first == b'"') & (second == b',') & (third == b'"');
            let is_shared = (first == b',') & (second == b'"') & (third == b',');
            marks += u8::from(first == b'"');
            between += u8::from(is_between);
            others |= u8::from(is_shared | (first == b'\0') | (first == b'\r'));
        }
        n_marks += usize::from(marks);
        n_between += usize::from(between);
        has_other |= others != 0;
    }
    // The last two begin no three.
    n_marks += usize::from(*last_but_one == b'"') + 1;
    (!has_other && n_marks == 2 * (n_between + 1)).then_some(n_between + 1)
}

/// Bytes counted at a time: no more than one byte can count.
const PIECE: usize = 240;

/// Cuts until `n_wanted` fields are there.
fn cut(
    line: &[u8],
    accept: Accept,
    n_columns_max: usize,
    n_wanted: usize,
    spans: &mut Vec<Span>,
) -> Result<(), Flaw> {
    let mut start = 0;
    loop {
        let column = spans.len() + 1;
        let flaw = |place, rule| Err(Flaw { column, place, rule });
        if column > n_columns_max {
            return flaw(start, Rule::TooManyFields);
        }
        let field = line.get(start..).unwrap_or_default();
        let (span, after) = if let Some((b'"', content)) = field.split_first() {
            if accept.quote == Some(Quote::Never) {
                return flaw(start, Rule::QuotedField);
            }
            let Some((length, has_doubled)) = quoted_length(content) else {
                return flaw(start, Rule::UnclosedQuote);
            };
            let end = start + 1 + length;
            (Span { start: start + 1, end, is_quoted: true, has_doubled }, end + 1)
        } else {
            let end = start + memchr(b',', field).unwrap_or(field.len());
            if let Some(place) = line.get(start..end).and_then(|field| memchr(b'"', field)) {
                return flaw(start + place, Rule::StrayQuote);
            }
            if accept.quote == Some(Quote::Always) {
                return flaw(start, Rule::UnquotedField);
            }
            (Span { start, end, is_quoted: false, has_doubled: false }, end)
        };
        match line.get(after) {
            None => {
                spans.push(span);
                return Ok(());
            }
            Some(b',') => spans.push(span),
            Some(_) => return flaw(after, Rule::StrayQuote),
        }
        if spans.len() == n_wanted {
            return Ok(());
        }
        start = after + 1;
    }
}

/// The length of a quoted field up to its closing mark, and whether doubled marks are in it; `None` when
/// it is not closed.
fn quoted_length(content: &[u8]) -> Option<(usize, bool)> {
    // Many fields of many columns are empty, which costs no search.
    let mut length = if content.first() == Some(&b'"') { 0 } else { find_mark(content)? };
    let mut has_doubled = false;
    while content.get(length + 1) == Some(&b'"') {
        has_doubled = true;
        let next = length + 2;
        length = next + memchr(b'"', content.get(next..)?)?;
    }
    Some((length, has_doubled))
}

/// Where the next quotation mark is. Most fields are shorter than a search costs to begin, so the first bytes are
/// looked at eight at a time.
fn find_mark(content: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
    const MARKS: u64 = u64::from_le_bytes([b'"'; 8]);
    const N_WORDS: usize = 2;
    let (words, _) = content.as_chunks::<8>();
    for (n_before, word) in words.iter().take(N_WORDS).enumerate() {
        // A byte that is a mark becomes zero; of the zeros the lowest is found without fail.
        let differing = u64::from_le_bytes(*word) ^ MARKS;
        let zeros = differing.wrapping_sub(ONES) & !differing & TOPS;
        if zeros != 0 {
            return Some(n_before * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    let n_looked_at = words.len().min(N_WORDS) * 8;
    memchr(b'"', content.get(n_looked_at..)?).map(|place| n_looked_at + place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(line: &str, expect: Result<&[&str], (usize, usize, Rule)>) {
        check_with(line, Accept::default(), expect);
    }

    fn check_with(line: &str, accept: Accept, expect: Result<&[&str], (usize, usize, Rule)>) {
        let mut spans = Vec::new();
        let result = split(line.as_bytes(), accept, 5, &mut spans);
        let found: Vec<&str> = spans.iter().map(|span| &line[span.start..span.end]).collect();
        match expect {
            Ok(fields) => assert_eq!((result, found.as_slice()), (Ok(()), fields), "{line:?}"),
            Err((column, place, rule)) => {
                assert_eq!(result, Err(Flaw { column, place, rule }), "{line:?}");
            }
        }
    }

    #[test]
    fn a_line_falls_into_its_fields() {
        check("a", Ok(&["a"]));
        check("a,b", Ok(&["a", "b"]));
        check(",", Ok(&["", ""]));
        check("a,", Ok(&["a", ""]));
        check(r#""""#, Ok(&[""]));
        check(r#""a,b","","c""#, Ok(&["a,b", "", "c"]));
        check(r#""""""#, Ok(&[r#""""#]));
        check(r#""a""b",x"#, Ok(&[r#"a""b"#, "x"]));
        check(" a , b ", Ok(&[" a ", " b "]));
        check("東京都,\"千代田区\"", Ok(&["東京都", "千代田区"]));
        check("1,2,3,4,5", Ok(&["1", "2", "3", "4", "5"]));
    }

    proptest! {
        #[test]
        fn what_is_counted_is_what_is_split(
            line in r#"("|,|"","|","|",""|a|あ|"a"|,"|"",|\r|\x00){0,40}"#,
            quoted in prop::collection::vec("[a,b]{0,3}", 1..6),
        ) {
            let count = |line: &str| {
                let mut spans = Vec::new();
                let is_split = split(line.as_bytes(), Accept::default(), usize::MAX, &mut spans).is_ok();
                let is_plain = spans.iter().all(|span| span.is_quoted && !span.has_doubled);
                (is_split && is_plain).then_some(spans.len())
            };
            // It may leave a line to whoever splits it, and it never tells anything else of one.
            for line in [line.clone(), format!("\"{line}\""), format!("\"{}\"", quoted.join("\",\""))] {
                let counted = count_quoted(line.as_bytes());
                prop_assert!(counted.is_none() || counted == count(&line), "{:?} {:?}", line, counted);
            }
            let plain = quoted.iter().all(|field| !field.starts_with(',') && !field.ends_with(','));
            let line = format!("\"{}\"", quoted.join("\",\""));
            prop_assert_eq!(count_quoted(line.as_bytes()).is_some(), plain);
        }
    }

    #[test]
    fn long_lines_are_counted_as_short_ones() {
        for n in [1, 2, 100, 300, 2000] {
            for length in [0, 1, 7, 239, 240, 241, 500] {
                let line = format!("\"{}\"", vec!["x".repeat(length); n].join("\",\""));
                assert_eq!(count_quoted(line.as_bytes()), Some(n), "{n} of {length}");
                assert_eq!(count_quoted(line.trim_end_matches('"').as_bytes()), None);
                assert_eq!(count_quoted(line.replacen('x', "\"", 1).as_bytes()), (length == 0).then_some(n));
            }
        }
    }

    #[test]
    fn a_mark_is_found_where_it_is() {
        for length in 0..40 {
            // Bytes that differ from a mark in one bit only, or borrow from the byte after it.
            for filler in [b'#', b'!', b'\x22' ^ 0x80, 0, 0xff, b'a'] {
                let mut content = vec![filler; length];
                assert_eq!(find_mark(&content), None);
                for place in (0..length).rev() {
                    content[place] = b'"';
                    assert_eq!(find_mark(&content), Some(place), "{length} of {filler}");
                }
            }
        }
    }

    #[test]
    fn the_first_flaw_is_named_with_its_place() {
        check("", Err((1, 0, Rule::BlankLine)));
        check("a,\"b", Err((2, 2, Rule::UnclosedQuote)));
        check("\"", Err((1, 0, Rule::UnclosedQuote)));
        check("\"\"\"", Err((1, 0, Rule::UnclosedQuote)));
        check("a,\"b\"c", Err((2, 5, Rule::StrayQuote)));
        check("\"a\" ,b", Err((1, 3, Rule::StrayQuote)));
        check("a,b\"c\"", Err((2, 3, Rule::StrayQuote)));
        check(" \"a\"", Err((1, 1, Rule::StrayQuote)));
        check("a,b\rc", Err((2, 3, Rule::BareCr)));
        check("\"a\r\"", Err((1, 2, Rule::BareCr)));
        check("a,b,\0", Err((3, 4, Rule::Nul)));
        check("\"a\0", Err((1, 2, Rule::Nul)));
        check("\"a\"b\0", Err((1, 3, Rule::StrayQuote)));
        check("\"a\0\"b", Err((1, 2, Rule::Nul)));
        check("1,2,3,4,5,6", Err((6, 10, Rule::TooManyFields)));
        check("1,2,3,4,5,", Err((6, 10, Rule::TooManyFields)));
    }

    #[test]
    fn quoting_is_demanded_or_refused() {
        let accept = |quote| Accept { quote: Some(quote), newline: None };
        check_with("\"a\",\"\"", accept(Quote::Always), Ok(&["a", ""]));
        check_with("\"a\",b", accept(Quote::Always), Err((2, 4, Rule::UnquotedField)));
        check_with("\"a\",", accept(Quote::Always), Err((2, 4, Rule::UnquotedField)));
        check_with("a,b", accept(Quote::Never), Ok(&["a", "b"]));
        check_with("a,\"b\"", accept(Quote::Never), Err((2, 2, Rule::QuotedField)));
        check_with("a,\"b\"", accept(Quote::Needed), Ok(&["a", "b"]));
    }
}
