//! No name, number or address in logs, errors, file names or snapshots; 個人番号 is encrypted at rest and only
//! in feeds whose interface has it.
//!
//! Residents and moves carry canaries: names and addresses that occur nowhere else, and their numbers. Every
//! command, right and wrong, is run with all that it logs.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::sandbox::files::{data_files, edit, edit_lines, edit_notice, ends_with, read_tree};
use crate::sandbox::moves::{fields, renaming};
use crate::sandbox::{ALL_ITEMS, BOM, CP932, NUMBERS, Outcome, PLAIN, Sandbox};

/// Names and an address of nobody.
const CANARIES: [&str; 5] = ["金糸雀", "カナリヤ", "CANARY", "鴉沼", "𩹉"];

/// The texts that must not get out: canaries, and every 個人番号 and 宛名番号 of the town.
struct Secrets {
    texts: BTreeSet<String>,
    individual_numbers: BTreeSet<String>,
}

impl Secrets {
    fn of(sandbox: &Sandbox) -> Self {
        let mut texts: BTreeSet<String> = CANARIES.map(str::to_owned).into();
        let mut individual_numbers = BTreeSet::new();
        for file in ["town/residents.csv", "town/moves.csv"] {
            let text = fs::read_to_string(sandbox.path(file)).unwrap();
            let mut lines = text.lines();
            let header = fields(lines.next().unwrap());
            for row in lines.map(fields) {
                for (column, field) in header.iter().zip(row).filter(|(_, field)| !field.is_empty()) {
                    match column.as_str() {
                        "kojin_bango" => drop(individual_numbers.insert(field)),
                        "atena_no" | "setai_no" | "shimei" | "shimei_kana" => drop(texts.insert(field)),
                        _ => {}
                    }
                }
            }
        }
        assert!(texts.len() > 80 && individual_numbers.len() > 30);
        Self { texts, individual_numbers }
    }

    fn found_in(&self, text: &str) -> Option<&String> {
        let found = self.texts.iter().find(|secret| text.contains(secret.as_str()));
        found.or_else(|| self.individual_numbers.iter().find(|secret| text.contains(secret.as_str())))
    }

    /// True when a text has a run of exactly 12 digits, whoever's they are.
    fn has_12_digits(text: &str) -> bool {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// A town with canaries in its residents and moves.
fn hub() -> Sandbox {
    let sandbox = Sandbox::new().init().town(40, 16);
    let first = sandbox.japanese().remove(0);
    for file in ["town/residents.csv", "town/moves.csv"] {
        edit_lines(&sandbox.path(file), |lines| {
            let header = fields(&lines[0]);
            let place = |id: &str| header.iter().position(|name| name == id).unwrap();
            for (index, line) in lines.iter_mut().enumerate().skip(1) {
                let mut row = fields(line);
                let is_marked = index % 3 == 0 && !row[place("jusho_banchigo")].is_empty();
                if row[place("atena_no")] == first || is_marked {
                    row[place("shimei")] = "金糸雀　漏太郎".to_owned();
                    row[place("shimei_kana")] = "カナリヤ　モレタロウ".to_owned();
                    row[place("shimei_gaikokujin_romaji")] = "CANARY MORETARO".to_owned();
                    row[place("jusho_banchigo")] = "鴉沼９９９番地".to_owned();
                    *line = format!("\"{}\"", row.join("\",\""));
                }
            }
        });
    }
    sandbox
}

/// Runs commands as loudly as can be and looks at all they say.
struct Listener<'s> {
    sandbox: &'s Sandbox,
    secrets: Secrets,
    n_lines: usize,
}

impl Listener<'_> {
    #[track_caller]
    fn run(&mut self, args: &[&str]) -> Outcome {
        self.run_with(&[], args)
    }

    #[track_caller]
    fn run_with(&mut self, env: &[(&str, &str)], args: &[&str]) -> Outcome {
        let loud = [args, &["-vvv", "--log-format", "json"]].concat();
        let mut outcome = self.sandbox.run_with(env, &loud);
        self.n_lines += outcome.stderr.lines().count();
        for text in [&outcome.stdout, &outcome.stderr] {
            let found = self.secrets.found_in(text);
            outcome.require(found.is_none(), &format!("no personal value, not {found:?}"));
            outcome.require(!Secrets::has_12_digits(text), "no number of 12 digits");
        }
        // The same for people, in Japanese.
        if outcome.status.code() != Some(0) {
            let other = self.sandbox.run_with(env, &[args, &["--lang", "ja"]].concat());
            let found = self.secrets.found_in(&format!("{}{}", other.stdout, other.stderr));
            other.require(found.is_none(), &format!("no personal value, not {found:?}"));
        }
        outcome.stderr.retain(|c| c != '\u{1b}');
        outcome
    }
}

