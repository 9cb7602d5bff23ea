//! Degrade maps (縮退表): what a receiver gets for characters that its encoding lacks.
//!
//! A map is a CSV file in UTF-8 with the header `from,to,basis`:
//!
//! ```text
//! from,to,basis
//! 𠮷,吉,異体字
//! U+8FBB U+E0100,辻,字形選択子
//! <VS>,<strip>,字形選択子
//! ```
//!
//! - `from`: one or more characters, at least one of them lacking in the encoding; so a degraded text
//!   is never degraded again. Characters that cannot be seen are written as code points: `U+8FBB U+E0100`.
//! - `to`: the text that stands for them, in the encoding.
//! - `basis`: by what right, one word for people (`常用漢字表の許容字体`).
//! - `<VS>,<strip>`: drops every variation selector (U+FE00–U+FE0F, U+E0100–U+E01EF) that no other line
//!   takes. Without this line such a selector is refused.
//!
//! The line with the longest `from` wins. Order does not matter.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::degrade_problem::{DegradeFlaw, DegradeMapError, DegradeProblem};
use super::encoding::Encoding;
use super::error::is_variation_selector;
use super::{control, cp932};
use crate::Digest;
use crate::csv_file::{Accept, ReadError, Record, RecordReader};

const COLUMNS: [&str; 3] = ["from", "to", "basis"];
const VARIATION_SELECTORS: &str = "<VS>";
const STRIP: &str = "<strip>";

/// A checked degrade map for one encoding.
#[derive(Debug, Clone)]
pub struct DegradeMap {
    name: String,
    digest: Digest,
    /// By first character, longest `from` first.
    rules: HashMap<char, Vec<DegradeRule>>,
    strips_variation_selectors: bool,
}

/// One line of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DegradeRule {
    /// The characters to degrade.
    pub from: String,
    /// What the receiver gets, as it will decode it.
    pub to: String,
    /// By what right.
    pub basis: String,
}

enum Line {
    Rule(DegradeRule),
    StripVariationSelectors,
}

impl Line {
    fn from(&self) -> &str {
        match self {
            Self::Rule(rule) => &rule.from,
            Self::StripVariationSelectors => VARIATION_SELECTORS,
        }
    }
}

impl DegradeMap {
    /// Reads a map for receivers of `encoding`; refuses it with all its problems at once.
    pub fn parse(name: &str, source: &[u8], encoding: Encoding) -> Result<Self, DegradeMapError> {
        let mut map = Self {
            name: name.to_owned(),
            digest: Digest(Sha256::digest(source).into()),
            rules: HashMap::new(),
            strips_variation_selectors: false,
        };
        let mut problems = Vec::new();
        let mut first_lines: HashMap<String, u64> = HashMap::new();
        let mut reader = RecordReader::new(source, Accept::default());
        let mut line_no = 0;
        loop {
            line_no += 1;
            let mut flaws = Vec::new();
            match reader.next_record() {
                Ok(Some(record)) if line_no == 1 => {
                    if !record.fields().eq(COLUMNS.map(str::as_bytes)) {
                        flaws.push(DegradeFlaw::Header);
                    }
                }
                Ok(Some(record)) => {
                    if let Some(line) = read_line(&record, encoding, &mut flaws) {
                        let first_line_no = *first_lines.entry(line.from().to_owned()).or_insert(line_no);
                        if first_line_no != line_no {
                            flaws.push(DegradeFlaw::Duplicate { first_line_no });
                        }
                        map.add(line);
                    }
                }
                Err(ReadError::Refused(issue)) => flaws.push(DegradeFlaw::Csv { rule: issue.rule }),
                // Bytes in memory cannot fail to be read.
                Ok(None) | Err(ReadError::Unreadable(_)) => break,
            }
            problems.extend(flaws.into_iter().map(|flaw| DegradeProblem { line_no, flaw }));
        }
        if line_no == 1 {
            problems.push(DegradeProblem { line_no, flaw: DegradeFlaw::Header });
        }
        if problems.is_empty() { Ok(map) } else { Err(DegradeMapError { name: map.name, problems }) }
    }

