//! Bad configuration or data is reported completely, with file, line or row, column and rule.

use std::collections::BTreeSet;

use crate::sandbox::Sandbox;

#[test]
fn all_at_once_in_the_configuration() {
    let sandbox = Sandbox::new().init();
    for (file, from, to) in [
        ("hub.toml", "municipality = \"082201\"", "municipality = \"082202\""),
        ("hub.toml", "timezone = \"Asia/Tokyo\"", "timezone = \"Asia/Tokio\""),
        ("hub.toml", "number_key_file", "number_keyfile"),
        ("hub.toml", "path = \"share\"", "path = \"../share\""),
        ("hub.toml", "{sequence:4}\"", "{number}\""),
        ("hub.toml", "layout = \"001o005-1.0\"", "layout = \"001o005-10\""),
        ("hub.toml", "receivers = [\"015\"]", "receivers = [\"999\"]"),
        ("hub.toml", "receivers = [\"024\", \"026\"]", "receivers = [\"014\"]"),
        ("hub.toml", "degrade = \"cp932\"", "degrade = \"sjis\""),
        ("hub.toml", "part_rows = 1000000", "part_rows = 0"),
        ("jobs/nightly.toml", "content = \"diff\"", "content = \"dif\""),
        ("layouts/001o005-1.1.toml", "\"shimei\",", "\"shimeii\","),
        ("layouts/001z001-1.0.toml", "valid_from = 2026-04-01", "valid_from = 2026-04-31"),
    ] {
        sandbox.replace(&format!("hub/{file}"), from, to);
    }
    let outcome = sandbox.run(&["check", "--json"]).expect(1);
    let report = outcome.json();
    let problems = report["problems"].as_array().unwrap();
    let places: BTreeSet<(&str, &str)> = problems
        .iter()
        .map(|problem| (problem["file"].as_str().unwrap(), problem["path"].as_str().unwrap()))
        .collect();
    for place in [
        ("hub.toml", "municipality"),
        ("hub.toml", "timezone"),
        ("hub.toml", "store.number_keyfile"),
        ("hub.toml", "root.path"),
        ("hub.toml", "naming.stem"),
        ("hub.toml", "feed[0].layout"),
        ("hub.toml", "feed[0].receivers[0]"),
        ("hub.toml", "feed[2].receivers[0]"),
        ("hub.toml", "feed[3].degrade"),
        ("hub.toml", "feed[4].part_rows"),
        ("jobs/nightly.toml", "content"),
    ] {
        outcome.require(places.contains(&place), &format!("{place:?} among {places:?}"));
    }
    for file in ["layouts/001o005-1.1.toml", "layouts/001z001-1.0.toml"] {
        outcome.require(places.iter().any(|(found, _)| *found == file), file);
    }
    assert!(problems.iter().all(|problem| problem["line"].as_u64().unwrap() > 0));
    // Every other command gives the same list and does nothing.
    let refused = sandbox.run(&["commits"]).expect_fault(10, "config.invalid");
    for (_, path) in places {
        refused.require(refused.stderr.contains(path), path);
    }
}

#[test]
fn all_at_once_in_files_of_rows() {
    let sandbox = Sandbox::loaded(30, 8);
    let resident = sandbox.japanese().remove(0);
    let header = "atena_no,ido_jiyu,ido_ymd,shimei,seibetsu,target_rireki_no";
    let lines = [
        format!("{resident},43,2026-10-01,架空　太郎,,"),
        format!("{resident},43,2026-02-30,架空　太郎,,"),
        format!("{resident},43,2026-10-01,架空　太郎,x,"),
        "12x,43,2026-10-01,架空　太郎,,".to_owned(),
        format!("{resident},00,2026-10-01,架空　太郎,,"),
        format!("{resident},43,2026-10-01"),
        format!("{resident},43,2026-10-01,\"架空\"太郎,,"),
        format!("{resident},59,2026-10-01,,,zero"),
        format!("{resident},59,2026-10-01,,,77"),
        "000000999999999,43,2026-10-01,架空　太郎,,".to_owned(),
    ];
    sandbox.write("moves.csv", &format!("{header}\r\n{}\r\n", lines.join("\r\n")));
    let outcome = sandbox.run(&["apply", "moves.csv", "--json"]).expect_fault(11, "engine.refused");
    let report = outcome.json();
    let rows: BTreeSet<u64> = report["issues"]["listed"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|issue| issue["is_warning"] == false)
        .map(|issue| issue["row"].as_u64().unwrap())
        .collect();
    outcome.require(rows == (3..=11).collect(), &format!("every row but the first, not {rows:?}"));

    // Residents: one wrong field in each of many rows.
    let text = std::fs::read_to_string(sandbox.path("town/residents.csv")).unwrap();
    let wrong: Vec<String> =
        text.split_inclusive("\r\n")
            .enumerate()
            .map(|(index, line)| {
                if index > 0 {
                    line.replace("\"つくば市\"", "\"つくば\t市\"")
                } else {
                    line.to_owned()
                }
            })
            .collect();
    let other = Sandbox::new().init();
    other.write("residents.csv", &wrong.concat());
    let report = other.run(&["load", "residents.csv", "--json"]).expect_fault(11, "engine.refused").json();
    let n_rows = wrong.iter().filter(|line| line.contains('\t')).count() as u64;
    assert!(report["issues"]["n_errors"].as_u64().unwrap() >= n_rows && n_rows >= 30);
}
