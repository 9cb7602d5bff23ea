//! `renkei sftp-server`.

use std::net::IpAddr;
use std::sync::Arc;

use clap::Args;
use renkei_core::access::AccountId;
use renkei_engine::Clock as _;
use renkei_sftp::server::Gate as _;
use renkei_sftp::session::{Premises, Session as Visit, Visitor, serve};

use crate::clock::HubClock;
use crate::visitors::{ByOthers, Stay, VisitStep, VisitedHouse, VisitorFault};
use crate::{Exit, Failure, Session, log};

/// Serve one SFTP session on standard input and output, for sshd: as its subsystem or forced command.
///
/// sshd has done the login; here the account's rights are enforced, as in the hub's own server, and looked at anew for
/// as long as the session lasts. Have sshd ask renkei account authorized-keys for keys, and name any program as its
/// Subsystem, for the key's own command takes its place. Or name this as sshd's Subsystem, with ExposeAuthInfo yes: by
/// what sshd says of the login, a password is good from the account's addresses only, and an account that needs both a
/// key and a password has proven both.
#[derive(Debug, Args)]
pub(crate) struct SftpServer {
    /// The account; without it the one called as the user who runs this.
    #[arg(long)]
    account: Option<String>,
}

impl SftpServer {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let config = session.config()?;
        // Standard error may be the client's to see; what must not be lost goes to the audit.
        log::set_silent(std::env::var_os("RENKEI_LOG").is_none());
        let clock = HubClock::system();
        let house = Arc::new(VisitedHouse::open(&config, clock)?);
        let user = std::env::var("USER").unwrap_or_default();
        let name = self.account.as_deref().unwrap_or(&user);
        let found = name.parse::<AccountId>().ok().and_then(|id| house.account(&id));
        let (address, session_no) =
            (address(std::env::var("SSH_CONNECTION").ok().as_deref()), u64::from(std::process::id()));
        let Some(account) = found else {
            house.note_visit(None, address, session_no, VisitStep::Refused("no such account"));
            return Err(VisitorFault::NoAccount { user: name.escape_debug().take(60).collect() }.into());
        };
        let id = account.id.clone();
        let note = |step| house.note_visit(Some(&id), address, session_no, step);
        let not_let_in = || VisitorFault::NotLetIn { account: id.to_string() };
        // The file goes with sshd's session, so it is read before anything else.
        let login =
            std::env::var_os("SSH_USER_AUTH").map(|path| std::fs::read_to_string(path).unwrap_or_default());
        let login = ByOthers::new(&account, address, login.as_deref(), self.account.is_some());
        if let Err(why) = login.check(&account, clock.now()) {
            note(VisitStep::Refused(why));
            return Err(not_let_in().into());
        }
        note(VisitStep::Comes);
        let visitor = Visitor { account, address, session_no };
        let premises: Arc<dyn Premises> = Arc::<VisitedHouse>::clone(&house);
        let visit = Visit::new(premises, Arc::new(visitor));
        let stay = Stay::new(&house, &config, &id, &login);
        let served = stay.during(
            |input| serve(visit, input, std::io::stdout().lock()),
            |why| {
                note(VisitStep::SentAway(why));
                house.close_books();
            },
        );
        note(served.as_ref().map_or_else(|why| VisitStep::SentAway(why), |_| VisitStep::Goes));
        served.map_err(|_| not_let_in())?.map_err(|source| VisitorFault::Session { source })?;
        Ok(Exit::Ok)
    }
}

/// The client's address, the first word of what sshd says of the connection.
fn address(connection: Option<&str>) -> Option<IpAddr> {
    connection?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_client_s() {
        assert_eq!(address(Some("192.0.2.7 50000 10.0.0.1 22")), "192.0.2.7".parse().ok());
        assert_eq!(address(Some("::1 50000 ::1 22")), "::1".parse().ok());
        assert_eq!(address(Some("")), None);
        assert_eq!(address(None), None);
    }
}
