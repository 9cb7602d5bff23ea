//! `jobs/*.toml`: what is published together, and when.

use renkei_core::calendar::Calendars;
use renkei_core::declared::{Declaration, Located, Problems, Spot, Table, Value, did_you_mean};
use renkei_core::order::Order;
use renkei_core::publication::Kind;
use renkei_core::schedule::{CatchUpRule, Schedule};
use renkei_core::{FeedId, IntakeId, JobId};

use super::files::DeclarationFile;
use super::job_terms;
use super::types::{Job, JobSchedule};

/// Reads and checks one job. `feeds` are the ids that `hub.toml` declares, those of wrong feeds included;
/// `None` where it could not be read, so that no feed can be called unknown; so with
/// `intakes`.
pub(super) fn read(
    file: &DeclarationFile,
    feeds: Option<&[FeedId]>,
    intakes: Option<&[IntakeId]>,
    calendars: &Calendars,
    problems: &Problems,
) -> Option<Job> {
    let id: Option<JobId> =
        file.id.parse().map_err(|error| problems.report(&Spot::of_file(&file.name), format!("{error}"))).ok();
    let mut job = Declaration::parse(&file.name, &file.text, problems)?;
    let name = job.required("name").and_then(Value::text);
    let order = order(&mut job, feeds, intakes, problems);
    let is_enabled = job.optional("enabled").map_or(Some(true), Value::boolean);
    let terms = job_terms::take(&mut job, problems);
    let schedule = job.optional("schedule").map(|value| schedule(value.table()?, calendars, problems));
    job.finish();
    let schedule = match schedule {
        None => None,
        Some(read) => Some(read?),
    };
    Some(Job { id: id?, name: name?, order: order?, is_enabled: is_enabled?, schedule, terms: terms? })
}

/// The words of `work`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Publish,
    Retention,
    Receive,
    Reconcile,
    Mend,
}

/// What the job does: `work`, which is to publish where it is not named.
fn order(
    job: &mut Table<'_>,
    feeds: Option<&[FeedId]>,
    intakes: Option<&[IntakeId]>,
    problems: &Problems,
) -> Option<Order> {
    let words = [
        ("publish", Work::Publish),
        ("retention", Work::Retention),
        ("receive", Work::Receive),
        ("reconcile", Work::Reconcile),
        ("mend", Work::Mend),
    ];
    let work = job.optional("work").map_or(Some(Work::Publish), |work| work.one_of(&words));
    let named =
        words.iter().find(|(_, one)| Some(*one) == work && *one != Work::Publish).map(|(word, _)| *word);
    if let Some(named) = named {
        for key in ["publish", "content"] {
            if let Some(value) = job.optional(key) {
                problems.report(value.spot(), format!("a job whose work is {named} publishes nothing"));
            }
        }
    }
    let looks_after = matches!(work, Some(Work::Reconcile | Work::Mend));
    if let Some(value) = (!looks_after).then(|| job.optional("feeds")).flatten() {
        problems.report(value.spot(), "goes with work = \"reconcile\" or \"mend\"");
    }
    let named = if work == Some(Work::Receive) { None } else { job.optional("intakes") };
    if let Some(value) = named {
        problems.report(value.spot(), "goes with work = \"receive\"");
    }
    match work {
        Some(Work::Retention) => return Some(Order::Retention {}),
        Some(Work::Reconcile | Work::Mend) => {
            let feeds = match job.optional("feeds") {
                None => feeds.unwrap_or_default().to_vec(),
                Some(value) => check_feeds(value.list_of::<FeedId>()?, feeds, problems),
            };
            let is_mend = work == Some(Work::Mend);
            return Some(if is_mend { Order::Mend { feeds } } else { Order::Reconcile { feeds } });
        }
        Some(Work::Receive) => {
            let named = job.optional("intakes");
            let intakes = match named {
                None => intakes.unwrap_or_default().to_vec(),
                Some(value) => check_intakes(value.list_of::<IntakeId>()?, intakes, problems),
            };
            return Some(Order::Receive { intakes });
        }
        Some(Work::Publish) | None => {}
    }
    let publish_spot = job.spot_of("publish");
    let publish = job.required("publish").and_then(Value::list_of::<FeedId>);
    let content = job
        .required("content")
        .and_then(|content| content.one_of(&[("diff", Kind::Diff), ("full", Kind::Full)]));
    if publish.as_ref().is_some_and(Vec::is_empty) {
        problems.report(&publish_spot, "a job publishes at least one feed");
    }
    let publish = publish.map(|list| check_feeds(list, feeds, problems));
    work?;
    Some(Order::Publish { feeds: publish?, content: content? })
}

fn schedule(mut table: Table<'_>, calendars: &Calendars, problems: &Problems) -> Option<JobSchedule> {
    let catch_up = CatchUpRule::take(&mut table);
    let schedule = Schedule::read(table, calendars, problems);
    Some(JobSchedule { schedule: schedule?, catch_up: catch_up? })
}

fn check_feeds(list: Vec<Located<FeedId>>, feeds: Option<&[FeedId]>, problems: &Problems) -> Vec<FeedId> {
    let mut seen = Vec::new();
    for Located { value, spot } in list {
        if let Some(feeds) = feeds
            && !feeds.contains(&value)
        {
            let hint = did_you_mean(value.as_str(), feeds.iter().map(FeedId::as_str));
            problems.report_with(&spot, format!("unknown feed {:?}", value.as_str()), hint);
        } else if seen.contains(&value) {
            problems.report(&spot, format!("feed {value} is named twice"));
        }
        seen.push(value);
    }
    seen
}

fn check_intakes(
    list: Vec<Located<IntakeId>>,
    intakes: Option<&[IntakeId]>,
    problems: &Problems,
) -> Vec<IntakeId> {
    let mut seen = Vec::new();
    for Located { value, spot } in list {
        if let Some(intakes) = intakes
            && !intakes.contains(&value)
        {
            let hint = did_you_mean(value.as_str(), intakes.iter().map(IntakeId::as_str));
            problems.report_with(&spot, format!("unknown intake {:?}", value.as_str()), hint);
        } else if seen.contains(&value) {
            problems.report(&spot, format!("intake {value} is named twice"));
        }
        seen.push(value);
    }
    seen
}

/// An intake is one job's, so that the daemon knows which to start.
pub(super) fn check_among(jobs: &[Job], problems: &Problems) {
    let mut taken: Vec<(&IntakeId, &JobId)> = Vec::new();
    for job in jobs {
        let Order::Receive { intakes } = &job.order else { continue };
        for intake in intakes {
            if let Some((_, other)) = taken.iter().find(|(known, _)| *known == intake) {
                let message = format!(
                    "intake {intake} is taken in by job {other} too; give each job intakes of its own"
                );
                problems.report(&Spot::of_file(&format!("jobs/{}.toml", job.id)), message);
            }
            taken.push((intake, &job.id));
        }
    }
}
