//! Commands as they are called: what they print where, and what they end with.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::console::{Console, Lang};
use crate::{Exit, Session, cli};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) out: String,
    pub(super) err: String,
}

/// Calls a command; words of `line` are split at spaces, `DIR` stands for `dir`.
pub(super) fn call(lang: Lang, dir: &Path, line: &str) -> Ended {
    let word = |word: &str| if word == "DIR" { dir.into() } else { OsString::from(word) };
    call_words(lang, line.split(' ').map(word))
}

/// Calls a command with these words.
pub(super) fn call_words(lang: Lang, words: impl IntoIterator<Item = OsString>) -> Ended {
    let cli = cli::parse(words, lang).unwrap();
    let (out, err) = (Buffer::default(), Buffer::default());
    let console = Console::on(lang, Box::new(out.clone()), Box::new(err.clone()));
    let session = Session::new(console.with_json(cli.globals.json), cli.globals);
    let exit = cli.command.run(&session).unwrap_or_else(|failure| {
        session.console().failure(&failure);
        failure.exit()
    });
    Ended { exit, out: out.text(), err: err.text() }
}

#[test]
fn a_new_hub_checks_and_shows_without_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let hub = folder.path().join("hub");
    assert_eq!(call(Lang::Ja, &hub, "renkei init DIR").exit, Exit::Ok);
    assert_eq!(call(Lang::Ja, &hub, "renkei init DIR").exit, Exit::Operator);
    let checked = call(Lang::Ja, &hub, "renkei --hub DIR check");
    assert_eq!((checked.exit, checked.out.as_str()), (Exit::Ok, ""));
    assert_eq!(checked.err, "不備はありません（系列 5、レイアウト 14、ジョブ 5）。\n");
    let key = fs::read_to_string(hub.join("secrets/number.key")).unwrap();
    for line in ["renkei --hub DIR config show", "renkei --hub DIR config show --json"] {
        let shown = call(Lang::Ja, &hub, line);
        assert_eq!(shown.exit, Exit::Ok);
        assert!(!shown.out.contains(key.trim()) && shown.out.contains("secrets/number.key"));
    }
    let shown: Value =
        serde_json::from_str(&call(Lang::En, &hub, "renkei --hub DIR config show --json").out).unwrap();
    assert_eq!(shown["feeds"][3]["encoding"], "cp932");
    assert_eq!(shown["feeds"][3]["degrade"], "cp932");
    assert_eq!(shown["feeds"][4]["columns"].as_array().unwrap().len(), 160);
}

#[test]
fn problems_are_data_and_end_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let hub = folder.path().join("hub");
    call(Lang::En, &hub, "renkei init DIR");
    let job = hub.join("jobs/nightly.toml");
    fs::write(&job, fs::read_to_string(&job).unwrap().replace("\"diff\"", "\"dif\"")).unwrap();
    let expected = r#"jobs/nightly.toml:5:11: content: unknown word "dif" (did you mean "diff"?)"#;
    let checked = call(Lang::En, &hub, "renkei --hub DIR check");
    assert_eq!((checked.exit, checked.out), (Exit::Issues, format!("{expected}\n")));
    let json: Value =
        serde_json::from_str(&call(Lang::En, &hub, "renkei --hub DIR check --json").out).unwrap();
    assert_eq!(json["problems"][0]["line"], 5);
    let shown = call(Lang::En, &hub, "renkei --hub DIR config show");
    assert_eq!((shown.exit, shown.out.as_str()), (Exit::Operator, ""));
    assert!(
        shown.err.starts_with("error[config.invalid]: ") && shown.err.contains(expected),
        "{}",
        shown.err
    );
}

#[test]
fn explanations_are_in_the_language_asked_for() {
    let here = Path::new(".");
    assert!(call(Lang::Ja, here, "renkei explain store.busy").out.contains("\n対処:\n"));
    assert!(call(Lang::En, here, "renkei explain store.busy").out.contains("\nwhat to do:\n"));
    assert!(call(Lang::En, here, "renkei explain exit-codes").out.contains("try again"));
    let unknown = call(Lang::En, here, "renkei explain store.bussy");
    assert_eq!(unknown.exit, Exit::Usage);
    assert!(unknown.err.contains("did you mean \"store.busy\"?"));
}

