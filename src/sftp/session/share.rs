//! What all sessions of an account have in common: how much they have open together, and which files they brought.
//!
//! A client may spread its work over several channels and connections, so neither can be counted by the session.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use renkei_core::access::AccountId;
use renkei_folder::visit::{Look, VisitPath};

use super::{MAX_HANDLES, Refusal};
use crate::wire::StatusCode;

/// Files of an account of which it is remembered that it brought them; those brought first are forgotten first.
const MAX_BROUGHT: usize = 10_000;

/// How many files and folders may be open at once. Each takes two of the process's descriptors at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandleLimits {
    /// Of all accounts together.
    pub all: usize,
    /// Of one account.
    pub per_account: usize,
}

/// What every session of a process stands in, account by account.
#[derive(Debug)]
pub struct Shares {
    limits: HandleLimits,
    n_open: AtomicUsize,
    accounts: Mutex<HashMap<AccountId, Weak<Share>>>,
}

impl Shares {
    /// Nothing is open yet.
    pub fn new(limits: HandleLimits) -> Arc<Self> {
        Arc::new(Self { limits, n_open: AtomicUsize::new(0), accounts: Mutex::default() })
    }

    /// For a session that is alone in its process.
    pub(super) fn of_one_session() -> Arc<Self> {
        Self::new(HandleLimits { all: MAX_HANDLES, per_account: MAX_HANDLES })
    }

    /// What an account's sessions have in common; it lasts as long as one of them.
    pub(super) fn of(self: &Arc<Self>, account: &AccountId) -> Arc<Share> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = accounts.get(account).and_then(Weak::upgrade) {
            return share;
        }
        accounts.retain(|_, share| share.strong_count() > 0);
        let all = Arc::clone(self);
        let share = Arc::new(Share { all, n_open: AtomicUsize::new(0), brought: Mutex::default() });
        accounts.insert(account.clone(), Arc::downgrade(&share));
        share
    }
}

/// What the sessions of one account have in common.
#[derive(Debug)]
pub(super) struct Share {
    all: Arc<Shares>,
    n_open: AtomicUsize,
    brought: Mutex<Brought>,
}

/// Room for one handle; given back when dropped.
#[derive(Debug)]
pub(super) struct Room(Arc<Share>);

impl Drop for Room {
    fn drop(&mut self) {
        self.0.n_open.fetch_sub(1, Ordering::AcqRel);
        self.0.all.n_open.fetch_sub(1, Ordering::AcqRel);
    }
}

fn take_one(n_open: &AtomicUsize, most: usize) -> bool {
    let one_more = |n: usize| (n < most).then_some(n + 1);
    n_open.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_ok()
}

impl Share {
    /// Takes room for one handle.
    pub(super) fn room(self: &Arc<Self>) -> Result<Room, Refusal> {
        let full = |message| Err(Refusal::new(StatusCode::Failure, message));
        let limits = self.all.limits;
        if !take_one(&self.n_open, limits.per_account) {
            return full("too many handles are open for this account");
        }
        if !take_one(&self.all.n_open, limits.all) {
            self.n_open.fetch_sub(1, Ordering::AcqRel);
            return full("too many handles are open on this server");
        }
        Ok(Room(Arc::clone(self)))
    }

    /// One of the account's sessions brought this file, and it looks so now.
    pub(super) fn brought(&self, path: &VisitPath, look: Look) {
        self.book().put(path, Mark::of(look));
    }

    /// Whether what is there is what one of the account's sessions brought.
    pub(super) fn is_own(&self, path: &VisitPath, look: Look) -> bool {
        self.book().marks.get(path).is_some_and(|(_, mark)| *mark == Mark::of(look))
    }

    /// A file has another name.
    pub(super) fn renamed(&self, from: &VisitPath, to: &VisitPath) {
        let mut book = self.book();
        book.marks.remove(to);
        if let Some((_, mark)) = book.marks.remove(from) {
            book.put(to, mark);
        }
    }

