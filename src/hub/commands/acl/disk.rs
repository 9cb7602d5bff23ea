//! `renkei acl diff|apply`.

use clap::Args;
use renkei_core::FolderPath;
use renkei_core::access::{AclDifference, Bits, DeclaredAcl, LocalGroup, LocalPeople, PosixAcl, posix_plan};
use renkei_core::port::FolderError;
use renkei_folder::LocalFolders;
use serde_json::json;

use super::super::reason::Reason;
use crate::access::AccessDesk;
use crate::console::TextTable;
use crate::{Exit, Failure, Session};

/// Compare what is declared with the rights on disk.
#[derive(Debug, Args)]
pub(super) struct Diff {}

/// Set the rights on disk.
#[derive(Debug, Args)]
pub(super) struct Apply {
    /// Only say what would be set.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    reason: Reason,
}

/// One line on disk that is not as declared.
struct Drift {
    /// The folder, or the file in it.
    place: String,
    line: String,
    /// As declared, and as it stands; `None` where there is, or should be, no such line.
    declared: Option<String>,
    standing: Option<String>,
}

impl Drift {
    fn of_line(place: &str, difference: AclDifference) -> Self {
        let text = |bits: Option<Bits>| bits.map(|bits| bits.to_string());
        let AclDifference { line, declared, standing } = difference;
        Self { place: place.to_owned(), line, declared: text(declared), standing: text(standing) }
    }

    fn of_owner(place: &str, declared: &str, standing: String) -> Self {
        let (line, declared) = ("owner".to_owned(), Some(declared.to_owned()));
        Self { place: place.to_owned(), line, declared, standing: Some(standing) }
    }
}

/// What stands on disk beside what is declared.
struct Looked {
    /// As whom the hub works.
    hub: String,
    drifts: Vec<Drift>,
    missing: Vec<FolderPath>,
    plan: Vec<DeclaredAcl>,
    folders: LocalFolders,
}

impl Diff {
    #[expect(clippy::unused_self, reason = "every command has the same shape")]
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_reading(session)?;
        let looked = look(&desk)?;
        show(session, &looked);
        Ok(if looked.is_as_declared() { Exit::Ok } else { Exit::Issues })
    }
}

impl Apply {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_writing(session)?;
        let looked = look(&desk)?;
        show(session, &looked);
        if self.dry_run || looked.is_as_declared() {
            return Ok(Exit::Ok);
        }
        let (n_lines, n_made) = (looked.drifts.len(), looked.missing.len());
        // Before it is done: no right on disk changes without a reason on record.
        let before = format!("{n_lines} lines are to be put right, {n_made} folders to be made");
        let work = || {
            for folder in &looked.missing {
                looked.folders.make_folder(folder)?;
            }
            looked.plan.iter().try_for_each(|one| set(&looked.folders, &looked.hub, one))
        };
        let after = |(): &()| format!("{n_lines} lines put right, {n_made} folders made");
        desk.do_on_record("acl apply", &self.reason.reason, &before, work, after)?;
        session.console().say(
            format_args!("{n_lines} 行を直し、{n_made} フォルダを作りました。"),
            format_args!("Put {n_lines} lines right and made {n_made} folders."),
        );
        Ok(Exit::Ok)
    }
}

impl Looked {
    fn is_as_declared(&self) -> bool {
        self.drifts.is_empty() && self.missing.is_empty()
    }
}

