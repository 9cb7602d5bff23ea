//! `renkei transfer verify`, `reject` and `apply`.

use std::path::PathBuf;

use clap::Args;
use renkei_core::transfer::CaseNo;
use renkei_engine::House;
use renkei_engine::transfer::{apply, read_corrections, reject, verify};
use serde_json::json;

use super::super::input_file::{label, open, rejected};
use super::super::reason::Reason;
use super::cases::outcome_word;
use super::send::bring_out;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The case.
    case: CaseNo,
    #[command(flatten)]
    reason: Reason,
    /// A CSV with a header and one row: what is verified differently from what was taken in; (clear) clears.
    #[arg(long, value_name = "FILE")]
    corrections: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Reject {
    /// The case.
    case: CaseNo,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The case.
    case: CaseNo,
    #[command(flatten)]
    reason: Reason,
}

impl Verify {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let console = session.console();
        let corrections = match &self.corrections {
            None => Vec::new(),
            Some(path) => {
                read_corrections(&label(path), open(path)?).map_err(|found| rejected(console, *found))?
            }
        };
        let workplace = Workplace::for_writing(session, "renkei transfer verify")?;
        let house = House { reason: &self.reason.reason, ..workplace.house() };
        let found = verify(house, self.case, &corrections);
        workplace.end_progress();
        let (case, found) = (self.case, found?);
        if console.is_json() {
            let n_corrections = corrections.len();
            console.json(&json!({
                "case": case, "state": "verified", "outcome": found.outcome, "corrections": n_corrections,
            }));
        }
        let word = outcome_word(found.outcome, console.lang());
        console.say(
            format_args!("確認しました: {case}（突合: {word}）。次は renkei transfer apply {case} です。"),
            format_args!("Verified: {case} (comparison: {word}). Next: renkei transfer apply {case}"),
        );
        Ok(Exit::Ok)
    }
}

impl Reject {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei transfer reject")?;
        reject(House { reason: &self.reason.reason, ..workplace.house() }, self.case)?;
        let (console, case) = (session.console(), self.case);
        if console.is_json() {
            console.json(&json!({ "case": case, "state": "rejected" }));
        }
        console.say(format_args!("却下しました: {case}"), format_args!("Rejected: {case}"));
        Ok(Exit::Ok)
    }
}

impl Apply {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei transfer apply")?;
        let house = House { reason: &self.reason.reason, ..workplace.house() };
        let applied = apply(house, self.case, &workplace.config.transfer);
        workplace.end_progress();
        let (console, case, commit_no) = (session.console(), self.case, applied?);
        let is_out = bring_out(session, &workplace)?;
        if console.is_json() {
            console.json(&json!({ "case": case, "state": "applied", "commit": commit_no }));
        }
        console.say(
            format_args!("異動として適用しました: {case}（確定 {commit_no}）"),
            format_args!("Applied as a move: {case} (commit {commit_no})"),
        );
        Ok(is_out)
    }
}
