//! A client that tries what an account may do: for proving that the server allows what is declared, and nothing else.

mod passing;

pub use passing::{PassingCertificate, PassingKey, passing_password};

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use renkei_core::access::AccountId;
use socket2::{Domain, Protocol, Socket, Type};
use ssh2::{ErrorCode, OpenFlags, OpenType, Session, Sftp};
use zeroize::Zeroizing;

use crate::SftpError;

/// How long an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// What libssh2 says of a login that was refused, or of which a part is still missing (libssh2.h).
const REFUSED: [i32; 2] = [-18, -19];

/// By what a login is tried, in this order.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProbeLogin<'p> {
    /// By a key, …
    pub key: Option<&'p PassingKey>,
    /// … which is shown with this certificate.
    pub certificate: Option<&'p PassingCertificate>,
    /// By a password, where the key did not do.
    pub password: Option<&'p Zeroizing<String>>,
}

/// A login that was let in.
pub struct Probe {
    // Ends after the channel that lives in it.
    sftp: Sftp,
    _session: Session,
}

impl Probe {
    /// Tries to log in from an address of this machine; `None` where it was refused.
    pub fn log_in(
        from: Ipv4Addr,
        to: SocketAddr,
        account: &AccountId,
        by: ProbeLogin<'_>,
    ) -> Result<Option<Self>, SftpError> {
        let connecting = |error: std::io::Error| SftpError::Proof {
            attempt: "connect to the proving server",
            detail: error.to_string(),
        };
        let stream = connect(from, to).map_err(connecting)?;
        let mut session = Session::new().map_err(|error| lost("start a session", &error))?;
        session.set_tcp_stream(stream);
        session.set_timeout(u32::try_from(ANSWER_TIME.as_millis()).unwrap_or(u32::MAX));
        session.handshake().map_err(|error| lost("agree on keys", &error))?;
        let tried = |done: Result<(), ssh2::Error>| match done {
            Ok(()) => Ok(()),
            Err(error) if matches!(error.code(), ErrorCode::Session(code) if REFUSED.contains(&code)) => {
                Ok(())
            }
            Err(error) => Err(lost("log in", &error)),
        };
        if let Some(key) = by.key {
            let public = by.certificate.map(PassingCertificate::line);
            tried(session.userauth_pubkey_memory(account.as_str(), public, key.private(), None))?;
        }
        if let Some(password) = by.password
            && !session.authenticated()
        {
            tried(session.userauth_password(account.as_str(), password))?;
        }
        if !session.authenticated() {
            return Ok(None);
        }
        let sftp = session.sftp().map_err(|error| lost("start SFTP", &error))?;
        Ok(Some(Self { sftp, _session: session }))
    }

    /// Whether a folder shows a name; false also where it may not be listed.
    pub fn lists(&self, folder: &str, name: &str) -> Result<bool, SftpError> {
        let listed = allowed(self.sftp.readdir(Path::new(folder)))?;
        Ok(listed.is_some_and(|names| names.iter().any(|(path, _)| path.ends_with(name))))
    }

    /// Whether a file can be read.
    pub fn reads(&self, path: &str) -> Result<bool, SftpError> {
        let Some(mut file) = allowed(self.sftp.open(Path::new(path)))? else { return Ok(false) };
        let mut bytes = Vec::new();
        Ok(file.read_to_end(&mut bytes).is_ok() && !bytes.is_empty())
    }

    /// Whether a new file can be brought.
    pub fn creates(&self, path: &str) -> Result<bool, SftpError> {
        self.brings(path, OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUSIVE)
    }

    /// Whether a file that stands can be written over.
    pub fn replaces(&self, path: &str) -> Result<bool, SftpError> {
        self.brings(path, OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE)
    }

    /// Whether a file can be removed.
    pub fn removes(&self, path: &str) -> Result<bool, SftpError> {
        Ok(allowed(self.sftp.unlink(Path::new(path)))?.is_some())
    }

    fn brings(&self, path: &str, flags: OpenFlags) -> Result<bool, SftpError> {
        let opened = self.sftp.open_mode(Path::new(path), flags, 0o644, OpenType::File);
        let Some(mut file) = allowed(opened)? else { return Ok(false) };
        let is_written = file.write_all(b"proof").is_ok();
        Ok(allowed(file.close())?.is_some() && is_written)
    }
}

/// `None` where the server refused.
fn allowed<T>(answer: Result<T, ssh2::Error>) -> Result<Option<T>, SftpError> {
    match answer {
        Ok(done) => Ok(Some(done)),
        Err(error) if matches!(error.code(), ErrorCode::SFTP(_)) => Ok(None),
        Err(error) => Err(lost("ask the proving server", &error)),
    }
}

fn lost(attempt: &'static str, error: &ssh2::Error) -> SftpError {
    SftpError::Proof { attempt, detail: error.message().to_owned() }
}

fn connect(from: Ipv4Addr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect_timeout(&to.into(), ANSWER_TIME)?;
    Ok(socket.into())
}
