//! The hub as the house that visitors come to: its root, its rules as they stand, its accounts, its clock.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use renkei_core::access::{Account, AccountId, Authorities, LoginRefusal, Right, Rulebook};
use renkei_core::feed::Feed;
use renkei_core::port::{AuditEntry, Store as _, StoreError};
use renkei_core::{FeedId, FolderPath, Moment};
use renkei_engine::Clock as _;
use renkei_folder::visit::{VisitPath, VisitedRoot};
use renkei_sftp::server::{Gate, GateEvent, LoginMeans};
use renkei_sftp::session::{Deed, Premises, Visitor};
use renkei_store::SqliteStore;

use super::refusals::{Asked, Refusals, Refused};
use super::scribe::{Fetch, Note, Scribe, Weight, mended_feed};
use crate::Failure;
use crate::access::rulebook;
use crate::clock::HubClock;
use crate::config::Config;
use crate::premises::open_store;

/// How long a look at an account waits for the database.
const STORE_WAIT: Duration = Duration::from_secs(10);

/// What sessions of SFTP visit.
pub(crate) struct VisitedHouse {
    root: Arc<VisitedRoot>,
    store: Arc<SqliteStore>,
    clock: HubClock,
    rules: RwLock<Rules>,
    scribe: Scribe,
    refusals: Mutex<Refusals>,
    begun: Instant,
}

/// What became of a login that another program did.
#[derive(Debug, Clone, Copy)]
pub(crate) enum VisitStep {
    /// Somebody is in.
    Comes,
    /// He has gone.
    Goes,
    /// He was not let in.
    Refused(&'static str),
    /// He was let in and would not be any more.
    SentAway(&'static str),
}

struct Rules {
    book: Arc<Rulebook>,
    /// Each feed's folder.
    feeds: Vec<(FolderPath, FeedId)>,
    /// Whose certificates are taken.
    authorities: Arc<Authorities>,
}

impl VisitedHouse {
    /// Opens the hub's root and database for visitors.
    pub(crate) fn open(config: &Config, clock: HubClock) -> Result<Self, Failure> {
        let root = Arc::new(VisitedRoot::open(&config.root)?);
        let store = Arc::new(open_store(config, STORE_WAIT, true)?);
        let scribe = Scribe::start(Arc::clone(&store))
            .map_err(|source| crate::HubError::Daemon { attempt: "start a thread", source })?;
        let rules =
            RwLock::new(Rules { book: Arc::default(), feeds: Vec::new(), authorities: Arc::default() });
        let refusals = Mutex::default();
        let begun = Instant::now();
        let house = Self { root, store, clock, rules, scribe, refusals, begun };
        house.refresh(config)?;
        Ok(house)
    }

    /// Goes by the rules as they stand now. Where they cannot be read, nobody may do anything until they can.
    pub(crate) fn refresh(&self, config: &Config) -> Result<(), StoreError> {
        let today = self.clock.now().date();
        let read = self.store.snapshot().and_then(|snapshot| rulebook(config, snapshot.as_ref(), today));
        let folder = |feed: &Feed| (feed.folder.clone(), feed.id.clone());
        let feeds = config.feeds.iter().map(|declared| folder(&declared.feed)).collect();
        let (book, result) = match read {
            Ok(book) => (Arc::new(book), Ok(())),
            Err(error) => (Arc::default(), Err(error)),
        };
        let authorities = config.sftp.as_ref().map(|sftp| sftp.authorities.clone()).unwrap_or_default();
        let rules = Rules { book, feeds, authorities: Arc::new(authorities) };
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        result
    }

    /// The accounts as they stand.
    pub(crate) fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.store.snapshot()?.accounts()
    }

    /// Writes down how often was refused what is counted for a minute at a time.
    pub(crate) fn tell_refusals(&self) {
        let lines = self.refusals().over(self.begun.elapsed());
        self.refusal_lines(lines);
    }

    /// Writes all down, because the process ends.
    pub(crate) fn close_books(&self) {
        let lines = self.refusals().all();
        self.refusal_lines(lines);
        self.scribe.close();
    }

    fn refusals(&self) -> std::sync::MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusal_lines(&self, lines: Vec<Refused>) {
        for line in lines {
            self.line(&operator(&line.account), line.action, &line.from, line.result, Weight::Refusal);
        }
    }

    /// Notes what became of a login that another program did.
    pub(crate) fn note_visit(
        &self,
        account: Option<&AccountId>,
        address: Option<IpAddr>,
        session_no: u64,
        step: VisitStep,
    ) {
        let (action, result, weight) = match step {
            VisitStep::Comes => ("log in", "by sshd".to_owned(), Weight::Deed),
            VisitStep::Goes => ("log out", "done".to_owned(), Weight::Deed),
            VisitStep::Refused(why) => ("log in", format!("refused ({why})"), Weight::Refusal),
            VisitStep::SentAway(why) => ("log out", format!("sent away ({why})"), Weight::Deed),
        };
        let who = account.map_or_else(|| "sftp:?".to_owned(), operator);
        self.line(&who, action.to_owned(), &from(address, session_no), result, weight);
    }

    fn line(&self, who: &str, action: String, from: &str, result: String, weight: Weight) {
        let at = self.clock.now().to_string();
        self.scribe.note(Note::Line(AuditEntry::new(at, who, action, from, result)), weight);
    }

    /// Notes that a file of a feed was fetched, or a diff for one receiver alone, for the ledger.
    fn note_fetched(&self, visitor: &Visitor, path: &VisitPath, is_whole: bool) {
        let Some((folder, name)) = path.split() else { return };
        let (Ok(folder), Ok(name)) = (String::from_utf8(folder.to_bytes()), std::str::from_utf8(name)) else {
            return;
        };
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let folder = folder.trim_start_matches('/');
        let in_folder = |(at, _): &&(FolderPath, FeedId)| at.as_str() == folder;
        let feeds: Vec<FeedId> = rules.feeds.iter().filter(in_folder).map(|(_, feed)| feed.clone()).collect();
        if feeds.is_empty() && mended_feed(folder).is_none() {
            return;
        }
        let fetch = Fetch {
            feeds,
            folder: folder.to_owned(),
            name: name.to_owned(),
            receiver: visitor.account.system.clone(),
            at: self.clock.now(),
            session_no: visitor.session_no,
            is_whole,
        };
        self.scribe.note(Note::Fetched(fetch), Weight::Deed);
    }
}

impl Premises for VisitedHouse {
    fn root(&self) -> &VisitedRoot {
        &self.root
    }

