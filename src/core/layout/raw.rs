//! A layout as it is written: the first stage, which knows words and types but not yet sense.

use chrono::NaiveDate;
use renkei_registry::Dictionary;

use super::file_format::FileOverrides;
use super::raw_column::{RawColumn, column, item_column};
use super::raw_rule::{RawRule, rules};
use super::types::Rows;
use crate::declared::{Declaration, Located, Problems, Spot, Table, Value};
use crate::ids::{Branch, InterfaceId, Version};

/// What a layout file says. A part that is missing or unreadable has been reported.
#[derive(Debug)]
pub struct RawLayout {
    /// `interface`.
    pub interface: Option<InterfaceId>,
    /// `branch`; `00` where not given.
    pub branch: Option<Branch>,
    /// `version`.
    pub version: Option<Version>,
    /// `name`.
    pub name_ja: Option<String>,
    /// `valid_from`.
    pub valid_from: Option<NaiveDate>,
    /// `valid_until`, with its place.
    pub valid_until: Option<Located<NaiveDate>>,
    /// `rows`.
    pub rows: Option<Rows>,
    /// `key`, with its place.
    pub key: Option<(Spot, Vec<Located<String>>)>,
    /// `individual_number`, with its place.
    pub individual_number: Option<Located<bool>>,
    /// `[select]`: item and values.
    pub select: Vec<(Located<String>, Vec<Located<String>>)>,
    /// `[removal]`; within, `None` where unreadable and so reported.
    pub removal: Option<Option<RawRemoval>>,
    /// Where `[removal]` is, or would be.
    pub removal_spot: Spot,
    /// `[[rule]]`.
    pub rules: Vec<RawRule>,
    /// `[file]`.
    pub file: FileOverrides,
    /// `[[column]]`, or the columns that `items` stands for; `None` where unreadable and so reported.
    pub columns: Option<Vec<RawColumn>>,
    /// `[headers]`: item and header.
    pub headers: Vec<(Located<String>, Located<String>)>,
    /// Where columns are declared, or would be.
    pub columns_spot: Spot,
}

/// `[removal]`.
#[derive(Debug)]
pub struct RawRemoval {
    /// `column`: an item, or the header of a column of its own.
    pub column: Located<String>,
    /// `present`.
    pub present: Located<String>,
    /// `removed`.
    pub removed: Located<String>,
}

impl RawLayout {
    /// Reads a layout file's text; `None` when it is no TOML.
    pub fn parse(file: &str, text: &str, problems: &Problems) -> Option<Self> {
        let mut root = Declaration::parse(file, text, problems)?;
        let branch = match root.optional("branch") {
            Some(value) => value.parsed(),
            None => "00".parse().ok(),
        };
        let raw = Self {
            interface: root.required("interface").and_then(Value::parsed),
            branch,
            version: root.required("version").and_then(Value::parsed),
            name_ja: root.required("name").and_then(Value::text),
            valid_from: root.required("valid_from").and_then(Value::date),
            valid_until: root.optional("valid_until").and_then(|value| {
                let spot = value.spot().clone();
                value.date().map(|value| Located { value, spot })
            }),
            rows: root.required("rows").and_then(|value| {
                value.one_of(&[Rows::Latest, Rows::History, Rows::Received].map(|rows| (rows.as_str(), rows)))
            }),
            key: root.optional("key").and_then(|value| {
                let spot = value.spot().clone();
                value.list_of_text().map(|names| (spot, names))
            }),
            individual_number: root.required("individual_number").and_then(|value| {
                let spot = value.spot().clone();
                value.boolean().map(|value| Located { value, spot })
            }),
            select: select(&mut root),
            removal_spot: root.spot_of("removal"),
            removal: root.optional("removal").map(|value| value.table().and_then(removal)),
            rules: rules(&mut root, problems),
            file: root.optional("file").and_then(Value::table).map_or_else(
                FileOverrides::default,
                |mut file| {
                    let overrides = FileOverrides::take(&mut file);
                    file.finish();
                    overrides
                },
            ),
            headers: headers(&mut root),
            columns_spot: ["items", "column"]
                .into_iter()
                .find(|key| root.has(key))
                .map_or_else(|| root.spot().clone(), |key| root.spot_of(key)),
            columns: columns(&mut root, problems),
        };
        root.finish();
        Some(raw)
    }
}

fn select(root: &mut Table<'_>) -> Vec<(Located<String>, Vec<Located<String>>)> {
    let table = root.optional("select").and_then(Value::table);
    table
        .map(Table::into_entries)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(item, values)| Some((item, values.list_of_text()?)))
        .collect()
}

fn headers(root: &mut Table<'_>) -> Vec<(Located<String>, Located<String>)> {
    let table = root.optional("headers").and_then(Value::table);
    table
        .map(Table::into_entries)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(item, header)| Some((item, header.located_text()?)))
        .collect()
}

fn removal(mut table: Table<'_>) -> Option<RawRemoval> {
    let mut text = |key| table.required(key).and_then(Value::located_text);
    let (column, present, removed) = (text("column"), text("present"), text("removed"));
    table.finish();
    Some(RawRemoval { column: column?, present: present?, removed: removed? })
}

fn columns(root: &mut Table<'_>, problems: &Problems) -> Option<Vec<RawColumn>> {
    let tables = root.optional("column");
    match (root.optional("items"), tables) {
        (Some(items), Some(_)) => {
            let hint = "a layout lists its columns in one place".to_owned();
            problems.report_with(items.spot(), "both items and [[column]]", hint);
            None
        }
        (Some(items), None) if items.is_text() => {
            items.one_of(&[("all", ())])?;
            let spot = root.spot_of("items");
            let all = Dictionary::standard().items().iter();
            Some(
                all.map(|item| item_column(Located { value: item.id.to_owned(), spot: spot.clone() }))
                    .collect(),
            )
        }
        (Some(items), None) => Some(items.list_of_text()?.into_iter().map(item_column).collect()),
        (None, Some(tables)) => {
            Some(tables.tables()?.into_iter().map(|table| column(table, problems)).collect())
        }
        (None, None) => Some(Vec::new()),
    }
}
