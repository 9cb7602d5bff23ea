//! What stands beside a notice besides its data files: reports, and what it does not name.

use renkei_core::naming::{DATA_ENDING, NOTICE_ENDING};
use renkei_core::notice::{Notice, ReportFile};

use super::report::NoticeReport;
use super::{Beside, Given};
use crate::intake::HashingReader;

/// Checks the reports that a notice names, and looks for files under its stem that it does not name: a
/// receiver that goes by names would take them in.
pub(super) fn check(given: &Given<'_>, notice: &Notice, report: &mut NoticeReport) {
    for named in &notice.reports {
        check_report(given.beside, named, report);
    }
    let stem = given.name.as_ref().and_then(|name| name.as_str().strip_suffix(NOTICE_ENDING));
    let Some(stem) = stem else { return };
    let names = match given.beside.names() {
        Ok(names) => names,
        Err(error) => return report.issue("unreadable", error.to_string()),
    };
    let expected: Vec<_> = notice.names().collect();
    for name in names.iter().filter(|name| !expected.contains(name)) {
        let rest = name.as_str().strip_prefix(stem).unwrap_or_default();
        if rest.starts_with(['-', '.']) && rest.ends_with(DATA_ENDING) {
            report.issue("extra-file", format!("{name} is not named by the notice"));
        }
    }
}

fn check_report(beside: &dyn Beside, named: &ReportFile, report: &mut NoticeReport) {
    let ReportFile { name, n_bytes, sha256, .. } = named;
    let read = beside.read(name).map(|source| {
        let mut source = HashingReader::new(source);
        std::io::copy(&mut source, &mut std::io::sink()).map(|_| source.finish())
    });
    match read {
        Err(error) => report.issue("file-missing", error.to_string()),
        Ok(Err(error)) => report.issue("unreadable", format!("{name}: {error}")),
        Ok(Ok((found, length))) => {
            if length != *n_bytes {
                let detail = format!("{name}: notice {n_bytes} bytes, file {length} bytes");
                report.issue("wrong-length", detail);
            }
            if found != *sha256 {
                report.issue("wrong-digest", format!("{name}: notice {sha256}, file {found}"));
            }
        }
    }
}
