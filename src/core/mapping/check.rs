//! Checking a mapping against its layout.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use renkei_registry::{FieldCheck, FieldKind, FieldRule, Severity};
use sha2::{Digest as _, Sha256};

use super::column::{CodeWord, Conversion, MappedColumn, SourceColumn};
use super::fixed::FixedForm;
use super::raw::{RawCodes, RawMappedColumn, RawMapping, RawSource};
use super::{Mapping, SourceForm};
use crate::csv_file::Accept;
use crate::declared::{Located, Problems, did_you_mean};
use crate::ids::Digest;
use crate::layout::{Column, Content, Layout};

impl Mapping {
    /// Reads and checks a mapping file's text against the layouts there are, by their file names without
    /// `.toml`. `None` exactly when problems were reported.
    pub fn read(
        file: &str,
        text: &str,
        layouts: &BTreeMap<String, Arc<Layout>>,
        problems: &Problems,
    ) -> Option<Self> {
        let n_before = problems.len();
        let raw = RawMapping::parse(file, text, problems)?;
        let layout = raw.layout.as_ref().and_then(|name| {
            let found = layouts.get(&name.value);
            if found.is_none() {
                let hint = did_you_mean(&name.value, layouts.keys().map(String::as_str));
                problems.report_with(&name.spot, format!("no layout {:?}", name.value), hint);
            }
            found.cloned()
        });
        let source = raw.source.as_ref().and_then(|source| check_source(source, problems));
        let fixed = raw.source.as_ref().map_or(Err(()), |source| check_fixed(source, problems));
        let (layout, source, declared) = (layout?, source?, raw.columns?);
        let fixed = fixed.ok()?;
        let mut desk = Desk { layout: &layout, source, problems, taken: HashMap::new() };
        let mut columns: Vec<Option<MappedColumn>> = vec![None; layout.columns.len()];
        for column in &declared {
            if let Some((place, mapped)) = desk.column(column)
                && let Some(slot) = columns.get_mut(place)
            {
                *slot = Some(mapped);
            }
        }
        let columns = columns.into_iter().enumerate().map(|(place, mapped)| {
            mapped.unwrap_or_else(|| {
                let text = desk.left_out(place);
                if let Some(text) = text {
                    return MappedColumn::Text(text);
                }
                if !desk.taken.contains_key(&place) {
                    let name = layout.columns.get(place).map_or("?", |column| &column.header_romaji);
                    let message = format!("nothing is mapped to {name}, which must not be empty");
                    problems.report(&raw.columns_spot, message);
                }
                MappedColumn::Text(String::new())
            })
        });
        let columns: Vec<MappedColumn> = columns.collect();
        check_ignored(&raw.ignored, &declared, source, raw.source.as_ref(), problems);
        (problems.len() == n_before).then(|| Self {
            name: raw.name.unwrap_or_default(),
            source,
            fixed,
            columns,
            ignored: raw.ignored.into_iter().map(|ignored| ignored.value).collect(),
            sha256: Digest(Sha256::digest(text).into()),
            layout: Arc::clone(&layout),
        })
    }
}

/// The most bytes a record of fixed length has, as much as a line of CSV.
const MOST_RECORD_BYTES: usize = 1 << 20;

/// The form of records of fixed length, where the source has such; `Err` where it is wrong.
fn check_fixed(raw: &RawSource, problems: &Problems) -> Result<Option<FixedForm>, ()> {
    let Some(fixed) = &raw.fixed else { return Ok(None) };
    for (spot, key) in &fixed.strange {
        problems.report(spot, format!("records of fixed length have no {key}"));
    }
    let (Some(widths), Some(ending)) = (&fixed.widths, fixed.ending) else { return Err(()) };
    let form = FixedForm { widths: widths.clone(), ending };
    if widths.is_empty() || form.record_bytes() > MOST_RECORD_BYTES {
        let message =
            format!("a record has 1 to {MOST_RECORD_BYTES} bytes, this has {}", form.record_bytes());
        problems.report(&fixed.spot, message);
        return Err(());
    }
    Ok(Some(form))
}

