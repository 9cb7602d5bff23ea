//! `renkei notice`: a notice for files of those who cannot make one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use renkei_core::csv_file::{Accept, RecordReader};
use renkei_core::hash::Hasher;
use renkei_core::layout::Layout;
use renkei_core::naming::{DATA_ENDING, NOTICE_ENDING};
use renkei_core::notice::{DataFile, FORMAT, FileFormatWords, Notice};
use renkei_core::publication::Kind;
use renkei_core::{CommitNo, FeedId, FileName, Sequence, Window};
use renkei_engine::{Clock as _, EngineError};
use serde_json::json;

use super::input_file;
use crate::board::grouped;
use crate::clock::HubClock;
use crate::conform::KnownLayouts;
use crate::{Exit, Failure, HubError, Session};

/// Make a notice for a file whose sender cannot.
#[derive(Debug, Args)]
pub(crate) struct NoticeCommand {
    #[command(subcommand)]
    command: NoticeVerb,
}

#[derive(Debug, Subcommand)]
enum NoticeVerb {
    Make(Make),
}

/// Put a notice (….done) beside a data file that is whole: for the receive-complete job of a file transfer.
///
/// It counts rows and bytes and takes the digest; what is in the rows is judged when the set is taken in. The same
/// notice again is left as it is, another one under the name is refused.
#[derive(Debug, Args)]
struct Make {
    /// The data file (….csv).
    file: PathBuf,
    /// Its layout, such as 024z001-1.0.
    #[arg(long, value_name = "ID")]
    layout: String,
    /// The number in its feed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    sequence: u32,
    /// What it holds.
    #[arg(long, value_name = "KIND", default_value = "full")]
    kind: Content,
    /// The number that a diff builds on; default: the one before its own.
    #[arg(long, value_name = "N")]
    base: Option<u32>,
    /// The feed's id; default: INTERFACE-notice.
    #[arg(long, value_name = "ID")]
    feed: Option<FeedId>,
    /// The business date; default: today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    business_date: Option<NaiveDate>,
}

// The words say enough; comments on them would stand in the help in English only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Content {
    Full,
    Diff,
}

impl NoticeCommand {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            NoticeVerb::Make(make) => make.run(session),
        }
    }
}

impl Make {
    fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let now = HubClock::system().now();
        let layouts = KnownLayouts::of_session(session)?;
        let layout = layouts.get(&self.layout)?;
        let name: FileName = input_file::label(&self.file).parse().map_err(EngineError::Name)?;
        let no_data = || EngineError::Header {
            file: name.to_string(),
            problem: format!("a data file ends with {DATA_ENDING}"),
        };
        let done = self
            .file
            .with_file_name(name.with_ending(DATA_ENDING, NOTICE_ENDING).ok_or_else(no_data)?.as_str());
        let measured = measure(&self.file, layout)?;
        let municipality = layouts.municipality().unwrap_or_default().to_owned();
        let there = std::fs::read(&done).ok().and_then(|bytes| Notice::parse(&bytes).ok());
        // The same call after midnight makes the same notice.
        let (created_at, today) = there
            .map_or_else(|| (now.to_string(), now.date()), |there| (there.created_at, there.business_date));
        let notice = self.notice(layout, municipality, &name, measured, today, created_at)?;
        put(&done, notice.to_json()?.as_bytes())?;
        let console = session.console();
        if console.is_json() {
            console.json(&json!({ "notice": done, "rows": notice.n_rows }));
        } else {
            let (rows, done) = (grouped(notice.n_rows), input_file::label(&done));
            console.say(
                format_args!("{name}（{rows} 行）の格納完了通知 {done} を置きました。"),
                format_args!("Put the notice {done} beside {name} ({rows} rows)."),
            );
        }
        Ok(Exit::Ok)
    }

    fn notice(
        &self,
        layout: &Layout,
        municipality: String,
        name: &FileName,
        (n_rows, n_bytes, sha256): (u64, u64, renkei_core::Digest),
        today: NaiveDate,
        created_at: String,
    ) -> Result<Notice, Failure> {
        let feed = match &self.feed {
            Some(feed) => feed.clone(),
            None => format!("{}-notice", layout.interface).parse().map_err(EngineError::Name)?,
        };
        let kind = match self.kind {
            Content::Full => Kind::Full,
            Content::Diff => Kind::Diff,
        };
        let base = self.base.unwrap_or(self.sequence.saturating_sub(1));
        let words = |word: &str| word.to_owned();
        Ok(Notice {
            format: FORMAT,
            municipality,
            interface: layout.interface.clone(),
            branch: layout.branch.clone(),
            version: layout.version,
            feed,
            kind,
            sequence: Sequence(self.sequence),
            base_sequence: (kind == Kind::Diff).then_some(Sequence(base)),
            commits: Window { after: CommitNo(0), through: CommitNo(0) },
            as_of: None,
            business_date: self.business_date.unwrap_or(today),
            created_at,
            file_format: FileFormatWords {
                encoding: words(layout.file.encoding.as_str()),
                newline: words(layout.file.newline.as_str()),
                quote: words(layout.file.quote.as_str()),
                header: words(layout.file.header.as_str()),
            },
            n_columns: layout.columns.len(),
            files: vec![DataFile { name: name.clone(), n_rows, n_bytes, sha256, is_last: true }],
            reports: Vec::new(),
            n_rows,
            changes: None,
            // Nobody here knows what the sender's side holds.
            state_before: None,
            state_after: None,
        })
    }
}

/// Reads the file once: rows without the header, bytes, digest.
fn measure(path: &Path, layout: &Layout) -> Result<(u64, u64, renkei_core::Digest), Failure> {
    let file = input_file::open(path)?;
    let mut reader =
        RecordReader::new(Hashing { file, hasher: Hasher::new(), n_bytes: 0 }, Accept::default());
    let mut n_records = 0_u64;
    loop {
        match reader.next_record() {
            Ok(Some(_)) => n_records += 1,
            Ok(None) => break,
            Err(error) => {
                let (file, problem) = (input_file::label(path), error.to_string());
                return Err(EngineError::Header { file, problem }.into());
            }
        }
    }
    let has_header = layout.headers(layout.file.header).is_some();
    let Hashing { hasher, n_bytes, .. } = reader.into_source();
    Ok((n_records.saturating_sub(u64::from(has_header)), n_bytes, hasher.finish()))
}

struct Hashing {
    file: File,
    hasher: Hasher,
    n_bytes: u64,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..n_read).unwrap_or_default());
        self.n_bytes += n_read as u64;
        Ok(n_read)
    }
}

/// Puts the notice whole, never over another.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |source| HubError::Write { path: path.to_owned(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Two calls at a time write two files; the first that is whole gets the name.
    let unique = format!(".{name}.{}.{:x}.writing", std::process::id(), crate::daemon::dice());
    let hidden = path.with_file_name(unique);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o640).open(&hidden);
    let written = written.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::hard_link(&hidden, path));
    let _ = std::fs::remove_file(&hidden);
    match placed {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_same = std::fs::read(path).is_ok_and(|there| there == bytes);
            if is_same { Ok(()) } else { Err(failed(error).into()) }
        }
        placed => Ok(placed.map_err(failed)?),
    }
}
