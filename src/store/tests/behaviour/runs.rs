//! Runs and steps.

use renkei_core::port::{
    AttemptRecord, RunRecord, RunState, StepRecord, Store, StoreError, Transaction, Trigger,
};
use renkei_core::{Class, Moment};

use super::town::code;
use super::{Fixture, PATIENT};

fn run(run_id: &str) -> RunRecord {
    RunRecord {
        run_id: run_id.to_owned(),
        what: "generate 001o005-v1.1 --diff".to_owned(),
        business_date: "2026-10-02".parse().unwrap(),
        operator: "night".to_owned(),
        parent: None,
        job: Some("nightly".parse().unwrap()),
        planned: Moment::parse("2026-10-03T01:30:00+09:00"),
        trigger: Trigger::Schedule,
        reason: "asked for".to_owned(),
        redoes: Some("0".to_owned()),
        order: r#"{"do":"retention"}"#.to_owned(),
        n_attempts: 1,
        not_before: Moment::parse("2026-10-03T01:31:00+09:00"),
        state: RunState::Running,
        fault_code: None,
        fault_class: None,
        fault_text: None,
        cancel_asked_by: None,
        queued_at: "2026-10-02T01:30:00+09:00".to_owned(),
        started_at: Some("2026-10-02T01:30:00+09:00".to_owned()),
        ended_at: None,
    }
}

fn step(run_id: &str, step_no: u32, state: RunState) -> StepRecord {
    StepRecord {
        run_id: run_id.to_owned(),
        step_no,
        name: "seal".to_owned(),
        subject: "001o005-v1.1".to_owned(),
        state,
        outcome: "3,000 rows".to_owned(),
        started_at: "2026-10-02T01:30:01+09:00".to_owned(),
        duration_ms: 1_234,
    }
}

fn write(
    store: &dyn Store,
    writes: impl FnOnce(&mut dyn Transaction) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut transaction = store.begin()?;
    writes(&mut *transaction)?;
    transaction.commit()
}

pub(crate) fn a_run_is_written_and_overwritten<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let runs = || store.snapshot().unwrap().runs(9).unwrap();
    write(&*store, |transaction| transaction.put_run(&run("a"))).unwrap();
    assert_eq!(runs(), [run("a")]);
    write(&*store, |transaction| transaction.put_step(&step("a", 1, RunState::Running))).unwrap();
    for class in [Class::Retry, Class::Partner, Class::Operator, Class::Bug] {
        let ended = RunRecord {
            state: RunState::Failed,
            fault_code: Some("store.full".to_owned()),
            fault_class: Some(class),
            fault_text: Some("no space left".to_owned()),
            ended_at: Some("2026-10-02T01:31:00+09:00".to_owned()),
            ..run("a")
        };
        write(&*store, |transaction| transaction.put_run(&ended)).unwrap();
        assert_eq!(runs(), [ended]);
    }
    assert_eq!(store.snapshot().unwrap().steps("a").unwrap().len(), 1, "its steps stay");
}

pub(crate) fn runs_are_told_newest_first<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let states = [RunState::Running, RunState::Succeeded, RunState::Failed, RunState::Interrupted];
    for (run_id, state) in ["b", "a", "d", "c"].into_iter().zip(states) {
        write(&*store, |transaction| transaction.put_run(&RunRecord { state, ..run(run_id) })).unwrap();
    }
    let runs = |limit| {
        let runs = store.snapshot().unwrap().runs(limit).unwrap();
        runs.into_iter().map(|run| (run.run_id, run.state)).collect::<Vec<_>>()
    };
    let found = runs(9);
    assert_eq!(found.iter().map(|(run_id, _)| run_id.as_str()).collect::<String>(), "dcba");
    assert_eq!(found[1].1, RunState::Interrupted);
    assert_eq!(runs(2), found[..2]);
}

pub(crate) fn steps_belong_to_a_run<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let orphan = write(&*store, |transaction| transaction.put_step(&step("a", 1, RunState::Running)));
    assert_eq!(code(orphan), "store.missing");
    write(&*store, |transaction| {
        transaction.put_run(&run("a"))?;
        transaction.put_run(&run("b"))?;
        transaction.put_step(&step("a", 2, RunState::Running))?;
        transaction.put_step(&step("b", 1, RunState::Failed))?;
        transaction.put_step(&step("a", 1, RunState::Succeeded))?;
        transaction.put_step(&step("a", 2, RunState::Interrupted))
    })
    .unwrap();
    let expected = [step("a", 1, RunState::Succeeded), step("a", 2, RunState::Interrupted)];
    assert_eq!(store.snapshot().unwrap().steps("a").unwrap(), expected);
    assert!(store.snapshot().unwrap().steps("c").unwrap().is_empty());
}

