//! `renkei account disable|enable`.

use clap::Args;
use renkei_core::access::AccountState;

use super::super::reason::Reason;
use crate::access::AccessDesk;
use crate::{Exit, Failure, Session};

/// Stop an account, or let it in again.
#[derive(Debug, Args)]
pub(super) struct Switch {
    /// The account.
    account: String,
    #[command(flatten)]
    reason: Reason,
}

impl Switch {
    pub(super) fn run(&self, session: &Session, is_on: bool) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_writing(session)?;
        let id = desk.account(&self.account)?.id;
        let verb = if is_on { "enable" } else { "disable" };
        desk.change_account(&id, format!("account {verb} {id}"), &self.reason.reason, |account| {
            account.state = if is_on { AccountState::Enabled } else { AccountState::Disabled };
            Ok(format!("{verb}d"))
        })?;
        if is_on {
            session.console().say(format_args!("有効にしました: {id}"), format_args!("Enabled: {id}"));
        } else {
            session.console().say(format_args!("停止しました: {id}"), format_args!("Disabled: {id}"));
        }
        Ok(Exit::Ok)
    }
}
