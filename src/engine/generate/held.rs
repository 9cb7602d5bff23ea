//! Publications that are held: sealed like any other, their bytes on the stage, until a named person has
//! released or discarded them.

use renkei_core::FeedId;
use renkei_core::hash::Hasher;
use renkei_core::notice::Notice;
use renkei_core::port::{Content, FolderError, PublicationRecord, Transaction};
use renkei_core::publication::Progress;

use super::publish::{Way, audit_entry, settle};
use super::{Held, Published, stage_name};
use crate::archive::files_of;
use crate::error::EngineError;
use crate::house::House;
use crate::run::Run;

/// The held publication of a feed. There is at most one, and it is the feed's last: nothing is made after it.
pub(super) fn of_feed(house: House<'_>, feed: &FeedId) -> Result<Option<PublicationRecord>, EngineError> {
    let last = house.store.snapshot()?.last_publications(Some(feed), 1)?.into_iter().next();
    Ok(last.filter(|last| last.progress == Progress::Held))
}

/// Why nothing else of its feed is made.
pub(super) fn refusal(held: PublicationRecord) -> EngineError {
    EngineError::Held { feed: held.feed, sequence: held.sequence, since: held.sealed_at }
}

/// Commits the seal of a held publication, with which its run is done.
pub(super) fn hold(
    house: House<'_>,
    mut tx: Box<dyn Transaction + '_>,
    record: PublicationRecord,
    notice: Notice,
    mut run: Run<'_>,
) -> Result<Held, EngineError> {
    let review = record.review.unwrap_or_default();
    let exceeded: Vec<String> = review.exceeded.iter().map(ToString::to_string).collect();
    let exceeded = exceeded.join("; ");
    run.begin_step("guard");
    run.end_step(format!("held: {exceeded}"));
    let action = format!("hold {} {} {}", record.feed, record.kind, record.sequence);
    tx.append_audit(&audit_entry(house, action, "", exceeded))?;
    run.succeed(tx.as_mut())?;
    tx.commit()?;
    house.witness.reached("publish.held");
    tracing::warn!(
        feed = record.feed.as_str(),
        sequence = record.sequence.0,
        rows = notice.n_rows,
        "a publication is held for review"
    );
    Ok(Held { notice, review })
}

/// Publishes the held publication of a feed, with exactly the bytes that were reviewed.
///
/// [`EngineError::NotHeld`] where there is none, [`EngineError::HeldLost`] where its stage no longer has them.
pub fn release(house: House<'_>, feed: &FeedId, reason: &str) -> Result<Published, EngineError> {
    let Some(held) = of_feed(house, feed)? else { return Err(EngineError::NotHeld { feed: feed.clone() }) };
    let notice = Notice::parse(held.notice.as_bytes())?;
    let house = House { reason, ..house };
    let what = format!("release {feed} {}", held.sequence);
    let mut run = Run::start(house, what.clone(), feed.as_str(), held.business_date)?;
    house.witness.reached("release.begun");
    let published = (|| {
        run.begin_step("check");
        check_stage(house, &held, &notice)?;
        run.end_step(format!("{} files as reviewed", notice.files.len() + notice.reports.len()));
        let mut tx = house.store.begin()?;
        tx.release(feed, held.sequence)?;
        let result = format!("{} rows are published", notice.n_rows);
        tx.append_audit(&audit_entry(house, what, reason, result))?;
        run.put_steps(tx.as_mut())?;
        tx.commit()?;
        house.witness.reached("release.recorded");
        let way = Way::of(&held, &notice)?;
        way.go(house, Some(&mut run))?;
        Ok(way.stage)
    })();
    match published {
        Ok(stage) => {
            let published = Published::of(&held, notice)?;
            settle(house, &published, &stage, run)?;
            Ok(published)
        }
        Err(error) => {
            run.fail(&error);
            Err(error)
        }
    }
}

/// Gives up the held publication of a feed: its bytes go, and its sequence is the next one's.
pub fn discard(house: House<'_>, feed: &FeedId, reason: &str) -> Result<Notice, EngineError> {
    let Some(held) = of_feed(house, feed)? else { return Err(EngineError::NotHeld { feed: feed.clone() }) };
    let notice = Notice::parse(held.notice.as_bytes())?;
    let mut tx = house.store.begin()?;
    tx.discard(feed, held.sequence)?;
    let action = format!("discard {feed} {}", held.sequence);
    let result = format!("{} rows are not published", notice.n_rows);
    tx.append_audit(&audit_entry(house, action, reason, result))?;
    tx.commit()?;
    house.witness.reached("discard.recorded");
    house.folders.discard_stage(&stage_name(&held.run_id)?)?;
    Ok(notice)
}

/// Reads the staged files: they must be those that were sealed.
fn check_stage(house: House<'_>, held: &PublicationRecord, notice: &Notice) -> Result<(), EngineError> {
    let stage = stage_name(&held.run_id)?;
    for (name, content) in files_of(notice) {
        let found = match house.folders.read_staged(&stage, name) {
            Err(FolderError::Missing { .. }) => None,
            file => Some(content_of(file?, name.as_str())?),
        };
        if found != Some(content) {
            let (feed, sequence) = (held.feed.clone(), held.sequence);
            return Err(EngineError::HeldLost { feed, sequence, file: name.clone() });
        }
    }
    Ok(())
}

/// Length and digest of a file.
fn content_of(mut file: Box<dyn std::io::Read + Send>, path: &str) -> Result<Content, EngineError> {
    let (mut hash, mut n_bytes, mut chunk) = (Hasher::new(), 0, vec![0; 1 << 18]);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(Content { n_bytes, sha256: hash.finish() }),
            Ok(n_read) => {
                hash.update(chunk.get(..n_read).unwrap_or_default());
                n_bytes += n_read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => {
                let path = path.to_owned();
                return Err(FolderError::Unavailable { path, attempt: "read", source }.into());
            }
        }
    }
}
