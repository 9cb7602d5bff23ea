//! Checking columns: items that exist, once each, under headers that no file format breaks.

use std::collections::HashMap;

use renkei_registry::{Dictionary, Item, ItemNo};

use super::field;
use super::raw_column::{RawColumn, RawContent};
use super::types::{Column, Content, ItemOverrides};
use crate::declared::{Located, Problems, Spot, did_you_mean, nearest};

/// The item a declaration names by id or Japanese name; an unknown name is reported.
pub(super) fn find_item(name: &Located<String>, problems: &Problems) -> Option<&'static Item> {
    let dictionary = Dictionary::standard();
    let found = dictionary.find(&name.value);
    if found.is_none() {
        let names = dictionary.items().iter().flat_map(|item| [item.id, item.name_ja]);
        let hint = nearest(&name.value, names).map(|near| format!("did you mean {near:?}?"));
        problems.report_with(&name.spot, format!("unknown item {:?}", name.value), hint);
    }
    found
}

/// The place of the column with this name: a field or item id, a Japanese item name, or a header.
pub(super) fn find_column(columns: &[Column], name: &str) -> Option<usize> {
    let item = Dictionary::standard().find(name).map(|item| item.no);
    let is_named = |column: &Column| column.header_romaji == name || column.header_ja == name;
    let is_item = |column: &Column| item.is_some_and(|item| column.content == Content::Item(item));
    columns.iter().position(is_named).or_else(|| columns.iter().position(is_item))
}

/// [`find_column`]; an unknown name is reported.
pub(super) fn find_or_report(
    columns: &[Column],
    name: &Located<String>,
    problems: &Problems,
) -> Option<usize> {
    let found = find_column(columns, &name.value);
    if found.is_none() {
        let names = columns.iter().flat_map(|column| [&column.header_romaji, &column.header_ja]);
        let hint = did_you_mean(&name.value, names.map(String::as_str));
        problems.report_with(&name.spot, format!("no column {:?}", name.value), hint);
    }
    found
}

/// All columns that can be made out, and how many were declared.
pub(super) fn check(
    raw: Vec<RawColumn>,
    headers: Vec<(Located<String>, Located<String>)>,
    problems: &Problems,
) -> Vec<Column> {
    let mut overrides = HashMap::new();
    for (item, header) in headers {
        let Some(no) = find_item(&item, problems).map(|item| item.no) else { continue };
        overrides.insert(no, (item.spot, header));
    }
    let mut seen = Seen::default();
    let columns =
        raw.into_iter().filter_map(|raw| column(raw, &mut overrides, &mut seen, problems)).collect();
    for (spot, _) in overrides.into_values() {
        problems.report(&spot, "a header for an item that is no column, or whose column has its own");
    }
    columns
}

/// What columns before this one took.
#[derive(Default)]
struct Seen {
    items: HashMap<ItemNo, usize>,
    headers_ja: HashMap<String, usize>,
    headers_romaji: HashMap<String, usize>,
    has_removal: bool,
}

fn column(
    mut raw: RawColumn,
    overrides: &mut HashMap<ItemNo, (Spot, Located<String>)>,
    seen: &mut Seen,
    problems: &Problems,
) -> Option<Column> {
    let mut header = raw.header;
    let mut overrides_of_item = ItemOverrides::default();
    let (content, names) = match raw.content {
        RawContent::Item(name) => {
            let item = find_item(&name, problems)?;
            if let Some(line) = seen.items.insert(item.no, name.spot.line) {
                problems.report(&name.spot, format!("item {} is already a column (line {line})", item.id));
                return None;
            }
            if header.is_none() {
                header = overrides.remove(&item.no).map(|(_, header)| header);
            }
            overrides_of_item = field::of_item(item, &raw.field, problems);
            (Content::Item(item.no), Some((item.name_ja, item.id)))
        }
        RawContent::Field(name) => {
            if let Some(item) = Dictionary::standard().find(&name.value) {
                let hint = format!("item = {:?}", item.id);
                problems.report_with(&name.spot, "the dictionary has an item of this name", hint);
            }
            if let Some(romaji) = &raw.romaji {
                problems.report(&romaji.spot, "a field's romaji header is its name");
            }
            raw.romaji = Some(name);
            (Content::Field(field::own(&raw.spot, &raw.field, problems)?), None)
        }
        RawContent::Text(text) => {
            if text.value.chars().any(char::is_control) {
                problems.report(&text.spot, "a constant text must not hold control characters");
            }
            field::of_neither(&raw.field, problems);
            (Content::Text(text.value), None)
        }
        RawContent::Removal => {
            if std::mem::replace(&mut seen.has_removal, true) {
                problems.report(&raw.spot, "a layout has one removal column at most");
            }
            field::of_neither(&raw.field, problems);
            (Content::Removal, None)
        }
        RawContent::Unclear => return None,
    };
    let or_name = |written: Option<Located<String>>, name: Option<&str>, key: &str| {
        let fallback = |name: &str| Located { value: name.to_owned(), spot: raw.spot.clone() };
        let text = written.or_else(|| name.map(fallback));
        if text.is_none() {
            problems.report(&raw.spot, format!("a column that is no item needs {key} = \"…\""));
        }
        text
    };
    let header_ja = or_name(header, names.map(|(ja, _)| ja), "header");
    let header_romaji = or_name(raw.romaji, names.map(|(_, id)| id), "romaji");
    if let Some(header) = &header_ja {
        check_header(header, &mut seen.headers_ja, problems);
    }
    if let Some(header) = &header_romaji {
        if !header.value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            problems.report(&header.spot, "a romaji header consists of a-z, A-Z, 0-9 and _");
        }
        check_header(header, &mut seen.headers_romaji, problems);
    }
    Some(Column {
        content,
        header_ja: header_ja?.value,
        header_romaji: header_romaji?.value,
        overrides: overrides_of_item,
    })
}

/// A header must be readable under every quoting, so it holds nothing that would need quotes.
fn check_header(header: &Located<String>, seen: &mut HashMap<String, usize>, problems: &Problems) {
    let text = &header.value;
    if text.is_empty() || text.chars().any(|c| c.is_control() || matches!(c, '"' | ',')) {
        problems
            .report(&header.spot, "a header must not be empty nor hold quotes, commas or control characters");
    }
    if let Some(line) = seen.insert(text.clone(), header.spot.line) {
        problems.report(&header.spot, format!("header {text:?} is already taken (line {line})"));
    }
}
