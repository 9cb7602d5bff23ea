//! Cards in TOML: those of what is sent as `[[destination]]` of `hub.toml`, those of what is received as `[[received]]`.

use std::fmt::Write as _;

use super::card::{Card, CardKind, read_cards, write_cards};
use crate::declared::{Declaration, Located, Problems, Table, Value};

/// The key of a card that is a secret: it is never written out. A file that is sent by its id needs it only in HULFT's own
/// definition.
pub const SECRET_KEY: &str = "PASSWORD";

/// The cards without their secrets, and how many had one.
pub fn without_secrets(cards: Vec<Card>) -> (Vec<Card>, usize) {
    let mut n_secrets = 0;
    let plain = cards.into_iter().map(|mut card| {
        let n_before = card.fields.len();
        card.fields.retain(|(key, _)| key != SECRET_KEY);
        n_secrets += n_before - card.fields.len();
        card
    });
    (plain.collect(), n_secrets)
}

/// Writes cards as TOML; a password is left out, with a word on it. What a card does not tell (the system, the program's path) is left to be filled in, and is
/// refused by `renkei check` until it is.
pub fn toml_of_cards(cards: &[Card], system: Option<&str>, program: &str) -> String {
    let mut toml = String::new();
    for card in cards {
        let (table, file_id) = match card.kind {
            CardKind::Send => ("destination", quoted(&card.file_id)),
            CardKind::Receive => ("received", quoted(&card.file_id)),
        };
        let _ = writeln!(toml, "[[{table}]]");
        if card.kind == CardKind::Send {
            let _ = writeln!(toml, "id = {}", quoted(&id_of(&card.file_id)));
            let _ = writeln!(toml, "system = {}", quoted(system.unwrap_or_default()));
            let _ = writeln!(toml, "kind = \"hulft\"\nprogram = {}", quoted(program));
        }
        let _ = writeln!(toml, "file_id = {file_id}\n\n[{table}.card]");
        for (key, value) in &card.fields {
            if key == SECRET_KEY {
                let _ = writeln!(
                    toml,
                    "# {key} is left out: a secret is referred to by file or variable, never written here."
                );
                continue;
            }
            let _ = writeln!(toml, "{key} = {}", quoted(value));
        }
        toml.push('\n');
    }
    toml
}

/// A destination's id from a file id.
fn id_of(file_id: &str) -> String {
    let id: String = file_id.to_ascii_lowercase().replace('_', "-");
    id.trim_start_matches('-').chars().take(40).collect()
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The cards in a TOML file: of its destinations of kind `hulft`, and of `[[received]]`. One that has no
/// `card` has just its file id. `None` where something is wrong, which has been reported.
pub fn cards_of_toml(file: &str, text: &str, problems: &Problems) -> Option<Vec<Card>> {
    let mut root = Declaration::parse(file, text, problems)?;
    let n_problems = problems.len();
    let mut cards = Vec::new();
    let mut take = |kind: CardKind, tables: Vec<Table<'_>>| {
        for mut table in tables {
            let is_other = kind == CardKind::Send
                && table.optional("kind").and_then(Value::text).is_some_and(|kind| kind != "hulft");
            if is_other {
                continue;
            }
            let file_id = table.required("file_id").and_then(Value::located_text);
            let fields = table.optional("card").and_then(Value::table).map(Table::into_entries);
            cards.extend(file_id.and_then(|id| card(kind, &id, fields.unwrap_or_default(), problems)));
        }
    };
    for (key, kind) in [("destination", CardKind::Send), ("received", CardKind::Receive)] {
        take(kind, root.optional(key).and_then(Value::tables).unwrap_or_default());
    }
    (problems.len() == n_problems).then_some(cards)
}

fn card(
    kind: CardKind,
    file_id: &Located<String>,
    fields: Vec<(Located<String>, Value<'_>)>,
    problems: &Problems,
) -> Option<Card> {
    let mut read = Card { kind, file_id: file_id.value.clone(), fields: Vec::new() };
    for (key, value) in fields {
        read.fields.push((key.value, value.text()?));
    }
    // Only what reads back as the same card is a card.
    match read_cards(&write_cards(std::slice::from_ref(&read))) {
        Ok(back) if back == [read.clone()] => Some(read),
        Ok(_) => {
            problems.report(&file_id.spot, "a value cannot be written on a line of a card");
            None
        }
        Err(found) => {
            for problem in found {
                problems.report(&file_id.spot, problem.what);
            }
            None
        }
    }
}
