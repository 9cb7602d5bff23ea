//! The history (履歴) of one resident: all rows, and which of them hold.
//!
//! 個人履歴番号 counts moves in the order they were recorded; what holds on a day follows from 異動年月日.
//! A row holds no more when a corrected version (higher 枝番) stands beside it or when it was cancelled
//! (削除フラグ 1). The rows that do hold, by date and then by number, are the *effective* rows; the last of
//! them carries 最新フラグ (WT資料 1.2.10 leaves open whether that means the last recorded or the last
//! valid row: here it is the last valid one).

use crate::dictionary::ItemNo;
use crate::ids::{AtenaNo, RowKey};
use crate::row::{Row, Values};

/// All rows of one resident, by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    atena_no: AtenaNo,
    rows: Vec<Row>,
}

/// A row of a history that is not this resident's, or has no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// No well-formed key, or another resident's.
    #[error("a row in the history is not of the resident")]
    ForeignRow,
    /// The same key twice.
    #[error("history row {rireki_no}-{eda_no} stands twice")]
    DoubleRow {
        /// 個人履歴番号.
        rireki_no: u32,
        /// 枝番.
        eda_no: u32,
    },
    /// Not exactly one row carries 最新フラグ.
    #[error("{n_latest} rows carry the latest flag, not one")]
    Latest {
        /// How many do.
        n_latest: usize,
    },
}

impl History {
    /// The history of a resident who has none yet.
    pub fn empty(atena_no: AtenaNo) -> Self {
        Self { atena_no, rows: Vec::new() }
    }

    /// Takes the rows of one resident, in any order; checks that their keys fit and that exactly one
    /// carries 最新フラグ.
    pub fn new(atena_no: AtenaNo, mut rows: Vec<Row>) -> Result<Self, HistoryError> {
        let is_own = |row: &Row| row.key().is_some_and(|key| key.atena_no == atena_no);
        if !rows.iter().all(is_own) {
            return Err(HistoryError::ForeignRow);
        }
        rows.sort_by_key(Row::key);
        for (one, next) in rows.iter().zip(rows.iter().skip(1)) {
            if let (Some(a), Some(b)) = (one.key(), next.key())
                && a == b
            {
                return Err(HistoryError::DoubleRow { rireki_no: a.rireki_no, eda_no: a.eda_no });
            }
        }
        let n_latest = rows.iter().filter(|row| row.is_latest()).count();
        if n_latest == 1 || rows.is_empty() {
            Ok(Self { atena_no, rows })
        } else {
            Err(HistoryError::Latest { n_latest })
        }
    }

    /// Whose history it is.
    pub fn atena_no(&self) -> AtenaNo {
        self.atena_no
    }

