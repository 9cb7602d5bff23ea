//! How one file is fetched: into a hidden part, compared with what its notice says, and given its name.

use renkei_core::delivery::DeliveryError;
use renkei_core::port::{Content, FolderError, Standing};
use renkei_core::{Digest, FileName, hash};
use renkei_folder::{LandingFolder, Part};

use super::outgoing::Under;
use super::remote::Remote;

/// A shorter part is fetched anew: to read it again and to ask for the rest takes as long.
const LEAST_RESUMED_BYTES: u64 = 256 * 1024;

/// A file that a notice names, as it stands at the server.
pub(super) struct Incoming<'i> {
    pub(super) name: &'i FileName,
    pub(super) path: String,
    pub(super) content: Content,
    /// Its time there, which tells whether a part is of what stands there now.
    pub(super) changed_at: Option<u32>,
    /// Whether another file of the name here is replaced.
    pub(super) replaces: bool,
}

/// Fetches a file, and gives how many bytes came. May be cut off anywhere and asked for again.
pub(super) async fn fetch_file<R: Remote>(
    remote: &R,
    into: &LandingFolder,
    file: &Incoming<'_>,
    under: &Under<'_>,
) -> Result<u64, DeliveryError> {
    under.may_go_on()?;
    let wants_stop = || under.watch.wants_stop();
    let standing = into.standing(file.name, &file.content, &wants_stop).map_err(DeliveryError::Landing)?;
    let is_other = match standing.ok_or(DeliveryError::Stopped)? {
        Standing::Same => return Ok(0),
        Standing::Other if !file.replaces => return Err(taken(file)),
        Standing::Other => true,
        Standing::Missing => false,
    };
    let mut part = into.part(file.name, &file.key()).map_err(DeliveryError::Landing)?;
    let n_bytes = match fill(remote, file, &mut part, under).await {
        Ok(n_bytes) => n_bytes,
        Err(error) => {
            // What did not fit does not keep the room, nor is what is not right gone on with.
            let is_of_no_use = matches!(
                error,
                DeliveryError::Landing(FolderError::Full { .. }) | DeliveryError::NotAsNoticed { .. }
            );
            if is_of_no_use {
                into.discard(&part).map_err(DeliveryError::Landing)?;
            }
            return Err(error);
        }
    };
    under.watch.reached("pull.fetched");
    if is_other {
        into.remove(file.name).map_err(DeliveryError::Landing)?;
    }
    if !into.place(&part, file.name).map_err(DeliveryError::Landing)? {
        let standing =
            into.standing(file.name, &file.content, &wants_stop).map_err(DeliveryError::Landing)?;
        if standing != Some(Standing::Same) {
            return Err(taken(file));
        }
    }
    Ok(n_bytes)
}

/// Makes a part what the notice says: what is there already is gone on with if it can be. Gives how many bytes came.
async fn fill<R: Remote>(
    remote: &R,
    file: &Incoming<'_>,
    part: &mut Part,
    under: &Under<'_>,
) -> Result<u64, DeliveryError> {
    let wants_stop = || under.watch.wants_stop();
    let is_right =
        |part: &Part, found: Digest| part.n_bytes() == file.content.n_bytes && found == file.content.sha256;
    let mut n_bytes = 0;
    let goes_on =
        file.changed_at.is_some() && (LEAST_RESUMED_BYTES..=file.content.n_bytes).contains(&part.n_bytes());
    let mut found = Digest(hash::sha256(&[]));
    if goes_on {
        let hasher = part.read_again(&wants_stop).map_err(DeliveryError::Landing)?;
        let hasher = hasher.ok_or(DeliveryError::Stopped)?;
        n_bytes += part_of(remote, file, part, hasher, under, &mut found).await?;
    }
    if !goes_on || !is_right(part, found) {
        // What was there is of other bytes, or too little: from its start.
        part.begin_anew().map_err(DeliveryError::Landing)?;
        n_bytes += part_of(remote, file, part, hash::Hasher::new(), under, &mut found).await?;
    }
    if is_right(part, found) {
        Ok(n_bytes)
    } else {
        Err(DeliveryError::NotAsNoticed { name: file.name.to_string(), found })
    }
}

/// Fetches what a part lacks, and gives the digest of all of it beside how many bytes came.
async fn part_of<R: Remote>(
    remote: &R,
    file: &Incoming<'_>,
    part: &mut Part,
    mut hasher: hash::Hasher,
    under: &Under<'_>,
    found: &mut Digest,
) -> Result<u64, DeliveryError> {
    let from = part.n_bytes();
    let mut n_bytes = 0;
    let mut into = |bytes: &[u8]| {
        under.may_go_on()?;
        part.write(bytes).map_err(DeliveryError::Landing)?;
        hasher.update(bytes);
        n_bytes += bytes.len() as u64;
        under.watch.sent(bytes.len() as u64);
        under.watch.reached("pull.part");
        Ok(())
    };
    if from < file.content.n_bytes {
        remote.fetch(&file.path, from, file.content.n_bytes, under, &mut into).await?;
    }
    *found = hasher.finish();
    Ok(n_bytes)
}

fn taken(file: &Incoming<'_>) -> DeliveryError {
    DeliveryError::TakenHere { name: file.name.to_string() }
}

impl Incoming<'_> {
    /// What its part is known by: the content it is to become, and when it was changed there.
    fn key(&self) -> String {
        let digest = self.content.sha256.to_string();
        format!("{}{:08x}", digest.get(..12).unwrap_or_default(), self.changed_at.unwrap_or(0))
    }
}
