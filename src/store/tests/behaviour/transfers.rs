//! Transfer cases: numbered, sealed, found again by their file, handed over, erased.

use renkei_core::Digest;
use renkei_core::port::{
    Content as FileContent, HandoverRecord, Transaction, TransferContent, TransferEvent, TransferRecord,
    TransferSource, WhichCases,
};
use renkei_core::transfer::{
    CaseKind, CaseNo, CaseState, Certificate, Content, Field, HandoverState, Outcome, Purpose, Standing,
};

use super::town::code;
use super::{Fixture, PATIENT};

const AT: &str = "2026-10-02T01:30:00+09:00";

fn record(row_no: u64) -> TransferRecord {
    TransferRecord {
        case_no: CaseNo(0),
        standing: Standing {
            kind: CaseKind::OssMoveOut,
            state: CaseState::Received,
            certificate: Certificate::None,
        },
        source_sha256: Digest([3; 32]),
        row_no,
        is_protected: true,
        commit_no: None,
        received_at: AT.to_owned(),
        changed_at: AT.to_owned(),
        counts_from: None,
    }
}

fn content(name: &str) -> TransferContent {
    let mut raw = Content::default();
    raw.set(Field::find("shimei").unwrap(), name);
    raw.set(Field::find("kojin_bango").unwrap(), "123456789018");
    TransferContent { raw, verified: None, comparison: None }
}

fn source() -> TransferSource {
    TransferSource {
        sha256: Digest([3; 32]),
        file: "oss.csv".to_owned(),
        first_case: CaseNo(1),
        n_cases: 2,
        operator: "tester".to_owned(),
        taken_in_at: AT.to_owned(),
    }
}

fn handover(receiver: &str, state: HandoverState) -> HandoverRecord {
    let known = |byte| FileContent { n_bytes: 9, sha256: Digest([byte; 32]) };
    HandoverRecord {
        case_no: CaseNo(1),
        purpose: Purpose::of_receiver(receiver).unwrap(),
        folder: "cs/outbox".parse().unwrap(),
        stem: "082201_x_T000001".parse().unwrap(),
        with_number: true,
        state,
        content: (state != HandoverState::Due).then(|| (known(1), known(2))),
        changed_at: AT.to_owned(),
    }
}

/// Two cases of one file.
fn take_in(tx: &mut dyn Transaction) {
    assert_eq!(tx.add_transfer_case(&record(2), &content("山田　太郎")).unwrap(), CaseNo(1));
    assert_eq!(tx.add_transfer_case(&record(3), &content("山田　花子")).unwrap(), CaseNo(2));
    tx.add_transfer_source(&source()).unwrap();
}

fn put_decided(tx: &mut dyn Transaction, case_no: u32, state: CaseState) {
    let mut case = tx.transfer_case(CaseNo(case_no)).unwrap().unwrap();
    case.standing.state = state;
    case.counts_from = Some(AT.to_owned());
    case.is_protected = false;
    tx.put_transfer_case(&case).unwrap();
}

pub(crate) fn a_case_reads_back_and_its_file_is_known_again<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    take_in(tx.as_mut());
    tx.commit().unwrap();
    let snapshot = store.snapshot().unwrap();
    let first = TransferRecord { case_no: CaseNo(1), ..record(2) };
    let second = TransferRecord { case_no: CaseNo(2), ..record(3) };
    assert_eq!(snapshot.transfer_cases(WhichCases::All).unwrap(), [first.clone(), second]);
    assert_eq!(snapshot.transfer_case(CaseNo(1)).unwrap(), Some(first));
    assert_eq!(snapshot.transfer_content(CaseNo(2)).unwrap(), Some(content("山田　花子")));
    assert_eq!(snapshot.transfer_source(&Digest([3; 32])).unwrap(), Some(source()));
    assert_eq!(snapshot.transfer_source(&Digest([4; 32])).unwrap(), None);
    let again = store.begin().unwrap().add_transfer_source(&source());
    assert_eq!(code(again), "store.missing");
    assert_eq!(snapshot.transfer_case(CaseNo(9)).unwrap(), None);
}