    /// All rows, by key.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row that carries 最新フラグ.
    pub fn latest(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.is_latest())
    }

    /// The row that holds on a day (`YYYY-MM-DD`): the last effective row dated on it or before.
    pub fn as_of(&self, day: &str) -> Option<&Row> {
        let mut dates = HistoryDates::default();
        self.rows.iter().for_each(|row| dates.push(row));
        self.rows.get(dates.as_of(day)?)
    }

    /// The effective rows, by date and then by 個人履歴番号.
    pub(crate) fn effective(&self) -> Vec<Place> {
        let mut dates = HistoryDates::default();
        self.rows.iter().for_each(|row| dates.push(row));
        dates.effective()
    }

    /// The 個人履歴番号 the next move gets.
    pub(crate) fn next_rireki_no(&self) -> u32 {
        self.rows.last().and_then(Row::key).map_or(1, |key| key.rireki_no.saturating_add(1))
    }

    pub(crate) fn row(&self, index: usize) -> Option<&Row> {
        self.rows.get(index)
    }

    pub(crate) fn row_mut(&mut self, index: usize) -> Option<&mut Row> {
        self.rows.get_mut(index)
    }

    pub(crate) fn rows_mut(&mut self) -> &mut [Row] {
        &mut self.rows
    }

    pub(crate) fn insert(&mut self, row: Row) {
        let at = self.rows.partition_point(|other| other.key() < row.key());
        self.rows.insert(at, row);
    }

    /// The rows in which this history differs from an earlier one of the same resident: key, row before,
    /// row after, in key order.
    pub fn changes_since<'h>(&'h self, earlier: &'h Self) -> Vec<(RowKey, Option<&'h Row>, Option<&'h Row>)> {
        let mut changes = Vec::new();
        let (mut old, mut new) = (earlier.rows.iter().peekable(), self.rows.iter().peekable());
        loop {
            let (old_key, new_key) = (old.peek().and_then(|r| r.key()), new.peek().and_then(|r| r.key()));
            let (key, before, after) = match (old_key, new_key) {
                (None, None) => return changes,
                (Some(key), None) => (key, old.next(), None),
                (None, Some(key)) => (key, None, new.next()),
                (Some(a), Some(b)) if a < b => (a, old.next(), None),
                (Some(a), Some(b)) if a > b => (b, None, new.next()),
                (Some(key), Some(_)) => (key, old.next(), new.next()),
            };
            if before != after {
                changes.push((key, before, after));
            }
        }
    }
}

/// What of a history's rows decides which of them hold when: enough for a view of another day without
/// unpacking the rows.
#[derive(Debug, Default)]
pub struct HistoryDates {
    rows: Vec<RowDates>,
}

#[derive(Debug)]
struct RowDates {
    rireki_no: u32,
    date: String,
    is_cancelled: bool,
}

impl HistoryDates {
    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Takes the next row; rows come in key order.
    pub fn push(&mut self, row: &impl Values) {
        self.rows.push(RowDates {
            rireki_no: row.get(ItemNo::RIREKI_NO).parse().unwrap_or(0),
            date: effective_date(|item| row.get(item)).to_owned(),
            is_cancelled: row.get(ItemNo::DEL_FLG) == "1",
        });
    }

    /// The index, in the order pushed, of the row that holds on a day (`YYYY-MM-DD`).
    pub fn as_of(&self, day: &str) -> Option<usize> {
        let effective = self.effective();
        effective.iter().rev().find(|place| place.date.as_str() <= day).map(|place| place.index)
    }

    fn effective(&self) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::with_capacity(self.rows.len());
        let mut date_before = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let later = self.rows.get(index + 1);
            let has_later_version = later.is_some_and(|next| next.rireki_no == row.rireki_no);
            if has_later_version || row.is_cancelled {
                continue;
            }
            // A row without any date counts from the date of the row recorded before it.
            let date = if row.date.is_empty() { date_before.clone() } else { row.date.clone() };
            date_before.clone_from(&date);
            places.push(Place { date, rireki_no: row.rireki_no, index });
        }
        places.sort_by(|a, b| (&a.date, a.rireki_no).cmp(&(&b.date, b.rireki_no)));
        places
    }
}

/// From which day a row holds: 異動年月日, or where that is unknown (不詳) the day it was filed or processed, as
/// the earliest day on which anybody knew.
pub(crate) fn effective_date<'r>(get: impl Fn(ItemNo) -> &'r str) -> &'r str {
    let dates = [ItemNo::IDO_YMD, ItemNo::IDO_TODOKE_YMD, ItemNo::SHORI_YMD].map(get);
    dates.into_iter().find(|date| !date.is_empty()).unwrap_or_default()
}

