//! From what is written to what holds: the second stage.

use renkei_registry::{FieldCheck, FieldKind, Item, ItemNo, ItemType, Severity};
use sha2::{Digest as _, Sha256};

use super::columns::{self, find_item};
use super::file_format::FileFormat;
use super::key;
use super::raw::{RawLayout, RawRemoval};
use super::rules;
use super::types::{Column, Condition, Content, Layout, Removal, Rows};
use crate::declared::{Located, Problems, did_you_mean};
use crate::ids::Digest;

impl Layout {
    /// Reads and checks a layout file's text. `None` exactly when problems were reported.
    pub fn read(file: &str, text: &str, problems: &Problems) -> Option<Self> {
        let n_before = problems.len();
        let raw = RawLayout::parse(file, text, problems)?;
        if raw.columns.as_ref().is_some_and(Vec::is_empty) {
            let hint = "items = [\"…\"], items = \"all\" or [[column]]".to_owned();
            problems.report_with(&raw.columns_spot, "a layout has at least one column", hint);
        }
        let presences = key::presences(raw.columns.as_deref().unwrap_or_default());
        let declared = raw.columns.unwrap_or_default();
        let n_declared = declared.len();
        let mut columns = columns::check(declared, raw.headers, problems);
        // With a column missing, what refers to columns would be reported as wrong without being so.
        let is_complete = columns.len() == n_declared && n_declared > 0;
        if let (Some(from), Some(until)) = (raw.valid_from, &raw.valid_until)
            && until.value < from
        {
            problems.report(&until.spot, format!("the last day is before the first ({from})"));
        }
        if raw.rows == Some(Rows::Received)
            && let Some((item, _)) = raw.select.first()
        {
            problems.report(&item.spot, "received rows are not selected, all of them are taken in");
        }
        let select = raw.select.into_iter().filter_map(|(item, values)| condition(&item, values, problems));
        let select = select.collect();
        let holds_individual_number = columns.iter().any(Column::holds_individual_number);
        if let Some(declared) = &raw.individual_number
            && is_complete
        {
            check_individual_number(declared, holds_individual_number, problems);
        }
        let key_columns = raw
            .rows
            .filter(|_| is_complete)
            .and_then(|rows| key::check(rows, raw.key, &columns, &presences, &raw.columns_spot, problems));
        if raw.rows == Some(Rows::Received) {
            key::require(&mut columns, key_columns.as_deref().unwrap_or_default(), &presences);
        }
        if raw.removal.is_none() && raw.rows.is_some_and(|rows| rows != Rows::Received) {
            problems.report(&raw.removal_spot, "missing");
        }
        let removal = raw
            .removal
            .flatten()
            .filter(|_| is_complete)
            .and_then(|removal| check_removal(removal, &columns, problems));
        let rules = if is_complete { rules::check(raw.rules, &columns, problems) } else { Vec::new() };
        let layout = Self {
            interface: raw.interface?,
            branch: raw.branch?,
            version: raw.version?,
            name_ja: raw.name_ja?,
            valid_from: raw.valid_from?,
            valid_until: raw.valid_until.map(|until| until.value),
            rows: raw.rows?,
            key_columns: key_columns?,
            select,
            removal,
            rules,
            holds_individual_number,
            columns,
            file: raw.file.over(FileFormat::default()),
            sha256: Digest(Sha256::digest(text).into()),
        };
        (problems.len() == n_before).then_some(layout)
    }
}

pub(super) fn place(columns: &[Column], item: ItemNo) -> Option<usize> {
    columns.iter().position(|column| column.content == Content::Item(item))
}

fn check_individual_number(declared: &Located<bool>, holds: bool, problems: &Problems) {
    let (message, hint) = match (declared.value, holds) {
        (false, true) => (
            "must be true: a column holds kojin_bango",
            "only systems of 番号利用事務 may be given such files; else take the column out",
        ),
        (true, false) => (
            "must be false: no column holds kojin_bango",
            "files without 個人番号 are not confined to 番号利用事務",
        ),
        _ => return,
    };
    problems.report_with(&declared.spot, message, hint.to_owned());
}

