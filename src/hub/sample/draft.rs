//! A set on the bench: rows, notice and bytes, still to be changed before it is written.

use chrono::NaiveDate;
use renkei_core::csv_file::write_record;
use renkei_core::hash::sha256;
use renkei_core::layout::Layout;
use renkei_core::notice::{ChangeCounts, DataFile, FORMAT, FileFormatWords, Notice, StateWords};
use renkei_core::publication::Kind;
use renkei_core::state::{FeedState, RowDigest, bucket_of};
use renkei_core::text::{CharacterSet, Encoding};
use renkei_core::{CommitNo, Digest, FeedId, FileName, IdError, Sequence, Window};
use renkei_engine::EngineError;

use super::SampleSpec;
use super::rows;
use crate::Failure;

/// The time in names and notices, so that the same options give the same files.
const TIME: (&str, &str) = ("20261001013000", "2026-10-01T01:30:00+09:00");

/// The fields of a row.
pub(super) type Fields = Vec<String>;

/// What all samples of a layout share.
pub(super) struct Bench<'s> {
    pub(super) layout: &'s Layout,
    pub(super) day: NaiveDate,
    municipality: &'s str,
    feed: FeedId,
    /// The rows of the full.
    pub(super) rows: Vec<Fields>,
    /// Rows that come later.
    pub(super) later: Vec<Fields>,
}

/// A set to be written.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) stem: String,
    pub(super) notice: Notice,
    pub(super) data: Vec<u8>,
}

impl<'s> Bench<'s> {
    pub(super) fn new(spec: &'s SampleSpec) -> Result<Self, Failure> {
        let layout = spec.layout.as_ref();
        // A day that does not move, within the version's days.
        let day = NaiveDate::from_ymd_opt(2026, 10, 1).unwrap_or(layout.valid_from).max(layout.valid_from);
        let day = layout.valid_until.map_or(day, |last| day.min(last));
        let (rows, later) = rows::rows(spec, day)?;
        let feed = format!("{}-sample", layout.interface).parse().map_err(EngineError::Name)?;
        Ok(Self { layout, day, municipality: &spec.municipality, feed, rows, later })
    }

    /// The full, 1.
    pub(super) fn full(&self) -> Draft {
        self.full_of(&self.rows)
    }

    /// A full of other rows, 1.
    pub(super) fn full_of(&self, rows: &[Fields]) -> Draft {
        let state = self.state(rows);
        self.draft(Kind::Full, (1, None), rows, None, (None, state))
    }

    /// The diff on the full, 2: one row new, one changed, and one removed where the layout can say so.
    pub(super) fn diff(&self) -> Draft {
        self.diff_of((2, 1))
    }

    /// The diff as another number on another base.
    pub(super) fn diff_of(&self, (sequence, base): (u32, u32)) -> Draft {
        let mut after = self.rows.clone();
        let mut rows = Vec::new();
        let mut counts = ChangeCounts::default();
        if let Some(removal) = &self.layout.removal
            && after.len() > 1
        {
            let mut gone = after.remove(0);
            if let Some(mark) = gone.get_mut(removal.column) {
                mark.clone_from(&removal.removed);
            }
            rows.push(gone);
            counts.removed = 1;
        }
        if let Some(changed) = self.later.last()
            && let Some(row) = after.first_mut()
            && let Some(mixed) = rows::changed(self.layout, self.day, row, changed)
        {
            row.clone_from(&mixed);
            rows.push(mixed);
            counts.changed = 1;
        }
        if let Some(new) = self.later.first() {
            after.push(new.clone());
            rows.push(new.clone());
            counts.added = 1;
        }
        let (before, after) = (self.state(&self.rows), self.state(&after));
        self.draft(Kind::Diff, (sequence, Some(base)), &rows, Some(counts), (Some(before), after))
    }

