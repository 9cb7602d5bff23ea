//! What the record says of the work: what is half done, what failed, what stands open.

use chrono::{DateTime, TimeDelta};
use renkei_core::Moment;
use renkei_core::port::{RunRecord, RunState, Snapshot, StoreError};
use renkei_core::publication::Progress;

use super::finding::{Finding, Level, Words};

/// How many runs are looked at: a day of jobs every five minutes.
const MOST_RUNS: u32 = 500;
const MOST_ALERTS: u32 = 100;
/// How many are named one by one.
const NAMED: usize = 5;

/// Publications that were sealed and are not in their folders yet.
pub(super) fn unfinished_publications(snapshot: &dyn Snapshot) -> Result<Finding, StoreError> {
    let sealed = snapshot.publications(None, Some(Progress::Sealed))?;
    let names: Vec<String> =
        sealed.iter().map(|publication| format!("{} {}", publication.feed, publication.sequence)).collect();
    let remedy = Words::new(
        "配信の途中か、途中で止まったものです。次に書き込むコマンドが続きを行います。",
        "They are under way or were cut off; the next command that writes finishes them.",
    );
    let ok = Words::new("途中の配信はありません", "no publication is half done");
    let what =
        |n| Words::new(format!("途中の配信が {n} 件あります"), format!("{n} publications are half done"));
    Ok(listed("publications", &names, ok, what, remedy))
}

/// Runs of the last day that failed or were cut off.
pub(super) fn failed_runs(snapshot: &dyn Snapshot, now: Moment) -> Result<Finding, StoreError> {
    let is_recent = |run: &RunRecord| {
        let started = DateTime::parse_from_rfc3339(run.started_at.as_ref().unwrap_or(&run.queued_at)).ok();
        let started = started.and_then(|started| Moment::from_unix(started.timestamp()));
        started.is_none_or(|started| now.local() - started.local() < TimeDelta::days(1))
    };
    let runs = snapshot.runs(MOST_RUNS)?;
    let names: Vec<String> = runs
        .iter()
        .filter(|run| matches!(run.state, RunState::Failed | RunState::Interrupted) && is_recent(run))
        .map(|run| {
            let fault = run.fault_code.as_deref().unwrap_or(run.state.as_str());
            format!("{} ({fault})", run.run_id)
        })
        .collect();
    let remedy = Words::new(
        "`renkei runs` で経過を、`renkei explain コード` で対処を確かめてください。",
        "`renkei runs` shows what happened, `renkei explain CODE` what to do.",
    );
    let ok = Words::new("この1日に失敗した実行はありません", "no run of the last day failed");
    let what = |n| {
        Words::new(
            format!("この1日に失敗・中断した実行が {n} 件あります"),
            format!("{n} runs of the last day failed or were cut off"),
        )
    };
    Ok(listed("runs", &names, ok, what, remedy))
}

/// Alerts that stand open.
pub(super) fn open_alerts(snapshot: &dyn Snapshot) -> Result<Finding, StoreError> {
    let alerts = snapshot.alerts(true, MOST_ALERTS)?;
    let names: Vec<String> = alerts.iter().map(|alert| alert.key.to_string()).collect();
    let remedy = Words::new(
        "`renkei alert list --open` で確かめてください。",
        "`renkei alert list --open` lists them.",
    );
    let ok = Words::new("解消していない警報はありません", "no alert stands open");
    let what =
        |n| Words::new(format!("解消していない警報が {n} 件あります"), format!("{n} alerts stand open"));
    Ok(listed("open-alerts", &names, ok, what, remedy))
}

pub(super) fn listed(
    check: &'static str,
    names: &[String],
    ok: Words,
    what: impl Fn(usize) -> Words,
    remedy: Words,
) -> Finding {
    if names.is_empty() {
        return Finding::ok(check, "-", ok);
    }
    let mut place: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    if names.len() > NAMED {
        place.push("…");
    }
    Finding::new(check, Level::Warning, place.join(", "), what(names.len())).with_remedy(remedy)
}
