//! Reading everything of a hub's folder, and giving a configuration only if nothing is wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use renkei_core::calendar::{CalendarFile, Calendars};
use renkei_core::declared::{Declaration, Problems, Table, Value};
use renkei_core::layout::Layout;
use renkei_core::mapping::Mapping;
use renkei_core::retention::Rules;
use renkei_core::schedule::StopWindows;
use renkei_core::{FeedId, IntakeId, JobId};

use super::destination;
use super::errors::ConfigError;
use super::feed::{self, Known, ReadFeed};
use super::files::{HUB_FILE, names, read_folder, read_text};
use super::hub_file::{self, HubPart};
use super::intake::{self, Around, Intake, Mappings, ReadIntake};
use super::job_file;
use super::job_terms;
use super::secret_reference::Secrets;
use super::source;
use super::taking::Layouts;
use super::types::{Config, DeclaredFeed, Job};

impl Config {
    /// Reads the hub's folder and checks all of it.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let not_found = || ConfigError::NotFound { folder: folder.to_path_buf() };
        let folder = folder.canonicalize().map_err(|_| not_found())?;
        if !folder.join(HUB_FILE).is_file() {
            return Err(not_found());
        }
        let problems = Problems::new();
        let config = read(&folder, &problems);
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigError::Invalid { problems: problems.into_sorted() }),
        }
    }
}

fn read(folder: &Path, problems: &Problems) -> Option<Config> {
    let layouts: Layouts = read_folder(folder, "layouts", problems)
        .into_iter()
        .map(|file| (file.id, Layout::read(&file.name, &file.text, problems).map(Arc::new)))
        .collect();
    let mappings = read_mappings(folder, &layouts, problems);
    let calendar_files = read_folder(folder, "jobs/calendars", problems);
    let calendar_files: Vec<CalendarFile<'_>> = calendar_files
        .iter()
        .map(|file| CalendarFile { name: &file.name, id: &file.id, text: &file.text })
        .collect();
    let calendars = Calendars::read(&calendar_files, problems);
    let job_files = read_folder(folder, "jobs", problems);
    let hub_text = read_text(folder, HUB_FILE, problems);
    let hub = hub_text.as_ref().and_then(|text| Declaration::parse(HUB_FILE, text, problems));
    let hub = hub.map(|mut hub| {
        let job_ids: Vec<JobId> = job_files.iter().filter_map(|file| file.id.parse().ok()).collect();
        let stops = hub.optional("stop").map_or_else(|| Some(Vec::new()), Value::tables);
        let stops = stops.and_then(|stops| StopWindows::read(stops, &calendars, &job_ids, problems));
        let (part, feeds, intakes) = read_hub(hub, folder, (&layouts, &mappings), &calendars, problems);
        (part, feeds, intakes, stops)
    });
    let feed_ids: Option<Vec<FeedId>> = hub.as_ref().map(|(_, feeds, _, _)| {
        feeds.iter().filter_map(|feed| feed.id.as_ref()).map(|id| id.value.clone()).collect()
    });
    let intake_ids: Option<Vec<IntakeId>> = hub
        .as_ref()
        .map(|(_, _, intakes, _)| intakes.iter().filter_map(|intake| intake.id.clone()).collect());
    let job_names: Vec<String> = job_files.iter().map(|file| file.id.clone()).collect();
    let jobs: Vec<Option<Job>> = job_files
        .iter()
        .map(|file| job_file::read(file, feed_ids.as_deref(), intake_ids.as_deref(), &calendars, problems))
        .collect();
    let (part, feeds, intakes, stops) = hub?;
    let read_jobs: Vec<Job> = jobs.iter().flatten().cloned().collect();
    let resources: Vec<String> =
        part.daemon.iter().flat_map(|daemon| daemon.limits.resources.keys().cloned()).collect();
    job_file::check_among(&read_jobs, problems);
    job_terms::check_among(&read_jobs, &job_names, &resources, problems);
    Some(Config {
        folder: folder.to_path_buf(),
        municipality: part.municipality?,
        name: part.name?,
        root: part.root?,
        store: part.store?,
        naming: part.naming?,
        daemon: part.daemon?,
        audit_head: part.audit_head,
        retention: retention_rules(part.retention, &read_jobs),
        systems: part.systems,
        feeds: feeds.into_iter().map(|feed| feed.declared).collect::<Option<Vec<DeclaredFeed>>>()?,
        stop_windows: stops?,
        calendars,
        jobs: jobs.into_iter().collect::<Option<Vec<Job>>>()?,
        layouts: layouts
            .into_iter()
            .map(|(id, layout)| Some((id, layout?)))
            .collect::<Option<BTreeMap<_, _>>>()?,
        mappings: mappings
            .into_iter()
            .map(|(id, mapping)| Some((id, mapping?)))
            .collect::<Option<BTreeMap<_, _>>>()?,
        alert: part.alert,
        metrics: part.metrics,
        intakes: intakes.into_iter().map(|read| read.intake).collect::<Option<Vec<Intake>>>()?,
        destinations: part.destinations?,
        sources: part.sources?,
        transfer: part.transfer?,
        ledger: part.ledger,
        sftp: part.sftp,
        secret_key: part.secret_key,
    })
}

