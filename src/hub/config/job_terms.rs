//! On what terms a job runs: what comes before it, what it takes, how it is tried again, when it must be done.

use chrono::TimeDelta;
use renkei_core::JobId;
use renkei_core::declared::{Located, Problems, Spot, Table, Value, did_you_mean};
use renkei_core::retry::RetryPolicy;
use renkei_core::schedule::ServiceTime;
use renkei_engine::night::{After, Deadline};

use super::types::Job;

/// The greatest priority; without one a job has the middle.
const MOST_PRIORITY: u64 = 99;
const USUAL_PRIORITY: u64 = 50;

/// What a job's file says besides what it does and when.
#[derive(Debug, Clone)]
pub struct JobTerms {
    /// The jobs of the same business date that come before it.
    pub after: After,
    /// Named resources it takes a unit of.
    pub resources: Vec<String>,
    /// 0 to 99; the greater goes first.
    pub priority: i32,
    /// How it is tried again.
    pub retry: RetryPolicy,
    /// When it is to be done.
    pub deadline: Option<Deadline>,
    /// Where its file names other jobs, for checks among jobs.
    pub(super) after_spots: Vec<Spot>,
    /// Where its file names resources.
    pub(super) resource_spots: Vec<Spot>,
}

/// Takes the terms out of a job's table.
pub(super) fn take(job: &mut Table<'_>, problems: &Problems) -> Option<JobTerms> {
    let any_spot = job.spot_of("after_any");
    let (all, any) = (job.optional("after"), job.optional("after_any"));
    if all.is_some() && any.is_some() {
        problems.report(&any_spot, "both after and after_any; a job has one of them");
    }
    let is_any = any.is_some();
    let after = all.or(any).map_or(Some(Vec::new()), Value::list_of::<JobId>);
    let resources = job.optional("resources").map_or(Some(Vec::new()), Value::list_of_text);
    let priority = job
        .optional("priority")
        .map_or(Some(USUAL_PRIORITY), |priority| priority.integer_in(0..=MOST_PRIORITY));
    let retry = job.optional("retry").map_or(Some(RetryPolicy::default()), |retry| {
        policy(retry.table()?, RetryPolicy::default(), problems)
    });
    let warn_spot = job.spot_of("warn_before");
    let at = job.optional("deadline").map(Value::parsed::<ServiceTime>);
    let warning = job
        .optional("warn_before")
        .map(|time| time.duration_in(TimeDelta::minutes(1)..=TimeDelta::hours(24)));
    if at.is_none() && warning.is_some() {
        problems.report(&warn_spot, "a warning needs a deadline");
    }
    let deadline = match at {
        None => None,
        Some(at) => {
            let warning = warning.unwrap_or(Some(TimeDelta::minutes(30)));
            Some(Deadline { at: at?, warning: warning? })
        }
    };
    let (after, resources) = (after?, resources?);
    Some(JobTerms {
        after_spots: after.iter().map(|job| job.spot.clone()).collect(),
        resource_spots: resources.iter().map(|name| name.spot.clone()).collect(),
        after: After { jobs: values(after), any: is_any },
        resources: values(resources),
        priority: i32::try_from(priority?).unwrap_or(0),
        retry: retry?,
        deadline,
    })
}

fn values<T>(located: Vec<Located<T>>) -> Vec<T> {
    located.into_iter().map(|located| located.value).collect()
}

/// Reads `{ tries, first, longest }`; what it does not name stays as usual.
pub(super) fn policy(mut table: Table<'_>, usual: RetryPolicy, problems: &Problems) -> Option<RetryPolicy> {
    let pauses = TimeDelta::seconds(1)..=TimeDelta::hours(24);
    let longest_spot = table.spot_of("longest");
    let n_tries =
        table.optional("tries").map_or(Some(u64::from(usual.n_tries)), |tries| tries.integer_in(1..=100));
    let first =
        table.optional("first").map_or(Some(usual.first_pause), |first| first.duration_in(pauses.clone()));
    let longest = table.optional("longest");
    let longest = longest
        .map_or(first.map(|first| first.max(usual.longest_pause)), |longest| longest.duration_in(pauses));
    table.finish();
    let (first_pause, longest_pause) = (first?, longest?);
    if longest_pause < first_pause {
        problems.report(&longest_spot, "the longest pause is shorter than the first");
        return None;
    }
    Some(RetryPolicy { n_tries: u32::try_from(n_tries?).unwrap_or(1), first_pause, longest_pause })
}

/// Checks what jobs say of each other: every job named is there, and none waits for itself in the end.
/// `names` are all jobs, those with problems of their own included.
pub(super) fn check_among(jobs: &[Job], names: &[String], resources: &[String], problems: &Problems) {
    for job in jobs {
        for (before, spot) in job.terms.after.jobs.iter().zip(&job.terms.after_spots) {
            if !names.iter().any(|name| name == before.as_str()) {
                let hint = did_you_mean(before.as_str(), names.iter().map(String::as_str));
                problems.report_with(spot, format!("unknown job {:?}", before.as_str()), hint);
            } else if leads_to(jobs, before, &job.id, &mut Vec::new()) {
                problems.report(spot, format!("job {} would wait for itself", job.id));
            }
        }
        for (resource, spot) in job.terms.resources.iter().zip(&job.terms.resource_spots) {
            if !resources.contains(resource) {
                let hint = did_you_mean(resource, resources.iter().map(String::as_str))
                    .unwrap_or_else(|| format!("[resources] {resource} = 1 in hub.toml"));
                problems.report_with(spot, format!("unknown resource {resource:?}"), hint);
            }
        }
    }
}

fn leads_to<'j>(jobs: &'j [Job], from: &'j JobId, to: &JobId, seen: &mut Vec<&'j JobId>) -> bool {
    if from == to {
        return true;
    }
    if seen.contains(&from) {
        return false;
    }
    seen.push(from);
    let before = jobs.iter().find(|job| job.id == *from).map(|job| &job.terms.after.jobs);
    before.is_some_and(|before| before.iter().any(|job| leads_to(jobs, job, to, seen)))
}
