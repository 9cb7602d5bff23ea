//! `renkei transfer`.

mod cases;
mod decide;
mod form;
mod receive;
mod send;
mod show;

use clap::{Args, Subcommand};

use crate::{Exit, Failure, Session};

/// Online move-outs and transfer certificate information: take in, compare, verify, apply, hand over, erase.
///
/// A case comes of each person in a file. It is compared with the registry, confirmed by a clerk, and applied as a
/// move. Certificate information of a move-out goes to the CS once, by itself; there is no sending again.
#[derive(Debug, Args)]
pub(crate) struct Transfer {
    #[command(subcommand)]
    command: TransferCommand,
}

#[derive(Debug, Subcommand)]
enum TransferCommand {
    /// Take in a CSV by hand, and compare its cases.
    ///
    /// UTF-8, with a header of item ids or Japanese names. Everything that is wrong with it is told at once, and
    /// nothing is taken in. The same file again changes nothing.
    Receive(receive::Receive),
    /// List cases that are not decided, or all.
    List(cases::List),
    /// Show a case: where it stands, what the comparison found, what happened to it.
    Show(show::Show),
    /// Compare cases with the registry again; one that was verified must be verified anew.
    Compare(cases::Compare),
    /// Confirm a case, with corrections where there are any. What was taken in stays beside what is verified.
    Verify(decide::Verify),
    /// Turn a case down.
    Reject(decide::Reject),
    /// Apply a verified case as a move, and send certificate information of a move-out to the CS.
    Apply(decide::Apply),
    /// Bring out files that are due, and go on with what was cut off.
    Send(send::Send),
    /// Say that the receiver has a file whose way was cut off. Nothing is sent.
    Confirm(send::Confirm),
    /// Not built, by design: certificate information is sent once. Refuses and says why.
    Resend(send::Resend),
    /// Print the form of a case as HTML, on standard output; without individual number. Noted in the audit.
    Print(show::Print),
    /// Show which cases `renkei retention execute` would erase now, and why the others stay.
    ErasePlan(cases::ErasePlan),
}

impl Transfer {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            TransferCommand::Receive(command) => command.run(session),
            TransferCommand::List(command) => command.run(session),
            TransferCommand::Show(command) => command.run(session),
            TransferCommand::Compare(command) => command.run(session),
            TransferCommand::Verify(command) => command.run(session),
            TransferCommand::Reject(command) => command.run(session),
            TransferCommand::Apply(command) => command.run(session),
            TransferCommand::Send(command) => command.run(session),
            TransferCommand::Confirm(command) => command.run(session),
            TransferCommand::Resend(command) => command.run(session),
            TransferCommand::Print(command) => command.run(session),
            TransferCommand::ErasePlan(command) => command.run(session),
        }
    }
}
