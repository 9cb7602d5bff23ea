//! Generating and publishing: from one snapshot to files and their notice in the folder.
//!
//! Order: stage ▸ guard ▸ seal ▸ data ▸ notice ▸ archive ▸ settle. Up to the seal a run leaves nothing but a
//! stage to be swept away; from the seal on everything is fixed in the database, and `recover` can finish it at
//! any time. What the guard holds ends with its seal and keeps its stage until it is released or discarded.

mod diff;
mod extract;
mod full;
mod guard;
mod held;
mod lines;
mod mending;
mod parts;
mod proof;
mod publish;
mod recover;
mod seal;
mod staged;
mod unwritable;

use chrono::NaiveDate;
use renkei_core::feed::Feed;
use renkei_core::guard::Review;
use renkei_core::naming::notice_name;
use renkei_core::notice::{ChangeCounts, Notice, StateWords};
use renkei_core::port::{Numbers, PublicationRecord, Transaction};
use renkei_core::projection::Projection;
use renkei_core::publication::{Kind, Progress};
use renkei_core::{FileName, FolderPath};
use renkei_registry::AtenaNo;

pub use held::{discard, release};
pub use mending::{Divergence, DivergentRow, mailbox};
pub(crate) use mending::{count_mending, diverged, files_of, make_mending};
pub(crate) use publish::audit_entry;
pub(crate) use recover::finish;
pub use recover::{Recovered, recover};

use self::publish::Way;
use crate::error::EngineError;
use crate::house::House;
use crate::run::Run;

/// What to publish of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// 全件.
    Full,
    /// 差分.
    Diff,
    /// 1件.
    Single(AtenaNo),
    /// 全件 as of a day.
    AsOf(NaiveDate),
}

impl Content {
    /// Its kind.
    pub fn kind(self) -> Kind {
        match self {
            Self::Full => Kind::Full,
            Self::Diff => Kind::Diff,
            Self::Single(_) => Kind::Single,
            Self::AsOf(_) => Kind::AsOf,
        }
    }
}

/// A publication that stands in its folder.
#[derive(Debug, Clone)]
pub struct Published {
    /// What its notice says.
    pub notice: Notice,
    /// The notice's own name.
    pub notice_name: FileName,
    /// Its folder below the root.
    pub folder: FolderPath,
    /// What a receiver holds now; for kinds that move no state, what it held before.
    pub state: StateWords,
}

impl Published {
    /// A publication on record that stands now.
    fn of(record: &PublicationRecord, notice: Notice) -> Result<Self, EngineError> {
        let notice_name = notice_name(&record.stem.parse()?)?;
        let state = seal::state_words(&record.state);
        Ok(Self { notice, notice_name, folder: record.folder.parse()?, state })
    }

    /// Bytes of all data files.
    pub fn n_bytes(&self) -> u64 {
        self.notice.files.iter().map(|file| file.n_bytes).sum()
    }

    /// A diff's changes.
    pub fn changes(&self) -> Option<ChangeCounts> {
        self.notice.changes
    }
}

/// What became of a publication that was made.
#[derive(Debug, Clone)]
pub enum Generated {
    /// It stands in its folder.
    Published(Box<Published>),
    /// It exceeds a bound of the guard: it is sealed, and waits to be released or discarded. The run that made
    /// it is done; a person must look.
    Held(Box<Held>),
}

impl Generated {
    /// What its notice says.
    pub fn notice(&self) -> &Notice {
        match self {
            Self::Published(published) => &published.notice,
            Self::Held(held) => &held.notice,
        }
    }

    /// The publication, if it stands in its folder.
    pub fn published(self) -> Option<Published> {
        match self {
            Self::Published(published) => Some(*published),
            Self::Held(_) => None,
        }
    }
}

/// A publication that waits for a person.
#[derive(Debug, Clone)]
pub struct Held {
    /// What its notice will say.
    pub notice: Notice,
    /// Counts by reason of move, and the bounds exceeded.
    pub review: Review,
}