#[test]
fn nothing_personal_leaks() {
    let sandbox = hub();
    let secrets = Secrets::of(&sandbox);
    let resident = sandbox.japanese().remove(0);
    let mut listener = Listener { sandbox: &sandbox, secrets, n_lines: 0 };
    wrong_inputs(&mut listener, &resident);
    listener.run(&["load", "town/residents.csv"]).expect(0);
    listener.run(&["load", "town/residents.csv"]).expect(10);
    let feeds = [PLAIN, BOM, NUMBERS, CP932, ALL_ITEMS];
    listener.run(&[["generate"].as_slice(), &feeds, &["--full"]].concat()).expect(0);
    listener.run(&["apply", "town/moves.csv"]).expect(0);
    listener.run(&["apply", "town/moves.csv"]).expect(10);
    wrong_moves(&mut listener, &resident);
    listener.run(&[["generate"].as_slice(), &feeds, &["--diff"]].concat()).expect(0);
    extracts(&mut listener, &resident);
    unwritable(&mut listener, &resident);
    told(&mut listener);
    for args in [
        ["feeds"].as_slice(),
        &["publications"],
        &["commits"],
        &["runs"],
        &["config", "show"],
        &["check"],
        &["alert", "test"],
        &["alert", "list"],
        &["doctor"],
    ] {
        listener.run(args).expect(0);
        listener.run(&[args, &["--json"]].concat()).expect(0);
    }
    let said = fs::read_to_string(sandbox.path("told")).unwrap();
    assert!(said.contains("RENKEI_ALERT_KIND=test"), "{said}");
    assert_eq!(listener.secrets.found_in(&said), None, "{said}");
    let runs = sandbox.run(&["runs", "--json", "--last", "100"]).expect(0).json();
    for run in runs.as_array().unwrap() {
        listener.run(&["runs", run["run_id"].as_str().unwrap()]).expect(0);
    }
    compared(&mut listener);
    verifications(&mut listener);
    crashes(&mut listener);
    assert!(listener.n_lines > 200, "only {} lines were logged", listener.n_lines);
    what_is_kept(&sandbox, &listener.secrets);
}

/// Alerts go to a program that writes down all it is given.
fn told(listener: &mut Listener<'_>) {
    let sandbox = listener.sandbox;
    let told = sandbox.path("told").display().to_string();
    sandbox.write("told.sh", &format!("env >> '{told}'; printf '%s\\n' \"$@\" >> '{told}'\n"));
    let toml = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let script = sandbox.path("told.sh").display().to_string();
    let command = format!(
        "[alert.command]\nprogram = \"/bin/sh\"\nargs = [\"{script}\", \"{{title}}\", \"{{key}}\"]\n"
    );
    fs::write(sandbox.path("hub/hub.toml"), format!("{toml}\n{command}")).unwrap();
}

/// Loads that are refused, with canaries in the way.
fn wrong_inputs(listener: &mut Listener<'_>, resident: &str) {
    let sandbox = listener.sandbox;
    let text = fs::read_to_string(sandbox.path("town/residents.csv")).unwrap();
    let first = text.lines().nth(1).unwrap();
    let doubled = text.replacen(first, &format!("{first}\r\n{first}"), 1);
    for (name, content) in [
        ("no-header.csv", text.split_once("\r\n").unwrap().1.to_owned()),
        ("doubled.csv", doubled),
        ("wrong-day.csv", text.replace("\"カナリヤ　モレタロウ\"", "\"カナリヤ\u{7}　モレタロウ\"")),
        ("cut.csv", text[..text.find("鴉沼").unwrap() + 3].to_owned()),
        ("quote.csv", text.replacen("\"金糸雀", "\"金糸\"雀", 1)),
        ("columns.csv", text.replacen("\"金糸雀　漏太郎\"", "\"金糸雀\",\"漏太郎\"", 1)),
        ("digits.csv", text.replacen(resident, &format!("{resident}金糸雀"), 1)),
    ] {
        sandbox.write(name, &content);
        listener.run(&["load", name]).expect(11);
        listener.run(&["load", name, "--json"]).expect(11);
    }
    let mut numbers = listener.secrets.individual_numbers.iter();
    let number = numbers.find(|number| text.contains(number.as_str())).unwrap().clone();
    let other = if number.ends_with('0') { '1' } else { '0' };
    let wrong_digit = format!("{}{other}", &number[..11]);
    sandbox.write("check-digit.csv", &text.replacen(&number, &wrong_digit, 1));
    listener.run(&["load", "check-digit.csv"]).expect(11).says_not(&wrong_digit);
    fs::write(sandbox.path("sjis.csv"), [text.as_bytes(), b"\"\x8b\xe0\"\r\n"].concat()).unwrap();
    listener.run(&["load", "sjis.csv"]).expect(11);
}

