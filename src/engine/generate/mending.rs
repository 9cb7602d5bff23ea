//! A diff for one receiver alone, from what it holds to what its feed holds: several nights in one, or what puts
//! right a state that is not what was given.
//!
//! It takes no number of its feed. It leads to the state of the feed's last publication and has its number, so that
//! the diffs after it go on from there; who takes it in passes over what it stands for.

use renkei_core::feed::Feed;
use renkei_core::naming::{StemValues, notice_name};
use renkei_core::notice::{ChangeCounts, Notice};
use renkei_core::port::{MendingRecord, PublicationRecord, Snapshot};
use renkei_core::publication::{Kind, Progress};
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::{BusinessId, FileName, FolderPath, Sequence};
use renkei_registry::AtenaNo;

use super::diff::{self, OtherRow, Otherwise, differences_in};
use super::publish::{Way, audit_entry, publication_audit};
use super::seal::{notice, state_words};
use super::staged::{Desk, Staged};
use super::{Cause, Maker, Published, stage_name};
use crate::error::EngineError;
use crate::house::House;
use crate::run::Run;

/// What a receiver holds, where that is not what it was given.
pub struct Divergence {
    /// The publication it says it holds.
    pub sequence: Sequence,
    /// What it holds.
    pub state: FeedState,
    /// Every row that is not as it was given.
    pub rows: Vec<DivergentRow>,
}

/// A key under which two sides hold different rows.
#[derive(Clone, PartialEq, Eq)]
pub struct DivergentRow {
    /// The key's fields, joined by U+001F.
    pub key: Vec<u8>,
    /// Its bucket.
    pub bucket: usize,
    /// What was given; `None` for a surplus row.
    pub ours: Option<RowDigest>,
    /// What is held; `None` for a missing row.
    pub theirs: Option<RowDigest>,
}

/// Shows the shape only: a key is personal.
impl std::fmt::Debug for DivergentRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = (self.ours.is_some(), self.theirs.is_some());
        f.debug_struct("DivergentRow")
            .field("bucket", &self.bucket)
            .field("is_ours_theirs", &words)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Divergence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let n_rows = self.rows.len();
        f.debug_struct("Divergence")
            .field("sequence", &self.sequence)
            .field("n_rows", &n_rows)
            .finish_non_exhaustive()
    }
}

/// From where to where a receiver is brought.
struct Span {
    base: PublicationRecord,
    head: PublicationRecord,
    otherwise: Otherwise,
}

/// How large a diff for one receiver would be.
pub(crate) fn count_mending(
    house: House<'_>,
    feed: &Feed,
    base: Sequence,
    theirs: Option<&Divergence>,
) -> Result<ChangeCounts, EngineError> {
    let snapshot = house.store.snapshot()?;
    let span = span(snapshot.as_ref(), feed, base, theirs)?;
    let (stage, stem) = ("count".parse()?, "count".parse()?);
    let desk = span.desk(house, feed, snapshot.as_ref(), &stage, stem);
    let window = match &desk.base {
        Some(base) => diff::window_since(&desk, base)?,
        None => return Ok(ChangeCounts::default()),
    };
    Ok(diff::count(&differences_in(&desk, window)?))
}

/// Makes and publishes the diff that brings a receiver from what it holds to what its feed holds.
///
/// [`EngineError::RenderingChanged`], [`EngineError::LoadInWindow`] and [`EngineError::SurplusUnknown`] where no diff
/// does.
pub(crate) fn make_mending(
    house: House<'_>,
    feed: &Feed,
    receiver: &BusinessId,
    base: Sequence,
    theirs: Option<&Divergence>,
    cause: &Cause,
) -> Result<Published, EngineError> {
    let snapshot = house.store.snapshot()?;
    let span = span(snapshot.as_ref(), feed, base, theirs)?;
    let mut run = Run::start(house, cause.what.clone(), feed.id.as_str(), span.head.business_date)?;
    house.witness.reached("publish.run-recorded");
    let stage = stage_name(run.id())?;
    let made = stage_mending(house, feed, receiver, snapshot.as_ref(), span, &stage, &mut run);
    drop(snapshot);
    let published = made.and_then(|(staged, base_sequence, state)| {
        run.begin_step("seal");
        let folder = mailbox(receiver, feed)?;
        let notice = Notice { base_sequence: Some(base_sequence), ..notice(house, feed, &staged) };
        let record = MendingRecord {
            feed: feed.id.clone(),
            receiver: receiver.clone(),
            sequence: staged.sequence,
            base_sequence,
            progress: Progress::Sealed,
            folder: folder.to_string(),
            stem: staged.stem.to_string(),
            notice: notice.to_json()?,
            run_id: run.id().to_owned(),
            sealed_at: house.clock.now().to_string(),
        };
        let mut tx = house.store.begin()?;
        tx.seal_mending(&record)?;
        let result = format!("{base_sequence} to {} for {receiver}: {} rows", staged.sequence, notice.n_rows);
        let reason = cause.reason.as_deref().unwrap_or_default();
        tx.append_audit(&audit_entry(house, cause.what.clone(), reason, result))?;
        run.end_step(format!("{base_sequence} to {}", staged.sequence));
        run.put_steps(tx.as_mut())?;
        tx.commit()?;
        house.witness.reached("publish.sealed");
        Way::of_mending(&record, &notice)?.go(house, Some(&mut run))?;
        let notice_name = notice_name(&staged.stem)?;
        Ok((Published { notice, notice_name, folder, state: state_words(&state) }, record))
    });
    match published {
        Ok((published, record)) => {
            run.begin_step("settle");
            run.end_step(format!("{} rows held", published.state.n_rows));
            let mut tx = house.store.begin()?;
            tx.settle_mending(&record.run_id)?;
            tx.append_audit(&publication_audit(house, &published.notice))?;
            run.succeed(tx.as_mut())?;
            tx.commit()?;
            house.folders.discard_stage(&stage)?;
            house.witness.reached("publish.settled");
            clear_earlier(house, &record);
            Ok(published)
        }
        Err(error) => {
            run.fail(&error);
            Err(error)
        }
    }
}

