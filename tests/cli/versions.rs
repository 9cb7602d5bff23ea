//! Versions in their window of dates, and layouts that change after a publication.

use crate::sandbox::files::notice;
use crate::sandbox::{BOM, PLAIN, Sandbox};

#[test]
fn a_version_is_published_within_its_dates_only() {
    let sandbox = Sandbox::loaded(30, 1);
    sandbox.replace("hub/layouts/001o005-1.0.toml", "# valid_until = 2028-03-31", "valid_until = 2028-03-31");
    for (feed, day, is_valid) in [
        (PLAIN, "2025-03-31", false),
        (PLAIN, "2025-04-01", true),
        (PLAIN, "2028-03-31", true),
        (PLAIN, "2028-04-01", false),
        (BOM, "2026-03-31", false),
        (BOM, "2026-04-01", true),
    ] {
        let outcome = sandbox.generate(&[feed], &["--full", "--date", day]);
        if is_valid {
            outcome.expect(0);
            assert_eq!(notice(sandbox.notices(feed).last().unwrap())["business_date"], day);
        } else {
            outcome.expect_fault(10, "engine.not-in-force").says(day).says(feed);
        }
    }
    assert_eq!((sandbox.notices(PLAIN).len(), sandbox.notices(BOM).len()), (2, 1));
    sandbox.generate(&[PLAIN], &["--full", "--date", "2026-02-30"]).expect(2);
}

#[test]
fn a_changed_layout_needs_a_full() {
    let sandbox = Sandbox::loaded(60, 24);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    sandbox.replace("hub/layouts/001o005-1.0.toml", "    \"koshin_time\",\n", "");
    sandbox.replace("hub/layouts/001o005-1.0.toml", "koshin_time = \"操作時刻\"\n", "");
    let before = sandbox.published();
    sandbox
        .generate(&[PLAIN], &["--diff"])
        .expect_fault(10, "engine.rendering-changed")
        .says("since its publication 1")
        .says("--full");
    assert!(sandbox.published() == before, "nothing is published");
    // Other feeds are not concerned.
    sandbox.generate(&[BOM], &["--diff"]).expect(0);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    let paths: Vec<_> = sandbox.notices(PLAIN).iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    sandbox.run(&["verify", &paths[1], &paths[2]]).expect(0);
}

#[test]
fn a_changed_rendering_needs_a_full() {
    let sandbox = Sandbox::loaded(30, 1);
    for (from, to) in [
        ("encoding = \"utf-8-bom\"", "encoding = \"utf-8\""),
        ("encoding = \"utf-8\"", "encoding = \"utf-8\"\nheader = \"romaji\""),
        ("header = \"romaji\"", "header = \"romaji\"\nquote = \"needed\""),
        ("quote = \"needed\"", "quote = \"needed\"\nnewline = \"lf\""),
    ] {
        sandbox.generate(&[BOM], &["--full"]).expect(0);
        sandbox.replace("hub/hub.toml", from, to);
        sandbox.generate(&[BOM], &["--diff"]).expect_fault(10, "engine.rendering-changed");
    }
}

#[test]
fn two_versions_of_one_interface_stand_side_by_side() {
    let sandbox = Sandbox::loaded(30, 1);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    let (old, new) = (notice(&sandbox.notices(PLAIN)[0]), notice(&sandbox.notices(BOM)[0]));
    assert_eq!((&old["interface"], &old["version"]), (&new["interface"], &"1.0".into()));
    assert_eq!(new["version"], "1.1");
    assert_ne!(old["n_columns"], new["n_columns"]);
}
