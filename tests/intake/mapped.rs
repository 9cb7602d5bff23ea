//! Files of any CSV and of fixed-length records, turned over by a mapping on their way in: the notice is of the file as handed in, and so is every
//! line that is told.

use serde_json::Value;

use crate::partner::{ANSWER, INBOX, Set, answers, held, hub, look, quarantine, rows};
use crate::sandbox::{Sandbox, files};
use crate::taken::{n_commits, with_moves};

/// An old system's file of 介護保険: no quotes, CP932, another header, a column nobody wants.
const MAPPING: &str = r#"name = "旧介護"
layout = "023z001-1.0"
ignore = ["氏名"]

[source]
encoding = "cp932"
header = true

[[column]]
to = "shikuchoson_cd"
text = "082201"
[[column]]
to = "shikibetsu_id"
text = "DA01"
[[column]]
to = "sakusei_nichiji"
text = "20261001020000"
[[column]]
to = "renban"
from = "番号"
pad_left = 7
[[column]]
to = "hihokensha_no"
from = "番号"
pad_left = 10
[[column]]
to = "atena_no"
from = "住民"
pad_left = 15
[[column]]
to = "shikaku_shutoku_ymd"
from = "取得"
date = "wareki"
[[column]]
to = "shikaku_kbn"
text = "1"
[[column]]
to = "jukyusha_kbn"
text = "0"
[[column]]
to = "yokaigo_jotai_kbn"
from = "介護度"
codes = { "要1" = "21", "要2" = "22", "要3" = "23" }
[[column]]
to = "nintei_kaishi_ymd"
from = "取得"
date = "wareki"
[[column]]
to = "koshin_nichiji"
text = "20260930173000"
[[column]]
to = "del_flg"
from = "廃止"
codes = { "有" = "0", "廃" = "1" }
"#;
const HEADER: &str = "番号,住民,氏名,取得,介護度,廃止";

/// One line of the old system.
fn line(number: u32, level: &str, removed: &str) -> String {
    format!("{number},{number},山田　太郎,R02.04.01,{level},{removed}")
}

/// The hub, whose intake of 介護保険 goes by the mapping; `more` is added to it.
fn mapped_hub(more: &str) -> Sandbox {
    let sandbox = hub();
    sandbox.write("hub/layouts/mappings/old-care.toml", MAPPING);
    sandbox.replace(
        "hub/hub.toml",
        "id = \"kaigo\"",
        &format!("id = \"kaigo\"\nmapping = \"old-care\"\n{more}"),
    );
    sandbox
}

/// Puts a file of the old system into an inbox, and a notice of exactly this file.
fn hand_in(sandbox: &Sandbox, set: &Set, header: &str, lines: &[String]) {
    hand_in_with(sandbox, set, header, lines, |_| ());
}

fn hand_in_with(
    sandbox: &Sandbox,
    set: &Set,
    header: &str,
    lines: &[String],
    change: impl FnOnce(&mut Value),
) {
    let text = format!("{header}\r\n{}\r\n", lines.join("\r\n"));
    let (bytes, _, has_lost) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!has_lost);
    let mut notice = set.notice();
    notice["n_columns"] = header.split(',').count().into();
    notice["file_format"] =
        serde_json::json!({ "encoding": "x-old", "newline": "crlf", "quote": "never", "header": "old" });
    notice["n_rows"] = lines.len().into();
    notice["files"][0]["n_rows"] = lines.len().into();
    notice["files"][0]["n_bytes"] = bytes.len().into();
    notice["files"][0]["sha256"] = files::sha256(&bytes).into();
    change(&mut notice);
    let folder = sandbox.path(set.inbox);
    std::fs::write(folder.join(format!("{}.csv", set.stem())), &bytes).unwrap();
    std::fs::write(folder.join(format!("{}.done", set.stem())), notice.to_string()).unwrap();
}