    fn rulebook(&self) -> Arc<Rulebook> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner).book)
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn note(&self, visitor: &Visitor, deed: &Deed<'_>) {
        let who = operator(&visitor.account.id);
        let from = from(visitor.address, visitor.session_no);
        let replaced = |has_replaced: bool| if has_replaced { ", in place of another" } else { "" };
        let (action, result) = match deed {
            Deed::Fetched { path, n_bytes, n_bytes_sent, .. } => {
                let is_whole = deed.is_whole_fetch();
                self.note_fetched(visitor, path, is_whole);
                let extent = if is_whole { "whole" } else { "part" };
                (format!("fetch {}", shown(path)), format!("{extent}: {n_bytes_sent} of {n_bytes} bytes"))
            }
            Deed::Stored { path, n_bytes, has_replaced } => {
                (format!("store {}", shown(path)), format!("{n_bytes} bytes{}", replaced(*has_replaced)))
            }
            Deed::BrokenOff { path, n_bytes } => {
                (format!("store {}", shown(path)), format!("broken off after {n_bytes} bytes"))
            }
            Deed::Renamed { from, to, has_replaced } => (
                format!("rename {} to {}", shown(from), shown(to)),
                format!("done{}", replaced(*has_replaced)),
            ),
            Deed::Removed { path } => (format!("remove {}", shown(path)), "done".to_owned()),
            Deed::FolderMade { path } => (format!("make folder {}", shown(path)), "done".to_owned()),
            Deed::FolderRemoved { path } => (format!("remove folder {}", shown(path)), "done".to_owned()),
            Deed::Refused { path, right } => {
                let action = refused_action(*right, path);
                let (account, session_no) = (&visitor.account.id, visitor.session_no);
                let asked = Asked { account, session_no, action: &action, from: &from };
                let lines = self.refusals().refused(asked, self.begun.elapsed());
                return self.refusal_lines(lines);
            }
        };
        self.line(&who, action, &from, result, Weight::Deed);
    }
}

