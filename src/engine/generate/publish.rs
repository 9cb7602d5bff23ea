//! From the stage to the folder: seal, data, notice, settle. Each may be repeated.

use renkei_core::feed::Feed;
use renkei_core::hash::sha256;
use renkei_core::naming::notice_name;
use renkei_core::notice::{FORMAT, FileFormatWords, Notice, StateWords};
use renkei_core::port::{AuditEntry, Content, FolderError, Folders, PublicationRecord};
use renkei_core::publication::Progress;
use renkei_core::state::FeedState;
use renkei_core::{Digest, FileName, FolderPath};

use super::Published;
use super::staged::Staged;
use crate::error::EngineError;
use crate::house::{House, Witness};
use crate::run::Run;

/// Seals what is staged and moves it to its folder, notice last.
pub(super) fn publish(
    house: House<'_>,
    feed: &Feed,
    staged: &Staged,
    run: &mut Run<'_>,
) -> Result<Published, EngineError> {
    run.begin_step("seal");
    let notice = notice(house, feed, staged);
    let text = notice.to_json()?;
    let state = state_words(&staged.state_after);
    let Staged { stage, stem, .. } = staged;
    let mut tx = house.store.begin()?;
    tx.seal(&PublicationRecord {
        feed: feed.id.clone(),
        sequence: staged.sequence,
        kind: staged.kind,
        window: staged.window,
        business_date: staged.business_date,
        layout_sha256: feed.rendering_sha256(),
        folder: feed.folder.to_string(),
        stem: stem.to_string(),
        notice: text.clone(),
        state: staged.state_after.clone(),
        progress: Progress::Sealed,
        run_id: run.id().to_owned(),
        sealed_at: house.clock.now().to_string(),
    })?;
    run.end_step(format!("sequence {}", staged.sequence));
    run.put_steps(tx.as_mut())?;
    tx.commit()?;
    house.witness.reached("publish.sealed");

    run.begin_step("data");
    move_data(house.folders, house.witness, stage, &feed.folder, &notice)?;
    run.end_step(format!("{} files", notice.files.len() + notice.reports.len()));
    run.begin_step("notice");
    let notice_name = notice_name(stem)?;
    move_notice(house.folders, house.witness, stage, &feed.folder, &notice_name, &text)?;
    run.end_step(notice_name.to_string());
    run.begin_step("settle");
    Ok(Published { notice, notice_name, folder: feed.folder.clone(), state })
}

/// Moves the data files and reports; those that were moved before are well.
pub(super) fn move_data(
    folders: &dyn Folders,
    witness: &dyn Witness,
    stage: &FileName,
    folder: &FolderPath,
    notice: &Notice,
) -> Result<(), EngineError> {
    let data = notice.files.iter().map(|f| (&f.name, f.n_bytes, f.sha256));
    let reports = notice.reports.iter().map(|f| (&f.name, f.n_bytes, f.sha256));
    for (index, (name, n_bytes, sha256)) in reports.chain(data).enumerate() {
        folders.publish(stage, name, folder, &Content { n_bytes, sha256 })?;
        if index == 0 {
            witness.reached("publish.first-file-moved");
        }
    }
    witness.reached("publish.data-moved");
    Ok(())
}

/// Writes the notice on the stage and moves it, last of all.
pub(super) fn move_notice(
    folders: &dyn Folders,
    witness: &dyn Witness,
    stage: &FileName,
    folder: &FolderPath,
    name: &FileName,
    text: &str,
) -> Result<(), EngineError> {
    let content = Content { n_bytes: text.len() as u64, sha256: Digest(sha256(text.as_bytes())) };
    let mut file = folders.create(stage, name)?;
    file.write_all(text.as_bytes()).map_err(|error| FolderError::of_write(name.as_str(), error))?;
    file.finish()?;
    witness.reached("publish.notice-staged");
    folders.publish(stage, name, folder, &content)?;
    witness.reached("publish.notice-moved");
    Ok(())
}

/// Tells the database that the publication stands in its folder, and closes the run.
pub(super) fn settle(house: House<'_>, published: &Published, mut run: Run<'_>) -> Result<(), EngineError> {
    let notice = &published.notice;
    run.end_step(format!("{} rows held", published.state.n_rows));
    let stage = super::stage_name(run.id())?;
    let mut tx = house.store.begin()?;
    tx.settle(&notice.feed, notice.sequence)?;
    tx.append_audit(&publication_audit(house, notice))?;
    run.succeed(tx.as_mut())?;
    tx.commit()?;
    house.folders.discard_stage(&stage)?;
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
    AuditEntry {
        audit_no: 0,
        at: house.clock.now().to_string(),
        operator: house.operator.to_owned(),
        action: format!("publish {} {} {}", notice.feed, notice.kind, notice.sequence),
        reason: house.reason.to_owned(),
        result: format!("{} rows, {} files", notice.n_rows, notice.files.len()),
        chain_sha256: Digest([0; 32]),
    }
}

/// What the notice says.
fn notice(house: House<'_>, feed: &Feed, staged: &Staged) -> Notice {
    let layout = &feed.layout;
    Notice {
        format: FORMAT,
        municipality: house.municipality.to_string(),
        interface: layout.interface.clone(),
        branch: layout.branch.clone(),
        version: layout.version,
        feed: feed.id.clone(),
        kind: staged.kind,
        sequence: staged.sequence,
        base_sequence: staged.base_sequence,
        commits: staged.window,
        as_of: staged.as_of,
        business_date: staged.business_date,
        created_at: staged.made_at.to_string(),
        file_format: FileFormatWords {
            encoding: feed.file.encoding.as_str().to_owned(),
            newline: feed.file.newline.as_str().to_owned(),
            quote: feed.file.quote.as_str().to_owned(),
            header: feed.file.header.as_str().to_owned(),
        },
        n_columns: layout.columns.len(),
        files: staged.files.clone(),
        reports: staged.report.iter().cloned().collect(),
        n_rows: staged.files.iter().map(|file| file.n_rows).sum(),
        changes: staged.changes,
        state_before: staged.state_before.as_ref().map(state_words),
        state_after: staged.kind.moves_state().then(|| state_words(&staged.state_after)),
    }
}

/// A state in short.
pub(super) fn state_words(state: &FeedState) -> StateWords {
    StateWords { n_rows: u64::try_from(state.n_rows()).unwrap_or(0), digest: state.digest() }
}
