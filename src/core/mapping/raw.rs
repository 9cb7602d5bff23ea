//! A mapping as it is written.

use super::column::{Otherwise, SourceColumn};
use super::date::DateForm;
use super::fixed::Ending;
use crate::csv_file::{Newline, Quote};
use crate::declared::{Declaration, Located, Problems, Spot, Table, Value};
use crate::text::Encoding;

/// What a mapping file says. A part that is missing or unreadable has been reported.
#[derive(Debug)]
pub struct RawMapping {
    /// `name`.
    pub name: Option<String>,
    /// `layout`.
    pub layout: Option<Located<String>>,
    /// `ignore`.
    pub ignored: Vec<Located<SourceColumn>>,
    /// `[source]`.
    pub source: Option<RawSource>,
    /// `[[column]]`; `None` where unreadable and so reported.
    pub columns: Option<Vec<RawMappedColumn>>,
    /// Where columns are declared, or would be.
    pub columns_spot: Spot,
}

/// `[source]`.
#[derive(Debug)]
pub struct RawSource {
    /// Where it is.
    pub spot: Spot,
    /// `encoding`.
    pub encoding: Option<Encoding>,
    /// `newline`.
    pub newline: Option<Newline>,
    /// `quote`.
    pub quote: Option<Quote>,
    /// `header`.
    pub has_header: Option<bool>,
    /// `columns`.
    pub n_columns: Option<Located<usize>>,
    /// `format` and `widths`, where records have a fixed length.
    pub fixed: Option<RawFixed>,
}

/// What `format = "fixed"` needs.
#[derive(Debug)]
pub struct RawFixed {
    /// Where the format is named.
    pub spot: Spot,
    /// `widths`; `None` where missing or unreadable and so reported.
    pub widths: Option<Vec<usize>>,
    /// `newline`; `None` where missing or unreadable and so reported.
    pub ending: Option<Ending>,
    /// Keys that say something of CSV only.
    pub strange: Vec<(Spot, &'static str)>,
}

/// One `[[column]]`.
#[derive(Debug)]
pub struct RawMappedColumn {
    /// Where it is declared.
    pub spot: Spot,
    /// `to`.
    pub to: Option<Located<String>>,
    /// `from`.
    pub from: Option<Located<SourceColumn>>,
    /// `text`.
    pub text: Option<Located<String>>,
    /// `pad_left`.
    pub pad_left: Option<Located<usize>>,
    /// `date`.
    pub date: Option<Located<DateForm>>,
    /// `codes`.
    pub codes: Option<RawCodes>,
    /// `otherwise`.
    pub otherwise: Option<Located<Otherwise>>,
}

/// `codes`.
#[derive(Debug)]
pub struct RawCodes {
    /// Where the table begins.
    pub spot: Spot,
    /// What the source has, and what the layout gets.
    pub words: Vec<(Located<String>, Located<String>)>,
}

/// Columns a record may have at most; a number above it names none.
const MOST_COLUMNS: u64 = 4_096;

impl RawMapping {
    /// Reads a mapping file's text; `None` when it is no TOML.
    pub fn parse(file: &str, text: &str, problems: &Problems) -> Option<Self> {
        let mut root = Declaration::parse(file, text, problems)?;
        let columns_spot = root.spot_of("column");
        let raw = Self {
            name: root.required("name").and_then(Value::text),
            layout: root.required("layout").and_then(Value::located_text),
            ignored: root
                .optional("ignore")
                .and_then(Value::one_or_more)
                .unwrap_or_default()
                .into_iter()
                .filter_map(source_column)
                .collect(),
            source: root.required("source").and_then(Value::table).map(source),
            columns: root
                .required("column")
                .and_then(Value::tables)
                .map(|tables| tables.into_iter().map(column).collect()),
            columns_spot,
        };
        root.finish();
        Some(raw)
    }
}

fn source(mut table: Table<'_>) -> RawSource {
    const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf8Bom, Encoding::Cp932];
    const NEWLINES: [Newline; 2] = [Newline::CrLf, Newline::Lf];
    const QUOTES: [Quote; 3] = [Quote::Always, Quote::Needed, Quote::Never];
    let spot = table.spot().clone();
    let format_spot = table.spot_of("format");
    let is_fixed =
        table.optional("format").and_then(|value| value.one_of(&[("csv", false), ("fixed", true)]));
    if is_fixed == Some(true) {
        return fixed_source(table, format_spot);
    }
    // Said for the reader of the file; there is no other.
    table.optional("delimiter").and_then(|value| value.one_of(&[("comma", ())]));
    let source = RawSource {
        spot,
        encoding: table
            .required("encoding")
            .and_then(|value| value.one_of(&ENCODINGS.map(|encoding| (encoding.as_str(), encoding)))),
        newline: table
            .optional("newline")
            .and_then(|value| value.one_of(&NEWLINES.map(|newline| (newline.as_str(), newline)))),
        quote: table
            .optional("quote")
            .and_then(|value| value.one_of(&QUOTES.map(|quote| (quote.as_str(), quote)))),
        has_header: table.required("header").and_then(Value::boolean),
        n_columns: table.optional("columns").and_then(number),
        fixed: None,
    };
    table.finish();
    source
}

