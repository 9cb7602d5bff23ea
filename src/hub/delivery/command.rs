//! The transport port by a program: started once for each file, without a shell, the notice's last.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Command;

use renkei_core::delivery::{ArgumentValues, DeliveryError, Parcel, ParcelFile, ParcelPart, Verdict};
use renkei_core::hash::Hasher;
use renkei_core::port::{DeliveryWatch, FolderError, HandedOver, ParcelSource, Transport};

use crate::alert::{Ended, Limits, run_watched};
use crate::config::CommandTerms;

/// How much of its standard error is kept for the log.
const N_BYTES_KEPT: usize = 4096;
/// How much of its last line goes on record.
const LAST_WORDS_CHARS: usize = 120;
/// A number of so many digits may be a person's.
const LONG_NUMBER: usize = 5;
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program behind the transport port. It is handed paths in the hub's own folders, so what a receiver took out of
/// them must be put back first (`renkei redeliver`). What it handed over before it failed it is asked for again: only
/// the partner's side can tell a repeat.
pub(super) struct CommandTransport {
    pub(super) terms: CommandTerms,
    /// The connection folders' root.
    pub(super) root: PathBuf,
    pub(super) destination: String,
    /// What the destination's keeper holds: the program holds it too, so that nobody starts a second one beside it.
    pub(super) hold: Option<File>,
}

impl Transport for CommandTransport {
    fn hand_over(
        &self,
        parcel: &Parcel,
        source: &dyn ParcelSource,
        watch: &dyn DeliveryWatch,
    ) -> Result<HandedOver, DeliveryError> {
        let mut total = HandedOver::default();
        let n_data = parcel.files.iter().filter(|file| file.part == ParcelPart::Data).count();
        if n_data > 1 && !self.terms.takes_several {
            return Err(DeliveryError::SeveralFiles { n_files: n_data });
        }
        let data = parcel.files.iter().filter_map(|file| match file.part {
            ParcelPart::Report => self.terms.report_file_id.as_ref().map(|id| (file, id)),
            ParcelPart::Data | ParcelPart::Notice => Some((file, &self.terms.file_id)),
        });
        let notice = self.terms.notice_file_id.as_ref().map(|id| (&parcel.notice, id));
        for (file, file_id) in data.chain(notice) {
            if watch.wants_stop() {
                return Err(DeliveryError::Stopped);
            }
            self.give(parcel, file, file_id, source, watch)?;
            watch.sent(file.content.n_bytes);
            watch.file_over(false);
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
        watch: &dyn DeliveryWatch,
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
        let held = self.hold.as_ref().map(File::try_clone).transpose();
        let held = held.map_err(|error| self.not_started(&error))?;
        match run_watched(&mut command, limits, held, &|| watch.must_end()) {
            Ok(Ended::Exited { exit_code, said }) => {
                if !said.is_empty() {
                    tracing::debug!(program, exit_code, n_bytes = said.len(), "the program said something");
                }
                match self.terms.codes.of(exit_code) {
                    Verdict::Done => Ok(()),
                    Verdict::Failed(class, words) => {
                        let detail = with_last_words(words, &said);
                        Err(DeliveryError::Command { program, exit_code, name, detail, class })
                    }
                }
            }
            Ok(Ended::Stopped) => Err(DeliveryError::Stopped),
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

/// What is known of the code, and the last line of what the program said.
fn with_last_words(known: String, said: &[u8]) -> String {
    let last = last_words(said);
    match (known.is_empty(), last.is_empty()) {
        (_, true) => known,
        (true, false) => format!("it said: {last}"),
        (false, false) => format!("{known}; it said: {last}"),
    }
}

/// The last line, bounded and plain. A program may say anything, and names and numbers of persons do not go on record:
/// only ASCII is kept, and of longer numbers that they were there.
fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let mut words = String::new();
    let mut digits = String::new();
    for c in line.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        words.push_str(if digits.len() < LONG_NUMBER { &digits } else { "#" });
        digits.clear();
        words.push(if c == ' ' || c.is_ascii_graphic() { c } else { '?' });
    }
    words.trim_end().chars().take(LAST_WORDS_CHARS).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_are_plain_bounded_and_nobodys() {
        let check = |said: &[u8], expected: &str| assert_eq!(last_words(said), expected);
        check(b"", "");
        check(b"first\nerror 1234 at host\n\n", "error 1234 at host");
        check("宛名番号 000123456789012 山田".as_bytes(), "???? # ??");
        check(b"\x1b[31mred\xff\r\n", "?[31mred?");
        check(&[b'x'; 500], &"x".repeat(LAST_WORDS_CHARS));
        assert_eq!(with_last_words("no memory".to_owned(), b"e7"), "no memory; it said: e7");
    }
}
