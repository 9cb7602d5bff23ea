//! `renkei account address`.

use clap::{Args, Subcommand};
use renkei_core::access::SourceNetwork;

use super::super::reason::Reason;
use crate::access::{AccessDesk, AccessFault};
use crate::{Exit, Failure, Session};

/// Addresses that a password may be used from.
#[derive(Debug, Args)]
pub(super) struct Address {
    #[command(subcommand)]
    command: AddressCommand,
}

#[derive(Debug, Subcommand)]
enum AddressCommand {
    /// Add addresses or networks.
    Add(Change),
    /// Take addresses or networks away, as they are listed.
    Remove(Change),
}

#[derive(Debug, Args)]
struct Change {
    /// The account.
    account: String,
    /// Addresses or networks, such as 192.0.2.7, 10.1.2.0/24 or 2001:db8::/32.
    #[arg(required = true, value_name = "NETWORK")]
    networks: Vec<SourceNetwork>,
    #[command(flatten)]
    reason: Reason,
}

impl Address {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let (change, is_add) = match &self.command {
            AddressCommand::Add(change) => (change, true),
            AddressCommand::Remove(change) => (change, false),
        };
        let desk = AccessDesk::for_writing(session)?;
        let id = desk.account(&change.account)?.id;
        let listed: Vec<String> = change.networks.iter().map(ToString::to_string).collect();
        let verb = if is_add { "add" } else { "remove" };
        let action = format!("account address {verb} {id} {}", listed.join(" "));
        desk.change_account(&id, action, &change.reason.reason, |account| {
            for network in &change.networks {
                let at = account.addresses.iter().position(|there| there == network);
                match (is_add, at) {
                    (true, None) => account.addresses.push(*network),
                    (true, Some(_)) => {}
                    (false, Some(at)) => {
                        account.addresses.remove(at);
                    }
                    (false, None) => {
                        let network = network.to_string();
                        return Err(AccessFault::NoSuchAddress { account: id.clone(), network });
                    }
                }
            }
            Ok(format!("the account has {} addresses", account.addresses.len()))
        })?;
        let listed = listed.join(" ");
        if is_add {
            session
                .console()
                .say(format_args!("接続元を加えました: {id} {listed}"), format_args!("Added: {id} {listed}"));
        } else {
            session.console().say(
                format_args!("接続元を外しました: {id} {listed}"),
                format_args!("Removed: {id} {listed}"),
            );
        }
        Ok(Exit::Ok)
    }
}