fn check_source(raw: &RawSource, problems: &Problems) -> Option<SourceForm> {
    let has_header = raw.has_header?;
    match (has_header, &raw.n_columns) {
        (true, Some(n_columns)) => {
            problems.report(&n_columns.spot, "the header row says how many columns there are");
        }
        // Widths that are missing or wrong have been reported.
        (false, None) if raw.fixed.is_some() => return None,
        (false, None) => {
            let hint = "without a header row nothing else says when a column is missing".to_owned();
            problems.report_with(&raw.spot, "needs columns = …", hint);
            return None;
        }
        _ => {}
    }
    Some(SourceForm {
        encoding: raw.encoding?,
        accept: Accept { newline: raw.newline, quote: raw.quote },
        n_columns: raw.n_columns.as_ref().filter(|_| !has_header).map(|n_columns| n_columns.value),
    })
}

/// What columns are checked with.
struct Desk<'d> {
    layout: &'d Layout,
    source: SourceForm,
    problems: &'d Problems,
    /// Columns of the layout that something is mapped to, with the line.
    taken: HashMap<usize, usize>,
}

impl Desk<'_> {
    fn column(&mut self, raw: &RawMappedColumn) -> Option<(usize, MappedColumn)> {
        let to = raw.to.as_ref()?;
        let Some(place) = self.layout.find_column(&to.value) else {
            let names =
                self.layout.columns.iter().flat_map(|column| [&column.header_romaji, &column.header_ja]);
            let hint = did_you_mean(&to.value, names.map(String::as_str));
            self.problems.report_with(&to.spot, format!("the layout has no column {:?}", to.value), hint);
            return None;
        };
        if let Some(line) = self.taken.insert(place, to.spot.line) {
            self.problems.report(&to.spot, format!("something is mapped to it already (line {line})"));
            return None;
        }
        let column = self.layout.columns.get(place)?;
        if matches!(column.content, Content::Text(_)) {
            self.problems.report(&to.spot, "the column is a fixed text of the layout");
            return None;
        }
        let mapped = match (&raw.from, &raw.text) {
            (Some(from), None) => {
                self.check_from(from);
                self.from(raw, from, column)?
            }
            (None, Some(text)) => {
                for (spot, key) in conversions(raw) {
                    self.problems.report(spot, format!("{key} turns over what a source has, not a text"));
                }
                self.check_value(column, text);
                MappedColumn::Text(text.value.clone())
            }
            _ => {
                let hint = "from = \"…\", from = 1 or text = \"…\"".to_owned();
                self.problems.report_with(&raw.spot, "a column comes from exactly one place", hint);
                return None;
            }
        };
        Some((place, mapped))
    }

    fn check_from(&self, from: &Located<SourceColumn>) {
        match (&from.value, self.source.n_columns) {
            (SourceColumn::Header(_), Some(_)) => {
                self.problems.report(&from.spot, "the source has no header row; give the column's number");
            }
            (SourceColumn::Number(number), Some(n_columns)) if *number > n_columns => {
                self.problems.report(&from.spot, format!("the source has {n_columns} columns"));
            }
            _ => {}
        }
    }

    fn from(
        &self,
        raw: &RawMappedColumn,
        from: &Located<SourceColumn>,
        column: &Column,
    ) -> Option<MappedColumn> {
        let said: Vec<_> = conversions(raw).collect();
        if let [(_, first), (spot, second), ..] = said.as_slice()
            && *second != "otherwise"
        {
            self.problems.report(spot, format!("both {first} and {second}"));
        }
        if let (Some(otherwise), 1) = (&raw.otherwise, said.len()) {
            self.problems
                .report(&otherwise.spot, "there is nothing that could fail: no codes, date or pad_left");
        }
        let rule = column.rule();
        let conversion = if let Some(RawCodes { words: codes, .. }) = &raw.codes {
            for (_, to) in codes.iter().filter(|(_, to)| !to.value.is_empty()) {
                self.check_value(column, to);
            }
            let word = |(from, to): &(Located<String>, Located<String>)| CodeWord {
                from: from.value.clone(),
                to: to.value.clone(),
            };
            Conversion::Codes(codes.iter().map(word).collect())
        } else if let Some(form) = &raw.date {
            let is_compact = match rule.map(|rule| rule.kind) {
                Some(FieldKind::Date) => false,
                Some(FieldKind::CompactDate) => true,
                _ => {
                    self.problems.report(&form.spot, "the fields of this column are no days");
                    return None;
                }
            };
            Conversion::Date { form: form.value, is_compact }
        } else if let Some(length) = &raw.pad_left {
            self.check_padding(length, rule);
            Conversion::PadLeft(length.value)
        } else {
            Conversion::AsItIs
        };
        let otherwise = raw.otherwise.as_ref().map(|otherwise| otherwise.value).unwrap_or_default();
        Some(MappedColumn::From { source: from.value.clone(), conversion, otherwise })
    }

    fn check_padding(&self, length: &Located<usize>, rule: Option<FieldRule>) {
        let Some(rule) = rule else { return };
        if !matches!(rule.kind, FieldKind::Digits | FieldKind::Text | FieldKind::Code) {
            self.problems.report(&length.spot, "the fields of this column are not filled up with zeros");
        }
        let room = rule.exact_chars.or(rule.max_chars).map(usize::from);
        if room.is_some_and(|room| length.value > room) {
            let room = room.unwrap_or_default();
            self.problems.report(&length.spot, format!("the column has room for {room} characters"));
        }
    }

    /// A text that every field, or every field with a code, would have must be one the column can have.
    fn check_value(&self, column: &Column, text: &Located<String>) {
        let Some(rule) = column.rule() else { return };
        if let Some((broken, Severity::Error)) = FieldCheck::new(&rule, None).issue(&text.value) {
            self.problems.report(&text.spot, format!("no field of this column could be this: {broken}"));
        }
    }

    /// What stands in a column that nothing is mapped to; `None` where it must not be left out.
    fn left_out(&self, place: usize) -> Option<String> {
        if let Some(removal) = &self.layout.removal
            && removal.column == place
        {
            // Without a mark in the source every row is one that is there.
            return Some(removal.present.clone());
        }
        let column = self.layout.columns.get(place)?;
        match (&column.content, column.rule()) {
            (Content::Text(text), _) => Some(text.clone()),
            (_, Some(rule)) if rule.is_required => None,
            _ => Some(String::new()),
        }
    }
}

