//! Thirty days over New Year, in seconds: the scheduler's use cases on a real database and real folders under
//! a clock of the test's, compared with a board kept in `fixtures/nights/`.
//!
//! `RENKEI_BLESS=1` writes the board anew.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{Days, NaiveDate, TimeDelta};
use renkei_core::Moment;
use renkei_core::dispatch::Decision;
use renkei_core::feed::Feed;
use renkei_core::port::{RunState, SlotVerdict, Store as _};
use renkei_core::retention::Rules;
use renkei_engine::night::{
    NightPlan, NoIntakes, Outcome, account_slots, begin, conclude, queue, rescue, work,
};
use renkei_engine::{Clock, Content, House, Unwatched, generate, load_residents};
use renkei_folder::LocalFolders;
use renkei_hub::config::Config;
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

use crate::sandbox::{MUNICIPALITY, Sandbox};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/nights/new_year.txt");

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Moment {
        Moment::from_unix(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

fn at(text: &str) -> Moment {
    Moment::parse(&format!("{text}:00+09:00")).unwrap()
}

fn unix(moment: Moment) -> i64 {
    moment.local().and_utc().timestamp() - 9 * 3600
}

/// The jobs of an ordinary office.
const JOBS: [(&str, &str); 6] = [
    (
        "nightly",
        "name = \"夜間差分\"\npublish = [\"001o005-v1.0\"]\ncontent = \"diff\"\n[schedule]\nat = \"21:30\"\ndays = \"open\"\n",
    ),
    (
        "late",
        "name = \"深夜差分\"\npublish = [\"001o005-v1.1\"]\ncontent = \"diff\"\nafter = [\"nightly\"]\n[schedule]\nat = \"25:30\"\ndays = \"all\"\ncatch_up = \"all\"\n",
    ),
    (
        "monthly",
        "name = \"月次全件\"\npublish = [\"001o006-v1.0\"]\ncontent = \"full\"\n[schedule]\nat = \"06:00\"\ndays = \"first open day of month\"\n",
    ),
    (
        "yearly",
        "name = \"年始全件\"\npublish = [\"001z001-v1.0\"]\ncontent = \"full\"\n[schedule]\nat = \"05:00\"\ndays = \"01-01\"\nshift = \"after\"\n",
    ),
    (
        "weekly",
        "name = \"週次全件\"\npublish = [\"001o006-v1.1\"]\ncontent = \"full\"\n[schedule]\ncron = \"0 23 * * mon\"\nshift = \"before\"\ncatch_up = \"none\"\n",
    ),
    ("desk", "name = \"随時\"\npublish = [\"001o006-v1.1\"]\ncontent = \"full\"\n"),
];

struct Office {
    store: SqliteStore,
    folders: LocalFolders,
    feeds: Vec<Feed>,
    plan: NightPlan,
    retention: Rules,
    clock: TestClock,
    sandbox: Sandbox,
}

impl Office {
    fn open() -> Self {
        let sandbox = Sandbox::new().init().town(40, 10);
        for shipped in ["nightly", "retention"] {
            std::fs::remove_file(sandbox.path(&format!("hub/jobs/{shipped}.toml"))).unwrap();
        }
        for (id, text) in JOBS {
            std::fs::write(sandbox.path(&format!("hub/jobs/{id}.toml")), text).unwrap();
        }
        let config = Config::load(&sandbox.path("hub")).unwrap_or_else(|error| panic!("{error:?}"));
        let options = OpenOptions {
            wait: Duration::from_secs(5),
            key: NumberKey::from_file(&sandbox.path("hub/secrets/number.key")).unwrap(),
            municipality: MUNICIPALITY.parse().unwrap(),
            create: true,
        };
        let office = Self {
            store: SqliteStore::open(&config.store.path, options).unwrap(),
            folders: LocalFolders::open(&config.root).unwrap(),
            feeds: config.feeds.iter().map(|declared| declared.feed.clone()).collect(),
            plan: config.night_plan(),
            retention: config.retention,
            clock: TestClock(AtomicI64::new(unix(at("2026-12-20T12:00")))),
            sandbox,
        };
        let residents = std::fs::File::open(office.sandbox.path("town/residents.csv")).unwrap();
        load_residents(office.house(), "residents.csv", residents, 0).unwrap_or_else(|_| panic!("load"));
        for feed in &office.feeds {
            generate(office.house(), feed, Content::Full, office.clock.now().date()).unwrap();
        }
        office
    }

    fn house(&self) -> House<'_> {
        House {
            store: &self.store,
            folders: &self.folders,
            municipality: MUNICIPALITY.parse().unwrap(),
            clock: &self.clock,
            witness: &Unwatched,
            operator: "scheduler",
            reason: "",
            parent: None,
            retention: &self.retention,
        }
    }

    /// One look of the scheduler, and all work that it starts.
    fn look(&self) {
        let house = self.house();
        account_slots(house, &self.plan).unwrap();
        rescue(house, &self.plan, 0).unwrap();
        loop {
            let waiting =
                queue(self.store.snapshot().unwrap().as_ref(), &self.plan, self.clock.now()).unwrap();
            let mut starting = waiting.into_iter().filter(|queued| queued.decision == Decision::Start);
            let Some(next) = starting.next() else { return };
            let run = begin(house, &next.run).unwrap();
            let outcome = work(house, &self.feeds, &NoIntakes, &run);
            assert!(matches!(outcome, Outcome::Done), "{outcome:?}");
            self.clock.0.fetch_add(90, Ordering::Relaxed);
            conclude(house, &run, &outcome, &self.plan.jobs[0].retry, 0).unwrap();
        }
    }

    /// Lets the scheduler be up until then: it looks when a slot comes.
    fn be_up_until(&self, end: Moment) {
        self.look();
        loop {
            let now = self.clock.now();
            let timings = self.plan.jobs.iter().filter_map(|job| job.timing.as_ref());
            let next =
                timings.flat_map(|timing| timing.schedule.next_after(now, 1)).map(|due| due.planned).min();
            match next.filter(|next| *next < end) {
                Some(next) => self.set_clock(next.plus(TimeDelta::seconds(7))),
                None => break,
            }
            self.look();
        }
        self.set_clock(end);
    }

    fn set_clock(&self, moment: Moment) {
        self.clock.0.store(unix(moment), Ordering::Relaxed);
    }

    /// Every day, what was planned and what became of it.
    fn board(&self, from: NaiveDate, through: NaiveDate) -> String {
        let mut text = String::new();
        let snapshot = self.store.snapshot().unwrap();
        for day in from.iter_days().take_while(|day| *day <= through) {
            writeln!(text, "{}", day.format("%Y-%m-%d %a")).unwrap();
            for job in &self.plan.jobs {
                let slots = snapshot.slots_for(day, day).unwrap();
                for slot in slots.iter().filter(|slot| slot.job == job.id) {
                    let planned = slot.planned.local().format("%m-%d %H:%M");
                    let became = match (slot.verdict, &slot.run_id) {
                        (SlotVerdict::Skipped, _) => format!("skipped: {}", slot.reason),
                        (verdict, Some(run_id)) => {
                            let run = snapshot.run(run_id).unwrap().unwrap();
                            let started = run.started_at.unwrap_or_default();
                            let started = started.get(5..16).unwrap_or("never").replace('T', " ");
                            format!("{} {} started {started}", verdict.as_str(), run.state.as_str())
                        }
                        (verdict, None) => verdict.as_str().to_owned(),
                    };
                    writeln!(text, "  {:8} {planned}  {became}", job.id.to_string()).unwrap();
                }
                let why = job.timing.as_ref().map(|timing| timing.schedule.on(day));
                if let Some(renkei_core::schedule::DayPlan::Nothing(why)) = why {
                    writeln!(text, "  {:8} -            {why}", job.id.to_string()).unwrap();
                }
            }
        }
        text
    }
}

#[test]
fn thirty_days_over_new_year() {
    let office = Office::open();
    office.be_up_until(at("2027-01-05T20:00"));
    // The machine is off for two and a half days.
    office.set_clock(at("2027-01-08T09:00"));
    office.be_up_until(at("2027-01-12T12:00"));
    // The clock is set back by a day and a half, and by somebody right again.
    office.set_clock(at("2027-01-11T00:00"));
    office.be_up_until(at("2027-01-13T00:00"));
    // And once far ahead and back.
    office.set_clock(at("2027-01-14T12:00"));
    office.look();
    office.set_clock(at("2027-01-13T00:05"));
    office.be_up_until(at("2027-01-19T12:00"));

    let from: NaiveDate = "2026-12-20".parse().unwrap();
    let board = office.board(from, from + Days::new(29));
    if std::env::var_os("RENKEI_BLESS").is_some() {
        std::fs::write(GOLDEN, &board).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(board == golden, "the board differs from {GOLDEN}:\n{board}");
}

#[test]
fn a_pause_of_a_clock_that_was_ahead_holds_nothing_back() {
    let office = Office::open();
    account_slots(office.house(), &office.plan).unwrap();
    office.set_clock(at("2026-12-21T21:31"));
    account_slots(office.house(), &office.plan).unwrap();
    let now = office.clock.now();
    let starts_with_pause_until = |until: Moment| {
        let nightly = "nightly".parse().unwrap();
        let open = office.store.snapshot().unwrap().open_runs().unwrap();
        let mut run = open.into_iter().find(|run| run.job.as_ref() == Some(&nightly)).unwrap();
        (run.state, run.not_before) = (RunState::Retrying, Some(until));
        let mut tx = office.store.begin().unwrap();
        tx.put_run(&run).unwrap();
        tx.commit().unwrap();
        let waiting = queue(office.store.snapshot().unwrap().as_ref(), &office.plan, now).unwrap();
        let queued = waiting.into_iter().find(|queued| queued.run.run_id == run.run_id).unwrap();
        queued.decision == Decision::Start
    };
    assert!(!starts_with_pause_until(now.plus(TimeDelta::minutes(5))));
    assert!(starts_with_pause_until(now.plus(TimeDelta::days(365))));
    assert!(starts_with_pause_until(now));
}
