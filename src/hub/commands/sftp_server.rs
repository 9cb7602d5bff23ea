//! `renkei sftp-server`.

use std::net::IpAddr;
use std::sync::Arc;

use clap::Args;
use renkei_core::access::AccountId;
use renkei_engine::Clock as _;
use renkei_sftp::server::Gate as _;
use renkei_sftp::session::{Premises, Session as Visit, Visitor, serve};

use crate::clock::HubClock;
use crate::visitors::{ByOthers, Stay, VisitedHouse, VisitorFault};
use crate::{Exit, Failure, Session};

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
        let clock = HubClock::system();
        let house = Arc::new(VisitedHouse::open(&config, clock)?);
        let user = std::env::var("USER").unwrap_or_default();
        let name = self.account.as_deref().unwrap_or(&user);
        let found = name.parse::<AccountId>().ok().and_then(|id| house.account(&id));
        let shown = || name.escape_debug().take(60).collect::<String>();
        let account = found.ok_or_else(|| VisitorFault::NoAccount { user: shown() })?;
        let address = address(std::env::var("SSH_CONNECTION").ok().as_deref());
        // The file goes with sshd's session, so it is read before anything else.
        let login =
            std::env::var_os("SSH_USER_AUTH").map(|path| std::fs::read_to_string(path).unwrap_or_default());
        let login = ByOthers::new(&account, address, login.as_deref(), self.account.is_some());
        login.check(&account, clock.now())?;
        let session_no = u64::from(std::process::id());
        house.note_visit(&account.id, address, session_no, true);
        let visitor = Visitor { account, address, session_no };
        let id = visitor.account.id.clone();
        let premises: Arc<dyn Premises> = Arc::<VisitedHouse>::clone(&house);
        let visit = Visit::new(premises, Arc::new(visitor));
        let stay = Stay::new(&house, &config, &id, &login);
        let served = stay.during(
            |input| serve(visit, input, std::io::stdout().lock()),
            || {
                house.note_visit(&id, address, session_no, false);
                house.close_books();
            },
        );
        house.note_visit(&id, address, session_no, false);
        served?.map_err(|source| VisitorFault::Session { source })?;
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
