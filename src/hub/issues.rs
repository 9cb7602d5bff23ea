//! Issues of files, as people read them.

use renkei_engine::{InputIssue, IssueList};

use crate::console::{Console, TextTable};

/// How many issues are printed one by one; the rest is counted by rule. `--json` has all that are listed.
const SHOWN: usize = 50;

/// Prints a list of issues as data; nothing where there are none.
pub(crate) fn print(console: &Console, issues: &IssueList) {
    if issues.listed.is_empty() {
        return;
    }
    let lang = console.lang();
    let mut table = TextTable::new([
        lang.pick(">行", ">row"),
        lang.pick("列", "column"),
        lang.pick("重さ", "weight"),
        lang.pick("規則", "rule"),
        lang.pick("内容", "detail"),
    ]);
    // Errors first: they are what must be mended.
    let (errors, warnings): (Vec<&InputIssue>, Vec<&InputIssue>) =
        issues.listed.iter().partition(|issue| !issue.is_warning);
    for issue in errors.into_iter().chain(warnings).take(SHOWN) {
        let weight = if issue.is_warning { lang.pick("警告", "warning") } else { lang.pick("エラー", "error") };
        let row = if issue.row == 0 { String::from("-") } else { issue.row.to_string() };
        table.row([row, issue.column.clone(), weight.to_owned(), issue.rule.clone(), issue.detail.clone()]);
    }
    console.table(&table);
    let n_all = issues.n_errors + issues.n_warnings;
    if n_all > SHOWN {
        console.data(lang.pick("すべての不備の件数:", "all issues, counted:"));
        for (rule, n) in &issues.by_rule {
            console.data(format_args!("  {n} × {rule}"));
        }
    }
}
