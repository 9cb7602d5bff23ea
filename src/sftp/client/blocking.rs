//! The `ssh2` backend: blocking calls with a time limit, one session for each thread.

use std::cell::OnceCell;
use std::future::Future;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use renkei_core::Digest;
use renkei_core::delivery::DeliveryError;
use renkei_core::hash::Hasher;
use ssh2::{ErrorCode, FileStat, HashType, MethodType, OpenFlags, OpenType, RenameFlags, Session, Sftp};

use super::fingerprint::Fingerprint;
use super::login::{Asked, HOST_KEY_ORDER, check_host_key, of_status, plain, status};
use super::outgoing::{Outgoing, Under};
use super::remote::{Attributes, Each, Pieces, Remote, Renamed, Seen, folder_path};
use super::terms::{LoginTerms, SftpTerms};

/// libssh2 cuts this into packets of its own and keeps them all under way.
const CHUNK_BYTES: usize = 256 * 1024;
/// What one call of libssh2 reads.
const READ_BYTES: usize = 64 * 1024;
/// libssh2's time limit and lost-connection codes (libssh2.h).
const TIMEOUT: [i32; 2] = [-9, -30];
/// The second is also what it says of keys that were being agreed on when the way broke.
const LOST: [i32; 8] = [-1, -8, -2, -3, -7, -13, -26, -43];
const REFUSED: [i32; 4] = [-15, -18, -19, -48];
const SFTP_STATUS: i32 = -31;
const KEX_FAILURE: i32 = -5;
const CHANNEL_FAILURE: i32 = -21;
/// What its wrapper gives after a folder's last entry (LIBSSH2_ERROR_FILE).
const END_OF_FOLDER: i32 = -16;

/// Modes of new files; the server's umask takes from it.
const FILE_MODE: i32 = 0o644;

/// A session with its SFTP channel.
pub(crate) struct BlockingRemote<'t> {
    terms: &'t SftpTerms,
    session: Session,
    sftp: Sftp,
    /// Set once the server said that it cannot make files durable.
    lacks_fsync: OnceCell<()>,
}

/// Runs a future that never waits: everything this backend does is done when it is polled.
pub(crate) fn at_once<T>(future: impl Future<Output = Result<T, DeliveryError>>) -> Result<T, DeliveryError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(DeliveryError::Worker),
    }
}

impl<'t> BlockingRemote<'t> {
    /// Connects, checks the host key, logs in.
    pub(crate) fn connect(terms: &'t SftpTerms) -> Result<Self, DeliveryError> {
        let stream = connect_tcp(terms)?;
        let failed = |attempt| move |error| of_error(terms, &error, attempt);
        let mut session = Session::new().map_err(failed("starting"))?;
        let socket = stream.try_clone().map_err(|error| unreachable(terms, &error))?;
        session.set_tcp_stream(stream);
        session.set_timeout(u32::try_from(terms.timeout.as_millis()).unwrap_or(u32::MAX));
        session.method_pref(MethodType::HostKey, HOST_KEY_ORDER).map_err(failed("starting"))?;
        session.handshake().map_err(|error| of_handshake(terms, &session, &socket, &error))?;
        let hash = session.host_key_hash(HashType::Sha256).and_then(|hash| <[u8; 32]>::try_from(hash).ok());
        let found = hash.map(Fingerprint::new).ok_or_else(|| DeliveryError::Protocol {
            place: terms.place(),
            detail: "it shows no host key".to_owned(),
        })?;
        check_host_key(terms, found)?;
        log_in(terms, &session)?;
        let sftp = session.sftp().map_err(|error| match error.code() {
            // Its code for a server that does not want to, and for one that is gone.
            ErrorCode::Session(CHANNEL_FAILURE) if is_gone(&socket) => DeliveryError::CutOff {
                place: terms.place(),
                attempt: "starting SFTP",
                detail: plain(error.message()),
            },
            _ => of_error(terms, &error, "starting SFTP"),
        })?;
        Ok(Self { terms, session, sftp, lacks_fsync: OnceCell::new() })
    }

    /// What the server calls itself.
    pub(crate) fn software(&self) -> String {
        plain(self.session.banner().unwrap_or_default())
    }

