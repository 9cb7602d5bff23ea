//! Sessions without a network: what is answered to which packets, and that rights are exactly those of the rulebook.

mod before_close;
mod exactly;
mod hostile;
mod packets;
mod waiting;

use std::sync::{Arc, Mutex};

use renkei_core::Moment;
use renkei_core::access::{Account, AccountState, Grantee, LoginRule, Origin, Right, Rights, Rule, Rulebook};
use renkei_folder::visit::VisitedRoot;

use super::{Deed, Premises, Session, Visitor};
use crate::wire::{Attrs, Framing, OpenFlags, Packet, Reply, Request, StatusCode};

struct House {
    folder: tempfile::TempDir,
    root: VisitedRoot,
    rules: Mutex<Arc<Rulebook>>,
    n_refused: Mutex<usize>,
    n_broken_off: Mutex<usize>,
    /// Of each file that was fetched, whether it was whole.
    fetched: Mutex<Vec<bool>>,
}

impl Premises for House {
    fn root(&self) -> &VisitedRoot {
        &self.root
    }

    fn rulebook(&self) -> Arc<Rulebook> {
        Arc::clone(&self.rules.lock().unwrap())
    }

    fn now(&self) -> Moment {
        Moment::parse("2026-11-22T00:00:00").unwrap()
    }

    fn note(&self, _visitor: &Visitor, deed: &Deed<'_>) {
        *self.n_refused.lock().unwrap() += usize::from(matches!(deed, Deed::Refused { .. }));
        *self.n_broken_off.lock().unwrap() += usize::from(matches!(deed, Deed::BrokenOff { .. }));
        if matches!(deed, Deed::Fetched { .. }) {
            self.fetched.lock().unwrap().push(deed.is_whole_fetch());
        }
    }
}

fn account() -> Account {
    Account {
        id: "office".parse().unwrap(),
        system: "015".parse().unwrap(),
        state: AccountState::Enabled,
        rule: LoginRule::Either,
        keys: Vec::new(),
        password_hash: None,
        addresses: Vec::new(),
    }
}

fn rule(folder: &str, rights: Rights) -> Rule {
    let grantee = Grantee::System("015".parse().unwrap());
    Rule { grantee, folder: folder.parse().unwrap(), rights, origin: Origin::Answers }
}

fn house(rules: Vec<Rule>) -> Arc<House> {
    let folder = tempfile::tempdir().unwrap();
    let root = VisitedRoot::open(folder.path()).unwrap();
    let rules = Mutex::new(Arc::new(Rulebook::new(rules)));
    Arc::new(House {
        folder,
        root,
        rules,
        n_refused: Mutex::default(),
        n_broken_off: Mutex::default(),
        fetched: Mutex::default(),
    })
}

impl House {
    fn set_rules(&self, rules: Vec<Rule>) {
        *self.rules.lock().unwrap() = Arc::new(Rulebook::new(rules));
    }
}

/// A client that asks one thing at a time.
struct Client {
    session: Session,
    n_asked: u32,
    /// Answers reach it, so that what it fetched is on record.
    reads_answers: bool,
}

/// A reply that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Status(StatusCode),
    Handle(Vec<u8>),
    Data(Vec<u8>),
    Names(Vec<Vec<u8>>),
    Attrs(Attrs),
    Other,
}

impl Client {
    fn new(house: &Arc<House>) -> Self {
        let premises: Arc<dyn Premises> = house.clone();
        let visitor = Visitor { account: account(), address: None, session_no: 1 };
        let mut session = Session::new(premises, Arc::new(visitor));
        let mut out = Vec::new();
        session.answer(&[1, 0, 0, 0, 3], &mut out).unwrap();
        Self { session, n_asked: 0, reads_answers: true }
    }

    fn ask(&mut self, request: Request<'_>) -> Told {
        self.n_asked += 1;
        let mut bytes = Vec::new();
        Packet::Request { id: self.n_asked, request }.put(&mut bytes);
        let mut out = Vec::new();
        self.session.answer(&bytes[4..], &mut out).unwrap();
        if self.reads_answers {
            self.session.sent();
        }
        let mut framing = Framing::default();
        framing.push(&out);
        let (id, reply) = Reply::parse(framing.next_packet().unwrap().unwrap()).unwrap();
        assert_eq!(id, Some(self.n_asked));
        let told = match reply {
            Reply::Status { code, .. } => Told::Status(code),
            Reply::Handle(handle) => Told::Handle(handle.to_vec()),
            Reply::Data(data) => Told::Data(data.to_vec()),
            Reply::Names(entries) => Told::Names(entries.into_iter().map(|entry| entry.name).collect()),
            Reply::Attrs(attrs) => Told::Attrs(attrs),
            _ => Told::Other,
        };
        assert_eq!(framing.next_packet(), Ok(None), "one reply for one request");
        told
    }

    /// Whether it would be asked of somebody who may wait.
    fn waits(&self, request: Request<'_>) -> bool {
        let mut bytes = Vec::new();
        Packet::Request { id: 1, request }.put(&mut bytes);
        self.session.waits_for_disk(&bytes[4..])
    }

    fn open(&mut self, path: &str, flags: u32) -> Told {
        self.ask(Request::Open { path: path.as_bytes(), flags: OpenFlags(flags), attrs: Attrs::default() })
    }

    /// Brings a file whole; what the last step was told.
    fn put(&mut self, path: &str, data: &[u8]) -> Told {
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let opened = self.open(path, flags);
        let Told::Handle(handle) = opened else { return opened };
        assert_eq!(
            self.ask(Request::Write { handle: &handle, offset: 0, data }),
            Told::Status(StatusCode::Ok)
        );
        self.ask(Request::Close { handle: &handle })
    }
}