/// What a column says about turning values over, by key; `otherwise` last.
fn conversions(raw: &RawMappedColumn) -> impl Iterator<Item = (&crate::declared::Spot, &'static str)> {
    let spots = [
        (raw.codes.as_ref().map(|codes| &codes.spot), "codes"),
        (raw.date.as_ref().map(|date| &date.spot), "date"),
        (raw.pad_left.as_ref().map(|length| &length.spot), "pad_left"),
        (raw.otherwise.as_ref().map(|otherwise| &otherwise.spot), "otherwise"),
    ];
    spots.into_iter().filter_map(|(spot, key)| Some((spot?, key)))
}

/// Columns that are ignored are not mapped, and without a header row every column is one or the other.
fn check_ignored(
    ignored: &[Located<SourceColumn>],
    declared: &[RawMappedColumn],
    source: SourceForm,
    raw: Option<&RawSource>,
    problems: &Problems,
) {
    let mapped: Vec<&SourceColumn> =
        declared.iter().filter_map(|column| column.from.as_ref().map(|from| &from.value)).collect();
    for (index, one) in ignored.iter().enumerate() {
        if mapped.contains(&&one.value) {
            problems.report(&one.spot, "the column is mapped");
        }
        if ignored.iter().take(index).any(|earlier| earlier.value == one.value) {
            problems.report(&one.spot, "the column is already ignored");
        }
        match (&one.value, source.n_columns) {
            (SourceColumn::Header(_), Some(_)) => {
                problems.report(&one.spot, "the source has no header row; give the column's number");
            }
            (SourceColumn::Number(number), Some(n_columns)) if *number > n_columns => {
                problems.report(&one.spot, format!("the source has {n_columns} columns"));
            }
            _ => {}
        }
    }
    let (Some(n_columns), Some(raw)) = (source.n_columns, raw) else { return };
    for number in 1..=n_columns {
        let column = SourceColumn::Number(number);
        if !mapped.contains(&&column) && !ignored.iter().any(|one| one.value == column) {
            let spot = raw.n_columns.as_ref().map_or(&raw.spot, |n_columns| &n_columns.spot);
            problems.report(spot, format!("column {number} of the source is neither mapped nor ignored"));
        }
    }
}
