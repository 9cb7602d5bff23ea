//! A night of twelve jobs by the real daemon, killed at every point there is and at random moments, until all
//! are done: folders and ledger are those of an undisturbed night.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use renkei_engine::{NIGHT_POINTS, POINTS};
use serde_json::{Value, json};

use crate::sandbox::{NOW, Sandbox, files};

/// How many jobs the night has; each publishes a feed of its own.
const N_JOBS: usize = 12;
/// How often the daemon is killed at a random moment, after it was killed at every point.
const N_RANDOM_KILLS: u32 = 12;
/// A night that is not through by then has stopped.
const DEADLINE: Duration = Duration::from_mins(4);
/// In a second, so many go by for the daemon.
const CLOCK_RATE: u64 = 30;

/// A loaded hub, every feed published in full, moves applied, and twelve jobs due within the next minutes.
fn hub() -> Sandbox {
    let sandbox = Sandbox::loaded(60, 24);
    let mut hub = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    hub.push_str("\n[daemon]\nmax_running = 3\ntick = \"1s\"\ngrace = \"5s\"\n\n[resources]\nline = 2\n");
    let layouts = ["001o005-1.0", "001o005-1.1", "001o006-1.0", "001z001-1.0"];
    for (no, layout) in (0..N_JOBS).zip(layouts.iter().cycle()) {
        let feed =
            format!("\n[[feed]]\nid = \"f{no:02}\"\nlayout = \"{layout}\"\nreceivers = [\"togo-db\"]\n");
        hub.push_str(&feed);
        // Some wait for others, some share a line, one has the right of way.
        let terms = match no % 4 {
            0 => String::new(),
            1 => format!("after = [\"j{:02}\"]\n", no - 1),
            2 => "resources = [\"line\"]\n".to_owned(),
            _ => "priority = 90\nresources = [\"line\"]\n".to_owned(),
        };
        let job = format!(
            "name = \"job {no}\"\npublish = [\"f{no:02}\"]\ncontent = \"diff\"\n{terms}\
             retry = {{ tries = 100, first = \"1s\", longest = \"1s\" }}\n\
             [schedule]\nat = \"01:{:02}\"\ndays = \"all\"\ncatch_up = \"latest\"\n",
            31 + no / 3
        );
        std::fs::write(sandbox.path(&format!("hub/jobs/j{no:02}.toml")), job).unwrap();
    }
    std::fs::write(sandbox.path("hub/hub.toml"), hub).unwrap();
    for shipped in ["mend", "nightly", "receive", "reconcile", "retention"] {
        std::fs::remove_file(sandbox.path(&format!("hub/jobs/{shipped}.toml"))).unwrap();
    }
    sandbox.run(&["check"]).expect(0);
    let feeds: Vec<String> = (0..N_JOBS).map(|no| format!("f{no:02}")).collect();
    let feeds: Vec<&str> = feeds.iter().map(String::as_str).collect();
    sandbox.generate(&feeds, &["--full"]).expect(0);
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    sandbox
}

/// The daemon on a clock that starts at [`NOW`] when `anchor` was, and goes fast.
fn daemon(sandbox: &Sandbox, anchor: u64, stop_at: Option<&str>) -> Guarded {
    let mut command = sandbox.command(&["daemon"]);
    command.env_remove("RENKEI_NOW").env("RENKEI_CLOCK", format!("{NOW}@{anchor}*{CLOCK_RATE}"));
    if let Some(point) = stop_at {
        command.env("RENKEI_STOP_AT", point);
    }
    let log = std::fs::OpenOptions::new().create(true).append(true).open(sandbox.path("daemon.log")).unwrap();
    Guarded(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
}

/// A child that does not outlive a test that fails.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The jobs' last runs and their states.
fn standings(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let status = sandbox.run(&["status", "--json"]).json();
    let jobs = status["jobs"].as_array().unwrap();
    jobs.iter()
        .map(|job| {
            let state = job["run"]["state"].as_str().unwrap_or("none");
            (job["job"].as_str().unwrap().to_owned(), state.to_owned())
        })
        .collect()
}

fn is_through(sandbox: &Sandbox) -> bool {
    let standings = standings(sandbox);
    let gone_wrong: Vec<_> = standings.iter().filter(|(_, state)| *state == "failed").collect();
    assert!(gone_wrong.is_empty(), "{gone_wrong:?}\n{}", log(sandbox));
    standings.len() == N_JOBS && standings.values().all(|state| state == "succeeded")
}

fn log(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path("daemon.log")).unwrap_or_default()
}

