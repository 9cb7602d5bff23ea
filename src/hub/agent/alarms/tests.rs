//! What an agent tells its people, with a real program that is told.

use std::cell::Cell;
use std::fs;

use renkei_core::declared::Problems;
use tempfile::TempDir;

use super::*;
use crate::agent::config;

/// An agent whose people are told through a script, and its clock.
struct Agent {
    folder: TempDir,
    alarms: Alarms,
    now: Cell<i64>,
}

impl Agent {
    fn new(per_hour: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let said = folder.path().join("said").display().to_string();
        let code = folder.path().join("code").display().to_string();
        let script =
            format!("printf '%s %s %s\\n' \"$@\" >> '{said}'\nexit $(cat '{code}' 2>/dev/null || echo 0)\n");
        fs::write(folder.path().join("hook.sh"), script).unwrap();
        let hook = folder.path().join("hook.sh").display().to_string();
        let text = format!(
            "municipality = \"082201\"\nreceiver = \"015\"\nshare = \"share\"\nreceipts = \"none\"\n\
             [target]\nsqlite = \"receive.db\"\n\
             [alert]\nper_hour = {per_hour}\n\
             [alert.command]\nprogram = \"/bin/sh\"\nargs = [\"{hook}\", \"{{kind}}\", \"{{intake}}\", \"{{news}}\"]\n\
             [[intake]]\nid = \"jumin\"\nfrom = \"001\"\nfolders = [\"001/a\"]\naccept = [{{ layout = \"001o005-1.0\" }}]\n\
             [[intake]]\nid = \"zei\"\nfrom = \"001\"\nfolders = [\"001/b\"]\naccept = [{{ layout = \"001o006-1.0\" }}]\n"
        );
        let problems = Problems::new();
        let config = config::read("receive.toml", &text, folder.path(), &problems);
        assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
        let alarms = Alarms::of(&config.unwrap());
        Self { folder, alarms, now: Cell::new(0) }
    }

    /// A look of one intake so many seconds after the one before, and what people were told.
    fn look(&self, seconds: i64, intake: &str, found: Found) -> Vec<String> {
        self.now.set(self.now.get() + seconds);
        let found = vec![(intake.parse().unwrap(), found)];
        self.alarms.tell(found, &|| at(self.now.get()));
        self.told()
    }

    /// What the script was told since it was asked last.
    fn told(&self) -> Vec<String> {
        let path = self.folder.path().join("said");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }

    fn fails_with(&self, code: &str) {
        fs::write(self.folder.path().join("code"), code).unwrap();
    }
}

fn at(seconds: i64) -> Moment {
    Moment::from_unix(1_790_872_200 + seconds).unwrap()
}

fn held(intake: &str) -> Found {
    let matter = Matter::SetHeld { intake: Word::of(intake), n_sets: 1 };
    Found::Standing(vec![Alert::new(matter, at(0))])
}

fn nothing() -> Found {
    Found::Standing(Vec::new())
}

fn failed(class: Class) -> Found {
    Found::Failed { code: "store.unreachable", class, nothing_came: None }
}

#[test]
fn a_condition_is_told_when_it_begins_and_when_it_is_over() {
    let agent = Agent::new(20);
    assert_eq!(agent.look(0, "jumin", held("jumin")), ["set-held jumin opened"]);
    assert_eq!(agent.look(60, "jumin", held("jumin")), [""; 0]);
    assert_eq!(agent.look(60, "zei", nothing()), [""; 0], "of another intake");
    assert_eq!(agent.alarms.open().len(), 1);
    assert_eq!(agent.look(60, "jumin", nothing()), ["set-held jumin cleared"]);
    assert_eq!(agent.look(60, "jumin", nothing()), [""; 0]);
    assert_eq!(agent.alarms.open(), []);
}

#[test]
fn what_is_graver_than_it_was_is_told_once_more() {
    let agent = Agent::new(20);
    let nothing_came = |n_dates| {
        let matter = Matter::NothingCame { intake: Word::of("jumin"), expected_by: at(0), n_dates };
        Found::Standing(vec![Alert::new(matter, at(0))])
    };
    assert_eq!(agent.look(0, "jumin", nothing_came(1)), ["nothing-came jumin opened"]);
    assert_eq!(agent.look(1, "jumin", nothing_came(2)), ["nothing-came jumin worsened"]);
    assert_eq!(agent.look(1, "jumin", nothing_came(3)), [""; 0]);
    assert_eq!(agent.look(1, "jumin", nothing()), ["nothing-came jumin cleared"]);
}