/// The lines of the reports on rows in the answer folder, without the file.
fn report(sandbox: &Sandbox) -> Vec<String> {
    let folder = sandbox.path(ANSWER);
    let name = files::names(&folder).into_iter().find(|name| name.ends_with(".errors.csv")).unwrap();
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.replace('"', "")).collect()
}

#[test]
fn another_form_is_turned_over_and_taken_in() {
    let sandbox = mapped_hub("");
    look(&sandbox).expect(0);
    hand_in(&sandbox, &Set::full(1, vec![]), HEADER, &[line(1, "要1", "有"), line(2, "要2", "有")]);
    look(&sandbox).expect(0).says("taken in (added 2,");
    // States, should a sender tell any, are of something else.
    let diff = [line(2, "要3", "有"), line(3, "要1", "有"), line(1, "要1", "廃")];
    let state = serde_json::json!({ "n_rows": 7, "digest": "ab".repeat(32) });
    hand_in_with(&sandbox, &Set::diff(2, vec![]), HEADER, &diff, |notice| {
        notice["changes"] = serde_json::json!({ "added": 1, "changed": 1, "removed": 1 });
        notice["state_before"] = state.clone();
        notice["state_after"] = state;
    });
    look(&sandbox).expect(0).says("added 1, changed 1, removed 1");
    assert_eq!(held(&sandbox), rows(&[(2, "23"), (3, "21")]));
    assert_eq!(answers(&sandbox), ["2 taken", "1 taken"]);
    assert_eq!(files::names(&sandbox.path(INBOX)), Vec::<String>::new());
    // What is kept is what was handed in.
    let archived = sandbox.path("hub/share/.archive/intake/kaigo/023z001-2");
    let data = files::names(&archived).into_iter().find(|name| files::ends_with(name, "csv")).unwrap();
    let bytes = std::fs::read(archived.join(data)).unwrap();
    assert!(encoding_rs::SHIFT_JIS.decode(&bytes).0.starts_with(HEADER));
    assert_eq!(std::fs::read_dir(sandbox.path("hub/share/.stage")).unwrap().count(), 0);
}

#[test]
fn everything_wrong_is_told_by_the_line_that_was_handed_in() {
    let check = |lines: &[String], header: &str, code: &str, reported: &[&str]| {
        let sandbox = mapped_hub("");
        look(&sandbox).expect(0);
        hand_in(&sandbox, &Set::full(1, vec![]), header, lines);
        look(&sandbox).expect(11).says(code).says_not("山田");
        assert_eq!(report(&sandbox), reported, "{code}");
        assert_eq!((quarantine(&sandbox).len(), held(&sandbox).len()), (1, 0));
        assert_eq!(std::fs::read_dir(sandbox.path("hub/share/.stage")).unwrap().count(), 0);
    };
    check(
        &[line(1, "要1", "有"), line(2, "要9", "有"), line(3, "要2", "有"), line(4, "要1", "？")],
        HEADER,
        "wrong-rows",
        &["3,yokaigo_jotai_kbn,エラー,unmapped-code", "5,del_flg,エラー,unmapped-code"],
    );
    check(&[line(1, "要1", "有"), "1,2".to_owned()], HEADER, "not-layout", &["3,,エラー,wrong-columns"]);
    check(
        &[line(1, "要1", "有")],
        &HEADER.replace("住民", "番"),
        "not-layout",
        &["1,,エラー,wrong-header"; 2],
    );
    check(&[line(1, "要1", "有"), line(1, "要2", "有")], HEADER, "not-layout", &["3,,エラー,duplicate-key"]);
    let sandbox = mapped_hub("");
    look(&sandbox).expect(0);
    let set = Set::full(1, vec![]);
    hand_in_with(&sandbox, &set, HEADER, &[line(1, "要1", "有")], |notice| {
        notice["files"][0]["n_rows"] = 2.into();
        notice["n_rows"] = 2.into();
    });
    look(&sandbox).expect(11).says("notice 2, file 1");
}

