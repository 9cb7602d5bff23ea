//! What partners come and go by: the server's host keys, the folders of destinations, and the folders in which
//! systems and the hub find each other's files.

use std::path::PathBuf;

use renkei_core::port::{Snapshot, StoreError};
use renkei_core::publication::Progress;

use super::finding::{Finding, Level, Words};
use super::folders::{is_writable, not_writable};
use crate::Failure;
use crate::config::{Config, WayTerms};
use crate::console::Lang;
use crate::texts::of_fault;
use crate::visitors::HostKeys;

/// The host keys, where partners log in here.
pub(super) fn host_keys(config: &Config) -> Option<Finding> {
    const CHECK: &str = "host-keys";
    let folder = &config.sftp.as_ref()?.host_keys;
    let place = folder.display().to_string();
    Some(match HostKeys::of(config).map_err(Failure::from).and_then(|keys| keys.read()) {
        Ok(keys) => {
            let names: Vec<&str> = keys.iter().map(|(kind, _)| kind.name).collect();
            let names = names.join(", ");
            let words = Words::new(format!("ホスト鍵: {names}"), format!("host keys: {names}"));
            Finding::ok(CHECK, place, words)
        }
        Err(failure) => {
            let code = failure.code();
            let title = |lang| of_fault(code).map_or(code, |text| text.title.pick(lang)).to_owned();
            let remedy = |lang| of_fault(code).map_or("", |text| text.remedy.pick(lang)).to_owned();
            let causes = failure.causes().join(": ");
            let what = |lang| format!("{} ({causes}) [{code}]", title(lang));
            // A credential of the daemon's is not there for whoever else asks.
            let is_out_of_sight = config.secret_key.as_ref().is_some_and(|key| key.path().is_err());
            let level = if is_out_of_sight { Level::Warning } else { Level::Problem };
            Finding::new(CHECK, level, place, Words::new(what(Lang::Ja), what(Lang::En)))
                .with_remedy(Words::new(remedy(Lang::Ja), remedy(Lang::En)))
        }
    })
}

/// Folders of destinations, and of systems: inboxes, receipts, checks, mailboxes, answers.
pub(super) fn exchanged(config: &Config) -> Vec<Finding> {
    const CHECK: &str = "exchange";
    let of_destinations = config.destinations.iter().filter_map(|one| match &one.way {
        WayTerms::Folder { root, folder, .. } => {
            Some(folder.as_ref().map_or_else(|| root.clone(), |folder| root.join(folder.as_str())))
        }
        _ => None,
    });
    let mut folders: Vec<PathBuf> = of_destinations.collect();
    for intake in &config.intakes {
        folders.extend(intake.terms.folders.iter().map(|folder| config.root.join(folder.as_str())));
        folders.push(config.root.join(intake.answer.as_str()));
    }
    for system in &config.systems {
        let own = ["receipt", "check", "check/report", "mend"];
        folders.extend(own.iter().map(|below| config.root.join(system.id.as_str()).join(below)));
    }
    folders.sort();
    folders.dedup();
    // A destination's root is not made by anybody here.
    let roots = config.destinations.iter().filter_map(|one| match &one.way {
        WayTerms::Folder { root, .. } => Some(root),
        _ => None,
    });
    let mut findings: Vec<Finding> = roots
        .filter(|root| !root.is_dir())
        .map(|root| not_writable(CHECK, root, &std::io::Error::from(std::io::ErrorKind::NotFound)))
        .collect();
    findings.extend(folders.iter().filter_map(|folder| {
        let (existing, error) = is_writable(folder).err()?;
        Some(not_writable(CHECK, &existing, &error))
    }));
    findings.dedup();
    if findings.is_empty() && !folders.is_empty() {
        let n = folders.len();
        let words = Words::new(
            format!("受渡しのフォルダ {n} 個に書き込めます"),
            format!("{n} folders of systems and destinations can be written"),
        );
        findings.push(Finding::ok(CHECK, config.root.display().to_string(), words));
    }
    findings
}

/// Diffs for single receivers that were sealed and are not in their mailboxes yet.
pub(super) fn unfinished_mendings(snapshot: &dyn Snapshot) -> Result<Finding, StoreError> {
    let sealed = snapshot.mendings(None, Some(Progress::Sealed))?;
    let names: Vec<String> =
        sealed.iter().map(|one| format!("{} {} {}", one.feed, one.sequence, one.receiver)).collect();
    let remedy = Words::new(
        "受け手のフォルダ（mend/）に書けるかを確かめてください。次に書き込むコマンドが続きを行います。",
        "See that the receiver's folder (mend/) can be written; the next command that writes finishes them.",
    );
    let ok = Words::new("途中の受け手ごとの差分はありません", "no diff for a single receiver is half done");
    let what = |n| {
        Words::new(
            format!("途中の受け手ごとの差分が {n} 件あります"),
            format!("{n} diffs for single receivers are half done"),
        )
    };
    Ok(super::work::listed("mendings", &names, ok, what, remedy))
}