/// Waits until the daemon is through or has died; true when it died.
fn wait(sandbox: &Sandbox, daemon: &mut Guarded, longest: Duration) -> bool {
    let started = Instant::now();
    let mut looked = Instant::now();
    while started.elapsed() < longest {
        if daemon.0.try_wait().unwrap().is_some() {
            return true;
        }
        if looked.elapsed() > Duration::from_millis(500) {
            looked = Instant::now();
            if is_through(sandbox) {
                return false;
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// Ends the daemon as systemd does; it must say 0.
fn stop(sandbox: &Sandbox, mut daemon: Guarded) {
    let pid = daemon.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = daemon.0.wait().unwrap();
    assert!(status.success(), "{status}\n{}", log(sandbox));
}

/// What a receiver and an auditor find, without ids, names and times, which differ from night to night.
#[derive(Debug, PartialEq, Eq)]
struct Night {
    publications: Vec<Value>,
    slots: Vec<Value>,
    n_runs_done: usize,
    n_stages: usize,
}

impl Night {
    fn of(sandbox: &Sandbox) -> Self {
        let mut publications = Vec::new();
        let published = sandbox.published();
        assert_eq!(files::whole_or_absent(&published, "at the end"), Vec::<String>::new());
        for (path, bytes) in published.iter().filter(|(path, _)| files::ends_with(path, "done")) {
            let mut notice: Value = serde_json::from_slice(bytes).unwrap();
            let object = notice.as_object_mut().unwrap();
            object.remove("created_at");
            for file in object.get_mut("files").unwrap().as_array_mut().unwrap() {
                file.as_object_mut().unwrap().remove("name");
            }
            let folder = path.rsplit_once('/').unwrap().0.to_owned();
            publications.push(json!({ "folder": folder, "notice": notice }));
        }
        publications.sort_by_key(|publication| {
            (publication["folder"].to_string(), publication["notice"]["sequence"].as_u64())
        });
        let status = sandbox.run(&["status", "--json"]).json();
        let jobs = status["jobs"].as_array().unwrap();
        let slots = jobs
            .iter()
            .map(|job| {
                json!([job["job"], job["run"]["planned"], job["run"]["business_date"], job["run"]["state"]])
            })
            .collect();
        let runs = sandbox.run(&["runs", "--json", "--last", "1000"]).expect(0).json();
        let runs = runs.as_array().unwrap();
        let of_job = |run: &&Value| run["job"].is_string();
        assert_eq!(
            runs.iter().filter(of_job).count(),
            N_JOBS,
            "each slot is one run, however often it was tried"
        );
        Self {
            publications,
            slots,
            n_runs_done: runs.iter().filter(of_job).filter(|run| run["state"] == "succeeded").count(),
            n_stages: std::fs::read_dir(sandbox.path("hub/share/.stage")).map_or(0, Iterator::count),
        }
    }
}

fn undisturbed(start: &Sandbox) -> Night {
    let sandbox = start.copy().noted("undisturbed");
    let mut child = daemon(&sandbox, unix_now(), None);
    assert!(!wait(&sandbox, &mut child, DEADLINE), "the daemon died\n{}", log(&sandbox));
    assert!(is_through(&sandbox), "{:?}\n{}", standings(&sandbox), log(&sandbox));
    stop(&sandbox, child);
    Night::of(&sandbox)
}

#[test]
fn killed_again_and_again_the_night_ends_the_same() {
    let start = hub();
    let expected = undisturbed(&start);
    assert_eq!(expected.n_runs_done, N_JOBS);
    let sandbox = start.copy().noted("disturbed");
    let (anchor, started) = (unix_now(), Instant::now());
    let points = NIGHT_POINTS
        .into_iter()
        .chain(POINTS)
        .filter(|point| ["night.", "publish.", "recover."].iter().any(|start| point.starts_with(start)))
        // Nothing is held in this night.
        .filter(|point| *point != "publish.held");
    let mut n_kills = 0;
    for point in points {
        let mut child = daemon(&sandbox, anchor, Some(point));
        // What is reached only after a kill elsewhere may not come; the next point has its turn then.
        n_kills += u32::from(wait(&sandbox, &mut child, Duration::from_secs(4)));
        let _ = child.0.kill();
        child.0.wait().unwrap();
        files::whole_or_absent(&sandbox.published(), point);
        assert!(started.elapsed() < DEADLINE, "{:?}\n{}", standings(&sandbox), log(&sandbox));
    }
    assert!(n_kills >= 10, "only {n_kills} points were reached\n{}", log(&sandbox));
    let mut spread = 1_u64;
    for _ in 0..N_RANDOM_KILLS {
        let mut child = daemon(&sandbox, anchor, None);
        spread = spread.wrapping_add(0x9e37_79b9_7f4a_7c15);
        wait(&sandbox, &mut child, Duration::from_millis(100 + (spread >> 54)));
        child.0.kill().unwrap();
        child.0.wait().unwrap();
        files::whole_or_absent(&sandbox.published(), "a random moment");
    }
    let mut child = daemon(&sandbox, anchor, None);
    assert!(!wait(&sandbox, &mut child, DEADLINE), "the daemon died\n{}", log(&sandbox));
    assert!(is_through(&sandbox), "{:?}\n{}", standings(&sandbox), log(&sandbox));
    stop(&sandbox, child);
    assert_eq!(Night::of(&sandbox), expected, "{}", log(&sandbox));
}
