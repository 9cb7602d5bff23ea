//! Examining files by their names in a folder: notices with what they name, and data files alone.

use std::io::{Read, Write};
use std::path::Path;

use chrono::NaiveDate;
use renkei_core::layout::Layout;
use renkei_core::naming::DATA_ENDING;
use renkei_core::notice::{MAX_BYTES, Notice};
use renkei_core::port::{FolderError, SeenKind, SeenName, Share as _};
use renkei_core::receive::Most;
use renkei_core::{FileName, FolderPath};
use renkei_engine::conform::{
    ConformReport, ConformTerms, DataFile, FileCount, SetConformance, TOO_LARGE, Verdict, conform,
    conform_data,
};
use renkei_engine::{Beside, EngineError, InputIssue};
use renkei_folder::{PlainFolder, ReadOnlyShare};

use super::errors_file::ErrorsFile;
use super::known_layouts::KnownLayouts;
use crate::Failure;

/// As much of a file as shows its header row.
const HEADER_BYTES: u64 = 64 * 1024;

/// A file to examine.
pub(crate) struct Given<'g> {
    /// How it is called in the report.
    pub(crate) label: String,
    /// Its name in the folder.
    pub(crate) name: FileName,
    /// Its folder.
    pub(crate) folder: &'g Folder,
}

/// A folder that is only read.
pub(crate) struct Folder(Source);

enum Source {
    Plain(PlainFolder),
    Share(ReadOnlyShare, FolderPath),
}

impl Folder {
    /// Any folder; an empty path is the current one.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self(Source::Plain(PlainFolder::open(path)?)))
    }

    /// A folder that others write to; below its root no link is followed.
    pub(crate) fn of_share(share: ReadOnlyShare, folder: FolderPath) -> Self {
        Self(Source::Share(share, folder))
    }
}

impl Beside for Folder {
    fn read(&self, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        match &self.0 {
            Source::Plain(folder) => folder.read(name),
            Source::Share(share, folder) => share.open(folder, name),
        }
    }

    fn names(&self) -> Result<Vec<FileName>, FolderError> {
        let (share, folder) = match &self.0 {
            Source::Plain(folder) => return folder.names(),
            Source::Share(share, folder) => (share, folder),
        };
        let files = share.look(folder)?.into_iter().filter(|seen| seen.kind == SeenKind::File);
        Ok(files
            .filter_map(|seen| if let SeenName::Plain(name) = seen.name { Some(name) } else { None })
            .collect())
    }
}

impl Given<'_> {
    /// True for a data file: it ends like one, or a layout was named for what does not end like a notice.
    pub(crate) fn is_data(&self, has_layout: bool) -> bool {
        let name = self.name.as_str();
        name.ends_with(DATA_ENDING) || has_layout && !name.ends_with(renkei_core::naming::NOTICE_ENDING)
    }
}

/// Examines files. Data files are of `layout`, or of the one whose header row they have. What is larger than `most`
/// is not read to its end.
pub(crate) fn examine<W: Write>(
    given: &[Given<'_>],
    layouts: &KnownLayouts,
    layout: Option<&Layout>,
    (day, most): (NaiveDate, Most),
    errors: &mut ErrorsFile<W>,
) -> Result<ConformReport, Failure> {
    let (data, notices): (Vec<&Given<'_>>, Vec<&Given<'_>>) =
        given.iter().partition(|given| given.is_data(layout.is_some()));
    let (mut read, mut too_large) = (Vec::new(), Vec::new());
    for given in notices {
        let notice = Notice::parse(&read_notice(given)?);
        let beyond = notice.as_ref().map(|notice| most.exceeded(notice)).unwrap_or_default();
        if !beyond.is_empty() {
            too_large.push(of_nothing_read(&given.label, TOO_LARGE, beyond.join("; ")));
            continue;
        }
        read.push(renkei_engine::Given {
            label: given.label.clone(),
            name: Some(given.name.clone()),
            layout: notice.as_ref().ok().and_then(|notice| layouts.of_notice(notice)),
            notice,
            beside: given.folder,
        });
    }
    let terms = ConformTerms { most_rows: most.n_rows, municipality: layouts.municipality() };
    let report = conform(read, terms, &mut |finding| errors.take(finding));
    let mut sets = report.sets;
    sets.extend(too_large);
    for given in data {
        sets.push(examine_data(given, layouts, layout, (day, most), errors)?);
    }
    let report = ConformReport::new(sets, report.chain_issues, report.proven_state);
    errors.take_others(&report);
    Ok(report)
}

fn read_notice(given: &Given<'_>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to know that it is too long.
    let limit = MAX_BYTES as u64 + 1;
    given
        .folder
        .read(&given.name)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|source| input(given, source))?;
    Ok(bytes)
}

fn examine_data<W: Write>(
    given: &Given<'_>,
    layouts: &KnownLayouts,
    layout: Option<&Layout>,
    (day, most): (NaiveDate, Most),
    errors: &mut ErrorsFile<W>,
) -> Result<SetConformance, Failure> {
    let layout = if let Some(layout) = layout {
        Some(layout)
    } else {
        let mut start = Vec::new();
        let mut source = given.folder.read(&given.name)?.take(HEADER_BYTES);
        source.read_to_end(&mut start).map_err(|source| input(given, source))?;
        layouts.of_header(&start, day)
    };
    let Some(layout) = layout else {
        let detail = "no layout has its header row".to_owned();
        return Ok(of_nothing_read(&given.label, "unknown-layout", detail));
    };
    let source = given.folder.read(&given.name)?;
    let file = DataFile { name: &given.label, layout, day, most_rows: most.n_rows };
    Ok(conform_data(file, source, &mut |finding| errors.take(finding))?)
}

fn input(given: &Given<'_>, source: std::io::Error) -> Failure {
    EngineError::Input { file: given.label.clone(), source }.into()
}

fn of_nothing_read(label: &str, rule: &str, detail: String) -> SetConformance {
    SetConformance {
        name: label.to_owned(),
        interface: String::new(),
        layout_name: String::new(),
        version: String::new(),
        feed: String::new(),
        kind: String::new(),
        sequence: None,
        business_date: None,
        verdict: Verdict::DoesNotConform,
        n_errors: 1,
        n_warnings: 0,
        issues: vec![InputIssue::of_row(0, rule, detail)],
        files: Vec::<FileCount>::new(),
        rules: Vec::new(),
    }
}