fn condition(name: &Located<String>, values: Vec<Located<String>>, problems: &Problems) -> Option<Condition> {
    let item = find_item(name, problems)?;
    if item.no == ItemNo::KOJIN_BANGO {
        problems.report(&name.spot, "rows cannot be selected by 個人番号: it is encrypted at rest");
    }
    if values.is_empty() {
        problems.report(&name.spot, "no row would pass an empty list");
    }
    for value in &values {
        check_value(item, value, problems);
    }
    Some(Condition { item: item.no, one_of: values.into_iter().map(|value| value.value).collect() })
}

/// A value must be one the item can have: a code of a complete table, or a flag's 0 or 1.
fn check_value(item: &Item, value: &Located<String>, problems: &Problems) {
    let text = value.value.as_str();
    let flags = || ["0", "1"].into_iter();
    let (is_known, hint) = match item.codes {
        Some(table) if table.is_complete => {
            (table.get(text).is_some(), did_you_mean(text, table.entries().map(|(code, _)| code)))
        }
        None if item.kind == ItemType::Flag || item.no == ItemNo::SAISHIN_FLG => {
            (flags().any(|flag| flag == text), did_you_mean(text, flags()))
        }
        _ => return,
    };
    if !is_known {
        problems.report_with(&value.spot, format!("{} has no value {text:?}", item.id), hint);
    }
}

fn check_removal(raw: RawRemoval, columns: &[Column], problems: &Problems) -> Option<Removal> {
    let own = columns.iter().position(|column| column.content == Content::Removal);
    let named = columns.iter().position(|column| {
        column.content == Content::Removal
            && [&column.header_ja, &column.header_romaji].contains(&&raw.column.value)
    });
    let column = match named.or_else(|| own_flag(&raw, columns)) {
        Some(named) => named,
        None => item_that_tells(&raw, columns, own.is_some(), problems)?,
    };
    check_own_values(&raw, columns.get(column), problems);
    if raw.present.value == raw.removed.value {
        problems.report(&raw.removed.spot, "a removed row must differ from one that is there");
    }
    if [&raw.present, &raw.removed].iter().any(|mark| mark.value.chars().any(char::is_control)) {
        problems.report(&raw.removed.spot, "removal marks must not hold control characters");
    }
    Some(Removal { column, present: raw.present.value, removed: raw.removed.value })
}

/// A field of the layout's own that tells by a flag or a code.
fn own_flag(raw: &RawRemoval, columns: &[Column]) -> Option<usize> {
    let place = columns::find_column(columns, &raw.column.value)?;
    columns.get(place).is_some_and(|column| matches!(column.content, Content::Field(_))).then_some(place)
}

fn item_that_tells(
    raw: &RawRemoval,
    columns: &[Column],
    has_own: bool,
    problems: &Problems,
) -> Option<usize> {
    let item = find_item(&raw.column, problems)?;
    let Some(place) = place(columns, item.no) else {
        let hint = "make the item a column, or name a column with content = \"removal\"".to_owned();
        let message = format!("item {} is no column of this layout", item.id);
        problems.report_with(&raw.column.spot, message, hint);
        return None;
    };
    if !matches!(item.kind, ItemType::Flag | ItemType::Code) {
        let message = format!("item {} is neither a flag nor a code and cannot tell a removal", item.id);
        problems.report(&raw.column.spot, message);
    }
    check_value(item, &raw.present, problems);
    check_value(item, &raw.removed, problems);
    if has_own {
        problems.report(&raw.column.spot, "the layout has a column of its own for removals; name that one");
    }
    Some(place)
}

/// The marks must be values a field of the layout's own can have.
fn check_own_values(raw: &RawRemoval, column: Option<&Column>, problems: &Problems) {
    let Some(Column { content: Content::Field(rule), header_romaji, .. }) = column else { return };
    if !matches!(rule.kind, FieldKind::Flag | FieldKind::Code) {
        let message = format!("field {header_romaji} is neither a flag nor a code and cannot tell a removal");
        problems.report(&raw.column.spot, message);
        return;
    }
    let check = FieldCheck::new(rule, None);
    for mark in [&raw.present, &raw.removed] {
        if let Some((_, Severity::Error)) = check.issue(&mark.value) {
            problems.report(&mark.spot, format!("{header_romaji} has no value {:?}", mark.value));
        }
    }
}
