//! `renkei audit`.

mod accept;
mod export;
mod list;
mod verify;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use renkei_core::port::AuditEntry;

use crate::{Exit, Failure, Session};

/// Look at the audit, prove it, and hand it out.
///
/// Every line is chained to the one before by a SHA-256. The end of the chain is kept in a second place
/// ([audit] head in hub.toml), so that a cut-off end shows too.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    List(list::List),
    Verify(verify::Verify),
    Export(export::Export),
    Accept(accept::Accept),
}

impl Audit {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            AuditCommand::List(command) => command.run(session),
            AuditCommand::Verify(command) => command.run(session),
            AuditCommand::Export(command) => command.run(session),
            AuditCommand::Accept(command) => command.run(session),
        }
    }
}

/// A span of days, both included.
#[derive(Debug, Args)]
struct Span {
    /// From this day on.
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: Option<NaiveDate>,
    /// Through this day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
}

impl Span {
    /// Whether a line is of the span. Its time is a text that begins with the day, and such texts sort.
    fn has(&self, line: &AuditEntry) -> bool {
        let day = line.at.get(..10).unwrap_or(&line.at);
        self.since.is_none_or(|since| day >= since.to_string().as_str())
            && self.until.is_none_or(|until| day <= until.to_string().as_str())
    }
}
