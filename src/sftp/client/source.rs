//! A partner's server to fetch from, behind its port.

use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use renkei_core::delivery::{DeliveryError, ParcelFile};
use renkei_core::port::{DeliveryWatch, ParcelSource, PullMemory, PullWay};
use renkei_core::pull::{FailedSet, PullFolder, PullLook};
use renkei_folder::Landing;

use super::blocking::{BlockingRemote, at_once};
use super::outgoing::Under;
use super::pipelined::PipelinedRemote;
use super::pull::FolderPull;
use super::remote::{Remote, folder_path};
use super::terms::{Backend, SftpTerms};
use super::transport::{run, run_under};

/// Parts that nobody went on with for so long are removed, in seconds.
const PARTS_KEPT_S: i64 = 7 * 24 * 3600;

/// A partner's SFTP server to fetch from, and the root below which its sets go.
#[derive(Debug, Clone)]
pub struct SftpSource {
    terms: SftpTerms,
    landing: Landing,
}

/// Nothing is given.
pub(super) struct NothingToGive;

impl ParcelSource for NothingToGive {
    fn open(&self, _file: &ParcelFile) -> Result<Box<dyn Read + Send>, DeliveryError> {
        Err(DeliveryError::NoParcel)
    }
}

impl SftpSource {
    /// By these terms, whose own folder is not used; nothing is connected before it is needed.
    pub const fn new(terms: SftpTerms, landing: Landing) -> Self {
        Self { terms, landing }
    }

    fn begin<'p>(
        &self,
        folder: &'p PullFolder,
        memory: &'p dyn PullMemory,
        under: &'p Under<'p>,
    ) -> Result<FolderPull<'p>, DeliveryError> {
        let into = self.landing.folder(&folder.to).map_err(DeliveryError::Landing)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let before = i64::try_from(now).unwrap_or(0) - PARTS_KEPT_S;
        into.sweep(before).map_err(DeliveryError::Landing)?;
        Ok(FolderPull::new(folder, into, memory, under))
    }

    fn pull_blocking(
        &self,
        folders: &[PullFolder],
        memory: &dyn PullMemory,
        under: &Under<'_>,
        look: &mut PullLook,
    ) -> Result<(), DeliveryError> {
        let mut sessions = vec![BlockingRemote::connect(&self.terms)?];
        for folder in folders {
            let pull = self.begin(folder, memory, under)?;
            let done = self.look_blocking(&pull, &mut sessions);
            add(look, folder, pull.into_look(), done)?;
        }
        Ok(())
    }

    fn look_blocking<'t>(
        &'t self,
        pull: &FolderPull<'_>,
        sessions: &mut Vec<BlockingRemote<'t>>,
    ) -> Result<(), DeliveryError> {
        loop {
            let Some(first) = sessions.first() else { return Err(DeliveryError::Worker) };
            at_once(pull.list(first))?;
            loop {
                self.fetch_blocking(pull, sessions)?;
                if pull.is_read() {
                    break;
                }
            }
            if !pull.has_more() {
                return Ok(());
            }
        }
    }

    /// A session for each file under way, as many as pay.
    fn fetch_blocking<'t>(
        &'t self,
        pull: &FolderPull<'_>,
        sessions: &mut Vec<BlockingRemote<'t>>,
    ) -> Result<(), DeliveryError> {
        let Some(first) = sessions.first() else { return Err(DeliveryError::Worker) };
        at_once(pull.read_notices(first))?;
        while sessions.len() < self.terms.parallel.min(pull.n_files()) {
            match BlockingRemote::connect(&self.terms) {
                Ok(session) => sessions.push(session),
                // A server that takes no more sessions still gives the files over the ones there are.
                Err(error) => {
                    tracing::debug!(%error, "one session less");
                    break;
                }
            }
        }
        std::thread::scope(|scope| {
            let others: Vec<_> = sessions
                .iter_mut()
                .map(|session| scope.spawn(move || at_once(pull.fetch_files(&*session))))
                .collect();
            let ended = others.into_iter().map(|other| other.join().unwrap_or(Err(DeliveryError::Worker)));
            ended.fold(Ok(()), Result::and)
        })
    }

    async fn pull_pipelined(
        &self,
        folders: &[PullFolder],
        memory: &dyn PullMemory,
        under: &Under<'_>,
        look: &mut PullLook,
    ) -> Result<(), DeliveryError> {
        let remote = PipelinedRemote::connect(&self.terms).await?;
        for folder in folders {
            let pull = self.begin(folder, memory, under)?;
            let done = self.fetch_pipelined(&pull, &remote).await;
            add(look, folder, pull.into_look(), done)?;
        }
        remote.end().await;
        Ok(())
    }

    async fn fetch_pipelined(
        &self,
        pull: &FolderPull<'_>,
        remote: &PipelinedRemote<'_>,
    ) -> Result<(), DeliveryError> {
        let parallel = self.terms.parallel.max(1);
        loop {
            pull.list(remote).await?;
            loop {
                let readers = (0..parallel.min(pull.n_notices())).map(|_| pull.read_notices(remote));
                join_all(readers).await.into_iter().fold(Ok(()), Result::and)?;
                let fetchers = (0..parallel.min(pull.n_files())).map(|_| pull.fetch_files(remote));
                join_all(fetchers).await.into_iter().fold(Ok(()), Result::and)?;
                if pull.is_read() {
                    break;
                }
            }
            if !pull.has_more() {
                return Ok(());
            }
        }
    }

    fn probed<'f>(
        &self,
        met: &str,
        missing: impl Iterator<Item = &'f PullFolder>,
    ) -> Result<String, DeliveryError> {
        match missing.into_iter().find(|folder| !folder.may_be_missing) {
            None => Ok(format!("{} logged in as {}; {met}", self.terms.place(), self.terms.user)),
            Some(folder) => Err(DeliveryError::Refused {
                name: folder.from.clone(),
                detail: "there is no such folder".to_owned(),
            }),
        }
    }

    async fn probe_pipelined(&self, folders: &[PullFolder]) -> Result<String, DeliveryError> {
        let remote = PipelinedRemote::connect(&self.terms).await?;
        let missing = missing(&remote, folders).await?;
        let offers = remote.extensions().join(" ");
        remote.end().await;
        self.probed(&format!("offers: {offers}"), missing.into_iter())
    }
}

