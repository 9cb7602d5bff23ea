//! The first load of a registry: rows in key order, into empty tables, under commit 1.

use renkei_core::CommitNo;
use renkei_core::port::StoreError;
use renkei_registry::RowKey;
use rusqlite::Connection;

use crate::changes::{Growth, put_row, row_stands};
use crate::commits;
use crate::errors::SqliteError;
use crate::residents::Residents;
use crate::rows::{self, Counts};
use crate::seal::RowSealer;

/// A load under way.
#[derive(Debug, Default)]
pub(crate) struct Load {
    last: Option<RowKey>,
    n_rows: u64,
    pub(crate) growth: Growth,
    /// Whether its commit was recorded: rows without one must not become durable.
    pub(crate) is_recorded: bool,
}

impl Load {
    /// Starts a load, which needs an empty registry without any commit.
    pub(crate) fn start(connection: &Connection, residents: Residents) -> Result<Self, SqliteError> {
        let is_empty = commits::head(connection)? == CommitNo(0)
            && rows::counts(connection, residents)? == Counts::default();
        if is_empty { Ok(Self::default()) } else { Err(StoreError::NotEmpty.into()) }
    }

    /// Takes one row.
    pub(crate) fn row(
        &mut self,
        connection: &Connection,
        residents: Residents,
        sealer: &mut RowSealer<'_>,
        key: RowKey,
        packed: &[u8],
    ) -> Result<(), SqliteError> {
        let row_no = self.n_rows + 1;
        // In key order a repeat stands right behind its first; only rows out of order need a search.
        let is_repeat = match self.last {
            Some(last) if key == last => true,
            Some(last) if key < last => row_stands(connection, residents, key)?,
            _ => false,
        };
        if is_repeat {
            return Err(StoreError::DuplicateRow { row_no }.into());
        }
        let row = sealer.seal(key.atena_no, packed)?;
        put_row(connection, residents.key(key.atena_no), key, CommitNo(1), &row, row_no)?;
        *if row.is_latest { &mut self.growth.n_current } else { &mut self.growth.n_past } += 1;
        self.n_rows = row_no;
        self.last = self.last.max(Some(key));
        Ok(())
    }
}