pub(crate) fn a_case_keeps_its_states_events_and_number<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    take_in(tx.as_mut());
    let mut case = tx.transfer_case(CaseNo(1)).unwrap().unwrap();
    case.standing.state = CaseState::Compared(Outcome::Differs);
    tx.put_transfer_case(&case).unwrap();
    for event in ["receive", "compare"] {
        tx.add_transfer_event(&TransferEvent {
            case_no: CaseNo(1),
            at: AT.to_owned(),
            operator: "tester".to_owned(),
            event: event.to_owned(),
            reason: String::new(),
            result: "received".to_owned(),
        })
        .unwrap();
    }
    put_decided(tx.as_mut(), 2, CaseState::Rejected);
    tx.commit().unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(
        snapshot.transfer_case(CaseNo(1)).unwrap().unwrap().standing.state,
        CaseState::Compared(Outcome::Differs)
    );
    let events = snapshot.transfer_events(CaseNo(1)).unwrap();
    assert_eq!(events.iter().map(|event| event.event.as_str()).collect::<Vec<_>>(), ["receive", "compare"]);
    let undecided = snapshot.transfer_cases(WhichCases::Undecided).unwrap();
    assert_eq!(undecided.iter().map(|case| case.case_no).collect::<Vec<_>>(), [CaseNo(1)]);
    drop(snapshot);
    // A transaction that is dropped gives nothing, and its numbers are given to the next.
    let mut tx = store.begin().unwrap();
    assert_eq!(
        code(tx.put_transfer_case(&TransferRecord { case_no: CaseNo(9), ..record(2) })),
        "store.missing"
    );
}

pub(crate) fn a_file_is_due_under_way_and_given<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    take_in(tx.as_mut());
    tx.put_handover(&handover("024", HandoverState::Sent)).unwrap();
    for (state, certificate, n_open) in [
        (HandoverState::Due, Certificate::Due, 1),
        (HandoverState::Sending, Certificate::Sending, 1),
        (HandoverState::Sent, Certificate::Sent, 0),
    ] {
        tx.put_handover(&handover("cs", state)).unwrap();
        assert_eq!(tx.transfer_case(CaseNo(1)).unwrap().unwrap().standing.certificate, certificate);
        assert_eq!(tx.handovers(None).unwrap().len(), n_open);
        assert_eq!(
            tx.handovers(Some(CaseNo(1))).unwrap(),
            [handover("024", HandoverState::Sent), handover("cs", state)]
        );
    }
    assert_eq!(tx.transfer_case(CaseNo(2)).unwrap().unwrap().standing.certificate, Certificate::None);
}

pub(crate) fn what_is_erased_is_not_given_and_cannot_be_written_again<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    take_in(tx.as_mut());
    put_decided(tx.as_mut(), 1, CaseState::Erased);
    tx.erase_transfer_content(CaseNo(1)).unwrap();
    tx.commit().unwrap();
    let mut tx = store.begin().unwrap();
    // Again is the same.
    tx.erase_transfer_content(CaseNo(1)).unwrap();
    assert_eq!(code(tx.put_transfer_content(CaseNo(1), &content("山田"))), "store.missing");
    tx.commit().unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.transfer_content(CaseNo(1)).unwrap(), None);
    assert_eq!(snapshot.transfer_content(CaseNo(2)).unwrap(), Some(content("山田　花子")));
    let unerased = snapshot.transfer_cases(WhichCases::Unerased).unwrap();
    assert_eq!(unerased.iter().map(|case| case.case_no).collect::<Vec<_>>(), [CaseNo(2)]);
    assert_eq!(snapshot.transfer_case(CaseNo(1)).unwrap().unwrap().received_at, AT);
}