    /// Whether something has the path.
    pub(crate) fn is_there(&self, path: &str) -> Result<bool, DeliveryError> {
        Ok(self.stat(path)?.is_some())
    }

    fn stat(&self, path: &str) -> Result<Option<u64>, DeliveryError> {
        match self.sftp.stat(Path::new(path)) {
            Ok(stat) => Ok(Some(stat.size.unwrap_or(0))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.fault(&error, Asked::Name, path)),
        }
    }

    fn fault(&self, error: &ssh2::Error, asked: Asked, path: &str) -> DeliveryError {
        match error.code() {
            ErrorCode::SFTP(code) => {
                of_status(self.terms, asked, u32::try_from(code).unwrap_or(0), error.message(), path)
            }
            ErrorCode::Session(_) => of_error(self.terms, error, "sending files"),
        }
    }

    /// An error of reading or writing, which comes as one of the system's and has lost its code on the way.
    fn io_fault(&self, error: &std::io::Error, path: &str) -> DeliveryError {
        if error.kind() == std::io::ErrorKind::TimedOut {
            return timed_out(self.terms, "sending files");
        }
        match ssh2::Error::last_session_error(&self.session) {
            Some(last) if !matches!(last.code(), ErrorCode::Session(SFTP_STATUS)) => {
                of_error(self.terms, &last, "sending files")
            }
            _ => of_status(self.terms, Asked::Bytes, status::FAILURE, &error.to_string(), path),
        }
    }

    fn send_all(&self, path: &str, outgoing: &mut Outgoing<'_>) -> Result<(), DeliveryError> {
        let from = outgoing.n_read();
        let mut flags = OpenFlags::WRITE | OpenFlags::CREATE;
        if from == 0 {
            flags |= OpenFlags::TRUNCATE;
        }
        let mut file = self
            .sftp
            .open_mode(Path::new(path), flags, FILE_MODE, OpenType::File)
            .map_err(|error| self.fault(&error, Asked::Name, path))?;
        file.seek(SeekFrom::Start(from)).map_err(|error| self.io_fault(&error, path))?;
        loop {
            let chunk = outgoing.next(outgoing.under.piece(CHUNK_BYTES))?;
            if chunk.is_empty() {
                break;
            }
            outgoing.under.wait(chunk.len())?;
            file.write_all(&chunk).map_err(|error| self.io_fault(&error, path))?;
            outgoing.under.watch.sent(chunk.len() as u64);
        }
        if self.lacks_fsync.get().is_none() {
            // A large file takes a server long to make durable.
            self.answers_in(self.terms.patience(outgoing.n_read()));
            let synced = file.fsync();
            self.answers_in(self.terms.timeout);
            match synced {
                Ok(()) => {}
                Err(error) if is_unsupported(&error) => {
                    tracing::debug!(
                        place = self.terms.place(),
                        "the server does not make files durable when asked"
                    );
                    self.lacks_fsync.get_or_init(|| ());
                }
                Err(error) => return Err(self.fault(&error, Asked::Bytes, path)),
            }
        }
        file.close().map_err(|error| self.fault(&error, Asked::Bytes, path))?;
        let length = self.stat(path)?.unwrap_or(0);
        if length == outgoing.n_read() {
            Ok(())
        } else {
            Err(DeliveryError::Damaged { name: outgoing.file.name.to_string() })
        }
    }

