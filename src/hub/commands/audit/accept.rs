//! `renkei audit accept`.

use clap::Args;
use renkei_core::Fault as _;
use renkei_engine::{Clock as _, House, accept_audit, verify_audit};

use super::super::reason::Reason;
use crate::audit_head;
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// Accept the audit as it stands, after its fault was looked into: from now on it is proven from here.
///
/// The fault, who accepted it and why become a line of the audit themselves, and the second place begins anew.
#[derive(Debug, Args)]
pub(super) struct Accept {
    #[command(flatten)]
    reason: Reason,
}

impl Accept {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_noting(session)?;
        let console = session.console();
        let Some(found) = found(&workplace)? else {
            console.say("監査に不備はありません。", "There is nothing wrong with the audit.");
            return Ok(Exit::Ok);
        };
        let base = accept_audit(House { reason: &self.reason.reason, ..workplace.house() }, &found)?;
        audit_head::rebase(workplace.store(), &workplace.config, workplace.clock().now())?;
        let line = base.audit_no;
        console.say(
            format_args!("{line} 行目までの監査を、そのまま受け入れました。"),
            format_args!("The audit through line {line} is accepted as it stands."),
        );
        Ok(Exit::Ok)
    }
}

/// What is wrong with the audit or the file that keeps its end; `None` when nothing is.
fn found(workplace: &Workplace<'_>) -> Result<Option<String>, Failure> {
    let mut found = Vec::new();
    let kept = match workplace.config.audit_head.as_deref().map(audit_head::read) {
        None => None,
        Some(Ok(kept)) => kept,
        Some(Err(damaged @ HubError::AuditHeadDamaged { .. })) => {
            found.push(damaged.code().to_owned());
            None
        }
        Some(Err(error)) => return Err(error.into()),
    };
    let report = verify_audit(workplace.snapshot()?.as_ref(), kept)?;
    found.extend(report.faults.iter().map(|fault| format!("{}: {fault}", fault.code())));
    let n_more = report.n_faults.saturating_sub(report.faults.len() as u64);
    if n_more > 0 {
        found.push(format!("{n_more} more"));
    }
    if let Some(kept) = kept.filter(|_| !found.is_empty()) {
        found.push(format!("the second place had line {} ({})", kept.audit_no, kept.chain_sha256));
    }
    Ok((!found.is_empty()).then(|| found.join("; ")))
}
