//! Reading rows: scans in key order, the rows of one resident now or after an earlier commit, households.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use renkei_core::CommitNo;
use renkei_core::port::Numbers;
use renkei_registry::AtenaNo;
use rusqlite::{Connection, Row};

use crate::changes;
use crate::commits;
use crate::errors::SqliteError;
use crate::residents::Residents;
use crate::seal::{NumberSeal, RowSealer};

/// Rows of one municipality, as a connection sees them.
#[derive(Clone, Copy)]
pub(crate) struct RowReader<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) residents: Residents,
    pub(crate) seal: &'c NumberSeal,
}

type Each<'e> = &'e mut dyn FnMut(&[u8]) -> ControlFlow<()>;

impl RowReader<'_> {
    /// The current row of every resident.
    pub(crate) fn scan_latest(self, numbers: Numbers, each: Each<'_>) -> Result<(), SqliteError> {
        let mut give = Give::new(self, numbers, each);
        let sql = "SELECT resident_key, packed FROM current_row
                   WHERE resident_key BETWEEN ?1 AND ?2 ORDER BY resident_key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(self.bounds())?;
        while let Some(row) = rows.next()? {
            if give.row(row, 1)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Every row: both tables side by side, each in key order, so nothing is sorted or gathered.
    pub(crate) fn scan_history(self, numbers: Numbers, each: Each<'_>) -> Result<(), SqliteError> {
        let mut give = Give::new(self, numbers, each);
        let mut of_current = self.connection.prepare_cached(
            "SELECT resident_key, rireki_no, eda_no, packed FROM current_row
             WHERE resident_key BETWEEN ?1 AND ?2 ORDER BY resident_key",
        )?;
        let mut of_past = self.connection.prepare_cached(
            "SELECT resident_key, rireki_no, eda_no, packed FROM past_row
             WHERE resident_key BETWEEN ?1 AND ?2 ORDER BY resident_key, rireki_no, eda_no",
        )?;
        let mut current_rows = of_current.query(self.bounds())?;
        let mut past_rows = of_past.query(self.bounds())?;
        let mut current = current_rows.next()?;
        let mut past = past_rows.next()?;
        loop {
            let is_current_next = match (current, past) {
                (None, None) => return Ok(()),
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (Some(current), Some(past)) => row_key(current)? < row_key(past)?,
            };
            let next = if is_current_next { current } else { past };
            if let Some(row) = next
                && give.row(row, 3)?.is_break()
            {
                return Ok(());
            }
            if is_current_next {
                current = current_rows.next()?;
            } else {
                past = past_rows.next()?;
            }
        }
    }

    /// All rows of a resident as they stand, opened by `sealer`, in key order.
    pub(crate) fn rows_opened(
        self,
        atena_no: AtenaNo,
        sealer: &mut RowSealer<'_>,
    ) -> Result<Vec<Vec<u8>>, SqliteError> {
        opened(atena_no, &self.stored_rows(atena_no)?, sealer)
    }

    /// All rows of a resident right after commit `at`: what stands, with all later changes undone.
    pub(crate) fn rows_at(
        self,
        atena_no: AtenaNo,
        at: CommitNo,
        numbers: Numbers,
    ) -> Result<Vec<Vec<u8>>, SqliteError> {
        // A load leaves no lines to undo: before it, there was nothing.
        if commits::load_commit(self.connection)?.is_some_and(|load| at < load) {
            return Ok(Vec::new());
        }
        let mut rows = self.stored_rows(atena_no)?;
        changes::undo_after(self.connection, self.residents.key(atena_no), at, &mut rows)?;
        match numbers {
            Numbers::Sealed => Ok(rows.into_values().collect()),
            Numbers::Clear => opened(atena_no, &rows, &mut RowSealer::new(self.seal)),
        }
    }

    /// The current rows with this 世帯番号 as stored, by resident.
    pub(crate) fn household(self, setai_no: &str) -> Result<Vec<Vec<u8>>, SqliteError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT packed FROM current_row
             WHERE setai_no = ?1 AND resident_key BETWEEN ?2 AND ?3 ORDER BY resident_key",
        )?;
        let (first, last) = self.bounds();
        let rows = statement.query_map((setai_no, first, last), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn stored_rows(self, atena_no: AtenaNo) -> Result<StoredRows, SqliteError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT rireki_no, eda_no, packed FROM current_row WHERE resident_key = ?1
             UNION ALL SELECT rireki_no, eda_no, packed FROM past_row WHERE resident_key = ?1",
        )?;
        let rows = statement
            .query_map([self.residents.key(atena_no)], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn bounds(self) -> (i64, i64) {
        self.residents.range().into_inner()
    }
}

fn opened(
    atena_no: AtenaNo,
    rows: &StoredRows,
    sealer: &mut RowSealer<'_>,
) -> Result<Vec<Vec<u8>>, SqliteError> {
    rows.values().map(|stored| sealer.open(atena_no, stored).map(<[u8]>::to_vec)).collect()
}

/// Rows of one resident as stored, by 個人履歴番号 and 枝番.
pub(crate) type StoredRows = BTreeMap<(u32, u32), Vec<u8>>;

/// How many rows the tables hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) n_current: u64,
    pub(crate) n_past: u64,
}

pub(crate) fn counts(connection: &Connection, residents: Residents) -> Result<Counts, SqliteError> {
    let sql = "SELECT n_current, n_past FROM municipality WHERE municipality_no = ?1";
    let counts = connection.query_row(sql, [residents.municipality_no()], |row| {
        Ok(Counts { n_current: crate::columns::number(row, 0)?, n_past: crate::columns::number(row, 1)? })
    });
    Ok(counts?)
}

/// How many rows a commit added to each table, less those it took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Growth {
    pub(crate) n_current: i64,
    pub(crate) n_past: i64,
}

impl Growth {
    pub(crate) fn add(&mut self, is_latest: bool, n_rows: i64) {
        *if is_latest { &mut self.n_current } else { &mut self.n_past } += n_rows;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.n_current += other.n_current;
        self.n_past += other.n_past;
    }
}

/// Keeps [`counts`] true.
pub(crate) fn count(
    connection: &Connection,
    residents: Residents,
    growth: Growth,
) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "UPDATE municipality SET n_current = n_current + ?2, n_past = n_past + ?3 WHERE municipality_no = ?1",
    )?;
    statement.execute((residents.municipality_no(), growth.n_current, growth.n_past))?;
    Ok(())
}

fn row_key(row: &Row<'_>) -> Result<(i64, u32, u32), rusqlite::Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

/// Hands rows out, opened if asked for.
struct Give<'c, 'e> {
    residents: Residents,
    sealer: Option<RowSealer<'c>>,
    each: Each<'e>,
}

impl<'c, 'e> Give<'c, 'e> {
    fn new(reader: RowReader<'c>, numbers: Numbers, each: Each<'e>) -> Self {
        let sealer = match numbers {
            Numbers::Sealed => None,
            Numbers::Clear => Some(RowSealer::new(reader.seal)),
        };
        Self { residents: reader.residents, sealer, each }
    }

    /// The row's first column is its resident key.
    fn row(&mut self, row: &Row<'_>, packed_column: usize) -> Result<ControlFlow<()>, SqliteError> {
        let stored = row.get_ref(packed_column)?.as_blob().map_err(rusqlite::Error::from)?;
        match &mut self.sealer {
            None => Ok((self.each)(stored)),
            Some(sealer) => {
                let atena_no = self.residents.atena_no(row.get(0)?)?;
                Ok((self.each)(sealer.open(atena_no, stored)?))
            }
        }
    }
}
