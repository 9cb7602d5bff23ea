//! `renkei acl`.

mod disk;
mod explain;
mod grant;
mod prove;
mod show;

use clap::{Args, Subcommand};

use crate::{Exit, Failure, Session};

/// Who may do what in which folder, and why.
///
/// Rights follow from the declared feeds, intakes and systems; a hub administrator may grant more, or take some away.
/// The rule for the innermost folder wins, one for an account before one for its system, a grant before what is
/// declared; without a rule nothing is allowed, and what may not be listed is not seen.
#[derive(Debug, Args)]
pub(crate) struct Acl {
    #[command(subcommand)]
    command: AclCommand,
}

#[derive(Debug, Subcommand)]
enum AclCommand {
    /// List the rules: all, those about an account, or those about a folder.
    Show(show::Show),
    /// Say which line decides what an account may do in a folder.
    Explain(explain::Explain),
    /// Grant rights in a folder and below, to a system or one account; in place of an earlier grant there.
    Grant(grant::Grant),
    /// Take a grant back.
    Revoke(grant::Revoke),
    /// Compare the POSIX rights on disk with those that stand for the rules, for systems with a local_group.
    ///
    /// Ends with 1 where they differ. POSIX knows less than the rules: a folder into which somebody may bring without
    /// removing has the sticky bit, so that he may remove what he brought himself. Grants to single accounts are not set on disk.
    Diff(disk::Diff),
    /// Make the folders that are missing and set the POSIX rights on folders and files as declared.
    Apply(disk::Apply),
    /// Really log in as every account, from every kind of address and by every means, and try everything in every folder.
    ///
    /// Ends with 1 where something goes otherwise than declared. The server is the hub's own, started on this machine
    /// for the proof; keys and passwords are exchanged for passing ones, addresses are stood for by 127.77.0.0/16, and
    /// the folders are empty ones of the same names: nothing of partners is touched, and nothing is changed.
    Prove(prove::Prove),
}

impl Acl {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            AclCommand::Show(command) => command.run(session),
            AclCommand::Explain(command) => command.run(session),
            AclCommand::Grant(command) => command.run(session),
            AclCommand::Revoke(command) => command.run(session),
            AclCommand::Diff(command) => command.run(session),
            AclCommand::Apply(command) => command.run(session),
            AclCommand::Prove(command) => command.run(session),
        }
    }
}
