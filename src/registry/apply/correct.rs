//! 誤記修正 (44): a corrected version (枝番) of the row in which the error stands, and of those after it that
//! inherited the error.

use super::inherit::differences;
use super::{Refusal, Work, next_eda_no};
use crate::dictionary::ItemNo;

impl Work<'_> {
    /// Writes the corrected version and passes the correction on. An 異動年月日 among the items corrects the
    /// row's own date; without one the row keeps it.
    pub(super) fn correct(&mut self) -> Result<(), Refusal> {
        let places = self.history.effective();
        let (_, target) = self.target(&places)?;
        let wrong = self.history.row(target.index).cloned().unwrap_or_default();
        let mut right = wrong.clone();
        self.set_items(&mut right);
        if right == wrong {
            return Err(Refusal::NothingChanges);
        }
        let changes = differences(&wrong, &right);
        right.set(ItemNo::RIREKI_EDA_NO, &next_eda_no(&wrong));
        right.set(ItemNo::IDO_JIYU, self.mv.reason.code());
        right.set(ItemNo::SHORI_YMD, &self.stamp.date);
        right.set(ItemNo::SOSASHA_ID, &self.stamp.operator_id);
        self.stamp_time(&mut right);
        self.history.insert(right);
        self.pass_on(target.rireki_no, &wrong, changes);
        Ok(())
    }
}
