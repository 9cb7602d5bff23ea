//! The files of `fixtures/inbound`: each is judged in its folder's layout, and exactly the issues beside it
//! come out.

use std::fs;
use std::path::Path;

use renkei_core::declared::Problems;
use renkei_core::layout::Layout;

use super::*;
use crate::error::EngineError;
use crate::intake::InputIssue;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn said(issue: &InputIssue) -> String {
    let column = if issue.column.is_empty() { String::new() } else { format!(", column {}", issue.column) };
    let sign = if issue.is_warning { " (warning)" } else { "" };
    format!("row {}{column}: {}{sign}", issue.row, issue.rule)
}

fn judge(layout: &Layout, file: &Path) -> Vec<String> {
    let business_date = "2026-10-05".parse().unwrap();
    let mut judge = FileJudge::new(layout, layout.file, business_date, KeyOrder::Any);
    let mut issues = Vec::new();
    let judged = judge.judge(fs::File::open(file).unwrap(), &mut |batch| {
        for line in batch.lines() {
            match line {
                JudgedLine::Row(row) => issues.extend(row.issues().map(|issue| said(&issue))),
                JudgedLine::Refused(issue) => issues.push(said(&issue.to_input_issue())),
            }
        }
        Ok::<(), EngineError>(())
    });
    assert!(judged.unwrap().unreadable.is_none());
    issues
}

#[test]
fn every_file_has_the_issues_that_stand_beside_it() {
    let mut n_files = 0;
    for folder in fs::read_dir(Path::new(ROOT).join("fixtures/inbound")).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let name = format!("{}.toml", folder.file_name().unwrap().to_str().unwrap());
        let problems = Problems::new();
        let text = fs::read_to_string(Path::new(ROOT).join("layouts").join(&name)).unwrap();
        let layout = Layout::read(&name, &text, &problems);
        assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
        let layout = layout.unwrap();
        let mut has_ok = false;
        for file in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_none_or(|ending| ending != "csv") {
                continue;
            }
            let is_ok = file.file_stem().unwrap().to_str().unwrap().starts_with("ok");
            let beside = file.with_extension("issues.txt");
            assert_eq!(beside.exists(), !is_ok, "{}", file.display());
            let expect = if is_ok { String::new() } else { fs::read_to_string(beside).unwrap() };
            let expect: Vec<&str> = expect.lines().collect();
            assert!(is_ok || !expect.is_empty(), "{}", file.display());
            assert_eq!(judge(&layout, &file), expect, "{}", file.display());
            has_ok |= is_ok;
            n_files += 1;
        }
        assert!(has_ok, "{name} has a file that is right");
    }
    assert!(n_files >= 38, "{n_files} files");
}
