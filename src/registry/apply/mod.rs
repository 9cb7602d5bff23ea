//! Applying a move to a history: the rows that come of it.
//!
//! A new row gets the next 個人履歴番号 whatever its date (WT資料 1.2.10). Its content is the row that held on
//! the move's date with the move's items set, so every row is whole in itself. When later-dated rows exist
//! (a retroactive move, 遡及), what they had inherited is corrected too, in a new version (枝番) of each;
//! rows are never edited but for 最新フラグ, 削除フラグ and the time stamp of that change.

mod cancel;
mod compose;
mod correct;
mod inherit;
mod refusal;

pub use refusal::Refusal;

use inherit::{differences, differing_items};

use crate::dictionary::ItemNo;
use crate::history::History;
use crate::moves::{Effect, Move, Stamp};
use crate::row::{Row, Values};
use crate::validate::{Issue, Severity, validate};
use crate::{MunicipalityCode, date};

/// 住民状態 of a registered resident.
const REGISTERED: &str = "1";

/// Applies a move; on success `history` has its rows and the warnings about them are given, on refusal it
/// is as it was.
pub fn apply(
    history: &mut History,
    mv: &Move,
    municipality: MunicipalityCode,
    stamp: &Stamp,
) -> Result<Vec<Issue>, Refusal> {
    refuse_managed_items(mv)?;
    let mut work = Work { history: history.clone(), mv, municipality, stamp };
    if mv.reason.is_cancellation() {
        work.cancel()?;
    } else if mv.reason.corrects_a_row() {
        work.correct()?;
    } else {
        work.record()?;
    }
    work.flag_the_latest();
    let warnings = work.check(history)?;
    *history = work.history;
    Ok(warnings)
}

/// Items a move may not set: the registry gives them.
const MANAGED: [ItemNo; 7] = [
    ItemNo::SHIKUCHOSON_CD,
    ItemNo::ATENA_NO,
    ItemNo::RIREKI_NO,
    ItemNo::RIREKI_EDA_NO,
    ItemNo::SAISHIN_FLG,
    ItemNo::KOSHIN_YMD,
    ItemNo::KOSHIN_TIME,
];

/// Items about the event, not about the resident: they never pass from one row to another.
const EVENT: [ItemNo; 12] = [
    ItemNo::RIREKI_NO,
    ItemNo::RIREKI_EDA_NO,
    ItemNo::SAISHIN_FLG,
    ItemNo::DEL_FLG,
    ItemNo::IDO_YMD,
    ItemNo::IDO_YMD_FUSHO_FLG,
    ItemNo::IDO_YMD_FUSHO,
    ItemNo::IDO_TODOKE_YMD,
    ItemNo::IDO_JIYU,
    ItemNo::IDO_KBN,
    ItemNo::SHORI_YMD,
    ItemNo::SOSASHA_ID,
];

fn is_about_the_resident(item: ItemNo) -> bool {
    !EVENT.contains(&item) && !MANAGED.contains(&item)
}

fn refuse_managed_items(mv: &Move) -> Result<(), Refusal> {
    let is_managed =
        |item: &ItemNo| MANAGED.contains(item) || *item == ItemNo::DEL_FLG || *item == ItemNo::IDO_JIYU;
    match mv.items.iter().map(|(item, _)| *item).find(is_managed) {
        Some(item) => Err(Refusal::ManagedItem { item }),
        None => Ok(()),
    }
}

/// A history under work.
struct Work<'m> {
    history: History,
    mv: &'m Move,
    municipality: MunicipalityCode,
    stamp: &'m Stamp,
}

