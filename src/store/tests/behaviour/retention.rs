//! What retention asks and removes.

use renkei_core::alert::{Alert, Matter};
use renkei_core::delivery::{DeliveryAttempt, DeliveryLine, DeliveryState};
use renkei_core::ledger::{EventKind, LedgerEvent};
use renkei_core::port::{
    AttemptRecord, ReconciliationRecord, RunRecord, RunState, SlotRecord, SlotVerdict, StepRecord,
    Transaction, Trigger,
};

use renkei_core::{BusinessId, DestinationId, Digest, FeedId, Moment, Sequence};

use super::town::code;
use super::{Fixture, PATIENT};

fn at(day: &str) -> Moment {
    Moment::parse(&format!("{day}T01:30:00+09:00")).unwrap()
}

fn run(run_id: &str, parent: Option<&str>, day: &str, state: RunState) -> RunRecord {
    RunRecord {
        run_id: run_id.to_owned(),
        parent: parent.map(str::to_owned),
        what: "job nightly".to_owned(),
        job: Some("nightly".parse().unwrap()),
        planned: None,
        business_date: day.parse().unwrap(),
        trigger: Trigger::Schedule,
        operator: "night".to_owned(),
        reason: String::new(),
        redoes: None,
        order: if parent.is_none() { "{}".to_owned() } else { String::new() },
        state,
        n_attempts: 1,
        not_before: None,
        fault_code: None,
        fault_class: None,
        fault_text: None,
        cancel_asked_by: None,
        queued_at: at(day).to_string(),
        started_at: Some(at(day).to_string()),
        ended_at: Some(at(day).to_string()),
    }
}

fn put_all(tx: &mut dyn Transaction) {
    for run in [
        run("a", None, "2026-10-01", RunState::Succeeded),
        run("a-1", Some("a"), "2026-10-01", RunState::Interrupted),
        // A part asked for later belongs to its run all the same.
        run("a-2", Some("a"), "2026-10-09", RunState::Succeeded),
        run("b", None, "2026-10-02", RunState::Retrying),
        run("c", None, "2026-10-08", RunState::Succeeded),
    ] {
        tx.put_run(&run).unwrap();
    }
    let slot = SlotRecord {
        job: "nightly".parse().unwrap(),
        business_date: "2026-10-01".parse().unwrap(),
        planned: at("2026-10-01"),
        verdict: SlotVerdict::OnTime,
        reason: String::new(),
        run_id: Some("a".to_owned()),
        seen_at: at("2026-10-01").to_string(),
    };
    tx.put_slot(&slot).unwrap();
    for day in ["2026-10-02", "2026-10-08"] {
        let skipped = SlotRecord {
            planned: at(day),
            verdict: SlotVerdict::Skipped,
            reason: "late".to_owned(),
            run_id: None,
            ..slot.clone()
        };
        tx.put_slot(&skipped).unwrap();
    }
    tx.put_attempt(&AttemptRecord {
        run_id: "a".to_owned(),
        attempt_no: 1,
        state: RunState::Succeeded,
        fault_code: None,
        fault_class: None,
        fault_text: None,
        started_at: String::new(),
        ended_at: None,
    })
    .unwrap();
    tx.put_step(&StepRecord {
        run_id: "a-1".to_owned(),
        step_no: 1,
        name: "seal".to_owned(),
        subject: String::new(),
        state: RunState::Succeeded,
        outcome: String::new(),
        started_at: String::new(),
        duration_ms: 0,
    })
    .unwrap();
}

pub(crate) fn old_runs_go_with_their_parts_tries_steps_and_slots<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    put_all(tx.as_mut());
    tx.commit().unwrap();
    let before = at("2026-10-05");
    let found = store.snapshot().unwrap().runs_before(before).unwrap();
    let told: Vec<_> =
        found.iter().map(|run| (run.run_id.as_str(), run.is_open, run.slot.is_some())).collect();
    assert_eq!(told, [("a", false, true), ("a-1", false, false), ("a-2", false, false), ("b", true, false)]);
    assert_eq!(found[1].parent.as_deref(), Some("a"));
    assert_eq!(found[0].ended_at, Some(at("2026-10-01")));
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(code(store.begin().unwrap().remove_runs(&ids(&["a", "a-1"]))), "store.missing");
    let mut tx = store.begin().unwrap();
    tx.remove_runs(&ids(&["a", "a-1", "a-2"])).unwrap();
    assert_eq!(tx.remove_skipped_slots(before).unwrap(), 1);
    tx.commit().unwrap();
    let snapshot = store.snapshot().unwrap();
    let left: Vec<_> = snapshot.runs(9).unwrap().into_iter().map(|run| run.run_id).collect();
    assert_eq!(left, ["c", "b"]);
    assert!(snapshot.attempts("a").unwrap().is_empty() && snapshot.steps("a-1").unwrap().is_empty());
    let slots = snapshot.slots_for("2026-10-01".parse().unwrap(), "2026-10-09".parse().unwrap()).unwrap();
    assert_eq!(slots.iter().map(|slot| slot.planned).collect::<Vec<_>>(), [at("2026-10-08")]);
    assert_eq!(snapshot.n_skipped_slots(at("2026-10-09")).unwrap(), 1);
}

