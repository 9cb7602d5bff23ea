//! Cancellation of a move (異動の取消し 09, 28, 59): the history as if the move had never been.

use super::inherit::differences;
use super::{Refusal, Work};
use crate::dictionary::ItemNo;
use crate::history::Place;
use crate::moves::MoveReason;
use crate::row::Values;

impl Work<'_> {
    /// Marks the target's row cancelled, takes back what later rows had inherited from it, and records
    /// the cancellation as a row of its own.
    pub(super) fn cancel(&mut self) -> Result<(), Refusal> {
        let day = self.day()?;
        let places = self.history.effective();
        let (at, target) = self.target(&places)?;
        let target_row = self.history.row(target.index).cloned().unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| places.get(before));
        let before = before.and_then(|place| self.history.row(place.index)).cloned();

        // A correction (枝番) carries its own reason; what is cancelled is the move the row began as.
        let mut versions = self.history.rows().iter();
        let first = versions.find(|row| row.key().is_some_and(|key| key.rireki_no == target.rireki_no));
        let cancelled = first.map_or("", |row| row.get(ItemNo::IDO_JIYU));
        let reason = MoveReason::find(cancelled);
        if reason.is_some_and(MoveReason::is_cancellation) {
            return Err(Refusal::CancelsCancellation { rireki_no: target.rireki_no });
        }
        if let Some(reason) = reason
            && reason.cancelled_by() != self.mv.reason.code()
        {
            return Err(Refusal::WrongCancellation {
                cancelled: cancelled.to_owned(),
                expected: reason.cancelled_by(),
                found: self.mv.reason.code(),
            });
        }

        if before.is_none() && at + 1 < places.len() {
            return Err(Refusal::LaterRows { rireki_no: target.rireki_no });
        }
        if let Some(before) = &before {
            // Later rows follow the target in effective order, so its number finds them even once it is gone.
            self.pass_on(target.rireki_no, &target_row, differences(&target_row, before));
        }
        for row in self.history.rows_mut() {
            if row.key().is_some_and(|key| key.rireki_no == target.rireki_no) {
                row.set(ItemNo::DEL_FLG, "1");
                row.set(ItemNo::KOSHIN_YMD, &self.stamp.date);
                row.set(ItemNo::KOSHIN_TIME, &self.stamp.time);
            }
        }

        let held = self.history.as_of(&day).cloned();
        let mut row = held.clone().unwrap_or(target_row);
        self.begin_event(&mut row);
        if held.is_none() {
            // The cancelled move was how the resident came in: nothing is left to hold, so the record ends.
            row.set(ItemNo::JUMIN_JOTAI, "9");
            row.set(ItemNo::SHOJO_JIYU, self.mv.reason.code());
            row.set(ItemNo::SHOJO_IDO_YMD, &day);
            row.set(ItemNo::SHOJO_TODOKE_YMD, self.mv.item(ItemNo::IDO_TODOKE_YMD).unwrap_or_default());
            row.set(ItemNo::SHOJO_IDO_FUSHO_FLG, "0");
        }
        self.set_items(&mut row);
        self.stamp_as_new(&mut row);
        row.set(ItemNo::RIREKI_NO, &self.history.next_rireki_no().to_string());
        row.set(ItemNo::RIREKI_EDA_NO, "0");
        self.history.insert(row);
        Ok(())
    }

    /// The place of the row the move names, among the effective ones.
    pub(super) fn target<'p>(&self, places: &'p [Place]) -> Result<(usize, &'p Place), Refusal> {
        let rireki_no = self.mv.target_rireki_no.ok_or(Refusal::NoTarget)?;
        let found = places.iter().enumerate().find(|(_, place)| place.rireki_no == rireki_no);
        found.ok_or(Refusal::TargetNotEffective { rireki_no })
    }
}
