//! The audit.

use renkei_core::Digest;
use renkei_core::audit::{AuditFault, AuditLink, Verifier};
use renkei_core::port::{AuditEntry, Store};

use super::{Fixture, PATIENT};

fn faults(base: AuditLink, entries: &[AuditEntry]) -> Vec<AuditFault> {
    let mut verifier = Verifier::new(base, None);
    verifier.take(entries);
    verifier.end().faults
}

fn append(store: &dyn Store, action: &str) {
    let mut tx = store.begin().unwrap();
    let at = "2026-10-02T01:30:00+09:00".to_owned();
    tx.append_audit(&AuditEntry::new(at, "night", action.to_owned(), "", "ok".to_owned())).unwrap();
    tx.commit().unwrap();
}

pub(crate) fn an_audit_goes_on_after_its_start_was_removed<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    assert_eq!(store.snapshot().unwrap().audit_head().unwrap(), AuditLink::START);
    for action in ["a", "b", "c"] {
        append(&*store, action);
    }
    let base: AuditLink = (&store.snapshot().unwrap().audit(1, 1).unwrap()[0]).into();
    let mut tx = store.begin().unwrap();
    tx.set_audit_base(base).unwrap();
    assert_eq!(tx.remove_audit_before_base().unwrap(), 2);
    tx.commit().unwrap();
    append(&*store, &base.base_action());
    let snapshot = store.snapshot().unwrap();
    let left = snapshot.audit(0, 9).unwrap();
    assert_eq!(left.iter().map(|entry| entry.audit_no).collect::<Vec<_>>(), [3, 4]);
    assert_eq!((snapshot.audit_base().unwrap(), faults(base, &left)), (base, vec![]));
    // Were all of it removed, it would still not count from 1 again.
    let last = snapshot.audit_head().unwrap();
    let mut tx = store.begin().unwrap();
    tx.set_audit_base(last).unwrap();
    tx.remove_audit_before_base().unwrap();
    tx.commit().unwrap();
    append(&*store, "d");
    let left = store.snapshot().unwrap().audit(0, 9).unwrap();
    assert_eq!((left[0].audit_no, faults(last, &left)), (5, vec![AuditFault::Unexplained { audit_no: 4 }]));
}

pub(crate) fn lines_are_numbered_and_chained<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    for action in ["apply", "generate", "publish", "redeliver", "explain"] {
        let entry = AuditEntry {
            audit_no: 0,
            at: "2026-10-02T01:30:00+09:00".to_owned(),
            operator: "night".to_owned(),
            action: action.to_owned(),
            reason: "台帳の確認".to_owned(),
            result: "ok".to_owned(),
            chain_sha256: Digest([0; 32]),
        };
        let mut transaction = store.begin().unwrap();
        transaction.append_audit(&entry).unwrap();
        if action == "redeliver" {
            continue;
        }
        transaction.commit().unwrap();
    }
    let snapshot = store.snapshot().unwrap();
    let all = snapshot.audit(0, 9).unwrap();
    let told: Vec<_> = all.iter().map(|entry| (entry.audit_no, entry.action.as_str())).collect();
    assert_eq!(told, [(1, "apply"), (2, "generate"), (3, "publish"), (4, "explain")]);
    assert_eq!(all[0].reason, "台帳の確認");
    assert_eq!(faults(AuditLink::START, &all), []);
    assert_eq!(snapshot.audit_head().unwrap(), AuditLink::from(&all[3]));
    assert_eq!(snapshot.audit(1, 2).unwrap(), all[1..3]);
    assert!(snapshot.audit(4, 9).unwrap().is_empty());
    let mut forged = all;
    forged[2].operator.push('x');
    assert_eq!(faults(AuditLink::START, &forged), [AuditFault::Broken { audit_no: 3 }]);
}