/// Deliveries, events, comparisons and alerts: for each three things, of which the first two may be old.
pub(crate) fn old_records_go_but_never_the_last_word<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let (feed, receiver): (FeedId, BusinessId) = ("a".parse().unwrap(), "015".parse().unwrap());
    let destination: DestinationId = "tax".parse().unwrap();
    let days = ["2026-10-01", "2026-10-02", "2026-10-08"];
    let mut tx = store.begin().unwrap();
    for (no, day) in (1_u8..).zip(days) {
        let sequence = Sequence(u32::from(no));
        let line = DeliveryLine::due(&feed, sequence, &destination, &receiver, at(day));
        let state = if no == 2 { DeliveryState::GivenUp } else { DeliveryState::Delivered };
        tx.put_delivery_line(&DeliveryLine { state, delivered_at: Some(at(day)), next_at: None, ..line })
            .unwrap();
        tx.put_delivery_attempt(&DeliveryAttempt {
            feed: feed.clone(),
            sequence,
            destination: destination.clone(),
            attempt_no: 1,
            operator: "scheduler".to_owned(),
            started_at: at(day),
            ended_at: Some(at(day)),
            fault_code: None,
            fault_class: None,
            detail: None,
            n_files_sent: 1,
            n_files_there: 0,
            n_bytes_sent: 9,
        })
        .unwrap();
        let event = LedgerEvent {
            feed: feed.clone(),
            sequence,
            receiver: receiver.clone(),
            kind: EventKind::Taken,
            at: at(day),
            source: Digest([no; 32]),
            reasons: Vec::new(),
            holds: None,
            state: None,
            recorded_at: at(day),
        };
        assert!(tx.record_ledger_event(&event).unwrap());
        tx.record_reconciliation(&ReconciliationRecord {
            feed: feed.clone(),
            receiver: receiver.clone(),
            sequence,
            n_rows_here: 9,
            n_rows_there: 9,
            n_buckets: u16::from(no != 2),
            // The last that agreed is the second.
            is_same: no == 2,
            source: Digest([no; 32]),
            at: at(day),
        })
        .unwrap();
    }
    let jumped = Alert::new(Matter::ClockJumped { seconds: 9 }, at(days[0]));
    tx.open_alert(&jumped, &[]).unwrap();
    tx.clear_alert(&jumped.key(), at(days[1])).unwrap();
    let broken = Alert::new(Matter::AuditBroken { audit_no: 7 }, at(days[0]));
    tx.open_alert(&broken, &[]).unwrap();
    tx.commit().unwrap();
    let n_old = |day: &str| store.snapshot().unwrap().n_old_records(at(day)).unwrap();
    assert_eq!(n_old("2026-10-01"), 0);
    let before = at("2026-12-01");
    // Of deliveries and events the first two, of comparisons the first, and an alert that is over.
    let expected = n_old("2026-12-01");
    let mut tx = store.begin().unwrap();
    assert_eq!(tx.remove_old_records(before).unwrap(), expected);
    tx.commit().unwrap();
    let n_alerts_over = u64::from(store.snapshot().unwrap().alerts(false, 9).unwrap().len() == 1);
    assert_eq!(expected, 5 + n_alerts_over);
    assert_eq!(n_old("2026-12-01"), 0);
    let snapshot = store.snapshot().unwrap();
    let lines = snapshot.delivery_lines(Some(&destination), false).unwrap();
    assert_eq!(lines.iter().map(|line| line.sequence.0).collect::<Vec<_>>(), [3]);
    let events = snapshot.ledger_events(Some(&feed), None, None).unwrap();
    assert_eq!(events.iter().map(|event| event.sequence.0).collect::<Vec<_>>(), [3]);
    let last =
        |only_same| snapshot.last_reconciliation(&feed, &receiver, only_same).unwrap().unwrap().sequence.0;
    assert_eq!((last(false), last(true)), (3, 2));
    let open = snapshot.alerts(true, 9).unwrap();
    assert_eq!(open.iter().map(|one| one.alert.key()).collect::<Vec<_>>(), [broken.key()]);
}
