//! The port's methods for sources, for snapshots and transactions.

use renkei_core::port::{PullReading, PullWriting, PulledPlace, StoreError};
use renkei_core::pull::{PullLine, PulledFile, Remembered};
use renkei_core::{DestinationId, FileName, Moment};

use crate::pull;
use crate::snapshot::SqliteSnapshot;
use crate::transaction::SqliteTransaction;

macro_rules! reading {
    ($($type:ty),+) => {
        $(impl PullReading for $type {
            fn pull_line(&self, source: &DestinationId) -> Result<Option<PullLine>, StoreError> {
                Ok(pull::line(&self.connection, source)?)
            }

            fn pulled_file(
                &self,
                source: &DestinationId,
                folder: &str,
                name: &FileName,
            ) -> Result<Option<Remembered>, StoreError> {
                Ok(pull::file(&self.connection, source, folder, name)?)
            }

            fn pulled_set(
                &self,
                source: &DestinationId,
                folder: &str,
                notice: &FileName,
            ) -> Result<Vec<Remembered>, StoreError> {
                Ok(pull::set(&self.connection, source, folder, notice)?)
            }
        })+
    };
}

reading!(SqliteSnapshot<'_>, SqliteTransaction<'_>);

impl PullWriting for SqliteTransaction<'_> {
    fn put_pull_line(&mut self, line: &PullLine) -> Result<(), StoreError> {
        Ok(pull::put_line(&self.connection, line)?)
    }

    fn put_pulled(
        &mut self,
        place: PulledPlace<'_>,
        files: &[PulledFile],
        is_here: bool,
        at: Moment,
    ) -> Result<(), StoreError> {
        Ok(pull::put_files(&self.connection, place, files, is_here, at)?)
    }

    fn forget_pulled(&mut self, source: &DestinationId, notice: &FileName) -> Result<u64, StoreError> {
        Ok(pull::forget_set(&self.connection, source, notice)?)
    }
}