/// Where an effective row stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// From which day it holds.
    pub(crate) date: String,
    /// Its 個人履歴番号.
    pub(crate) rireki_no: u32,
    /// Its index in the history's rows.
    pub(crate) index: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(rireki: &str, eda: &str, date: &str, flags: &str) -> Row {
        let mut row = Row::new();
        row.set(ItemNo::ATENA_NO, "000000000000001");
        row.set(ItemNo::RIREKI_NO, rireki);
        row.set(ItemNo::RIREKI_EDA_NO, eda);
        row.set(ItemNo::IDO_YMD, date);
        row.set(ItemNo::SAISHIN_FLG, if flags.contains('L') { "1" } else { "0" });
        row.set(ItemNo::DEL_FLG, if flags.contains('X') { "1" } else { "0" });
        row
    }

    fn history(rows: &[(&str, &str, &str, &str)]) -> Result<History, HistoryError> {
        let rows = rows.iter().map(|(r, e, d, f)| row(r, e, d, f)).collect();
        History::new(AtenaNo::new(1).unwrap(), rows)
    }

    #[test]
    fn as_of_goes_by_date_and_skips_what_was_corrected_or_cancelled() {
        let history = history(&[
            ("1", "0", "2020-04-01", ""),
            ("2", "0", "2022-04-01", ""),
            ("2", "1", "2022-05-01", "L"),
            ("3", "0", "2021-04-01", ""),
            ("4", "0", "2021-06-01", "X"),
        ])
        .unwrap();
        for (day, expect) in [
            ("2020-03-31", None),
            ("2020-04-01", Some(("1", "0"))),
            ("2021-12-31", Some(("3", "0"))),
            ("2022-04-30", Some(("3", "0"))),
            ("2022-05-01", Some(("2", "1"))),
        ] {
            let found = history.as_of(day).map(|r| (r.get(ItemNo::RIREKI_NO), r.get(ItemNo::RIREKI_EDA_NO)));
            assert_eq!(found, expect, "{day}");
        }
    }

    #[test]
    fn a_row_of_unknown_date_holds_from_its_filing_or_else_from_the_row_before_it() {
        let undated = history(&[("1", "0", "2020-04-01", ""), ("2", "0", "", "L")]).unwrap();
        assert_eq!(undated.as_of("2020-04-01").unwrap().get(ItemNo::RIREKI_NO), "2");
        let mut filed = row("2", "0", "", "L");
        filed.set(ItemNo::IDO_TODOKE_YMD, "2021-06-01");
        filed.set(ItemNo::SHORI_YMD, "2021-06-02");
        let rows = vec![row("1", "0", "2020-04-01", ""), filed];
        let filed = History::new(AtenaNo::new(1).unwrap(), rows).unwrap();
        assert_eq!(filed.as_of("2021-05-31").unwrap().get(ItemNo::RIREKI_NO), "1");
        assert_eq!(filed.as_of("2021-06-01").unwrap().get(ItemNo::RIREKI_NO), "2");
    }

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        assert_eq!(
            history(&[("1", "0", "2020-04-01", ""), ("1", "0", "2020-04-01", "L")]),
            Err(HistoryError::DoubleRow { rireki_no: 1, eda_no: 0 })
        );
        assert_eq!(history(&[("1", "0", "2020-04-01", "")]), Err(HistoryError::Latest { n_latest: 0 }));
        assert_eq!(history(&[("x", "0", "2020-04-01", "L")]), Err(HistoryError::ForeignRow));
    }

    #[test]
    fn changes_are_the_rows_that_differ() {
        let earlier = history(&[("1", "0", "2020-04-01", ""), ("2", "0", "2021-04-01", "L")]).unwrap();
        let later = history(&[
            ("1", "0", "2020-04-01", ""),
            ("2", "0", "2021-04-01", ""),
            ("3", "0", "2022-04-01", "L"),
        ])
        .unwrap();
        let shape = |changes: Vec<(RowKey, Option<&Row>, Option<&Row>)>| {
            changes.iter().map(|(k, b, a)| (k.rireki_no, b.is_some(), a.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(shape(later.changes_since(&earlier)), [(2, true, true), (3, false, true)]);
        assert_eq!(shape(earlier.changes_since(&later)), [(2, true, true), (3, true, false)]);
        assert!(later.changes_since(&later).is_empty());
    }
}
