//! Sending a letter by SMTP. One conversation, with one time limit over all of it; a recipient the server
//! refuses does not keep the mail from the others.

use std::error::Error as _;
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Message, MessageBuilder};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use renkei_core::alert::Outcome;
use renkei_core::hash::sha256;
use renkei_core::{Digest, Moment};

use super::letter::Letter;
use crate::config::alert::{MailConfig, MailSecurity};

/// What is kept of a server's words, in characters.
const MOST_WORDS: usize = 300;

/// Sends a letter to all recipients.
pub(super) fn send(config: &MailConfig, letter: &Letter, now: Moment) -> Outcome {
    let Some(message) = compose(config, letter, now) else {
        let words = "the mail could not be composed".to_owned();
        return Outcome::Refused { words, is_final: true };
    };
    let deadline = Instant::now() + config.timeout;
    match converse(config, &message, deadline) {
        Ok(words) => Outcome::Sent { words },
        Err(fault) => fault.outcome(deadline),
    }
}

/// Why a conversation ended early.
enum Broken {
    /// What lettre says, and whether the step was the login.
    Smtp { error: Error, at_login: bool },
    /// Nothing the server said.
    Here { words: String },
    /// Every recipient was refused, with what was said of each.
    Nobody { words: String, is_final: bool },
    /// The time is up.
    Late,
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Smtp { error, at_login: false }
    }
}

impl Broken {
    fn outcome(self, deadline: Instant) -> Outcome {
        let is_late = Instant::now() >= deadline;
        match self {
            Self::Late => Outcome::TimedOut,
            Self::Smtp { error, .. } if is_late || is_timeout(&error) => Outcome::TimedOut,
            Self::Smtp { error, at_login } => {
                let words = words_of(&error);
                match error.status() {
                    // A refused login is the hub's own trouble: once it is mended, the mail can go.
                    Some(_) => Outcome::Refused { words, is_final: error.is_permanent() && !at_login },
                    None if at_login => Outcome::Refused { words, is_final: false },
                    None => Outcome::Unreachable { words },
                }
            }
            Self::Here { words } => Outcome::Unreachable { words },
            Self::Nobody { words, is_final } => Outcome::Refused { words, is_final },
        }
    }
}

/// The whole conversation. Gives what was said of recipients that were refused.
fn converse(config: &MailConfig, message: &Message, deadline: Instant) -> Result<String, Broken> {
    let hello = hello_name();
    let tls = match config.security {
        MailSecurity::None => None,
        MailSecurity::StartTls | MailSecurity::Tls => Some(tls(config)?),
    };
    let from_start = tls.as_ref().filter(|_| config.security == MailSecurity::Tls);
    let address = (config.server.as_str(), config.port);
    let mut server = SmtpConnection::connect(address, Some(left(deadline)?), &hello, from_start, None)?;
    let within = |server: &mut SmtpConnection| {
        server.set_timeout(Some(left(deadline)?)).map_err(|error| Broken::Here { words: error.to_string() })
    };
    if let Some(tls) = tls.as_ref().filter(|_| config.security == MailSecurity::StartTls) {
        within(&mut server)?;
        // Without the server's offer this fails: the mail never goes in clear.
        server.starttls(tls, &hello)?;
    }
    if let Some(login) = &config.login {
        let password = login.password.read_line().map_err(|error| Broken::Here { words: error.told() })?;
        let credentials = Credentials::new(login.user.clone(), password.text().to_owned());
        within(&mut server)?;
        server
            .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
            .map_err(|error| Broken::Smtp { error, at_login: true })?;
    }
    let envelope = message.envelope();
    within(&mut server)?;
    server.command(Mail::new(envelope.from().cloned(), Vec::new()))?;
    let mut refusals = Vec::new();
    let mut is_final = true;
    for (index, recipient) in envelope.to().iter().enumerate() {
        within(&mut server)?;
        match server.command(Rcpt::new(recipient.clone(), Vec::new())) {
            Ok(_) => {}
            Err(error) if error.status().is_some() => {
                is_final &= error.is_permanent();
                refusals.push(format!("to[{index}]: {}", words_of(&error)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let words = refusals.join("; ");
    if refusals.len() == envelope.to().len() {
        return Err(Broken::Nobody { words, is_final });
    }
    within(&mut server)?;
    server.command(Data)?;
    within(&mut server)?;
    server.message(&message.formatted())?;
    // The mail is with the server; how the conversation ends changes nothing.
    if within(&mut server).is_ok() {
        let _ = server.quit();
    }
    Ok(words)
}

fn left(deadline: Instant) -> Result<Duration, Broken> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(Broken::Late) } else { Ok(left) }
}

fn tls(config: &MailConfig) -> Result<TlsParameters, Broken> {
    let mut parameters = TlsParameters::builder(config.server.clone());
    if let Some(path) = &config.ca_file {
        let here = |words: String| Broken::Here { words };
        let pem =
            std::fs::read(path).map_err(|error| here(format!("{}: {}", path.display(), error.kind())))?;
        parameters = parameters
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&pem)?);
    }
    Ok(parameters.build_rustls()?)
}

/// Names itself to the server by the machine's name, if that is one.
fn hello_name() -> ClientId {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if name.is_empty() || !name.bytes().all(is_name) {
        return ClientId::default();
    }
    ClientId::Domain(name.to_owned())
}

/// The mail. The same letter has the same Message-ID, so that one sent twice around a crash shows as one.
fn compose(config: &MailConfig, letter: &Letter, now: Moment) -> Option<Message> {
    let unix = now.local().and_utc().timestamp() - 9 * 3600;
    let date: SystemTime = UNIX_EPOCH + Duration::from_secs(u64::try_from(unix).unwrap_or(0));
    let digest = Digest(sha256(format!("{}\0{}", letter.subject, letter.body).as_bytes()));
    let id: String = digest.to_string().chars().take(32).collect();
    let domain = config.from.0.email.domain();
    // RFC 3834: no vacation notices in answer.
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let builder: MessageBuilder = Message::builder()
        .from(config.from.0.clone())
        .subject(letter.subject.clone())
        .date(date)
        .message_id(Some(format!("<{id}@{domain}>")))
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN);
    let builder = config.to.iter().fold(builder, |builder, to| builder.to(to.0.clone()));
    builder.body(letter.body.clone()).ok()
}

fn is_timeout(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            // A socket with a time limit says that it would block.
            return matches!(cause.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
        }
        source = cause.source();
    }
    false
}

/// An error's words, in one line, without mail addresses: servers like to repeat them.
fn words_of(error: &Error) -> String {
    without_addresses(&error.to_string())
}

fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains('@') { "<…>" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(MOST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_left_out_of_a_servers_words() {
        let words = "permanent error (550): 5.1.1 <suzuki@example.lg.jp>: user\r\nunknown\u{7} to=suzuki@x";
        assert_eq!(without_addresses(words), "permanent error (550): 5.1.1 <…> user unknown <…>");
        assert_eq!(without_addresses(&"x ".repeat(999)).chars().count(), MOST_WORDS);
    }
}
