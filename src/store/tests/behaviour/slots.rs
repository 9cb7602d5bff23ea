//! Slots and how jobs stand.

use renkei_core::port::{
    HoldRecord, JobRecord, RunRecord, RunState, SlotRecord, SlotVerdict, Store, Trigger,
};
use renkei_core::{JobId, Moment};

use super::town::code;
use super::{Fixture, PATIENT};

fn job() -> JobId {
    "nightly".parse().unwrap()
}

fn at(text: &str) -> Moment {
    Moment::parse(&format!("{text}:00+09:00")).unwrap()
}

fn slot(planned: &str) -> SlotRecord {
    SlotRecord {
        job: job(),
        business_date: "2026-10-02".parse().unwrap(),
        planned: at(planned),
        verdict: SlotVerdict::Skipped,
        reason: "missed".to_owned(),
        run_id: None,
        seen_at: "2026-10-02T23:00:00+09:00".to_owned(),
    }
}

fn run(run_id: &str) -> RunRecord {
    RunRecord {
        run_id: run_id.to_owned(),
        parent: None,
        what: "job nightly".to_owned(),
        job: Some(job()),
        planned: None,
        business_date: "2026-10-02".parse().unwrap(),
        trigger: Trigger::CatchUp,
        operator: "daemon".to_owned(),
        reason: String::new(),
        redoes: None,
        order: "{}".to_owned(),
        state: RunState::Queued,
        n_attempts: 0,
        not_before: None,
        fault_code: None,
        fault_class: None,
        fault_text: None,
        cancel_asked_by: None,
        queued_at: "2026-10-02T23:00:00+09:00".to_owned(),
        started_at: None,
        ended_at: None,
    }
}

fn slots(store: &dyn Store) -> Vec<SlotRecord> {
    let days = ["2026-10-01", "2026-10-03"].map(|day| day.parse().unwrap());
    store.snapshot().unwrap().slots_for(days[0], days[1]).unwrap()
}

pub(crate) fn a_slot_is_written_once_for_ever<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    tx.put_run(&run("a")).unwrap();
    let ran = SlotRecord {
        verdict: SlotVerdict::CaughtUp,
        reason: String::new(),
        run_id: Some("a".to_owned()),
        ..slot("2026-10-03T01:30")
    };
    assert!(tx.put_slot(&ran).unwrap());
    assert!(tx.put_slot(&slot("2026-10-02T22:00")).unwrap());
    assert!(!tx.put_slot(&slot("2026-10-03T01:30")).unwrap());
    tx.commit().unwrap();
    assert!(!store.begin().unwrap().put_slot(&slot("2026-10-03T01:30")).unwrap());
    assert_eq!(slots(&*store), [slot("2026-10-02T22:00"), ran]);
}

pub(crate) fn a_slot_that_is_overtaken_says_why<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    tx.put_run(&run("a")).unwrap();
    let waiting = SlotRecord {
        verdict: SlotVerdict::OnTime,
        reason: String::new(),
        run_id: Some("a".to_owned()),
        ..slot("2026-10-02T22:00")
    };
    tx.put_slot(&waiting).unwrap();
    tx.skip_slot(&waiting, "a later one came").unwrap();
    assert_eq!(code(tx.skip_slot(&slot("2026-10-02T23:00"), "x")), "store.missing");
    tx.commit().unwrap();
    let skipped =
        SlotRecord { verdict: SlotVerdict::Skipped, reason: "a later one came".to_owned(), ..waiting };
    assert_eq!(slots(&*store), [skipped]);
}

pub(crate) fn only_slots_that_never_ran_are_forgotten<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    tx.put_run(&run("a")).unwrap();
    let past = slot("2026-10-02T22:00");
    let ran =
        SlotRecord { verdict: SlotVerdict::OnTime, run_id: Some("a".to_owned()), ..slot("2026-10-02T23:30") };
    let overtaken = SlotRecord { run_id: Some("a".to_owned()), ..slot("2026-10-02T23:40") };
    let others = SlotRecord { job: "monthly".parse().unwrap(), ..slot("2026-10-02T23:50") };
    for slot in [&past, &ran, &overtaken, &others, &slot("2026-10-02T23:00"), &slot("2026-10-02T23:45")] {
        assert!(tx.put_slot(slot).unwrap());
    }
    tx.forget_skipped(&job(), at("2026-10-02T22:59")).unwrap();
    tx.commit().unwrap();
    assert_eq!(slots(&*store), [past, ran, overtaken, others]);
}

pub(crate) fn a_job_keeps_its_watermark_hold_and_switch_apart<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let jobs = || store.snapshot().unwrap().jobs().unwrap();
    assert!(jobs().is_empty());
    let hold = HoldRecord {
        operator: "desk".to_owned(),
        reason: "tax run".to_owned(),
        at: "2026-10-02T20:00:00+09:00".to_owned(),
    };
    let mut expected =
        JobRecord { job: job(), accounted_through: None, enabled: None, hold: Some(hold.clone()) };
    let mut tx = store.begin().unwrap();
    tx.set_hold(&job(), Some(&hold)).unwrap();
    tx.commit().unwrap();
    assert_eq!(jobs(), [expected.clone()]);
    let mut tx = store.begin().unwrap();
    tx.set_accounted(&job(), at("2026-10-02T22:00")).unwrap();
    tx.set_enabled(&job(), Some(false)).unwrap();
    tx.set_accounted(&"monthly".parse().unwrap(), at("2026-10-02T21:00")).unwrap();
    tx.commit().unwrap();
    expected.accounted_through = Some(at("2026-10-02T22:00"));
    expected.enabled = Some(false);
    let found = jobs();
    assert_eq!(found[1], expected);
    assert_eq!((found[0].job.as_str(), &found[0].hold, found[0].enabled), ("monthly", &None, None));
    let mut tx = store.begin().unwrap();
    tx.set_hold(&job(), None).unwrap();
    tx.set_enabled(&job(), None).unwrap();
    tx.commit().unwrap();
    expected.hold = None;
    expected.enabled = None;
    assert_eq!(jobs()[1], expected);
}
