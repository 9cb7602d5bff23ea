//! Whose database it is, and under which key: checked at every open, written at the first.

use renkei_core::port::StoreError;
use renkei_registry::MunicipalityCode;
use rusqlite::{Connection, OptionalExtension as _};

use crate::errors::SqliteError;
use crate::residents::Residents;
use crate::seal::{NumberSeal, require_same_key};

/// The residents' keys of the database's municipality. A database of another municipality, or of another
/// key, is refused.
pub(crate) fn claim(
    connection: &Connection,
    municipality: MunicipalityCode,
    seal: &NumberSeal,
) -> Result<Residents, SqliteError> {
    let mut owner = find(connection)?;
    if owner.is_none() {
        // Of two that come first at once, the second finds the first one's line.
        connection.execute(
            "INSERT INTO municipality (code, number_key_check)
             SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM municipality)",
            (municipality.as_str(), seal.key_check()?),
        )?;
        owner = find(connection)?;
    }
    let owner = owner.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    if owner.code != municipality.as_str() {
        let detail = format!("it is of municipality {}, not {municipality}", owner.code);
        return Err(StoreError::Unavailable { detail }.into());
    }
    require_same_key(seal, &owner.key_check)?;
    Ok(Residents::of(owner.municipality_no))
}

struct Owner {
    municipality_no: i64,
    code: String,
    key_check: Vec<u8>,
}

fn find(connection: &Connection) -> Result<Option<Owner>, SqliteError> {
    let sql =
        "SELECT municipality_no, code, number_key_check FROM municipality ORDER BY municipality_no LIMIT 1";
    let owner = connection.query_row(sql, [], |row| {
        Ok(Owner { municipality_no: row.get(0)?, code: row.get(1)?, key_check: row.get(2)? })
    });
    Ok(owner.optional()?)
}
