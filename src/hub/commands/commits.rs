//! `renkei commits`.

use clap::Args;

use crate::board::grouped;
use crate::console::TextTable;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// List the last commits of the registry, newest first.
#[derive(Debug, Args)]
pub(crate) struct Commits {
    /// How many.
    #[arg(long, default_value_t = 20)]
    last: u32,
}

impl Commits {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let commits = workplace.snapshot()?.commits(self.last)?;
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            console.json(&commits);
            return Ok(Exit::Ok);
        }
        let mut table = TextTable::new([
            lang.pick(">確定", ">commit"),
            lang.pick("日時", "when"),
            lang.pick("種別", "kind"),
            lang.pick(">異動", ">moves"),
            lang.pick(">行", ">rows"),
            lang.pick("操作者", "operator"),
        ]);
        for commit in commits {
            table.row([
                commit.commit_no.to_string(),
                commit.committed_at,
                commit.kind.as_str().to_owned(),
                grouped(commit.n_moves),
                grouped(commit.n_row_changes),
                commit.operator,
            ]);
        }
        console.table(&table);
        Ok(Exit::Ok)
    }
}
