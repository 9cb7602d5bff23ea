//! `[intake.convert]` of `receive.toml`: what values become on their way into the table.

use std::collections::BTreeMap;
use std::path::Path;

use renkei_core::Version;
use renkei_core::declared::{Located, Problems, Spot, Table, Value, did_you_mean};
use renkei_core::layout::Layout;
use renkei_core::receive::{CodeConversion, Conversion};
use renkei_core::text::{CharacterSet, DegradeMap, Encoding};

/// What `[intake.convert]` says.
#[derive(Debug, Default)]
pub(super) struct Conversions {
    pub(super) by_version: BTreeMap<Version, Conversion>,
    /// Where it is declared, if it is.
    pub(super) spot: Option<Spot>,
}

/// The degrade map the program brings along.
const SHIPPED_MAP: (&str, &str) = ("cp932", include_str!("../../../layouts/degrade/cp932.csv"));

/// Takes `[intake.convert]`; what is wrong has been reported.
pub(super) fn take(
    intake: &mut Table<'_>,
    layouts: &[&Layout],
    folder: &Path,
    problems: &Problems,
) -> Conversions {
    let Some(mut table) = intake.optional("convert").and_then(Value::table) else {
        return Conversions::default();
    };
    let spot = table.spot().clone();
    let is_cp932 = table.optional("characters").and_then(|value| value.one_of(&[("cp932", ())])).is_some();
    let degrade_spot = table.spot_of("degrade");
    let degrade = table.optional("degrade").and_then(Value::located_text);
    if degrade.is_some() && !is_cp932 {
        let hint = "characters = \"cp932\"".to_owned();
        problems.report_with(&degrade_spot, "nothing is degraded without a set of characters", hint);
    }
    let codes: Vec<(Located<String>, CodeConversion)> = table
        .optional("codes")
        .and_then(Value::table)
        .map(Table::into_entries)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(column, value)| Some((column, code_table(value.table()?))))
        .collect();
    table.finish();
    let mut by_version = BTreeMap::new();
    for layout in layouts {
        let mut conversion = Conversion::default();
        for (column, table) in &codes {
            match layout.find_column(&column.value) {
                Some(index) if layout.key_columns.contains(&index) => {
                    problems
                        .report(&column.spot, "a column of the key is not converted: rows are known by it");
                }
                Some(index) => {
                    conversion.codes.insert(index, table.clone());
                }
                None => {
                    let names = layout.columns.iter().map(|column| column.header_romaji.as_str());
                    let hint = did_you_mean(&column.value, names);
                    let message = format!("version {} has no column {:?}", layout.version, column.value);
                    problems.report_with(&column.spot, message, hint);
                }
            }
        }
        if is_cp932 {
            let map = degrade.as_ref().and_then(|name| degrade_map(name, folder, problems));
            conversion.characters = Some(CharacterSet::new(Encoding::Cp932, map));
        }
        by_version.insert(layout.version, conversion);
    }
    Conversions { by_version, spot: Some(spot) }
}

/// Codes by code, and `otherwise`: `refuse` (default) or `keep`.
fn code_table(mut table: Table<'_>) -> CodeConversion {
    let otherwise =
        table.optional("otherwise").and_then(|value| value.one_of(&[("refuse", false), ("keep", true)]));
    let entries = table.into_entries();
    let to = entries.into_iter().filter_map(|(from, to)| Some((from.value, to.text()?))).collect();
    CodeConversion { to, keeps_others: otherwise.unwrap_or(false) }
}

/// A map of `layouts/degrade/` beside the declaration, else the shipped one.
fn degrade_map(name: &Located<String>, folder: &Path, problems: &Problems) -> Option<DegradeMap> {
    let file = format!("layouts/degrade/{}.csv", name.value);
    let is_name = name.value.parse::<renkei_core::FileName>().is_ok();
    let bytes = match std::fs::read(folder.join(&file)) {
        Ok(bytes) if is_name => bytes,
        _ if name.value == SHIPPED_MAP.0 => SHIPPED_MAP.1.as_bytes().to_vec(),
        _ => {
            problems.report_with(
                &name.spot,
                format!("no file {file}"),
                Some("degrade = \"cp932\"".to_owned()),
            );
            return None;
        }
    };
    match DegradeMap::parse(&name.value, &bytes, Encoding::Cp932) {
        Ok(map) => Some(map),
        Err(error) => {
            let start = Spot::of_file(&file);
            for problem in error.problems {
                let line = usize::try_from(problem.line_no).unwrap_or(usize::MAX);
                problems.report(&Spot { line, ..start.clone() }, problem.flaw.to_string());
            }
            None
        }
    }
}