/// Why a publication is made.
pub(crate) struct Cause {
    /// What the run says, and the audit where a reason is given.
    pub(crate) what: String,
    /// Given where a person asked for something out of the ordinary.
    pub(crate) reason: Option<String>,
    /// The run that made what is made again.
    pub(crate) redoes: Option<String>,
}

/// Makes one publication and publishes it, or holds it if it is larger than the feed's bounds. Call [`recover`]
/// first: what an earlier run sealed comes before. While one of the feed is held, no other is made
/// ([`EngineError::Held`]).
pub fn generate(
    house: House<'_>,
    feed: &Feed,
    content: Content,
    business_date: NaiveDate,
) -> Result<Generated, EngineError> {
    let what = format!("generate {} --{}", feed.id, content.kind());
    let cause = Cause { what, reason: None, redoes: None };
    make(house, feed, content, business_date, &cause)
}

/// [`generate`] for any cause.
pub(crate) fn make(
    house: House<'_>,
    feed: &Feed,
    content: Content,
    business_date: NaiveDate,
    cause: &Cause,
) -> Result<Generated, EngineError> {
    if !feed.layout.is_valid_on(business_date) {
        return Err(EngineError::NotInForce {
            feed: feed.id.clone(),
            version: feed.layout.version.to_string(),
            day: business_date,
        });
    }
    if let Some(held) = held::of_feed(house, &feed.id)? {
        return Err(held::refusal(held));
    }
    let (what, redoes) = (cause.what.clone(), cause.redoes.as_deref());
    let mut run = Run::start_over(house, what, feed.id.as_str(), business_date, redoes)?;
    house.witness.reached("publish.run-recorded");
    let stage = stage_name(run.id())?;
    let staged = staged::stage(house, feed, content, business_date, &stage, &mut run);
    let sealed = staged.and_then(|staged| {
        run.begin_step("seal");
        let (record, notice) = seal::record(house, feed, &staged, &run)?;
        Ok((seal::seal(house, &record, cause, &mut run)?, record, notice))
    });
    let (tx, record, notice) = match sealed {
        Ok(sealed) => sealed,
        Err(error) => {
            run.fail(&error);
            return Err(error);
        }
    };
    if record.progress == Progress::Held {
        return held::hold(house, tx, record, notice, run).map(|held| Generated::Held(Box::new(held)));
    }
    match publish(house, tx, &record, notice, &mut run) {
        Ok(published) => {
            publish::settle(house, &published, &stage, run)?;
            house.witness.reached("publish.settled");
            Ok(Generated::Published(Box::new(published)))
        }
        Err(error) => {
            run.fail(&error);
            Err(error)
        }
    }
}

/// Commits the seal and brings what is sealed to its folder.
fn publish(
    house: House<'_>,
    tx: Box<dyn Transaction + '_>,
    record: &PublicationRecord,
    notice: Notice,
    run: &mut Run<'_>,
) -> Result<Published, EngineError> {
    tx.commit()?;
    house.witness.reached("publish.sealed");
    Way::of(record, &notice)?.go(house, Some(run))?;
    Published::of(record, notice)
}

/// The stage of a run.
pub(crate) fn stage_name(run_id: &str) -> Result<FileName, EngineError> {
    Ok(format!("run-{run_id}").parse()?)
}

/// Whether the feed's rows are read with 個人番号 in clear.
pub(crate) fn numbers_of(feed: &Feed) -> Numbers {
    if feed.layout.holds_individual_number { Numbers::Clear } else { Numbers::Sealed }
}

/// What all kinds of content need to make lines.
struct Maker<'m> {
    feed: &'m Feed,
    projection: Projection,
}

impl<'m> Maker<'m> {
    fn new(feed: &'m Feed) -> Self {
        Self { feed, projection: Projection::new(feed) }
    }
}
