//! `[[feed]]`: one interface in one version and one rendering, and who is given it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use renkei_core::declared::{Located, Problems, Spot, Table, Value, did_you_mean};
use renkei_core::feed::{Feed, PartLimits};
use renkei_core::guard::GuardBounds;
use renkei_core::layout::{FileOverrides, Layout};
use renkei_core::mend::MendRule;
use renkei_core::naming::StemTemplate;
use renkei_core::{BusinessId, FeedId, FolderPath};
use renkei_registry::CodeTable;

use super::characters;
use super::guard;
use super::ledger;
use super::paths::overlap;
use super::receivers;
use super::types::{DeclaredFeed, System};

const PART_ROWS: RangeInclusive<u64> = 1..=1_000_000_000;
/// From 64 KiB, below which single rows could be longer, to 1 TiB.
const PART_BYTES: RangeInclusive<u64> = 65_536..=1_099_511_627_776;

/// What a feed refers to.
pub(super) struct Known<'k> {
    pub(super) folder: &'k Path,
    /// Layouts by id; `None` for one that is there but wrong, which has been reported.
    pub(super) layouts: &'k BTreeMap<String, Option<Arc<Layout>>>,
    pub(super) systems: &'k [System],
    /// False when a system could not be read: then an unknown receiver may be that one.
    pub(super) systems_are_complete: bool,
    pub(super) degrade_names: &'k [String],
    /// `None` where it could not be read, which has been reported.
    pub(super) naming: Option<&'k StemTemplate>,
    pub(super) guard: GuardBounds,
    pub(super) problems: &'k Problems,
}

/// A feed with the places that checks among feeds need.
pub(super) struct ReadFeed {
    pub(super) id: Option<Located<FeedId>>,
    folder: Option<Located<FolderPath>>,
    pub(super) declared: Option<DeclaredFeed>,
}

/// Reads and checks one `[[feed]]`.
pub(super) fn read(mut table: Table<'_>, known: &Known<'_>) -> ReadFeed {
    let id = table.required("id").and_then(Value::located::<FeedId>);
    let layout_name = table.required("layout").and_then(Value::located_text);
    let mend = table.optional("mend").and_then(|value| value.one_of(&MendRule::WORDS)).unwrap_or_default();
    let receivers = table.required("receivers").and_then(|list| receivers::read(list, mend, known.problems));
    let behind_after = table.optional("behind_after").and_then(ledger::behind_after);
    let encoding_spot = table.spot_of("encoding");
    let overrides = FileOverrides::take(&mut table);
    let degrade = table.optional("degrade").and_then(Value::located_text);
    let chosen = table.optional("unmappable").and_then(|value| {
        let spot = value.spot().clone();
        let degrades = value.one_of(&[("stop", false), ("degrade", true)])?;
        Some(Located { value: degrades, spot })
    });
    let parts = PartLimits {
        max_rows: table.optional("part_rows").and_then(|rows| rows.integer_in(PART_ROWS)),
        max_bytes: table.optional("part_bytes").and_then(|bytes| bytes.integer_in(PART_BYTES)),
    };
    let bounds = guard::take(&mut table, known.guard);
    let declared_folder = table.optional("folder").map(Value::located::<FolderPath>);
    table.finish();

    let layout = layout_name.as_ref().and_then(|name| find_layout(name, known));
    let file = layout.as_ref().map(|layout| overrides.over(layout.file));
    if let (Some(layout), Some(file)) = (&layout, file) {
        characters::check_layout(layout, file, &encoding_spot, known.problems);
    }
    let unmappable = file.and_then(|file| characters::unmappable(degrade, chosen, file.encoding, known));
    for receiver in receivers.iter().flatten() {
        check_receiver(&receiver.value.system, &receiver.spot, layout.as_deref(), known);
    }
    let receivers = receivers.map(|list| receivers::distinct(list, known.problems));
    let folder = match (declared_folder, &layout, &id) {
        (Some(folder), ..) => folder,
        (None, Some(layout), Some(id)) => default_folder(layout, id),
        _ => None,
    };
    let declared = (|| {
        let feed = Feed {
            id: id.as_ref()?.value.clone(),
            layout: layout?,
            file: file?,
            unmappable: unmappable?,
            parts,
            folder: folder.as_ref()?.value.clone(),
            naming: known.naming?.clone(),
            receivers: receivers?,
            guard: bounds,
        };
        Some(DeclaredFeed { layout_id: layout_name?.value, feed, behind_after })
    })();
    ReadFeed { id, folder, declared }
}

