//! Broken configurations and exactly what is said about them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::init::{NewHub, init};

/// Where a case changes the new hub's files, and how.
type Change<'c> = (&'c str, &'c str, &'c str);

fn problems_of(folder: &Path) -> Vec<String> {
    match Config::load(folder) {
        Ok(_) => Vec::new(),
        Err(ConfigError::Invalid { problems }) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
    }
}

fn new_hub() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let hub = NewHub {
        municipality: "082201".parse().unwrap(),
        name: "つくば市".to_owned(),
        keeps_existing: false,
    };
    init(folder.path(), &hub).unwrap();
    folder
}

/// Makes a new hub, changes its files, and compares what the check says; a line's `L` stands for where the
/// changed text begins, so that cases survive edits of the template.
#[track_caller]
fn check(changes: &[Change<'_>], expected: &[&str]) {
    let folder = new_hub();
    let mut line_no = 0;
    for (file, from, to) in changes {
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        let start = text.find(from).unwrap_or_else(|| panic!("{from:?} is not in {file}"));
        line_no = text[..start].matches('\n').count() + 1;
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }
    let expected: Vec<String> =
        expected.iter().map(|line| line.replacen(":L:", &format!(":{line_no}:"), 1)).collect();
    assert_eq!(problems_of(folder.path()), expected, "{changes:#?}");
}

#[test]
fn layouts_and_degrade_maps_must_be_there() {
    check(
        &[("hub.toml", "layout = \"001o005-1.0\"", "layout = \"001o005-10\"")],
        &[r#"hub.toml:L:10: feed[0].layout: no file layouts/001o005-10.toml (did you mean "001o005-1.0"?)"#],
    );
    check(
        &[("hub.toml", "degrade = \"cp932\"", "degrade = \"sjis\"")],
        &[r#"hub.toml:L:11: feed[3].degrade: no file layouts/degrade/sjis.csv (one of "cp932")"#],
    );
    check(
        &[("hub.toml", "degrade = \"cp932\"\nunmappable", "unmappable")],
        &[
            r#"hub.toml:L:14: feed[3].unmappable: needs a degrade map (degrade = "…" names a file of layouts/degrade/)"#,
        ],
    );
    check(
        &[("hub.toml", "encoding = \"utf-8-bom\"", "degrade = \"cp932\"")],
        &[
            "hub.toml:L:11: feed[1].degrade: utf-8 lacks no character, so nothing is degraded (take degrade out)",
        ],
    );
}

#[test]
fn a_feed_is_not_given_a_layout_of_what_is_received() {
    check(
        &[("hub.toml", "layout = \"001o005-1.0\"", "layout = \"024z001-1.0\"")],
        &[
            r#"hub.toml:L:10: feed[0].layout: layout "024z001-1.0" is for what is received (a feed's layout has rows = "latest" or "history", [removal], and columns that are items)"#,
        ],
    );
}

#[test]
fn degrade_maps_are_read_with_the_feeds_that_use_them() {
    check(
        &[("layouts/degrade/cp932.csv", "剝,剥,", "剝,,")],
        &["layouts/degrade/cp932.csv:L:1: to is empty"],
    );
}

#[test]
fn what_a_layout_itself_writes_is_in_the_encoding() {
    check(
        &[
            ("layouts/001o006-1.1.toml", "[file]", "[headers]\nshimei = \"氏名𠮷\"\n[file]"),
            ("hub.toml", "encoding = \"cp932\"", "encoding = \"cp932\""),
        ],
        &[r#"hub.toml:L:12: feed[3].encoding: cp932 has not every character of header "氏名𠮷""#],
    );
}

#[test]
fn a_broken_layout_is_reported_in_its_own_file_only() {
    check(
        &[("layouts/001o005-1.0.toml", "column = \"del_flg\"", "column = \"del_flag\"")],
        &[
            r#"layouts/001o005-1.0.toml:L:10: removal.column: unknown item "del_flag" (did you mean "del_flg"?)"#,
        ],
    );
}

#[test]
fn individual_numbers_go_to_lawful_systems_only() {
    check(
        &[("hub.toml", "receivers = [\"024\", \"026\"]", "receivers = [\"024\", \"015\"]")],
        &[
            "hub.toml:L:21: feed[2].receivers[1]: system 015 (滞納管理（税務）) must not be given 個人番号 (its use is \
           confined to 番号利用事務: where the system's business is one, set individual_number = true for it; else \
           use a layout without kojin_bango)",
        ],
    );
}

#[test]
fn receivers_are_declared_systems() {
    check(
        &[("hub.toml", "[\"014\", \"017\"]", "[\"018\", \"togodb\", \"014\", \"014\"]")],
        &[
            r#"hub.toml:L:14: feed[1].receivers[0]: unknown system "018" (就学援助 has no [[system]] with id = "018")"#,
            r#"hub.toml:L:21: feed[1].receivers[1]: unknown system "togodb" (did you mean "togo-db"?)"#,
            "hub.toml:L:38: feed[1].receivers[3]: system 014 is named twice",
        ],
    );
    check(
        &[("hub.toml", "id = \"togo-db\"\nname = \"統合DB\"", "id = \"togo-db\"")],
        &[
            r#"hub.toml:L:6: system[10].id: "togo-db" is no 業務ID, and has no name (a system of the municipality's own needs name = "…")"#,
        ],
    );
}

#[test]
fn feeds_have_ids_and_folders_of_their_own() {
    let inside = "folder = \"001/001o005-00/v1.0/x\"\nid = \"001o005-v1.1\"";
    check(
        &[("hub.toml", "id = \"001o005-v1.1\"", inside)],
        &[
            "hub.toml:L:10: feed[1].folder: folder 001/001o005-00/v1.0/x is in use by 001o005-v1.0 (give each feed a folder = \"…\" of its own)",
        ],
    );
    let template = include_str!("../init/templates/hub.toml");
    let first = 1 + template.lines().position(|line| line == "id = \"001o005-v1.0\"").unwrap();
    check(
        &[
            ("jobs/nightly.toml", "\"001o005-v1.1\", ", ""),
            ("hub.toml", "id = \"001o005-v1.1\"", "id = \"001o005-v1.0\""),
        ],
        &[&format!("hub.toml:L:6: feed[1].id: feed 001o005-v1.0 is already declared (line {first})")],
    );
    for folder in ["../other", "/srv", ".stage", "a//b", ""] {
        let expected = format!(
            "hub.toml:L:10: feed[4].folder: folder must be plain names with / between, below the root, none \
             starting with a dot, not {folder:?}"
        );
        check(&[("hub.toml", "part_rows = 1000000", &format!("folder = \"{folder}\""))], &[&expected]);
    }
    check(
        &[("hub.toml", "part_rows = 1000000", "part_bytes = 1024")],
        &["hub.toml:L:14: feed[4].part_bytes: must be 65536 to 1099511627776, not 1024"],
    );
}

#[test]
fn paths_stay_in_the_folder_unless_absolute() {
    check(
        &[("hub.toml", "path = \"data/renkei.db\"", "path = \"data/../../renkei.db\"")],
        &[
            "hub.toml:L:8: store.path: leads out of the hub's folder (write an absolute path if it is meant to be elsewhere)",
        ],
    );
    check(
        &[("hub.toml", "path = \"share\"", "path = \"data\"")],
        &[
            "hub.toml:L:8: root.path: the database would stand in the connection folders, where receivers read",
        ],
    );
    check(
        &[("hub.toml", "path = \"share\"", "path = \".\"")],
        &[
            "hub.toml:L:8: root.path: the hub's folder would stand in the connection folders, where receivers read",
        ],
    );
}

#[test]
fn the_key_is_kept_from_others_and_never_repeated() {
    let folder = new_hub();
    let key = folder.path().join("secrets/number.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let expected = "number_key_file: others than its owner may use the key file (mode 640) (chmod 600 secrets/number.key)";
    assert!(problems_of(folder.path()).iter().any(|line| line.ends_with(expected)));
    let secret = "0123456789abcdef".repeat(4);
    check(
        &[(
            "hub.toml",
            "number_key_file = \"secrets/number.key\"",
            &format!("number_key_env = \"{secret}\""),
        )],
        &[
            "hub.toml:L:18: store.number_key_env: must be the name of an environment variable (A-Z, 0-9 and _, such as RENKEI_NUMBER_KEY; never the key itself)",
        ],
    );
}

#[test]
fn stems_and_jobs_are_checked() {
    check(
        &[("hub.toml", "_{sequence:4}", "")],
        &[
            "hub.toml:L:8: naming.stem: name template must be a text with {kind}, {time} and {sequence}, so that \
           names differ, not \"{municipality}_{interface}-{branch}_{kind}_{time}\"",
        ],
    );
    check(
        &[("jobs/nightly.toml", "\"001o005-v1.0\", ", "\"001o005-v1,0\", \"001o005-v2.0\", ")],
        &[
            r#"jobs/nightly.toml:L:12: publish[0]: feed id must be 1 to 40 of a-z, 0-9, - and ., starting with a letter or digit, not "001o005-v1,0""#,
        ],
    );
    check(
        &[("jobs/nightly.toml", "\"001o005-v1.0\", ", "\"001o005-v2.0\", ")],
        &[
            r#"jobs/nightly.toml:L:12: publish[0]: unknown feed "001o005-v2.0" (did you mean "001o005-v1.0"?)"#,
        ],
    );
    check(
        &[("jobs/nightly.toml", "at = \"21:30\"", "at = \"48:30\"")],
        &[
            "jobs/nightly.toml:L:6: schedule.at: time must be 00:00 to 47:59 (24:00 and later are of the next morning), not \"48:30\"",
        ],
    );
}

#[test]
fn schedules_calendars_and_stop_windows_are_checked() {
    let nightly = include_str!("../../../jobs/nightly.toml");
    let days = 1 + nightly.lines().position(|line| line == "days = \"open\"").unwrap();
    let (calendar, catch_up) = (days + 1, days + 2);
    check(
        &[(
            "jobs/nightly.toml",
            "days = \"open\"",
            "days = \"open\"\ncalendar = \"ofice\"\ncatchup = \"all\"",
        )],
        &[
            &format!(
                "jobs/nightly.toml:{calendar}:12: schedule.calendar: no calendar \"ofice\", jobs/calendars/ofice.toml (did you mean \"office\"?)"
            ),
            &format!(
                "jobs/nightly.toml:{catch_up}:1: schedule.catchup: unknown key (did you mean \"catch_up\"?)"
            ),
        ],
    );
    // The calendar is told of in its own file, and not in those that use it.
    check(
        &[("jobs/calendars/office.toml", "holidays = \"holidays\"", "holidays = \"holiday\"")],
        &[
            r#"jobs/calendars/office.toml:L:12: holidays: no file jobs/calendars/holiday.toml of kind "holidays" (did you mean "holidays"?)"#,
        ],
    );
    check(
        &[("hub.toml", "to = \"27:00\"", "to = \"23:00\"\njobs = [\"nightlv\"]")],
        &[
            "hub.toml:L:6: stop[0].to: must be after from, by at most 24 hours (the next morning's hours are 24:00 to 47:59)",
            r#"hub.toml:48:9: stop[0].jobs[0]: unknown job "nightlv" (did you mean "nightly"?)"#,
        ],
    );
    let hub = new_hub();
    let config = Config::load(hub.path()).unwrap();
    assert!(config.jobs[0].schedule.is_some() && config.stop_windows.all().len() == 1);
    assert_eq!(config.calendars.get("office").unwrap().known_through().to_string(), "2040-12-31");
}

#[test]
fn a_hub_without_calendars_needs_none_until_a_job_asks() {
    let hub = new_hub();
    fs::remove_dir_all(hub.path().join("jobs/calendars")).unwrap();
    let expected = "schedule.calendar: no calendar \"office\", jobs/calendars/office.toml";
    assert!(matches!(problems_of(hub.path()).as_slice(), [problem] if problem.ends_with(expected)));
    let job = hub.path().join("jobs/nightly.toml");
    fs::write(&job, fs::read_to_string(&job).unwrap().replace("days = \"open\"", "days = \"all\"")).unwrap();
    assert_eq!(problems_of(hub.path()), [""; 0]);
}

#[test]
fn all_files_are_checked_even_when_the_first_is_no_toml() {
    check(
        &[
            ("layouts/001o006-1.1.toml", "valid_from = 2026-04-01", "valid_from = 2026-02-30"),
            ("jobs/nightly.toml", "content = \"diff\"", "content = \"dif\""),
            ("hub.toml", "municipality = \"082201\"", "municipality = 082201"),
        ],
        &[
            "hub.toml:6:16: not TOML: unexpected leading zero",
            r#"jobs/nightly.toml:5:11: content: unknown word "dif" (did you mean "diff"?)"#,
            "layouts/001o006-1.1.toml:11:14: not TOML: invalid date, expected day between 01 and 28",
        ],
    );
}

#[test]
fn a_folder_without_hub_toml_is_no_hub() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Config::load(folder.path()), Err(ConfigError::NotFound { .. })));
    let hub = new_hub();
    assert_eq!(find_folder(&hub.path().join("layouts/degrade")).as_deref(), Some(hub.path()));
}

#[test]
fn guard_bounds_come_from_the_feed_then_the_hub_then_the_default() {
    use renkei_core::guard::{GuardBounds, Percent};
    let folder = new_hub();
    let path = folder.path().join("hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    let guard_of = |text: &str, feed: &str| {
        fs::write(&path, text).unwrap();
        Config::load(folder.path()).unwrap().feed(feed).unwrap().guard
    };
    assert_eq!(guard_of(&text, "001o005-v1.1"), GuardBounds::default(), "the template shows the defaults");
    let text = text.replacen("max_share = 5", "max_share = 3", 1).replacen("factor = 10", "factor = 7", 1);
    let own = "encoding = \"utf-8-bom\"\n[feed.guard]\nmax_deleted_rows = 9\nlearned = false\nmax_growth = \"none\"";
    let text = text.replacen("encoding = \"utf-8-bom\"", own, 1);
    let (hub, feed) = (guard_of(&text, "001o005-v1.0"), guard_of(&text, "001o005-v1.1"));
    assert_eq!((hub.diff.max_share, hub.diff.learned.unwrap().factor), (Some(Percent(3)), 7));
    assert_eq!((feed.diff.max_share, feed.diff.max_deleted_rows), (Some(Percent(3)), Some(9)));
    assert_eq!((feed.diff.learned, feed.full.max_growth), (None, None));
}

#[test]
fn wrong_guard_bounds_are_reported() {
    check(
        &[("hub.toml", "max_share = 5", "max_share = 0")],
        &["hub.toml:L:13: guard.max_share: must be 1 to 100, not 0"],
    );
    check(
        &[("hub.toml", "max_shrink = 5", "max_shrink = \"nothing\"")],
        &[r#"hub.toml:L:14: guard.max_shrink: unknown word "nothing" (one of "none")"#],
    );
    check(
        &[("hub.toml", "min_rows = 100", "minrows = 100")],
        &[r#"hub.toml:L:1: guard.minrows: unknown key (did you mean "min_rows"?)"#],
    );
}

#[test]
fn intakes_are_of_declared_systems_and_known_layouts() {
    check(
        &[("hub.toml", "from = \"023\"", "from = \"032\"")],
        &[r#"hub.toml:L:8: intake[0].from: no system 032 is declared (did you mean "023"?)"#],
    );
    check(
        &[("hub.toml", "layout = \"023z001-1.0\" }]", "layout = \"023z001-1.1\" }]")],
        &[
            r#"hub.toml:L:22: intake[0].accept[0].layout: unknown layout "023z001-1.1" (did you mean "023z001-1.0"?)"#,
        ],
    );
    let accept = "accept = [{ layout = \"023z001-1.0\" }]";
    check(
        &[("hub.toml", accept, "accept = [{ layout = \"023z001-1.0\" }, { layout = \"024z001-1.0\" }]")],
        &["hub.toml:L:10: intake[0].accept: the versions accepted must be of one interface and branch"],
    );
    let table = "a table's name is of a-z, 0-9 and _, begins with a letter and not with intake_, at most 40";
    for name in ["Kaigo", "intake_x", "1", ""] {
        let written = format!("table = \"{name}\"\n{accept}");
        check(&[("hub.toml", accept, &written)], &[&format!("hub.toml:L:9: intake[0].table: {table}")]);
    }
}

#[test]
fn a_mapping_leads_to_what_is_accepted_and_proves_no_state() {
    let accept = "accept = [{ layout = \"023z001-1.0\" }]";
    let moves = "accept = [{ layout = \"001z010-1.0\" }]\nuse = \"moves\"\nfolders = [\"023/inbox/x\"]";
    let declared = |accept: &str, mapping: &str| format!("mapping = \"{mapping}\"\n{accept}");
    check(&[("hub.toml", accept, &declared(moves, "legacy-moves"))], &[]);
    check(
        &[("hub.toml", accept, &declared(moves, "legacy-move"))],
        &[
            r#"hub.toml:L:11: intake[0].mapping: unknown mapping "legacy-move" (did you mean "legacy-moves"?)"#,
        ],
    );
    check(
        &[("hub.toml", accept, &declared(accept, "legacy-moves"))],
        &[
            "hub.toml:L:11: intake[0].mapping: the mapping leads to 001z010 1.0, which is not all that is accepted here \
           (accept = [{ layout = \"…\" }] with that one)",
        ],
    );
    check(
        &[("hub.toml", accept, &format!("needs_proof = true\n{}", declared(moves, "legacy-moves")))],
        &[
            "hub.toml:L:15: intake[0].needs_proof: a sender whose files are turned over by a mapping cannot prove a state \
           (leave needs_proof out: the state is that of the rows after turning over)",
        ],
    );
    // One that has problems of its own is told of once.
    check(
        &[
            ("hub.toml", accept, &declared(moves, "legacy-moves")),
            ("layouts/mappings/legacy-moves.toml", "to = \"jusho_banchigo\"", "to = \"jusho_banchi\""),
        ],
        &[
            "layouts/mappings/legacy-moves.toml:L:6: column[15].to: the layout has no column \"jusho_banchi\" (did you \
             mean \"jusho_banchigo\"?)",
        ],
    );
}

#[test]
fn what_goes_into_the_registry_has_its_shape() {
    let moves = |layout: &str, word: &str| {
        format!("accept = [{{ layout = \"{layout}\" }}]\nuse = \"{word}\"\nfolders = [\"023/inbox/x\"]")
    };
    let accept = "accept = [{ layout = \"023z001-1.0\" }]";
    check(&[("hub.toml", accept, &moves("001z010-1.0", "moves"))], &[]);
    check(
        &[("hub.toml", accept, &moves("023z001-1.0", "moves"))],
        &[
            "hub.toml:L:10: intake[0].accept: layout 023z001 1.0 cannot be taken in so: a file of moves has no column \
           shikibetsu_id",
        ],
    );
    check(&[("hub.toml", accept, &moves("001z021-1.0", "oss-move-out"))], &[]);
    check(&[("hub.toml", accept, &moves("001z020-1.0", "cs-move-in"))], &[]);
    check(
        &[
            (
                "layouts/001z020-1.0.toml",
                "{ field = \"nenkin_kbn\"",
                "{ field = \"memo\", header = \"メモ\", type = \"text\", max = 9 },\n{ field = \"nenkin_kbn\"",
            ),
            ("hub.toml", accept, &moves("001z020-1.0", "cs-move-in")),
        ],
        &[
            "hub.toml:L:10: intake[0].accept: layout 001z020 1.0 cannot be taken in so: a file of transfer cases has no \
           column memo",
        ],
    );
    check(
        &[("hub.toml", accept, &moves("001z020-1.0", "oss-move-out"))],
        &[
            "hub.toml:L:10: intake[0].accept: layout 001z020 1.0 cannot be taken in so: it is of interface 001z020, not \
           001z021",
        ],
    );
}

#[test]
fn intakes_have_folders_and_jobs_of_their_own() {
    let second = |id: &str, more: &str| {
        format!(
            "accept = [{{ layout = \"023z001-1.0\" }}]\n[[intake]]\nid = \"{id}\"\nfrom = \"023\"\n{more}accept = \
             [{{ layout = \"023z001-1.0\" }}]"
        )
    };
    let accept = "accept = [{ layout = \"023z001-1.0\" }]";
    let template = include_str!("../init/templates/hub.toml");
    let line_no = 1 + template.lines().position(|line| line == accept).unwrap() + 4;
    check(
        &[("hub.toml", accept, &second("kaigo-2", "folders = [\"001/001o005-00\"]\n"))],
        &[&format!(
            "hub.toml:{line_no}:11: intake[1].folders: folder 001/001o005-00 is in use by feed 001o005-v1.0 (give \
             each intake folders = [\"…\"] of its own)"
        )],
    );
    check(
        &[("jobs/receive.toml", "work = \"receive\"", "intakes = [\"kaigoo\"]\nwork = \"receive\"")],
        &[r#"jobs/receive.toml:L:12: intakes[0]: unknown intake "kaigoo" (did you mean "kaigo"?)"#],
    );
    check(
        &[("jobs/retention.toml", "work = \"retention\"", "work = \"receive\"")],
        &[
            "jobs/retention.toml:1:1: intake kaigo is taken in by job receive too; give each job intakes of its own",
        ],
    );
}
