//! Checking what a column says of its fields.

use renkei_registry::{CheckDigit, CodeTable, FieldCheck, FieldKind, FieldRule, Item, Severity};

use super::raw_column::{RawField, RawPresence};
use super::types::ItemOverrides;
use crate::declared::{Located, Problems, Spot};

/// The rule of a field of the layout's own; `None` where its type was not said.
pub(super) fn own(spot: &Spot, raw: &RawField, problems: &Problems) -> Option<FieldRule> {
    let Some(kind) = raw.kind.as_ref().map(|kind| kind.value) else {
        let kinds = FieldKind::ALL.map(FieldKind::as_str).join("\", \"");
        problems.report_with(spot, "a field needs type = \"…\"", format!("one of \"{kinds}\""));
        return None;
    };
    let codes = raw.codes.as_ref().and_then(|name| code_table(name, problems));
    let one_of = raw.one_of.as_ref().map(|(_, values)| values.as_slice()).unwrap_or_default();
    if let Some((at, values)) = &raw.one_of {
        if values.is_empty() {
            problems.report(at, "no field could be one of an empty list");
        }
        if raw.codes.is_some() {
            problems.report(at, "both codes and one_of");
        }
    }
    check_lengths(spot, kind, raw, problems);
    if kind == FieldKind::Code && raw.codes.is_none() && raw.one_of.is_none() {
        problems.report_with(spot, "a code needs its codes", "codes = \"…\" or one_of = [\"…\"]".to_owned());
    }
    if let Some(digit) = &raw.check_digit
        && kind != FieldKind::Digits
    {
        problems.report(&digit.spot, "only type = \"digits\" has a check digit");
    }
    let rule = FieldRule {
        kind,
        max_chars: raw.max_chars.as_ref().map(|max| max.value),
        exact_chars: raw.exact_chars.as_ref().map(|length| length.value),
        is_required: raw.presence.as_ref().is_some_and(|presence| presence.value != RawPresence::Optional),
        codes,
        one_of: texts(one_of),
        also: texts(&raw.also),
        check_digit: raw.check_digit.as_ref().map(|digit| digit.value),
        severity: raw.severity.as_ref().map(|severity| severity.value),
    };
    check_values(&rule, one_of, &raw.also, problems);
    Some(rule)
}

/// What a column says of an item otherwise than the dictionary.
pub(super) fn of_item(item: &Item, raw: &RawField, problems: &Problems) -> ItemOverrides {
    if let (Some(length), Some(most)) = (&raw.exact_chars, item.max_chars)
        && length.value > most
    {
        problems.report(&length.spot, format!("the dictionary has {most} characters at most for the item"));
    }
    for (spot, key) in raw.own_only() {
        let hint = "field = \"…\" declares a column of the layout's own".to_owned();
        problems.report_with(spot, format!("the dictionary says {key} for an item"), hint);
    }
    check_marks(&raw.also, problems);
    ItemOverrides {
        exact_chars: raw.exact_chars.as_ref().map(|length| length.value),
        severity: raw.severity.as_ref().map(|severity| severity.value),
        is_required: raw.presence.as_ref().map(|presence| presence.value != RawPresence::Optional),
        also: texts(&raw.also),
    }
}

/// Constants and marks are not checked by a field's rules.
pub(super) fn of_neither(raw: &RawField, problems: &Problems) {
    for (spot, key) in raw.own_only().chain(raw.shared()) {
        problems.report(spot, format!("{key} is for items and fields"));
    }
}

fn texts(values: &[Located<String>]) -> Vec<String> {
    values.iter().map(|value| value.value.clone()).collect()
}

fn code_table(name: &Located<String>, problems: &Problems) -> Option<&'static CodeTable> {
    let found = CodeTable::find(&name.value);
    if found.is_none() {
        let hint = crate::declared::did_you_mean(&name.value, CodeTable::names());
        problems.report_with(&name.spot, format!("unknown code table {:?}", name.value), hint);
    }
    found
}

fn check_lengths(spot: &Spot, kind: FieldKind, raw: &RawField, problems: &Problems) {
    if let (Some(_), Some(length)) = (&raw.max_chars, &raw.exact_chars) {
        problems.report(&length.spot, "both max and length");
    }
    let given = raw.max_chars.as_ref().or(raw.exact_chars.as_ref());
    match kind {
        FieldKind::Digits | FieldKind::Text if given.is_none() => {
            let message = format!("type = {:?} needs max or length", kind.as_str());
            problems.report_with(spot, message, "so that no field takes more room than it has".to_owned());
        }
        FieldKind::Date
        | FieldKind::CompactDate
        | FieldKind::Timestamp
        | FieldKind::Time
        | FieldKind::Flag => {
            if let Some(given) = given {
                problems.report(&given.spot, format!("type = {:?} has its own length", kind.as_str()));
            }
        }
        FieldKind::Digits | FieldKind::Text | FieldKind::Integer | FieldKind::Code => {}
    }
    let needed = raw.check_digit.as_ref().map(|digit| match digit.value {
        CheckDigit::IndividualNumber => 12,
        CheckDigit::ResidentCode => 11,
        CheckDigit::Municipality => 6,
    });
    if let (Some(needed), Some(given)) = (needed, given)
        && given.value != needed
    {
        problems.report(&given.spot, format!("a number with this check digit has {needed} digits"));
    }
}

/// The values of a list must be ones the field could have without it.
fn check_values(rule: &FieldRule, one_of: &[Located<String>], also: &[Located<String>], problems: &Problems) {
    let bare = FieldRule { one_of: Vec::new(), also: Vec::new(), codes: None, ..rule.clone() };
    let check = FieldCheck::new(&FieldRule { severity: Some(Severity::Error), ..bare }, None);
    for value in one_of {
        match check.issue(&value.value) {
            Some((broken, _)) => problems.report(&value.spot, format!("no field could be this: {broken}")),
            None if value.value.is_empty() => {
                let hint = "presence = \"optional\"".to_owned();
                problems.report_with(&value.spot, "an empty field is no value", hint);
            }
            None => {}
        }
    }
    check_marks(also, problems);
}

fn check_marks(also: &[Located<String>], problems: &Problems) {
    for value in also {
        if value.value.is_empty() || value.value.chars().any(char::is_control) {
            problems.report(&value.spot, "a value that passes is not empty and has no control characters");
        }
    }
}
