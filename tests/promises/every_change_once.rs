//! Each commit is in exactly one diff of a feed, whatever writers run at the same time and whatever the
//! clock does.

use crate::sandbox::files::notice;
use crate::sandbox::moves::renaming;
use crate::sandbox::{BOM, PLAIN, Sandbox};

const N_SETS: usize = 12;

#[test]
fn every_change_once() {
    let sandbox = Sandbox::loaded(100, 1);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    let residents = sandbox.japanese();
    for (index, resident) in residents.iter().take(N_SETS).enumerate() {
        sandbox.write(&format!("set-{index}.csv"), &renaming(&[(resident, "架空　太郎")]));
    }
    // Clocks that stand at different times, some of them before the full: times are never used to cut.
    let at = |index: usize| (1_790_872_200 - 50_000 * (index % 5)).to_string();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for index in 0..N_SETS {
                let file = format!("set-{index}.csv");
                sandbox.run_with(&[("RENKEI_NOW", &at(index))], &["apply", &file, "--wait=60"]).expect(0);
            }
        });
        for feed in [PLAIN, BOM] {
            let (sandbox, at) = (&sandbox, &at);
            scope.spawn(move || {
                for index in 0..N_SETS {
                    let args = ["generate", feed, "--diff", "--wait=60", "--date", "2026-10-02"];
                    sandbox.run_with(&[("RENKEI_NOW", &at(index + 2))], &args).expect(0);
                }
            });
        }
    });
    sandbox.generate(&[PLAIN, BOM], &["--diff"]).expect(0);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    for feed in [PLAIN, BOM] {
        let notices = sandbox.notices(feed);
        let mut through = 1;
        let mut n_rows = 0;
        for (index, path) in notices.iter().enumerate() {
            let value = notice(path);
            assert_eq!(value["sequence"], index + 1);
            if value["kind"] == "diff" {
                assert_eq!(value["commits"]["after"], through, "{feed}: neither a gap nor an overlap");
                through = value["commits"]["through"].as_u64().unwrap();
                n_rows += value["changes"]["changed"].as_u64().unwrap();
                n_rows += value["changes"]["added"].as_u64().unwrap();
            }
        }
        assert_eq!(through, 1 + N_SETS as u64, "{feed}: all commits");
        // A rename is one changed row where the latest is shown, and one more with history.
        assert_eq!(n_rows, N_SETS as u64 * if feed == BOM { 2 } else { 1 }, "{feed}: each change once");
        let paths: Vec<&str> = notices.iter().map(|path| path.to_str().unwrap()).collect();
        sandbox.run(&[["verify"].as_slice(), &paths].concat()).expect(0);
    }
}
