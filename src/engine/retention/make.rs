//! Making the plan: what may go now, and why the rest is kept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use renkei_core::audit::follows;
use renkei_core::naming::notice_name;
use renkei_core::notice::Notice;
use renkei_core::port::{
    Folders, OwnEntry, OwnFolder, Snapshot, StandingPublication, StoreError, WhichCases,
};
use renkei_core::retention::{
    Kept, PublicationAge, Rules, TransferAge, Verdict, judge_archived, judge_file, judge_publications,
    judge_runs, judge_transfer,
};
use renkei_core::{FeedId, FileName, FolderPath, Moment, Sequence};

use super::aside;
use super::plan::{Area, AreaPlan, AuditCut, RetentionItem, RetentionPlan, Target};
use crate::audit::walk_audit;
use crate::error::EngineError;

/// Makes the plan as of now.
pub fn plan(
    snapshot: &dyn Snapshot,
    folders: &dyn Folders,
    rules: &Rules,
    now: Moment,
) -> Result<RetentionPlan, EngineError> {
    let standing = snapshot.standing_publications()?;
    let ages: Vec<PublicationAge> = standing.iter().map(age_of).collect();
    let mut verdicts = judge_publications(rules, &ages, now);
    let open = snapshot.delivery_lines(None, true)?;
    for (age, verdict) in ages.iter().zip(&mut verdicts) {
        let is_open = open.iter().any(|line| (&line.feed, line.sequence) == (&age.feed, age.sequence));
        // Before its age, so that its copy in the archive stays too.
        if is_open && verdict.is_none_or(|kept| kept == Kept::Young) {
            *verdict = Some(Kept::Undelivered);
        }
    }
    let publications = published(&standing, &verdicts, folders, rules)?;
    let known: BTreeMap<(&str, u32), Verdict> =
        ages.iter().zip(&verdicts).map(|(age, v)| ((age.feed.as_str(), age.sequence.0), *v)).collect();
    let (shelves, reports): (Vec<OwnEntry>, Vec<OwnEntry>) =
        folders.own_entries(OwnFolder::Archive)?.into_iter().partition(|entry| entry.is_folder);
    let mut archive = Gathering::new(Area::Archive, rules.archive);
    for entry in shelves {
        let verdict = archived(snapshot, &entry, &known, rules, now)?;
        archive.own(OwnFolder::Archive, entry, verdict);
    }
    let mut kept_reports = Gathering::new(Area::Reports, rules.reports);
    for entry in reports {
        let verdict = judge_file(entry.changed_at, rules.reports, now);
        kept_reports.own(OwnFolder::Archive, entry, verdict);
    }
    let mut quarantine = Gathering::new(Area::Quarantine, rules.quarantine);
    for entry in folders.own_entries(OwnFolder::Quarantine)? {
        let verdict = judge_file(entry.changed_at, rules.quarantine, now);
        quarantine.own(OwnFolder::Quarantine, entry, verdict);
    }
    let mut differences = Gathering::new(Area::Differences, rules.differences);
    for entry in folders.own_entries(OwnFolder::Differences)? {
        let verdict = judge_file(entry.changed_at, rules.differences, now);
        differences.own(OwnFolder::Differences, entry, verdict);
    }
    let mailboxes = aside::mailboxes(snapshot, folders, rules, now)?;
    let answers = aside::answers(folders, rules, now)?;
    let runs = old_runs(snapshot, rules, now)?;
    let transfers = old_transfers(snapshot, rules, now)?;
    let slots_before = now.plus(-rules.slots);
    let records_before = now.plus(-rules.records);
    Ok(RetentionPlan {
        at: now.to_string(),
        areas: vec![
            publications,
            archive.0,
            quarantine.0,
            kept_reports.0,
            mailboxes,
            answers,
            differences.0,
            runs,
            transfers,
        ],
        n_skipped_slots: snapshot.n_skipped_slots(slots_before)?,
        records_days: rules.records.num_days(),
        n_old_records: snapshot.n_old_records(records_before)?,
        audit_days: rules.audit.num_days(),
        audit: old_audit(snapshot, now.plus(-rules.audit))?,
        slots_before,
        records_before,
    })
}

fn age_of(one: &StandingPublication) -> PublicationAge {
    PublicationAge {
        feed: one.feed.clone(),
        sequence: one.sequence,
        kind: one.kind,
        progress: one.progress,
        since: Moment::parse(&one.since),
        is_run_open: one.is_run_open,
    }
}

/// Publications whose files may go. Of a publication the notice goes first, so that none is seen without its files.
fn published(
    standing: &[StandingPublication],
    verdicts: &[Verdict],
    folders: &dyn Folders,
    rules: &Rules,
) -> Result<AreaPlan, EngineError> {
    let mut gathering = Gathering::new(Area::Publications, rules.publications);
    let mut present: BTreeMap<FolderPath, Option<Vec<FileName>>> = BTreeMap::new();
    for (one, verdict) in standing.iter().zip(verdicts) {
        if let Some(kept) = verdict {
            gathering.keep(*kept);
            continue;
        }
        let notice = Notice::parse(one.notice.as_bytes())?;
        let folder: FolderPath = one.folder.parse()?;
        if !present.contains_key(&folder) {
            // One folder's trouble is no reason to keep what the others have.
            let listed = folders.list(&folder).inspect_err(
                |error| tracing::warn!(folder = folder.as_str(), %error, "a folder cannot be listed; its files stay"),
            );
            present.insert(folder.clone(), listed.ok());
        }
        let Some(Some(here)) = present.get(&folder) else {
            gathering.keep(Kept::Unknown);
            continue;
        };
        let notice_name = notice_name(&one.stem.parse()?)?;
        let own = [(notice_name, one.notice.len() as u64)];
        let data = notice.files.iter().map(|file| (file.name.clone(), file.n_bytes));
        let reports = notice.reports.iter().map(|file| (file.name.clone(), file.n_bytes));
        let files: Vec<_> = own
            .into_iter()
            .chain(data)
            .chain(reports)
            .filter(|(name, _)| here.binary_search(name).is_ok())
            .collect();
        gathering.remove(RetentionItem {
            what: format!("{} {}", one.feed, one.sequence),
            n_files: files.len() as u64,
            n_bytes: files.iter().map(|(_, n_bytes)| n_bytes).sum(),
            since: one.since.clone(),
            target: Target::Published {
                feed: one.feed.clone(),
                sequence: one.sequence,
                folder,
                names: files.into_iter().map(|(name, _)| name).collect(),
            },
        });
    }
    Ok(gathering.0)
}

