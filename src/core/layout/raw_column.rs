//! One `[[column]]` as it is written.

use renkei_registry::{CheckDigit, FieldKind, Severity};

use crate::declared::{Located, Problems, Spot, Table, Value};

/// One `[[column]]`.
#[derive(Debug)]
pub struct RawColumn {
    /// Where it is declared.
    pub spot: Spot,
    /// What it is to hold.
    pub content: RawContent,
    /// `header`.
    pub header: Option<Located<String>>,
    /// `romaji`.
    pub romaji: Option<Located<String>>,
    /// What its fields must be, as far as it is said here.
    pub field: RawField,
}

/// What a `[[column]]` is to hold.
#[derive(Debug)]
pub enum RawContent {
    /// `item = …`.
    Item(Located<String>),
    /// `field = …`.
    Field(Located<String>),
    /// `text = …`.
    Text(Located<String>),
    /// `content = "removal"`.
    Removal,
    /// Not said, or said twice; reported.
    Unclear,
}

/// Whether a field may be empty, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawPresence {
    /// Part of the key, never empty.
    Key,
    /// Never empty.
    Required,
    /// May be empty.
    Optional,
}

/// What a `[[column]]` says of its fields.
#[derive(Debug, Default)]
pub struct RawField {
    /// `type`.
    pub kind: Option<Located<FieldKind>>,
    /// `max`.
    pub max_chars: Option<Located<u16>>,
    /// `length`.
    pub exact_chars: Option<Located<u16>>,
    /// `presence`.
    pub presence: Option<Located<RawPresence>>,
    /// `codes`.
    pub codes: Option<Located<String>>,
    /// `one_of`, with its place.
    pub one_of: Option<(Spot, Vec<Located<String>>)>,
    /// `also`.
    pub also: Vec<Located<String>>,
    /// `check_digit`.
    pub check_digit: Option<Located<CheckDigit>>,
    /// `severity`.
    pub severity: Option<Located<Severity>>,
}

const PRESENCES: [(&str, RawPresence); 3] =
    [("required", RawPresence::Required), ("optional", RawPresence::Optional), ("key", RawPresence::Key)];
const CHECK_DIGITS: [(&str, CheckDigit); 3] = [
    ("individual_number", CheckDigit::IndividualNumber),
    ("resident_code", CheckDigit::ResidentCode),
    ("municipality", CheckDigit::Municipality),
];
pub(super) const SEVERITIES: [(&str, Severity); 2] =
    [("error", Severity::Error), ("warning", Severity::Warning)];

impl RawField {
    fn take(table: &mut Table<'_>) -> Self {
        Self {
            kind: table
                .optional("type")
                .and_then(|value| word(value, &FieldKind::ALL.map(|kind| (kind.as_str(), kind)))),
            max_chars: table.optional("max").and_then(count),
            exact_chars: table.optional("length").and_then(count),
            presence: table.optional("presence").and_then(|value| word(value, &PRESENCES)),
            codes: table.optional("codes").and_then(Value::located_text),
            one_of: table.optional("one_of").and_then(|value| {
                let spot = value.spot().clone();
                value.list_of_text().map(|values| (spot, values))
            }),
            also: table.optional("also").and_then(Value::list_of_text).unwrap_or_default(),
            check_digit: table.optional("check_digit").and_then(|value| word(value, &CHECK_DIGITS)),
            severity: table.optional("severity").and_then(|value| word(value, &SEVERITIES)),
        }
    }

    /// Where something is said that only a field of the layout's own can have, by key.
    pub(super) fn own_only(&self) -> impl Iterator<Item = (&Spot, &'static str)> {
        let spots = [
            (self.kind.as_ref().map(|at| &at.spot), "type"),
            (self.max_chars.as_ref().map(|at| &at.spot), "max"),
            (self.codes.as_ref().map(|at| &at.spot), "codes"),
            (self.one_of.as_ref().map(|(spot, _)| spot), "one_of"),
            (self.check_digit.as_ref().map(|at| &at.spot), "check_digit"),
        ];
        spots.into_iter().filter_map(|(spot, key)| Some((spot?, key)))
    }

    /// Where something is said that any field to be checked can have, by key.
    pub(super) fn shared(&self) -> impl Iterator<Item = (&Spot, &'static str)> {
        let spots = [
            (self.exact_chars.as_ref().map(|at| &at.spot), "length"),
            (self.presence.as_ref().map(|at| &at.spot), "presence"),
            (self.also.first().map(|at| &at.spot), "also"),
            (self.severity.as_ref().map(|at| &at.spot), "severity"),
        ];
        spots.into_iter().filter_map(|(spot, key)| Some((spot?, key)))
    }
}

pub(super) fn word<T: Clone>(value: Value<'_>, words: &[(&str, T)]) -> Option<Located<T>> {
    let spot = value.spot().clone();
    value.one_of(words).map(|value| Located { value, spot })
}

/// A number of characters.
fn count(value: Value<'_>) -> Option<Located<u16>> {
    const MOST: u64 = 10_000;
    let spot = value.spot().clone();
    let count = value.integer_in(1..=MOST)?;
    u16::try_from(count).ok().map(|value| Located { value, spot })
}

pub(super) fn item_column(item: Located<String>) -> RawColumn {
    RawColumn {
        spot: item.spot.clone(),
        content: RawContent::Item(item),
        header: None,
        romaji: None,
        field: RawField::default(),
    }
}

pub(super) fn column(mut table: Table<'_>, problems: &Problems) -> RawColumn {
    let spot = table.spot().clone();
    let mut text = |key| table.optional(key).and_then(Value::located_text);
    let (item, own, constant) = (text("item"), text("field"), text("text"));
    let (header, romaji) = (text("header"), text("romaji"));
    let mark = table.optional("content").and_then(|value| value.one_of(&[("removal", ())]));
    let content = match (item, own, constant, mark) {
        (Some(item), None, None, None) => RawContent::Item(item),
        (None, Some(name), None, None) => RawContent::Field(name),
        (None, None, Some(constant), None) => RawContent::Text(constant),
        (None, None, None, Some(())) => RawContent::Removal,
        _ => {
            let hint = "item = \"…\", field = \"…\", text = \"…\" or content = \"removal\"".to_owned();
            problems.report_with(&spot, "a column holds exactly one thing", hint);
            RawContent::Unclear
        }
    };
    let field = RawField::take(&mut table);
    table.finish();
    RawColumn { spot, content, header, romaji, field }
}
