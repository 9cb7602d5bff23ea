//! `renkei transfer receive`.

use std::path::PathBuf;

use clap::Args;
use renkei_core::transfer::CaseKind;
use renkei_engine::transfer::{CaseSource, compare_new, read_cases, take_in};
use serde_json::json;

use super::super::input_file::{label, open, rejected};
use super::cases::outcome_word;
use super::send::bring_out;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, issues};

#[derive(Debug, Args)]
pub(crate) struct Receive {
    /// The CSV, UTF-8.
    file: PathBuf,
    /// What it holds: oss-move-out or cs-move-in (also of special move-ins).
    #[arg(long)]
    kind: CaseKind,
}

impl Receive {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let source = open(&self.file)?;
        let workplace = Workplace::for_writing(session, "renkei transfer receive")?;
        let (console, lang) = (session.console(), session.console().lang());
        let (house, file) = (workplace.house(), label(&self.file));
        let read = read_cases(&file, self.kind, source).map_err(|found| rejected(console, *found))?;
        let about = CaseSource { file: &file, sha256: read.sha256, kind: self.kind };
        let taken = take_in(house, about, &workplace.config.transfer, read.rows)
            .map_err(|found| rejected(console, *found))?;
        let exit = bring_out(session, &workplace)?;
        // Also of a repeat: the first time may have been cut off before they were compared.
        let compared = compare_new(house, taken.cases())?;
        workplace.end_progress();
        if console.is_json() {
            let cases =
                compared.iter().map(|(case_no, found)| json!({ "case": case_no, "outcome": found.outcome }));
            console.json(&json!({
                "is_repeat": taken.is_repeat, "source": taken.source, "issues": read.warnings,
                "compared": cases.collect::<Vec<_>>(),
            }));
            return Ok(exit);
        }
        issues::print(console, &read.warnings);
        for (case_no, found) in &compared {
            console.data(format_args!("{case_no} {}", outcome_word(found.outcome, lang)));
        }
        let (n, first) = (taken.source.n_cases, taken.source.first_case);
        if taken.is_repeat {
            let at = &taken.source.taken_in_at;
            console.say(
                format_args!(
                    "{at} に取り込み済みのファイルです（{n} 件、{first} から）。何も変えていません。"
                ),
                format_args!("This file was taken in at {at} ({n} cases from {first}); nothing changed."),
            );
        } else {
            console.say(
                format_args!(
                    "{n} 件を取り込み、突合しました（{first} から）。次は renkei transfer verify です。"
                ),
                format_args!("Took in and compared {n} cases from {first} on. Next: renkei transfer verify"),
            );
        }
        Ok(exit)
    }
}