/// Repeats the steps from the seal on.
pub(super) fn finish(house: House<'_>, record: &MendingRecord) -> Result<(), EngineError> {
    let notice = Notice::parse(record.notice.as_bytes())?;
    let way = Way::of_mending(record, &notice)?;
    if !house.folders.stages()?.contains(&way.stage) {
        house.folders.begin_stage(&way.stage)?;
    }
    way.go(house, None)?;
    let mut tx = house.store.begin()?;
    tx.settle_mending(&record.run_id)?;
    tx.append_audit(&publication_audit(house, &notice))?;
    tx.commit()?;
    house.folders.discard_stage(&way.stage)?;
    clear_earlier(house, record);
    Ok(())
}

/// Where a receiver finds what is for it alone.
pub fn mailbox(receiver: &BusinessId, feed: &Feed) -> Result<FolderPath, EngineError> {
    Ok(format!("{receiver}/mend/{}", feed.id).parse()?)
}

fn span(
    snapshot: &dyn Snapshot,
    feed: &Feed,
    base: Sequence,
    theirs: Option<&Divergence>,
) -> Result<Span, EngineError> {
    let no_base = || EngineError::NoBase { feed: feed.id.clone() };
    let is_standing =
        |record: &PublicationRecord| record.kind.moves_state() && record.progress == Progress::Published;
    let head = snapshot.feed_head(&feed.id)?.ok_or_else(no_base)?;
    if !is_standing(&head) {
        return Err(EngineError::BaseLost { feed: feed.id.clone(), sequence: head.sequence });
    }
    if head.layout_sha256 != feed.rendering_sha256() {
        return Err(EngineError::RenderingChanged { feed: feed.id.clone(), sequence: head.sequence });
    }
    let base = snapshot.publication(&feed.id, base)?.filter(is_standing).ok_or_else(no_base)?;
    let (mut base, mut otherwise) = (base, Otherwise::default());
    if let Some(theirs) = theirs {
        base.state = theirs.state.clone();
        for row in &theirs.rows {
            let atena_no = resident_of(&row.key);
            let atena_no = atena_no.ok_or_else(|| EngineError::SurplusUnknown { feed: feed.id.clone() })?;
            let other = OtherRow { key: row.key.clone(), bucket: row.bucket, theirs: row.theirs };
            otherwise.by_resident.entry(atena_no).or_default().push(other);
        }
    }
    Ok(Span { base, head, otherwise })
}

/// 宛名番号 is what the key of every feed begins with.
fn resident_of(key: &[u8]) -> Option<AtenaNo> {
    let field = key.split(|byte| *byte == 0x1f).next()?;
    AtenaNo::new(std::str::from_utf8(field).ok()?.parse().ok()?)
}

impl Span {
    fn desk<'d>(
        self,
        house: House<'d>,
        feed: &'d Feed,
        snapshot: &'d dyn Snapshot,
        stage: &'d FileName,
        stem: FileName,
    ) -> Desk<'d> {
        let Self { base, head, otherwise } = self;
        let (head, base) = (head.window.through, Some(base));
        Desk { house, maker: Maker::new(feed), snapshot, head, base, otherwise, stage, stem }
    }
}

