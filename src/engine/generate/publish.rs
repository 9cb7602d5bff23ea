//! From the stage to the folder: data, notice, settle. Each may be repeated.

use renkei_core::naming::notice_name;
use renkei_core::notice::Notice;
use renkei_core::port::{AuditEntry, FolderError, Folders, MendingRecord, PublicationRecord};
use renkei_core::{Digest, FileName, FolderPath};

use super::Published;
use crate::archive;
use crate::error::EngineError;
use crate::house::{House, Witness};
use crate::run::Run;

/// A publication on its way from its stage to its folder.
pub(super) struct Way<'w> {
    pub(super) stage: FileName,
    pub(super) folder: FolderPath,
    pub(super) notice_name: FileName,
    pub(super) notice: &'w Notice,
    /// The notice's bytes as sealed.
    pub(super) text: &'w str,
}

impl<'w> Way<'w> {
    /// The way of a publication on record.
    pub(super) fn of(record: &'w PublicationRecord, notice: &'w Notice) -> Result<Self, EngineError> {
        Self::new(&record.run_id, &record.folder, &record.stem, notice, &record.notice)
    }

    /// The way of a diff for one receiver.
    pub(super) fn of_mending(record: &'w MendingRecord, notice: &'w Notice) -> Result<Self, EngineError> {
        Self::new(&record.run_id, &record.folder, &record.stem, notice, &record.notice)
    }

    fn new(
        run_id: &str,
        folder: &str,
        stem: &str,
        notice: &'w Notice,
        text: &'w str,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            stage: super::stage_name(run_id)?,
            folder: folder.parse()?,
            notice_name: notice_name(&stem.parse::<FileName>()?)?,
            notice,
            text,
        })
    }

    /// Moves data, then the notice, and keeps a second name of all of it in the archive.
    pub(super) fn go(&self, house: House<'_>, run: Option<&mut Run<'_>>) -> Result<(), EngineError> {
        let Self { stage, folder, notice_name, notice, text } = self;
        let (folders, witness) = (house.folders, house.witness);
        if let Some(run) = run {
            run.begin_step("data");
            move_data(folders, witness, stage, folder, notice)?;
            run.end_step(format!("{} files", notice.files.len() + notice.reports.len()));
            run.begin_step("notice");
            move_notice(folders, witness, stage, folder, notice_name, text)?;
            run.end_step(notice_name.to_string());
        } else {
            move_data(folders, witness, stage, folder, notice)?;
            move_notice(folders, witness, stage, folder, notice_name, text)?;
        }
        if let Err(error) = archive::keep(house, folder, notice_name, notice, text) {
            // It stands in its folder, and that is what it is for; the next start tries again.
            tracing::warn!(
                feed = notice.feed.as_str(),
                sequence = notice.sequence.0,
                error = %error,
                "a publication could not be kept in the archive"
            );
        }
        witness.reached("publish.archived");
        Ok(())
    }
}

/// Moves the data files and reports; those that were moved before are well.
fn move_data(
    folders: &dyn Folders,
    witness: &dyn Witness,
    stage: &FileName,
    folder: &FolderPath,
    notice: &Notice,
) -> Result<(), EngineError> {
    for (index, (name, content)) in archive::files_of(notice).enumerate() {
        folders.publish(stage, name, folder, &content)?;
        if index == 0 {
            witness.reached("publish.first-file-moved");
        }
    }
    witness.reached("publish.data-moved");
    Ok(())
}

/// Writes the notice on the stage and moves it, last of all.
fn move_notice(
    folders: &dyn Folders,
    witness: &dyn Witness,
    stage: &FileName,
    folder: &FolderPath,
    name: &FileName,
    text: &str,
) -> Result<(), EngineError> {
    let mut file = folders.create(stage, name)?;
    file.write_all(text.as_bytes()).map_err(|error| FolderError::of_write(name.as_str(), error))?;
    file.finish()?;
    witness.reached("publish.notice-staged");
    folders.publish(stage, name, folder, &archive::content_of_notice(text))?;
    witness.reached("publish.notice-moved");
    Ok(())
}

/// Tells the database that the publication stands in its folder, and closes the run.
pub(super) fn settle(
    house: House<'_>,
    published: &Published,
    stage: &FileName,
    mut run: Run<'_>,
) -> Result<(), EngineError> {
    run.begin_step("settle");
    let notice = &published.notice;
    run.end_step(format!("{} rows held", published.state.n_rows));
    let mut tx = house.store.begin()?;
    tx.settle(&notice.feed, notice.sequence)?;
    tx.append_audit(&publication_audit(house, notice))?;
    run.succeed(tx.as_mut())?;
    tx.commit()?;
    house.folders.discard_stage(stage)?;
    tracing::info!(
        feed = notice.feed.as_str(),
        sequence = notice.sequence.0,
        rows = notice.n_rows,
        "a publication stands in its folder"
    );
    Ok(())
}

/// The audit's line on a publication.
pub(super) fn publication_audit(house: House<'_>, notice: &Notice) -> AuditEntry {
    audit_entry(
        house,
        format!("publish {} {} {}", notice.feed, notice.kind, notice.sequence),
        "",
        format!("{} rows, {} files", notice.n_rows, notice.files.len()),
    )
}

/// A line of the audit, by who asked for the work and now.
pub(crate) fn audit_entry(house: House<'_>, action: String, reason: &str, result: String) -> AuditEntry {
    AuditEntry {
        audit_no: 0,
        at: house.clock.now().to_string(),
        operator: house.operator.to_owned(),
        action,
        reason: reason.to_owned(),
        result,
        chain_sha256: Digest([0; 32]),
    }
}
