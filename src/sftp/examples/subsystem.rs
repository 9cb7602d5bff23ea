//! A session on standard input and output with rules from the command line: for tests below a real `sshd`, and for
//! OpenSSH's own scripts, before and beside the program's `sftp-server`.
//!
//! usage: subsystem ROOT FOLDER=RIGHTS…
#![expect(clippy::print_stderr, reason = "it tells its user")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use renkei_core::Moment;
use renkei_core::access::{Account, AccountState, Grantee, LoginRule, Origin, Rule, Rulebook};
use renkei_folder::visit::VisitedRoot;
use renkei_sftp::session::{Deed, Premises, Session, Visitor, serve};

struct Stand {
    root: VisitedRoot,
    rules: Arc<Rulebook>,
    begun: Moment,
}

impl Premises for Stand {
    fn root(&self) -> &VisitedRoot {
        &self.root
    }

    fn rulebook(&self) -> Arc<Rulebook> {
        Arc::clone(&self.rules)
    }

    fn now(&self) -> Moment {
        self.begun
    }

    fn note(&self, _visitor: &Visitor, _deed: &Deed<'_>) {}
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("subsystem: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().ok_or("usage: subsystem ROOT FOLDER=RIGHTS…")?;
    let account = Account {
        id: "office".parse()?,
        system: "015".parse()?,
        state: AccountState::Enabled,
        rule: LoginRule::Either,
        keys: Vec::new(),
        password_hash: None,
        addresses: Vec::new(),
    };
    let mut rules = Vec::new();
    for argument in arguments {
        let (folder, rights) = argument.split_once('=').ok_or("a rule is FOLDER=RIGHTS")?;
        let grantee = Grantee::Account(account.id.clone());
        let (folder, rights) = (folder.parse()?, rights.parse()?);
        rules.push(Rule { grantee, folder, rights, origin: Origin::Answers });
    }
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let begun =
        Moment::from_unix(since_1970.as_secs().try_into()?).ok_or("the clock is beyond the calendar")?;
    let stand =
        Stand { root: VisitedRoot::open(Path::new(&root))?, rules: Arc::new(Rulebook::new(rules)), begun };
    let visitor = Visitor { account, address: None, session_no: 1 };
    let session = Session::new(Arc::new(stand), Arc::new(visitor));
    Ok(serve(session, std::io::stdin().lock(), std::io::stdout().lock())?)
}
