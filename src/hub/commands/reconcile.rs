//! `renkei reconcile`.

use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use renkei_core::feed::Feed;
use renkei_core::hash::sha256;
use renkei_core::mend::{MendCost, MendObstacle};
use renkei_core::port::{PublicationRecord, ReconciliationRecord};
use renkei_core::projection::column_name;
use renkei_core::receive::{Holding, HoldingError, MAX_HOLDING_BYTES, OpenedError, OpenedRows};
use renkei_core::{BusinessId, Digest, Sequence};
use renkei_engine::reconcile::{
    FileFound, compare_file, compare_opened, compare_sums, correct, cost_of_correction, given, record,
};
use renkei_engine::{Divergence, EngineError, MAX_LISTED};
use serde_json::{Map, Value, json};

use super::input_file;
use crate::board::grouped;
use crate::conform::KnownLayouts;
use crate::console::bytes_text;
use crate::difference_report::DifferenceReport;
use crate::given_full::GivenFull;
use crate::reconcile::{keep_rows, report_path, take_in};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, issues};

/// Compare what receivers hold of a feed with what was published.
///
/// Without a file: what stands in the receivers' receipt folders. With one: a receiver's sums (`renkei receive
/// --state`), the rows of the buckets that differ (the same with --buckets), or its full file in any layout, each
/// compared with our rows as of the publication it holds. Rows that differ go with their keys and values into a
/// report for its owner only, beside the database; what is printed has counts. --correct publishes the diff that puts
/// it right into the receiver's mailbox. Exit code 1 when something differs.
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// The feed.
    feed: Option<String>,
    /// The receiver: with it, what comes out is on record.
    #[arg(long, value_name = "ID")]
    receiver: Option<BusinessId>,
    /// The receiver's sums.
    #[arg(long, value_name = "FILE", requires = "feed")]
    with: Option<PathBuf>,
    /// The rows of its buckets that differ.
    #[arg(long, value_name = "FILE", requires = "feed", conflicts_with = "with")]
    rows: Option<PathBuf>,
    /// Its full: a notice (.done), or a data file.
    #[arg(long, value_name = "FILE", requires = "feed", conflicts_with_all = ["with", "rows"])]
    full: Option<PathBuf>,
    /// The layout of its full; default: known by the header row.
    #[arg(long, value_name = "ID", requires = "full")]
    layout: Option<String>,
    /// The publication its full is as of: a sequence or a business date; default: what it says it holds.
    #[arg(long, value_name = "SEQUENCE|DATE", requires = "full")]
    as_of: Option<String>,
    /// Publish the diff that puts it right, for this receiver only.
    #[arg(long, requires = "receiver", requires = "reason", conflicts_with = "with")]
    correct: bool,
    /// The reason, for the audit.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// What a comparison of rows came to.
struct Found {
    given: PublicationRecord,
    n_rows_there: u64,
    counts: RowCounts,
    by_column: Map<String, Value>,
    report: Option<PathBuf>,
    /// What the receiver holds, where a diff can be made from it.
    theirs: Option<Divergence>,
    source: Digest,
    n_buckets: usize,
    issues: Option<renkei_engine::IssueList>,
}

/// Rows that differ.
#[derive(Clone, Copy)]
struct RowCounts {
    missing: u64,
    surplus: u64,
    different: u64,
    duplicate: u64,
}

