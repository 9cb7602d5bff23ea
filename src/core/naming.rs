//! Names of published files: a declared template for the stem, fixed endings.
//!
//! The standard's own naming is not public, so a municipality can declare it (`facts.md` 4.2). Names carry
//! times only to be told apart by people; nothing reads a time from a name.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDateTime;

use crate::file_name::FileName;
use crate::ids::{Branch, FeedId, IdError, InterfaceId, Sequence, Version};
use crate::publication::Kind;

/// The end of a data file's name.
pub const DATA_ENDING: &str = ".csv";
/// The end of a notice's name.
pub const NOTICE_ENDING: &str = ".done";
/// The end of the name of a report on degraded characters.
pub const DEGRADED_ENDING: &str = ".degraded.csv";

/// A template for the common start of a publication's file names.
///
/// Fields in braces: `municipality`, `interface`, `branch`, `version`, `feed`, `kind` (F, D, S or A), `time`
/// (yyyymmddHHMMSS) and `sequence`, the last with a least width: `{sequence:4}`. `kind`, `time` and
/// `sequence` must occur, so that no two publications of a feed share a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StemTemplate {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Municipality,
    Interface,
    Branch,
    Version,
    Feed,
    Kind,
    Time,
    Sequence { width: usize },
}

/// What a stem is made of.
#[derive(Debug, Clone, Copy)]
pub struct StemValues<'a> {
    /// 市区町村コード.
    pub municipality: &'a str,
    /// 連携ID.
    pub interface: &'a InterfaceId,
    /// 枝番.
    pub branch: &'a Branch,
    /// 版数.
    pub version: Version,
    /// The feed.
    pub feed: &'a FeedId,
    /// The content.
    pub kind: Kind,
    /// The wall-clock time of making it.
    pub time: NaiveDateTime,
    /// Its number.
    pub sequence: Sequence,
}

impl StemTemplate {
    /// The template that holds unless another is declared (`design.md`, On disk).
    pub const DEFAULT: &str = "{municipality}_{interface}-{branch}_{kind}_{time}_{sequence:4}";

    /// The stem of one publication.
    pub fn stem(&self, values: &StemValues<'_>) -> Result<FileName, IdError> {
        let mut stem = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => stem.push_str(text),
                Part::Municipality => stem.push_str(values.municipality),
                Part::Interface => stem.push_str(values.interface.as_str()),
                Part::Branch => stem.push_str(values.branch.as_str()),
                Part::Version => stem.push_str(&values.version.to_string()),
                Part::Feed => stem.push_str(values.feed.as_str()),
                Part::Kind => stem.push(values.kind.letter()),
                Part::Time => stem.push_str(&values.time.format("%Y%m%d%H%M%S").to_string()),
                Part::Sequence { width } => {
                    let number = values.sequence.0.to_string();
                    stem.extend(std::iter::repeat_n('0', width.saturating_sub(number.len())));
                    stem.push_str(&number);
                }
            }
        }
        stem.parse()
    }
}

/// The name of a data file: `part` is its number from 1, or `None` where a feed has no part limits.
pub fn data_name(stem: &FileName, part: Option<u32>) -> Result<FileName, IdError> {
    match part {
        Some(part) => format!("{stem}-{part:03}{DATA_ENDING}").parse(),
        None => format!("{stem}{DATA_ENDING}").parse(),
    }
}

/// The name of the notice.
pub fn notice_name(stem: &FileName) -> Result<FileName, IdError> {
    format!("{stem}{NOTICE_ENDING}").parse()
}

/// The name of the report on degraded characters.
pub fn degraded_name(stem: &FileName) -> Result<FileName, IdError> {
    format!("{stem}{DEGRADED_ENDING}").parse()
}

