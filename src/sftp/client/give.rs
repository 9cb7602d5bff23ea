//! How one file is given: written under a temporary name, checked, and renamed.

use renkei_core::delivery::{DeliveryError, ParcelFile};

use super::outgoing::{Outgoing, Under};
use super::remote::{Remote, Renamed, Seen};
use super::terms::SftpTerms;

/// A part shorter than this is written anew: to compare it takes as long.
const LEAST_RESUMED_BYTES: u64 = 256 * 1024;

/// What came of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// Sent, with so many bytes.
    Sent(u64),
    /// There already, with the same bytes.
    There,
}

/// Gives a file. May be cut off anywhere and asked for again.
pub(crate) async fn give_file<R: Remote>(
    remote: &R,
    terms: &SftpTerms,
    file: &ParcelFile,
    under: &Under<'_>,
) -> Result<Given, DeliveryError> {
    under.may_go_on()?;
    let path = terms.path_of(file.name.as_str());
    let part = terms.path_of(&part_name(file));
    let Seen { finished, part: part_length } = remote.look(&path, &part).await?;
    if let Some(length) = finished {
        return compare(remote, &path, length, file, under).await;
    }
    let mut outgoing = Outgoing::open(file, under)?;
    let resumes = resume(remote, &part, part_length, &mut outgoing).await?;
    if !resumes && outgoing.n_read() > 0 {
        outgoing = Outgoing::open(file, under)?;
    }
    let from = outgoing.n_read();
    let sent = send(remote, &part, &mut outgoing).await;
    if let Err(error) = sent {
        let is_useless = matches!(
            error,
            DeliveryError::DestinationFull { .. }
                | DeliveryError::Damaged { .. }
                | DeliveryError::SourceChanged { .. }
        );
        if is_useless {
            // What it holds up is the partner's room; that this fails too changes nothing.
            let _ = remote.remove(&part).await;
        }
        return Err(error);
    }
    match remote.rename(&part, &path).await? {
        Renamed::Done => Ok(Given::Sent(file.content.n_bytes - from)),
        Renamed::Refused(detail) => match remote.length(&path).await? {
            Some(length) => compare(remote, &path, length, file, under).await,
            None => Err(DeliveryError::Refused { name: file.name.to_string(), detail }),
        },
    }
}

/// Hidden, and known by the content it is a part of: what another content left is never taken up.
fn part_name(file: &ParcelFile) -> String {
    let digest = file.content.sha256.to_string();
    format!(".{}.{}.part", file.name, digest.get(..12).unwrap_or_default())
}

async fn compare<R: Remote>(
    remote: &R,
    path: &str,
    length: u64,
    file: &ParcelFile,
    under: &Under<'_>,
) -> Result<Given, DeliveryError> {
    let content = &file.content;
    let is_same = length == content.n_bytes && remote.digest(path, length, under).await? == content.sha256;
    if is_same { Ok(Given::There) } else { Err(DeliveryError::NameTaken { name: file.name.to_string() }) }
}

/// Whether the part that is there may be written on: only where its bytes are ours, to the last one.
async fn resume<R: Remote>(
    remote: &R,
    part: &str,
    length: Option<u64>,
    outgoing: &mut Outgoing<'_>,
) -> Result<bool, DeliveryError> {
    let fits = LEAST_RESUMED_BYTES..=outgoing.file.content.n_bytes;
    let Some(length) = length.filter(|length| fits.contains(length)) else { return Ok(false) };
    let theirs = match remote.digest(part, length, outgoing.under).await {
        // It was there a moment ago: a server may clear away what a broken connection left.
        Err(DeliveryError::Refused { .. }) => return Ok(false),
        theirs => theirs?,
    };
    Ok(outgoing.skip_to(length)? == theirs)
}

async fn send<R: Remote>(remote: &R, part: &str, outgoing: &mut Outgoing<'_>) -> Result<(), DeliveryError> {
    remote.send(part, outgoing).await?;
    outgoing.check()?;
    let content = &outgoing.file.content;
    let told = remote.told_digest(part, content.n_bytes).await?;
    if told.is_some_and(|told| told != content.sha256) {
        return Err(DeliveryError::Damaged { name: outgoing.file.name.to_string() });
    }
    Ok(())
}
