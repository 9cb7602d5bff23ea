//! `renkei sample`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use renkei_engine::Clock as _;
use serde_json::json;

use crate::clock::HubClock;
use crate::conform::KnownLayouts;
use crate::sample::{SampleSpec, readme, samples};
use crate::{Exit, Failure, HubError, Session};

/// Write sample sets of a layout for partners to test with: right ones, and one for each flaw.
///
/// A README.txt lists each with the verdict that conform gives. The same options give the same files.
#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// A layout such as 024z001-1.0, or an interface such as 024z001, of which the newest version is taken.
    #[arg(value_name = "LAYOUT")]
    layout: String,
    /// Where to write; made where it does not exist. Default: samples-LAYOUT.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Rows of a full.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(4..=100_000))]
    rows: u32,
    /// Which of all samples.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// A municipality for samples outside of a hub: that of the synthetic town.
const MUNICIPALITY: &str = "082201";

impl Sample {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let layouts = KnownLayouts::of_session(session)?;
        let today = HubClock::system().now().date();
        let of_interface = layouts
            .all()
            .filter(|(_, layout)| layout.interface.as_str() == self.layout)
            .max_by_key(|(_, layout)| (layout.is_valid_on(today), layout.version))
            .map(|(id, _)| id.to_owned());
        let id = of_interface.unwrap_or_else(|| self.layout.clone());
        let spec = SampleSpec {
            layout: layouts.get(&id)?.clone(),
            municipality: layouts.municipality().unwrap_or(MUNICIPALITY).to_owned(),
            n_rows: self.rows,
            seed: self.seed,
        };
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("samples-{id}")));
        let cases = samples(&spec)?;
        for case in &cases {
            for (name, bytes) in &case.files {
                write(&out.join(&case.folder).join(name), bytes)?;
            }
        }
        write(&out.join("README.txt"), readme(&spec.layout, &cases).as_bytes())?;
        let console = session.console();
        if console.is_json() {
            let cases: Vec<_> = cases
                .iter()
                .map(|case| json!({ "folder": case.folder, "conforms": case.conforms(), "rule": case.rule }))
                .collect();
            console.json(&json!({ "folder": out, "layout": id, "samples": cases }));
        } else {
            let (n_cases, out) = (cases.len(), out.display());
            console.say(
                format_args!("{out} に {id} の見本 {n_cases} 組を書きました。"),
                format_args!("Wrote {n_cases} samples of {id} to {out}."),
            );
        }
        Ok(Exit::Ok)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    Ok(written.map_err(|source| HubError::Write { path: path.to_owned(), source })?)
}
