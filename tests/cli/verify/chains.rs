//! Chains: full, diff, diff, full; proven, or found not to hold.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{hub, rules, verify};
use crate::sandbox::files::notice;
use crate::sandbox::{BOM, CP932, PLAIN, Sandbox};

#[test]
fn sound_files_are_sound_and_proven() {
    let sandbox = hub();
    for feed in [PLAIN, BOM, CP932] {
        let notices = sandbox.notices(feed);
        let report = verify(&sandbox, &notices, &[]).expect(0).json();
        assert_eq!(rules(&report), BTreeSet::new(), "{feed}");
        assert_eq!(report["proven_state"], notice(&notices[2])["state_after"], "{feed}");
        // In any order, and with the full as --base.
        let base = notices[0].to_str().unwrap();
        let turned = [notices[2].clone(), notices[1].clone()];
        assert_eq!(verify(&sandbox, &turned, &["--base", base]).expect(0).json(), report, "{feed}");
        // Each by itself.
        for one in &notices {
            verify(&sandbox, std::slice::from_ref(one), &[]).expect(0);
        }
    }
}

#[test]
fn chains_that_do_not_hold_are_found() {
    let sandbox = hub();
    let check = |notices: &[PathBuf], more: &[&str], expected: &str| {
        let outcome = verify(&sandbox, notices, more);
        let found = rules(&outcome.json());
        outcome.require(
            outcome.status.code() == Some(1) && found.contains(expected),
            &format!("{expected} among {found:?}"),
        );
    };
    let plain = sandbox.notices(PLAIN);
    // 1 → 3.
    check(&[plain[0].clone(), plain[2].clone()], &[], "sequence-gap");
    check(&[plain[0].clone(), plain[2].clone()], &[], "wrong-state-before");
    check(&plain[1..], &[], "no-base");
    check(&[plain[0].clone(), sandbox.notices(BOM)[1].clone()], &[], "other-feed");

    // Another town's full under the same feed and number.
    let other = Sandbox::loaded(41, 1);
    other.generate(&[PLAIN], &["--full"]).expect(0);
    let other_full = other.notices(PLAIN).remove(0);
    check(&plain[1..2], &["--base", other_full.to_str().unwrap()], "wrong-state-before");

    // A full that comes after the diff is no base of it.
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let later = sandbox.notices(PLAIN).pop().unwrap();
    check(&plain[1..2], &["--base", later.to_str().unwrap()], "no-base");
    // What begins before the full of a chain is not proven by it.
    check(&sandbox.notices(PLAIN)[1..], &[], "no-base");
    // Extracts are no chain and need no full.
    let resident = sandbox.japanese().remove(0);
    sandbox.generate(&[BOM], &["--single", &resident]).expect(0);
    sandbox.generate(&[BOM], &["--as-of", "2026-01-01"]).expect(0);
    verify(&sandbox, &sandbox.notices(BOM)[3..], &[]).expect(0);
    // Full, diff, diff, full is a chain whose end is proven twice.
    verify(&sandbox, &sandbox.notices(PLAIN), &[]).expect(0);
}
