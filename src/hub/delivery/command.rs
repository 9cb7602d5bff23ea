//! The transport port by a program: started once for each file, without a shell, the notice's last.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use renkei_core::delivery::{
    ArgumentValues, CodeTable, DeliveryError, Parcel, ParcelFile, ParcelPart, Verdict,
};
use renkei_core::hash::Hasher;
use renkei_core::port::{DeliveryWatch, FolderError, HandedOver, ParcelSource, Transport};

use crate::alert::{Ended, Limits, run_watched};
use crate::config::CommandTerms;

/// How much of what it prints is counted. None of it is kept: it may name persons, and its own log has it.
const N_BYTES_COUNTED: usize = 4096;
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
        _source: &dyn ParcelSource,
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
        if notice.is_some() {
            // No data goes where its notice cannot follow.
            check(&parcel.notice, &self.path_of(parcel, &parcel.notice)?)?;
        }
        for (file, file_id) in data.chain(notice) {
            // What a program took cannot be taken up again, so a window that closes ends nothing that was begun.
            if watch.must_end() {
                return Err(DeliveryError::Stopped);
            }
            self.give(parcel, file, file_id, watch)?;
            watch.sent(file.content.n_bytes);
            watch.file_over(false);
            total.n_files_sent += 1;
            total.n_bytes_sent += file.content.n_bytes;
        }
        Ok(total)
    }

    fn probe(&self) -> Result<String, DeliveryError> {
        let found = std::fs::metadata(&self.terms.program)
            .map_err(|error| not_started(&self.terms.program, &error))?;
        if found.is_file() {
            Ok(format!("{} is there; it is not started for a test", self.terms.program.display()))
        } else {
            Err(not_started(&self.terms.program, &std::io::Error::other("is no file")))
        }
    }
}

impl CommandTransport {
    /// Where a file stands that the program is to be handed.
    fn path_of(&self, parcel: &Parcel, file: &ParcelFile) -> Result<PathBuf, DeliveryError> {
        let name = file.name.to_string();
        let path = self.root.join(parcel.folder.as_str()).join(&name);
        if path.is_file() {
            Ok(path)
        } else {
            let path = format!("{}/{name}", parcel.folder);
            Err(DeliveryError::Source(FolderError::Missing { path }))
        }
    }

    fn give(
        &self,
        parcel: &Parcel,
        file: &ParcelFile,
        file_id: &str,
        watch: &dyn DeliveryWatch,
    ) -> Result<(), DeliveryError> {
        let name = file.name.to_string();
        let path = self.path_of(parcel, file)?;
        check(file, &path)?;
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
        let call = Call {
            program: &self.terms.program,
            args: self.terms.args.iter().map(|argument| argument.filled(&values)).collect(),
            env: &self.terms.env,
            timeout: self.terms.timeout(),
            codes: &self.terms.codes,
            hold: self.hold.as_ref(),
            attempt: "handing a file over",
        };
        call.run(name, &|| watch.must_end())
    }
}

/// One start of a declared program.
pub(super) struct Call<'c> {
    pub(super) program: &'c Path,
    pub(super) args: Vec<String>,
    pub(super) env: &'c BTreeMap<String, String>,
    pub(super) timeout: Duration,
    pub(super) codes: &'c CodeTable,
    /// The program holds it as long as it lives.
    pub(super) hold: Option<&'c File>,
    /// What is under way, for messages.
    pub(super) attempt: &'static str,
}

impl Call<'_> {
    /// Runs it to its end; `name` is what it is about.
    pub(super) fn run(&self, name: String, must_end: &dyn Fn() -> bool) -> Result<(), DeliveryError> {
        let mut command = Command::new(self.program);
        command
            .args(&self.args)
            .current_dir("/")
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .envs(self.env);
        let limits = Limits { timeout: self.timeout, n_bytes_kept: N_BYTES_COUNTED, reads_stdout: false };
        let program = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let held = self.hold.map(File::try_clone).transpose();
        let held = held.map_err(|error| not_started(self.program, &error))?;
        match run_watched(&mut command, limits, held, must_end) {
            Ok(Ended::Exited { exit_code, said }) => {
                if !said.is_empty() {
                    tracing::debug!(program, exit_code, n_bytes = said.len(), "the program said something");
                }
                match self.codes.of(exit_code) {
                    Verdict::Done => Ok(()),
                    Verdict::Failed(class, detail) => {
                        Err(DeliveryError::Command { program, exit_code, name, detail, class })
                    }
                }
            }
            Ok(Ended::Stopped) => Err(DeliveryError::Stopped),
            Ok(Ended::TimedOut) => Err(DeliveryError::TimedOut {
                place: program,
                seconds: self.timeout.as_secs(),
                attempt: self.attempt,
            }),
            Err(error) => Err(not_started(self.program, &error)),
        }
    }
}

