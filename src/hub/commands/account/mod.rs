//! `renkei account`.

mod add;
mod address;
mod authorized_keys;
mod key;
mod list;
mod password;
mod state;

use clap::{Args, Subcommand};

use crate::{Exit, Failure, Session};

/// Accounts that partner systems log in by: keys, passwords and where each may be used from.
///
/// A key lets its owner in from anywhere its own list allows; a password only together with a listed address. What an
/// account may do once it is in follows from its system (see renkei acl).
#[derive(Debug, Args)]
pub(crate) struct Account {
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Make an account for a system; nobody can log in by it before it has a key or a password.
    Add(add::Add),
    /// List accounts, or show one with its keys and addresses.
    List(list::List),
    /// Public keys of an account.
    Key(key::Key),
    /// Set or take away the password of an account.
    Password(password::Password),
    /// Addresses that the password of an account may be used from.
    Address(address::Address),
    /// Print the keys of an account as OpenSSH's sshd reads them: for AuthorizedKeysCommand.
    ///
    /// Each line lets its key only into renkei sftp-server as that account, from where and until when it may be used.
    /// A stopped account has no lines; nor has one that needs a password too, which sshd would have to ask for.
    AuthorizedKeys(authorized_keys::AuthorizedKeys),
    /// Stop an account: whatever it proves, it is refused.
    Disable(state::Switch),
    /// Let a stopped account in again.
    Enable(state::Switch),
}

impl Account {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            AccountCommand::Add(command) => command.run(session),
            AccountCommand::List(command) => command.run(session),
            AccountCommand::Key(command) => command.run(session),
            AccountCommand::Password(command) => command.run(session),
            AccountCommand::Address(command) => command.run(session),
            AccountCommand::AuthorizedKeys(command) => command.run(session),
            AccountCommand::Disable(command) => command.run(session, false),
            AccountCommand::Enable(command) => command.run(session, true),
        }
    }
}
