//! The port's methods for transfer cases, for snapshots and transactions. Whatever writes content does so with
//! SQLite's secure_delete, so that an older version of it does not stay in a page either.

use renkei_core::Digest;
use renkei_core::port::{
    HandoverRecord, StoreError, TransferContent, TransferEvent, TransferReading, TransferRecord,
    TransferSource, TransferWriting, WhichCases,
};
use renkei_core::transfer::CaseNo;

use crate::snapshot::SqliteSnapshot;
use crate::transaction::SqliteTransaction;
use crate::transfer;

macro_rules! reading {
    ($($type:ty),+) => {
        $(impl TransferReading for $type {
            fn transfer_cases(&self, which: WhichCases) -> Result<Vec<TransferRecord>, StoreError> {
                Ok(transfer::cases(&self.connection, which)?)
            }

            fn transfer_case(&self, case_no: CaseNo) -> Result<Option<TransferRecord>, StoreError> {
                Ok(transfer::case(&self.connection, case_no)?)
            }

            fn transfer_content(&self, case_no: CaseNo) -> Result<Option<TransferContent>, StoreError> {
                Ok(transfer::content(&self.connection, self.seal, case_no)?)
            }

            fn transfer_events(&self, case_no: CaseNo) -> Result<Vec<TransferEvent>, StoreError> {
                Ok(transfer::events(&self.connection, case_no)?)
            }

            fn transfer_source(&self, sha256: &Digest) -> Result<Option<TransferSource>, StoreError> {
                Ok(transfer::source(&self.connection, sha256)?)
            }

            fn handovers(&self, of: Option<CaseNo>) -> Result<Vec<HandoverRecord>, StoreError> {
                Ok(transfer::handovers(&self.connection, of)?)
            }
        })+
    };
}

reading!(SqliteSnapshot<'_>, SqliteTransaction<'_>);

impl TransferWriting for SqliteTransaction<'_> {
    fn add_transfer_source(&mut self, source: &TransferSource) -> Result<(), StoreError> {
        Ok(transfer::add_source(&self.connection, source)?)
    }

    fn add_transfer_case(
        &mut self,
        case: &TransferRecord,
        content: &TransferContent,
    ) -> Result<CaseNo, StoreError> {
        transfer::delete_securely(&self.connection)?;
        Ok(transfer::add_case(&self.connection, self.seal, case, content)?)
    }

    fn put_transfer_case(&mut self, case: &TransferRecord) -> Result<(), StoreError> {
        Ok(transfer::put_case(&self.connection, case)?)
    }

    fn put_transfer_content(&mut self, case_no: CaseNo, content: &TransferContent) -> Result<(), StoreError> {
        transfer::delete_securely(&self.connection)?;
        Ok(transfer::put_content(&self.connection, self.seal, case_no, content)?)
    }

    fn erase_transfer_content(&mut self, case_no: CaseNo) -> Result<(), StoreError> {
        transfer::delete_securely(&self.connection)?;
        transfer::erase_content(&self.connection, case_no)?;
        self.has_erased = true;
        Ok(())
    }

    fn add_transfer_event(&mut self, event: &TransferEvent) -> Result<(), StoreError> {
        Ok(transfer::add_event(&self.connection, event)?)
    }

    fn put_handover(&mut self, handover: &HandoverRecord) -> Result<(), StoreError> {
        Ok(transfer::put_handover(&self.connection, handover)?)
    }
}
