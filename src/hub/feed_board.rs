//! Tonight's board by interface: what each feed was given for a business date, or why not yet.

use chrono::NaiveDate;
use renkei_core::port::{RunState, Snapshot, StoreError};
use renkei_core::publication::Progress;
use renkei_core::{FeedId, JobId};
use renkei_engine::night::{JobLine, JobStanding};
use serde::Serialize;

use crate::Session;
use crate::board::kind_word;
use crate::config::Config;
use crate::console::{Lang, TextTable};

/// So many of a feed's last publications are looked at for the business date.
const LOOKED_AT: u32 = 8;

/// One feed on one business date.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FeedLine {
    feed: FeedId,
    job: Option<JobId>,
    standing: Standing,
    kind: Option<String>,
    sequence: Option<u32>,
    sealed_at: Option<String>,
    fault: Option<String>,
}

/// How a feed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Standing {
    Published,
    Held,
    Sealed,
    Failed,
    Running,
    Waiting,
    Planned,
    Nothing,
}

impl Standing {
    fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Published => lang.pick("配信済み", "published"),
            Self::Held => lang.pick("保留（renkei held）", "held (renkei held)"),
            Self::Sealed => lang.pick("配信の途中", "on its way"),
            Self::Failed => lang.pick("失敗", "failed"),
            Self::Running => lang.pick("実行中", "running"),
            Self::Waiting => lang.pick("待ち", "waiting"),
            Self::Planned => lang.pick("予定", "planned"),
            Self::Nothing => lang.pick("なし", "nothing"),
        }
    }
}

/// Every declared feed on a business date; `jobs` is the board of the same date.
pub(crate) fn feed_lines(
    snapshot: &dyn Snapshot,
    config: &Config,
    jobs: &[JobLine],
    date: NaiveDate,
) -> Result<Vec<FeedLine>, StoreError> {
    let feeds = config.feeds.iter().map(|declared| &declared.feed.id);
    feeds
        .map(|feed| feed_line(snapshot, feed, jobs.iter().find(|job| job.feeds.contains(feed)), date))
        .collect()
}

fn feed_line(
    snapshot: &dyn Snapshot,
    feed: &FeedId,
    job: Option<&JobLine>,
    date: NaiveDate,
) -> Result<FeedLine, StoreError> {
    let last = snapshot.last_publications(Some(feed), LOOKED_AT)?;
    let made = last.into_iter().find(|made| made.business_date == date && made.kind.moves_state());
    let fault = match job.and_then(|job| job.run.as_ref()) {
        Some(run) => {
            let own = format!("generate {feed} ");
            let parts = snapshot.parts(&run.run_id)?;
            match parts.into_iter().rev().find(|part| part.what.starts_with(&own)) {
                Some(part) => part.fault_code.filter(|_| part.state == RunState::Failed),
                // It came to no part of its own: what ended the run kept it back.
                None => run.fault_code.clone().filter(|_| run.state == RunState::Failed),
            }
        }
        None => None,
    };
    let standing = match (made.as_ref().map(|made| made.progress), &fault) {
        (Some(Progress::Published), _) => Standing::Published,
        (Some(Progress::Held), _) => Standing::Held,
        (_, Some(_)) => Standing::Failed,
        (Some(Progress::Sealed), None) => Standing::Sealed,
        (Some(Progress::Discarded) | None, None) => match job.map(|job| &job.standing) {
            Some(JobStanding::Run(RunState::Running) | JobStanding::Starting) => Standing::Running,
            Some(JobStanding::Waiting(_)) => Standing::Waiting,
            Some(JobStanding::Planned) => Standing::Planned,
            _ => Standing::Nothing,
        },
    };
    Ok(FeedLine {
        feed: feed.clone(),
        job: job.map(|job| job.job.clone()),
        standing,
        kind: made.as_ref().map(|made| made.kind.to_string()),
        sequence: made.as_ref().map(|made| made.sequence.0),
        sealed_at: made.map(|made| made.sealed_at),
        fault: fault.filter(|_| standing == Standing::Failed),
    })
}

/// Prints the lines as a table.
pub(crate) fn print(session: &Session, lines: Vec<FeedLine>) {
    let (console, lang) = (session.console(), session.console().lang());
    let mut table = TextTable::new([
        lang.pick("配信系列", "feed"),
        lang.pick("状況", "standing"),
        lang.pick("種別", "kind"),
        lang.pick(">連番", ">sequence"),
        lang.pick("作成", "made"),
        lang.pick("ジョブ", "job"),
    ]);
    for line in lines {
        let fault = line.fault.map(|code| format!(" ({code})")).unwrap_or_default();
        table.row([
            line.feed.to_string(),
            format!("{}{fault}", line.standing.word(lang)),
            line.kind.map(|kind| kind_word(lang, &kind).to_owned()).unwrap_or_default(),
            line.sequence.map(|sequence| sequence.to_string()).unwrap_or_default(),
            line.sealed_at.unwrap_or_default(),
            line.job.map(|job| job.to_string()).unwrap_or_default(),
        ]);
    }
    console.table(&table);
}
