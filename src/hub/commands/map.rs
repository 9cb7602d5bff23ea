//! `renkei map`.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;
use renkei_core::declared::nearest;
use renkei_core::mapping::Mapping;
use renkei_core::naming::{DATA_ENDING, NOTICE_ENDING};
use renkei_core::notice::{DataFile, FORMAT, FileFormatWords, Notice, StateWords};
use renkei_core::publication::Kind;
use renkei_core::{CommitNo, FileName, Sequence, Window};
use renkei_engine::mapped::{Mapped, map_file};
use renkei_engine::{Clock as _, EngineError, Rejected};
use serde_json::json;

use super::input_file;
use crate::board::grouped;
use crate::clock::HubClock;
use crate::config::Config;
use crate::{Exit, Failure, HubError, Session, issues};

/// Turn any CSV or file of fixed-length records into a data file of one of our layouts, by a mapping of layouts/mappings.
///
/// With --out it writes the file and its notice, ready for an inbox, or for `apply` where its layout is that of moves.
/// Without, the file goes to standard output. A single error, and nothing is written; all issues are listed.
#[derive(Debug, Args)]
pub(crate) struct Map {
    /// The CSV, or the file of fixed-length records.
    file: PathBuf,
    /// The mapping: the name of a file in layouts/mappings without .toml.
    #[arg(long, value_name = "ID")]
    mapping: String,
    /// The data file to write (….csv); the notice (….done) is put beside it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A notice of moves, which add to what was handed in before, instead of a full.
    #[arg(long, requires = "out")]
    moves: bool,
    /// The number in its feed.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "out")]
    sequence: u32,
    /// The business date; default: today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    business_date: Option<NaiveDate>,
}

impl Map {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let config = session.config()?;
        let mapping = config.mappings.get(&self.mapping).ok_or_else(|| {
            let near = nearest(&self.mapping, config.mappings.keys().map(String::as_str)).map(str::to_owned);
            HubError::UnknownMapping { mapping: self.mapping.clone(), near }
        })?;
        let now = HubClock::system().now();
        let day = self.business_date.unwrap_or(now.date());
        let source = input_file::open(&self.file)?;
        let Some(out) = &self.out else {
            let mut bytes = Vec::new();
            let mapped = map_file(mapping, source, day, &mut bytes, &mut |_| {})?;
            self.accepted(session, mapped)?;
            session.console().bytes(&bytes);
            return Ok(Exit::Ok);
        };
        let named = Named::of(out)?;
        let hidden = named.folder.join(format!(".{}.writing", named.data));
        let write = |source| HubError::Write { path: out.clone(), source };
        let _ = std::fs::remove_file(&hidden);
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden).map_err(write)?;
        let mut file = BufWriter::new(file);
        let mapped = map_file(mapping, source, day, &mut file, &mut |_| {});
        let whole = mapped.map_err(Failure::from).and_then(|mapped| {
            let mapped = self.accepted(session, mapped)?;
            file.flush().and_then(|()| file.get_ref().sync_all()).map_err(write)?;
            Ok(mapped)
        });
        let mapped = whole.inspect_err(|_| {
            // Of no use to anybody.
            let _ = std::fs::remove_file(&hidden);
        })?;
        let notice = self.notice(&config, mapping, &mapped, (&named, day), &now.to_string())?;
        std::fs::rename(&hidden, named.folder.join(named.data.as_str())).map_err(write)?;
        // Last: it says that the set is whole.
        let done = named.folder.join(named.notice.as_str());
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&done).map_err(write)?;
        file.write_all(notice.to_json()?.as_bytes()).map_err(write)?;
        Self::tell(session, &mapped, &named);
        Ok(Exit::Ok)
    }

    /// The result, unless anything is wrong; warnings are listed.
    fn accepted(&self, session: &Session, mapped: Mapped) -> Result<Mapped, Failure> {
        let console = session.console();
        if mapped.issues.n_errors > 0 {
            let file = input_file::label(&self.file);
            let error = EngineError::Refused { file, n_issues: mapped.issues.n_errors };
            return Err(input_file::rejected(console, Rejected { error, issues: mapped.issues }));
        }
        if self.out.is_some() && !console.is_json() {
            issues::print(console, &mapped.issues);
        }
        Ok(mapped)
    }

    fn notice(
        &self,
        config: &Config,
        mapping: &Mapping,
        mapped: &Mapped,
        (named, day): (&Named, NaiveDate),
        created_at: &str,
    ) -> Result<Notice, Failure> {
        let layout = &mapping.layout;
        let feed = format!("{}-{}", layout.interface, self.mapping);
        let feed = feed.parse().or_else(|_| format!("{}-map", layout.interface).parse());
        let state = StateWords { n_rows: mapped.n_rows, digest: mapped.state.digest() };
        let base = self.sequence.saturating_sub(1);
        let words = |word: &str| word.to_owned();
        Ok(Notice {
            format: FORMAT,
            municipality: config.municipality.as_str().to_owned(),
            interface: layout.interface.clone(),
            branch: layout.branch.clone(),
            version: layout.version,
            feed: feed.map_err(EngineError::Name)?,
            kind: if self.moves { Kind::Diff } else { Kind::Full },
            sequence: Sequence(self.sequence),
            base_sequence: self.moves.then_some(Sequence(base)),
            commits: Window { after: CommitNo(0), through: CommitNo(0) },
            as_of: None,
            business_date: day,
            created_at: created_at.to_owned(),
            file_format: FileFormatWords {
                encoding: words(layout.file.encoding.as_str()),
                newline: words(layout.file.newline.as_str()),
                quote: words(layout.file.quote.as_str()),
                header: words(layout.file.header.as_str()),
            },
            n_columns: layout.columns.len(),
            files: vec![DataFile {
                name: named.data.clone(),
                n_rows: mapped.n_rows,
                n_bytes: mapped.n_bytes,
                sha256: mapped.sha256,
                is_last: true,
            }],
            reports: Vec::new(),
            n_rows: mapped.n_rows,
            changes: None,
            state_before: None,
            // Moves keep no state: they add to whatever is there.
            state_after: (!self.moves).then_some(state),
        })
    }

    fn tell(session: &Session, mapped: &Mapped, named: &Named) {
        let console = session.console();
        if console.is_json() {
            console.json(&json!({
                "file": named.folder.join(named.data.as_str()), "notice": named.folder.join(named.notice.as_str()),
                "rows": mapped.n_rows, "issues": mapped.issues,
            }));
            return;
        }
        let (rows, data, notice) = (grouped(mapped.n_rows), &named.data, &named.notice);
        console.say(
            format_args!("{rows} 行を {data} に、格納完了通知を {notice} に書きました。"),
            format_args!("Wrote {rows} rows to {data} and their notice to {notice}."),
        );
    }
}

/// Where the set goes.
struct Named {
    folder: PathBuf,
    data: FileName,
    notice: FileName,
}

impl Named {
    fn of(out: &Path) -> Result<Self, Failure> {
        let data: FileName = input_file::label(out).parse().map_err(EngineError::Name)?;
        let problem = || EngineError::Header {
            file: data.to_string(),
            problem: format!("the file to write must end with {DATA_ENDING}"),
        };
        let notice = data.with_ending(DATA_ENDING, NOTICE_ENDING).ok_or_else(problem)?;
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { folder: folder.to_owned(), data, notice })
    }
}