    fn answers_in(&self, time: Duration) {
        self.session.set_timeout(u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
    }

    fn read_back(&self, path: &str, n_bytes: u64, under: &Under<'_>) -> Result<Digest, DeliveryError> {
        let mut hasher = Hasher::new();
        self.read(path, (0, n_bytes), under, &mut |bytes| {
            hasher.update(bytes);
            Ok(())
        })?;
        Ok(hasher.finish())
    }

    fn read(
        &self,
        path: &str,
        (from, to): (u64, u64),
        under: &Under<'_>,
        into: Pieces<'_>,
    ) -> Result<(), DeliveryError> {
        let mut file =
            self.sftp.open(Path::new(path)).map_err(|error| self.fault(&error, Asked::Name, path))?;
        file.seek(SeekFrom::Start(from)).map_err(|error| self.io_fault(&error, path))?;
        let mut file = file.take(to.saturating_sub(from));
        let mut buffer = vec![0; under.piece(READ_BYTES)];
        loop {
            under.wait(buffer.len())?;
            match file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n_read) => into(buffer.get(..n_read).unwrap_or_default())?,
                Err(error) => return Err(self.read_fault(&error, path)),
            }
        }
    }

    /// [`BlockingRemote::io_fault`] of reading, which fills no disk.
    fn read_fault(&self, error: &std::io::Error, path: &str) -> DeliveryError {
        match self.io_fault(error, path) {
            DeliveryError::DestinationFull { name } => {
                DeliveryError::Refused { name, detail: plain(&error.to_string()) }
            }
            fault => fault,
        }
    }

    fn list_all(&self, folder: &str, each: Each<'_>) -> Result<bool, DeliveryError> {
        let failed = |error: &ssh2::Error| self.fault(error, Asked::Name, folder);
        let mut open = match self.sftp.opendir(Path::new(folder_path(folder))) {
            Err(error) if is_missing(&error) => return Ok(false),
            open => open.map_err(|error| failed(&error))?,
        };
        loop {
            match open.readdir() {
                Ok((name, stat)) => each(name.as_os_str().as_bytes(), attributes(&stat))?,
                Err(error) if error.code() == ErrorCode::Session(END_OF_FOLDER) => return Ok(true),
                Err(error) => return Err(failed(&error)),
            }
        }
    }
}

impl Remote for BlockingRemote<'_> {
    async fn look(&self, path: &str, part: &str) -> Result<Seen, DeliveryError> {
        let finished = self.stat(path)?;
        let part = if finished.is_some() { None } else { self.stat(part)? };
        Ok(Seen { finished, part })
    }

    async fn length(&self, path: &str) -> Result<Option<u64>, DeliveryError> {
        self.stat(path)
    }

    async fn digest(&self, path: &str, n_bytes: u64, under: &Under<'_>) -> Result<Digest, DeliveryError> {
        self.read_back(path, n_bytes, under)
    }

    /// libssh2 has no way to ask for more than it knows.
    async fn told_digest(&self, _path: &str, _n_bytes: u64) -> Result<Option<Digest>, DeliveryError> {
        Ok(None)
    }

    async fn send(&self, path: &str, outgoing: &mut Outgoing<'_>) -> Result<(), DeliveryError> {
        self.send_all(path, outgoing)
    }

    async fn rename(&self, from: &str, to: &str) -> Result<Renamed, DeliveryError> {
        // Version 3 has no flags for this; a server of a later version must not be told to overwrite.
        match self.sftp.rename(Path::new(from), Path::new(to), Some(RenameFlags::ATOMIC)) {
            Ok(()) => Ok(Renamed::Done),
            Err(error) if matches!(error.code(), ErrorCode::SFTP(_)) => {
                Ok(Renamed::Refused(plain(&error.to_string())))
            }
            Err(error) => Err(self.fault(&error, Asked::Name, to)),
        }
    }

    async fn look_at(&self, path: &str) -> Result<Option<Attributes>, DeliveryError> {
        match self.sftp.lstat(Path::new(path)) {
            Ok(stat) => Ok(Some(attributes(&stat))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.fault(&error, Asked::Name, path)),
        }
    }

    async fn list(&self, folder: &str, each: Each<'_>) -> Result<bool, DeliveryError> {
        self.list_all(folder, each)
    }

    async fn fetch(
        &self,
        path: &str,
        from: u64,
        to: u64,
        under: &Under<'_>,
        into: Pieces<'_>,
    ) -> Result<(), DeliveryError> {
        self.read(path, (from, to), under, into)
    }

    async fn remove(&self, path: &str) -> Result<(), DeliveryError> {
        match self.sftp.unlink(Path::new(path)) {
            Ok(()) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(self.fault(&error, Asked::Name, path)),
        }
    }
}

fn attributes(stat: &FileStat) -> Attributes {
    Attributes {
        n_bytes: stat.size,
        kind: stat.perm.map(Attributes::kind_of),
        changed_at: stat.mtime.and_then(|at| u32::try_from(at).ok()),
    }
}