/// The files on the stage, proven to lead to what the feed holds.
fn stage_mending(
    house: House<'_>,
    feed: &Feed,
    receiver: &BusinessId,
    snapshot: &dyn Snapshot,
    span: Span,
    stage: &FileName,
    run: &mut Run<'_>,
) -> Result<(Staged, Sequence, FeedState), EngineError> {
    run.begin_step("stage");
    let made_at = house.clock.now();
    let (base_sequence, state_before) = (span.base.sequence, span.base.state.clone());
    let head = span.head.clone();
    let stem = feed.naming.stem(&StemValues {
        municipality: house.municipality.as_str(),
        interface: &feed.layout.interface,
        branch: &feed.layout.branch,
        version: feed.layout.version,
        feed: &feed.id,
        kind: Kind::Diff,
        time: made_at.local(),
        sequence: head.sequence,
    })?;
    // It may be made in the second of the publication whose number it has.
    let stem: FileName = format!("{stem}_{receiver}-{base_sequence}").parse()?;
    house.folders.begin_stage(stage)?;
    house.witness.reached("publish.staging");
    let made = diff::make(&span.desk(house, feed, snapshot, stage, stem.clone())).and_then(|made| {
        if made.state_after == head.state {
            return Ok(made);
        }
        let buckets = made.state_after.differing_buckets(&head.state).len();
        let what = format!(
            "what the receiver holds and the diff do not give publication {} ({buckets} buckets differ)",
            head.sequence
        );
        Err(EngineError::ProofFailed { feed: feed.id.clone(), what })
    });
    if made.is_err()
        && let Err(error) = house.folders.discard_stage(stage)
    {
        tracing::warn!(stage = stage.as_str(), error = %error, "a stage could not be cleared; the next start does it");
    }
    let made = made?;
    let n_rows: u64 = made.files.iter().map(|file| file.n_rows).sum();
    run.end_step(format!("{n_rows} rows in {} files", made.files.len()));
    house.witness.reached("publish.staged");
    let staged = Staged {
        stem,
        made_at,
        kind: Kind::Diff,
        sequence: head.sequence,
        base_sequence: Some(base_sequence),
        window: made.window,
        as_of: None,
        business_date: head.business_date,
        files: made.files,
        report: made.report,
        changes: made.changes,
        state_before: Some(state_before),
        state_after: made.state_after,
        review: None,
    };
    Ok((staged, base_sequence, head.state))
}

/// Takes what was put into the mailbox before out of it: the newest leads further, from what is held now. What
/// cannot be removed is passed over by who takes in.
fn clear_earlier(house: House<'_>, newest: &MendingRecord) {
    let clear = || -> Result<(), EngineError> {
        let all = house.store.snapshot()?.mendings(Some(&newest.feed), None)?;
        let is_earlier =
            |one: &&MendingRecord| one.receiver == newest.receiver && one.run_id != newest.run_id;
        all.iter().filter(is_earlier).try_for_each(|earlier| supersede(house, earlier, newest))
    };
    if let Err(error) = clear() {
        tracing::warn!(error = %error, "an earlier diff for a receiver stays on record");
    }
}

/// Lets a newer one take the place of an earlier: that is out of the mailbox, and where its folder never took it, off
/// the record.
pub(super) fn supersede(
    house: House<'_>,
    earlier: &MendingRecord,
    newer: &MendingRecord,
) -> Result<(), EngineError> {
    // Two of one second have the same names.
    if earlier.stem != newer.stem
        && let Err(error) = house.folders.remove_published(&earlier.folder.parse()?, &files_of(earlier)?)
    {
        tracing::warn!(error = %error, "an earlier diff for a receiver stays in its mailbox");
    }
    if earlier.progress == Progress::Sealed { drop_sealed(house, earlier) } else { Ok(()) }
}

/// What stands in the mailbox of it: the notice first.
pub(crate) fn files_of(mending: &MendingRecord) -> Result<Vec<FileName>, EngineError> {
    let notice = Notice::parse(mending.notice.as_bytes())?;
    let mut names = vec![notice_name(&mending.stem.parse()?)?];
    names.extend(notice.names().cloned());
    Ok(names)
}

fn drop_sealed(house: House<'_>, mending: &MendingRecord) -> Result<(), EngineError> {
    let MendingRecord { feed, receiver, base_sequence, sequence, .. } = mending;
    let what = format!("drop what was made of {feed} for {receiver}");
    let result = format!("{base_sequence} to {sequence} was not published, and a later one takes its place");
    let mut tx = house.store.begin()?;
    tx.drop_mending(&mending.run_id)?;
    tx.append_audit(&audit_entry(house, what, house.reason, result))?;
    tx.commit()?;
    let stage = stage_name(&mending.run_id)?;
    if house.folders.stages()?.contains(&stage) {
        house.folders.discard_stage(&stage)?;
    }
    Ok(())
}

/// What a receiver's divergence does to the state it was given.
pub(crate) fn diverged(ours: &FeedState, rows: &[DivergentRow]) -> FeedState {
    let mut state = ours.clone();
    for row in rows {
        if let Some(ours) = &row.ours {
            state.remove(row.bucket, ours);
        }
        if let Some(theirs) = &row.theirs {
            state.add(row.bucket, theirs);
        }
    }
    state
}
