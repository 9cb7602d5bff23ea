//! `renkei verify`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use renkei_core::FileName;
use renkei_core::declared::Problems;
use renkei_core::layout::Layout;
use renkei_core::notice::{MAX_BYTES, Notice};
use renkei_core::port::FolderError;
use renkei_engine::{Beside, ChainReport, EngineError, Given, verify};
use renkei_folder::PlainFolder;

use crate::board::grouped;
use crate::config::ConfigError;
use crate::{Exit, Failure, Session, issues};

/// Verify publications from their files alone.
///
/// Checks each notice, its files' names, lengths and digests, and every row against the layout. With a full
/// as --base, or among the notices, it proves the chain: that the full and the diffs lead to the states the
/// notices declare. Exit code 1 when anything is wrong.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The notices (.done), in any order.
    #[arg(required = true, value_name = "NOTICE")]
    notices: Vec<PathBuf>,
    /// The full's notice that the chain of diffs begins with.
    #[arg(long, value_name = "NOTICE")]
    base: Option<PathBuf>,
    /// A folder of layouts; default: the hub's.
    #[arg(long, value_name = "DIR")]
    layouts: Option<PathBuf>,
}

/// The folder a notice stands in.
pub(super) struct Folder(PlainFolder);

impl Folder {
    /// Opens a folder.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self(PlainFolder::open(path)?))
    }
}

impl Beside for Folder {
    fn read(&self, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        self.0.read(name)
    }

    fn names(&self) -> Result<Vec<FileName>, FolderError> {
        self.0.names()
    }
}

impl Verify {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let layouts = match &self.layouts {
            Some(folder) => read_layouts(folder)?,
            None => session.config()?.layouts.into_values().collect(),
        };
        let paths: Vec<&PathBuf> = self.base.iter().chain(&self.notices).collect();
        let folders: Vec<Folder> = paths
            .iter()
            .map(|path| Folder::open(path.parent().unwrap_or(Path::new(""))))
            .collect::<Result<_, _>>()?;
        let mut given = Vec::new();
        for (path, folder) in paths.iter().zip(&folders) {
            let bytes = read_notice(path)?;
            let notice = Notice::parse(&bytes);
            let layout = notice.as_ref().ok().and_then(|notice| {
                layouts.iter().find(|layout| {
                    layout.interface == notice.interface
                        && layout.branch == notice.branch
                        && layout.version == notice.version
                })
            });
            given.push(Given {
                label: path.display().to_string(),
                name: path.file_name().and_then(|name| name.to_str()?.parse().ok()),
                notice,
                beside: folder,
                layout: layout.map(AsRef::as_ref),
            });
        }
        let report = verify(given);
        if session.console().is_json() {
            session.console().json(&report);
        } else {
            print(session, &report);
        }
        Ok(if report.is_sound() { Exit::Ok } else { Exit::Issues })
    }
}

fn read_notice(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |source| EngineError::Input { file: path.display().to_string(), source };
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to know that it is too long.
    let limit = MAX_BYTES as u64 + 1;
    std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(fail)?;
    Ok(bytes)
}

fn read_layouts(folder: &Path) -> Result<Vec<Arc<Layout>>, Failure> {
    let fail = |path: &Path, source| EngineError::Input { file: path.display().to_string(), source };
    let problems = Problems::new();
    let mut layouts = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|source| fail(folder, source))? {
        let path = entry.map_err(|source| fail(folder, source))?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let text = std::fs::read_to_string(&path).map_err(|source| fail(&path, source))?;
            if let Some(layout) = Layout::read(&path.display().to_string(), &text, &problems) {
                layouts.insert(path, Arc::new(layout));
            }
        }
    }
    let problems = problems.into_sorted();
    if problems.is_empty() {
        Ok(layouts.into_values().collect())
    } else {
        Err(ConfigError::Invalid { problems }.into())
    }
}

fn print(session: &Session, report: &ChainReport) {
    let console = session.console();
    let lang = console.lang();
    for notice in &report.notices {
        let verdict = if notice.is_sound() {
            lang.pick("正常", "sound")
        } else {
            lang.pick("不備あり", "NOT SOUND")
        };
        let sequence = notice.sequence.map_or_else(|| "-".to_owned(), |sequence| sequence.to_string());
        let n_rows: u64 = notice.files.iter().map(|file| file.n_rows).sum();
        console.data(format_args!(
            "{verdict}: {} {} {} {sequence}, {} {} ({})",
            notice.feed,
            notice.version,
            notice.kind,
            grouped(n_rows),
            lang.pick("行", "rows"),
            notice.notice,
        ));
        for issue in &notice.issues {
            console.data(format_args!("  {}: {}", issue.rule, issue.detail));
        }
        for file in notice.files.iter().filter(|file| file.issues.n_errors + file.issues.n_warnings > 0) {
            console.data(format_args!("  {}", file.name));
            issues::print(console, &file.issues);
        }
    }
    for issue in &report.chain_issues {
        console.data(format_args!("{}: {}: {}", lang.pick("連鎖", "chain"), issue.rule, issue.detail));
    }
    if let Some(state) = &report.proven_state {
        console.data(format_args!(
            "{}: {} {}, {}",
            if report.is_sound() {
                lang.pick("ファイルだけから証明した状態", "state proven from the files alone")
            } else {
                lang.pick("ファイルから得た状態（証明は不成立）", "state the files give (the proof FAILED)")
            },
            grouped(state.n_rows),
            lang.pick("行", "rows"),
            state.digest,
        ));
    }
}