fn archived(
    snapshot: &dyn Snapshot,
    entry: &OwnEntry,
    known: &BTreeMap<(&str, u32), Verdict>,
    rules: &Rules,
    now: Moment,
) -> Result<Verdict, EngineError> {
    let parts: Vec<&str> = entry.path.parts().collect();
    // Nobody but the operator asks for a set that was taken in, or for a receipt, which the ledger has: age alone
    // counts.
    if let ["intake" | "receipts", _, _] = parts.as_slice() {
        return Ok(judge_file(entry.changed_at, rules.archive, now));
    }
    let [_, feed, sequence] = parts.as_slice() else { return Ok(Some(Kept::Unknown)) };
    let (Ok(id), Ok(number)) = (feed.parse::<FeedId>(), sequence.parse::<u32>()) else {
        return Ok(Some(Kept::Unknown));
    };
    let standing = known.get(&(*feed, number)).copied();
    let last = snapshot.last_sequence(&id)?;
    Ok(judge_archived(rules, Sequence(number), entry.changed_at, standing, last, now))
}

fn old_runs(snapshot: &dyn Snapshot, rules: &Rules, now: Moment) -> Result<AreaPlan, EngineError> {
    let mut gathering = Gathering::new(Area::Runs, rules.runs);
    let runs = snapshot.runs_before(now.plus(-rules.runs))?;
    let verdicts = judge_runs(rules, &runs, now);
    for (run, verdict) in runs.into_iter().zip(verdicts) {
        match verdict {
            Some(kept) => gathering.keep(kept),
            None => gathering.remove(RetentionItem {
                what: run.run_id,
                n_files: 0,
                n_bytes: 0,
                since: run.ended_at.map(|at| at.to_string()).unwrap_or_default(),
                target: Target::Run,
            }),
        }
    }
    Ok(gathering.0)
}

fn old_transfers(snapshot: &dyn Snapshot, rules: &Rules, now: Moment) -> Result<AreaPlan, EngineError> {
    let mut gathering = Gathering::new(Area::Transfers, rules.transfer);
    let open: BTreeSet<_> = snapshot.handovers(None)?.into_iter().map(|handover| handover.case_no).collect();
    for case in snapshot.transfer_cases(WhichCases::Unerased)? {
        let since = case.counts_from.unwrap_or_default();
        let age = TransferAge {
            state: case.standing.state,
            is_on_its_way: open.contains(&case.case_no),
            counts_from: Moment::parse(&since),
        };
        match judge_transfer(rules, age, now) {
            Some(kept) => gathering.keep(kept),
            None => gathering.remove(RetentionItem {
                what: case.case_no.to_string(),
                n_files: 0,
                n_bytes: 0,
                since,
                target: Target::Transfer(case.case_no),
            }),
        }
    }
    Ok(gathering.0)
}

/// How the walk through the audit ends early.
enum Halt {
    Store(StoreError),
    Enough,
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The lines before `before`, from the start without a gap: up to the first that is younger, or that does not
/// follow from the one before it, because what is broken must stay to be seen.
fn old_audit(snapshot: &dyn Snapshot, before: Moment) -> Result<Option<AuditCut>, EngineError> {
    let base = snapshot.audit_base()?;
    let mut cut = AuditCut { through: base, n_lines: 0 };
    let walked = walk_audit(snapshot, base.audit_no, |piece| {
        for line in piece {
            let is_old = Moment::parse(&line.at).is_some_and(|at| at <= before);
            if !is_old || !follows(cut.through, line) {
                return Err(Halt::Enough);
            }
            cut = AuditCut { through: line.into(), n_lines: cut.n_lines + 1 };
        }
        Ok(())
    });
    match walked {
        Err(Halt::Store(error)) => Err(error.into()),
        _ if cut.n_lines == 0 => Ok(None),
        _ => Ok(Some(cut)),
    }
}

pub(super) struct Gathering(AreaPlan);

impl Gathering {
    pub(super) fn new(area: Area, rule: TimeDelta) -> Self {
        Self(AreaPlan { area, days: rule.num_days(), remove: Vec::new(), kept: BTreeMap::new() })
    }

    pub(super) fn keep(&mut self, kept: Kept) {
        *self.0.kept.entry(kept).or_default() += 1;
    }

    pub(super) fn remove(&mut self, item: RetentionItem) {
        self.0.remove.push(item);
    }

    pub(super) fn into_plan(self) -> AreaPlan {
        self.0
    }

    fn own(&mut self, own: OwnFolder, entry: OwnEntry, verdict: Verdict) {
        match verdict {
            Some(kept) => self.keep(kept),
            None => self.remove(RetentionItem {
                what: entry.path.to_string(),
                n_files: entry.n_files,
                n_bytes: entry.n_bytes,
                since: entry.changed_at.map(|at| at.to_string()).unwrap_or_default(),
                target: Target::Own(own, entry.path),
            }),
        }
    }
}
