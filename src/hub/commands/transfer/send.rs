//! `renkei transfer send`, `confirm`, and `resend`, which is refused.

use clap::Args;
use renkei_core::transfer::{CaseNo, Event};
use renkei_engine::transfer::{confirm, go_on};
use renkei_engine::{EngineError, House};
use serde_json::json;

use super::super::reason::Reason;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

#[derive(Debug, Args)]
pub(crate) struct Send {}

#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// The case.
    case: CaseNo,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, Args)]
pub(crate) struct Resend {
    /// The case.
    case: CaseNo,
}

impl Send {
    // As every command's.
    #[expect(clippy::unused_self, reason = "it has no argument yet")]
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei transfer send")?;
        bring_out(session, &workplace)
    }
}

impl Confirm {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei transfer confirm")?;
        let receivers = confirm(House { reason: &self.reason.reason, ..workplace.house() }, self.case)?;
        let (console, case, names) = (session.console(), self.case, receivers.join(", "));
        if console.is_json() {
            console.json(&json!({ "case": case, "receivers": receivers, "state": "sent" }));
        }
        console.say(
            format_args!("届いたものとして記録しました: {case}（{names}）"),
            format_args!("Recorded as received: {case} ({names})"),
        );
        Ok(Exit::Ok)
    }
}

impl Resend {
    /// Refuses, by the same rule that everything else about a case goes by.
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let case_no = self.case;
        let case =
            workplace.snapshot()?.transfer_case(case_no)?.ok_or(EngineError::NoSuchCase { case_no })?;
        match case.standing.after(Event::Resend) {
            Err(source) => Err(EngineError::CaseRefused { case_no, source }.into()),
            Ok(_) => Ok(Exit::Ok),
        }
    }
}

/// Brings out what is due; what cannot be is told, and the command ends as one that needs a person.
pub(super) fn bring_out(session: &Session, workplace: &Workplace<'_>) -> Result<Exit, Failure> {
    let mut exit = Exit::Ok;
    for error in go_on(workplace.house())? {
        let failure = Failure::from(error);
        session.console().failure(&failure);
        exit = failure.exit();
    }
    Ok(exit)
}