impl Gate for VisitedHouse {
    fn account(&self, id: &AccountId) -> Option<Account> {
        match self.store.snapshot().and_then(|snapshot| snapshot.account(id)) {
            Ok(account) => account,
            Err(error) => {
                tracing::error!(%error, "an account could not be looked up, so nobody is let in");
                None
            }
        }
    }

    fn authorities(&self) -> Arc<Authorities> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner).authorities)
    }

    fn note_gate(&self, event: &GateEvent) {
        match event {
            GateEvent::LoggedIn { account, address, means, session_no } => {
                let by = match means {
                    LoginMeans::Key(key) => format!("by key {key}"),
                    LoginMeans::Password => "by password".to_owned(),
                    LoginMeans::Both(key) => format!("by key {key} and password"),
                    LoginMeans::Certificate { key, certificate, has_password } => {
                        let password = if *has_password { " and password" } else { "" };
                        format!("by key {key} with {certificate}{password}")
                    }
                };
                tracing::info!(account = %account, session = session_no, "a partner system logged in");
                let from = from(Some(*address), *session_no);
                self.line(&operator(account), "log in".to_owned(), &from, by, Weight::Deed);
            }
            GateEvent::LoginRefused { account, address, refusal, key, certificate } => {
                let who = account.as_ref().map_or_else(|| "sftp:?".to_owned(), operator);
                let key = key.map(|key| format!(", key {key}")).unwrap_or_default();
                let certificate = certificate.as_ref().map(|one| format!(" with {one}")).unwrap_or_default();
                let result = format!("refused ({}{key}{certificate})", refusal.as_str());
                if *refusal != LoginRefusal::OtherKey {
                    tracing::warn!(%address, refusal = refusal.as_str(), "a login was refused");
                }
                let from = format!("from {address}");
                self.line(&who, "log in".to_owned(), &from, result, Weight::Refusal);
            }
            GateEvent::Banned { address, time } => {
                tracing::warn!(%address, seconds = time.as_secs(), "an address is shut out for guessing");
                let result = format!("for {} seconds", time.as_secs());
                self.line("sftp", format!("ban {address}"), "too many guesses", result, Weight::Refusal);
            }
            GateEvent::TurnedAway { address, why } => {
                let (action, why) = (format!("turn away {address}"), why.as_str().to_owned());
                self.line("sftp", action, "", why, Weight::Refusal);
            }
            GateEvent::LoggedOut { account, address, session_no } => {
                let from = from(Some(*address), *session_no);
                let (action, result) = ("log out".to_owned(), "done".to_owned());
                self.line(&operator(account), action, &from, result, Weight::Deed);
            }
        }
    }
}

impl Drop for VisitedHouse {
    fn drop(&mut self) {
        self.close_books();
    }
}

/// How an account is named in the audit, where operators are named too.
fn operator(account: &AccountId) -> String {
    format!("sftp:{account}")
}

fn from(address: Option<IpAddr>, session_no: u64) -> String {
    match address {
        Some(address) => format!("from {address}, session {session_no}"),
        None => format!("session {session_no}"),
    }
}

/// A path in one line; what is no text or a control character is escaped, what is long is cut.
fn shown(path: &VisitPath) -> String {
    let bytes = path.to_bytes();
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        Ok(text) => text.escape_debug().to_string(),
        Err(_) => bytes.escape_ascii().to_string(),
    };
    let mut cut: String = text.chars().take(300).collect();
    if cut.len() < text.len() {
        cut.push_str("[...]");
    }
    cut
}

fn refused_action(right: Right, path: &VisitPath) -> String {
    format!("{} {}", right.as_str(), shown(path))
}
