//! The agent's desk: its rows' way, its receipts, and copies of what it refused.

use std::path::Path;

use renkei_core::port::{Folders as _, Inbox as _, Outcome, SetRecord, TakeCounts, WhyRefused};
use renkei_core::receive::{FoundSet, Receipt, UnreadableNotice};
use renkei_core::{Fault as _, FileName, FolderPath};
use renkei_engine::EngineError;
use renkei_engine::receive::{Desk, HandedOver, LeftOut, RowReport, SetResult, VerifiedSet};
use renkei_folder::{Outbox, ReceiverFolders};

use super::config::RowsTo;
use super::hand_over::{self, Handed};
use crate::intake::{names_of, place_of};

/// The agent at work on one intake.
pub(super) struct AgentDesk<'d> {
    /// The agent's own folder.
    pub(super) folder: &'d Path,
    pub(super) folders: &'d ReceiverFolders,
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
        let own = self.folders.own();
        let mut content = own.read_staged(&report.stage, &report.name)?;
        if let Some((outbox, folder)) = self.receipts {
            outbox.put(folder, &report.name, content)?;
        } else {
            // Where nobody is answered, it is kept for the agent's own people.
            own.keep_report(&report.name, &mut content)?;
        }
        Ok(())
    }

    fn hand_over(
        &mut self,
        set: &VerifiedSet<'_>,
        _: &mut LeftOut<'_, '_>,
    ) -> Result<HandedOver, EngineError> {
        match self.to {
            RowsTo::Table(_) => return Ok(HandedOver::NotHere),
            RowsTo::Folder(root) => drop(hand_over::to_folder(root, set)?),
            RowsTo::Program { argv, timeout } => {
                let handed = Handed::copy(self.folder, set)?;
                let own = self.folders.own();
                if let Err(error) = hand_over::to_program(argv, *timeout, &handed, set, own) {
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
        folder: &FolderPath,
        found: &FoundSet,
        result: &SetResult,
    ) -> Result<(), EngineError> {
        if let Some(report) = &result.report {
            if result.receipt.outcome == Outcome::Refused {
                self.report(report)?;
            }
            self.folders.own().discard_stage(&report.stage)?;
        }
        if result.receipt.outcome == Outcome::Refused && result.is_new {
            self.keep_refused(folder, &names_of(&found.notice, &found.notice_name), &result.receipt)?;
        }
        Ok(())
    }

    fn conclude_unreadable(
        &mut self,
        folder: &FolderPath,
        notice: &UnreadableNotice,
        result: &SetResult,
    ) -> Result<(), EngineError> {
        if result.is_new {
            self.keep_refused(folder, std::slice::from_ref(&notice.name), &result.receipt)?;
        }
        Ok(())
    }

    fn answer(&mut self, record: &SetRecord) -> Result<(), EngineError> {
        let Some((outbox, folder)) = self.receipts else { return Ok(()) };
        let receipt = Receipt::parse(record.receipt.as_bytes())?;
        Ok(outbox.put(folder, &receipt.file_name()?, record.receipt.as_bytes())?)
    }
}

impl AgentDesk<'_> {
    /// Copies what was refused to the agent's own quarantine with the reasons: the share is the provider's, who may
    /// put something else in its place.
    fn keep_refused(
        &mut self,
        folder: &FolderPath,
        names: &[FileName],
        receipt: &Receipt,
    ) -> Result<(), EngineError> {
        let place = place_of(&receipt.intake, receipt.notice_sha256)?;
        let (json, text) = (receipt.to_json(), crate::texts::reasons::as_text(receipt, self.lang_ja));
        let why = WhyRefused { json: &json, text: &text };
        self.refused.push(self.folders.refuse_set(folder, names, &place, &why)?);
        Ok(())
    }
}
