//! Doing what a fresh plan says.

use renkei_core::Fault as _;
use renkei_core::port::{AuditEntry, Transaction};
use renkei_core::retention::Rules;
use serde::Serialize;

use super::make::plan;
use super::plan::{AreaPlan, AuditCut, RetentionItem, RetentionPlan, Target};
use super::record;
use crate::error::EngineError;
use crate::house::House;
use crate::run::Run;
use crate::transfer::erase;

/// Runs removed in one transaction: others write in between.
const RUNS_AT_ONCE: usize = 500;

/// What an execution came to.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionDone {
    /// Its run.
    pub run_id: String,
    /// What was planned, and is done.
    pub plan: RetentionPlan,
    /// Where what was erased is listed; `None` where nothing was.
    pub record: Option<String>,
}

/// Makes a plan and does it, as a run with a step and a line of the audit for each kind of thing. What one thing
/// refuses does not keep the others; the first fault ends the run when all was tried.
pub fn execute(house: House<'_>, rules: &Rules) -> Result<RetentionDone, EngineError> {
    let today = house.clock.now().date();
    let mut run = Run::start(house, "retention".to_owned(), "retention", today)?;
    let done = try_execute(house, rules, &mut run);
    match done {
        Ok(done) => {
            let mut tx = house.store.begin()?;
            if done.plan.is_empty() {
                line(house, tx.as_mut(), "remove by retention", "nothing to remove".to_owned())?;
            }
            run.succeed(tx.as_mut())?;
            tx.commit()?;
            Ok(done)
        }
        Err(error) => {
            run.fail(&error);
            Err(error)
        }
    }
}

fn try_execute(house: House<'_>, rules: &Rules, run: &mut Run<'_>) -> Result<RetentionDone, EngineError> {
    run.begin_step("plan");
    let plan = plan(house.store.snapshot()?.as_ref(), house.folders, rules, house.clock.now())?;
    let run_id = run.id().to_owned();
    let record = if plan.is_empty() { None } else { Some(record::write(house, &run_id, &plan)?) };
    run.end_step(record.clone().unwrap_or_else(|| "nothing to remove".to_owned()));
    house.witness.reached("retention.recorded");
    let mut first_fault = None;
    for area in plan.areas.iter().filter(|area| !area.remove.is_empty()) {
        run.begin_step(area.area.as_str());
        let fault = remove_area(house, area)?;
        let (n_files, n_bytes) = area.size();
        let n_all = area.remove.len() as u64;
        let n_failed = fault.as_ref().map_or(0, |(n_failed, _)| *n_failed);
        let outcome = format!("{} of {n_all} removed, {n_files} files, {n_bytes} bytes", n_all - n_failed);
        run.end_step(outcome.clone());
        let mut tx = house.store.begin()?;
        let action = format!("remove {} by retention", area.area.as_str());
        line(house, tx.as_mut(), &action, with_record(outcome, record.as_deref()))?;
        run.put_steps(tx.as_mut())?;
        tx.commit()?;
        first_fault = first_fault.or(fault.map(|(_, error)| error));
    }
    if plan.n_skipped_slots > 0 {
        let mut tx = house.store.begin()?;
        let n_slots = tx.remove_skipped_slots(plan.slots_before)?;
        line(house, tx.as_mut(), "remove skipped slots by retention", format!("{n_slots} slots"))?;
        tx.commit()?;
    }
    if plan.n_old_records > 0 {
        run.begin_step("records");
        let mut tx = house.store.begin()?;
        let n_rows = tx.remove_old_records(plan.records_before)?;
        run.end_step(format!("{n_rows} rows"));
        line(house, tx.as_mut(), "remove records by retention", format!("{n_rows} rows"))?;
        run.put_steps(tx.as_mut())?;
        tx.commit()?;
    }
    if let Some(cut) = &plan.audit {
        run.begin_step("audit");
        let n_lines = cut_audit(house, cut, record.as_deref())?;
        run.end_step(format!("{n_lines} lines"));
        house.witness.reached("retention.audit-removed");
    }
    match first_fault {
        None => Ok(RetentionDone { run_id, plan, record }),
        Some(fault) => Err(fault),
    }
}

