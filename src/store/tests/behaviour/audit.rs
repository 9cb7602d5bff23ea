//! The audit.

use renkei_core::Digest;
use renkei_core::port::AuditEntry;
use renkei_store::verify_audit_chain;

use super::{Fixture, PATIENT};

const START: (u64, Digest) = (0, Digest([0; 32]));

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
    assert_eq!(verify_audit_chain(START, &all).map(|(last, _)| last), Ok(4));
    assert_eq!(snapshot.audit(1, 2).unwrap(), all[1..3]);
    assert!(snapshot.audit(4, 9).unwrap().is_empty());
    let mut forged = all;
    forged[2].operator.push('x');
    assert_eq!(verify_audit_chain(START, &forged).map_err(|broken| broken.audit_no), Err(3));
}