#[test]
fn completions_and_manual_name_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let script = call(Lang::En, folder.path(), "renkei completions bash").out;
    assert!(script.contains("explain") && script.contains("--operator"));
    assert_eq!(call(Lang::En, folder.path(), "renkei man DIR").exit, Exit::Ok);
    for page in ["renkei.1", "renkei-check.1", "renkei-config-show.1"] {
        assert!(fs::read_to_string(folder.path().join(page)).unwrap().contains(".TH"), "{page}");
    }
}

#[test]
fn schedule_says_what_runs_and_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let hub = folder.path().join("hub");
    call(Lang::En, &hub, "renkei init DIR");
    fs::remove_file(hub.join("jobs/retention.toml")).unwrap();
    let write = |file: &str, change: &dyn Fn(String) -> String| {
        let path = hub.join(file);
        fs::write(&path, change(fs::read_to_string(hub.join("jobs/nightly.toml")).unwrap())).unwrap();
    };
    write("jobs/idle.toml", &|text| text.replace("enabled = true", "enabled = false"));
    write("jobs/unplanned.toml", &|text| text.split("[schedule]").next().unwrap().to_owned());
    write("jobs/monthly.toml", &|text| {
        text.replace("at = \"21:30\"", "at = \"25:30\"")
            .replace("days = \"open\"", "days = \"day 1 of month\"\nshift = \"after\"")
    });
    let hub_toml = fs::read_to_string(hub.join("hub.toml")).unwrap();
    fs::write(hub.join("hub.toml"), hub_toml.replace("enabled = false", "enabled = true")).unwrap();
    let shown = |lang, line: &str| {
        let ended = call(lang, &hub, &format!("renkei --hub DIR schedule {line}"));
        assert_eq!(ended.exit, Exit::Ok, "{}", ended.err);
        ended.out
    };
    // How columns align is the table's own test.
    let words: Vec<Vec<String>> = shown(Lang::En, "--on 2027-01-04")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('-'))
        .map(|line| {
            line.split("  ").map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        })
        .collect();
    let note =
        "waits until 2027-01-05 (Tue) 03:00 (stop window \"保守時間\"); for 2027-01-01, by the calendar";
    let expected: [&[&str]; 9] = [
        &["planned", "business date", "job", "name", "note"],
        &["2027-01-04 (Mon) 21:30", "2027-01-04", "nightly", "夜間差分"],
        &["2027-01-05 (Tue) 01:30", "2027-01-04", "monthly", "夜間差分", note],
        &["job that will not run", "name", "reason"],
        &["idle", "夜間差分", "disabled (enabled = false)"],
        &["mend", "受け手の修復", "disabled (enabled = false)"],
        &["receive", "取込", "no [schedule]; it runs when something was handed in"],
        &["reconcile", "整合性確認", "disabled (enabled = false)"],
        &["unplanned", "夜間差分", "no [schedule]; it runs by `renkei run` only"],
    ];
    assert_eq!(words, expected);
    let new_year = shown(Lang::Ja, "--on 2027-01-01");
    assert!(new_year.contains("閉庁（元日）のため 2027-01-04 に移した"), "{new_year}");
    assert!(new_year.contains("閉庁（元日）のため実行しない"), "{new_year}");
    assert!(
        shown(Lang::En, "monthly --on 2041-05-01")
            .contains("the calendar knows 2019-01-01 to 2040-12-31 only")
    );
    let json: Value = serde_json::from_str(&shown(Lang::En, "nightly --next 3 --json")).unwrap();
    assert_eq!(json["slots"].as_array().unwrap().len(), 3);
    assert_eq!(json["slots"][0]["job"], "nightly");
    let json: Value = serde_json::from_str(&shown(Lang::En, "--on 2027-01-04 --json")).unwrap();
    assert_eq!(json["slots"][1]["starts"], "2027-01-05T03:00:00+09:00");
    assert_eq!(json["silent"][0]["code"], "disabled");
    assert_eq!(call(Lang::En, &hub, "renkei --hub DIR schedule nightlv").exit, Exit::Usage);
}