fn not_started(program: &Path, error: &std::io::Error) -> DeliveryError {
    DeliveryError::NoCommand { program: program.display().to_string(), detail: error.to_string() }
}

/// Reads the file once, at the place that the program is told: it is not handed what is not what was published.
fn check(file: &ParcelFile, path: &Path) -> Result<(), DeliveryError> {
    let failed = |error: std::io::Error| {
        let path = file.name.to_string();
        DeliveryError::Source(FolderError::Unavailable { path, attempt: "read", source: error })
    };
    let (mut reader, mut hasher) = (File::open(path).map_err(failed)?, Hasher::new());
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
    use std::io::Read;

    use renkei_core::port::Content;
    use renkei_core::{Digest, Sequence, hash};

    use super::*;

    struct NoSource;

    impl ParcelSource for NoSource {
        fn open(&self, _file: &ParcelFile) -> Result<Box<dyn Read + Send>, DeliveryError> {
            Err(DeliveryError::NoParcel)
        }
    }

    /// The destination's window is closed, and nobody asks for an end.
    struct Closed;

    impl DeliveryWatch for Closed {
        fn sent(&self, _n_bytes: u64) {}

        fn wants_stop(&self) -> bool {
            true
        }

        fn must_end(&self) -> bool {
            false
        }
    }

    fn file(root: &Path, name: &str, part: ParcelPart) -> ParcelFile {
        let bytes = name.as_bytes();
        std::fs::write(root.join("001").join(name), bytes).unwrap();
        let content = Content { n_bytes: bytes.len() as u64, sha256: Digest(hash::sha256(bytes)) };
        ParcelFile { name: name.parse().unwrap(), part, content }
    }

    fn parcel(root: &Path) -> Parcel {
        std::fs::create_dir_all(root.join("001")).unwrap();
        Parcel {
            feed: "a".parse().unwrap(),
            sequence: Sequence(1),
            folder: "001".parse().unwrap(),
            files: vec![file(root, "a.csv", ParcelPart::Data)],
            notice: file(root, "a.done", ParcelPart::Notice),
        }
    }

    fn transport(root: &Path) -> CommandTransport {
        let terms = CommandTerms {
            is_hulft: false,
            requests: None,
            program: "/bin/sh".into(),
            // Prints what nobody may read, and ends as it is told.
            args: ["-c", "echo '山田 1985-03-12 090-1234-5678' >&2; exit $END"]
                .map(|one| one.parse().unwrap())
                .into(),
            file_id: "TAX01".to_owned(),
            notice_file_id: Some("TAX01N".to_owned()),
            report_file_id: None,
            takes_several: false,
            env: BTreeMap::from([("END".to_owned(), "0".to_owned())]),
            wait: Duration::from_mins(1),
            codes: CodeTable::plain(),
        };
        CommandTransport { terms, root: root.to_owned(), destination: "tax".to_owned(), hold: None }
    }

    #[test]
    fn a_window_that_closes_parts_no_data_from_its_notice() {
        let root = tempfile::tempdir().unwrap();
        let parcel = parcel(root.path());
        let done = transport(root.path()).hand_over(&parcel, &NoSource, &Closed).unwrap();
        assert_eq!(done.n_files_sent, 2);
    }

    #[test]
    fn what_a_program_prints_is_not_kept() {
        let root = tempfile::tempdir().unwrap();
        let parcel = parcel(root.path());
        let mut transport = transport(root.path());
        transport.terms.env.insert("END".to_owned(), "22".to_owned());
        let error = transport.hand_over(&parcel, &NoSource, &Closed).unwrap_err();
        assert_eq!(error.told(), "sh ended with 22 for a.csv");
    }

    #[test]
    fn a_notice_that_was_edited_on_disk_keeps_all_back() {
        let root = tempfile::tempdir().unwrap();
        let parcel = parcel(root.path());
        std::fs::write(root.path().join("001/a.done"), "A.DONE").unwrap();
        let mut transport = transport(root.path());
        transport.terms.env.insert("END".to_owned(), "22".to_owned());
        let error = transport.hand_over(&parcel, &NoSource, &Closed).unwrap_err();
        assert_eq!(error.told(), "a.done is not in the hub's folder as it was published");
        // One that is not given need not be there.
        transport.terms.notice_file_id = None;
        transport.terms.env.insert("END".to_owned(), "0".to_owned());
        assert_eq!(transport.hand_over(&parcel, &NoSource, &Closed).unwrap().n_files_sent, 1);
    }
}
