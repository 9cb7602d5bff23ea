//! The texts of a case, by field.

use std::collections::BTreeMap;
use std::fmt;

use renkei_registry::{ItemNo, Values};
use serde::{Deserialize, Serialize};

use super::field::{Field, OwnField};
use super::kind::CaseKind;

/// The texts of a case that are not empty.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Content {
    texts: BTreeMap<Field, Box<str>>,
}

/// Something wrong with a text, or a text that is missing. Carries no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentIssue {
    /// The field.
    pub field: Field,
    /// The rule, as a word.
    pub rule: &'static str,
    /// True when it only warns.
    pub is_warning: bool,
}

impl Content {
    /// Sets a field; an empty text clears it.
    pub fn set(&mut self, field: Field, text: &str) {
        if text.is_empty() {
            self.texts.remove(&field);
        } else {
            self.texts.insert(field, text.into());
        }
    }

    /// A field's text; empty where there is none.
    pub fn text(&self, field: Field) -> &str {
        self.texts.get(&field).map_or("", |text| text)
    }

    /// The text of one of a notification's own fields.
    pub fn own(&self, own: OwnField) -> &str {
        self.text(Field::Own(own))
    }

    /// All fields that have a text, standard items first, in the list's order.
    pub fn fields(&self) -> impl Iterator<Item = (Field, &str)> {
        self.texts.iter().map(|(field, text)| (*field, &**text))
    }

    /// True when nothing has a text.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The same with the fields of `other` in place of its own.
    #[must_use]
    pub fn with(&self, other: &[(Field, Box<str>)]) -> Self {
        let mut content = self.clone();
        for (field, text) in other {
            content.set(*field, text);
        }
        content
    }

    /// True for a person under 支援措置 or 仮支援措置.
    pub fn is_protected(&self) -> bool {
        matches!(self.own(OwnField::Protection), "1" | "2")
    }

    /// What is wrong with it when it comes in: every text against its field's rule, and what a case of this kind
    /// cannot do without. Whether its texts are *true* is for the comparison and the clerk.
    pub fn issues(&self, kind: CaseKind) -> Vec<ContentIssue> {
        let mut issues: Vec<ContentIssue> = Vec::new();
        for (field, text) in self.fields() {
            if let Some((rule, is_error)) = field.check(text) {
                issues.push(ContentIssue { field, rule, is_warning: !is_error });
            }
        }
        let needed: &[&str] = match kind {
            CaseKind::OssMoveOut => &["shimei", "birth_ymd", "ido_todoke_ymd", "tenshutsu_yotei_ymd"],
            CaseKind::CsMoveIn => &["shimei", "birth_ymd", "seibetsu"],
        };
        let needed = needed.iter().filter_map(|id| Field::of_id(id));
        issues.extend(needed.filter(|field| self.text(*field).is_empty()).map(|field| ContentIssue {
            field,
            rule: "missing",
            is_warning: false,
        }));
        issues
    }
}

impl Values for Content {
    fn get(&self, item: ItemNo) -> &str {
        self.text(Field::Item(item))
    }
}

impl From<Content> for BTreeMap<String, String> {
    fn from(content: Content) -> Self {
        let texts = content.texts.into_iter();
        texts.map(|(field, text)| (field.id().to_owned(), text.into_string())).collect()
    }
}

/// A field that no program of this version knows. It is not named: it may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a case has a field of an unknown name")]
pub struct UnknownField;

impl TryFrom<BTreeMap<String, String>> for Content {
    type Error = UnknownField;

    fn try_from(texts: BTreeMap<String, String>) -> Result<Self, UnknownField> {
        let mut content = Self::default();
        for (name, text) in texts {
            content.set(Field::find(&name).ok_or(UnknownField)?, &text);
        }
        Ok(content)
    }
}

/// Shows how much there is: the rest is personal.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} fields)", self.texts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(texts: &[(&str, &str)]) -> Content {
        let mut content = Content::default();
        for (name, text) in texts {
            content.set(Field::find(name).unwrap(), text);
        }
        content
    }

    #[test]
    fn all_issues_are_found_at_once() {
        let found =
            content(&[("birth_ymd", "1989/01/08"), ("juminhyo_cd", "12345678901"), ("氏名", "山田　太郎")]);
        let issues = found.issues(CaseKind::OssMoveOut);
        let told: Vec<_> =
            issues.iter().map(|issue| (issue.field.id(), issue.rule, issue.is_warning)).collect();
        assert_eq!(
            told,
            [
                ("juminhyo_cd", "wrong-check-digit", true),
                ("birth_ymd", "not-date", false),
                ("ido_todoke_ymd", "missing", false),
                ("tenshutsu_yotei_ymd", "missing", false),
            ]
        );
        assert!(
            content(&[("shimei", "山田　太郎"), ("birth_ymd", "1989-01-08"), ("seibetsu", "1")])
                .issues(CaseKind::CsMoveIn)
                .is_empty()
        );
    }

    #[test]
    fn it_reads_back_what_it_writes_and_shows_nothing() {
        let content = content(&[
            ("shimei", "𠮷野　\"花\"<b>"),
            ("tenshutsusaki_jusho", "東京都"),
            ("tokurei_flg", "1"),
        ]);
        let text = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&text).unwrap(), content);
        assert!(
            serde_json::from_str::<Content>(r#"{"山田": "1"}"#)
                .is_err_and(|e| !e.to_string().contains("山田"))
        );
        assert_eq!(format!("{content:?}"), "Content(3 fields)");
        let cleared = content.with(&[(Field::find("shimei").unwrap(), "".into())]);
        assert_eq!(cleared.text(Field::find("shimei").unwrap()), "");
    }
}