impl Reconcile {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = match (self.correct, &self.receiver) {
            (true, _) => Workplace::for_writing(session, "renkei reconcile")?,
            (false, None) if self.with.is_some() || self.rows.is_some() || self.full.is_some() => {
                Workplace::for_reading(session)?
            }
            _ => Workplace::for_noting(session)?,
        };
        let feed = self.feed.as_deref().map(|feed| session.feed(&workplace.config, feed)).transpose()?;
        if let (Some(feed), Some(receiver)) = (feed, &self.receiver)
            && feed.receiver(receiver).is_none()
        {
            let whys = vec!["the system is no receiver of the feed".to_owned()];
            let (feed, receiver) = (feed.id.clone(), receiver.clone());
            return Err(EngineError::MendRefused { feed, receiver, whys }.into());
        }
        match (feed, &self.with, &self.rows, &self.full) {
            (Some(feed), Some(path), ..) => self.sums(session, &workplace, feed, path),
            (Some(feed), _, Some(path), _) => {
                let found = self.opened(&workplace, feed, path)?;
                self.conclude(session, &workplace, feed, &found)
            }
            (Some(feed), .., Some(path)) => {
                let found = self.whole(session, &workplace, feed, path)?;
                self.conclude(session, &workplace, feed, &found)
            }
            (feed, ..) => letters(session, &workplace, feed),
        }
    }

    fn sums(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
        path: &Path,
    ) -> Result<Exit, Failure> {
        let mut bytes = Vec::new();
        let most = MAX_HOLDING_BYTES as u64 + 1;
        let read = input_file::open(path)?.take(most).read_to_end(&mut bytes);
        read.map_err(|source| EngineError::Input { file: input_file::label(path), source })?;
        let holding = Holding::parse(&bytes)?;
        let house = workplace.house();
        // Without a name nothing goes on record, so whose it is does not matter.
        let receiver = self.receiver.clone().or_else(|| feed.receiver_ids().next().cloned());
        let Some(receiver) = receiver else {
            return Err(HoldingError { what: "the feed has no receivers" }.into());
        };
        let (found, buckets) = compare_sums(house, feed, &receiver, &holding, Digest(sha256(&bytes)))?;
        if self.receiver.is_some() {
            record(house, &found)?;
        }
        let n_behind = workplace
            .snapshot()?
            .publications(Some(&feed.id), None)?
            .iter()
            .filter(|later| later.sequence > holding.sequence && later.kind.moves_state())
            .count();
        let console = session.console();
        if console.is_json() {
            console.json(&json!({
                "feed": feed.id, "intake": holding.intake, "sequence": holding.sequence,
                "business_date": holding.business_date, "same": found.is_same, "rows_here": found.n_rows_here,
                "rows_there": holding.n_rows, "buckets": buckets, "behind": n_behind,
            }));
        } else {
            tell_sums(session, &found, holding.intake.as_str(), &buckets);
            console.say(
                format_args!("未取込の配信 {n_behind}。"),
                format_args!("Publications not taken in: {n_behind}."),
            );
        }
        Ok(if found.is_same { Exit::Ok } else { Exit::Issues })
    }

    fn opened(&self, workplace: &Workplace<'_>, feed: &Feed, path: &Path) -> Result<Found, Failure> {
        let open = || -> Result<Box<dyn BufRead>, EngineError> {
            let file = std::fs::File::open(path);
            let file = file.map_err(|source| EngineError::Input { file: input_file::label(path), source })?;
            Ok(Box::new(BufReader::with_capacity(1 << 18, file)))
        };
        let rows = OpenedRows::new(open()?).map_err(|error| match error {
            OpenedError::Io(source) => EngineError::Input { file: input_file::label(path), source },
            OpenedError::Unusable(error) => error.into(),
        })?;
        let holding = rows.opening().holding.clone();
        drop(rows);
        let house = workplace.house();
        let given = given(workplace.snapshot()?.as_ref(), feed, holding.sequence)?;
        let theirs = compare_opened(house, feed, &given, &open)?;
        let keep = || keep_rows(&workplace.config, house, feed, self.receiver.as_ref(), &theirs);
        let report = (!theirs.rows.is_empty()).then(keep).transpose()?;
        let count = |is: fn(bool, bool) -> bool| {
            theirs.rows.iter().filter(|row| is(row.ours.is_some(), row.theirs.is_some())).count() as u64
        };
        let counts = RowCounts {
            missing: count(|ours, theirs| ours && !theirs),
            surplus: count(|ours, theirs| !ours && theirs),
            different: count(|ours, theirs| ours && theirs),
            duplicate: 0,
        };
        Ok(Found {
            n_rows_there: holding.n_rows,
            n_buckets: given.state.differing_buckets(&theirs.state).len(),
            given,
            counts,
            by_column: Map::new(),
            report,
            theirs: Some(theirs),
            source: Digest(sha256(holding.to_json()?.as_bytes())),
            issues: None,
        })
    }

    fn whole(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
        path: &Path,
    ) -> Result<Found, Failure> {
        let layouts = KnownLayouts::of_session(session)?;
        let full = GivenFull::open(path, &layouts)?;
        let named = self.layout.as_ref().or(full.layout.as_ref());
        let layout = match named {
            Some(id) => layouts.get(id)?,
            None => full.layout_of_header(path, &layouts)?,
        };
        if !layout.is_for_feeds() || layout.holds_individual_number && !feed.layout.holds_individual_number {
            let problem = "is in a layout that the feed's rows cannot be shown in";
            return Err(crate::given_full::header_failure(path, problem));
        }
        let given = self.given_of_full(workplace, feed)?;
        let house = workplace.house();
        let receiver = self.receiver.as_ref();
        let report_at = report_path(&workplace.config, house, &feed.id, receiver, given.sequence)?;
        let mut report = DifferenceReport::create(&report_at, layout)?;
        let open = |file: usize| full.read(file);
        let side = full.side(&open, layout);
        let FileFound { counts, theirs } =
            compare_file(house, feed, &given, layout, side, &mut |difference| report.take(difference))?;
        report.finish()?;
        let n_differ = counts.n_missing + counts.n_surplus + counts.n_different;
        if n_differ == 0 {
            let removed = std::fs::remove_file(&report_at);
            removed.map_err(|source| crate::HubError::Write { path: report_at.clone(), source })?;
        }
        let by_column = counts.n_by_column.iter().enumerate().filter(|(_, n)| **n > 0);
        let by_column = by_column.map(|(at, n)| (column_name(layout, at).to_owned(), json!(n))).collect();
        Ok(Found {
            n_rows_there: counts.n_rows_b,
            n_buckets: theirs.as_ref().map_or(0, |theirs| given.state.differing_buckets(&theirs.state).len()),
            given,
            counts: RowCounts {
                missing: counts.n_missing,
                surplus: counts.n_surplus,
                different: counts.n_different,
                duplicate: counts.n_duplicate,
            },
            by_column,
            report: (n_differ > 0).then_some(report_at),
            theirs,
            source: Digest(sha256(format!("{counts:?}").as_bytes())),
            issues: Some(counts.issues),
        })
    }

    /// The publication that a receiver's full is compared with.
    fn given_of_full(&self, workplace: &Workplace<'_>, feed: &Feed) -> Result<PublicationRecord, Failure> {
        let snapshot = workplace.snapshot()?;
        let published = snapshot.published_sets(&feed.id)?;
        let moving = || published.iter().filter(|set| set.kind.moves_state());
        let last = moving().next_back().map(|set| set.sequence);
        let sequence = if let Some(text) = &self.as_of {
            match (text.parse::<u32>(), text.parse::<chrono::NaiveDate>()) {
                (Ok(sequence), _) => Some(Sequence(sequence)),
                (_, Ok(day)) => moving().rfind(|set| set.business_date <= day).map(|set| set.sequence),
                _ => None,
            }
        } else {
            let standing = self.receiver.as_ref().map(|receiver| {
                let always = renkei_core::ledger::ReceiverWindow::ALWAYS;
                let today = renkei_engine::Clock::now(workplace.clock()).date();
                snapshot.receiver_standing(&feed.id, receiver, &always, today)
            });
            standing.transpose()?.and_then(|standing| standing.holds).or(last)
        };
        let sequence = sequence.or(last).filter(|_| self.as_of.is_none() || sequence.is_some());
        let unknown = || EngineError::NoBase { feed: feed.id.clone() };
        Ok(given(snapshot.as_ref(), feed, sequence.ok_or_else(unknown)?)?)
    }

    fn conclude(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
        found: &Found,
    ) -> Result<Exit, Failure> {
        let house = workplace.house();
        workplace.end_progress();
        let RowCounts { missing, surplus, different, duplicate } = found.counts;
        let n_issues = found.issues.as_ref().map_or(0, |issues| issues.n_errors as u64);
        let is_same = missing + surplus + different + duplicate + n_issues == 0;
        let count = |n_rows: i64| u64::try_from(n_rows).unwrap_or(0);
        if let Some(receiver) = &self.receiver {
            record(
                house,
                &ReconciliationRecord {
                    feed: feed.id.clone(),
                    receiver: receiver.clone(),
                    sequence: found.given.sequence,
                    n_rows_here: count(found.given.state.n_rows()),
                    n_rows_there: found.n_rows_there,
                    n_buckets: u16::try_from(found.n_buckets).unwrap_or(256),
                    is_same,
                    source: found.source,
                    at: house.clock.now(),
                },
            )?;
        }
        let theirs = found.theirs.as_ref().filter(|_| !is_same);
        let cost = theirs.map(|theirs| cost_of_correction(house, feed, theirs)).transpose()?;
        let console = session.console();
        if !console.is_json() {
            self.tell(session, feed, found, is_same, cost.as_ref());
        }
        let mut published = Value::Null;
        if self.correct && !is_same {
            published = self.publish(session, workplace, feed, theirs, cost.as_ref())?;
        }
        if console.is_json() {
            let (cost, obstacles) = cost.unzip();
            console.json(&json!({
                "feed": feed.id, "receiver": self.receiver, "sequence": found.given.sequence, "same": is_same,
                "rows_here": count(found.given.state.n_rows()), "rows_there": found.n_rows_there,
                "missing": missing, "surplus": surplus, "different": different,
                "duplicate": duplicate, "columns": found.by_column, "report": found.report,
                "correction": cost, "obstacles": obstacles, "published": published, "issues": found.issues,
            }));
        }
        Ok(if is_same || !published.is_null() { Exit::Ok } else { Exit::Issues })
    }

    fn publish(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
        theirs: Option<&Divergence>,
        cost: Option<&(MendCost, Vec<MendObstacle>)>,
    ) -> Result<Value, Failure> {
        let (Some(receiver), Some(reason)) = (&self.receiver, &self.reason) else { return Ok(Value::Null) };
        let obstacles = cost.map(|(_, obstacles)| obstacles.as_slice()).unwrap_or_default();
        let Some(theirs) = theirs.filter(|_| obstacles.is_empty()) else {
            let mut whys: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            if whys.is_empty() {
                whys.push("the file is not in the feed's layout, or has lines that are no rows".to_owned());
            }
            let (feed, receiver) = (feed.id.clone(), receiver.clone());
            return Err(EngineError::MendRefused { feed, receiver, whys }.into());
        };
        let made = correct(workplace.house(), feed, receiver, theirs, reason)?;
        workplace.end_progress();
        let (folder, name, n_rows) = (&made.folder, &made.notice_name, made.notice.n_rows);
        session.console().say(
            format_args!("受け手のフォルダに置きました: {folder}/{name}（{} 行）", grouped(n_rows)),
            format_args!("Put into the receiver's mailbox: {folder}/{name} ({} rows)", grouped(n_rows)),
        );
        Ok(json!({ "folder": folder.as_str(), "notice": name, "rows": n_rows }))
    }

    fn tell(
        &self,
        session: &Session,
        feed: &Feed,
        found: &Found,
        is_same: bool,
        cost: Option<&(MendCost, Vec<MendObstacle>)>,
    ) {
        let (console, lang) = (session.console(), session.console().lang());
        let sequence = found.given.sequence;
        let who = self.receiver.as_ref().map_or("", BusinessId::as_str);
        let verdict =
            if is_same { lang.pick("一致", "the same") } else { lang.pick("不一致", "DIFFERENT") };
        console.data(format_args!("{} {who} {sequence}: {verdict}", feed.id));
        let RowCounts { missing, surplus, different, duplicate } = found.counts;
        console.say(
            format_args!("足りない行 {missing}、余計な行 {surplus}、違う行 {different}、重複 {duplicate}"),
            format_args!(
                "missing {missing}, surplus {surplus}, different {different}, duplicate {duplicate}"
            ),
        );
        for (column, n) in &found.by_column {
            console.data(format_args!("  {column}: {n}"));
        }
        if let Some(report) = &found.report {
            console.say(
                format_args!("行ごとの内容（本人だけが読める）: {}", report.display()),
                format_args!("Row by row, for its owner only: {}", report.display()),
            );
        }
        if let Some((cost, obstacles)) = cost {
            let (rows, bytes) = (grouped(cost.n_rows), bytes_text(cost.n_bytes));
            if obstacles.is_empty() {
                console.say(
                    format_args!("正す差分: {rows} 行、約 {bytes}（--correct --receiver --reason で配信）"),
                    format_args!(
                        "The diff that puts it right: {rows} rows, about {bytes} (--correct publishes it)"
                    ),
                );
            } else {
                let whys: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
                console.say(
                    format_args!("差分では正せません: {}", whys.join("; ")),
                    format_args!("No diff puts it right: {}", whys.join("; ")),
                );
            }
        }
        if let Some(list) = &found.issues {
            issues::print(console, list);
        }
    }
}

