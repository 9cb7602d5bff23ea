//! `[alert.mail]`: the server, the login, and the people.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use renkei_core::declared::{Located, Problems, Table, Value};

use super::{MailConfig, MailLogin, lang, min_severity, timeout};
use crate::config::paths::resolve;
use crate::config::secret_reference::Secrets;

/// How the way to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Not at all.
    None,
    /// STARTTLS, which must succeed.
    StartTls,
    /// TLS from the start.
    Tls,
}

impl MailSecurity {
    const WORDS: [(&'static str, Self); 3] =
        [("none", Self::None), ("starttls", Self::StartTls), ("tls", Self::Tls)];

    /// The word in `hub.toml`.
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, security)| *security == self).map_or("", |(word, _)| word)
    }

    /// The usual port.
    const fn port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::StartTls => 587,
            Self::Tls => 465,
        }
    }
}

/// A mail address with an optional name: `Renkei <renkei@example.lg.jp>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox(pub(crate) lettre::message::Mailbox);

impl FromStr for Mailbox {
    type Err = NoMailbox;
    fn from_str(text: &str) -> Result<Self, NoMailbox> {
        let mailbox: lettre::message::Mailbox = text.parse().map_err(|_| NoMailbox)?;
        // A server need not take other addresses (SMTPUTF8).
        let is_plain = mailbox.email.to_string().is_ascii();
        if is_plain { Ok(Self(mailbox)) } else { Err(NoMailbox) }
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Not repeated: whose address it was to be is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoMailbox;

impl fmt::Display for NoMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a mail address, such as renkei@example.lg.jp or Renkei <renkei@example.lg.jp>")
    }
}

pub(super) fn read(
    mut table: Table<'_>,
    folder: &Path,
    secrets: &Secrets<'_>,
    problems: &Problems,
) -> Option<MailConfig> {
    let server = table.required("server").and_then(Value::located_text);
    let server = server.and_then(|server| check_server(server, problems));
    let security_spot = table.spot_of("security");
    let security = table.required("security").and_then(|value| value.one_of(&MailSecurity::WORDS));
    let port = table.optional("port").and_then(|value| value.integer_in(1..=65_535));
    let ca_spot = table.spot_of("ca_file");
    let ca_file = table.optional("ca_file").and_then(|value| ca_file(value, folder, problems));
    let login = login(&mut table, secrets, problems);
    let from = table.required("from").and_then(Value::parsed);
    let to_spot = table.spot_of("to");
    let to = table.required("to").and_then(Value::list_of);
    if to.as_ref().is_some_and(Vec::is_empty) {
        problems.report(&to_spot, "nobody is named");
    }
    let lang = lang(&mut table);
    let timeout = timeout(&mut table, problems);
    let min_severity = min_severity(&mut table);
    table.finish();
    if security == Some(MailSecurity::None) {
        if ca_file.is_some() {
            problems.report(&ca_spot, "without TLS no certificate is looked at");
        }
        let is_far = server.as_ref().is_some_and(|server| !is_here(server));
        if is_far && login.is_some() {
            let message = "the password would travel in clear";
            problems.report_with(&security_spot, message, "security = \"starttls\" or \"tls\"".to_owned());
        }
    }
    let security = security?;
    Some(MailConfig {
        server: server?,
        port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(security.port()),
        security,
        ca_file,
        login,
        from: from?,
        to: to?.into_iter().map(|to: Located<Mailbox>| to.value).collect(),
        lang,
        timeout,
        min_severity,
    })
}

fn check_server(server: Located<String>, problems: &Problems) -> Option<String> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b':';
    if server.value.is_empty() || !server.value.bytes().all(is_name) {
        problems.report(&server.spot, "must be a host name or an address, without port");
        return None;
    }
    Some(server.value)
}

fn is_here(server: &str) -> bool {
    server == "localhost" || server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn ca_file(value: Value<'_>, folder: &Path, problems: &Problems) -> Option<PathBuf> {
    let written = value.located_text()?;
    let path = resolve(folder, &written, problems)?;
    let found = std::fs::read(&path).map_err(|error| format!("cannot be read: {error}")).and_then(|pem| {
        let certificates = lettre::transport::smtp::client::Certificate::from_pem(&pem);
        let holds_some = pem.windows(27).any(|part| part == b"-----BEGIN CERTIFICATE-----");
        certificates.ok().filter(|_| holds_some).ok_or_else(|| "holds no certificate in PEM form".to_owned())
    });
    if let Err(message) = found {
        problems.report(&written.spot, message);
        return None;
    }
    Some(path)
}

/// `user` and one of `password_file` and `password_env`, or none of the three.
fn login(table: &mut Table<'_>, secrets: &Secrets<'_>, problems: &Problems) -> Option<MailLogin> {
    let user_spot = table.spot_of("user");
    let env_spot = table.spot_of("password_env");
    let user = table.optional("user");
    let password = match (table.optional("password_file"), table.optional("password_env"), &user) {
        (Some(file), None, Some(_)) => secrets.file(file, "password"),
        (None, Some(env), Some(_)) => secrets.env(env, "password", "RENKEI_MAIL_PASSWORD"),
        (Some(_), Some(_), _) => {
            problems.report(&env_spot, "both password_file and password_env; it comes from one of them");
            None
        }
        (None, None, Some(_)) => {
            let hint = "password_file = \"secrets/mail.password\"".to_owned();
            problems.report_with(&user_spot, "has no password", hint);
            None
        }
        (None, None, None) => None,
        (_, _, None) => {
            problems.report(&user_spot, "missing: a password without a user");
            None
        }
    };
    Some(MailLogin { user: user?.text()?, password: password? })
}
