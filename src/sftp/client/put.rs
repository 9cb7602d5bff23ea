//! Single files are put into a server's folder: answers, each for itself.

use renkei_core::delivery::{DeliveryError, ParcelFile};
use renkei_core::port::{DeliveryWatch, ParcelSource};

use super::blocking::{BlockingRemote, at_once};
use super::give::give_file;
use super::outgoing::Under;
use super::pipelined::PipelinedRemote;
use super::remote::Remote;
use super::terms::{Backend, SftpTerms};
use super::transport::{SftpTransport, run};

impl SftpTransport {
    /// Puts files into the folder, one after the other, each under a temporary name first; `done` is told of each that
    /// is there. Where another file has the name, a file is left for another time: whoever the folder belongs to takes
    /// what stands there away.
    pub fn put_files(
        &self,
        files: &[ParcelFile],
        source: &dyn ParcelSource,
        watch: &dyn DeliveryWatch,
        done: &mut dyn FnMut(&ParcelFile),
    ) -> Result<(), DeliveryError> {
        let terms = self.terms();
        let under = Under::new(source, watch, terms.bytes_per_second);
        match terms.backend {
            Backend::Ssh2 => {
                let remote = BlockingRemote::connect(terms)?;
                at_once(put_each(&remote, terms, files, &under, done))
            }
            Backend::Pipelined => run(async {
                let remote = PipelinedRemote::connect(terms).await?;
                let put = put_each(&remote, terms, files, &under, done).await;
                remote.end().await;
                put
            }),
        }
    }
}

async fn put_each<R: Remote>(
    remote: &R,
    terms: &SftpTerms,
    files: &[ParcelFile],
    under: &Under<'_>,
    done: &mut dyn FnMut(&ParcelFile),
) -> Result<(), DeliveryError> {
    for file in files {
        under.may_go_on()?;
        let path = terms.path_of(file.name.as_str());
        if let Some(length) = remote.length(&path).await? {
            // Who may bring need not be allowed to read: then it cannot be told whose it is, and is not ours to say.
            let is_same = match remote.digest(&path, length, under).await {
                Ok(found) => found == file.content.sha256,
                Err(DeliveryError::Refused { .. }) => false,
                Err(error) => return Err(error),
            };
            if is_same {
                done(file);
            }
            continue;
        }
        match give_file(remote, terms, file, under).await {
            Ok(_) => done(file),
            Err(DeliveryError::NameTaken { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