fn connect_tcp(terms: &SftpTerms) -> Result<TcpStream, DeliveryError> {
    let failed = |error: std::io::Error| unreachable(terms, &error);
    let addresses = (terms.host.as_str(), terms.port).to_socket_addrs().map_err(failed)?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, terms.timeout) {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(failed)?;
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    let none = || std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
    Err(failed(last.unwrap_or_else(none)))
}

fn unreachable(terms: &SftpTerms, error: &std::io::Error) -> DeliveryError {
    DeliveryError::Unreachable { place: terms.place(), detail: error.to_string() }
}

fn log_in(terms: &SftpTerms, session: &Session) -> Result<(), DeliveryError> {
    let (done, method, what) = match &terms.login {
        LoginTerms::Key { key, passphrase } => {
            let secret = key.read()?;
            let passphrase = passphrase.as_ref().map(super::secret::SecretSource::read_line).transpose()?;
            let passphrase = passphrase.as_ref().map(super::secret::Secret::text);
            (session.userauth_pubkey_memory(&terms.user, None, secret.text(), passphrase), "key", Some(key))
        }
        LoginTerms::Password(password) => {
            let secret = password.read_line()?;
            (session.userauth_password(&terms.user, secret.text()), "password", None)
        }
    };
    match done {
        Ok(()) => Ok(()),
        // libssh2 cannot read the key: its file, not the server, is what is wrong.
        Err(error) if error.code() == ErrorCode::Session(-16) => Err(DeliveryError::Secret {
            what: what.map(ToString::to_string).unwrap_or_default(),
            detail: "is no private key that can be read, or has another passphrase".to_owned(),
        }),
        Err(error) if matches!(error.code(), ErrorCode::Session(code) if REFUSED.contains(&code)) => {
            Err(DeliveryError::LoginRefused { place: terms.place(), user: terms.user.clone(), method })
        }
        Err(error) => Err(of_error(terms, &error, "logging in")),
    }
}

fn of_error(terms: &SftpTerms, error: &ssh2::Error, attempt: &'static str) -> DeliveryError {
    let (place, detail) = (terms.place(), plain(error.message()));
    match error.code() {
        ErrorCode::Session(code) if TIMEOUT.contains(&code) => timed_out(terms, attempt),
        ErrorCode::Session(code) if LOST.contains(&code) => DeliveryError::CutOff { place, attempt, detail },
        ErrorCode::Session(code) | ErrorCode::SFTP(code) => {
            DeliveryError::Protocol { place, detail: format!("{detail} ({code})") }
        }
    }
}

/// libssh2 has one code for a way that broke while keys were agreed on and for two sides with no algorithm in common.
/// Where both had agreed on algorithms, or the other side is gone, it is taken for the first and tried again.
fn of_handshake(
    terms: &SftpTerms,
    session: &Session,
    socket: &TcpStream,
    error: &ssh2::Error,
) -> DeliveryError {
    let attempt = "agreeing on keys";
    if error.code() != ErrorCode::Session(KEX_FAILURE) {
        return of_error(terms, error, attempt);
    }
    let detail = "the server ended it, or both know no algorithm in common".to_owned();
    if is_gone(socket) || session.methods(MethodType::Kex).is_some() {
        DeliveryError::CutOff { place: terms.place(), attempt, detail }
    } else {
        of_error(terms, error, attempt)
    }
}

/// Whether the other side has ended the connection. Nothing is sent on it afterwards.
fn is_gone(socket: &TcpStream) -> bool {
    socket.set_nonblocking(true).is_ok()
        && match socket.peek(&mut [0]) {
            Ok(n_bytes) => n_bytes == 0,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        }
}

fn timed_out(terms: &SftpTerms, attempt: &'static str) -> DeliveryError {
    DeliveryError::TimedOut { place: terms.place(), seconds: terms.timeout.as_secs(), attempt }
}

fn is_missing(error: &ssh2::Error) -> bool {
    let codes = [status::NO_SUCH_FILE, status::NO_SUCH_PATH];
    matches!(error.code(), ErrorCode::SFTP(code) if u32::try_from(code).is_ok_and(|code| codes.contains(&code)))
}

fn is_unsupported(error: &ssh2::Error) -> bool {
    matches!(error.code(), ErrorCode::SFTP(code) if u32::try_from(code) == Ok(status::UNSUPPORTED))
}