impl Work<'_> {
    /// Any move that is neither a cancellation nor a correction of a row.
    fn record(&mut self) -> Result<(), Refusal> {
        if self.mv.target_rireki_no.is_some() {
            return Err(Refusal::NeedlessTarget);
        }
        let day = self.day()?;
        let base = self.history.as_of(&day).cloned();
        let is_registered = base.as_ref().is_some_and(|row| row.get(ItemNo::JUMIN_JOTAI) == REGISTERED);
        match self.mv.reason.effect() {
            Effect::Add if is_registered => return Err(Refusal::AlreadyRegistered),
            Effect::Remove if !is_registered => return Err(Refusal::NotRegistered),
            Effect::Modify if base.is_none() => return Err(Refusal::UnknownResident),
            // 軽微な修正 and 職権修正 may also concern a removed resident's record (除票).
            Effect::Modify if !is_registered && !matches!(self.mv.reason.code(), "42" | "43") => {
                return Err(Refusal::NotRegistered);
            }
            _ => {}
        }
        let mut row = base.clone().unwrap_or_default();
        self.compose(&mut row, base.as_ref());
        if self.mv.reason.effect() == Effect::Modify
            && base.as_ref().is_some_and(|base| differing_items(base, &row).is_empty())
        {
            return Err(Refusal::NothingChanges);
        }
        self.stamp_as_new(&mut row);
        let rireki_no = self.history.next_rireki_no();
        row.set(ItemNo::RIREKI_NO, &rireki_no.to_string());
        row.set(ItemNo::RIREKI_EDA_NO, "0");
        let changes = base.as_ref().map(|base| differences(base, &row));
        self.history.insert(row);
        if let (Some(base), Some(changes)) = (&base, changes) {
            self.pass_on(rireki_no, base, changes);
        }
        Ok(())
    }

    /// The move's 異動年月日; for one of unknown date (不詳), the day it was filed or is processed.
    fn day(&self) -> Result<String, Refusal> {
        match self.mv.item(ItemNo::IDO_YMD).unwrap_or_default() {
            "" if self.mv.item(ItemNo::IDO_YMD_FUSHO_FLG) == Some("1") => {
                let given = |item| self.mv.item(item).filter(|text| !text.is_empty());
                let filed = given(ItemNo::IDO_TODOKE_YMD).or_else(|| given(ItemNo::SHORI_YMD));
                Ok(filed.unwrap_or(&self.stamp.date).to_owned())
            }
            text if date::is_date(text.as_bytes()) => Ok(text.to_owned()),
            _ => Err(Refusal::NoDate),
        }
    }

    /// Puts 最新フラグ on the last effective row and takes it from the others.
    fn flag_the_latest(&mut self) {
        let latest = self.history.effective().last().map(|place| place.index);
        for index in 0..self.history.rows().len() {
            let flag = if latest == Some(index) { "1" } else { "0" };
            let is_right = self.history.row(index).is_some_and(|row| row.get(ItemNo::SAISHIN_FLG) == flag);
            if !is_right && let Some(row) = self.history.row_mut(index) {
                row.set(ItemNo::SAISHIN_FLG, flag);
                row.set(ItemNo::KOSHIN_YMD, &self.stamp.date);
                row.set(ItemNo::KOSHIN_TIME, &self.stamp.time);
            }
        }
    }

    /// Validates every row that changed.
    fn check(&self, before: &History) -> Result<Vec<Issue>, Refusal> {
        let mut issues = Vec::new();
        for (_, _, after) in self.history.changes_since(before) {
            if let Some(row) = after {
                validate(row, &mut issues);
            }
        }
        issues.sort_unstable();
        issues.dedup();
        if issues.iter().any(|issue| issue.severity == Severity::Error) {
            issues.retain(|issue| issue.severity == Severity::Error);
            return Err(Refusal::Invalid { issues });
        }
        Ok(issues)
    }

    fn stamp_as_new(&self, row: &mut Row) {
        row.set(ItemNo::SHIKUCHOSON_CD, self.municipality.as_str());
        row.set(ItemNo::ATENA_NO, &self.history.atena_no().to_string());
        row.set(ItemNo::DEL_FLG, "0");
        row.set(ItemNo::SAISHIN_FLG, "0");
        self.stamp_time(row);
    }

    fn stamp_time(&self, row: &mut Row) {
        row.set(ItemNo::SAISHIN_FLG, "0");
        row.set(ItemNo::KOSHIN_YMD, &self.stamp.date);
        row.set(ItemNo::KOSHIN_TIME, &self.stamp.time);
    }
}

fn next_eda_no(row: &Row) -> String {
    row.key().map_or(1, |key| key.eda_no.saturating_add(1)).to_string()
}

#[cfg(test)]
mod tests;
