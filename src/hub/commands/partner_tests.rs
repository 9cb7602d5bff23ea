//! What partners are given to test with, and what is said of their files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::tests::{Ended, call_words};
use crate::Exit;
use crate::console::Lang;

/// Calls a command; words are as they stand.
fn run(words: &[&str]) -> Ended {
    call_words(Lang::En, std::iter::once("renkei").chain(words.iter().copied()).map(OsString::from))
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}{}", ended.out, ended.err))
}

fn notices(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = names
        .filter(|path| path.extension().is_some_and(|ending| ending == "done"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The words of all rules in a report.
fn rules(report: &Value) -> Vec<String> {
    match report {
        Value::Object(fields) => {
            let own = fields.get("rule").and_then(Value::as_str).map(str::to_owned);
            fields.values().flat_map(rules).chain(own).collect()
        }
        Value::Array(values) => values.iter().flat_map(rules).collect(),
        _ => Vec::new(),
    }
}

/// Every file below a folder with its bytes and the time it was written.
fn tree(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let changed = fs::metadata(&path).unwrap().modified().unwrap();
        if path.is_dir() {
            found.extend(tree(&path));
            found.insert(path, (Vec::new(), changed));
        } else {
            found.insert(path.clone(), (fs::read(&path).unwrap(), changed));
        }
    }
    found
}

/// Samples of a layout in a folder of their own.
fn sampled(layout: &str) -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let made = run(&["sample", layout, "--out", folder.path().to_str().unwrap(), "--rows", "8", "--json"]);
    assert_eq!(made.exit, Exit::Ok, "{}", made.err);
    let made = json(&made);
    (folder, made)
}

#[test]
fn conform_says_of_every_sample_what_is_expected() {
    for (layout, _) in crate::init::shipped_layouts() {
        let (folder, made) = sampled(layout);
        let samples = made["samples"].as_array().unwrap();
        assert!(samples.len() >= 20, "{layout}: {} samples", samples.len());
        for sample in samples {
            let name = sample["folder"].as_str().unwrap();
            let notices = notices(&folder.path().join(name));
            let words: Vec<&str> = notices.iter().map(String::as_str).collect();
            let said = run(&[&["conform", "--json"], words.as_slice()].concat());
            let report = json(&said);
            let expected = if sample["conforms"] == true { Exit::Ok } else { Exit::Issues };
            assert_eq!(said.exit, expected, "{layout} {name}: {}", said.out);
            let found = rules(&report);
            match sample["rule"].as_str() {
                None => assert_eq!(report["n_errors"], 0, "{layout} {name}: {}", said.out),
                Some(rule) => assert!(found.iter().any(|word| word == rule), "{layout} {name}: {found:?}"),
            }
            assert!(!said.out.contains("passwd"), "{layout} {name}: {}", said.out);
        }
        let chain = notices(&folder.path().join("valid-chain"));
        let report = json(&run(&["conform", "--json", &chain[0], &chain[1]]));
        assert!(report["proven_state"].is_object(), "{layout}: the chain is proven");
        let again = sampled(layout).0;
        let bytes =
            |folder: &Path| -> Vec<Vec<u8>> { tree(folder).into_values().map(|(bytes, _)| bytes).collect() };
        assert_eq!(bytes(folder.path()), bytes(again.path()), "{layout}: the same again");
    }
}

#[test]
fn conforming_changes_nothing_and_reports_all() {
    let (folder, _) = sampled("024z001");
    let before = tree(folder.path());
    let notice = notices(&folder.path().join("bad-unknown-code")).remove(0);
    let report = tempfile::tempdir().unwrap();
    let out = report.path().join("out");
    let html = report.path().join("page.html");
    let said = run(&["conform", &notice, "--out", out.to_str().unwrap(), "--html", html.to_str().unwrap()]);
    assert_eq!(said.exit, Exit::Issues);
    assert!(said.out.starts_with("Verdict: DOES NOT CONFORM (errors 1, warnings 0)\n"), "{}", said.out);
    let errors = fs::read_to_string(out.join("errors.csv")).unwrap();
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(
        errors.starts_with('\u{feff}') && errors.contains("\"9\"") && errors.contains("\"unknown-code\"")
    );
    let page = fs::read_to_string(&html).unwrap();
    assert_eq!(page, fs::read_to_string(out.join("report.html")).unwrap());
    assert!(page.contains("unknown-code") && page.contains("適合確認報告"));
    assert!(out.join("report.json").exists() && out.join("report.txt").exists());
    let data = notice.replace(".done", ".csv");
    assert_eq!(run(&["conform", &data]).exit, Exit::Issues, "the layout is known by the header row");
    assert_eq!(run(&["conform", &data, "--layout", "024z001-1.0"]).exit, Exit::Issues);
    assert_eq!(run(&["conform", &data, "--layout", "024z001-1"]).exit, Exit::Usage);
    assert_eq!(tree(folder.path()), before, "not a byte and not a time is another");
}

#[test]
fn what_lies_in_check_is_reported_on_once() {
    let folder = tempfile::tempdir().unwrap();
    let hub = folder.path().join("hub");
    let hub_name = hub.to_str().unwrap();
    assert_eq!(run(&["init", hub_name]).exit, Exit::Ok);
    let config = fs::read_to_string(hub.join("hub.toml")).unwrap();
    let system = config.split("[[system]]").nth(1).unwrap().split("id = \"").nth(1).unwrap();
    let system = system.split('"').next().unwrap();
    let check = hub.join("share").join(system).join("check");
    fs::create_dir_all(&check).unwrap();
    let (samples, _) = sampled("024z001");
    for sample in ["valid-full", "bad-gap"] {
        for entry in fs::read_dir(samples.path().join(sample)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, check.join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::write(check.join("alone.csv"), "what is this\r\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", check.join("link.csv")).unwrap();
    let before = tree(&check);
    let look = || {
        let said = run(&["--hub", hub_name, "conform", "--check-folders", "--json"]);
        assert_eq!(said.exit, Exit::Ok, "{}", said.err);
        json(&said)["reports"].as_array().unwrap().clone()
    };
    let verdicts: Vec<String> =
        look().iter().map(|made| made["verdict"].as_str().unwrap().to_owned()).collect();
    assert_eq!(verdicts, ["conforms", "conforms", "does-not-conform"], "full, diff alone, no layout");
    let mut after = tree(&check);
    after.retain(|path, _| !path.starts_with(check.join("report")));
    let bytes = |tree: &BTreeMap<PathBuf, (Vec<u8>, SystemTime)>| -> Vec<(PathBuf, Vec<u8>)> {
        tree.iter().map(|(path, (bytes, _))| (path.clone(), bytes.clone())).collect()
    };
    assert_eq!(bytes(&after), bytes(&before), "what was dropped stays");
    assert_eq!(fs::read_dir(check.join("report")).unwrap().count(), 9, "three forms of three reports");
    assert!(look().is_empty(), "what is unchanged is not reported on again");
    fs::write(check.join("alone.csv"), "something else\r\n").unwrap();
    assert_eq!(look().len(), 1, "what changed is");
}

/// A hub in a folder of its own.
fn hub() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let hub = folder.path().join("hub").to_str().unwrap().to_owned();
    assert_eq!(run(&["init", &hub]).exit, Exit::Ok);
    (folder, hub)
}

#[test]
fn a_foreign_csv_becomes_a_set_that_conforms_or_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, hub) = hub();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let head = "住民番号,異動コード,異動日,届出日,世帯番号,氏名,カナ氏名,性別,生年月日,続柄,郵便番号,住所,番地,方書,備考,処理端末";
    let row = |number: &str, code: &str| {
        format!(
            "{number},{code},R8.9.1,R8.9.2,77,見本　太郎,ミホン　タロウ,男,S55.1.2,世帯主,3050001,見本町,１,,x,T1"
        )
    };
    let source = |name: &str, rows: &[String]| {
        let text = format!("{head}\r\n{}\r\n", rows.join("\r\n"));
        let mut bytes = Vec::new();
        let cp932 = renkei_core::text::CharacterSet::new(renkei_core::text::Encoding::Cp932, None);
        cp932.encode_into(&text, &mut bytes).unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        path(name)
    };
    let right = source("right.csv", &[row("11", "110"), row("12", "230")]);
    let map = |file: &str, more: &[&str]| {
        run(&[&["--hub", &hub, "map", file, "--mapping", "legacy-moves"], more].concat())
    };
    for (more, kind) in [(&[][..], "full"), (&["--moves", "--sequence", "2"][..], "diff")] {
        let out = path(&format!("{kind}.csv"));
        let made = map(&right, &[&["--out", out.as_str()], more].concat());
        assert_eq!(made.exit, Exit::Ok, "{}{}", made.out, made.err);
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        let report = run(&["--hub", &hub, "conform", "--json", &path(&format!("{kind}.done"))]);
        let report = json(&report);
        assert_eq!(report["n_errors"], 0, "{report:#}");
        assert_eq!(
            (&report["sets"][0]["kind"], &report["sets"][0]["files"][0]["n_rows"]),
            (&kind.into(), &2.into())
        );
    }
    let printed = map(&right, &[]);
    assert_eq!(printed.out, fs::read_to_string(path("full.csv")).unwrap());
    let wrong =
        source("wrong.csv", &[row("11", "110"), row("11", "999"), row("1x", "110"), row("11", "110")]);
    let out = path("nothing.csv");
    let refused = map(&wrong, &["--out", &out, "--json"]);
    assert_eq!(refused.exit, Exit::Partner, "{}", refused.err);
    let found: Vec<(u64, String)> = json(&refused)["issues"]["listed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| (issue["row"].as_u64().unwrap(), issue["rule"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [(3, "unmapped-code"), (4, "not-digits"), (5, "duplicate-key")];
    assert_eq!(found, expected.map(|(row, rule)| (row, rule.to_owned())));
    assert!(!refused.out.contains("見本") && !refused.err.contains("見本"), "no value is told");
    let names =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!names.into_iter().any(|name| name.contains("nothing")), "nothing is left of it");
    assert_eq!(run(&["--hub", &hub, "map", &right, "--mapping", "legacy-move"]).exit, Exit::Usage);
}