#[test]
fn a_fault_that_passes_is_told_only_when_it_lasts() {
    let agent = Agent::new(20);
    assert_eq!(agent.look(0, "jumin", failed(Class::Retry)), [""; 0]);
    assert_eq!(agent.look(299, "jumin", failed(Class::Retry)), [""; 0]);
    assert_eq!(agent.look(1, "jumin", failed(Class::Retry)), ["receiving-failed jumin opened"]);
    assert_eq!(agent.look(1, "jumin", failed(Class::Retry)), [""; 0]);
    assert_eq!(agent.look(1, "jumin", nothing()), ["receiving-failed jumin cleared"]);
    assert_eq!(agent.look(1, "jumin", failed(Class::Retry)), [""; 0], "it begins anew");
    assert_eq!(agent.look(1, "jumin", failed(Class::Operator)), ["receiving-failed jumin opened"]);
}

#[test]
fn what_was_known_before_a_fault_stays_open_beside_it() {
    let agent = Agent::new(20);
    agent.look(0, "jumin", held("jumin"));
    assert_eq!(agent.look(1, "jumin", failed(Class::Operator)), ["receiving-failed jumin opened"]);
    assert_eq!(agent.look(1, "jumin", held("jumin")), ["receiving-failed jumin cleared"]);
    assert_eq!(agent.alarms.open().len(), 1);
}

#[test]
fn a_clock_that_is_set_back_mutes_no_fault_that_lasts() {
    let agent = Agent::new(20);
    assert_eq!(agent.look(0, "jumin", failed(Class::Retry)), [""; 0]);
    let a_year = 365 * 24 * 3600;
    assert_eq!(agent.look(-a_year, "jumin", failed(Class::Retry)), [""; 0]);
    assert_eq!(agent.look(300, "jumin", failed(Class::Retry)), ["receiving-failed jumin opened"]);
}

#[test]
fn a_set_that_does_not_come_is_told_beside_what_is_known() {
    let agent = Agent::new(20);
    let lacking = |mut found: Found| {
        let failure = Failure::from(HubError::NoAlertChannel);
        found.lacks_a_set(&"jumin".parse().unwrap(), &failure, at(0));
        found
    };
    assert_eq!(
        agent.look(0, "jumin", lacking(held("jumin"))),
        ["set-held jumin opened", "receiving-failed jumin opened"]
    );
    assert_eq!(agent.look(1, "jumin", lacking(nothing())), ["set-held jumin cleared"]);
    assert_eq!(agent.look(1, "jumin", nothing()), ["receiving-failed jumin cleared"]);
}

#[test]
fn an_agent_that_cannot_be_opened_tells_of_every_intake() {
    let agent = Agent::new(20);
    let failure = Failure::from(HubError::NoAlertChannel);
    agent.alarms.tell_failed(&failure, &|| at(0));
    assert_eq!(agent.told(), ["receiving-failed jumin opened", "receiving-failed zei opened"]);
}

#[test]
fn what_could_not_be_told_is_told_later() {
    let agent = Agent::new(20);
    agent.fails_with("1");
    assert_eq!(agent.look(0, "jumin", held("jumin")).len(), 1);
    assert_eq!(agent.look(1, "jumin", held("jumin")), [""; 0], "not again at once");
    agent.fails_with("0");
    assert_eq!(agent.look(3600, "jumin", held("jumin")), ["set-held jumin opened"]);
    assert_eq!(agent.look(3600, "jumin", held("jumin")), [""; 0]);
}

#[test]
fn what_flaps_is_summed_up() {
    let agent = Agent::new(2);
    let mut told = Vec::new();
    for _ in 0..10 {
        told.extend(agent.look(10, "jumin", held("jumin")));
        told.extend(agent.look(10, "jumin", nothing()));
    }
    assert_eq!(told, ["set-held jumin opened", "set-held jumin cleared"]);
    let rest = agent.look(3600, "jumin", nothing());
    assert_eq!(rest, ["set-held jumin opened", "summary  opened"], "the other 18");
    assert_eq!(agent.look(3600, "jumin", nothing()), [""; 0]);
}

#[test]
fn a_file_that_cannot_be_read_tells_again_what_stands() {
    let agent = Agent::new(20);
    agent.look(0, "jumin", held("jumin"));
    fs::write(agent.folder.path().join("data/alerts/alerts.json"), "{\"open\": [").unwrap();
    assert_eq!(agent.look(1, "jumin", held("jumin")), ["set-held jumin opened"]);
}
