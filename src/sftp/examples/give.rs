//! Gives all files of a folder to an SFTP server, for `scripts/bench.d/deliver.sh`: what a delivery costs without the
//! hub around it.
//!
//! `give BACKEND HOST PORT USER KEY FINGERPRINT REMOTE_FOLDER FOLDER [PARALLEL]`
#![expect(clippy::print_stdout, reason = "a program of its own")]

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use renkei_core::Digest;
use renkei_core::delivery::{DeliveryError, Parcel, ParcelFile, ParcelPart};
use renkei_core::hash::Hasher;
use renkei_core::port::{Content, DeliveryWatch, FolderError, ParcelSource, Transport as _};
use renkei_sftp::client::{Backend, LoginTerms, SecretSource, SftpTerms, SftpTransport};

struct Folder(PathBuf);

impl ParcelSource for Folder {
    fn open(&self, file: &ParcelFile) -> Result<Box<dyn Read + Send>, DeliveryError> {
        let path = file.name.to_string();
        match std::fs::File::open(self.0.join(&path)) {
            Ok(file) => Ok(Box::new(file)),
            Err(source) => {
                Err(DeliveryError::Source(FolderError::Unavailable { path, attempt: "read", source }))
            }
        }
    }
}

struct Unwatched;

impl DeliveryWatch for Unwatched {
    fn sent(&self, _n_bytes: u64) {}
    fn wants_stop(&self) -> bool {
        false
    }
}

fn described(path: &Path) -> Result<ParcelFile, Box<dyn Error>> {
    let name = path.file_name().ok_or("no name")?.to_string_lossy().parse()?;
    let (mut file, mut hasher) = (std::fs::File::open(path)?, Hasher::new());
    let (mut buffer, mut n_bytes) = (vec![0; 1 << 18], 0);
    loop {
        let n_read = file.read(&mut buffer)?;
        if n_read == 0 {
            break;
        }
        hasher.update(buffer.get(..n_read).unwrap_or_default());
        n_bytes += n_read as u64;
    }
    let sha256: Digest = hasher.finish();
    Ok(ParcelFile { name, part: ParcelPart::Data, content: Content { n_bytes, sha256 } })
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [backend, host, port, user, key, fingerprint, remote, folder, more @ ..] = args.as_slice() else {
        return Err("give BACKEND HOST PORT USER KEY FINGERPRINT REMOTE_FOLDER FOLDER [PARALLEL]".into());
    };
    let backend = if backend == "ssh2" { Backend::Ssh2 } else { Backend::Pipelined };
    let usual = if backend == Backend::Ssh2 { 2 } else { 64 };
    let terms = SftpTerms {
        destination: "bench".parse()?,
        host: host.clone(),
        port: port.parse()?,
        user: user.clone(),
        login: LoginTerms::Key { key: SecretSource::File(key.into()), passphrase: None },
        folder: remote.clone(),
        backend,
        parallel: more.first().map_or(Ok(usual), |text| text.parse())?,
        bytes_per_second: None,
        timeout: Duration::from_mins(1),
        host_keys: vec![fingerprint.parse()?],
    };
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut files = paths.iter().map(|path| described(path)).collect::<Result<Vec<_>, _>>()?;
    let notice = files.pop().ok_or("an empty folder")?;
    let parcel = Parcel {
        feed: "bench".parse()?,
        sequence: renkei_core::Sequence(1),
        folder: "bench".parse()?,
        files,
        notice,
    };
    let began = Instant::now();
    let done = SftpTransport::new(terms).hand_over(&parcel, &Folder(folder.into()), &Unwatched)?;
    println!("{:.3} {} {}", began.elapsed().as_secs_f64(), done.n_files_sent, done.n_bytes_sent);
    Ok(())
}
