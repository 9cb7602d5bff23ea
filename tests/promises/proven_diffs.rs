//! A diff is published only if previous state + diff = new state, and whoever has the files can prove it.

use std::time::Duration;

use rusqlite::Connection;

use crate::sandbox::files::{data_files, edit_lines, notice, reseal};
use crate::sandbox::{ALL_ITEMS, BOM, CP932, NUMBERS, PLAIN, Sandbox};

const FEEDS: [&str; 5] = [PLAIN, BOM, NUMBERS, CP932, ALL_ITEMS];

#[test]
fn proven_diffs() {
    let sandbox = Sandbox::loaded(200, 90);
    sandbox.generate(&FEEDS, &["--full"]).expect(0);
    for file in sandbox.cut_moves(3) {
        sandbox.run(&["apply", &file]).expect(0);
        sandbox.generate(&FEEDS, &["--diff"]).expect(0);
    }
    sandbox.generate(&FEEDS, &["--full"]).expect(0);
    for feed in FEEDS {
        let notices = sandbox.notices(feed);
        let [.., last_diff, full] = notices.as_slice() else { panic!("{feed}: {notices:?}") };
        assert_eq!(notice(last_diff)["state_after"], notice(full)["state_after"], "{feed}");
        let chain: Vec<&str> = notices[..4].iter().map(|path| path.to_str().unwrap()).collect();
        let report = sandbox.run(&[["verify", "--json"].as_slice(), &chain].concat()).expect(0).json();
        assert_eq!(report["proven_state"], notice(full)["state_after"], "{feed}: full + diffs = fresh full");
    }
    // A diff that lost a row on the way does not prove, however well its notice is forged.
    let diff = &sandbox.notices(BOM)[1];
    edit_lines(&data_files(diff)[0], |lines| drop(lines.remove(1)));
    reseal(diff);
    let full = sandbox.notices(BOM).remove(0);
    sandbox.run(&["verify", "--base", full.to_str().unwrap(), diff.to_str().unwrap()]).expect(1);
}

#[test]
fn what_changed_behind_the_change_log_is_not_published() {
    let sandbox = Sandbox::loaded(40, 16);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    let database = Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    // A row is lost without a commit, as by a hand in the database.
    let sql = "DELETE FROM current_row WHERE resident_key = (SELECT max(resident_key) FROM current_row)";
    assert_eq!(database.execute(sql, []).unwrap(), 1);
    drop(database);
    let before = sandbox.published();
    sandbox
        .generate(&[PLAIN, BOM], &["--full"])
        .expect_fault(10, "engine.proof-failed")
        .says("of 256 buckets differ");
    assert!(sandbox.published() == before, "nothing is published");
}
