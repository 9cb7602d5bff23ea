//! Checking columns: items that exist, once each, under headers that no file format breaks.

use std::collections::HashMap;

use renkei_registry::{Dictionary, Item, ItemNo};

use super::raw::{RawColumn, RawContent};
use super::types::{Column, Content};
use crate::declared::{Located, Problems, Spot, nearest};

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
    raw: RawColumn,
    overrides: &mut HashMap<ItemNo, (Spot, Located<String>)>,
    seen: &mut Seen,
    problems: &Problems,
) -> Option<Column> {
    let mut header = raw.header;
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
            (Content::Item(item.no), Some((item.name_ja, item.id)))
        }
        RawContent::Text(text) => {
            if text.value.chars().any(char::is_control) {
                problems.report(&text.spot, "a constant text must not hold control characters");
            }
            (Content::Text(text.value), None)
        }
        RawContent::Removal => {
            if std::mem::replace(&mut seen.has_removal, true) {
                problems.report(&raw.spot, "a layout has one removal column at most");
            }
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
    Some(Column { content, header_ja: header_ja?.value, header_romaji: header_romaji?.value })
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
