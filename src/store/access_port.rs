//! The port's methods for accounts and grants, for snapshots and transactions.

use renkei_core::Moment;
use renkei_core::access::{Account, AccountId, Rule};
use renkei_core::port::{AccessReading, AccessWriting, GrantEntry, StoreError};

use crate::access;
use crate::snapshot::SqliteSnapshot;
use crate::transaction::SqliteTransaction;

macro_rules! reading {
    ($($type:ty),+) => {
        $(impl AccessReading for $type {
            fn accounts(&self) -> Result<Vec<Account>, StoreError> {
                Ok(access::accounts(&self.connection)?)
            }

            fn account(&self, id: &AccountId) -> Result<Option<Account>, StoreError> {
                Ok(access::account(&self.connection, id)?)
            }

            fn grants(&self) -> Result<Vec<Rule>, StoreError> {
                Ok(access::grants(&self.connection)?)
            }
        })+
    };
}

reading!(SqliteSnapshot<'_>, SqliteTransaction<'_>);

impl AccessWriting for SqliteTransaction<'_> {
    fn put_account(&mut self, account: &Account, at: Moment) -> Result<(), StoreError> {
        Ok(access::put_account(&self.connection, account, at)?)
    }

    fn put_grant(&mut self, grant: &GrantEntry) -> Result<u64, StoreError> {
        Ok(access::put_grant(&self.connection, grant)?)
    }

    fn revoke_grant(
        &mut self,
        grant_no: u64,
        at: Moment,
        by: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        Ok(access::revoke_grant(&self.connection, grant_no, at, by, reason)?)
    }
}
