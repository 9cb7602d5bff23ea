//! Finding the person a case is about: by 宛名番号 if one is given, else by 住民票コード, 個人番号, or name, day of
//! birth and sex, in this order; the first way that finds anybody counts.

use renkei_registry::{AtenaNo, ItemNo, Row, Values};
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::field::Field;
use super::kind::CaseKind;

/// By what a person was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// 宛名番号.
    AtenaNo,
    /// 住民票コード.
    ResidentCode,
    /// 個人番号.
    IndividualNumber,
    /// 氏名, 生年月日 and 性別.
    Person,
}

/// Rows of one way that are kept; more than one is ambiguous already.
const MOST: usize = 3;

/// A search for one case, which is shown the registry's latest rows one after the other.
#[derive(Clone)]
pub struct Search {
    kind: CaseKind,
    atena_no: Option<AtenaNo>,
    keys: [String; 2],
    person: [String; 3],
    found: [Vec<Row>; 4],
}

impl Search {
    /// The search for a case of this content.
    pub fn new(kind: CaseKind, content: &Content) -> Self {
        let text = |item| content.get(item).to_owned();
        let named = |id| Field::of_id(id).map(|field| content.text(field).to_owned()).unwrap_or_default();
        Self {
            kind,
            atena_no: content.get(ItemNo::ATENA_NO).parse().ok(),
            keys: [text(ItemNo::JUMINHYO_CD), text(ItemNo::KOJIN_BANGO)],
            person: [named("shimei"), text(ItemNo::BIRTH_YMD), named("seibetsu")],
            found: Default::default(),
        }
    }

    /// The 宛名番号 given. Of a move-out it decides alone, so that the registry need not be read for the others.
    pub fn atena_no(&self) -> Option<AtenaNo> {
        self.atena_no
    }

    /// True when one resident's row is all it needs.
    pub fn is_by_atena_no_alone(&self) -> bool {
        self.atena_no.is_some() && self.kind == CaseKind::OssMoveOut
    }

    /// True when it needs rows with 個人番号 in clear.
    pub fn needs_numbers(&self) -> bool {
        !self.keys[1].is_empty() && !self.is_by_atena_no_alone()
    }

    /// Looks at a latest row.
    pub fn look_at(&mut self, row: &impl Values) {
        let item = |id| Field::of_id(id).and_then(Field::item).map_or("", |item| row.get(item));
        let is_key = |key: &str, item| !key.is_empty() && row.get(item) == key;
        let [name, born, sex] = &self.person;
        let is_sex = sex.is_empty() || item("seibetsu") == sex.as_str();
        let fits = [
            self.atena_no.is_some() && row.get(ItemNo::ATENA_NO).parse().ok() == self.atena_no,
            is_key(&self.keys[0], ItemNo::JUMINHYO_CD),
            is_key(&self.keys[1], ItemNo::KOJIN_BANGO),
            is_key(born, ItemNo::BIRTH_YMD) && !name.is_empty() && item("shimei") == name.as_str() && is_sex,
        ];
        for (rows, _) in self.found.iter_mut().zip(fits).filter(|(rows, fits)| *fits && rows.len() < MOST) {
            rows.push(Row::from_values(row));
        }
    }

    /// Forgets the rows found and gives whose they were, so that they can be looked at once more.
    pub fn take_found(&mut self) -> Vec<AtenaNo> {
        let rows = std::mem::take(&mut self.found);
        let mut numbers: Vec<AtenaNo> =
            rows.iter().flatten().filter_map(|row| row.get(ItemNo::ATENA_NO).parse().ok()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Who was found, and how; nobody where no way found anybody.
    pub fn found(&self) -> (Option<FoundBy>, &[Row]) {
        const WAYS: [FoundBy; 4] =
            [FoundBy::AtenaNo, FoundBy::ResidentCode, FoundBy::IndividualNumber, FoundBy::Person];
        for (way, rows) in WAYS.into_iter().zip(&self.found) {
            let is_last_word = way == FoundBy::AtenaNo && self.is_by_atena_no_alone();
            if !rows.is_empty() || is_last_word {
                return ((!rows.is_empty()).then_some(way), rows);
            }
        }
        (None, &[])
    }
}

/// Shows nothing of whom it looks for.
impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Search({})", self.kind)
    }
}
