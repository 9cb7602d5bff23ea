//! Rows that cannot be written in a feed's encoding: all are counted, the first many listed.

use renkei_core::csv_file::{Newline, Quote, write_record};
use renkei_core::feed::Feed;
use renkei_core::{FileName, IdError};

use crate::error::EngineError;
use crate::house::House;

/// How many rows the report lists; the count goes on.
const MAX_LISTED: usize = 100_000;

/// The rows, by key and column.
#[derive(Default)]
pub(super) struct Unwritable {
    n_rows: u64,
    listed: Vec<[String; 3]>,
}

impl Unwritable {
    /// Counts a row and lists it while there is room.
    pub(super) fn note(&mut self, key: String, column: String, detail: String) {
        self.n_rows += 1;
        if self.listed.len() < MAX_LISTED {
            self.listed.push([key, column, detail]);
        }
    }

    /// How many rows there are.
    pub(super) fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Writes the report among the hub's own folders and gives the error that names it.
    pub(super) fn into_error(self, house: House<'_>, feed: &Feed, stem: &FileName) -> EngineError {
        let report = self.keep(house, stem);
        if let Err(error) = &report {
            tracing::error!(feed = feed.id.as_str(), error = %error, "the report of unwritable rows could not be kept");
        }
        EngineError::Unwritable { feed: feed.id.clone(), n_rows: self.n_rows, report: report.ok() }
    }

    fn keep(&self, house: House<'_>, stem: &FileName) -> Result<String, EngineError> {
        let mut report = "\u{feff}".as_bytes().to_vec();
        let head = ["row_key", "column", "problem"].map(str::to_owned);
        for line in std::iter::once(&head).chain(&self.listed) {
            let fields = line.iter().map(String::as_bytes);
            write_record(&mut report, fields, Quote::Always, Newline::CrLf)
                .map_err(|_| EngineError::Worker)?;
        }
        if self.n_rows > self.listed.len() as u64 {
            let more = self.n_rows - self.listed.len() as u64;
            let line = [format!("(and {more} more rows)"), String::new(), String::new()];
            let fields = line.iter().map(String::as_bytes);
            write_record(&mut report, fields, Quote::Always, Newline::CrLf)
                .map_err(|_| EngineError::Worker)?;
        }
        let name: FileName =
            format!("{stem}.unwritable.csv").parse().map_err(|e: IdError| EngineError::from(e))?;
        Ok(house.folders.keep_report(&name, &mut report.as_slice())?)
    }
}