async fn missing<'f, R: Remote>(
    remote: &R,
    folders: &'f [PullFolder],
) -> Result<Vec<&'f PullFolder>, DeliveryError> {
    let mut missing = Vec::new();
    for folder in folders {
        if remote.length(folder_path(&folder.from)).await?.is_none() {
            missing.push(folder);
        }
    }
    Ok(missing)
}

/// Adds what a folder came to. A folder that the server does not give is its own affair; the others go on.
fn add(
    look: &mut PullLook,
    folder: &PullFolder,
    of_folder: PullLook,
    done: Result<(), DeliveryError>,
) -> Result<(), DeliveryError> {
    look.pulled.extend(of_folder.pulled);
    look.unfinished.extend(of_folder.unfinished);
    look.failed.extend(of_folder.failed);
    look.n_bytes += of_folder.n_bytes;
    match done {
        Err(error @ DeliveryError::Refused { .. }) => {
            look.failed.push(FailedSet { from: folder.from.clone(), notice: None, error });
            Ok(())
        }
        done => done,
    }
}

impl PullWay for SftpSource {
    fn pull(&self, folders: &[PullFolder], memory: &dyn PullMemory, watch: &dyn DeliveryWatch) -> PullLook {
        let under = Under::new(&NothingToGive, watch, self.terms.bytes_per_second);
        let mut look = PullLook::default();
        look.end = match self.terms.backend {
            Backend::Ssh2 => self.pull_blocking(folders, memory, &under, &mut look),
            Backend::Pipelined => {
                run_under(&under, self.terms.timeout, self.pull_pipelined(folders, memory, &under, &mut look))
            }
        };
        look
    }

    fn probe(&self, folders: &[PullFolder]) -> Result<String, DeliveryError> {
        match self.terms.backend {
            Backend::Ssh2 => {
                let remote = BlockingRemote::connect(&self.terms)?;
                let missing = at_once(missing(&remote, folders))?;
                self.probed(&remote.software(), missing.into_iter())
            }
            Backend::Pipelined => run(self.probe_pipelined(folders)),
        }
    }
}
