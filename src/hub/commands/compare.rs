//! `renkei compare`.

use std::path::PathBuf;

use clap::Args;
use renkei_core::layout::Layout;
use renkei_core::projection::column_name;
use renkei_engine::compare::{Comparison, compare};
use serde_json::{Value, json};

use crate::board::grouped;
use crate::conform::KnownLayouts;
use crate::console::{Lang, TextTable};
use crate::difference_report::DifferenceReport;
use crate::given_full::{GivenFull, header_failure};
use crate::{Exit, Failure, Session, issues};

/// Compare two fulls of one layout, rows in any order.
///
/// Prints which rows are missing from B, surplus in B, or different, by key and column name, and counts by column;
/// values go only into the file of --values. Exit code 1 when anything differs.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The one: a full's notice (.done), or a data file.
    a: PathBuf,
    /// The other.
    b: PathBuf,
    /// The layout of data files, such as 024z001-1.0; default: known by the header row.
    #[arg(long, value_name = "ID")]
    layout: Option<String>,
    /// Rows to print, at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// A new file for all differences with their values, for its owner only (mode 0600).
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
}

impl Compare {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let layouts = KnownLayouts::of_session(session)?;
        let (a, b) = (GivenFull::open(&self.a, &layouts)?, GivenFull::open(&self.b, &layouts)?);
        let layout = self.layout_of(&layouts, [&a, &b])?;
        let open_a = |file: usize| a.read(file);
        let open_b = |file: usize| b.read(file);
        let mut values =
            self.values.as_deref().map(|path| DifferenceReport::create(path, layout)).transpose()?;
        let mut listed: Vec<Value> = Vec::new();
        let limit = self.limit;
        let counts = compare(layout, a.side(&open_a, layout), b.side(&open_b, layout), &mut |difference| {
            if listed.len() < limit {
                let columns: Vec<&str> =
                    difference.columns.iter().map(|column| column_name(layout, *column)).collect();
                listed.push(json!({ "kind": difference.kind, "key": difference.key, "columns": columns }));
            }
            values.as_mut().map_or(Ok(()), |values| values.take(difference))
        })?;
        if let Some(values) = values {
            values.finish()?;
        }
        tell(session, layout, &counts, &listed);
        Ok(if counts.is_same() { Exit::Ok } else { Exit::Issues })
    }

    fn layout_of<'l>(
        &self,
        layouts: &'l KnownLayouts,
        given: [&GivenFull; 2],
    ) -> Result<&'l Layout, Failure> {
        let [a, b] = given;
        let named = self.layout.as_ref().or(a.layout.as_ref()).or(b.layout.as_ref());
        if let (Some(one), Some(other)) = (&a.layout, &b.layout)
            && one != other
        {
            return Err(header_failure(&self.b, &format!("is of layout {other}, not {one}")));
        }
        if let Some(id) = named {
            return Ok(layouts.get(id)?);
        }
        a.layout_of_header(&self.a, layouts)
    }
}

fn tell(session: &Session, layout: &Layout, counts: &Comparison, listed: &[Value]) {
    let console = session.console();
    let lang = console.lang();
    let by_column: Vec<(&str, u64)> = counts
        .n_by_column
        .iter()
        .enumerate()
        .filter(|(_, n)| **n > 0)
        .map(|(column, n)| (column_name(layout, column), *n))
        .collect();
    if console.is_json() {
        let by_column: serde_json::Map<String, Value> =
            by_column.into_iter().map(|(column, n)| (column.to_owned(), json!(n))).collect();
        console.json(&json!({
            "same": counts.is_same(), "rows_a": counts.n_rows_a, "rows_b": counts.n_rows_b,
            "equal": counts.n_equal, "missing": counts.n_missing, "surplus": counts.n_surplus,
            "different": counts.n_different, "duplicate": counts.n_duplicate,
            "columns": by_column, "differences": listed, "issues": counts.issues,
        }));
        return;
    }
    let n = |number: u64| grouped(number);
    console.data(if lang == Lang::Ja {
        format!(
            "A {} 行、B {} 行: 一致 {}、Bにない {}、Bだけ {}、相違 {}、重複 {}",
            n(counts.n_rows_a),
            n(counts.n_rows_b),
            n(counts.n_equal),
            n(counts.n_missing),
            n(counts.n_surplus),
            n(counts.n_different),
            n(counts.n_duplicate)
        )
    } else {
        format!(
            "A {} rows, B {} rows: equal {}, missing from B {}, only in B {}, different {}, duplicate {}",
            n(counts.n_rows_a),
            n(counts.n_rows_b),
            n(counts.n_equal),
            n(counts.n_missing),
            n(counts.n_surplus),
            n(counts.n_different),
            n(counts.n_duplicate)
        )
    });
    if !by_column.is_empty() {
        let mut table = TextTable::new([lang.pick("項目", "column"), lang.pick(">相違", ">different")]);
        for (column, count) in by_column {
            table.row([column.to_owned(), grouped(count)]);
        }
        console.table(&table);
    }
    if !listed.is_empty() {
        let head = [lang.pick("違い", "difference"), lang.pick("キー", "key"), lang.pick("項目", "columns")];
        let mut table = TextTable::new(head);
        let words = |value: &Value| -> String {
            let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            words.collect::<Vec<_>>().join(" ")
        };
        for one in listed {
            let text = |name: &str| one.get(name).cloned().unwrap_or_default();
            table.row([
                text("kind").as_str().unwrap_or_default().to_owned(),
                words(&text("key")),
                words(&text("columns")),
            ]);
        }
        console.table(&table);
    }
    issues::print(console, &counts.issues);
}
