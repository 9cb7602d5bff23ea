//! `renkei acl grant|revoke`.

use clap::Args;
use renkei_core::access::{BarCause, Grantee, Rights};
use renkei_core::port::GrantEntry;
use renkei_core::{BusinessId, FolderPath};
use serde_json::json;

use super::super::reason::Reason;
use crate::access::{AccessDesk, AccessFault, bars};
use crate::{Exit, Failure, Session};

/// Grant rights.
#[derive(Debug, Args)]
pub(super) struct Grant {
    /// The folder, below the root of the connection folders; what is below it is meant too.
    folder: FolderPath,
    /// list, read, create, replace, delete with commas between, all, or none to take away.
    rights: Rights,
    /// Every account of this system.
    #[arg(long, required_unless_present = "account", conflicts_with = "account")]
    system: Option<String>,
    /// Only this account.
    #[arg(long)]
    account: Option<String>,
    #[command(flatten)]
    reason: Reason,
}

/// Take a grant back.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The grant's number, as the list of rules shows it.
    grant: u64,
    #[command(flatten)]
    reason: Reason,
}

impl Grant {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_writing(session)?;
        let (grantee, system) = match (&self.account, &self.system) {
            (Some(name), _) => {
                let account = desk.account(name)?;
                (Grantee::Account(account.id), account.system)
            }
            (None, system) => {
                let system = desk.system(system.as_deref().unwrap_or_default())?.id.clone();
                (Grantee::System(system.clone()), system)
            }
        };
        self.check(&desk, &system)?;
        let mut grant_no = 0;
        let action = format!("acl grant {} {} {grantee}", self.folder, self.rights);
        desk.change(action, &self.reason.reason, |tx, now| {
            grant_no = tx.put_grant(&GrantEntry {
                grantee: grantee.clone(),
                folder: self.folder.clone(),
                rights: self.rights,
                at: now,
                by: session.operator(),
                reason: self.reason.reason.clone(),
            })?;
            Ok(format!("grant {grant_no}"))
        })?;
        let console = session.console();
        if console.is_json() {
            console.json(&json!({
                "grant": grant_no, "folder": self.folder.as_str(), "rights": self.rights.to_string(),
                "grantee": grantee.to_string(),
            }));
        }
        console.say(
            format_args!("付与 {grant_no}: {} に {} で {}", grantee, self.folder, self.rights),
            format_args!("Grant {grant_no}: {grantee} may {} in {}", self.rights, self.folder),
        );
        Ok(Exit::Ok)
    }

    /// What is barred now is refused now; what comes to be barred later does not hold from then on.
    fn check(&self, desk: &AccessDesk<'_>, system: &BusinessId) -> Result<(), Failure> {
        let bars = bars(&desk.config);
        let Some(bar) = bars.iter().find(|bar| bar.cuts(system, &self.folder, self.rights)) else {
            return Ok(());
        };
        let (folder, rights) = (self.folder.to_string(), self.rights.to_string());
        let why = match bar.cause {
            BarCause::HubAlone(_) => "a folder is there into which only the hub puts files",
            BarCause::IndividualNumber(_) => {
                "files with individual numbers are there, and by law the system's business is not given them"
            }
        };
        Err(AccessFault::NotGrantable { folder, rights, why }.into())
    }
}

impl Revoke {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_writing(session)?;
        let grant_no = self.grant;
        desk.change(format!("acl revoke {grant_no}"), &self.reason.reason, |tx, now| {
            if tx.revoke_grant(grant_no, now, &session.operator(), &self.reason.reason)? {
                Ok("revoked".to_owned())
            } else {
                Err(AccessFault::NoGrant { grant_no }.into())
            }
        })?;
        session
            .console()
            .say(format_args!("取り消しました: 付与 {grant_no}"), format_args!("Revoked grant {grant_no}"));
        Ok(Exit::Ok)
    }
}
