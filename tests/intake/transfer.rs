//! Online move-outs and transfer certificate information through an intake, in the shipped layouts: from the file
//! handed in to what goes to the CS and to the systems that prepare.

use std::fs;

use crate::partner::{Set, answers_in, look};
use crate::sandbox::{NOW, Sandbox, files};

const OSS: &str = "hub/share/togo-db/inbox/001z021-00";
const CS: &str = "hub/share/togo-db/inbox/001z020-00";
const ANSWER: &str = "hub/share/togo-db/answer";
const OUT: &str = include_str!("../../fixtures/inbound/001z021-1.0/ok.csv");
const IN: &str = include_str!("../../fixtures/inbound/001z020-1.0/ok.csv");
/// 401 days after the sandbox's time, in unix seconds.
const IN_401_DAYS: &str = "1825518600";

/// A hub with the person the fixtures are about, who lives here; 国保 and 学齢簿 prepare for move-ins.
pub(crate) fn hub() -> Sandbox {
    let sandbox = Sandbox::loaded(20, 4);
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let intakes = "\n[[intake]]\nid = \"oss\"\nfrom = \"togo-db\"\naccept = [{ layout = \"001z021-1.0\" }]\nuse = \"oss-move-out\"\n\
                   [[intake]]\nid = \"cs\"\nfrom = \"togo-db\"\naccept = [{ layout = \"001z020-1.0\" }]\nuse = \"cs-move-in\"\n\
                   [transfer]\nprepare = [\"024\", \"017\"]\n";
    fs::write(sandbox.path("hub/hub.toml"), text + intakes).unwrap();
    sandbox.run(&["check"]).expect(0);
    look(&sandbox).expect(0);
    sandbox
}

fn transfer(
    sandbox: &Sandbox,
    verb: &str,
    case: &str,
    corrections: &[(&str, &str)],
) -> crate::sandbox::Outcome {
    let mut args = vec!["transfer", verb, case, "--reason", "窓口で確認"];
    if !corrections.is_empty() {
        let (columns, texts): (Vec<&str>, Vec<&str>) = corrections.iter().copied().unzip();
        sandbox.write("corrections.csv", &format!("{}\r\n{}\r\n", columns.join(","), texts.join(",")));
        args.extend(["--corrections", "corrections.csv"]);
    }
    sandbox.run(&args)
}

/// What cases came in, as received.
fn received(sandbox: &Sandbox, case: &str) -> serde_json::Value {
    let args = ["transfer", "show", case, "--personal", "--reason", "照会", "--json"];
    sandbox.run(&args).expect(0).json()["personal"]["received"].clone()
}

/// The files in the hub's folders that hold a text in clear.
fn holders(sandbox: &Sandbox, text: &str) -> Vec<String> {
    let tree = files::read_tree(&sandbox.path("hub"), |_| true);
    let has = |bytes: &Vec<u8>| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    tree.into_iter().filter(|(_, bytes)| has(bytes)).map(|(name, _)| name).collect()
}

/// The fixture's two move-outs as a set.
pub(crate) fn move_outs(sequence: u32) -> Set {
    Set::of_file(OSS, "001z021", sequence, OUT)
}

/// The data of a resident whom the fixture then is about: name, kana, day of birth.
fn out_of(sandbox: &Sandbox) -> String {
    let text = fs::read_to_string(sandbox.path("town/residents.csv")).unwrap();
    let mut lines = text.lines();
    let header = crate::sandbox::moves::fields(lines.next().unwrap());
    let who = lines
        .map(|line| header.iter().cloned().zip(crate::sandbox::moves::fields(line)).collect())
        .find(|row: &std::collections::BTreeMap<String, String>| {
            row["saishin_flg"] == "1"
                && row["jumin_jotai"] == "1"
                && row["jumin_shubetsu"] == "1"
                && row["tenshutsu_yotei_ymd"].is_empty()
        })
        .unwrap();
    OUT.replace("渡辺　健一", &who["shimei"])
        .replace("ワタナベ　ケンイチ", &who["shimei_kana"])
        .replace("1988-04-12", &who["birth_ymd"])
}

