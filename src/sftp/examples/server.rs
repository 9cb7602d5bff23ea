//! A server for measuring: one account by a key, all rights in the folder `data` below a root.
//!
//! usage: server ADDRESS ROOT HOST_KEY USER_KEY.pub
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "it tells its user")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use renkei_core::Moment;
use renkei_core::access::{
    Account, AccountId, AccountKey, AccountState, Grantee, LoginRule, Origin, PublicKey, Rights, Rule,
    Rulebook,
};
use renkei_folder::visit::VisitedRoot;
use renkei_sftp::HostKey;
use renkei_sftp::server::{Gate, GateEvent, Listening, ServerConfig, ServerHandle, Suite};
use renkei_sftp::session::{Deed, Premises, Visitor};

struct Stand {
    root: VisitedRoot,
    account: Account,
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

impl Gate for Stand {
    fn account(&self, id: &AccountId) -> Option<Account> {
        Some(self.account.clone()).filter(|account| account.id == *id)
    }

    fn note_gate(&self, _event: &GateEvent) {}
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, root, host_key, user_key] = arguments.as_slice() else {
        return Err("usage: server ADDRESS ROOT HOST_KEY USER_KEY.pub".into());
    };
    let (key, comment) = PublicKey::parse_line(std::fs::read_to_string(user_key)?.trim())?;
    let account = Account {
        id: "office".parse()?,
        system: "015".parse()?,
        state: AccountState::Enabled,
        rule: LoginRule::Either,
        keys: vec![AccountKey { key, comment, from: Vec::new(), until: None }],
        password_hash: None,
        addresses: Vec::new(),
    };
    let grantee = Grantee::Account(account.id.clone());
    let rule = Rule { grantee, folder: "data".parse()?, rights: Rights::ALL, origin: Origin::Answers };
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let begun =
        Moment::from_unix(since_1970.as_secs().try_into()?).ok_or("the clock is beyond the calendar")?;
    let rules = Arc::new(Rulebook::new(vec![rule]));
    let stand = Stand { root: VisitedRoot::open(Path::new(root))?, account, rules, begun };
    let listening = Listening { address: address.parse()?, suite: Suite::strict() };
    let host_key = HostKey::parse(&std::fs::read_to_string(host_key)?)?;
    let config = ServerConfig::new(vec![listening], vec![host_key]);
    let server = ServerHandle::start(&config, Arc::new(stand))?;
    for address in server.addresses() {
        println!("{address}");
    }
    // Until somebody ends it.
    loop {
        std::thread::park();
    }
}