    /// Nothing is there any more.
    pub(super) fn removed(&self, path: &VisitPath) {
        self.book().marks.remove(path);
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Brought> {
        self.brought.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a file is known by again. Its number alone may come again with the next file, its length and time alone too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    file_no: u64,
    n_bytes: u64,
    changed: i64,
}

impl Mark {
    fn of(look: Look) -> Self {
        Self { file_no: look.file_no, n_bytes: look.n_bytes, changed: look.changed }
    }
}

/// Files by path, numbered in the order in which they came.
#[derive(Debug, Default)]
struct Brought {
    marks: HashMap<VisitPath, (u64, Mark)>,
    n_put: u64,
}

impl Brought {
    fn put(&mut self, path: &VisitPath, mark: Mark) {
        if self.marks.len() >= MAX_BROUGHT {
            // A quarter at once, so that this is not done for every file.
            let mut numbers: Vec<u64> = self.marks.values().map(|(no, _)| *no).collect();
            let (_, least, _) = numbers.select_nth_unstable(MAX_BROUGHT / 4);
            let least = *least;
            self.marks.retain(|_, (no, _)| *no >= least);
        }
        self.n_put += 1;
        self.marks.insert(path.clone(), (self.n_put, mark));
    }
}

#[cfg(test)]
mod tests {
    use renkei_folder::visit::SeenKind;

    use super::*;

    fn path(n: usize) -> VisitPath {
        VisitPath::parse(n.to_string().as_bytes()).unwrap()
    }

    fn look(file_no: u64) -> Look {
        Look { kind: SeenKind::File, n_bytes: 1, file_no, accessed: 0, changed: 5 }
    }

    #[test]
    fn handles_are_counted_by_account_and_in_all() {
        let shares = Shares::new(HandleLimits { all: 5, per_account: 3 });
        let (one, other) = ("one".parse().unwrap(), "other".parse().unwrap());
        let (share, again) = (shares.of(&one), shares.of(&one));
        let mut rooms: Vec<Room> = [&share, &again, &share].map(|share| share.room().unwrap()).into();
        assert!(again.room().is_err(), "whichever session asks");
        let others = shares.of(&other);
        rooms.extend([others.room().unwrap(), others.room().unwrap()]);
        assert!(others.room().is_err(), "all of them are taken");
        rooms.remove(0);
        rooms.push(others.room().unwrap());
        assert!(share.room().is_err());
        rooms.clear();
        assert_eq!(shares.n_open.load(Ordering::Acquire), 0);
    }

    #[test]
    fn what_was_brought_is_known_again_and_nothing_else() {
        let shares = Shares::of_one_session();
        let account = "one".parse().unwrap();
        let share = shares.of(&account);
        share.brought(&path(1), look(10));
        assert!(shares.of(&account).is_own(&path(1), look(10)));
        assert!(!share.is_own(&path(1), look(11)), "another file of the name");
        assert!(!share.is_own(&path(1), Look { changed: 6, ..look(10) }), "another file of the number");
        assert!(!share.is_own(&path(2), look(10)));
        share.brought(&path(2), look(20));
        share.renamed(&path(1), &path(2));
        assert!(share.is_own(&path(2), look(10)) && !share.is_own(&path(1), look(10)));
        // What is not one's own takes the name of what is.
        share.renamed(&path(3), &path(2));
        assert!(!share.is_own(&path(2), look(10)));
        share.brought(&path(4), look(40));
        share.removed(&path(4));
        assert!(!share.is_own(&path(4), look(40)));
        share.brought(&path(5), look(50));
        drop(share);
        assert!(!shares.of(&account).is_own(&path(5), look(50)), "it ends with the last session");
    }

    #[test]
    fn memory_of_what_was_brought_is_bounded() {
        let shares = Shares::of_one_session();
        let share = shares.of(&"one".parse().unwrap());
        for n in 0..25_000 {
            share.brought(&path(n), look(1));
            assert!(share.book().marks.len() <= MAX_BROUGHT);
        }
        assert!(share.is_own(&path(24_999), look(1)) && !share.is_own(&path(0), look(1)));
    }
}
