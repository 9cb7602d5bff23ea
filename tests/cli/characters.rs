//! Characters on their way into files: untouched in UTF-8, exact or degraded and listed in CP932, or the
//! feed stops.

use std::fs;

use crate::sandbox::files::{data_files, names, notice};
use crate::sandbox::moves::renaming;
use crate::sandbox::{ALL_ITEMS, BOM, CP932, PLAIN, Sandbox};

/// A hub whose first residents have these names.
fn hub_with(names: &[&str]) -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::loaded(30, 1);
    let residents: Vec<String> = sandbox.japanese().into_iter().take(names.len()).collect();
    let moves: Vec<(&str, &str)> = residents.iter().map(String::as_str).zip(names.iter().copied()).collect();
    sandbox.write("renaming.csv", &renaming(&moves));
    sandbox.run(&["apply", "renaming.csv"]).expect(0);
    (sandbox, residents)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn nothing_is_normalised() {
    // A compatibility character, a decomposed kana, one outside the BMP, one with a variation selector,
    // both wave dashes, both minus signs, half-width kana.
    let kept = ["\u{fa19}谷", "か\u{3099}わ", "\u{29e3d}", "葛\u{e0100}", "〜～", "−－", "ｶﾞﾂ", "Å\u{212b}"];
    let names: Vec<String> = kept.iter().map(|name| format!("{name}　太郎")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (sandbox, _) = hub_with(&names);
    sandbox.generate(&[PLAIN, BOM, ALL_ITEMS], &["--full"]).expect(0);
    for feed in [PLAIN, BOM, ALL_ITEMS] {
        let path = sandbox.notices(feed).remove(0);
        let bytes = fs::read(&data_files(&path)[0]).unwrap();
        for name in &names {
            assert!(contains(&bytes, name.as_bytes()), "{feed}: {name:?}");
        }
        sandbox.run(&["verify", path.to_str().unwrap()]).expect(0);
        assert_eq!(bytes.starts_with(b"\xef\xbb\xbf"), feed == BOM);
    }
}

#[test]
fn cp932_characters_have_their_exact_bytes() {
    let (sandbox, _) = hub_with(&["髙﨑　太郎", "～－∥　次郎", "①㈱Ⅳ　三郎"]);
    sandbox.generate(&[CP932], &["--full"]).expect(0);
    let path = sandbox.notices(CP932).remove(0);
    let bytes = fs::read(&data_files(&path)[0]).unwrap();
    for expected in [
        b"\xfb\xfc\xfa\xb1\x81\x40".as_slice(),
        b"\x81\x60\x81\x7c\x81\x61\x81\x40",
        b"\x87\x40\x87\x8a\x87\x57\x81\x40",
    ] {
        assert!(contains(&bytes, expected), "{expected:x?}");
    }
    sandbox.run(&["verify", path.to_str().unwrap()]).expect(0);
}

#[test]
fn a_degraded_character_is_listed_by_row_and_column() {
    let (sandbox, residents) = hub_with(&["𠮟田　太郎"]);
    sandbox.generate(&[CP932, PLAIN], &["--full"]).expect(0).says("001o006-v1.1");
    let path = sandbox.notices(CP932).remove(0);
    let value = notice(&path);
    let report = &value["reports"][0];
    assert_eq!(report["kind"], "degraded");
    let text = fs::read_to_string(path.with_file_name(report["name"].as_str().unwrap())).unwrap();
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    assert_eq!(lines.next(), Some("\"row_key\",\"column\",\"registry\",\"file\""));
    let expected = format!("\"{}-2-0\",\"shimei\",\"𠮟田　太郎\",\"叱田　太郎\"", residents[0]);
    let lines: Vec<&str> = lines.collect();
    let found: Vec<&&str> = lines.iter().filter(|line| line.contains("\"shimei\"")).collect();
    assert_eq!(found, [&expected.as_str()], "{lines:?}");
    assert_eq!(report["n_rows"], lines.len());
    assert!(contains(&fs::read(&data_files(&path)[0]).unwrap(), b"\x8e\xb6\x93\x63\x81\x40"), "叱田");
    // A feed that can carry it has no report.
    assert!(notice(&sandbox.notices(PLAIN)[0])["reports"].is_null());
}

#[test]
fn what_the_map_lacks_or_may_not_be_degraded_stops_its_feed_only() {
    let (sandbox, residents) = hub_with(&["𠮟田　太郎", "\u{29e3d}原　花子"]);
    // Degraded where the map has it; 𩸽 is in no map.
    let outcome = sandbox.generate(&[CP932, PLAIN], &["--full"]);
    stopped(&sandbox, outcome, &[(&residents[1], "shimei")]);
    let (sandbox, residents) = hub_with(&["𠮟田　太郎", "\u{29e3d}原　花子"]);
    sandbox.replace("hub/hub.toml", "unmappable = \"degrade\"", "unmappable = \"stop\"");
    let outcome = sandbox.generate(&[CP932, PLAIN], &["--full"]);
    stopped(&sandbox, outcome, &[(&residents[0], "shimei"), (&residents[1], "shimei")]);
    // A diff stops in the same way, and goes on once the name can be written.
    sandbox.replace("hub/hub.toml", "unmappable = \"stop\"", "unmappable = \"degrade\"");
    sandbox.write("right.csv", &renaming(&[(&residents[1], "北原　花子")]));
    sandbox.run(&["apply", "right.csv"]).expect(0);
}

/// Checks that the CP932 feed stopped with a report of these rows, and the plain feed went on.
#[track_caller]
fn stopped(sandbox: &Sandbox, outcome: crate::sandbox::Outcome, expected: &[(&String, &str)]) {
    let outcome = outcome.expect_fault(10, "engine.unwritable").says(".archive/").says_not("花子");
    assert_eq!(names(&sandbox.feed_folder(CP932)), Vec::<String>::new(), "nothing is published");
    assert_eq!(sandbox.notices(PLAIN).len(), 1, "the next feed is");
    let report = names(&sandbox.path("hub/share/.archive")).remove(0);
    outcome.require(outcome.stderr.contains(&report), "the report's name");
    let text = fs::read_to_string(sandbox.path("hub/share/.archive").join(report)).unwrap();
    for (resident, column) in expected {
        let start = format!("\"{resident}-2-0\",\"{column}\",");
        assert!(text.contains(&start), "{start} in {text}");
    }
    assert!(!text.contains("原　花子"), "the report tells the place and the character, not the name");
}
