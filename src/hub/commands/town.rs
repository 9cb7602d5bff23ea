//! `renkei town`.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;
use renkei_town::{Items, Town as Townsfolk, TownSpec, write_moves_csv, write_residents_csv};
use serde_json::json;

use crate::board::grouped;
use crate::failure::HubError;
use crate::{Exit, Failure, Session};

/// Write a synthetic town: residents.csv for `load` and moves.csv for `apply`.
///
/// The people are invented; names of towns, postal codes and municipality codes are real. The same options
/// give the same files.
#[derive(Debug, Args)]
pub(crate) struct Town {
    /// Where to write; made where it does not exist.
    dir: PathBuf,
    /// Registered residents.
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    residents: u32,
    /// Moves of one day.
    #[arg(long, value_name = "N", default_value_t = 150)]
    moves: u32,
    /// Which of all towns.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The town's today.
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-10-01")]
    day: NaiveDate,
    /// Only the latest row of registered residents: no history, no former residents.
    #[arg(long)]
    latest_only: bool,
}

impl Town {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let spec = TownSpec {
            n_residents: self.residents,
            seed: self.seed,
            day: self.day.format("%Y-%m-%d").to_string(),
            with_past: !self.latest_only,
        };
        let made = write_town(&self.dir, spec, self.moves)?;
        let console = session.console();
        if console.is_json() {
            console.json(&json!({ "folder": self.dir, "rows": made.n_rows, "moves": made.n_moves }));
        } else {
            let (rows, moves) = (grouped(made.n_rows), grouped(made.n_moves));
            let dir = self.dir.display();
            console.say(
                format_args!(
                    "{dir} に residents.csv（{rows} 行）と moves.csv（異動 {moves} 件）を書きました。"
                ),
                format_args!("Wrote residents.csv ({rows} rows) and moves.csv ({moves} moves) to {dir}."),
            );
        }
        Ok(Exit::Ok)
    }
}

/// What was written.
pub(super) struct MadeTown {
    pub(super) n_rows: u64,
    pub(super) n_moves: u64,
}

/// Writes `residents.csv` and `moves.csv`.
pub(super) fn write_town(dir: &Path, spec: TownSpec, n_moves: u32) -> Result<MadeTown, Failure> {
    let write = |path: &Path, source| Failure::from(HubError::Write { path: path.to_owned(), source });
    std::fs::create_dir_all(dir).map_err(|source| write(dir, source))?;
    let create = |name: &str| {
        let path = dir.join(name);
        File::create(&path).map(BufWriter::new).map_err(|source| write(&path, source))
    };
    let seed = spec.seed;
    let town = Townsfolk::new(spec)?;
    let n_rows = write_residents_csv(&town, &Items::All, create("residents.csv")?)?;
    let n_moves = write_moves_csv(&town, n_moves, seed, create("moves.csv")?)?;
    Ok(MadeTown { n_rows, n_moves })
}
