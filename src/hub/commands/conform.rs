//! `renkei conform`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use renkei_core::FileName;
use renkei_core::receive::Most;
use renkei_engine::conform::{ConformReport, Verdict};
use renkei_engine::{Clock as _, EngineError};
use serde_json::json;

use crate::clock::HubClock;
use crate::conform::{ErrorsFile, Folder, Given, KnownLayouts, as_text, check_folders, examine, page};
use crate::{Exit, Failure, HubError, Session};

/// Examine whether files conform to their layouts. Changes nothing.
///
/// Of a notice (.done): the notice itself, its files' names, lengths and digests, its version, every row, and what
/// lies between the notices given. Data files may be given alone; their layout is known by the header row. Prints
/// counts by rule and column, first places and a verdict. Exit code 1 when anything does not conform. Outside of a
/// hub the layouts that come with the program are used.
#[derive(Debug, Args)]
pub(crate) struct Conform {
    /// Notices (.done) or data files, in any order.
    #[arg(required_unless_present = "check_folders", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The layout of the data files, such as 024z001-1.0.
    #[arg(long, value_name = "ID")]
    layout: Option<String>,
    /// A folder for the report (report.json, report.txt, report.html) and for all issues (errors.csv).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A file for the report as one page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Look into the check/ folder of each system and put reports into check/report/.
    #[arg(long, conflicts_with_all = ["files", "layout", "out", "html"])]
    check_folders: bool,
}

impl Conform {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        if self.check_folders {
            return of_folders(session);
        }
        let now = HubClock::system().now();
        let layouts = KnownLayouts::of_session(session)?;
        let layout = self.layout.as_deref().map(|id| layouts.get(id)).transpose()?;
        let opened: Vec<(&PathBuf, FileName, Folder)> = self
            .files
            .iter()
            .map(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().parse();
                let name = name.map_err(EngineError::Name)?;
                Ok((path, name, Folder::open(path.parent().unwrap_or(Path::new("")))?))
            })
            .collect::<Result<_, Failure>>()?;
        let given: Vec<Given<'_>> = opened
            .iter()
            .map(|(path, name, folder)| Given {
                label: path.display().to_string(),
                name: name.clone(),
                folder,
            })
            .collect();
        let lang = session.console().lang();
        let (report, out) = match &self.out {
            None => {
                let mut errors = ErrorsFile::new(std::io::sink(), lang);
                (
                    examine(
                        &given,
                        &layouts,
                        layout.map(AsRef::as_ref),
                        (now.date(), Most::WHATEVER),
                        &mut errors,
                    )?,
                    None,
                )
            }
            Some(dir) => {
                std::fs::create_dir_all(dir).map_err(|source| write_failed(dir, source))?;
                let path = dir.join("errors.csv");
                let file = File::create(&path).map_err(|source| write_failed(&path, source))?;
                let mut errors = ErrorsFile::new(BufWriter::new(file), lang);
                let report = examine(
                    &given,
                    &layouts,
                    layout.map(AsRef::as_ref),
                    (now.date(), Most::WHATEVER),
                    &mut errors,
                )?;
                errors.finish().map_err(|source| write_failed(&path, source))?;
                (report, Some(dir))
            }
        };
        let heading =
            self.files.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy());
        let heading: Vec<_> = heading.take(3).collect();
        let more = if self.files.len() > heading.len() { " …" } else { "" };
        let html = || page(&report, &format!("{}{more}", heading.join(", ")), &now.to_string(), lang);
        if let Some(path) = &self.html {
            write(path, html().as_bytes())?;
        }
        if let Some(dir) = out {
            write(&dir.join("report.json"), &as_json(&report))?;
            write(&dir.join("report.txt"), as_text(&report, lang).as_bytes())?;
            write(&dir.join("report.html"), html().as_bytes())?;
        }
        if session.console().is_json() {
            session.console().json(&report);
        } else {
            session.console().data(as_text(&report, lang).trim_end());
        }
        Ok(if report.verdict.conforms() { Exit::Ok } else { Exit::Issues })
    }
}

fn as_json(report: &ConformReport) -> Vec<u8> {
    // Of a report of ours every field can be written.
    serde_json::to_vec_pretty(report).unwrap_or_default()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    File::create(path).and_then(|mut file| file.write_all(bytes)).map_err(|source| write_failed(path, source))
}

fn write_failed(path: &Path, source: std::io::Error) -> Failure {
    HubError::Write { path: path.to_owned(), source }.into()
}

/// Takes no lock: reports are put whole, and two calls at once put the same.
fn of_folders(session: &Session) -> Result<Exit, Failure> {
    let config = session.config()?;
    let console = session.console();
    let layouts = KnownLayouts::of_hub(config.layouts, config.municipality.as_str());
    let systems = config.systems.iter().map(|system| &system.id);
    let looked = check_folders(&config.root, systems, &layouts, HubClock::system().now(), console.lang());
    let (mut made, mut worst) = (Vec::new(), Exit::Ok);
    for checked in looked {
        match checked {
            Ok(checked) => made.push(checked),
            Err(failure) => {
                console.failure(&failure);
                worst = failure.exit();
            }
        }
    }
    if console.is_json() {
        console.json(&json!({ "reports": made }));
    } else {
        for one in &made {
            let verdict = match one.verdict {
                Verdict::DoesNotConform => console.lang().pick("不適合", "does not conform"),
                _ => console.lang().pick("適合", "conforms"),
            };
            console.data(format_args!("{}: {} {verdict}", one.system, one.file));
        }
        let n_reports = made.len();
        console.say(
            format_args!("{n_reports} 件の報告を置きました。"),
            format_args!("Reports made: {n_reports}."),
        );
    }
    Ok(worst)
}
