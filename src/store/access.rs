//! Accounts and grants.

use renkei_core::Moment;
use renkei_core::access::{
    Account, AccountId, AccountKey, AccountState, Grantee, LoginRule, Origin, PublicKey, Rule, SourceNetwork,
};
use renkei_core::port::GrantEntry;
use rusqlite::{Connection, OptionalExtension as _, Row, types::Type};

use crate::columns::{misfit, number, optional_word, word};
use crate::errors::SqliteError;

/// All accounts, by id.
pub(crate) fn accounts(connection: &Connection) -> Result<Vec<Account>, SqliteError> {
    let mut statement = connection
        .prepare_cached("SELECT id, system, state, rule, password_hash FROM account ORDER BY id")?;
    let found: Vec<Account> = statement.query_map([], read_account)?.collect::<Result<_, _>>()?;
    found.into_iter().map(|account| whole(connection, account)).collect()
}

/// One account.
pub(crate) fn account(connection: &Connection, id: &AccountId) -> Result<Option<Account>, SqliteError> {
    let mut statement = connection
        .prepare_cached("SELECT id, system, state, rule, password_hash FROM account WHERE id = ?1")?;
    let found = statement.query_row([id.as_str()], read_account).optional()?;
    found.map(|account| whole(connection, account)).transpose()
}

/// The account without its keys and addresses.
fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: word(row, 0, |text| text.parse().ok())?,
        system: word(row, 1, |text| text.parse().ok())?,
        state: word(row, 2, |text| match text {
            "enabled" => Some(AccountState::Enabled),
            "disabled" => Some(AccountState::Disabled),
            _ => None,
        })?,
        rule: word(row, 3, LoginRule::parse)?,
        password_hash: row.get(4)?,
        keys: Vec::new(),
        addresses: Vec::new(),
    })
}

fn whole(connection: &Connection, mut account: Account) -> Result<Account, SqliteError> {
    let mut keys = connection.prepare_cached(
        "SELECT key, comment, from_networks, until FROM account_key WHERE account = ?1 ORDER BY key_no",
    )?;
    let read_key = |row: &Row<'_>| {
        Ok(AccountKey {
            key: PublicKey::from_blob(row.get(0)?).map_err(|_| misfit(0, Type::Blob))?,
            comment: row.get(1)?,
            from: word(row, 2, networks)?,
            until: optional_word(row, 3, Moment::parse)?,
        })
    };
    account.keys = keys.query_map([account.id.as_str()], read_key)?.collect::<Result<_, _>>()?;
    let mut addresses = connection
        .prepare_cached("SELECT network FROM account_address WHERE account = ?1 ORDER BY address_no")?;
    let read_address = |row: &Row<'_>| word(row, 0, |text| text.parse().ok());
    account.addresses =
        addresses.query_map([account.id.as_str()], read_address)?.collect::<Result<_, _>>()?;
    Ok(account)
}

fn networks(text: &str) -> Option<Vec<SourceNetwork>> {
    text.split_whitespace().map(|network| network.parse().ok()).collect()
}

/// Writes an account whole.
pub(crate) fn put_account(connection: &Connection, account: &Account, at: Moment) -> Result<(), SqliteError> {
    let state = match account.state {
        AccountState::Enabled => "enabled",
        AccountState::Disabled => "disabled",
    };
    connection
        .prepare_cached(
            "INSERT INTO account (id, system, state, rule, password_hash, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET system = ?2, state = ?3, rule = ?4, password_hash = ?5, changed_at = ?6",
        )?
        .execute((
            account.id.as_str(),
            account.system.as_str(),
            state,
            account.rule.as_str(),
            account.password_hash.as_deref(),
            at.to_string(),
        ))?;
    connection.execute("DELETE FROM account_key WHERE account = ?1", [account.id.as_str()])?;
    connection.execute("DELETE FROM account_address WHERE account = ?1", [account.id.as_str()])?;
    let mut key_line = connection.prepare_cached(
        "INSERT INTO account_key (account, key_no, key, comment, from_networks, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (key_no, key) in (0_i64..).zip(&account.keys) {
        let from: Vec<String> = key.from.iter().map(ToString::to_string).collect();
        let until = key.until.map(|until| until.to_string());
        key_line.execute((
            account.id.as_str(),
            key_no,
            key.key.blob(),
            key.comment.as_str(),
            from.join(" "),
            until,
        ))?;
    }
    let mut address_line = connection
        .prepare_cached("INSERT INTO account_address (account, address_no, network) VALUES (?1, ?2, ?3)")?;
    for (address_no, network) in (0_i64..).zip(&account.addresses) {
        address_line.execute((account.id.as_str(), address_no, network.to_string()))?;
    }
    Ok(())
}

/// The grants that stand, by number.
pub(crate) fn grants(connection: &Connection) -> Result<Vec<Rule>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT grant_no, grantee_kind, grantee, folder, rights, granted_at, granted_by, reason
         FROM access_grant WHERE ended_at IS NULL ORDER BY grant_no",
    )?;
    let found = statement.query_map([], |row| {
        let kind: String = row.get(1)?;
        let grantee = match kind.as_str() {
            "system" => Grantee::System(word(row, 2, |text| text.parse().ok())?),
            _ => Grantee::Account(word(row, 2, |text| text.parse().ok())?),
        };
        Ok(Rule {
            grantee,
            folder: word(row, 3, |text| text.parse().ok())?,
            rights: word(row, 4, |text| text.parse().ok())?,
            origin: Origin::Granted {
                grant_no: number(row, 0)?,
                at: word(row, 5, Moment::parse)?,
                by: row.get(6)?,
                reason: row.get(7)?,
            },
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Writes a grant in the place of the one that stands for the same grantee and folder; gives its number.
pub(crate) fn put_grant(connection: &Connection, grant: &GrantEntry) -> Result<u64, SqliteError> {
    let (kind, grantee) = match &grant.grantee {
        Grantee::System(id) => ("system", id.as_str()),
        Grantee::Account(id) => ("account", id.as_str()),
    };
    let at = grant.at.to_string();
    connection.execute(
        "UPDATE access_grant SET ended_at = ?1, ended_by = ?2, end_reason = ?3
         WHERE grantee_kind = ?4 AND grantee = ?5 AND folder = ?6 AND ended_at IS NULL",
        (&at, &grant.by, &grant.reason, kind, grantee, grant.folder.as_str()),
    )?;
    connection.execute(
        "INSERT INTO access_grant (grantee_kind, grantee, folder, rights, granted_at, granted_by, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (kind, grantee, grant.folder.as_str(), grant.rights.to_string(), &at, &grant.by, &grant.reason),
    )?;
    Ok(connection.last_insert_rowid().unsigned_abs())
}

/// Takes a grant back; false when none with that number stands.
pub(crate) fn revoke_grant(
    connection: &Connection,
    grant_no: u64,
    at: Moment,
    by: &str,
    reason: &str,
) -> Result<bool, SqliteError> {
    let n_ended = connection.execute(
        "UPDATE access_grant SET ended_at = ?1, ended_by = ?2, end_reason = ?3
         WHERE grant_no = ?4 AND ended_at IS NULL",
        (at.to_string(), by, reason, i64::try_from(grant_no).unwrap_or(i64::MAX)),
    )?;
    Ok(n_ended == 1)
}
