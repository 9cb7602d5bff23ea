//! The `check/` folder of each system: whatever is dropped there is examined, and the report is put into
//! `check/report/`. Nothing else is written, nothing is taken in, and what was dropped stays.
//!
//! A report keeps the stamps of the files it is about, so that it is made anew exactly when one of them changed: a
//! file that was still being copied is reported on again when it is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::str::FromStr;

use renkei_core::naming::{DATA_ENDING, NOTICE_ENDING};
use renkei_core::notice::Notice;
use renkei_core::port::{FileStamp, FolderError, SeenKind, SeenName, Share as _};
use renkei_core::receive::{Most, read_notice};
use renkei_core::{BusinessId, FileName, FolderPath, IdError, Moment, stem_within};
use renkei_engine::EngineError;
use renkei_engine::conform::{ConformReport, Verdict};
use renkei_folder::{Outbox, ReadOnlyShare};
use serde::{Deserialize, Serialize};

use super::errors_file::ErrorsFile;
use super::examine::{Folder, Given, examine};
use super::known_layouts::KnownLayouts;
use super::{as_text, page};
use crate::Failure;
use crate::console::Lang;

/// Longer report files are not ours.
const MOST_REPORT_BYTES: u64 = 16 << 20;
/// What is larger is not looked at by the daemon: it keeps about 20 bytes a row, which here are 400 MB.
const MOST: Most = Most { n_rows: 20_000_000, n_bytes: 200 << 30 };
/// Room for the report's ending in a file name.
const MOST_STEM_BYTES: usize = 170;

/// A report that was made.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CheckedFolder {
    /// The system whose folder it is.
    pub(crate) system: BusinessId,
    /// What was dropped there.
    pub(crate) file: String,
    /// What was found.
    pub(crate) verdict: Verdict,
    /// Errors.
    pub(crate) n_errors: u64,
    /// Warnings.
    pub(crate) n_warnings: u64,
}

/// A report as it stands in the folder.
#[derive(Serialize)]
struct Kept<'k> {
    examined_at: String,
    /// Stamps of the files it is about, by name.
    stands: &'k BTreeMap<String, String>,
    #[serde(flatten)]
    report: &'k ConformReport,
}

/// As much of a report as says what it is about.
#[derive(Deserialize)]
struct About {
    stands: BTreeMap<String, String>,
}

/// Looks into the `check/` folder of each system below `root` and reports on what is new or changed there. A system
/// whose folder cannot be read or written gives its failure, and the others are looked at all the same.
pub(crate) fn check_folders<'s>(
    root: &Path,
    systems: impl IntoIterator<Item = &'s BusinessId>,
    layouts: &KnownLayouts,
    now: Moment,
    lang: Lang,
) -> Vec<Result<CheckedFolder, Failure>> {
    let share = ReadOnlyShare::at(root);
    let mut checked = Vec::new();
    for system in systems {
        let desk = Desk { root, share: &share, system, layouts, now, lang };
        if let Err(failure) = desk.look(&mut checked) {
            checked.push(Err(failure));
        }
    }
    checked
}

struct Desk<'d> {
    root: &'d Path,
    share: &'d ReadOnlyShare,
    system: &'d BusinessId,
    layouts: &'d KnownLayouts,
    now: Moment,
    lang: Lang,
}

