//! `renkei audit verify`.

use std::path::{Path, PathBuf};

use clap::Args;
use renkei_core::Fault as _;
use renkei_core::audit::{AuditLink, AuditReport};
use renkei_engine::verify_audit;
use serde_json::json;

use crate::audit_head;
use crate::board::grouped;
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// Prove the audit: every line follows from the one before, and its end is where the second place says.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The file that keeps the audit's end; default: [audit] head of hub.toml.
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
}

impl Verify {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let declared = workplace.config.audit_head.as_deref();
        let kept = kept(self.head.as_deref(), declared)?;
        let report = verify_audit(workplace.snapshot()?.as_ref(), kept)?;
        print(session, &report, kept);
        match report.faults.first() {
            Some(fault) => Err((*fault).into()),
            None => Ok(Exit::Ok),
        }
    }
}

/// The end kept in a second place: of the file named, which must be there, or of the one declared.
fn kept(named: Option<&Path>, declared: Option<&Path>) -> Result<Option<AuditLink>, HubError> {
    let Some(path) = named.or(declared) else { return Ok(None) };
    let kept = audit_head::read(path)?;
    if kept.is_none() && named.is_some() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(HubError::AuditHeadUnavailable { path: path.to_owned(), source });
    }
    Ok(kept)
}

fn print(session: &Session, report: &AuditReport, kept: Option<AuditLink>) {
    let console = session.console();
    if console.is_json() {
        let faults =
            report.faults.iter().map(|fault| json!({ "code": fault.code(), "message": fault.to_string() }));
        console.json(&json!({
            "lines": report.n_lines, "after": report.base_no, "last": report.last.audit_no,
            "chain_sha256": report.last.chain_sha256, "kept": kept.map(|kept| kept.audit_no),
            "n_faults": report.n_faults, "faults": faults.collect::<Vec<_>>(),
        }));
        return;
    }
    for fault in &report.faults {
        console.data(fault);
    }
    let listed = report.faults.len() as u64;
    if report.n_faults > listed {
        let n_more = grouped(report.n_faults - listed);
        console.say(format_args!("ほか {n_more} 件。"), format_args!("And {n_more} more."));
    }
    let (n_lines, last) = (grouped(report.n_lines), report.last.audit_no);
    if report.base_no > 0 {
        let base = report.base_no;
        console.say(
            format_args!("{base} 行目までは、保存期間で消したか、そのまま受け入れたものです。"),
            format_args!("Lines through {base} were removed by retention or accepted as they stood."),
        );
    }
    if report.faults.is_empty() {
        console.say(
            format_args!("監査 {n_lines} 行の連鎖を確かめました（最後は {last} 行目）。"),
            format_args!("The chain of {n_lines} lines of the audit holds (the last is line {last})."),
        );
    }
    match kept {
        Some(kept) => console.say(
            format_args!("別の場所の控え: {} 行目", kept.audit_no),
            format_args!("Kept in the second place: line {}", kept.audit_no),
        ),
        None => console.say(
            "別の場所の控えがないため、末尾が切られていても分かりません（hub.toml の [audit] head）。",
            "No end is kept in a second place, so a cut-off end would not show ([audit] head in hub.toml).",
        ),
    }
}
