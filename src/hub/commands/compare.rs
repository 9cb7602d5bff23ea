//! `renkei compare`.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use renkei_core::csv_file::{Newline, Quote, write_record};
use renkei_core::layout::{FileFormat, Layout};
use renkei_core::naming::NOTICE_ENDING;
use renkei_core::notice::{MAX_BYTES, Notice};
use renkei_core::projection::column_name;
use renkei_engine::compare::{Comparison, Difference, DifferenceKind, Side, compare};
use renkei_engine::{Beside as _, Clock as _, EngineError};
use serde_json::{Value, json};

use super::input_file::label;
use crate::board::grouped;
use crate::clock::HubClock;
use crate::conform::{Folder, KnownLayouts};
use crate::console::{Lang, TextTable};
use crate::{Exit, Failure, HubError, Session, issues};

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

/// As much of a file as shows its header row.
const HEADER_BYTES: u64 = 64 * 1024;

/// One of the two, opened.
struct Given {
    folder: Folder,
    names: Vec<renkei_core::FileName>,
    n_bytes: u64,
    format: Option<FileFormat>,
    /// The layout that a notice names.
    layout: Option<String>,
}

impl Compare {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let layouts = KnownLayouts::of_session(session)?;
        let (a, b) = (Given::open(&self.a, &layouts)?, Given::open(&self.b, &layouts)?);
        let layout = self.layout_of(&layouts, [&a, &b])?;
        let open_a = |file: usize| a.read(file);
        let open_b = |file: usize| b.read(file);
        let mut values = self.values.as_deref().map(|path| Values::create(path, layout)).transpose()?;
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

    fn layout_of<'l>(&self, layouts: &'l KnownLayouts, given: [&Given; 2]) -> Result<&'l Layout, Failure> {
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
        let mut start = Vec::new();
        let source = |source| EngineError::Input { file: label(&self.a), source };
        a.read(0)?.take(HEADER_BYTES).read_to_end(&mut start).map_err(source)?;
        let found = layouts.of_header(&start, HubClock::system().now().date());
        found.ok_or_else(|| header_failure(&self.a, "no layout has its header row; name one with --layout"))
    }
}

fn header_failure(path: &Path, problem: &str) -> Failure {
    EngineError::Header { file: label(path), problem: problem.to_owned() }.into()
}

impl Given {
    fn open(path: &Path, layouts: &KnownLayouts) -> Result<Self, Failure> {
        let input = |source| EngineError::Input { file: label(path), source };
        let folder = Folder::open(path.parent().unwrap_or(Path::new("")))?;
        let name: renkei_core::FileName = label(path).parse().map_err(EngineError::Name)?;
        if !name.as_str().ends_with(NOTICE_ENDING) {
            let n_bytes = std::fs::metadata(path).map_err(input)?.len();
            return Ok(Self { folder, names: vec![name], n_bytes, format: None, layout: None });
        }
        let mut bytes = Vec::new();
        let most = MAX_BYTES as u64 + 1;
        folder.read(&name)?.take(most).read_to_end(&mut bytes).map_err(input)?;
        let notice = Notice::parse(&bytes)?;
        if notice.kind == renkei_core::publication::Kind::Diff {
            return Err(header_failure(path, "is a diff; two fulls are compared"));
        }
        let layout = layouts.all().find(|(_, layout)| {
            (&layout.interface, &layout.branch, layout.version)
                == (&notice.interface, &notice.branch, notice.version)
        });
        let Some((id, _)) = layout else {
            return Err(header_failure(path, "is of a version that is not known"));
        };
        Ok(Self {
            names: notice.files.iter().map(|file| file.name.clone()).collect(),
            n_bytes: notice.files.iter().map(|file| file.n_bytes).sum(),
            format: notice.file_format.read(),
            layout: Some(id.to_owned()),
            folder,
        })
    }

    fn read(&self, file: usize) -> Result<Box<dyn Read + Send>, EngineError> {
        match self.names.get(file) {
            Some(name) => Ok(self.folder.read(name)?),
            None => Ok(Box::new(std::io::empty())),
        }
    }

    fn side<'s>(
        &self,
        open: &'s dyn Fn(usize) -> Result<Box<dyn Read + Send>, EngineError>,
        layout: &Layout,
    ) -> Side<'s> {
        let format = self.format.unwrap_or(layout.file);
        Side { n_files: self.names.len(), n_bytes: self.n_bytes, format, open }
    }
}

/// All differences with their values: one line for each column that differs, one for a row that only one has.
struct Values<'l> {
    path: PathBuf,
    out: BufWriter<File>,
    layout: &'l Layout,
    line: Vec<u8>,
}

impl<'l> Values<'l> {
    fn create(path: &Path, layout: &'l Layout) -> Result<Self, Failure> {
        // Never over a file that is there, whose mode and readers nobody knows.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|source| HubError::Write { path: path.to_owned(), source })?;
        let line = "\u{feff}".into();
        let mut values = Self { path: path.to_owned(), out: BufWriter::new(file), layout, line };
        values.write(&["kind", "key", "column", "a", "b"])?;
        Ok(values)
    }

    fn take(&mut self, difference: &Difference<'_>) -> Result<(), EngineError> {
        let key = difference.key.join(" ");
        let kind = word(difference.kind);
        let field = |fields: Option<&[String]>, column: usize| {
            fields.and_then(|fields| fields.get(column)).cloned().unwrap_or_default()
        };
        let whole: Vec<usize> = (0..self.layout.columns.len()).collect();
        let columns = if difference.columns.is_empty() { whole.as_slice() } else { difference.columns };
        for column in columns {
            let (a, b) = (field(difference.a, *column), field(difference.b, *column));
            self.write(&[kind, &key, column_name(self.layout, *column), &a, &b])?;
        }
        Ok(())
    }

    fn write(&mut self, fields: &[&str]) -> Result<(), EngineError> {
        let bytes = fields.iter().map(|field| field.as_bytes());
        // Every field may stand in quotes, so none can fail.
        let _never = write_record(&mut self.line, bytes, Quote::Always, Newline::CrLf);
        let written = self.out.write_all(&self.line);
        self.line.clear();
        written.map_err(|source| EngineError::Input { file: label(&self.path), source })
    }

    fn finish(mut self) -> Result<(), Failure> {
        let written = self.out.flush();
        Ok(written.map_err(|source| HubError::Write { path: self.path, source })?)
    }
}

const fn word(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Missing => "missing",
        DifferenceKind::Surplus => "surplus",
        DifferenceKind::Different => "different",
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