#[test]
fn rows_that_cannot_be_turned_over_are_held_back_alone() {
    let sandbox = mapped_hub("rows = \"park\"");
    look(&sandbox).expect(0);
    let lines = [line(1, "要1", "有"), line(2, "要9", "有"), line(3, "要2", "有")];
    hand_in(&sandbox, &Set::full(1, vec![]), HEADER, &lines);
    look(&sandbox).expect(0).says("added 2, changed 0, removed 0, unchanged 0, warned 0, held back 1");
    assert_eq!(held(&sandbox), rows(&[(1, "21"), (3, "22")]));
    assert_eq!(report(&sandbox), ["3,yokaigo_jotai_kbn,エラー,unmapped-code"]);
    // What the mapping turns over and the layout refuses is told by the same line.
    let wrong = line(1, "要1", "有").replace("R02.04.01", "");
    hand_in(&sandbox, &Set::diff(2, vec![]), HEADER, &[line(5, "要9", "有"), wrong]);
    std::fs::remove_dir_all(sandbox.path(ANSWER)).unwrap();
    look(&sandbox).expect(0).says("held back 2");
    let reported = report(&sandbox);
    assert_eq!(reported[0], "2,yokaigo_jotai_kbn,エラー,unmapped-code");
    assert!(reported[1..].iter().all(|line| line.starts_with("3,")) && reported.len() > 1, "{reported:?}");
}

#[test]
fn moves_of_an_old_system_are_applied_and_refused_by_its_own_lines() {
    const OLD: &str = "住民番号,異動コード,異動日,届出日,世帯番号,氏名,カナ氏名,性別,生年月日,続柄,郵便番号,住所,番地,方書,備考,処理端末";
    let sandbox = with_moves();
    sandbox.replace("hub/hub.toml", "use = \"moves\"", "use = \"moves\"\nmapping = \"legacy-moves\"");
    sandbox.replace("hub/layouts/mappings/legacy-moves.toml", "\"412\" = \"44\"", "\"412\" = \"43\"");
    look(&sandbox).expect(0);
    let before = n_commits(&sandbox);
    let person = sandbox.japanese()[0].trim_start_matches('0').to_owned();
    let line = |person: &str, name: &str| format!("{person},412,R08.10.01,R08.10.01,,{name},,,,,,,,,old,T01");
    let set = |sequence| Set {
        inbox: "hub/share/togo-db/inbox/001z010-00",
        interface: "001z010",
        ..Set::full(sequence, vec![])
    };
    hand_in(&sandbox, &set(1), OLD, &[line(&person, "山田　一")]);
    look(&sandbox).expect(0);
    assert_eq!(n_commits(&sandbox), before + 1);
    let wrong = [line(&person, "山田　二"), line("999999999", "山田　三")];
    hand_in(&sandbox, &set(2), OLD, &wrong);
    look(&sandbox).expect(11).says("registry-refused").says("row 3");
    assert_eq!(n_commits(&sandbox), before + 1);
}

/// Transfer certificate information as another system writes it out, CP932.
const CERTIFICATES: &[u8] = include_bytes!("../../fixtures/mapped/legacy-certificates.csv");