#[test]
fn check_reads_mappings_too() {
    let (_folder, hub) = hub();
    let mapping = Path::new(&hub).join("layouts/mappings/legacy-moves.toml");
    let text = fs::read_to_string(&mapping).unwrap();
    fs::write(&mapping, text.replace("to = \"setai_no\"", "to = \"setai_n\"")).unwrap();
    let checked = run(&["--hub", &hub, "check"]);
    assert_eq!(checked.exit, Exit::Issues);
    assert!(checked.out.starts_with("layouts/mappings/legacy-moves.toml:"), "{}", checked.out);
    assert!(checked.out.contains("did you mean \"setai_no\"?"), "{}", checked.out);
}

#[test]
fn two_fulls_are_compared_by_key_and_column_and_values_are_kept_apart() {
    use std::os::unix::fs::PermissionsExt as _;
    let (samples, _) = sampled("024z001");
    let notice = notices(&samples.path().join("valid-full")).remove(0);
    let data = notice.replace(".done", ".csv");
    let text = fs::read_to_string(&data).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let head = lines.remove(0);
    let changed = lines[2].replacen("\"000000000000003\",\"3\",", "\"000000000000003\",\"3\",\"秘密\"; ", 1);
    assert_ne!(changed, lines[2]);
    let changed = changed.replacen("\"秘密\"; \"", "\"秘密", 1);
    lines[2] = &changed;
    lines.remove(0);
    lines.reverse();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("b.csv"), format!("{head}\r\n{}\r\n", lines.join("\r\n"))).unwrap();
    let compared = run(&["compare", &notice, &path("b.csv"), "--values", &path("values.csv"), "--json"]);
    assert_eq!(compared.exit, Exit::Issues, "{}", compared.err);
    let found = json(&compared);
    assert_eq!(
        (&found["missing"], &found["surplus"], &found["different"]),
        (&1.into(), &0.into(), &1.into())
    );
    assert_eq!(found["columns"], serde_json::json!({ "hihokensha_kigo": 1 }));
    assert!(!compared.out.contains("秘密"));
    assert!(fs::read_to_string(path("values.csv")).unwrap().contains("秘密"));
    assert_eq!(fs::metadata(path("values.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    let text = run(&["compare", &notice, &path("b.csv")]).out;
    assert!(text.starts_with("A 8 rows, B 7 rows: equal 6, missing from B 1,"), "{text}");
    assert!(!text.contains("秘密"));
    assert_eq!(run(&["compare", &notice, &data]).exit, Exit::Ok);
}

#[test]
fn a_receivers_state_is_reconciled_with_what_was_published() {
    use renkei_core::port::IntakeHead;
    use renkei_core::receive::Holding;
    use renkei_engine::{EngineError, FileJudge, KeyOrder};

    let (folder, hub) = hub();
    let town = folder.path().join("town").to_str().unwrap().to_owned();
    let ok = |words: &[&str]| {
        let ended = run(&[&["--hub", &hub], words].concat());
        assert_eq!(ended.exit, Exit::Ok, "{words:?}: {}", ended.err);
    };
    ok(&["town", &town, "--residents", "40", "--moves", "4"]);
    ok(&["load", &format!("{town}/residents.csv")]);
    ok(&["generate", "001o005-v1.0", "--full"]);
    let published = tree(&Path::new(&hub).join("share"));
    let data = published.keys().find(|path| path.extension().is_some_and(|ending| ending == "csv")).unwrap();
    let config = crate::config::Config::load(Path::new(&hub)).unwrap();
    let layout = &config.layouts["001o005-1.0"];
    let day = "2026-10-01".parse().unwrap();
    let mut judge = FileJudge::new(layout, layout.file, day, KeyOrder::Ascending);
    judge.judge(fs::File::open(data).unwrap(), &mut |_| Ok::<(), EngineError>(())).unwrap();
    let mut head = IntakeHead {
        feed: "001o005-v1.0".parse().unwrap(),
        version: layout.version,
        sequence: renkei_core::Sequence(1),
        content_sha256: renkei_core::Digest([0; 32]),
        state: judge.state().clone(),
        business_date: day,
        taken_at: renkei_core::Moment::from_unix(0).unwrap(),
    };
    let state = folder.path().join("state.json").to_str().unwrap().to_owned();
    let reconcile = |head: &IntakeHead| {
        let holding = Holding::of(&"residents".parse().unwrap(), head);
        fs::write(&state, holding.to_json().unwrap()).unwrap();
        run(&["--hub", &hub, "reconcile", "001o005-v1.0", "--with", &state, "--json"])
    };
    let same = reconcile(&head);
    assert_eq!(same.exit, Exit::Ok, "{}", same.err);
    assert_eq!(json(&same)["buckets"], serde_json::json!([]));
    head.state.add(9, &renkei_core::state::RowDigest::of(b"one more"));
    let other = reconcile(&head);
    assert_eq!(other.exit, Exit::Issues);
    let found = json(&other);
    assert_eq!(found["buckets"], serde_json::json!([9]));
    assert_eq!(found["rows_there"].as_u64().unwrap(), found["rows_here"].as_u64().unwrap() + 1);
    head.sequence = renkei_core::Sequence(5);
    let unknown = reconcile(&head);
    assert_eq!(unknown.exit, Exit::Partner);
    assert!(unknown.err.contains("no publication of its number"), "{}", unknown.err);
}