/// Takes in what receivers put into their receipt folders.
fn letters(session: &Session, workplace: &Workplace<'_>, feed: Option<&Feed>) -> Result<Exit, Failure> {
    let asked: Vec<_> = feed.map(|feed| feed.id.clone()).into_iter().collect();
    let taken = take_in(workplace.house(), workplace.letters(), &workplace.config, &asked)?;
    workplace.end_progress();
    let console = session.console();
    if console.is_json() {
        let all: Vec<Value> = taken
            .reconciled
            .iter()
            .map(|one| {
                let found = &one.found;
                json!({
                    "feed": found.feed, "receiver": found.receiver, "sequence": found.sequence,
                    "same": found.is_same, "rows_here": found.n_rows_here, "rows_there": found.n_rows_there,
                    "buckets": one.buckets, "differ": one.rows.as_ref().map(|(theirs, _)| theirs.rows.len()),
                    "report": one.rows.as_ref().map(|(_, report)| report),
                })
            })
            .collect();
        let refused: Vec<Value> =
            taken.refused.iter().map(|(of, path)| json!({ "of": of, "path": path })).collect();
        console.json(&json!({ "compared": all, "quarantined": refused }));
    } else {
        for one in &taken.reconciled {
            tell_sums(session, &one.found, one.found.receiver.as_str(), &one.buckets);
            if let Some((theirs, report)) = &one.rows {
                let n_rows = theirs.rows.len();
                console.say(
                    format_args!("違う行 {n_rows}: {report}"),
                    format_args!("Rows that differ {n_rows}: {report}"),
                );
            }
        }
        for (of, path) in &taken.refused {
            console.say(
                format_args!("隔離した受け手の状態: {of} {path}"),
                format_args!("quarantined what {of} says it holds: {path}"),
            );
        }
        if taken.reconciled.is_empty() && taken.refused.is_empty() {
            console.say("受け手の状態は届いていません。", "No receiver has said what it holds.");
        }
    }
    let is_well = taken.refused.is_empty() && taken.reconciled.iter().all(|one| one.found.is_same);
    Ok(if is_well { Exit::Ok } else { Exit::Issues })
}

fn tell_sums(session: &Session, found: &ReconciliationRecord, who: &str, buckets: &[usize]) {
    let (console, lang) = (session.console(), session.console().lang());
    let sequence = found.sequence;
    let verdict =
        if found.is_same { lang.pick("一致", "the same") } else { lang.pick("不一致", "DIFFERENT") };
    console.data(format_args!("{}: {who} {sequence}: {verdict}", found.feed));
    let (here, there, n_buckets) = (grouped(found.n_rows_here), grouped(found.n_rows_there), buckets.len());
    console.say(
        format_args!("こちら {here} 行、相手 {there} 行。異なる区画 {n_buckets}／256。"),
        format_args!("Rows here {here}, there {there}; {n_buckets} of 256 buckets differ."),
    );
    if !found.is_same {
        let list: Vec<String> = buckets.iter().take(MAX_LISTED).map(ToString::to_string).collect();
        let list = if n_buckets > 64 { "all".to_owned() } else { list.join(",") };
        console.say(
            format_args!("受け手で: renkei receive --intake 取込 --state --buckets {list}"),
            format_args!("At the receiver: renkei receive --intake INTAKE --state --buckets {list}"),
        );
    }
}
