//! `renkei cancel`.

use clap::Args;
use renkei_core::Digest;
use renkei_core::port::{AuditEntry, RunState};
use renkei_engine::Clock as _;
use renkei_engine::night::cancel_waiting;

use super::named_job::{named_run, state_word};
use super::reason::Reason;
use crate::daemon::DaemonLink;
use crate::failure::HubError;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Call off a run: one that waits does not start, one at work ends at its next safe point.
///
/// What it has published stays published.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// The run: its id, or the start or end of one.
    run: String,
    #[command(flatten)]
    reason: Reason,
}

impl Cancel {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_noting(session)?;
        let run = named_run(workplace.snapshot()?.as_ref(), &self.run)?;
        if run.state == RunState::Held {
            // What it made is whole and waits for a decision; that is what ends it.
            return Err(HubError::RunHeld { run: run.run_id }.into());
        }
        if run.state.is_final() || run.order.is_empty() {
            let state = run.state.as_str();
            return Err(HubError::NotCancellable { run: run.run_id, state }.into());
        }
        let operator = session.operator();
        let mut tx = workplace.store().begin()?;
        tx.ask_cancel(&run.run_id, &operator)?;
        tx.append_audit(&AuditEntry {
            audit_no: 0,
            at: workplace.clock().now().to_string(),
            operator,
            action: format!("cancel run {}", run.run_id),
            reason: self.reason.reason.clone(),
            result: format!("it was {}", run.state.as_str()),
            chain_sha256: Digest([0; 32]),
        })?;
        tx.commit()?;
        let daemon = DaemonLink::find(&workplace.config);
        match &daemon {
            Some(daemon) => daemon.wake(),
            // Nobody else will.
            None if run.state != RunState::Running => {
                let asked = workplace.snapshot()?.run(&run.run_id)?.unwrap_or(run.clone());
                cancel_waiting(workplace.house(), &asked)?;
            }
            None => {}
        }
        let (id, state) = (&run.run_id, state_word(session, run.state));
        session.console().say(
            format_args!("実行 {id}（{state}）の取消を受け付けました。"),
            format_args!("Run {id} ({state}) is called off."),
        );
        Ok(Exit::Ok)
    }
}