/// Moves that are refused.
fn wrong_moves(listener: &mut Listener<'_>, resident: &str) {
    let sandbox = listener.sandbox;
    let right = renaming(&[(resident, "金糸雀　漏子")]);
    for (name, content) in [
        ("day.csv", right.replace("2026-10-01", "金糸雀")),
        ("reason.csv", right.replace(",43,", ",金糸雀,")),
        ("header.csv", right.replace("shimei", "金糸雀")),
        ("stranger.csv", renaming(&[("000000999999999", "金糸雀　漏子")])),
        ("atena.csv", right.replace(resident, &format!("{resident}0"))),
        ("long.csv", right.replace("金糸雀　漏子", &"金糸雀".repeat(100))),
        ("target.csv", format!("atena_no,ido_jiyu,target_rireki_no,shimei\r\n{resident},44,999,金糸雀\r\n")),
        ("born.csv", format!("atena_no,ido_jiyu,ido_ymd,shimei\r\n{resident},03,2026-10-01,金糸雀\r\n")),
    ] {
        sandbox.write(name, &content);
        listener.run(&["apply", name]).expect(11);
    }
    sandbox.write("each.csv", &renaming(&[("000000999999999", "金糸雀　漏子"), (resident, "金糸雀　漏子")]));
    listener.run(&["apply", "each.csv", "--each"]).expect(1);
}

fn extracts(listener: &mut Listener<'_>, resident: &str) {
    // The operator's own words come back on the command line's own errors only; here they are right.
    let outcome = listener.sandbox.run(&["generate", BOM, "--single", resident, "-vvv"]).expect(0);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    outcome.require(listener.secrets.found_in(&said).is_none(), "no personal value");
    listener.run(&["generate", BOM, "--as-of", "2026-01-01"]).expect(0);
    let missing = listener.sandbox.run(&["generate", BOM, "--single", "999999999999999", "-vvv"]).expect(10);
    missing.says_not("999999999999999");
}

/// A name that CP932 lacks.
fn unwritable(listener: &mut Listener<'_>, resident: &str) {
    listener.sandbox.write("rare.csv", &renaming(&[(resident, "𩹉　漏子")]));
    listener.run(&["apply", "rare.csv"]).expect(0);
    listener.run(&["generate", CP932, "--diff"]).expect_fault(10, "engine.unwritable");
    listener.run(&["generate", CP932, "--full", "--json"]).expect_fault(10, "engine.unwritable");
}

/// What a receiver holds, compared and put right, with canaries in the way.
fn compared(listener: &mut Listener<'_>) {
    let sandbox = listener.sandbox;
    let data = data_files(&sandbox.notices(PLAIN)[0]).remove(0);
    let theirs = sandbox.path("theirs.csv");
    fs::copy(&data, &theirs).unwrap();
    edit_lines(&theirs, |lines| {
        lines.remove(3);
        lines[1] = lines[1].replacen("\",\"", "\",\"金糸雀", 1);
        let other = lines[2].replacen('"', "\"7", 1);
        lines.push(other);
    });
    let of_015 = ["reconcile", PLAIN, "--receiver", "015"];
    for more in [
        ["--full", "theirs.csv", "--as-of", "1"].as_slice(),
        &["--full", "theirs.csv", "--as-of", "1", "--json"],
        &["--full", "theirs.csv", "--as-of", "1", "--layout", "001o005-1.1"],
    ] {
        listener.run(&[&of_015[..], more].concat()).expect(1);
    }
    edit_lines(&theirs, |lines| drop(lines.pop()));
    let correct = ["--full", "theirs.csv", "--as-of", "1", "--correct", "--reason", "x"];
    listener.run(&[&of_015[..], &correct].concat());
    for wrong in ["--rows", "--with", "--full"] {
        sandbox.write("wrong", "金糸雀　漏太郎\n\"鴉沼\n");
        let outcome = listener.run(&[&of_015[..], &[wrong, "wrong"]].concat());
        outcome.require(outcome.status.code() != Some(0), "a refusal");
    }
    sandbox.write("hub/share/015/receipt/x.holding-rows", "金糸雀　漏太郎\n");
    listener.run(&["reconcile"]).expect(1);
    let mend = ["mend", PLAIN, "--receiver", "015", "--reason", "x"];
    listener.run(&[&mend[..], &["--dry-run", "--json"]].concat());
    for way in ["merged", "again", "full"] {
        listener.run(&[&mend[..], &["--as", way]].concat());
    }
    listener.run(&["audit", "list", "--json"]).expect(0);
}

