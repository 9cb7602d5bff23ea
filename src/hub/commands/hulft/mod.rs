//! `renkei hulft`: definition cards to our declarations and back, and what is asked of partners by hand.

mod request;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use renkei_core::BusinessId;
use renkei_core::declared::Problems;
use renkei_core::hulft::{
    Card, CardKind, SECRET_KEY, cards_of_toml, read_cards, toml_of_cards, without_secrets, write_cards,
};
use renkei_engine::EngineError;
use serde_json::json;

use super::input_file;
use crate::{Exit, Failure, Session};

/// HULFT: take definition cards over as destinations and write cards from them; ask partners for files, or once more.
#[derive(Debug, Args)]
pub(crate) struct Hulft {
    #[command(subcommand)]
    command: HulftCommand,
}

#[derive(Debug, Subcommand)]
enum HulftCommand {
    Import(Import),
    Export(Export),
    Resend(request::Resend),
    Request(request::Ask),
}

/// Print TOML for the cards of a file, as utligen writes them: [[destination]] for what is sent, [[received]] for what
/// is received.
///
/// The first goes into hub.toml once system and program are filled in. The second is kept for export; a card's
/// receive-complete job calls `renkei notice make` where the partner cannot make a notice.
#[derive(Debug, Args)]
struct Import {
    /// The file of cards, in UTF-8.
    file: PathBuf,
    /// The system that is given what is sent.
    #[arg(long, value_name = "ID")]
    system: Option<BusinessId>,
    /// Where HULFT's utlsend stands.
    #[arg(long, value_name = "PATH", default_value = "/usr/local/HULFT/bin/utlsend")]
    program: String,
}

/// Print the cards of a TOML file: of the destinations of kind hulft in it, and of its [[received]].
#[derive(Debug, Args)]
struct Export {
    /// hub.toml, or what import printed.
    file: PathBuf,
}

impl Hulft {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            HulftCommand::Import(import) => import.run(session),
            HulftCommand::Export(export) => export.run(session),
            HulftCommand::Resend(resend) => resend.run(session),
            HulftCommand::Request(ask) => ask.run(session),
        }
    }
}

impl Import {
    fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let console = session.console();
        let cards = match read_cards(&text(&self.file)?) {
            Ok(cards) => cards,
            Err(problems) => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                return Err(refused(session, &self.file, &lines));
            }
        };
        tell_of_secrets(session, &cards);
        let toml = toml_of_cards(&cards, self.system.as_ref().map(BusinessId::as_str), &self.program);
        if console.is_json() {
            let of = |kind| cards.iter().filter(|card| card.kind == kind).count();
            console.json(
                &json!({ "sent": of(CardKind::Send), "received": of(CardKind::Receive), "toml": toml }),
            );
        } else {
            console.bytes(toml.as_bytes());
        }
        Ok(Exit::Ok)
    }
}

impl Export {
    fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let problems = Problems::new();
        let text = text(&self.file)?;
        let Some(cards) = cards_of_toml(&input_file::label(&self.file), &text, &problems) else {
            let lines: Vec<String> = problems.into_sorted().iter().map(ToString::to_string).collect();
            return Err(refused(session, &self.file, &lines));
        };
        tell_of_secrets(session, &cards);
        let (cards, _) = without_secrets(cards);
        session.console().bytes(write_cards(&cards).as_bytes());
        Ok(Exit::Ok)
    }
}

/// Passwords are not shown, not even to whoever asked for the cards; they stay in HULFT's definition.
fn tell_of_secrets(session: &Session, cards: &[Card]) {
    let n_secrets = cards.iter().filter(|card| card.field(SECRET_KEY).is_some()).count();
    if n_secrets > 0 {
        session.console().talk(format_args!(
            "{n_secrets} cards have a {SECRET_KEY}, which is left out: it stays in HULFT's definition; a secret that the hub needs is made a file or variable and referred to (..._file, ..._env)"
        ));
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|source| EngineError::Input { file: input_file::label(path), source }.into())
}

/// Everything that is wrong with the file, then the fault.
fn refused(session: &Session, path: &Path, lines: &[String]) -> Failure {
    let file = input_file::label(path);
    for line in lines {
        session.console().talk(format_args!("{file}: {line}"));
    }
    EngineError::Refused { file, n_issues: lines.len() }.into()
}
