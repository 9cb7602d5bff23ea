//! A partner's SFTP server.

use std::time::Duration;

use chrono::TimeDelta;
use renkei_core::DestinationId;
use renkei_core::declared::{Problems, Table, Value};
use renkei_secret::SecretSource;
use renkei_sftp::client::{Backend, Fingerprint, LoginTerms, SftpTerms};

use crate::config::secret_reference::Secrets;

/// What each backend keeps under way where nothing is said.
const USUAL_SESSIONS: u64 = 2;
const USUAL_FILES: u64 = 64;

/// What is declared around a server.
#[derive(Clone, Copy)]
pub(crate) struct ServerBeside<'a> {
    pub(crate) secrets: &'a Secrets<'a>,
    /// Whether one folder is declared with the server; else each is declared by itself.
    pub(crate) has_folder: bool,
    pub(crate) problems: &'a Problems,
}

/// Takes the keys of an SFTP server: of `kind = "sftp"`, or to fetch from.
pub(crate) fn take(
    table: &mut Table<'_>,
    id: Option<&DestinationId>,
    beside: ServerBeside<'_>,
) -> Option<SftpTerms> {
    let problems = beside.problems;
    let host_spot = table.spot_of("host");
    let host = table.required("host").and_then(Value::text);
    let is_host = |host: &String| {
        !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'))
    };
    if host.as_ref().is_some_and(|host| !is_host(host)) {
        problems.report(&host_spot, "must be a host's name or address, without user, port or path");
    }
    let port = table.optional("port").map_or(Some(22), |port| port.integer_in(1..=65_535));
    let user_spot = table.spot_of("user");
    let user = table.required("user").and_then(Value::text);
    if user.as_ref().is_some_and(|user| user.is_empty() || user.contains(char::is_control)) {
        problems.report(&user_spot, "must be one line and not empty");
    }
    let login = login(table, beside);
    let folder_spot = table.spot_of("folder");
    let folder = if beside.has_folder {
        table.optional("folder").map_or(Some(String::new()), Value::text)
    } else {
        Some(String::new())
    };
    if folder.as_ref().is_some_and(|folder| folder.contains(char::is_control)) {
        problems.report(&folder_spot, "must not hold control characters");
    }
    let words = [("ssh2", Backend::Ssh2), ("pipelined", Backend::Pipelined)];
    let backend = table.optional("backend").map_or(Some(Backend::Ssh2), |value| value.one_of(&words));
    let usual = if backend == Some(Backend::Pipelined) { USUAL_FILES } else { USUAL_SESSIONS };
    let most = if backend == Some(Backend::Pipelined) { 256 } else { 16 };
    let parallel = table.optional("parallel").map_or(Some(usual), |value| value.integer_in(1..=most));
    let rate = table.optional("bandwidth").map(|value| bandwidth(value, problems));
    let timeout = table.optional("timeout").map_or(Some(TimeDelta::seconds(30)), |value| {
        value.duration_in(TimeDelta::seconds(1)..=TimeDelta::minutes(10))
    });
    let keys = table.optional("host_keys").map(Value::list_of::<Fingerprint>);
    let host_keys = match keys {
        None => Some(Vec::new()),
        Some(keys) => keys.map(|keys| keys.into_iter().map(|key| key.value).collect()),
    };
    let bytes_per_second = match rate {
        None => None,
        Some(rate) => Some(rate?),
    };
    Some(SftpTerms {
        destination: id?.clone(),
        host: host.filter(is_host)?,
        port: u16::try_from(port?).ok()?,
        user: user?,
        login: login?,
        folder: folder?,
        backend: backend?,
        parallel: usize::try_from(parallel?).ok()?,
        bytes_per_second,
        timeout: timeout?.to_std().unwrap_or(Duration::from_secs(30)),
        host_keys: host_keys?,
    })
}

/// A key or a password, each from a file or a variable.
fn login(table: &mut Table<'_>, beside: ServerBeside<'_>) -> Option<LoginTerms> {
    let spot = table.spot().clone();
    let key = secret(table, "key", beside);
    let passphrase = secret(table, "passphrase", beside);
    let password = secret(table, "password", beside);
    match (key, passphrase, password) {
        (Some(key), None, None) => Some(LoginTerms::Key { key: key?, passphrase: None }),
        (Some(key), Some(passphrase), None) => {
            Some(LoginTerms::Key { key: key?, passphrase: Some(passphrase?) })
        }
        (None, None, Some(password)) => Some(LoginTerms::Password(password?)),
        (None, Some(_), _) => {
            beside.problems.report(&spot, "a passphrase goes with key_file or key_env");
            None
        }
        (Some(_), _, Some(_)) => {
            beside.problems.report(&spot, "both a key and a password; the login is by one of them");
            None
        }
        (None, None, None) => {
            let hint = "key_file = \"secrets/partner.key\"".to_owned();
            let message = "key_file, key_env, password_file or password_env is missing";
            beside.problems.report_with(&spot, message, hint);
            None
        }
    }
}

/// `NAME_file` or `NAME_env`; the outer `None` where neither is there.
#[expect(clippy::option_option, reason = "absent, wrong, or a source")]
fn secret(table: &mut Table<'_>, name: &str, beside: ServerBeside<'_>) -> Option<Option<SecretSource>> {
    let env_spot = table.spot_of(&format!("{name}_env"));
    match (table.optional(&format!("{name}_file")), table.optional(&format!("{name}_env"))) {
        (None, None) => None,
        (Some(file), None) => Some(beside.secrets.file(file, "secret")),
        (None, Some(env)) => Some(beside.secrets.env(env, "secret", "RENKEI_PARTNER_PASSWORD")),
        (Some(_), Some(_)) => {
            beside.problems.report(&env_spot, format!("both {name}_file and {name}_env; it comes from one"));
            Some(None)
        }
    }
}

/// Bytes a second: `"500KB/s"`, `"2MB/s"`, `"1GB/s"`, in powers of ten as lines are sold.
fn bandwidth(value: Value<'_>, problems: &Problems) -> Option<u64> {
    let spot = value.spot().clone();
    let text = value.text()?;
    let units = [("KB/s", 1_000), ("MB/s", 1_000_000), ("GB/s", 1_000_000_000)];
    let read = units.iter().find_map(|(unit, factor)| {
        let number = text.strip_suffix(unit)?.trim_end();
        let is_plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        number.parse::<u64>().ok().filter(|number| is_plain && *number > 0)?.checked_mul(*factor)
    });
    if read.is_none() {
        let message = format!("must be a rate, such as \"500KB/s\", \"2MB/s\" or \"1GB/s\", not {text:?}");
        problems.report(&spot, message);
    }
    read
}
