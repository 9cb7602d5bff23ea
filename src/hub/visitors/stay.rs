//! A session in a process of its own: while it lasts, rules and its account are looked at anew, and it ends when the
//! account would no longer be let in.

use std::io::Read;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use renkei_core::access::AccountId;
use renkei_sftp::session::Premises as _;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::by_others::ByOthers;
use super::house::VisitedHouse;
use crate::config::Config;

/// Time from one look to the next.
const LOOK: Duration = Duration::from_secs(2);
/// How long a session may take to notice that it is over; one that is sending may wait for its client for ever.
const LAST_TIME: Duration = Duration::from_secs(10);
/// Waiting for a request is interrupted so often.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };
/// How the process ends where its session did not.
const EXIT: i32 = 1;

/// One session's time in its process.
pub(crate) struct Stay<'a> {
    house: &'a VisitedHouse,
    config: &'a Config,
    account: &'a AccountId,
    login: &'a ByOthers,
    /// The client has gone.
    is_over: AtomicBool,
    /// Why the session is to end.
    sent_away: Mutex<Option<&'static str>>,
    is_sent_away: AtomicBool,
}

impl<'a> Stay<'a> {
    pub(crate) fn new(
        house: &'a VisitedHouse,
        config: &'a Config,
        account: &'a AccountId,
        login: &'a ByOthers,
    ) -> Self {
        let (is_over, is_sent_away) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { house, config, account, login, is_over, sent_away: Mutex::default(), is_sent_away }
    }

    /// Serves with standard input, and watches meanwhile; an error says why the session was ended from here. `last` is
    /// what is to be done, for that reason, before the process ends with a session that does not.
    pub(crate) fn during<T>(
        &self,
        serve: impl FnOnce(Input<'_>) -> T,
        last: impl Fn(&'static str) + Send + Sync,
    ) -> Result<T, &'static str> {
        let served = std::thread::scope(|scope| {
            let watch = scope.spawn(|| self.watch(&last));
            let served = serve(Input { is_sent_away: &self.is_sent_away });
            self.is_over.store(true, Ordering::Release);
            watch.thread().unpark();
            served
        });
        match self.sent_away.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(why) => Err(why),
            None => Ok(served),
        }
    }

    fn watch(&self, last: &impl Fn(&'static str)) {
        while self.waits(LOOK) {
            if let Err(why) = self.look() {
                tracing::warn!(account = %self.account, "what a login stood on was taken away: its session ends");
                *self.sent_away.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                self.is_sent_away.store(true, Ordering::Release);
                if self.waits(LAST_TIME) {
                    last(why);
                    std::process::exit(EXIT);
                }
                return;
            }
        }
    }

    /// Waits; false as soon as the client has gone.
    fn waits(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.is_over.load(Ordering::Acquire) {
            match until.checked_duration_since(Instant::now()) {
                Some(rest) if !rest.is_zero() => std::thread::park_timeout(rest),
                _ => return true,
            }
        }
        false
    }

    fn look(&self) -> Result<(), &'static str> {
        if let Err(error) = self.house.refresh(self.config) {
            tracing::error!(%error, "the rules cannot be read, so visitors may do nothing until they can");
        }
        self.house.tell_refusals();
        match self.house.accounts() {
            Ok(accounts) => match accounts.iter().find(|account| account.id == *self.account) {
                Some(account) => self.login.check(account, self.house.now()),
                None => Err("there is none any more"),
            },
            Err(error) => {
                tracing::debug!(%error, "accounts are looked at the next time");
                Ok(())
            }
        }
    }
}

/// Standard input, which ends when the session is to end.
pub(crate) struct Input<'s> {
    is_sent_away: &'s AtomicBool,
}

impl Read for Input<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let stdin = std::io::stdin();
        loop {
            if self.is_sent_away.load(Ordering::Acquire) {
                return Ok(0);
            }
            let mut asked = [PollFd::new(&stdin, PollFlags::IN)];
            match poll(&mut asked, Some(&GLANCE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                // Straight from the system: what a buffer held would be waited for.
                Ok(_) => return Ok(rustix::io::read(&stdin, &mut *into)?),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}