/// Reports feeds that have an id twice or would write into one another's folder.
pub(super) fn check_among(feeds: &[ReadFeed], problems: &Problems) {
    for (index, later) in feeds.iter().enumerate() {
        for earlier in feeds.iter().take(index) {
            if let (Some(a), Some(b)) = (&earlier.id, &later.id)
                && a.value == b.value
            {
                problems
                    .report(&b.spot, format!("feed {} is already declared (line {})", b.value, a.spot.line));
            } else if let (Some(a), Some(b)) = (&earlier.folder, &later.folder)
                && overlap(&a.value, &b.value)
            {
                let by = earlier.id.as_ref().map_or("another feed", |id| id.value.as_str());
                let message = format!("folder {} is in use by {by}", b.value);
                problems.report_with(
                    &b.spot,
                    message,
                    "give each feed a folder = \"…\" of its own".to_owned(),
                );
            }
        }
    }
}

fn find_layout(name: &Located<String>, known: &Known<'_>) -> Option<Arc<Layout>> {
    let found = known.layouts.get(&name.value);
    if found.is_none() {
        let hint = did_you_mean(&name.value, known.layouts.keys().map(String::as_str));
        known.problems.report_with(&name.spot, format!("no file layouts/{}.toml", name.value), hint);
    }
    let layout = found.cloned().flatten()?;
    if !layout.is_for_feeds() {
        let hint =
            "a feed's layout has rows = \"latest\" or \"history\", [removal], and columns that are items";
        let message = format!("layout {:?} is for what is received", name.value);
        known.problems.report_with(&name.spot, message, hint.to_owned());
        return None;
    }
    Some(layout)
}

/// `<provider>/<interface>-<branch>/<feed>`; a feed's name need not repeat its interface.
fn default_folder(layout: &Layout, id: &Located<FeedId>) -> Option<Located<FolderPath>> {
    let interface = &layout.interface;
    let name = id.value.as_str();
    let short = name
        .strip_prefix(interface.as_str())
        .and_then(|rest| rest.strip_prefix('-'))
        .filter(|rest| !rest.is_empty() && !rest.starts_with('.'))
        .unwrap_or(name);
    let folder = format!("{}/{interface}-{}/{short}", interface.provider(), layout.branch);
    folder.parse().ok().map(|value| Located { value, spot: id.spot.clone() })
}

fn check_receiver(receiver: &BusinessId, spot: &Spot, layout: Option<&Layout>, known: &Known<'_>) {
    let id = receiver.as_str();
    let Some(system) = known.systems.iter().find(|system| system.id.as_str() == id) else {
        if known.systems_are_complete {
            let business = CodeTable::find("business").and_then(|table| table.get(id));
            let hint = match business {
                Some(entry) => Some(format!("{} has no [[system]] with id = {id:?}", entry.name_ja)),
                None => did_you_mean(id, known.systems.iter().map(|system| system.id.as_str())),
            };
            known.problems.report_with(spot, format!("unknown system {id:?}"), hint);
        }
        return;
    };
    if layout.is_some_and(|layout| layout.holds_individual_number) && !system.individual_number {
        report_unlawful(spot, system, known.problems);
    }
}

fn report_unlawful(spot: &Spot, system: &System, problems: &Problems) {
    let message = format!("system {} ({}) must not be given 個人番号", system.id, system.name);
    let hint = "its use is confined to 番号利用事務: where the system's business is one, set individual_number = \
                true for it; else use a layout without kojin_bango";
    problems.report_with(spot, message, hint.to_owned());
}