/// Files that were tampered with.
fn verifications(listener: &mut Listener<'_>) {
    let sandbox = listener.sandbox;
    let notices = sandbox.notices(BOM);
    let (full, diff) = (notices[0].to_str().unwrap(), notices[1].to_str().unwrap());
    listener.run(&["verify", full, diff]).expect(0);
    let copy = sandbox.path("copy");
    fs::create_dir(&copy).unwrap();
    crate::sandbox::files::copy_folder(&sandbox.feed_folder(BOM), &copy);
    let notice = copy.join(std::path::Path::new(full).file_name().unwrap());
    let data = data_files(&notice).remove(0);
    let path = notice.to_str().unwrap();
    edit_lines(&data, |lines| {
        lines[1] = lines[1].replacen("金糸雀", "金糸\"雀", 1);
        lines[2].push_str(",\"金糸雀\"");
        lines[3] = lines[3].replacen("\"1\"", "\"金糸雀\"", 1);
        lines.swap(5, 6);
        lines.push(lines[7].clone());
    });
    listener.run(&["verify", path]).expect(1);
    listener.run(&["verify", path, "--json"]).expect(1);
    edit_lines(&data, |lines| lines[0] = lines[1].clone());
    listener.run(&["verify", path]).expect(1);
    edit(&data, |bytes| bytes.truncate(bytes.len() / 2));
    listener.run(&["verify", path]).expect(1);
    for field in ["feed", "version", "kind", "interface", "business_date"] {
        let kept = fs::read(&notice).unwrap();
        edit_notice(&notice, |value| value[field] = serde_json::json!("金糸雀"));
        listener.run(&["verify", path]).expect(1);
        fs::write(&notice, kept).unwrap();
    }
    fs::write(&notice, "金糸雀　漏太郎").unwrap();
    listener.run(&["verify", path]).expect(1);
}

/// Runs that are cut off and recovered, and a database that cannot be read.
fn crashes(listener: &mut Listener<'_>) {
    let stop = [("RENKEI_STOP_AT", "publish.data-moved")];
    listener.sandbox.run_with(&stop, &["generate", NUMBERS, "--diff"]).expect_killed();
    listener.run(&["generate", NUMBERS, "--diff"]).expect(0);
    let key = listener.sandbox.path("hub/secrets/number.key");
    let right = fs::read_to_string(&key).unwrap();
    listener.secrets.texts.insert(right.trim().to_owned());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    listener.run(&["commits"]).expect(10);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, &right[3..]).unwrap();
    listener.run(&["commits"]).expect(10).says_not(&right[3..20]);
    fs::write(&key, &right).unwrap();
    listener.sandbox.replace(
        "hub/hub.toml",
        "number_key_file = \"secrets/number.key\"",
        &format!("number_key_env = \"{}\"", right.trim()),
    );
    listener.run(&["check"]).expect(1);
    listener.sandbox.replace(
        "hub/hub.toml",
        &format!("number_key_env = \"{}\"", right.trim()),
        "number_key_file = \"secrets/number.key\"",
    );
}

/// File names, the database's bytes, and feeds without 個人番号.
fn what_is_kept(sandbox: &Sandbox, secrets: &Secrets) {
    let files = read_tree(&sandbox.path("hub"), |_| true);
    assert!(files.len() > 40);
    for (name, bytes) in &files {
        assert_eq!(secrets.found_in(name), None, "{name}");
        let holds_numbers = name.contains("001o006") || name.contains("001z001");
        if name.starts_with("share/") && holds_numbers && ends_with(name, "csv") {
            continue;
        }
        let text = String::from_utf8_lossy(bytes);
        let found = secrets.individual_numbers.iter().find(|number| text.contains(number.as_str()));
        assert_eq!(found, None, "an individual number in clear in {name}");
        // Reports on rows that differ have keys and values, which is what they are for, and are their owner's alone.
        if name.starts_with("data/reports/") {
            let mode = fs::metadata(sandbox.path("hub").join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
            continue;
        }
        if !name.starts_with("share/") && !name.starts_with("data/renkei.db") {
            assert_eq!(
                secrets
                    .texts
                    .iter()
                    .find(|secret| name != "secrets/number.key" && text.contains(secret.as_str())),
                None,
                "{name}"
            );
        }
    }
    let database = &files["data/renkei.db"];
    assert!(String::from_utf8_lossy(database).contains("金糸雀"), "the test would see what is in clear");
    // Reports name rows by key and column, which is what they are for; they are the hub's own or the feed's.
    let reports = files.keys().filter(|name| name.contains("unwritable")).count();
    assert!(reports > 0);
    for (name, bytes) in files.iter().filter(|(name, _)| name.contains("unwritable")) {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("漏子"), "{name} tells the character, not the name");
    }
}
