//! `renkei audit list`.

use std::collections::VecDeque;

use clap::Args;
use renkei_core::port::AuditEntry;
use renkei_engine::walk_audit;

use super::Span;
use crate::console::TextTable;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// List lines of the audit, oldest first: who, what, why, when, result.
#[derive(Debug, Args)]
pub(super) struct List {
    /// How many lines, counted from the end.
    #[arg(long, value_name = "N", default_value_t = 50)]
    last: usize,
    #[command(flatten)]
    span: Span,
    /// Of this operator only.
    #[arg(long, value_name = "OPERATOR")]
    by: Option<String>,
    /// Whose action has this text in it.
    #[arg(long, value_name = "TEXT")]
    action: Option<String>,
}

impl List {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let snapshot = workplace.snapshot()?;
        let is_all = self.span.since.is_none()
            && self.span.until.is_none()
            && self.by.is_none()
            && self.action.is_none();
        // Without a choice to make only the end is read.
        let head_no = snapshot.audit_head()?.audit_no;
        let after = if is_all { head_no.saturating_sub(self.last as u64) } else { 0 };
        let mut found: VecDeque<AuditEntry> = VecDeque::new();
        walk_audit::<Failure>(snapshot.as_ref(), after, |piece| {
            for line in piece.iter().filter(|line| self.wants(line)) {
                found.push_back(line.clone());
                if found.len() > self.last {
                    found.pop_front();
                }
            }
            Ok(())
        })?;
        print(session, &found);
        Ok(Exit::Ok)
    }

    fn wants(&self, line: &AuditEntry) -> bool {
        self.span.has(line)
            && self.by.as_ref().is_none_or(|by| line.operator == *by)
            && self.action.as_ref().is_none_or(|text| line.action.contains(text.as_str()))
    }
}

fn print(session: &Session, lines: &VecDeque<AuditEntry>) {
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        console.json(lines);
        return;
    }
    let mut table = TextTable::new([
        ">#",
        lang.pick("日時", "when"),
        lang.pick("操作者", "who"),
        lang.pick("内容", "what"),
        lang.pick("理由", "why"),
        lang.pick("結果", "result"),
    ]);
    for line in lines {
        table.row([
            &line.audit_no.to_string(),
            &line.at,
            &line.operator,
            &line.action,
            &line.reason,
            &line.result,
        ]);
    }
    console.table(&table);
}