pub(crate) fn the_queue_is_what_has_an_order_and_is_not_at_its_end<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    for (no, state) in RunState::ALL.into_iter().enumerate() {
        let whole = RunRecord { state, ..run(&format!("a{no}")) };
        let part = RunRecord {
            parent: Some(whole.run_id.clone()),
            order: String::new(),
            state,
            ..run(&format!("b{no}"))
        };
        let by_hand = RunRecord { order: String::new(), state, ..run(&format!("c{no}")) };
        write(&*store, |tx| [&whole, &part, &by_hand].into_iter().try_for_each(|run| tx.put_run(run)))
            .unwrap();
        let snapshot = store.snapshot().unwrap();
        let is_open = snapshot.open_runs().unwrap().iter().any(|open| open.run_id == whole.run_id);
        assert_eq!(is_open, !state.is_final(), "{state:?}");
        assert_eq!(snapshot.parts(&whole.run_id).unwrap(), [part]);
    }
    let snapshot = store.snapshot().unwrap();
    assert!(snapshot.open_runs().unwrap().iter().all(|open| open.run_id.starts_with('a')));
    let held = snapshot.held_runs().unwrap();
    assert_eq!(held.iter().map(|run| &run.run_id[..1]).collect::<String>(), "abc");
    assert!(held.iter().all(|run| run.state == RunState::Held));
    assert_eq!(snapshot.run("a0").unwrap().unwrap().state, RunState::Queued);
    assert_eq!(snapshot.run("zz").unwrap(), None);
    let orphan = write(&*store, |tx| tx.put_run(&RunRecord { parent: Some("zz".to_owned()), ..run("d") }));
    assert_eq!(code(orphan), "store.missing");
}

pub(crate) fn runs_are_found_by_business_date_and_job<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let dated =
        |run_id, date: &str, state| RunRecord { business_date: date.parse().unwrap(), state, ..run(run_id) };
    let runs = [
        dated("a", "2026-10-01", RunState::Succeeded),
        dated("b", "2026-10-02", RunState::Running),
        dated("c", "2026-10-02", RunState::Failed),
        dated("d", "2026-10-03", RunState::Cancelled),
    ];
    write(&*store, |tx| runs.iter().try_for_each(|run| tx.put_run(run))).unwrap();
    let other = RunRecord { job: Some("monthly".parse().unwrap()), state: RunState::Succeeded, ..run("e") };
    write(&*store, |tx| tx.put_run(&other)).unwrap();
    let snapshot = store.snapshot().unwrap();
    let ids = |runs: Vec<RunRecord>| runs.into_iter().map(|run| run.run_id).collect::<String>();
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(ids(snapshot.runs_for(day("2026-10-01"), day("2026-10-02")).unwrap()), "abce");
    assert_eq!(ids(snapshot.runs_for(day("2026-10-03"), day("2026-10-09")).unwrap()), "d");
    assert_eq!(ids(snapshot.runs_of_job(&"nightly".parse().unwrap(), 9).unwrap()), "dca");
    assert_eq!(ids(snapshot.runs_of_job(&"nightly".parse().unwrap(), 2).unwrap()), "dc");
}

pub(crate) fn a_wish_to_cancel_outlives_what_is_written_over_the_run<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    write(&*store, |tx| tx.put_run(&run("a"))).unwrap();
    write(&*store, |tx| tx.ask_cancel("a", "desk")).unwrap();
    write(&*store, |tx| tx.ask_cancel("a", "other")).unwrap();
    write(&*store, |tx| tx.put_run(&run("a"))).unwrap();
    let asked = store.snapshot().unwrap().run("a").unwrap().unwrap().cancel_asked_by;
    assert_eq!(asked.as_deref(), Some("desk"));
    assert_eq!(code(write(&*store, |tx| tx.ask_cancel("zz", "desk"))), "store.missing");
}

pub(crate) fn tries_belong_to_a_run<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let attempt = |attempt_no, state| AttemptRecord {
        run_id: "a".to_owned(),
        attempt_no,
        state,
        fault_code: None,
        fault_class: None,
        fault_text: None,
        started_at: "2026-10-02T01:30:00+09:00".to_owned(),
        ended_at: None,
    };
    let orphan = write(&*store, |tx| tx.put_attempt(&attempt(1, RunState::Running)));
    assert_eq!(code(orphan), "store.missing");
    write(&*store, |tx| tx.put_run(&run("a"))).unwrap();
    write(&*store, |tx| tx.put_attempt(&attempt(2, RunState::Running))).unwrap();
    write(&*store, |tx| tx.put_attempt(&attempt(1, RunState::Stopped))).unwrap();
    let failed = AttemptRecord {
        fault_code: Some("folder.full".to_owned()),
        fault_class: Some(Class::Operator),
        fault_text: Some("no space".to_owned()),
        ended_at: Some("2026-10-02T01:31:00+09:00".to_owned()),
        ..attempt(2, RunState::Failed)
    };
    write(&*store, |tx| tx.put_attempt(&failed)).unwrap();
    assert_eq!(store.snapshot().unwrap().attempts("a").unwrap(), [attempt(1, RunState::Stopped), failed]);
    assert!(store.snapshot().unwrap().attempts("b").unwrap().is_empty());
}
