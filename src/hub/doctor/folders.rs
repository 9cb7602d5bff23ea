//! Whether every feed's folder can be written.

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::finding::{Finding, Level, Words};
use super::volumes::nearest;
use crate::config::Config;

/// Asks the system, without writing: for each feed's folder, or the one it would be made in.
pub(super) fn writable(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let stage = config.root.join(".stage");
    let folders = config.feeds.iter().map(|declared| config.root.join(declared.feed.folder.as_str()));
    for folder in folders.chain([stage]) {
        let existing = nearest(&folder);
        let asked = accessat(CWD, existing, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS);
        if let Err(error) = asked {
            let words = Words::new(format!("書き込めません: {error}"), format!("cannot be written: {error}"));
            let remedy = Words::new(
                "フォルダの権限と、読み取り専用のマウントでないことを確かめてください。",
                "Check the folder's rights, and that it is not mounted read-only.",
            );
            let finding = Finding::new("folders", Level::Problem, existing.display().to_string(), words);
            findings.push(finding.with_remedy(remedy));
        }
    }
    // Several feeds below one folder that cannot be written are one finding.
    findings.dedup();
    if findings.is_empty() {
        let n_feeds = config.feeds.len();
        let words = Words::new(
            format!("{n_feeds} 系列のフォルダに書き込めます"),
            format!("the folders of {n_feeds} feeds can be written"),
        );
        findings.push(Finding::ok("folders", config.root.display().to_string(), words));
    }
    findings
}