/// The mappings, against the layouts that could be read. Where one could not, what goes to it is not judged yet.
fn read_mappings(
    folder: &Path,
    layouts: &BTreeMap<String, Option<Arc<Layout>>>,
    problems: &Problems,
) -> Mappings {
    let known: Option<BTreeMap<String, Arc<Layout>>> =
        layouts.iter().map(|(id, layout)| Some((id.clone(), layout.clone()?))).collect();
    let files = read_folder(folder, "layouts/mappings", problems);
    let read = files.into_iter().map(|file| {
        let mapping = known.as_ref().and_then(|known| Mapping::read(&file.name, &file.text, known, problems));
        (file.id, mapping.map(Arc::new))
    });
    read.collect()
}

/// Slots stay at least as long as a missed one may be caught up.
fn retention_rules(mut rules: Rules, jobs: &[Job]) -> Rules {
    for schedule in jobs.iter().filter_map(|job| job.schedule.as_ref()) {
        rules.slots = rules.slots.max(schedule.catch_up.within);
    }
    rules
}

fn read_hub(
    mut hub: Table<'_>,
    folder: &Path,
    (layouts, mappings): (&Layouts, &Mappings),
    calendars: &Calendars,
    problems: &Problems,
) -> (HubPart, Vec<ReadFeed>, Vec<ReadIntake>) {
    let mut part = hub_file::take(&mut hub, folder, problems);
    let degrade_names = names(folder, "layouts/degrade", ".csv", problems);
    let known = Known {
        folder,
        layouts,
        systems: &part.systems,
        systems_are_complete: part.systems_are_complete,
        degrade_names: &degrade_names,
        naming: part.naming.as_ref(),
        guard: part.guard,
        problems,
    };
    let tables = hub.optional("feed").and_then(Value::tables).unwrap_or_default();
    let feeds: Vec<ReadFeed> = tables.into_iter().map(|table| feed::read(table, &known)).collect();
    feed::check_among(&feeds, problems);
    let around = Around {
        municipality: part.municipality,
        layouts,
        mappings,
        systems: &part.systems,
        systems_are_complete: part.systems_are_complete,
        calendars,
        problems,
    };
    let tables = hub.optional("intake").and_then(Value::tables).unwrap_or_default();
    let intakes: Vec<ReadIntake> = tables.into_iter().map(|table| intake::read(table, &around)).collect();
    let declared: Vec<&DeclaredFeed> = feeds.iter().filter_map(|feed| feed.declared.as_ref()).collect();
    intake::check_among(&intakes, &declared, problems);
    let tables = hub.optional("destination").and_then(Value::tables).unwrap_or_default();
    let secrets = Secrets::under(part.secret_key.clone(), folder, problems);
    let beside = destination::Beside {
        folder,
        secrets: &secrets,
        root: part.root.as_deref(),
        systems: &part.systems,
        systems_are_complete: part.systems_are_complete,
        feeds: &declared,
        feeds_are_complete: declared.len() == feeds.len(),
        problems,
    };
    part.destinations = destination::read_all(tables, &beside);
    let tables = hub.optional("source").and_then(Value::tables).unwrap_or_default();
    let known: Vec<&Intake> = intakes.iter().filter_map(|read| read.intake.as_ref()).collect();
    let beside = source::Beside {
        secrets: &secrets,
        intakes_are_complete: known.len() == intakes.len(),
        intakes: &known,
        destinations: part.destinations.as_deref().unwrap_or_default(),
        problems,
    };
    part.sources = source::read_all(tables, &beside);
    hub.finish();
    (part, feeds, intakes)
}
