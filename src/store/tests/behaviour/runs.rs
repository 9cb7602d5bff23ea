//! Runs and steps.

use renkei_core::Class;
use renkei_core::port::{RunRecord, RunState, StepRecord, Store, StoreError, Transaction};

use super::town::code;
use super::{Fixture, PATIENT};

fn run(run_id: &str) -> RunRecord {
    RunRecord {
        run_id: run_id.to_owned(),
        what: "generate 001o005-v1.1 --diff".to_owned(),
        business_date: "2026-10-02".parse().unwrap(),
        operator: "night".to_owned(),
        state: RunState::Running,
        fault_code: None,
        fault_class: None,
        started_at: "2026-10-02T01:30:00+09:00".to_owned(),
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
