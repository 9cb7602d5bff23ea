//! Layouts: read, or all problems told; and whatever layout is read, rows can be judged by it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renkei_core::declared::Problems;
use renkei_core::layout::Layout;
use renkei_core::projection::column_name;
use renkei_core::row_check::RowChecker;

const VALUES: [&str; 6] = ["", "0", "2026-02-29", "000000000000001", "20261001", "髙橋 𠮷"];

fuzz_target!(|text: &str| {
    let problems = Problems::new();
    let layout = Layout::read("l.toml", text, &problems);
    assert_eq!(layout.is_none(), !problems.is_empty());
    let Some(layout) = layout else {
        for problem in problems.into_sorted() {
            assert!(!problem.to_string().is_empty());
        }
        return;
    };
    let checker = RowChecker::new(&layout, layout.valid_from);
    for start in 0..VALUES.len() {
        let row: Vec<&str> = VALUES.iter().cycle().skip(start).take(layout.columns.len()).copied().collect();
        let mut issues = Vec::new();
        checker.check(&row, &mut issues);
        assert!(issues.iter().all(|issue| !column_name(&layout, issue.column).is_empty()));
        let _ = (checker.mark(&row), checker.bucket(&row), checker.key(&row).count());
    }
});
