//! Changing accounts and grants: each change in one transaction with its line in the audit, told to the daemon.

use renkei_core::Moment;
use renkei_core::access::{Account, AccountId, Rulebook};
use renkei_core::declared::nearest;
use renkei_core::port::{AuditEntry, Snapshot, Store as _, Transaction};
use renkei_engine::Clock as _;
use renkei_store::SqliteStore;

use super::errors::AccessFault;
use super::rulebook;
use crate::clock::HubClock;
use crate::config::{Config, System};
use crate::daemon::DaemonLink;
use crate::premises::{make_folders, open_store};
use crate::{Failure, HubError, Session, audit_head};

/// Where accounts and rights are looked at and changed; works beside the daemon, and before the first load.
pub(crate) struct AccessDesk<'s> {
    session: &'s Session,
    pub(crate) config: Config,
    store: SqliteStore,
    clock: HubClock,
}

/// How long a change waits for its turn to write.
const WRITE_WAIT: std::time::Duration = std::time::Duration::from_secs(10);

impl<'s> AccessDesk<'s> {
    /// To look at what is there.
    pub(crate) fn for_reading(session: &'s Session) -> Result<Self, Failure> {
        let config = session.config()?;
        if !config.store.path.exists() {
            return Err(HubError::NoDatabase { path: config.store.path }.into());
        }
        let store = open_store(&config, session.wait(), false)?;
        Ok(Self { session, config, store, clock: HubClock::system() })
    }

    /// To change something.
    pub(crate) fn for_writing(session: &'s Session) -> Result<Self, Failure> {
        let config = session.config()?;
        make_folders(&config)?;
        let store = open_store(&config, session.wait().max(WRITE_WAIT), true)?;
        Ok(Self { session, config, store, clock: HubClock::system() })
    }

    /// The hour.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// One instant of the database.
    pub(crate) fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Failure> {
        Ok(self.store.snapshot()?)
    }

    /// The rules of today.
    pub(crate) fn rulebook(&self) -> Result<Rulebook, Failure> {
        let snapshot = self.store.snapshot()?;
        Ok(rulebook(&self.config, snapshot.as_ref(), self.now().date())?)
    }

    /// The account with this name, or what it may have been meant to be.
    pub(crate) fn account(&self, name: &str) -> Result<Account, Failure> {
        let snapshot = self.store.snapshot()?;
        if let Ok(id) = name.parse::<AccountId>()
            && let Some(account) = snapshot.account(&id)?
        {
            return Ok(account);
        }
        let accounts = snapshot.accounts()?;
        let near = nearest(name, accounts.iter().map(|account| account.id.as_str())).map(str::to_owned);
        Err(AccessFault::UnknownAccount { account: name.escape_debug().take(60).collect(), near }.into())
    }

    /// The declared system with this id.
    pub(crate) fn system(&self, id: &str) -> Result<&System, Failure> {
        let systems = &self.config.systems;
        systems.iter().find(|system| system.id.as_str() == id).ok_or_else(|| {
            let near = nearest(id, systems.iter().map(|system| system.id.as_str())).map(str::to_owned);
            AccessFault::UnknownSystem { system: id.escape_debug().take(60).collect(), near }.into()
        })
    }

    /// Changes an account; what `edit` says was done is the result in the audit.
    pub(crate) fn change_account(
        &self,
        id: &AccountId,
        action: String,
        reason: &str,
        edit: impl FnOnce(&mut Account) -> Result<String, AccessFault>,
    ) -> Result<(), Failure> {
        self.change(action, reason, |tx, now| {
            let gone = || AccessFault::UnknownAccount { account: id.to_string(), near: None };
            let mut account = tx.account(id)?.ok_or_else(gone)?;
            let result = edit(&mut account)?;
            tx.put_account(&account, now)?;
            Ok(result)
        })
    }

    /// Makes a change; what `write` says was done is the result in the audit.
    pub(crate) fn change(
        &self,
        action: String,
        reason: &str,
        write: impl FnOnce(&mut dyn Transaction, Moment) -> Result<String, Failure>,
    ) -> Result<(), Failure> {
        let now = self.now();
        let mut tx = self.store.begin()?;
        let result = write(tx.as_mut(), now)?;
        let operator = self.session.operator();
        tx.append_audit(&AuditEntry::new(now.to_string(), &operator, action, reason, result))?;
        tx.commit()?;
        if let Some(daemon) = DaemonLink::find(&self.config) {
            // Its server goes by the new rules at once.
            daemon.wake();
        }
        audit_head::keep(&self.store, &self.config, now)
    }

    /// Does what changes files outside the database, with a line before it is begun and one after: `after` says what was
    /// done.
    ///
    /// [`AccessFault::DoneOffRecord`] where the second line cannot be written: what is done must not be done again.
    pub(crate) fn do_on_record<T>(
        &self,
        action: &str,
        reason: &str,
        before: &str,
        work: impl FnOnce() -> Result<T, Failure>,
        after: impl FnOnce(&T) -> String,
    ) -> Result<T, Failure> {
        let note = |result: String| self.change(action.to_owned(), reason, |_, _| Ok(result));
        note(before.to_owned())?;
        let worked = work()?;
        let done = after(&worked);
        note(done.clone()).map_err(|failure| AccessFault::DoneOffRecord {
            done,
            cause: format!("{}: {}", failure.code(), failure.causes().join(": ")),
        })?;
        Ok(worked)
    }
}
