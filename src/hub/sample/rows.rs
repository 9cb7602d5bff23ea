//! The rows of a sample: of the synthetic town where the registry has them, else made by the rules of the fields.

use chrono::NaiveDate;
use renkei_core::layout::{Content, Layout, Rows};
use renkei_core::row_check::RowChecker;
use renkei_registry::{ItemNo, Row, Values as _};
use renkei_town::{Town, TownError, TownSpec};

use super::SampleSpec;
use super::draft::Fields;
use super::row_maker::RowMaker;
use crate::Failure;

/// Rows that come after those of the full.
const N_LATER: usize = 2;

/// The rows of the full in key order, and those that come later.
pub(super) fn rows(spec: &SampleSpec, day: NaiveDate) -> Result<(Vec<Fields>, Vec<Fields>), Failure> {
    let n_rows = usize::try_from(spec.n_rows.max(4)).unwrap_or(4);
    let mut rows = if spec.layout.rows == Rows::Received {
        let maker = RowMaker::new(&spec.layout, day, &spec.municipality, spec.seed);
        (1..=n_rows + N_LATER).map(|number| maker.row(number as u64)).collect()
    } else {
        town_rows(spec, n_rows + N_LATER)?
    };
    let later = rows.split_off(rows.len().saturating_sub(N_LATER));
    Ok((rows, later))
}

/// The row with the fields of another where only these may differ: not in the key, not the removal mark, and so that
/// no rule is broken. `None` where nothing may change.
pub(super) fn changed(layout: &Layout, day: NaiveDate, row: &Fields, other: &Fields) -> Option<Fields> {
    let checker = RowChecker::new(layout, day);
    let mut before = Vec::new();
    checker.check(row, &mut before);
    let mark = layout.removal.as_ref().map(|removal| removal.column);
    (0..row.len()).rev().find_map(|column| {
        let is_fixed = layout.key_columns.contains(&column)
            || mark == Some(column)
            || layout.columns.get(column).is_none_or(|column| matches!(column.content, Content::Text(_)));
        let (from, to) = (row.get(column)?, other.get(column)?);
        if is_fixed || from == to || to.is_empty() {
            return None;
        }
        let mut changed = row.clone();
        changed.get_mut(column)?.clone_from(to);
        let mut issues = Vec::new();
        checker.check(&changed, &mut issues);
        (issues.len() <= before.len()).then_some(changed)
    })
}

fn town_rows(spec: &SampleSpec, n_rows: usize) -> Result<Vec<Fields>, TownError> {
    let layout = &spec.layout;
    let n_residents = u32::try_from(n_rows).unwrap_or(u32::MAX).saturating_mul(2);
    let town = Town::new(TownSpec {
        n_residents,
        seed: spec.seed,
        day: "2026-10-01".to_owned(),
        with_past: layout.rows == Rows::History,
    })?;
    let mut rows: Vec<Fields> = Vec::new();
    for row in town.households().flat_map(|household| household.rows().collect::<Vec<Row>>()) {
        let is_selected = (layout.rows == Rows::History || row.get(ItemNo::SAISHIN_FLG) == "1")
            && layout.select.iter().all(|rule| rule.one_of.iter().any(|one| one == row.get(rule.item)));
        if is_selected {
            rows.push(fields(layout, &row));
        }
        if rows.len() == n_rows {
            break;
        }
    }
    Ok(rows)
}

fn fields(layout: &Layout, row: &Row) -> Fields {
    let mark = layout.removal.as_ref();
    let columns = layout.columns.iter().enumerate();
    let field = |(index, column): (usize, &renkei_core::layout::Column)| match (&column.content, mark) {
        (_, Some(mark)) if mark.column == index => mark.present.clone(),
        (Content::Item(item), _) => row.get(*item).to_owned(),
        (Content::Text(text), _) => text.clone(),
        (Content::Field(_) | Content::Removal, _) => String::new(),
    };
    columns.map(field).collect()
}
