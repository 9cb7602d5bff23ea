//! A table of a declaration, and the start of a declaration: its root table.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problems, Spot};
use super::source::{Source, join};
use super::suggestion::did_you_mean;
use super::value::{Located, Value};

/// A whole TOML file.
#[derive(Debug)]
pub struct Declaration;

impl Declaration {
    /// Parses a file's text. Every syntax error is reported; after one there is no table, because what a
    /// broken text was meant to say can only be guessed at.
    pub fn parse<'t>(file: &str, text: &'t str, problems: &'t Problems) -> Option<Table<'t>> {
        let source = Source::new(file, text);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let offset = error.span().map_or(0, |span| span.start);
            let message = error.message().replace('\n', ", ").replace(", expected nothing", "");
            problems.report(&source.spot(offset, String::new()), format!("not TOML: {message}"));
        }
        let spot = source.spot(0, String::new());
        errors.is_empty().then(|| Table::new(source, problems, spot, root.into_inner()))
    }
}

/// One table. Keys are taken out as they are read.
#[derive(Debug)]
#[must_use = "finish() reports the keys nobody read"]
pub struct Table<'t> {
    source: Source<'t>,
    problems: &'t Problems,
    spot: Spot,
    spots: BTreeMap<String, Spot>,
    entries: BTreeMap<String, Entry<'t>>,
    asked: Vec<String>,
}

#[derive(Debug)]
struct Entry<'t> {
    key_offset: usize,
    value: Spanned<DeValue<'t>>,
}

impl<'t> Table<'t> {
    pub(super) fn new(source: Source<'t>, problems: &'t Problems, spot: Spot, table: DeTable<'t>) -> Self {
        let mut entries = BTreeMap::new();
        let mut spots = BTreeMap::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            spots.insert(name.clone(), source.spot(value.span().start, join(&spot.path, &name)));
            entries.insert(name, Entry { key_offset: key.span().start, value });
        }
        Self { source, problems, spot, spots, entries, asked: Vec::new() }
    }

    /// Where the table is.
    pub fn spot(&self) -> &Spot {
        &self.spot
    }

    /// Where the value of `key` is or was; for a key that is not there, the table itself, by the key's path.
    pub fn spot_of(&self, key: &str) -> Spot {
        self.spots
            .get(key)
            .cloned()
            .unwrap_or_else(|| Spot { path: join(&self.spot.path, key), ..self.spot.clone() })
    }

    /// True when the key is there and not yet taken.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Takes the value of a key that may be missing.
    pub fn optional(&mut self, key: &str) -> Option<Value<'t>> {
        self.asked.push(key.to_owned());
        let entry = self.entries.remove(key)?;
        Some(Value::new(self.source.clone(), self.problems, self.spot_of(key), entry.value.into_inner()))
    }

    /// Takes the value of a key; one that is missing is a problem.
    pub fn required(&mut self, key: &str) -> Option<Value<'t>> {
        let value = self.optional(key);
        if value.is_none() {
            self.problems.report(&self.spot_of(key), "missing");
        }
        value
    }

    /// Takes all keys that are left, in the order they are written: for tables whose keys are data.
    pub fn into_entries(mut self) -> Vec<(Located<String>, Value<'t>)> {
        let mut entries: Vec<_> = std::mem::take(&mut self.entries).into_iter().collect();
        entries.sort_by_key(|(_, entry)| entry.key_offset);
        entries
            .into_iter()
            .map(|(key, entry)| {
                let spot = self.source.spot(entry.key_offset, join(&self.spot.path, &key));
                let value_spot = self.spot_of(&key);
                let value =
                    Value::new(self.source.clone(), self.problems, value_spot, entry.value.into_inner());
                (Located { value: key, spot }, value)
            })
            .collect()
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self) {
        for (key, entry) in &self.entries {
            let spot = self.source.spot(entry.key_offset, join(&self.spot.path, key));
            if let Some(hint) = secret_hint(key, &self.asked) {
                self.problems.report_with(&spot, "a secret does not belong into this file", Some(hint));
                continue;
            }
            let hint = did_you_mean(key, self.asked.iter().map(String::as_str));
            self.problems.report_with(&spot, "unknown key", hint);
        }
    }
}

/// How it is done right where a key's name says that its value is the secret itself.
fn secret_hint(key: &str, asked: &[String]) -> Option<String> {
    const WORDS: [&str; 7] =
        ["password", "passwd", "passphrase", "secret", "token", "private_key", "number_key"];
    let key = key.to_ascii_lowercase();
    let word = WORDS.iter().find(|word| key == **word || key.ends_with(&format!("_{word}")))?;
    let of_file = |name: &str| asked.iter().any(|asked| asked == name);
    let reference = [format!("{key}_file"), format!("{word}_file")].into_iter().find(|name| of_file(name));
    let known = asked.iter().find(|asked| asked.ends_with("password_file") || asked.ends_with("key_file"));
    let reference = reference.or_else(|| known.cloned());
    let put = "put it into a file by `renkei secret set NAME`";
    Some(reference.map_or_else(
        || format!("{put}, outside this file"),
        |reference| format!("{put} and write {reference} = \"secrets/NAME\""),
    ))
}
