//! The commands, one in a file each. To add one: a file with a struct whose doc comment is its help and
//! whose `run` does it, a `mod` line, a line in `commands!`, and its Japanese in `texts/help_ja.toml`.

mod check;
mod completions;
mod config;
mod explain;
mod init;
mod man;
#[cfg(test)]
mod tests;

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
    Init(init::Init),
    Check(check::Check),
    Config(config::Config),
    Explain(explain::Explain),
    Completions(completions::Completions),
    Man(man::Man),
}
