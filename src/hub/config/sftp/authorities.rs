//! `user_ca` and `revoked` of `[sftp]`: whose certificates let somebody log in, and which do so no more.

use renkei_core::access::{AccountId, Authorities, Authority, Fingerprint, PublicKey, Revoked};
use renkei_core::declared::{Located, Problems, Table, Value};

/// Takes both; where something is wrong, it has been reported.
pub(super) fn take(table: &mut Table<'_>, problems: &Problems) -> Authorities {
    let trusted = tables(table, "user_ca");
    let revoked = tables(table, "revoked");
    Authorities {
        trusted: trusted.into_iter().filter_map(|table| authority(table, problems)).collect(),
        revoked: revoked.into_iter().filter_map(|table| what_is_revoked(table, problems)).collect(),
    }
}

fn tables<'t>(table: &mut Table<'t>, key: &str) -> Vec<Table<'t>> {
    let values = table.optional(key).and_then(|list| list.values("tables")).unwrap_or_default();
    values.into_iter().filter_map(Value::table).collect()
}

/// `{ key = "ssh-ed25519 AAAA...", accounts = ["office"] }`.
fn authority(mut table: Table<'_>, problems: &Problems) -> Option<Authority> {
    let key = table.required("key").and_then(Value::located_text);
    let accounts = table.optional("accounts").map(Value::list_of::<AccountId>);
    table.finish();
    let key = key.and_then(|written: Located<String>| match PublicKey::parse_line(&written.value) {
        Ok((key, _)) => Some(key),
        Err(error) => {
            problems.report(&written.spot, error.to_string());
            None
        }
    });
    let accounts = match accounts {
        None => None,
        Some(accounts) => Some(accounts?.into_iter().map(|account| account.value).collect()),
    };
    Some(Authority { key: key?, accounts })
}

/// `{ serial = 12, to = 20, ca = "SHA256:..." }`, `{ key_id = "..." }` or `{ key = "SHA256:..." }`.
fn what_is_revoked(mut table: Table<'_>, problems: &Problems) -> Option<Revoked> {
    let spot = table.spot().clone();
    let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
    let serial = table.optional("serial").map(|value| value.integer_in(0..=most));
    let to = table.optional("to").map(|value| value.integer_in(0..=most));
    let ca = table.optional("ca").map(Value::parsed::<Fingerprint>);
    let key_id = table.optional("key_id").map(Value::text);
    let key = table.optional("key").map(Value::parsed::<Fingerprint>);
    table.finish();
    match (serial, key_id, key) {
        (Some(from), None, None) => {
            let from = from?;
            let to = to.map_or(Some(from), |to| to)?;
            let authority = match ca {
                None => None,
                Some(ca) => Some(ca?),
            };
            if to < from {
                problems.report(&spot, "to must not be before serial");
            }
            Some(Revoked::Serials { authority, from, to })
        }
        (None, Some(key_id), None) if to.is_none() && ca.is_none() => Some(Revoked::KeyId(key_id?)),
        (None, None, Some(key)) if to.is_none() && ca.is_none() => Some(Revoked::Key(key?)),
        _ => {
            let hint = "{ serial = 12, to = 20, ca = \"SHA256:...\" }, { key_id = \"...\" } or { key = \"SHA256:...\" }";
            problems.report_with(&spot, "must say one thing that is revoked", hint.to_owned());
            None
        }
    }
}
