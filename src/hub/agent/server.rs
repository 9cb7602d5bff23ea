//! A hub that is reached by SFTP: what is taken from is mirrored into the agent's own folder, and answers go back.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use renkei_core::delivery::{DeliveryError, ParcelFile, ParcelPart};
use renkei_core::hash::Hasher;
use renkei_core::port::{Content, DeliveryWatch, FolderError, ParcelSource, PullWay as _, Share as _};
use renkei_core::port::{SeenKind, SeenName};
use renkei_core::pull::{AfterPull, PullFolder};
use renkei_core::receive::{Most, RECEIPT_ENDING};
use renkei_core::{FileName, FolderPath};
use renkei_engine::Witness;
use renkei_folder::{Landing, ReadOnlyShare};
use renkei_sftp::client::{SftpSource, SftpTerms, SftpTransport};

use super::memory::MirrorMemory;
use crate::{Failure, HubError};

/// The folder of the mirror, and that of answers on their way, in the agent's own.
const MIRROR: &str = "mirror";
const OUTGOING: &str = "outgoing";
const COPY_BYTES: usize = 1 << 16;

/// `[sftp]` of the agent's declaration.
#[derive(Debug, Clone)]
pub(crate) struct HubServer {
    /// The server; its folder is where the connection folders' root is seen there.
    pub(crate) terms: SftpTerms,
}

/// Where the mirror of a hub's folders is.
pub(crate) fn mirror_of(own: &Path) -> PathBuf {
    own.join(MIRROR)
}

/// Where answers wait for their way.
pub(crate) fn outgoing_of(own: &Path) -> PathBuf {
    own.join(OUTGOING)
}

/// Makes both.
pub(super) fn make_folders(own: &Path) -> Result<(), HubError> {
    use std::os::unix::fs::DirBuilderExt as _;
    for path in [mirror_of(own), outgoing_of(own)] {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|source| HubError::Write { path, source })?;
    }
    Ok(())
}

/// What is mirrored: folders of the hub, each with the largest set that is taken from it.
pub(super) type Wanted = BTreeMap<FolderPath, Most>;

/// What fetching came to where the hub was reached.
pub(super) struct Fetched {
    /// How many sets came.
    pub(super) n_came: usize,
    /// Sets and folders that did not, by folder here; the others did.
    pub(super) failed: Vec<(FolderPath, DeliveryError)>,
}

/// Brings the mirror up to what stands at the hub: whole sets only, what changed there in the place of what was here.
/// What came and was not what its notice says comes again once it changed there, or where a person asks.
pub(super) fn fetch(
    server: &HubServer,
    own: &Path,
    wanted: &Wanted,
    is_by_hand: bool,
    witness: &dyn Witness,
) -> Result<Fetched, Failure> {
    let mirror = mirror_of(own);
    let memory = MirrorMemory::open(&mirror, is_by_hand)?;
    let folders: Vec<PullFolder> = wanted
        .iter()
        .map(|(folder, most)| PullFolder {
            from: PullFolder::path_in(&server.terms.folder, folder.as_str()),
            to: folder.clone(),
            after: AfterPull::Leave,
            most: *most,
            replaces: true,
            // Before its first publication a feed has no folder, and what is for one receiver alone is rare.
            may_be_missing: true,
        })
        .collect();
    let watch = Watch { witness };
    let mut look =
        SftpSource::new(server.terms.clone(), Landing::at(&mirror)).pull(&folders, &memory, &watch);
    for set in &look.pulled {
        tracing::debug!(feed = %set.feed, sequence = %set.sequence, "a set came from the hub");
    }
    let end = std::mem::replace(&mut look.end, Ok(()));
    end.map_err(of_server)?;
    let failed = look.failed.into_iter().filter_map(|failed| {
        let folder = folders.iter().find(|folder| folder.from == failed.from)?;
        Some((folder.to.clone(), failed.error))
    });
    Ok(Fetched { n_came: look.pulled.len(), failed: failed.collect() })
}

/// Who reads it has another way to accept a key than the hub's operator.
fn of_server(error: DeliveryError) -> Failure {
    match error {
        DeliveryError::HostKeyUnknown { place, fingerprint, .. } => {
            HubError::HubKeyUnknown { place, fingerprint }.into()
        }
        error => error.into(),
    }
}

/// Puts back what was answered, receipts after all else, and removes here what is there. Nothing to put connects to
/// nobody.
pub(super) fn put_back(
    server: &HubServer,
    own: &Path,
    folder: &FolderPath,
    witness: &dyn Witness,
) -> Result<(), Failure> {
    let outgoing = outgoing_of(own);
    let share = ReadOnlyShare::at(&outgoing);
    let seen = share.look(folder)?;
    let plain = seen.into_iter().filter(|file| file.kind == SeenKind::File);
    let mut names: Vec<FileName> = plain
        .filter_map(|file| match file.name {
            SeenName::Plain(name) => Some(name),
            SeenName::Odd(_) => None,
        })
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    names.sort_by_key(|name| name.as_str().ends_with(RECEIPT_ENDING));
    let source = Outgoing { share, folder };
    let files: Vec<ParcelFile> =
        names.into_iter().map(|name| source.described(name)).collect::<Result<_, FolderError>>()?;
    let folder_there = PullFolder::path_in(&server.terms.folder, folder.as_str());
    let terms = SftpTerms { folder: folder_there, ..server.terms.clone() };
    let landing = Landing::at(&outgoing).folder(folder)?;
    let mut left: Result<(), FolderError> = Ok(());
    let mut done = |file: &ParcelFile| {
        witness.reached("receive.put-back");
        let removed = landing.remove(&file.name);
        if left.is_ok() {
            left = removed;
        }
    };
    let put = SftpTransport::new(terms).put_files(&files, &source, &Watch { witness }, &mut done);
    put.map_err(of_server)?;
    Ok(left?)
}

/// Answers that wait here.
struct Outgoing<'o> {
    share: ReadOnlyShare,
    folder: &'o FolderPath,
}

impl Outgoing<'_> {
    fn described(&self, name: FileName) -> Result<ParcelFile, FolderError> {
        let mut file = self.share.open(self.folder, &name)?;
        let (mut hasher, mut n_bytes, mut buffer) = (Hasher::new(), 0_u64, vec![0; COPY_BYTES]);
        loop {
            let read = file.read(&mut buffer).map_err(|source| FolderError::Unavailable {
                path: name.to_string(),
                attempt: "read",
                source,
            })?;
            if read == 0 {
                break;
            }
            hasher.update(buffer.get(..read).unwrap_or_default());
            n_bytes += read as u64;
        }
        let content = Content { n_bytes, sha256: hasher.finish() };
        Ok(ParcelFile { name, part: ParcelPart::Report, content })
    }
}

impl ParcelSource for Outgoing<'_> {
    fn open(&self, file: &ParcelFile) -> Result<Box<dyn Read + Send>, DeliveryError> {
        self.share.open(self.folder, &file.name).map_err(DeliveryError::Source)
    }
}

/// Ends what travels where the agent is asked to end.
struct Watch<'w> {
    witness: &'w dyn Witness,
}

impl DeliveryWatch for Watch<'_> {
    fn sent(&self, _n_bytes: u64) {}

    fn reached(&self, point: &'static str) {
        self.witness.reached(point);
    }

    fn wants_stop(&self) -> bool {
        self.witness.wants_stop()
    }
}
