//! The transport port by a program: started once for each file, without a shell, the notice's last.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::Command;

use renkei_core::delivery::{ArgumentValues, DeliveryError, Parcel, ParcelFile, Verdict};
use renkei_core::hash::Hasher;
use renkei_core::port::{DeliveryWatch, FolderError, HandedOver, ParcelSource, Transport};

use crate::alert::{Ended, Limits, run_bounded};
use crate::config::CommandTerms;

/// How much of its standard error is kept for the log.
const N_BYTES_KEPT: usize = 4096;
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program behind the transport port. It is handed paths in the hub's own folders, so what a receiver took out of
/// them must be put back first (`renkei redeliver`). What it handed over before it failed it is asked for again: only
/// the partner's side can tell a repeat.
pub(super) struct CommandTransport {
    pub(super) terms: CommandTerms,
    /// The connection folders' root.
    pub(super) root: PathBuf,
    pub(super) destination: String,
}

impl Transport for CommandTransport {
    fn hand_over(
        &self,
        parcel: &Parcel,
        source: &dyn ParcelSource,
        watch: &dyn DeliveryWatch,
    ) -> Result<HandedOver, DeliveryError> {
        let mut total = HandedOver::default();
        let data = parcel.files.iter().map(|file| (file, &self.terms.file_id));
        let notice = self.terms.notice_file_id.as_ref().map(|id| (&parcel.notice, id));
        for (file, file_id) in data.chain(notice) {
            if watch.wants_stop() {
                return Err(DeliveryError::Stopped);
            }
            self.give(parcel, file, file_id, source)?;
            watch.sent(file.content.n_bytes);
            total.n_files_sent += 1;
            total.n_bytes_sent += file.content.n_bytes;
        }
        Ok(total)
    }

    fn probe(&self) -> Result<String, DeliveryError> {
        let found = std::fs::metadata(&self.terms.program).map_err(|error| self.not_started(&error))?;
        if found.is_file() {
            Ok(format!("{} is there; it is not started for a test", self.terms.program.display()))
        } else {
            Err(self.not_started(&std::io::Error::other("is no file")))
        }
    }
}

impl CommandTransport {
    fn give(
        &self,
        parcel: &Parcel,
        file: &ParcelFile,
        file_id: &str,
        source: &dyn ParcelSource,
    ) -> Result<(), DeliveryError> {
        let name = file.name.to_string();
        let path = self.root.join(parcel.folder.as_str()).join(&name);
        if !path.is_file() {
            let path = format!("{}/{name}", parcel.folder);
            return Err(DeliveryError::Source(FolderError::Missing { path }));
        }
        check(file, source)?;
        let (path, seconds) = (path.display().to_string(), self.terms.wait.as_secs().to_string());
        let (sequence, sha256) = (parcel.sequence.to_string(), file.content.sha256.to_string());
        let values = ArgumentValues {
            path: &path,
            name: &name,
            feed: parcel.feed.as_str(),
            sequence: &sequence,
            destination: &self.destination,
            file_id,
            seconds: &seconds,
            sha256: &sha256,
            n_bytes: &file.content.n_bytes.to_string(),
        };
        let mut command = Command::new(&self.terms.program);
        command
            .args(self.terms.args.iter().map(|argument| argument.filled(&values)))
            .current_dir("/")
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .envs(&self.terms.env);
        let limits =
            Limits { timeout: self.terms.timeout(), n_bytes_kept: N_BYTES_KEPT, reads_stdout: false };
        let program = self.program();
        match run_bounded(&mut command, limits) {
            Ok(Ended::Exited { exit_code, said }) => {
                if !said.is_empty() {
                    tracing::debug!(program, exit_code, n_bytes = said.len(), "the program said something");
                }
                match self.terms.codes.of(exit_code) {
                    Verdict::Done => Ok(()),
                    Verdict::Failed(class, detail) => {
                        Err(DeliveryError::Command { program, exit_code, name, detail, class })
                    }
                }
            }
            Ok(Ended::TimedOut) => Err(DeliveryError::TimedOut {
                place: program,
                seconds: self.terms.timeout().as_secs(),
                attempt: "handing a file over",
            }),
            Err(error) => Err(self.not_started(&error)),
        }
    }

    fn program(&self) -> String {
        let name = self.terms.program.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn not_started(&self, error: &std::io::Error) -> DeliveryError {
        let program = self.terms.program.display().to_string();
        DeliveryError::NoCommand { program, detail: error.to_string() }
    }
}

/// Reads the file once: a program is not handed what is not what was published.
fn check(file: &ParcelFile, source: &dyn ParcelSource) -> Result<(), DeliveryError> {
    let failed = |error: std::io::Error| {
        let path = file.name.to_string();
        DeliveryError::Source(FolderError::Unavailable { path, attempt: "read", source: error })
    };
    let (mut reader, mut hasher) = (source.open(file)?, Hasher::new());
    let (mut buffer, mut n_bytes) = (vec![0; 1 << 18], 0_u64);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n_read) => {
                hasher.update(buffer.get(..n_read).unwrap_or_default());
                n_bytes += n_read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let is_right = n_bytes == file.content.n_bytes && hasher.finish() == file.content.sha256;
    if is_right { Ok(()) } else { Err(DeliveryError::SourceChanged { name: file.name.to_string() }) }
}
