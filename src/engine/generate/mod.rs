//! Generating and publishing: from one snapshot to files and their notice in the folder.
//!
//! Order: stage ▸ seal ▸ data ▸ notice ▸ settle. Up to the seal a run leaves nothing but a stage to be swept
//! away; from the seal on everything is fixed in the database, and `recover` can finish it at any time.

mod diff;
mod extract;
mod full;
mod lines;
mod parts;
mod proof;
mod publish;
mod recover;
mod staged;
mod unwritable;

use chrono::NaiveDate;
use renkei_core::feed::Feed;
use renkei_core::notice::{ChangeCounts, Notice, StateWords};
use renkei_core::port::Numbers;
use renkei_core::projection::Projection;
use renkei_core::publication::Kind;
use renkei_core::{FileName, FolderPath};
use renkei_registry::AtenaNo;

pub use recover::{Recovered, recover};

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
    /// Bytes of all data files.
    pub fn n_bytes(&self) -> u64 {
        self.notice.files.iter().map(|file| file.n_bytes).sum()
    }

    /// A diff's changes.
    pub fn changes(&self) -> Option<ChangeCounts> {
        self.notice.changes
    }
}

/// Makes one publication and publishes it. Call [`recover`] first: what an earlier run sealed comes before.
pub fn generate(
    house: House<'_>,
    feed: &Feed,
    content: Content,
    business_date: NaiveDate,
) -> Result<Published, EngineError> {
    if !feed.layout.is_valid_on(business_date) {
        return Err(EngineError::NotInForce {
            feed: feed.id.clone(),
            version: feed.layout.version.to_string(),
            day: business_date,
        });
    }
    let what = format!("generate {} --{}", feed.id, content.kind());
    let mut run = Run::start(house, what, feed.id.as_str(), business_date)?;
    house.witness.reached("publish.run-recorded");
    let stage = stage_name(run.id())?;
    let made = staged::stage(house, feed, content, business_date, &stage, &mut run)
        .and_then(|staged| publish::publish(house, feed, &staged, &mut run));
    match made {
        Ok(published) => {
            publish::settle(house, &published, run)?;
            house.witness.reached("publish.settled");
            Ok(published)
        }
        Err(error) => {
            run.fail(&error);
            Err(error)
        }
    }
}

/// The stage of a run.
fn stage_name(run_id: &str) -> Result<FileName, EngineError> {
    Ok(format!("run-{run_id}").parse()?)
}

/// Whether the feed's rows are read with 個人番号 in clear.
fn numbers_of(feed: &Feed) -> Numbers {
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
