//! What is done at the partner's with a set that is here.

use renkei_core::FileName;
use renkei_core::delivery::DeliveryError;
use renkei_core::pull::{AfterPull, PullFolder, PulledFile};

use super::FolderPull;
use crate::client::remote::{EntryKind, Remote, Renamed};

impl FolderPull<'_> {
    /// Does at the partner's what is to be done with a set that is here: only to files that are still what was fetched,
    /// and to the notice last.
    pub(super) async fn clear_away<R: Remote>(
        &self,
        remote: &R,
        notice: &FileName,
    ) -> Result<(), DeliveryError> {
        if self.folder.after == AfterPull::Leave {
            return Ok(());
        }
        let set = self.memory.set_of(&self.folder.from, notice).map_err(DeliveryError::Memory)?;
        let (notices, files): (Vec<_>, Vec<_>) = set.iter().partition(|one| one.file.name == *notice);
        for one in files.into_iter().chain(notices) {
            self.under.may_go_on()?;
            let file = &one.file;
            let path = self.path_of(&file.name);
            let Some(found) = remote.look_at(&path).await? else { continue };
            let is_other = found.kind == Some(EntryKind::Other) || found.n_bytes != Some(file.n_bytes);
            // One that was written to since, or may have been in the very second in which it was fetched, is compared.
            let is_it = !is_other
                && (one.is_unchanged(file.n_bytes, found.changed_at)
                    || remote.digest(&path, file.n_bytes, self.under).await? == file.sha256);
            if !is_it {
                continue;
            }
            match &self.folder.after {
                AfterPull::Leave => {}
                AfterPull::Delete => remote.remove(&path).await?,
                AfterPull::Move(to) => self.move_away(remote, file, &path, to).await?,
            }
            self.under.watch.reached("pull.cleared-one");
        }
        Ok(())
    }

    async fn move_away<R: Remote>(
        &self,
        remote: &R,
        file: &PulledFile,
        path: &str,
        to: &str,
    ) -> Result<(), DeliveryError> {
        let digest = file.sha256.to_string();
        let other = format!("{}.{}", file.name, digest.get(..12).unwrap_or_default());
        let mut words = String::new();
        for name in [file.name.as_str(), &other] {
            let target = PullFolder::path_in(to, name);
            // Some servers write over what has the name.
            if remote.look_at(&target).await?.is_some() {
                "the name is taken there".clone_into(&mut words);
                continue;
            }
            match remote.rename(path, &target).await? {
                Renamed::Done => return Ok(()),
                Renamed::Refused(said) => words = said,
            }
        }
        Err(DeliveryError::Refused { name: file.name.to_string(), detail: words })
    }
}