    fn add(&mut self, line: Line) {
        match line {
            Line::StripVariationSelectors => self.strips_variation_selectors = true,
            Line::Rule(rule) => {
                // `from` is not empty, so no rule goes under NUL.
                let first = rule.from.chars().next().unwrap_or_default();
                let rules = self.rules.entry(first).or_default();
                rules.push(rule);
                rules.sort_by_key(|rule| std::cmp::Reverse(rule.from.len()));
            }
        }
    }

    /// The map's name, as in reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the file it was read from.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The lines in no particular order, without `<VS>`.
    pub fn rules(&self) -> impl Iterator<Item = &DegradeRule> {
        self.rules.values().flatten()
    }

    /// True when the map has the line `<VS>,<strip>`.
    pub fn strips_variation_selectors(&self) -> bool {
        self.strips_variation_selectors
    }

    /// What the start of `text` becomes: how many of its bytes, and the text for them.
    pub(super) fn apply(&self, text: &str) -> Option<(usize, &str)> {
        let first = text.chars().next()?;
        let rules = self.rules.get(&first).map(Vec::as_slice).unwrap_or_default();
        if let Some(rule) = rules.iter().find(|rule| text.starts_with(&rule.from)) {
            return Some((rule.from.len(), &rule.to));
        }
        let is_stripped = self.strips_variation_selectors && is_variation_selector(first);
        is_stripped.then_some((first.len_utf8(), ""))
    }
}

/// The line as a rule, with everything that is wrong with it put into `flaws`; `None` when it cannot be told.
fn read_line(record: &Record<'_>, encoding: Encoding, flaws: &mut Vec<DegradeFlaw>) -> Option<Line> {
    if record.n_fields() != COLUMNS.len() {
        flaws.push(DegradeFlaw::Columns { n_columns: record.n_fields() });
        return None;
    }
    let mut values = COLUMNS.iter().enumerate().map(|(index, column)| {
        read_value(&record.field(index), column).map_err(|flaw| flaws.push(flaw)).ok()
    });
    let (from, to, basis) = (values.next()?, values.next()?, values.next()?);
    let (from, to, basis) = (from?, to?, basis?);
    match (from.as_str(), to.as_str()) {
        (VARIATION_SELECTORS, STRIP) if encoding == Encoding::Cp932 => {
            return Some(Line::StripVariationSelectors);
        }
        (VARIATION_SELECTORS, STRIP) => flaws.push(DegradeFlaw::Needless { encoding }),
        (VARIATION_SELECTORS, _) | (_, STRIP) => flaws.push(DegradeFlaw::Strip),
        (from, to) => {
            if from == to {
                flaws.push(DegradeFlaw::Same);
            }
            if from.chars().all(|character| encoding.has(character)) {
                flaws.push(DegradeFlaw::Needless { encoding });
            }
            let lacking = to.chars().filter(|character| !encoding.has(*character));
            let code_points: Vec<u32> = lacking.map(u32::from).collect();
            if !code_points.is_empty() {
                flaws.push(DegradeFlaw::Unmappable { encoding, code_points });
            }
            let to = to.chars().map(cp932::canonical).collect();
            return Some(Line::Rule(DegradeRule { from: from.to_owned(), to, basis }));
        }
    }
    None
}

/// The text of one value, code points resolved.
fn read_value(value: &[u8], column: &'static str) -> Result<String, DegradeFlaw> {
    let value = str::from_utf8(value).map_err(|_| DegradeFlaw::NotUtf8 { column })?;
    if value.is_empty() {
        return Err(DegradeFlaw::Empty { column });
    }
    let text = if value.starts_with("U+") {
        let characters: Option<String> = value.split(' ').map(code_point).collect();
        characters.ok_or(DegradeFlaw::CodePoint { column })?
    } else {
        value.to_owned()
    };
    if control::find(&text).is_some() { Err(DegradeFlaw::Control { column }) } else { Ok(text) }
}

fn code_point(text: &str) -> Option<char> {
    let digits = text.strip_prefix("U+")?;
    let is_plain = (4..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    char::from_u32(u32::from_str_radix(digits, 16).ok().filter(|_| is_plain)?)
}

#[cfg(test)]
#[path = "degrade_map_tests.rs"]
mod tests;