#[test]
fn a_move_out_of_the_portal_is_taken_in_verified_applied_and_goes_to_the_cs_once() {
    let sandbox = hub();
    let text = out_of(&sandbox);
    Set::of_file(OSS, "001z021", 1, &text).hand_in(&sandbox);
    look(&sandbox).expect(0).says("taken in (added 2,");
    assert_eq!(answers_in(&sandbox, ANSWER), ["1 taken"]);
    let got = received(&sandbox, "1");
    for (field, expected) in [
        ("uketsuke_no", "MNP-20261001-000045"),
        ("ido_todoke_ymd", "2026-10-01"),
        ("tenshutsu_yotei_ymd", "2026-10-20"),
        ("tenshutsu_yotei_shikuchoson_cd", "082031"),
        ("tenshutsusaki_jusho", "茨城県土浦市湖北二丁目8番21号"),
        ("renrakusaki", "029-000-0000"),
    ] {
        assert_eq!(got[field], expected, "{field}");
    }
    assert_eq!(received(&sandbox, "2")["tenshutsu_yotei_kokugai_jusho"], "アメリカ合衆国");
    transfer(&sandbox, "apply", "1", &[]).expect_fault(10, "transfer.not-verified");
    transfer(&sandbox, "verify", "1", &[]).expect(0);
    transfer(&sandbox, "apply", "1", &[]).expect(0).says("(commit 2)");
    let outbox = sandbox.path("hub/share/cs/outbox");
    assert_eq!(files::names(&outbox), ["082201_certificate_T000001.csv", "082201_certificate_T000001.done"]);
    fs::remove_dir_all(&outbox).unwrap();
    // The same set again is a repeat and makes nothing.
    Set::of_file(OSS, "001z021", 1, &text).hand_in(&sandbox);
    look(&sandbox).expect(0);
    sandbox.run(&["transfer", "send"]).expect(0);
    assert!(!outbox.exists());
    let all = sandbox.run(&["transfer", "list", "--all", "--json"]).expect(0).json();
    assert_eq!(all.as_array().unwrap().len(), 2);
}

#[test]
fn certificate_information_is_prepared_at_once_completed_and_applied() {
    let sandbox = hub();
    Set::of_file(CS, "001z020", 1, IN).hand_in(&sandbox);
    look(&sandbox).expect(0).says("taken in (added 2,");
    let prepared = |system: &str| sandbox.path(&format!("hub/share/001/move-in/{system}"));
    for system in ["024", "017"] {
        assert_eq!(files::names(&prepared(system)).len(), 4, "two files with their notices: {system}");
    }
    let of = |system: &str| fs::read_to_string(prepared(system).join("082201_move-in_T000001.csv")).unwrap();
    assert!(of("024").contains("621498320257") && !of("017").contains("621498320257"));
    assert!(of("017").contains("\"082031\"") && of("017").contains("渡辺　健一"));
    let completion = [
        ("ido_ymd", "2026-10-10"),
        ("ido_todoke_ymd", "2026-10-12"),
        ("atena_no", "000000999999001"),
        ("setai_no", "000000999999001"),
        ("jumin_shubetsu", "1"),
        ("seibetsu_hyoki", "男"),
        ("jusho_machiaza_cd", "0001000"),
        ("jusho_todofuken", "茨城県"),
        ("jusho_shikugunchoson", "つくば市"),
        ("jusho_yubin_no", "3050001"),
    ];
    transfer(&sandbox, "verify", "1", &completion).expect(0);
    transfer(&sandbox, "apply", "1", &[]).expect(0).says("(commit 2)");
    assert!(!sandbox.path("hub/share/cs").exists(), "nothing goes to the CS");
}

