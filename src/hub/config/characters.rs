//! What a feed's encoding can carry: its degrade map, and the texts of its layout.

use std::sync::Arc;

use renkei_core::declared::{Located, Problems, Spot, did_you_mean};
use renkei_core::feed::Unmappable;
use renkei_core::layout::{Content, FileFormat, HeaderRow, Layout};
use renkei_core::text::{DegradeMap, Encoding};

use super::feed::Known;

/// What `degrade` and `unmappable` say, read for `encoding`. `None` where a problem was reported.
pub(super) fn unmappable(
    degrade: Option<Located<String>>,
    chosen: Option<Located<bool>>,
    encoding: Encoding,
    known: &Known<'_>,
) -> Option<Unmappable> {
    let problems = known.problems;
    let Some(name) = degrade else {
        let Some(chosen) = chosen.filter(|chosen| chosen.value) else { return Some(Unmappable::Stop) };
        let hint = "degrade = \"…\" names a file of layouts/degrade/".to_owned();
        problems.report_with(&chosen.spot, "needs a degrade map", hint);
        return None;
    };
    if encoding != Encoding::Cp932 {
        let message = format!("{encoding} lacks no character, so nothing is degraded");
        problems.report_with(&name.spot, message, "take degrade out".to_owned());
        return None;
    }
    let map = degrade_map(&name, encoding, known)?;
    let stops = chosen.is_some_and(|chosen| !chosen.value);
    Some(if stops { Unmappable::Stop } else { Unmappable::Degrade(Arc::new(map)) })
}

fn degrade_map(name: &Located<String>, encoding: Encoding, known: &Known<'_>) -> Option<DegradeMap> {
    let problems = known.problems;
    let file = format!("layouts/degrade/{}.csv", name.value);
    if !known.degrade_names.contains(&name.value) {
        let hint = did_you_mean(&name.value, known.degrade_names.iter().map(String::as_str));
        problems.report_with(&name.spot, format!("no file {file}"), hint);
        return None;
    }
    let start = Spot::of_file(&file);
    let bytes = match std::fs::read(known.folder.join(&file)) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.report(&start, format!("cannot be read: {error}"));
            return None;
        }
    };
    match DegradeMap::parse(&name.value, &bytes, encoding) {
        Ok(map) => Some(map),
        Err(error) => {
            for problem in error.problems {
                let line = usize::try_from(problem.line_no).unwrap_or(usize::MAX);
                problems.report(&Spot { line, ..start.clone() }, problem.flaw.to_string());
            }
            None
        }
    }
}

/// Reports texts of the layout that the encoding cannot carry: they stand in every file, so they are no
/// matter for a degrade map.
pub(super) fn check_layout(layout: &Layout, file: FileFormat, spot: &Spot, problems: &Problems) {
    let lacks = |text: &str| text.chars().any(|character| !file.encoding.has(character));
    let report = |what: &str, text: &str| {
        problems.report(spot, format!("{} has not every character of {what} {text:?}", file.encoding));
    };
    for column in &layout.columns {
        let header = match file.header {
            HeaderRow::Japanese => Some(&column.header_ja),
            HeaderRow::Romaji => Some(&column.header_romaji),
            HeaderRow::None => None,
        };
        if let Some(header) = header.filter(|header| lacks(header)) {
            report("header", header);
        }
        if let Content::Text(text) = &column.content
            && lacks(text)
        {
            report("the constant", text);
        }
    }
    for mark in layout.removal.iter().flat_map(|removal| [&removal.present, &removal.removed]) {
        if lacks(mark) {
            report("the removal mark", mark);
        }
    }
}
