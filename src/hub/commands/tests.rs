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

struct Ended {
    exit: Exit,
    out: String,
    err: String,
}

/// Calls a command; words of `line` are split at spaces, `DIR` stands for `dir`.
fn call(lang: Lang, dir: &Path, line: &str) -> Ended {
    let word = |word: &str| if word == "DIR" { dir.into() } else { OsString::from(word) };
    let cli = cli::parse(line.split(' ').map(word), lang).unwrap();
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
    assert_eq!(checked.err, "不備はありません（系列 5、レイアウト 5、ジョブ 2）。\n");
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