/// Records of fixed length: no header row, no quotes, and so many columns as there are widths.
fn fixed_source(mut table: Table<'_>, format_spot: Spot) -> RawSource {
    let spot = table.spot().clone();
    let strange = ["delimiter", "quote", "header", "columns"].into_iter().filter_map(|key| {
        let spot = table.spot_of(key);
        table.optional(key).map(|_| (spot, key))
    });
    let strange: Vec<(Spot, &'static str)> = strange.collect();
    let widths_spot = table.spot_of("widths");
    let widths: Option<Vec<Option<Located<usize>>>> = table
        .required("widths")
        .and_then(Value::one_or_more)
        .map(|widths| widths.into_iter().map(number).collect());
    let widths: Option<Vec<usize>> =
        widths.and_then(|widths| widths.into_iter().map(|width| width.map(|width| width.value)).collect());
    let n_columns = widths.as_ref().map(|widths| Located { value: widths.len(), spot: widths_spot });
    let endings = [
        (Newline::CrLf.as_str(), Ending::Newline(Newline::CrLf)),
        (Newline::Lf.as_str(), Ending::Newline(Newline::Lf)),
        ("none", Ending::None),
    ];
    let ending = table.required("newline").and_then(|value| value.one_of(&endings));
    let encodings = [Encoding::Utf8, Encoding::Cp932].map(|encoding| (encoding.as_str(), encoding));
    let encoding = table.required("encoding").and_then(|value| value.one_of(&encodings));
    table.finish();
    RawSource {
        spot,
        encoding,
        newline: None,
        quote: None,
        has_header: Some(false),
        n_columns,
        fixed: Some(RawFixed { spot: format_spot, widths, ending, strange }),
    }
}

fn column(mut table: Table<'_>) -> RawMappedColumn {
    let spot = table.spot().clone();
    let column = RawMappedColumn {
        spot,
        to: table.required("to").and_then(Value::located_text),
        from: table.optional("from").and_then(source_column),
        text: table.optional("text").and_then(Value::located_text),
        pad_left: table.optional("pad_left").and_then(number),
        date: table
            .optional("date")
            .and_then(|value| word(value, &DateForm::ALL.map(|form| (form.as_str(), form)))),
        codes: table.optional("codes").and_then(Value::table).map(|codes| {
            let spot = codes.spot().clone();
            let entries = codes.into_entries().into_iter();
            let words = entries.filter_map(|(from, to)| Some((from, to.located_text()?))).collect();
            RawCodes { spot, words }
        }),
        otherwise: table
            .optional("otherwise")
            .and_then(|value| word(value, &Otherwise::ALL.map(|otherwise| (otherwise.as_str(), otherwise)))),
    };
    table.finish();
    column
}

/// A header, or a number from 1.
fn source_column(value: Value<'_>) -> Option<Located<SourceColumn>> {
    if value.is_text() {
        let Located { value, spot } = value.located_text()?;
        return Some(Located { value: SourceColumn::Header(value), spot });
    }
    let Located { value, spot } = number(value)?;
    Some(Located { value: SourceColumn::Number(value), spot })
}

fn number(value: Value<'_>) -> Option<Located<usize>> {
    let spot = value.spot().clone();
    let number = value.integer_in(1..=MOST_COLUMNS)?;
    usize::try_from(number).ok().map(|value| Located { value, spot })
}

fn word<T: Clone>(value: Value<'_>, words: &[(&str, T)]) -> Option<Located<T>> {
    let spot = value.spot().clone();
    value.one_of(words).map(|value| Located { value, spot })
}