/// The stems that a file of this name may be of: without its ending, and for a data file also without a part's
/// number. Nothing for a name that no published file has.
pub fn stems_of(name: &str) -> impl Iterator<Item = &str> {
    let whole =
        [NOTICE_ENDING, DEGRADED_ENDING, DATA_ENDING].iter().find_map(|ending| name.strip_suffix(ending));
    let is_data = name.ends_with(DATA_ENDING) && !name.ends_with(DEGRADED_ENDING);
    let without_part = whole.filter(|_| is_data).and_then(|stem| {
        let (stem, part) = stem.rsplit_once('-')?;
        (part.len() >= 3 && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(stem)
    });
    whole.into_iter().chain(without_part)
}

impl FromStr for StemTemplate {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = |expected| IdError { what: "name template", expected, found: text.to_owned() };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (field, after) = after.split_once('}').ok_or_else(|| wrong("a text whose braces close"))?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(part(field).ok_or_else(|| wrong("a text with the fields municipality, interface, branch, version, feed, kind, time and sequence (or sequence:N, N from 1 to 9) in braces"))?);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        let has = |wanted: fn(&Part) -> bool| parts.iter().any(wanted);
        let needed: [fn(&Part) -> bool; 3] = [
            |p| matches!(p, Part::Kind),
            |p| matches!(p, Part::Time),
            |p| matches!(p, Part::Sequence { .. }),
        ];
        if !needed.into_iter().all(has) {
            return Err(wrong("a text with {kind}, {time} and {sequence}, so that names differ"));
        }
        let is_safe = |part: &Part| match part {
            Part::Text(text) => !text.contains(['}', '/', '\\']) && !text.chars().any(char::is_control),
            _ => true,
        };
        if text.starts_with('.') || !parts.iter().all(is_safe) {
            return Err(wrong("a text that makes plain file names"));
        }
        Ok(Self { text: text.to_owned(), parts })
    }
}

fn part(field: &str) -> Option<Part> {
    Some(match field {
        "municipality" => Part::Municipality,
        "interface" => Part::Interface,
        "branch" => Part::Branch,
        "version" => Part::Version,
        "feed" => Part::Feed,
        "kind" => Part::Kind,
        "time" => Part::Time,
        "sequence" => Part::Sequence { width: 1 },
        _ => {
            let width = field.strip_prefix("sequence:")?.parse().ok()?;
            (1..=9).contains(&width).then_some(Part::Sequence { width })?
        }
    })
}

impl fmt::Display for StemTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(template: &str) -> String {
        let (interface, branch) = ("001o005".parse().unwrap(), "00".parse().unwrap());
        let feed = "001o005-v1.1".parse().unwrap();
        let values = StemValues {
            municipality: "082201",
            interface: &interface,
            branch: &branch,
            version: "1.1".parse().unwrap(),
            feed: &feed,
            kind: Kind::Diff,
            time: "2026-10-02T01:30:00".parse().unwrap(),
            sequence: Sequence(7),
        };
        template.parse::<StemTemplate>().unwrap().stem(&values).unwrap().to_string()
    }

    #[test]
    fn the_default_is_the_design_s() {
        assert_eq!(stem(StemTemplate::DEFAULT), "082201_001o005-00_D_20261002013000_0007");
        let name = stem(StemTemplate::DEFAULT).parse().unwrap();
        assert_eq!(data_name(&name, None).unwrap().as_str(), "082201_001o005-00_D_20261002013000_0007.csv");
        assert_eq!(
            data_name(&name, Some(2)).unwrap().as_str(),
            "082201_001o005-00_D_20261002013000_0007-002.csv"
        );
        assert_eq!(notice_name(&name).unwrap().as_str(), "082201_001o005-00_D_20261002013000_0007.done");
    }

    #[test]
    fn a_name_leads_back_to_its_stem() {
        let check =
            |name: &str, expect: &[&str]| assert_eq!(stems_of(name).collect::<Vec<_>>(), expect, "{name}");
        check("a_D_1_0007.done", &["a_D_1_0007"]);
        check("a_D_1_0007.csv", &["a_D_1_0007"]);
        check("a_D_1_0007.degraded.csv", &["a_D_1_0007"]);
        check("a_D_1_0007-002.csv", &["a_D_1_0007-002", "a_D_1_0007"]);
        check("a_D_1_0007-12.csv", &["a_D_1_0007-12"]);
        check("a-002.done", &["a-002"]);
        check("a.txt", &[]);
    }

    #[test]
    fn other_templates_are_taken_and_unsafe_ones_are_not() {
        assert_eq!(
            stem("住基{feed}.{version}{kind}{time}-{sequence}"),
            "住基001o005-v1.1.1.1D20261002013000-7"
        );
        for wrong in [
            "",
            "x",
            "{kind}{time}",
            "{kind}{sequence}",
            "{time}{sequence}",
            "{kind}{time}{sequence:0}",
            "{kind}{time}{sequence:10}",
            "../{kind}{time}{sequence}",
            "a/{kind}{time}{sequence}",
            ".{kind}{time}{sequence}",
            "{kind}{time}{sequence",
            "{kind}{time}{sequence}}",
            "{kind}{time}{sequence}{shimei}",
        ] {
            assert!(wrong.parse::<StemTemplate>().is_err(), "{wrong}");
        }
    }
}
