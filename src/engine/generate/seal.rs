//! The seal: one transaction that fixes a publication's sequence, digests, state and the notice's very bytes.

use renkei_core::feed::Feed;
use renkei_core::notice::{FORMAT, FileFormatWords, Notice, StateWords};
use renkei_core::port::{PublicationRecord, Transaction};
use renkei_core::publication::Progress;
use renkei_core::state::FeedState;

use super::Cause;
use super::publish::audit_entry;
use super::staged::Staged;
use crate::error::EngineError;
use crate::house::House;
use crate::run::Run;

/// The record and notice of what is staged: held if it exceeds a bound, else to be published.
pub(super) fn record(
    house: House<'_>,
    feed: &Feed,
    staged: &Staged,
    run: &Run<'_>,
) -> Result<(PublicationRecord, Notice), EngineError> {
    let notice = notice(house, feed, staged);
    let is_held = staged.review.as_ref().is_some_and(renkei_core::guard::Review::is_held);
    let record = PublicationRecord {
        feed: feed.id.clone(),
        sequence: staged.sequence,
        kind: staged.kind,
        window: staged.window,
        business_date: staged.business_date,
        layout_sha256: feed.rendering_sha256(),
        folder: feed.folder.to_string(),
        stem: staged.stem.to_string(),
        notice: notice.to_json()?,
        state: staged.state_after.clone(),
        progress: if is_held { Progress::Held } else { Progress::Sealed },
        run_id: run.id().to_owned(),
        sealed_at: house.clock.now().to_string(),
        review: staged.review.clone(),
    };
    Ok((record, notice))
}

/// Seals within a transaction that is left open. What asked for the publication, where somebody gave a reason,
/// is in the audit from the same instant on.
pub(super) fn seal<'h>(
    house: House<'h>,
    record: &PublicationRecord,
    cause: &Cause,
    run: &mut Run<'_>,
) -> Result<Box<dyn Transaction + 'h>, EngineError> {
    let mut tx = house.store.begin()?;
    tx.seal(record)?;
    if let Some(reason) = &cause.reason {
        let result = format!("{} {} of feed {}", record.kind, record.sequence, record.feed);
        tx.append_audit(&audit_entry(house, cause.what.clone(), reason, result))?;
    }
    run.end_step(format!("sequence {}", record.sequence));
    run.put_steps(tx.as_mut())?;
    Ok(tx)
}

/// What the notice says.
pub(super) fn notice(house: House<'_>, feed: &Feed, staged: &Staged) -> Notice {
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