#[test]
fn certificate_information_in_another_form_becomes_cases() {
    let sandbox = hub();
    let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let intake = "\n[[intake]]\nid = \"cs\"\nfrom = \"togo-db\"\naccept = [{ layout = \"001z020-1.0\" }]\nuse = \"cs-move-in\"\n\
                  mapping = \"legacy-certificates\"\n";
    std::fs::write(sandbox.path("hub/hub.toml"), text + intake).unwrap();
    look(&sandbox).expect(0);
    let (text, _, has_lost) = encoding_rs::SHIFT_JIS.decode(CERTIFICATES);
    assert!(!has_lost);
    let mut lines = text.lines().map(str::to_owned);
    let header = lines.next().unwrap();
    let (inbox, interface) = ("hub/share/togo-db/inbox/001z020-00", "001z020");
    let set = |sequence| Set { inbox, interface, ..Set::full(sequence, vec![]) };
    let mut lines: Vec<String> = lines.collect();
    hand_in(&sandbox, &set(1), &header, &lines);
    look(&sandbox).expect(0).says("taken in (added 2,").says_not("渡辺");
    let show = ["transfer", "show", "2", "--personal", "--reason", "照会", "--json"];
    let received = sandbox.run(&show).expect(0).json()["personal"]["received"].clone();
    for (field, expected) in [
        ("shimei", "渡辺　遥"),
        ("birth_ymd", "1990-02-03"),
        ("zokugara_cd1", "12"),
        ("tennyumae_shikuchoson_cd", "082031"),
        ("tenshutsumoto_jusho", "茨城県土浦市湖北二丁目8番21号"),
        ("tokurei_flg", "1"),
    ] {
        assert_eq!(received[field], expected, "{field}");
    }
    // What is wrong is told by the line that was handed in.
    lines[1] = lines[1].replace("H02.02.03", "H02.02.30");
    hand_in(&sandbox, &set(2), &header, &lines);
    look(&sandbox).expect(11).says("wrong-rows").says_not("渡辺");
    let all = sandbox.run(&["transfer", "list", "--all", "--json"]).expect(0).json();
    assert_eq!(all.as_array().unwrap().len(), 2);
}

#[test]
fn killed_at_any_point_what_is_turned_over_is_taken_in_once_and_nothing_is_left() {
    for point in ["receive.begun", "receive.staged", "receive.proven", "receive.taken", "receive.clearing"] {
        let sandbox = mapped_hub("").noted(point);
        look(&sandbox).expect(0);
        hand_in(&sandbox, &Set::full(1, vec![]), HEADER, &[line(1, "要1", "有"), line(2, "要2", "有")]);
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["intake", "look"]).expect_killed();
        look(&sandbox).expect(0);
        assert_eq!(held(&sandbox), rows(&[(1, "21"), (2, "22")]), "{point}");
        assert_eq!(answers(&sandbox), ["1 taken"], "{point}");
    }
}

#[test]
fn records_of_fixed_length_are_turned_over_too() {
    let sandbox = mapped_hub("");
    let mapping = MAPPING
        .replace("header = true", "format = \"fixed\"\nnewline = \"crlf\"\nwidths = [4, 6, 10, 10, 4, 2]")
        .replace("ignore = [\"氏名\"]", "ignore = [3]");
    let names = [("番号", 1), ("住民", 2), ("取得", 4), ("介護度", 5), ("廃止", 6)];
    let mapping = names.iter().fold(mapping, |text, (name, number)| {
        text.replace(&format!("from = \"{name}\""), &format!("from = {number}"))
    });
    sandbox.write("hub/layouts/mappings/old-care.toml", &mapping);
    look(&sandbox).expect(0);
    let record = |number: u32, level: &str| format!("{number:>4}{number:>6}山田　太郎R02.04.01 {level} 有");
    // The first record stands where a header would.
    let first = record(1, "要1");
    hand_in_with(&sandbox, &Set::full(1, vec![]), &first, &[record(2, "要2")], |notice| {
        notice["n_rows"] = 2.into();
        notice["files"][0]["n_rows"] = 2.into();
    });
    look(&sandbox).expect(0).says("added 2");
    assert_eq!(held(&sandbox), rows(&[(1, "21"), (2, "22")]));
    hand_in_with(
        &sandbox,
        &Set::diff(2, vec![]),
        &record(3, "要3"),
        &[record(4, "要9"), "short".to_owned()],
        |notice| {
            notice["n_rows"] = 2.into();
            notice["files"][0]["n_rows"] = 2.into();
        },
    );
    look(&sandbox).expect(11).says("5 bytes instead of 36").says_not("山田");
    assert_eq!(report(&sandbox), ["2,yokaigo_jotai_kbn,エラー,unmapped-code", "3,,エラー,wrong-length"]);
}