#[test]
fn what_was_handed_in_stands_nowhere_in_clear_once_it_is_taken_in_and_nowhere_once_it_is_erased() {
    let sandbox = hub();
    let cs = Set::of_file(CS, "001z020", 1, IN);
    cs.hand_in(&sandbox);
    let (number, address) = ("621498320257", "茨城県土浦市湖北二丁目8番21号");
    assert_eq!(holders(&sandbox, number).len(), 1);
    look(&sandbox).expect(0);
    assert!(holders(&sandbox, address).is_empty(), "{:?}", holders(&sandbox, address));
    let handed_out = holders(&sandbox, number);
    assert!(handed_out.iter().all(|name| name.starts_with("share/001/move-in/024/")), "{handed_out:?}");
    // Again, and once more when the files had been brought away only.
    cs.hand_in(&sandbox);
    sandbox.run_with(&[("RENKEI_STOP_AT", "receive.cleared")], &["intake", "look"]).expect_killed();
    look(&sandbox).expect(0);
    assert_eq!(holders(&sandbox, number), handed_out);
    for case in ["1", "2"] {
        transfer(&sandbox, "reject", case, &[]).expect(0);
    }
    assert!(NOW < IN_401_DAYS);
    let erase = ["retention", "execute", "--reason", "年次"];
    sandbox.run_with(&[("RENKEI_NOW", IN_401_DAYS)], &erase).expect(0);
    assert_eq!(holders(&sandbox, number), Vec::<String>::new());
    assert_eq!(holders(&sandbox, "渡辺　健一"), Vec::<String>::new());
    let set = &sandbox.run(&["intake", "status", "cs", "--json"]).expect(0).json()["intakes"][0];
    assert_eq!(set["head"]["sequence"], 1, "{set}");
}

#[test]
fn the_same_file_under_another_number_makes_no_case_and_takes_back_no_verification() {
    let sandbox = hub();
    let text = out_of(&sandbox);
    Set::of_file(OSS, "001z021", 1, &text).hand_in(&sandbox);
    look(&sandbox).expect(0);
    transfer(&sandbox, "verify", "1", &[]).expect(0);
    Set::of_file(OSS, "001z021", 2, &text).hand_in(&sandbox);
    look(&sandbox).expect(0);
    let all = || sandbox.run(&["transfer", "list", "--all", "--json"]).expect(0).json();
    assert_eq!(all().as_array().unwrap().len(), 2, "{}", all());
    assert_eq!(all()[0]["state"], "verified", "{}", all());
}

#[test]
fn a_day_without_cases_is_taken_in_and_the_next_is_not_held_up() {
    let sandbox = hub();
    let mut none = move_outs(1);
    none.rows.clear();
    none.hand_in(&sandbox);
    move_outs(2).hand_in(&sandbox);
    look(&sandbox).expect(0);
    assert_eq!(answers_in(&sandbox, ANSWER), ["1 taken", "2 taken"]);
}

#[test]
fn what_a_case_lacks_is_told_by_its_file_and_line() {
    let sandbox = hub();
    sandbox.replace("hub/hub.toml", "id = \"oss\"\nfrom", "id = \"oss\"\nrows = \"park\"\nfrom");
    let mut set = move_outs(1);
    sandbox.replace(
        "hub/layouts/001z021-1.0.toml",
        "転出予定年月日\", type = \"date\", presence = \"required\"",
        "転出予定年月日\", type = \"date\"",
    );
    // The first row is none of the layout's; the second has nothing that its kind needs.
    set.rows[0] = set.rows[0].replacen("1988-04-12", "1988-04-32", 1);
    set.rows[1] = set.rows[1].replacen("2026-10-20", "", 1);
    set.hand_in(&sandbox);
    look(&sandbox).expect(11);
    let answer = sandbox.path(ANSWER);
    let name = files::names(&answer).into_iter().find(|name| name.ends_with(".receipt.json")).unwrap();
    let receipt: serde_json::Value = serde_json::from_slice(&fs::read(answer.join(name)).unwrap()).unwrap();
    let reasons = receipt["reasons"].as_array().unwrap();
    let named = reasons.iter().find(|reason| !reason["row"].is_null()).unwrap_or_else(|| panic!("{receipt}"));
    assert_eq!(
        (&named["row"], &named["file"]),
        (&3.into(), &format!("{}.csv", set.stem()).into()),
        "{receipt}"
    );
}
