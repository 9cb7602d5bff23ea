//! The agent's desk: its rows' way, its receipts, and copies of what it refused.

use std::path::Path;

use renkei_core::port::{Folders, Outcome, SetRecord, TakeCounts};
use renkei_core::receive::{FoundSet, Receipt, UnreadableNotice};
use renkei_core::{Fault, FileName, FolderPath};
use renkei_engine::EngineError;
use renkei_engine::receive::{Desk, HandedOver, RowReport, SetResult, VerifiedSet};
use renkei_folder::{LocalFolders, Outbox};

use super::config::RowsTo;
use super::hand_over;

/// The agent at work on one intake.
pub(super) struct AgentDesk<'d> {
    pub(super) share: &'d Path,
    pub(super) own: &'d LocalFolders,
    /// Where receipts go; `None` where none are given.
    pub(super) receipts: Option<(&'d Outbox, &'d FolderPath)>,
    pub(super) to: &'d RowsTo,
    /// The sequence whose change a person allowed on the command line.
    pub(super) allowed: Option<u32>,
    pub(super) lang_ja: bool,
    /// Notices refused in this call, so that a person sees them.
    pub(super) refused: Vec<String>,
    /// The fault of the program that rows are handed to; it has a code of its own.
    pub(super) program_fault: Option<hand_over::HandOverError>,
}

impl Desk for AgentDesk<'_> {
    fn report(&mut self, report: &RowReport) -> Result<(), EngineError> {
        let Some((outbox, folder)) = self.receipts else {
            return Ok(());
        };
        Ok(outbox.put(folder, &report.name, self.own.read_staged(&report.stage, &report.name)?)?)
    }

    fn hand_over(&mut self, set: &VerifiedSet<'_>) -> Result<HandedOver, EngineError> {
        match self.to {
            RowsTo::Table(_) => return Ok(HandedOver::NotHere),
            RowsTo::Folder(root) => hand_over::to_folder(root, set)?,
            RowsTo::Program { argv, timeout } => {
                if let Err(error) = hand_over::to_program(argv, *timeout, self.share, set) {
                    let class = error.class();
                    self.program_fault = Some(error);
                    return Err(EngineError::HandOver { class });
                }
            }
        }
        let counted = set.found.notice.changes.unwrap_or_default();
        Ok(HandedOver::Taken(TakeCounts {
            added: counted.added,
            changed: counted.changed,
            removed: counted.removed,
            ..TakeCounts::default()
        }))
    }

    fn is_change_allowed(&self, found: &FoundSet) -> bool {
        self.allowed == Some(found.notice.sequence.0)
    }

    fn conclude(
        &mut self,
        _folder: &FolderPath,
        found: &FoundSet,
        result: &SetResult,
    ) -> Result<(), EngineError> {
        // The share is the provider's: what was refused stays there, and what was wrong with it is told.
        if let Some(report) = &result.report {
            if result.receipt.outcome == Outcome::Refused {
                self.report(report)?;
            }
            self.own.discard_stage(&report.stage)?;
        }
        if result.receipt.outcome == Outcome::Refused && result.is_new {
            self.keep_reasons(&found.notice_name, &result.receipt)?;
        }
        Ok(())
    }

    fn conclude_unreadable(
        &mut self,
        _folder: &FolderPath,
        notice: &UnreadableNotice,
        result: &SetResult,
    ) -> Result<(), EngineError> {
        if result.is_new { self.keep_reasons(&notice.name, &result.receipt) } else { Ok(()) }
    }

    fn answer(&mut self, record: &SetRecord) -> Result<(), EngineError> {
        let Some((outbox, folder)) = self.receipts else { return Ok(()) };
        let receipt = Receipt::parse(record.receipt.as_bytes())?;
        Ok(outbox.put(folder, &receipt.file_name()?, record.receipt.as_bytes())?)
    }
}

impl AgentDesk<'_> {
    /// Keeps the reasons for people beside the agent, in the agent's own archive.
    fn keep_reasons(&mut self, notice: &FileName, receipt: &Receipt) -> Result<(), EngineError> {
        let text = crate::texts::reasons::as_text(receipt, self.lang_ja);
        let name: FileName = format!("{}.reason.txt", receipt.file_name()?).parse()?;
        let path = self.own.keep_report(&name, text.as_bytes())?;
        self.refused.push(format!("{notice} -> {path}"));
        Ok(())
    }
}