impl Desk<'_> {
    fn look(&self, checked: &mut Vec<Result<CheckedFolder, Failure>>) -> Result<(), Failure> {
        let path: FolderPath = named(&format!("{}/check", self.system))?;
        let stamps: BTreeMap<FileName, FileStamp> = self
            .share
            .look(&path)?
            .into_iter()
            .filter(|seen| seen.kind == SeenKind::File)
            .filter_map(|seen| match seen.name {
                SeenName::Plain(name) => Some((name, seen.stamp)),
                SeenName::Odd(_) => None,
            })
            .collect();
        let mut named: BTreeSet<FileName> = BTreeSet::new();
        let mut dropped = Vec::new();
        for name in stamps.keys().filter(|name| name.as_str().ends_with(NOTICE_ENDING)) {
            let bytes = match read_notice(self.share, &path, name) {
                // It went since.
                Err(FolderError::Missing { .. }) => continue,
                Err(error) => {
                    checked.push(Err(error.into()));
                    continue;
                }
                Ok(bytes) => bytes,
            };
            let notice = Notice::parse(&bytes).ok();
            let files: Vec<FileName> = notice.iter().flat_map(Notice::names).cloned().collect();
            named.extend(files.iter().cloned());
            dropped.push((name.clone(), files));
        }
        let alone =
            stamps.keys().filter(|name| name.as_str().ends_with(DATA_ENDING) && !named.contains(*name));
        dropped.extend(alone.map(|name| (name.clone(), Vec::new())));
        for (name, files) in dropped {
            let stands = [&name].into_iter().chain(&files).map(|file| {
                let stamp = stamps
                    .get(file)
                    .map(|stamp| format!("{}-{}-{}", stamp.n_bytes, stamp.changed_ns, stamp.inode));
                (file.to_string(), stamp.unwrap_or_default())
            });
            let stands: BTreeMap<String, String> = stands.collect();
            match self.report_on(&path, &name, &stands) {
                Ok(None) => {}
                Ok(Some(made)) => checked.push(Ok(made)),
                Err(failure) => checked.push(Err(failure)),
            }
        }
        Ok(())
    }

    /// Examines one and puts its report; `None` where that was done and nothing changed since.
    fn report_on(
        &self,
        path: &FolderPath,
        name: &FileName,
        stands: &BTreeMap<String, String>,
    ) -> Result<Option<CheckedFolder>, Failure> {
        let reports: FolderPath = named(&format!("{path}/report"))?;
        let stem = stem_within(name.as_str(), MOST_STEM_BYTES);
        let json: FileName = named(&format!("{stem}.report.json"))?;
        if self.stands_of(&reports, &json).as_ref() == Some(stands) {
            return Ok(None);
        }
        let folder = Folder::of_share(self.share.clone(), path.clone());
        let given = [Given { label: name.to_string(), name: name.clone(), folder: &folder }];
        // The complete list is not kept: the folder is another's, and the report must not fill it.
        let mut errors = ErrorsFile::new(std::io::sink(), self.lang);
        let report = examine(&given, self.layouts, None, (self.now.date(), MOST), &mut errors)?;
        let heading = format!("{path}/{name}");
        let made_at = self.now.to_string();
        let outbox = Outbox::open(self.root)?;
        let texts = [Lang::Ja, Lang::En].map(|lang| as_text(&report, lang)).join("\n");
        let html = page(&report, &heading, &made_at, self.lang);
        outbox.put(&reports, &named(&format!("{stem}.report.txt"))?, texts.as_bytes())?;
        outbox.put(&reports, &named(&format!("{stem}.report.html"))?, html.as_bytes())?;
        // Last, because it says that the report is there.
        let kept = Kept { examined_at: made_at, stands, report: &report };
        let kept = serde_json::to_string_pretty(&kept).unwrap_or_default();
        outbox.put(&reports, &json, kept.as_bytes())?;
        Ok(Some(CheckedFolder {
            system: self.system.clone(),
            file: name.to_string(),
            verdict: report.verdict,
            n_errors: report.n_errors,
            n_warnings: report.n_warnings,
        }))
    }

    /// What the report that is there is about; one that cannot be read is made anew.
    fn stands_of(&self, reports: &FolderPath, name: &FileName) -> Option<BTreeMap<String, String>> {
        let mut bytes = Vec::new();
        let source = self.share.open(reports, name).ok()?;
        source.take(MOST_REPORT_BYTES).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice::<About>(&bytes).ok().map(|about| about.stands)
    }
}

/// A name or path of our own making.
fn named<T: FromStr<Err = IdError>>(text: &str) -> Result<T, Failure> {
    Ok(text.parse().map_err(EngineError::Name)?)
}
