//! The first step of a publication: its files on the stage, and all that its notice will say.

use chrono::NaiveDate;
use renkei_core::feed::Feed;
use renkei_core::guard::Review;
use renkei_core::naming::StemValues;
use renkei_core::notice::{ChangeCounts, DataFile, ReportFile};
use renkei_core::port::{PublicationRecord, Snapshot};
use renkei_core::publication::Kind;
use renkei_core::state::FeedState;
use renkei_core::{CommitNo, FileName, Moment, Sequence, Window};

use super::{Content, Maker, diff, extract, full, guard};
use crate::error::EngineError;
use crate::house::House;
use crate::run::Run;

/// A publication whose files stand on the stage.
pub(super) struct Staged {
    pub(super) stem: FileName,
    pub(super) made_at: Moment,
    pub(super) kind: Kind,
    pub(super) sequence: Sequence,
    pub(super) base_sequence: Option<Sequence>,
    pub(super) window: Window,
    pub(super) as_of: Option<NaiveDate>,
    pub(super) business_date: NaiveDate,
    pub(super) files: Vec<DataFile>,
    pub(super) report: Option<ReportFile>,
    pub(super) changes: Option<ChangeCounts>,
    pub(super) state_before: Option<FeedState>,
    /// For kinds that move no state, the state as it was.
    pub(super) state_after: FeedState,
    /// What the guard saw; `None` for kinds that move no state.
    pub(super) review: Option<Review>,
}

/// What staging works with, whatever the content.
pub(super) struct Desk<'d> {
    pub(super) house: House<'d>,
    pub(super) maker: Maker<'d>,
    pub(super) snapshot: &'d dyn Snapshot,
    pub(super) head: CommitNo,
    /// The feed's last publication that moved its state.
    pub(super) base: Option<PublicationRecord>,
    /// What a receiver holds otherwise than the base; nothing, but where that is to be put right.
    pub(super) otherwise: diff::Otherwise,
    pub(super) stage: &'d FileName,
    pub(super) stem: FileName,
}

/// What a content's own module gives back.
pub(super) struct Made {
    pub(super) window: Window,
    pub(super) files: Vec<DataFile>,
    pub(super) report: Option<ReportFile>,
    pub(super) changes: Option<ChangeCounts>,
    pub(super) state_after: FeedState,
    /// The changes since the publication before, by reason of move.
    pub(super) review: Review,
}

/// Makes the files. When that fails, the stage is cleared at once: it may be what fills the disk.
pub(super) fn stage(
    house: House<'_>,
    feed: &Feed,
    content: Content,
    business_date: NaiveDate,
    stage: &FileName,
    run: &mut Run<'_>,
) -> Result<Staged, EngineError> {
    let staged = try_stage(house, feed, content, business_date, stage, run);
    if staged.is_err()
        && let Err(error) = house.folders.discard_stage(stage)
    {
        tracing::warn!(stage = stage.as_str(), error = %error, "a stage could not be cleared; the next start does it");
    }
    staged
}

fn try_stage(
    house: House<'_>,
    feed: &Feed,
    content: Content,
    business_date: NaiveDate,
    stage: &FileName,
    run: &mut Run<'_>,
) -> Result<Staged, EngineError> {
    run.begin_step("stage");
    let made_at = house.clock.now();
    let snapshot = house.store.snapshot()?;
    let sequence = Sequence(snapshot.last_sequence(&feed.id)?.0.saturating_add(1));
    let stem = feed.naming.stem(&StemValues {
        municipality: house.municipality.as_str(),
        interface: &feed.layout.interface,
        branch: &feed.layout.branch,
        version: feed.layout.version,
        feed: &feed.id,
        kind: content.kind(),
        time: made_at.local(),
        sequence,
    })?;
    house.folders.begin_stage(stage)?;
    house.witness.reached("publish.staging");
    let desk = Desk {
        house,
        maker: Maker::new(feed),
        snapshot: snapshot.as_ref(),
        head: snapshot.head()?,
        base: snapshot.feed_head(&feed.id)?,
        otherwise: diff::Otherwise::default(),
        stage,
        stem,
    };
    let made = match content {
        Content::Full => full::make(&desk)?,
        Content::Diff => diff::make(&desk)?,
        Content::Single(atena_no) => extract::single(&desk, atena_no)?,
        Content::AsOf(day) => extract::as_of(&desk, day)?,
    };
    let n_rows: u64 = made.files.iter().map(|file| file.n_rows).sum();
    run.end_step(format!("{n_rows} rows in {} files", made.files.len()));
    house.witness.reached("publish.staged");
    let review = content.kind().moves_state().then(|| guard::review(&desk, &made)).transpose()?;
    let Desk { base, stem, .. } = desk;
    let is_diff = content == Content::Diff;
    Ok(Staged {
        stem,
        made_at,
        kind: content.kind(),
        sequence,
        base_sequence: base.as_ref().filter(|_| is_diff).map(|base| base.sequence),
        window: made.window,
        as_of: if let Content::AsOf(day) = content { Some(day) } else { None },
        business_date,
        files: made.files,
        report: made.report,
        changes: made.changes,
        state_before: base.filter(|_| is_diff).map(|base| base.state),
        state_after: made.state_after,
        review,
    })
}

impl Desk<'_> {
    /// Writes lines of this publication; an error lists all rows that could not be written.
    pub(super) fn write_lines(
        &self,
        produce: impl FnOnce(&mut super::lines::LineSink<'_>) -> Result<(), EngineError>,
    ) -> Result<super::lines::Output, EngineError> {
        let feed = self.maker.feed;
        let writer = super::parts::PartWriter::new(feed, self.house.folders, self.stage, &self.stem)?;
        super::lines::write_lines(feed, &self.maker.projection, writer, produce)?
            .map_err(|unwritable| unwritable.into_error(self.house, feed, &self.stem))
    }

    /// The state the feed's receivers hold now.
    pub(super) fn state_now(&self) -> FeedState {
        self.base.as_ref().map_or_else(FeedState::empty, |base| base.state.clone())
    }
}
