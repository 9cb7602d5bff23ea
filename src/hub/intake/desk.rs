//! The hub's desk: where the rows of a set go, what becomes of its files, and what its sender is told.

use renkei_core::port::{AuditEntry, Folders as _, Inbox as _, IntakeShelf, Outcome, SetRecord, WhyRefused};
use renkei_core::receive::{FoundSet, Receipt, UnreadableNotice};
use renkei_core::{FileName, FolderPath, Sequence};
use renkei_engine::receive::{
    Desk, HandedOver, LeftOut, RowReport, SetResult, VerifiedSet, to_moves, to_transfers,
};
use renkei_engine::{EngineError, House};
use renkei_folder::{LocalFolders, Outbox};

use super::place::{names_of, place_of};
use crate::config::{Config, Intake, RowsTo};
use crate::texts::reasons;

/// As many of the audit's last lines are looked at for one that was written before a crash.
const N_LINES_LOOKED_AT: u64 = 2_000;

/// The hub at work on one intake.
pub(super) struct HubDesk<'d> {
    pub(super) house: House<'d>,
    pub(super) folders: &'d LocalFolders,
    pub(super) outbox: &'d Outbox,
    pub(super) config: &'d Config,
    pub(super) intake: &'d Intake,
    /// The set that a person allowed to change more than the bounds.
    pub(super) allowed: Option<Sequence>,
    /// Where sets refused in this round lie.
    pub(super) refused: Vec<String>,
}

impl Desk for HubDesk<'_> {
    fn report(&mut self, report: &RowReport) -> Result<(), EngineError> {
        self.put_report(report)
    }

    fn hand_over(
        &mut self,
        set: &VerifiedSet<'_>,
        left_out: &mut LeftOut<'_, '_>,
    ) -> Result<HandedOver, EngineError> {
        match &self.intake.rows_to {
            RowsTo::Table(_) => Ok(HandedOver::NotHere),
            RowsTo::Moves => to_moves(self.house, set, left_out, &mut |report| self.put_report(report)),
            RowsTo::Transfer(kind) => to_transfers(self.house, &self.config.transfer, *kind, set, left_out),
        }
    }

    fn takes_away(&self) -> bool {
        true
    }

    fn is_change_allowed(&self, found: &FoundSet) -> bool {
        self.allowed == Some(found.notice.sequence)
    }

    fn conclude(
        &mut self,
        folder: &FolderPath,
        found: &FoundSet,
        result: &SetResult,
    ) -> Result<(), EngineError> {
        let outcome = result.receipt.outcome;
        if let Some(report) = &result.report {
            if outcome == Outcome::Refused {
                self.report(report)?;
            }
            self.folders.discard_stage(&report.stage)?;
        }
        if outcome == Outcome::Waiting {
            return Ok(());
        }
        self.put_away(folder, &names_of(&found.notice, &found.notice_name), &result.receipt)
    }

    fn conclude_unreadable(
        &mut self,
        folder: &FolderPath,
        notice: &UnreadableNotice,
        result: &SetResult,
    ) -> Result<(), EngineError> {
        self.put_away(folder, std::slice::from_ref(&notice.name), &result.receipt)
    }

    fn answer(&mut self, record: &SetRecord) -> Result<(), EngineError> {
        self.audit(record)?;
        // Receipts of all intakes are handed out, whosever round it is.
        let Some(intake) = self.config.intake(record.intake.as_str()) else {
            tracing::warn!(intake = %record.intake, "a receipt has nowhere to go: the intake is not declared any more");
            return Ok(());
        };
        let receipt = Receipt::parse(record.receipt.as_bytes())?;
        Ok(self.folders.answer(&intake.answer, &receipt.file_name()?, record.receipt.as_bytes())?)
    }
}

impl HubDesk<'_> {
    fn put_report(&self, report: &RowReport) -> Result<(), EngineError> {
        let content = self.folders.read_staged(&report.stage, &report.name)?;
        Ok(self.outbox.put(&self.intake.answer, &report.name, content)?)
    }

    /// Brings the files of a judged set away. May be repeated.
    pub(super) fn put_away(
        &mut self,
        folder: &FolderPath,
        names: &[FileName],
        receipt: &Receipt,
    ) -> Result<(), EngineError> {
        self.house.witness.reached("receive.clearing");
        match (receipt.outcome, &receipt.feed, receipt.sequence) {
            (Outcome::Waiting, _, _) => return Ok(()),
            (Outcome::Taken | Outcome::Repeated | Outcome::Passed, Some(feed), Some(sequence)) => {
                let set = IntakeShelf { intake: &receipt.intake, feed, sequence };
                self.folders.take_away(folder, names, &set)?;
                self.forget_cases()?;
            }
            _ => {
                let place = place_of(&receipt.intake, receipt.notice_sha256)?;
                let (json, text) = (reason_json(receipt, folder), reasons::as_text(receipt, true));
                let why = WhyRefused { json: &json, text: &text };
                let path = self.folders.refuse_set(folder, names, &place, &why)?;
                self.refused.push(path);
            }
        }
        self.house.witness.reached("receive.cleared");
        Ok(())
    }

    /// Files of transfer cases are not kept: what a case holds is sealed, and erased when its time is over, and so it
    /// must stand nowhere else. Their digests stay on record.
    pub(super) fn forget_cases(&self) -> Result<(), EngineError> {
        if matches!(self.intake.rows_to, RowsTo::Transfer(_)) {
            self.folders.forget_taken(&self.intake.terms.id)?;
        }
        Ok(())
    }

    /// One line for each set on record, once. It is written before the receipt is marked as handed out, so that no
    /// crash leaves a set without one.
    fn audit(&self, record: &SetRecord) -> Result<(), EngineError> {
        let what = match (&record.feed, record.sequence) {
            (Some(feed), Some(sequence)) => format!("set {feed} {sequence}"),
            _ => "notice".to_owned(),
        };
        let action = format!("intake {} {what}", record.intake);
        let counts = &record.counts;
        let result = format!(
            "{} (no. {}): {} rows; added {}, changed {}, removed {}, warned {}, parked {}",
            record.outcome.as_str(),
            record.set_no,
            record.n_rows,
            counts.added,
            counts.changed,
            counts.removed,
            record.n_warned,
            record.n_parked
        );
        let snapshot = self.house.store.snapshot()?;
        let after = snapshot.audit_head()?.audit_no.saturating_sub(N_LINES_LOOKED_AT);
        let lines = snapshot.audit(after, u32::try_from(N_LINES_LOOKED_AT).unwrap_or(u32::MAX))?;
        if lines.iter().any(|line| line.action == action && line.result == result) {
            return Ok(());
        }
        drop(snapshot);
        let at = self.house.clock.now().to_string();
        let line = AuditEntry::new(at, self.house.operator, action, self.house.reason, result);
        let mut tx = self.house.store.begin()?;
        tx.append_audit(&line)?;
        Ok(tx.commit()?)
    }
}

/// The receipt, and the folder that the set is given back to when it is read again.
fn reason_json(receipt: &Receipt, folder: &FolderPath) -> String {
    let Ok(serde_json::Value::Object(mut object)) = serde_json::to_value(receipt) else {
        return receipt.to_json();
    };
    object.insert("folder".to_owned(), folder.as_str().into());
    let mut text = serde_json::to_string_pretty(&object).unwrap_or_default();
    text.push('\n');
    text
}