    fn draft(
        &self,
        kind: Kind,
        (sequence, base): (u32, Option<u32>),
        rows: &[Fields],
        changes: Option<ChangeCounts>,
        (before, after): (Option<StateWords>, StateWords),
    ) -> Draft {
        let Layout { interface, branch, version, file, .. } = self.layout;
        let stem =
            format!("{}_{interface}-{branch}_{}_{}_{sequence:04}", self.municipality, kind.letter(), TIME.0);
        let notice = Notice {
            format: FORMAT,
            municipality: self.municipality.to_owned(),
            interface: interface.clone(),
            branch: branch.clone(),
            version: *version,
            feed: self.feed.clone(),
            kind,
            sequence: Sequence(sequence),
            base_sequence: base.map(Sequence),
            commits: Window {
                after: CommitNo(base.map_or(0, u64::from)),
                through: CommitNo(u64::from(sequence)),
            },
            as_of: None,
            business_date: self.day,
            created_at: TIME.1.to_owned(),
            file_format: FileFormatWords {
                encoding: file.encoding.as_str().to_owned(),
                newline: file.newline.as_str().to_owned(),
                quote: file.quote.as_str().to_owned(),
                header: file.header.as_str().to_owned(),
            },
            n_columns: self.layout.columns.len(),
            files: Vec::new(),
            reports: Vec::new(),
            n_rows: rows.len() as u64,
            changes,
            state_before: before,
            state_after: Some(after),
        };
        let mut draft = Draft { stem, notice, data: self.bytes(rows) };
        draft.measure();
        draft
    }

    /// A data file with these rows.
    pub(super) fn bytes(&self, rows: &[Fields]) -> Vec<u8> {
        let format = self.layout.file;
        let mut text = Vec::new();
        if let Some(headers) = self.layout.headers(format.header) {
            text.extend(self.line(headers));
            text.extend_from_slice(format.newline.as_bytes());
        }
        for row in rows {
            text.extend(self.line(row.iter().map(String::as_str)));
            text.extend_from_slice(format.newline.as_bytes());
        }
        let mut bytes = Vec::new();
        if format.encoding == Encoding::Utf8Bom {
            bytes.extend_from_slice("\u{feff}".as_bytes());
        }
        let text = String::from_utf8(text).unwrap_or_default();
        // What the samples are made of is in every encoding there is.
        let _never = CharacterSet::new(format.encoding, None).encode_into(&text, &mut bytes);
        bytes
    }

    fn line<'f>(&self, fields: impl Iterator<Item = &'f str>) -> Vec<u8> {
        let format = self.layout.file;
        let mut line = Vec::new();
        // Samples have no field that could not be written.
        let _never = write_record(&mut line, fields.map(str::as_bytes), format.quote, format.newline);
        line.truncate(line.len().saturating_sub(format.newline.as_bytes().len()));
        line
    }

    fn state(&self, rows: &[Fields]) -> StateWords {
        let mut state = FeedState::empty();
        for row in rows {
            let key =
                self.layout.key_columns.iter().map(|at| row.get(*at).map_or("", String::as_str).as_bytes());
            let line = self.line(row.iter().map(String::as_str));
            state.add(bucket_of(key), &RowDigest::of(&line));
        }
        StateWords { n_rows: rows.len() as u64, digest: state.digest() }
    }
}

impl Draft {
    /// Makes the notice say what the bytes are.
    pub(super) fn measure(&mut self) {
        let name: Result<FileName, IdError> = format!("{}.csv", self.stem).parse();
        self.notice.files = name
            .map(|name| DataFile {
                name,
                n_rows: self.notice.n_rows,
                n_bytes: self.data.len() as u64,
                sha256: Digest(sha256(&self.data)),
                is_last: true,
            })
            .into_iter()
            .collect();
    }

    /// The data file and the notice.
    pub(super) fn files(self) -> Vec<(String, Vec<u8>)> {
        let notice = self.notice.to_json().unwrap_or_default();
        vec![(format!("{}.csv", self.stem), self.data), (format!("{}.done", self.stem), notice.into_bytes())]
    }
}
