//! `renkei account add`.

use clap::{Args, ValueEnum};
use renkei_core::access::{Account, AccountId, AccountState, LoginRule};
use serde_json::json;

use super::super::reason::Reason;
use crate::access::{AccessDesk, AccessFault};
use crate::{Exit, Failure, Session};

/// Make an account.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The name it logs in by: 1 to 32 of a-z, 0-9, - and _.
    account: AccountId,
    /// The system whose rights it has.
    #[arg(long)]
    system: String,
    /// What it must prove: a key or a password, or both.
    #[arg(long, value_enum, default_value_t = RuleWord::Either)]
    login: RuleWord,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RuleWord {
    Either,
    Both,
}

impl Add {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_writing(session)?;
        let system = desk.system(&self.system)?.id.clone();
        let rule = match self.login {
            RuleWord::Either => LoginRule::Either,
            RuleWord::Both => LoginRule::Both,
        };
        let account = Account {
            id: self.account.clone(),
            system: system.clone(),
            state: AccountState::Enabled,
            rule,
            keys: Vec::new(),
            password_hash: None,
            addresses: Vec::new(),
        };
        let action = format!("account add {}", account.id);
        desk.change(action, &self.reason.reason, |tx, now| {
            if let Some(there) = tx.account(&account.id)? {
                let system = there.system.to_string();
                return Err(AccessFault::AccountThere { account: there.id, system }.into());
            }
            tx.put_account(&account, now)?;
            Ok(format!("made for system {system}, login {}", rule.as_str()))
        })?;
        let console = session.console();
        if console.is_json() {
            console
                .json(&json!({ "account": account.id.as_str(), "system": system, "login": rule.as_str() }));
        }
        console.say(
            format_args!(
                "接続者 {} を作りました（システム {system}）。次に: renkei account key add {} --file 公開鍵.pub",
                account.id, account.id
            ),
            format_args!(
                "Made account {} for system {system}. Next: renkei account key add {} --file KEY.pub",
                account.id, account.id
            ),
        );
        Ok(Exit::Ok)
    }
}
