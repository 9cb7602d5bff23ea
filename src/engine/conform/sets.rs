//! Notices with their files.

use std::collections::{BTreeMap, HashMap};

use renkei_core::FileName;
use renkei_core::naming::NOTICE_ENDING;
use renkei_core::notice::Notice;
use renkei_registry::MunicipalityCode;

use super::report::{ConformReport, FileCount, SetConformance, Verdict};
use super::tally::Tally;
use crate::intake::InputIssue;
use crate::verify::{Finding, Given, NoticeReport, verify_watched};

/// What is asked besides the layouts.
#[derive(Debug, Clone, Copy)]
pub struct ConformTerms<'t> {
    /// No more rows of a set are looked at: of each the key is kept in memory.
    pub most_rows: u64,
    /// The 全国地方公共団体コード that the data must be of; any, where nothing is said.
    pub municipality: Option<&'t str>,
}

/// Examines notices given in any order, each with its files, and what lies between them. Each issue of a data file
/// is told to `take` as it is found, so that all of them can be written down.
pub fn conform(
    given: Vec<Given<'_>>,
    terms: ConformTerms<'_>,
    take: &mut dyn FnMut(&Finding<'_>),
) -> ConformReport {
    let mut facts: HashMap<String, Facts> =
        given.iter().map(|given| (given.label.clone(), Facts::of(given, terms))).collect();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let chain = verify_watched(given, terms.most_rows, &mut |finding| {
        if !tallies.contains_key(finding.set) {
            tallies.insert(finding.set.to_owned(), Tally::default());
        }
        if let Some(tally) = tallies.get_mut(finding.set) {
            tally.count(finding.file, finding.issue);
        }
        take(finding);
    });
    let sets = chain.notices.into_iter().map(|report| {
        let tally = tallies.remove(&report.notice).unwrap_or_default();
        set_of(facts.remove(&report.notice).unwrap_or_default(), report, tally)
    });
    ConformReport::new(sets.collect(), chain.chain_issues, chain.proven_state)
}

/// What is said of a notice before its files are read.
#[derive(Default)]
struct Facts {
    interface: String,
    layout_name: String,
    business_date: Option<chrono::NaiveDate>,
    issues: Vec<InputIssue>,
}

impl Facts {
    fn of(given: &Given<'_>, terms: ConformTerms<'_>) -> Self {
        let mut facts = Self {
            layout_name: given.layout.map(|layout| layout.name_ja.clone()).unwrap_or_default(),
            ..Self::default()
        };
        let name = given.name.as_ref().map(FileName::as_str);
        if !name.is_some_and(|name| name.ends_with(NOTICE_ENDING)) {
            facts.warn("notice-name", format!("the name of a notice ends with {NOTICE_ENDING}"));
        }
        if let Ok(notice) = &given.notice {
            facts.interface = format!("{}-{}", notice.interface, notice.branch);
            facts.business_date = Some(notice.business_date);
            facts.examine(notice, name.and_then(|name| name.strip_suffix(NOTICE_ENDING)), terms);
        }
        facts
    }

    fn examine(&mut self, notice: &Notice, stem: Option<&str>, terms: ConformTerms<'_>) {
        match terms.municipality {
            Some(wanted) if wanted != notice.municipality => {
                self.issues.push(InputIssue::of_row(0, "other-municipality", format!("expected {wanted}")));
            }
            None if notice.municipality.parse::<MunicipalityCode>().is_err() => {
                let detail = "six digits, the last of them a check digit".to_owned();
                self.issues.push(InputIssue::of_row(0, "no-municipality", detail));
            }
            _ => {}
        }
        for file in &notice.files {
            if stem.is_some_and(|stem| !file.name.as_str().starts_with(stem)) {
                self.warn("name-not-of-notice", format!("{} does not begin like its notice", file.name));
            }
        }
        if notice.kind.moves_state() && notice.state_after.is_none() {
            let detail = "state_after is missing; the taker may want the proof".to_owned();
            self.warn("no-proof", detail);
        }
    }

    fn warn(&mut self, rule: &str, detail: String) {
        self.issues.push(InputIssue { is_warning: true, ..InputIssue::of_row(0, rule, detail) });
    }
}

fn set_of(facts: Facts, report: NoticeReport, tally: Tally) -> SetConformance {
    let (row_errors, row_warnings) = tally.sums();
    let issues: Vec<InputIssue> = report.issues.into_iter().chain(facts.issues).collect();
    let n_set_warnings = issues.iter().filter(|issue| issue.is_warning).count() as u64;
    let n_errors = row_errors + issues.len() as u64 - n_set_warnings;
    let n_warnings = row_warnings + n_set_warnings;
    let files = report.files.into_iter().map(|file| {
        let (n_errors, n_warnings) = tally.of_file(&file.name);
        FileCount { name: file.name, n_rows: file.n_rows, n_bytes: file.n_bytes, n_errors, n_warnings }
    });
    SetConformance {
        name: report.notice,
        interface: facts.interface,
        layout_name: facts.layout_name,
        version: report.version,
        feed: report.feed,
        kind: report.kind,
        sequence: report.sequence,
        business_date: facts.business_date,
        verdict: Verdict::of(n_errors, n_warnings),
        n_errors,
        n_warnings,
        issues,
        files: files.collect(),
        rules: tally.into_rules(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use renkei_core::Digest;
    use renkei_core::declared::Problems;
    use renkei_core::layout::Layout;
    use renkei_core::port::FolderError;
    use serde_json::json;

    use super::super::data::TOO_LARGE;
    use super::*;
    use crate::verify::Beside;

    const DATA: &[u8] = b"\xe7\x95\xaa\xe5\x8f\xb7\r\n1\r\n2\r\n3\r\n";

    struct OneFile;

    impl Beside for OneFile {
        fn read(&self, _: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
            Ok(Box::new(DATA))
        }

        fn names(&self) -> Result<Vec<FileName>, FolderError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn no_more_rows_are_looked_at_than_memory_is_for_whatever_the_notice_claims() {
        let layout = "interface = \"024z001\"\nversion = \"1.0\"\nname = \"試し\"\nvalid_from = 2026-04-01\nrows = \"received\"\nindividual_number = false\n\
                      key = [\"no\"]\ncolumn = [{ field = \"no\", header = \"番号\", type = \"int\", presence = \"key\" }]\n\
                      [file]\nquote = \"needed\"\nnewline = \"crlf\"\nheader = \"ja\"\n";
        let problems = Problems::new();
        let layout = Layout::read("l.toml", layout, &problems).unwrap();
        let notice = |kind: &str| {
            let text = json!({
                "format": 1, "municipality": "082201", "interface": "024z001", "branch": "00", "version": "1.0",
                "feed": "024z001", "kind": kind, "sequence": 2,
                "base_sequence": (kind == "diff").then_some(1), "commits": { "after": 0, "through": 0 },
                "as_of": null, "business_date": "2026-10-01", "created_at": "2026-10-02T01:00:00+09:00",
                "file_format": { "encoding": "utf-8", "newline": "crlf", "quote": "needed", "header": "ja" },
                "n_columns": 1,
                "files": [{ "name": "a.csv", "n_rows": 1, "n_bytes": DATA.len(), "sha256": Digest([0; 32]), "is_last": true }],
                "n_rows": 1, "changes": null, "state_before": null, "state_after": null,
            });
            Notice::parse(text.to_string().as_bytes())
        };
        let check = |kind: &str, most_rows: u64, expected: &[&str]| {
            let given = Given {
                label: "a".to_owned(),
                name: "a.done".parse().ok(),
                layout: Some(&layout),
                notice: notice(kind),
                beside: &OneFile,
            };
            let mut rules = Vec::new();
            let terms = ConformTerms { most_rows, municipality: None };
            let report = conform(vec![given], terms, &mut |finding| rules.push(finding.issue.rule.clone()));
            assert_eq!(rules, expected, "{kind} {most_rows} {:?}", report.sets);
        };
        for kind in ["full", "diff"] {
            check(kind, 3, &["wrong-digest", "wrong-row-count"]);
            check(kind, 2, &[TOO_LARGE]);
        }
    }
}
