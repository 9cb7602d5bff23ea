//! `renkei apply`.

use std::path::PathBuf;

use clap::Args;
use renkei_engine::{ApplyOptions, Strictness, apply_moves};
use serde_json::json;

use super::input_file::{label, open, rejected};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, issues};

/// Apply a CSV of moves to the registry, as one set.
///
/// Columns: atena_no, ido_jiyu, target_rireki_no (for cancellations and corrections), and the items a move
/// sets, by id or Japanese name. An empty field leaves an item as it is, (clear) clears it. A move that is
/// refused refuses the set, unless --each.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The CSV of moves, UTF-8.
    file: PathBuf,
    /// Apply the moves that can be; report the others. Exit code 1 when there were any.
    #[arg(long)]
    each: bool,
    /// Apply a file that was applied before.
    #[arg(long, requires = "reason")]
    again: bool,
    /// Why, for the audit.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Apply {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let source = open(&self.file)?;
        let workplace = Workplace::for_writing(session, "renkei apply")?;
        let file = label(&self.file);
        let options = ApplyOptions {
            file: &file,
            strictness: if self.each { Strictness::Each } else { Strictness::Set },
            again_because: self.reason.as_deref().filter(|_| self.again),
        };
        let applied = apply_moves(workplace.house(), source, &options);
        workplace.end_progress();
        let console = session.console();
        let applied = match applied {
            Ok(applied) => applied,
            Err(found) => return Err(rejected(console, *found)),
        };
        if console.is_json() {
            console.json(&json!({
                "commit": applied.commit_no, "applied": applied.n_applied, "refused": applied.n_refused,
                "rows_changed": applied.n_row_changes, "issues": applied.issues,
            }));
        } else {
            issues::print(console, &applied.issues);
            let (n_applied, n_refused, n_rows) = (applied.n_applied, applied.n_refused, applied.n_row_changes);
            match applied.commit_no {
                Some(commit_no) => console.say(
                    format_args!("異動 {n_applied} 件を適用しました（確定 {commit_no}、変わった行 {n_rows}、拒否 {n_refused}）。"),
                    format_args!("Applied {n_applied} moves (commit {commit_no}, {n_rows} rows changed, {n_refused} refused)."),
                ),
                None => console.say(
                    format_args!("適用できる異動がありません（拒否 {n_refused}）。"),
                    format_args!("No move could be applied ({n_refused} refused)."),
                ),
            }
        }
        Ok(if applied.n_refused > 0 { Exit::Issues } else { Exit::Ok })
    }
}
