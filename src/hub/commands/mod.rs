//! The commands, one in a file each. To add one: a file with a struct whose doc comment is its help and
//! whose `run` does it, a `mod` line, a line in `commands!`, and its Japanese in `texts/help_ja.toml`.

mod account;
mod acl;
mod alert;
mod apply;
mod audit;
mod cancel;
mod changing;
mod check;
mod commits;
mod compare;
mod completions;
mod config;
mod conform;
mod daemon;
mod deliver;
mod deliveries;
mod demo;
mod destination;
mod doctor;
mod explain;
mod feeds;
mod generate;
mod held;
mod hostkey;
mod hulft;
mod init;
mod input_file;
mod intake;
mod jobs;
mod ledger;
mod load;
mod looks;
mod man;
mod map;
mod mend;
mod named_job;
mod notice;
mod publications;
mod pull;
mod pulls;
mod reason;
mod receive;
mod reconcile;
mod redeliver;
mod remake;
mod reread;
mod retention;
mod run;
mod runs;
mod sample;
mod schedule;
mod secret;
mod sftp_server;
mod show;
mod status;
mod top;
mod town;
mod transfer;
mod verify;
mod versions;

#[cfg(test)]
mod partner_tests;
#[cfg(test)]
mod tests;

pub(crate) use changing::Change;

use crate::{Exit, Failure, Session};

/// Makes the enum that clap reads and the way from it to each command's `run`.
macro_rules! commands {
    ($($name:ident($arguments:path)),+ $(,)?) => {
        /// All commands; their doc comments are those of their structs.
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum Command {
            $($name($arguments)),+
        }

        impl Command {
            /// Does it.
            pub(crate) fn run(&self, session: &Session) -> Result<Exit, Failure> {
                match self {
                    $(Self::$name(command) => command.run(session)),+
                }
            }
        }
    };
}

commands! {
    Demo(demo::Demo),
    Init(init::Init),
    Check(check::Check),
    Config(config::Config),
    Load(load::Load),
    Apply(apply::Apply),
    Generate(generate::Generate),
    Daemon(daemon::Daemon),
    Run(run::Run),
    Verify(verify::Verify),
    Conform(conform::Conform),
    Sample(sample::Sample),
    Reconcile(reconcile::Reconcile),
    Compare(compare::Compare),
    Map(map::Map),
    Feeds(feeds::Feeds),
    Publications(publications::Publications),
    Held(held::Held),
    Redeliver(redeliver::Redeliver),
    Remake(remake::Remake),
    Deliveries(deliveries::Deliveries),
    Deliver(deliver::Deliver),
    Destination(destination::Destination),
    Pulls(pulls::Pulls),
    Pull(pull::Pull),
    Hulft(hulft::Hulft),
    Notice(notice::NoticeCommand),
    Ledger(ledger::Ledger),
    Mend(mend::Mend),
    Versions(versions::Versions),
    Receive(receive::Receive),
    Intake(intake::Intake),
    Reread(reread::Reread),
    Transfer(transfer::Transfer),
    Commits(commits::Commits),
    Status(status::Status),
    Top(top::Top),
    Runs(runs::Runs),
    Schedule(schedule::Schedule),
    Show(show::Show),
    Hold(jobs::Hold),
    Release(jobs::Release),
    Cancel(cancel::Cancel),
    Enable(jobs::Enable),
    Disable(jobs::Disable),
    Account(account::Account),
    Acl(acl::Acl),
    Hostkey(hostkey::Hostkey),
    SftpServer(sftp_server::SftpServer),
    Secret(secret::Secret),
    Audit(audit::Audit),
    Retention(retention::Retention),
    Alert(alert::Alert),
    Doctor(doctor::Doctor),
    Town(town::Town),
    Explain(explain::Explain),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// True for what stays, which logs more than what ends.
    pub(crate) fn is_daemon(&self) -> bool {
        match self {
            Self::Daemon(_) => true,
            Self::Receive(receive) => receive.is_daemon(),
            _ => false,
        }
    }
}
