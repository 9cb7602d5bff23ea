//! `renkei load`.

use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use renkei_engine::load_residents;
use serde_json::json;

use super::input_file::{label, open, rejected};
use crate::board::grouped;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, issues};

/// Bytes of a row, about: to guess from a file's length how far a load is.
const BYTES_PER_ROW: u64 = 1_200;

/// Load an empty registry from a CSV of all rows.
///
/// The first row holds item ids or Japanese item names; rows come by 宛名番号, 履歴番号, 枝番. Every field is
/// checked; one error and nothing is loaded.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// The CSV, UTF-8.
    file: PathBuf,
}

impl Load {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let source = open(&self.file)?;
        let n_expected = source.metadata().map_or(0, |meta| meta.len() / BYTES_PER_ROW);
        let workplace = Workplace::for_writing(session, "renkei load")?;
        load(session, &workplace, &self.file, source, n_expected)
    }
}

fn load(
    session: &Session,
    workplace: &Workplace<'_>,
    path: &std::path::Path,
    source: File,
    n_expected: u64,
) -> Result<Exit, Failure> {
    let loaded = load_residents(workplace.house(), &label(path), source, n_expected);
    workplace.end_progress();
    let console = session.console();
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(found) => return Err(rejected(console, *found)),
    };
    if console.is_json() {
        console.json(&json!({
            "commit": loaded.commit_no, "rows": loaded.n_rows, "warnings": loaded.issues.n_warnings,
            "issues": loaded.issues,
        }));
        return Ok(Exit::Ok);
    }
    issues::print(console, &loaded.issues);
    let (n_rows, commit_no) = (grouped(loaded.n_rows), loaded.commit_no);
    console.say(
        format_args!("{n_rows} 行を取り込みました（確定 {commit_no}）。"),
        format_args!("Loaded {n_rows} rows (commit {commit_no})."),
    );
    Ok(Exit::Ok)
}