fn look(desk: &AccessDesk<'_>) -> Result<Looked, Failure> {
    let group = |system: &crate::config::System| {
        let group = system.local_group.clone()?;
        Some(LocalGroup { system: system.id.clone(), group })
    };
    let groups: Vec<LocalGroup> = desk.config.systems.iter().filter_map(group).collect();
    let folders = LocalFolders::open(&desk.config.root)?;
    let hub = folders.owner()?;
    let all = folders.all_folders()?;
    // Where no system has a group, rights on disk are somebody else's business; unless people have some, which they may
    // have had by a group that is declared no more.
    let plan = if groups.is_empty() && !has_people(&folders, &all)? {
        Vec::new()
    } else {
        posix_plan(&desk.rulebook()?, &LocalPeople { hub: hub.clone(), groups }, &all)
    };
    let (mut drifts, mut missing) = (Vec::new(), Vec::new());
    for one in &plan {
        let standing = match folders.acl_of(one.folder.as_ref()) {
            Err(FolderError::Missing { .. }) => {
                missing.extend(one.folder.clone());
                continue;
            }
            standing => standing?,
        };
        let place = one.folder.as_ref().map_or_else(|| ".".to_owned(), ToString::to_string);
        let found = one.acl.differences(&standing);
        drifts.extend(found.into_iter().map(|difference| Drift::of_line(&place, difference)));
        if let Some(folder) = &one.folder {
            let owner = folders.owner_of(Some(folder))?;
            drifts.extend((owner != hub).then(|| Drift::of_owner(&place, &hub, owner)));
            for (name, standing) in folders.file_acls(folder)? {
                let place = format!("{place}/{name}");
                let found = file_differences(&one.files, &standing);
                drifts.extend(found.into_iter().map(|difference| Drift::of_line(&place, difference)));
            }
        }
    }
    Ok(Looked { hub, drifts, missing, plan, folders })
}

/// Whether a line of a folder names somebody.
fn has_people(folders: &LocalFolders, all: &[FolderPath]) -> Result<bool, Failure> {
    for folder in std::iter::once(None).chain(all.iter().map(Some)) {
        if folders.acl_of(folder)?.names_anybody() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of a file only what others than its owner may do with it counts: who brought it is its owner.
fn file_differences(declared: &PosixAcl, standing: &PosixAcl) -> Vec<AclDifference> {
    let found = declared.effective().differences(&standing.effective());
    found.into_iter().filter(|one| !one.line.starts_with("user::") && one.line != "group::").collect()
}

fn set(folders: &LocalFolders, hub: &str, one: &DeclaredAcl) -> Result<(), Failure> {
    if let Some(folder) = &one.folder
        && folders.owner_of(Some(folder))? != hub
    {
        folders.set_owner(folder)?;
    }
    if !one.acl.differences(&folders.acl_of(one.folder.as_ref())?).is_empty() {
        folders.set_acl(one.folder.as_ref(), &one.acl)?;
    }
    let Some(folder) = &one.folder else { return Ok(()) };
    for (name, standing) in folders.file_acls(folder)? {
        if !file_differences(&one.files, &standing).is_empty() {
            folders.set_file_acl(folder, &name, &one.files)?;
        }
    }
    Ok(())
}

fn show(session: &Session, looked: &Looked) {
    let (console, lang) = (session.console(), session.console().lang());
    let text = |line: &Option<String>| line.clone().unwrap_or_else(|| "-".to_owned());
    if console.is_json() {
        let lines = looked.drifts.iter().map(|drift| {
            let Drift { place, line, declared, standing } = drift;
            json!({ "place": place, "line": line, "declared": declared, "standing": standing })
        });
        let missing: Vec<&str> = looked.missing.iter().map(FolderPath::as_str).collect();
        console.json(&json!({ "differences": lines.collect::<Vec<_>>(), "missing": missing }));
        return;
    }
    if looked.plan.is_empty() {
        console.say(
            "local_group のあるシステムがないので、ディスクの権限は比べません（hub.toml の [[system]]）。",
            "No system has a local_group, so rights on disk are not compared (see [[system]] in hub.toml).",
        );
        return;
    }
    if looked.is_as_declared() {
        console.say("ディスクの権限は宣言どおりです。", "The rights on disk are as declared.");
        return;
    }
    let mut table = TextTable::new([
        lang.pick("場所", "place"),
        lang.pick("行", "line"),
        lang.pick("宣言", "declared"),
        lang.pick("今", "standing"),
    ]);
    for folder in &looked.missing {
        let words =
            [lang.pick("フォルダ", "folder"), lang.pick("あり", "there"), lang.pick("なし", "missing")];
        table.row([folder.to_string(), words[0].to_owned(), words[1].to_owned(), words[2].to_owned()]);
    }
    for Drift { place, line, declared, standing } in &looked.drifts {
        table.row([place.clone(), line.clone(), text(declared), text(standing)]);
    }
    console.table(&table);
}
