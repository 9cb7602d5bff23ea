//! Which columns make the key of a row.

use renkei_registry::{Dictionary, ItemNo};

use super::check::place;
use super::columns::find_or_report;
use super::raw_column::{RawColumn, RawPresence};
use super::types::{Column, Content, Rows};
use crate::declared::{Located, Problems, Spot};

/// What each column says of its presence; in the order of columns.
pub(super) fn presences(raw: &[RawColumn]) -> Vec<Option<Located<RawPresence>>> {
    raw.iter().map(|column| column.field.presence.clone()).collect()
}

/// The places of the key's columns.
pub(super) fn check(
    rows: Rows,
    key: Option<(Spot, Vec<Located<String>>)>,
    columns: &[Column],
    presences: &[Option<Located<RawPresence>>],
    columns_spot: &Spot,
    problems: &Problems,
) -> Option<Vec<usize>> {
    let places = match rows {
        Rows::Latest => of_registry(rows, &[ItemNo::ATENA_NO], columns, columns_spot, problems),
        Rows::History => {
            let items = [ItemNo::ATENA_NO, ItemNo::RIREKI_NO, ItemNo::RIREKI_EDA_NO];
            of_registry(rows, &items, columns, columns_spot, problems)
        }
        Rows::Received => {
            let Some((spot, names)) = key else {
                let hint = "rows = \"received\" needs key = [\"…\"]".to_owned();
                problems.report_with(columns_spot, "no columns are named as the key", hint);
                return None;
            };
            return received(&spot, &names, columns, presences, problems);
        }
    };
    if let Some((spot, _)) = key {
        let hint = "rows of the registry have the registry's key".to_owned();
        problems.report_with(&spot, format!("no key with rows = {:?}", rows.as_str()), hint);
    }
    places
}

fn of_registry(
    rows: Rows,
    key: &[ItemNo],
    columns: &[Column],
    spot: &Spot,
    problems: &Problems,
) -> Option<Vec<usize>> {
    let places: Vec<Option<usize>> = key.iter().map(|item| place(columns, *item)).collect();
    for (item, _) in key.iter().zip(&places).filter(|(_, place)| place.is_none()) {
        let id = Dictionary::standard().item(*item).map_or("?", |item| item.id);
        problems.report(spot, format!("key item {id} must be a column (rows = {:?})", rows.as_str()));
    }
    places.into_iter().collect()
}

fn received(
    spot: &Spot,
    names: &[Located<String>],
    columns: &[Column],
    presences: &[Option<Located<RawPresence>>],
    problems: &Problems,
) -> Option<Vec<usize>> {
    if names.is_empty() {
        problems.report(spot, "a key has at least one column");
    }
    let mut places = Vec::new();
    for name in names {
        let Some(place) = find_or_report(columns, name, problems) else { continue };
        if places.contains(&place) {
            problems.report(&name.spot, "the column is already part of the key");
            continue;
        }
        if columns
            .get(place)
            .is_some_and(|column| !matches!(column.content, Content::Item(_) | Content::Field(_)))
        {
            problems.report(&name.spot, "a constant or a removal mark tells no row from another");
        }
        places.push(place);
    }
    for (place, presence) in presences.iter().enumerate() {
        if let Some(presence) = presence
            && presence.value == RawPresence::Key
            && !places.contains(&place)
        {
            problems.report(&presence.spot, "the column is not named in key");
        }
    }
    (places.len() == names.len() && !places.is_empty()).then_some(places)
}

/// Makes columns of the key required, but for those that the layout says may be empty.
pub(super) fn require(columns: &mut [Column], places: &[usize], presences: &[Option<Located<RawPresence>>]) {
    for (place, column) in columns.iter_mut().enumerate().filter(|(place, _)| places.contains(place)) {
        if let Some(Some(presence)) = presences.get(place)
            && presence.value == RawPresence::Optional
        {
            continue;
        }
        match &mut column.content {
            Content::Field(rule) => rule.is_required = true,
            _ => column.overrides.is_required = Some(true),
        }
    }
}