/// Removes one kind; gives how many could not be, with the first fault.
fn remove_area(house: House<'_>, area: &AreaPlan) -> Result<Option<(u64, EngineError)>, EngineError> {
    let runs: Vec<String> = area
        .remove
        .iter()
        .filter(|item| matches!(item.target, Target::Run))
        .map(|item| item.what.clone())
        .collect();
    if !runs.is_empty() {
        remove_runs(house, &runs)?;
        return Ok(None);
    }
    let mut faults: Option<(u64, EngineError)> = None;
    let n_all = area.remove.len() as u64;
    for (n_done, item) in (0..).zip(&area.remove) {
        house.may_go_on()?;
        house.witness.progress(area.area.as_str(), n_done, n_all);
        match remove_item(house, item) {
            Ok(()) => {}
            // What the folders refuse is one thing's; what the database refuses is everybody's.
            Err(EngineError::Folder(error)) => {
                tracing::warn!(what = item.what, fault.code = error.code(), "it could not be removed");
                let (n_failed, first) = faults.unwrap_or((0, error.into()));
                faults = Some((n_failed + 1, first));
            }
            Err(error) => return Err(error),
        }
    }
    house.witness.reached("retention.area-done");
    Ok(faults)
}

fn remove_item(house: House<'_>, item: &RetentionItem) -> Result<(), EngineError> {
    match &item.target {
        Target::Published { feed, sequence, folder, names } => {
            house.folders.remove_published(folder, names)?;
            house.witness.reached("retention.publication-removed");
            let mut tx = house.store.begin()?;
            tx.mark_files_removed(feed, *sequence, &house.clock.now().to_string())?;
            tx.commit()?;
        }
        Target::Own(own, path) => {
            house.folders.remove_own(*own, path)?;
            house.witness.reached("retention.own-removed");
        }
        Target::Mending { run_id, folder, names } => {
            house.folders.remove_published(folder, names)?;
            let mut tx = house.store.begin()?;
            tx.remove_mending(run_id)?;
            tx.commit()?;
        }
        Target::Answer { folder, name } => {
            house.folders.remove_published(folder, std::slice::from_ref(name))?;
        }
        Target::Transfer(case_no) => erase(house, *case_no)?,
        Target::Run => {}
    }
    Ok(())
}

/// Removes runs in pieces. They come each followed by its parts, so a piece ends where a run does.
fn remove_runs(house: House<'_>, runs: &[String]) -> Result<(), EngineError> {
    let mut rest = runs;
    while !rest.is_empty() {
        house.may_go_on()?;
        let mut n_now = rest.len().min(RUNS_AT_ONCE);
        let snapshot = house.store.snapshot()?;
        while let Some(next) = rest.get(n_now) {
            if snapshot.run(next)?.is_none_or(|run| run.parent.is_none()) {
                break;
            }
            n_now += 1;
        }
        let (now, later) = rest.split_at(n_now);
        let mut tx = house.store.begin()?;
        tx.remove_runs(now)?;
        tx.commit()?;
        house.witness.reached("retention.runs-removed");
        rest = later;
    }
    Ok(())
}

/// Removes the start of the audit; the line that says so carries the chain value it goes on from.
fn cut_audit(house: House<'_>, cut: &AuditCut, record: Option<&str>) -> Result<u64, EngineError> {
    let mut tx = house.store.begin()?;
    tx.set_audit_base(cut.through)?;
    let n_lines = tx.remove_audit_before_base()?;
    let result = with_record(format!("{n_lines} lines removed by retention"), record);
    line(house, tx.as_mut(), &cut.through.base_action(), result)?;
    tx.commit()?;
    Ok(n_lines)
}

fn with_record(outcome: String, record: Option<&str>) -> String {
    match record {
        Some(record) => format!("{outcome}; listed in {record}"),
        None => outcome,
    }
}

fn line(house: House<'_>, tx: &mut dyn Transaction, action: &str, result: String) -> Result<(), EngineError> {
    let at = house.clock.now().to_string();
    Ok(tx.append_audit(&AuditEntry::new(at, house.operator, action.to_owned(), house.reason, result))?)
}
