//! Code tables (コード表) as data, embedded from `data/codes/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One code table: codes with their Japanese names.
#[derive(Debug)]
pub struct CodeTable {
    /// The table's name, `move_reason`.
    pub name: &'static str,
    /// True where the list at hand is known to be all of it; otherwise an unknown code is a warning only.
    pub is_complete: bool,
    entries: BTreeMap<&'static str, CodeEntry>,
}

/// One code of a table.
#[derive(Debug, Clone, Copy)]
pub struct CodeEntry {
    /// The Japanese name.
    pub name_ja: &'static str,
    /// The other columns of the table's line, in order, as they stand.
    rest: &'static str,
}

impl CodeTable {
    /// The table of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        static TABLES: LazyLock<Vec<CodeTable>> = LazyLock::new(tables);
        TABLES.iter().find(|table| table.name == name)
    }

    /// The entry of `code`.
    pub fn get(&self, code: &str) -> Option<&CodeEntry> {
        self.entries.get(code)
    }

    /// All codes in order, with their entries.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, &CodeEntry)> {
        self.entries.iter().map(|(code, entry)| (*code, entry))
    }
}

impl CodeEntry {
    /// The `index`-th column after the name, from 0.
    pub fn column(&self, index: usize) -> Option<&'static str> {
        self.rest.split(',').nth(index)
    }
}

fn tables() -> Vec<CodeTable> {
    let complete = true;
    vec![
        table("resident_kind", complete, include_str!("data/codes/resident_kind.csv")),
        table("resident_status", complete, include_str!("data/codes/resident_status.csv")),
        // 10–20, 29–40 and 60– are not defined yet: met, they pass with a warning (`facts.md` 3.1).
        move_reasons(),
        table("name_priority", complete, include_str!("data/codes/name_priority.csv")),
        table("sex", complete, include_str!("data/codes/sex.csv")),
        table("era", complete, include_str!("data/codes/era.csv")),
        // The list at hand is part of the whole (`facts.md` 3.5).
        table("relationship", !complete, include_str!("data/codes/relationship.csv")),
        table("protection", complete, include_str!("data/codes/protection.csv")),
        table("business", complete, include_str!("data/codes/business.csv")),
    ]
}

/// Reads `code,name_ja,…`.
fn table(name: &'static str, is_complete: bool, text: &'static str) -> CodeTable {
    let entries = text
        .lines()
        .skip(1)
        .filter_map(|line| {
            let (code, rest) = line.split_once(',')?;
            let (name_ja, rest) = rest.split_once(',').unwrap_or((rest, ""));
            Some((code, CodeEntry { name_ja, rest }))
        })
        .collect();
    CodeTable { name, is_complete, entries }
}

/// Reads `code,effect,name_ja,name_en`; the effect becomes the first column after the name.
fn move_reasons() -> CodeTable {
    let entries = include_str!("data/codes/move_reason.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.splitn(3, ',');
            let (code, effect, names) = (fields.next()?, fields.next()?, fields.next()?);
            let (name_ja, _name_en) = names.split_once(',').unwrap_or((names, ""));
            Some((code, CodeEntry { name_ja, rest: effect }))
        })
        .collect();
    CodeTable { name: "move_reason", is_complete: false, entries }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_what_the_data_says() {
        let reasons = CodeTable::find("move_reason").unwrap();
        assert_eq!(reasons.entries().count(), 36);
        assert_eq!(reasons.get("23").unwrap().name_ja, "死亡");
        assert_eq!(reasons.get("23").unwrap().column(0), Some("remove"));
        assert_eq!(CodeTable::find("business").unwrap().get("014").unwrap().name_ja, "収納管理（税務）");
        assert_eq!(CodeTable::find("relationship").unwrap().get("2X").unwrap().name_ja, "子（区分つき）");
        assert!(CodeTable::find("no such table").is_none());
    }
}
