//! `renkei transfer`: online move-outs and transfer certificate information from file to erasure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use rusqlite::Connection;

use crate::sandbox::moves::fields;
use crate::sandbox::{Outcome, Sandbox, files};

/// 401 and 470 days after the sandbox's time, in unix seconds.
const IN_401_DAYS: &str = "1825518600";
const IN_470_DAYS: &str = "1831480200";

/// A hub with a town, where 国保 and 学齢簿 prepare for move-ins.
pub(crate) fn hub() -> Sandbox {
    let sandbox = Sandbox::loaded(40, 8);
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    fs::write(sandbox.path("hub/hub.toml"), text + "\n[transfer]\nprepare = [\"024\", \"017\"]\n").unwrap();
    sandbox
}

/// The latest rows of registered Japanese residents without a planned move-out, by item.
pub(crate) fn residents(sandbox: &Sandbox) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(sandbox.path("town/residents.csv")).unwrap();
    let mut lines = text.lines();
    let header = fields(lines.next().unwrap());
    let rows = lines.map(|line| header.iter().cloned().zip(fields(line)).collect::<BTreeMap<_, _>>());
    rows.filter(|row| {
        row["saishin_flg"] == "1"
            && row["jumin_jotai"] == "1"
            && row["jumin_shubetsu"] == "1"
            && row["tenshutsu_yotei_ymd"].is_empty()
    })
    .collect()
}

/// A CSV with these columns; rows as column and text.
pub(crate) fn csv(rows: &[Vec<(&str, &str)>]) -> String {
    let columns: Vec<&str> = rows[0].iter().map(|(column, _)| *column).collect();
    let mut text = columns.join(",") + "\r\n";
    for row in rows {
        let texts: Vec<String> =
            row.iter().map(|(_, text)| format!("\"{}\"", text.replace('"', "\"\""))).collect();
        let _ = write!(text, "{}\r\n", texts.join(","));
    }
    text
}

/// The notification of a resident who moves to 千代田区.
pub(crate) fn notification(who: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    vec![
        ("氏名", &who["shimei"]),
        ("birth_ymd", &who["birth_ymd"]),
        ("seibetsu", &who["seibetsu"]),
        ("juminhyo_cd", &who["juminhyo_cd"]),
        ("届出年月日", "2026-10-01"),
        ("転出予定年月日", "2026-10-20"),
        ("tenshutsu_yotei_shikuchoson_cd", "131016"),
        ("tenshutsu_yotei_machiaza", "千代田"),
        ("転出先住所", "東京都千代田区千代田1番地"),
    ]
}

/// Certificate information of somebody new.
pub(crate) fn newcomer() -> Vec<(&'static str, &'static str)> {
    vec![
        ("shimei", "金糸雀　𠮷乃"),
        ("shimei_kana", "カナリヤ　ヨシノ"),
        ("birth_ymd", "1990-05-05"),
        ("seibetsu", "2"),
        ("kojin_bango", "123456789018"),
        ("tennyumae_shikuchoson_cd", "131016"),
        ("tennyu_yotei_ymd", "2026-10-05"),
        ("tokurei_flg", "1"),
        ("jusho_banchigo", "鴉沼９番地"),
    ]
}

/// What a clerk adds to [`newcomer`].
pub(crate) const COMPLETION: [(&str, &str); 11] = [
    ("atena_no", "000000999999001"),
    ("setai_no", "000000999999001"),
    ("jumin_shubetsu", "1"),
    ("seibetsu_hyoki", "女"),
    ("zokugara_cd1", "02"),
    ("zokugara_hyoki", "世帯主"),
    ("jusho_shikuchoson_cd", "082201"),
    ("jusho_machiaza_cd", "0001000"),
    ("jusho_todofuken", "茨城県"),
    ("jusho_shikugunchoson", "つくば市"),
    ("jusho_yubin_no", "3050001"),
];

pub(crate) fn receive(sandbox: &Sandbox, kind: &str, rows: &[Vec<(&str, &str)>]) -> Outcome {
    sandbox.write("cases.csv", &csv(rows));
    sandbox.run(&["transfer", "receive", "cases.csv", "--kind", kind])
}

pub(crate) fn decide(sandbox: &Sandbox, verb: &str, case: &str) -> Outcome {
    sandbox.run(&["transfer", verb, case, "--reason", "窓口で確認"])
}

fn case(sandbox: &Sandbox, no: usize) -> serde_json::Value {
    sandbox.run(&["transfer", "list", "--all", "--json"]).expect(0).json()[no - 1].clone()
}

#[test]
fn a_move_out_goes_its_way_and_its_certificate_goes_once() {
    let sandbox = hub();
    let who = residents(&sandbox).remove(0);
    receive(&sandbox, "oss-move-out", &[notification(&who)]).expect(0).says("T000001 matched");
    receive(&sandbox, "oss-move-out", &[notification(&who)]).expect(0).says("nothing changed");
    let shown = sandbox.run(&["transfer", "show", "1"]).expect(0).says("registered").says("equal");
    shown.says_not(&who["shimei"]).says_not(&who["juminhyo_cd"]);
    decide(&sandbox, "apply", "1").expect_fault(10, "transfer.not-verified");
    decide(&sandbox, "verify", "1").expect(0).says_not(&who["shimei"]);
    decide(&sandbox, "apply", "1").expect(0).says("Applied as a move: T000001 (commit 2)");
    let outbox = sandbox.path("hub/share/cs/outbox");
    assert_eq!(files::names(&outbox), ["082201_certificate_T000001.csv", "082201_certificate_T000001.done"]);
    let text = fs::read_to_string(outbox.join("082201_certificate_T000001.csv")).unwrap();
    assert!(
        text.contains(&who["kojin_bango"])
            && text.contains("\"2026-10-20\"")
            && text.contains(&who["shimei"])
    );
    assert!(!text.contains(&who["atena_no"]));
    let notice = files::notice(&outbox.join("082201_certificate_T000001.done"));
    assert_eq!(notice["file"]["sha256"], files::sha256(text.as_bytes()));
    assert_eq!(case(&sandbox, 1)["certificate"], "sent");

    // Taken by the CS: nothing brings it back.
    fs::remove_dir_all(&outbox).unwrap();
    sandbox.run(&["transfer", "resend", "1"]).expect_fault(10, "transfer.no-resend").says("not to be built");
    sandbox.run(&["transfer", "resend", "7"]).expect_fault(10, "transfer.no-such-case");
    decide(&sandbox, "apply", "1").expect_fault(10, "transfer.decided");
    decide(&sandbox, "confirm", "1").expect_fault(10, "transfer.not-sending");
    sandbox.run(&["transfer", "send"]).expect(0);
    assert!(!outbox.exists());
    // The registry has the plan; a second notification of it is told so.
    let mut again = notification(&who);
    again[5].1 = "2026-10-21";
    receive(&sandbox, "oss-move-out", &[again]).expect(0);
    sandbox.run(&["transfer", "show", "2"]).expect(0).says("a move-out is planned");
    let actions: Vec<String> = sandbox.audit().into_iter().map(|line| line.action).collect();
    for action in ["receive oss-move-out", "verify transfer T000001", "apply transfer T000001"] {
        assert!(actions.iter().any(|line| line == action), "{action}: {actions:?}");
    }
}

#[test]
fn what_the_registry_contradicts_goes_no_further() {
    let sandbox = hub();
    let all = residents(&sandbox);
    let dead = &all[0];
    sandbox
        .write("death.csv", &format!("atena_no,ido_jiyu,ido_ymd\r\n{},23,2026-09-30\r\n", dead["atena_no"]));
    sandbox.run(&["apply", "death.csv"]).expect(0);
    let mut unknown = notification(&all[1]);
    (unknown[0].1, unknown[3].1) = ("該当　者無", "");
    let wide = all[2]["shimei"].replace('　', " ");
    let mut written = notification(&all[2]);
    written[0].1 = &wide;
    receive(&sandbox, "oss-move-out", &[notification(dead), unknown, written])
        .expect(0)
        .says("T000001 matched")
        .says("T000002 not found")
        .says("T000003 differs");
    decide(&sandbox, "verify", "1").expect_fault(10, "transfer.blocked");
    sandbox.run(&["transfer", "show", "1"]).expect(0).says("dead in the registry");
    decide(&sandbox, "verify", "2").expect_fault(10, "transfer.not-one-person");
    sandbox.run(&["transfer", "show", "3"]).expect(0).says("writing only");
    // A clerk finds out who it is, and what was taken in stays as it came.
    sandbox.write(
        "correction.csv",
        &format!("atena_no,shimei\r\n{},{}\r\n", all[1]["atena_no"], all[1]["shimei"]),
    );
    let verify = ["transfer", "verify", "2", "--reason", "本人に電話", "--corrections", "correction.csv"];
    sandbox.run(&verify).expect(0);
    let show = ["transfer", "show", "2", "--personal"];
    sandbox.run(&show).expect(2);
    let shown = sandbox.run(&[&show[..], &["--reason", "照会", "--json"]].concat()).expect(0).json();
    assert_eq!(shown["personal"]["received"]["shimei"], "該当　者無");
    assert_eq!(shown["personal"]["verified"]["shimei"], all[1]["shimei"].as_str());
    assert_eq!(shown["personal"]["registry"]["atena_no"], all[1]["atena_no"].as_str());
    let line = sandbox.audit().pop().unwrap();
    assert_eq!(
        (line.action.as_str(), line.reason.as_str()),
        ("show transfer T000002 with personal values", "照会")
    );
    // The registry changes meanwhile: what was verified does not hold any more.
    let rename = crate::sandbox::moves::renaming(&[(&all[1]["atena_no"], "改名　済")]);
    sandbox.write("rename.csv", &rename);
    sandbox.run(&["apply", "rename.csv"]).expect(0);
    decide(&sandbox, "apply", "2").expect_fault(10, "transfer.overtaken");
    decide(&sandbox, "reject", "2").expect(0);
    decide(&sandbox, "verify", "2").expect_fault(10, "transfer.decided");
    assert_eq!(sandbox.run(&["transfer", "list", "--json"]).expect(0).json().as_array().unwrap().len(), 2);
}

#[test]
fn a_move_in_is_prepared_at_once_completed_by_a_clerk_and_applied() {
    let sandbox = hub();
    let mut protected = newcomer();
    (protected[0].1, protected[4].1) = ("金糸雀　二郎", "");
    protected.push(("shien_sochi_kbn", "1"));
    let mut plain = newcomer();
    plain.push(("shien_sochi_kbn", ""));
    receive(&sandbox, "cs-move-in", &[plain, protected]).expect(0).says("T000001 not found");
    let file = |system: &str, no: u32| {
        let path = sandbox.path(&format!("hub/share/001/move-in/{system}"));
        assert_eq!(files::names(&path).len(), 4, "two files with their notices");
        fs::read_to_string(path.join(format!("082201_move-in_T00000{no}.csv"))).unwrap()
    };
    assert!(file("024", 1).contains("123456789018") && file("024", 1).contains("鴉沼"));
    assert!(!file("017", 1).contains("123456789018"), "no 番号利用事務");
    assert!(!file("024", 2).contains("鴉沼"), "支援措置");
    assert_eq!(case(&sandbox, 2)["is_protected"], true);

    decide(&sandbox, "verify", "1").expect_fault(10, "transfer.incomplete").says("atena_no");
    sandbox.write("only.csv", &csv(&[COMPLETION[..1].to_vec()]));
    let verify = |file: &str| {
        let args = ["transfer", "verify", "1", "--reason", "届出を受理", "--corrections", file];
        sandbox.run(&args)
    };
    verify("only.csv").expect_fault(10, "transfer.move-refused").says("setai_no");
    sandbox.write("completion.csv", &csv(&[COMPLETION.to_vec()]));
    verify("completion.csv").expect(0);
    decide(&sandbox, "apply", "1").expect(0).says("(commit 2)");
    assert!(!sandbox.path("hub/share/cs").exists(), "nothing goes to the CS");
    // He is here now: certificate information of the same person contradicts that.
    let mut again = newcomer();
    again[6].1 = "2026-10-06";
    receive(&sandbox, "cs-move-in", &[again]).expect(0);
    decide(&sandbox, "verify", "3").expect_fault(10, "transfer.blocked");

    let printed = decide(&sandbox, "print", "1").expect(0);
    assert!(printed.stdout.contains("転入届") && printed.stdout.contains("金糸雀　𠮷乃"));
    assert!(!printed.stdout.contains("123456789018") && printed.stdout.contains("確認済みの内容"));
    sandbox.run(&["transfer", "print", "1"]).expect(2);
}

#[test]
fn a_file_that_is_wrong_is_told_whole_and_taken_in_not_at_all() {
    let sandbox = hub();
    let text = "shimei,birth_ymd,seibetsu,kojin_bango\r\n金糸雀,1990/01/01,1,\r\n金糸雀,1990-01-01\r\n\"金糸雀\"x,1990-01-01,1,\r\n,1990-01-01,9,111111111111\r\n";
    sandbox.write("cases.csv", text);
    let receive = ["transfer", "receive", "cases.csv", "--kind", "cs-move-in"];
    let found = sandbox.run(&receive).expect_fault(11, "engine.refused");
    let found = found.says("not-date").says("wrong-columns").says("stray-quote").says("missing");
    found.says("wrong-check-digit").says_not("金糸雀").says_not("111111111111");
    sandbox.write("cases.csv", "shimei,金糸雀\r\n");
    sandbox.run(&receive).expect_fault(11, "engine.header").says_not("金糸雀");
    sandbox.run(&["transfer", "receive", "cases.csv", "--kind", "other"]).expect(2);
    assert_eq!(sandbox.run(&["transfer", "list", "--all", "--json"]).expect(0).json(), serde_json::json!([]));
    sandbox.replace("hub/hub.toml", "\"024\", \"017\"]", "\"024\", \"028\"]");
    sandbox.run(&["check"]).expect(1).says("transfer.prepare");
}

/// True when a file of the database has these bytes.
fn database_has(sandbox: &Sandbox, bytes: &[u8]) -> bool {
    let data = files::read_tree(&sandbox.path("hub/data"), |_| true);
    data.values().any(|file| file.windows(bytes.len()).any(|window| window == bytes))
}

fn sealed(sandbox: &Sandbox, case: u32) -> Vec<u8> {
    let database = Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
    let sql = "SELECT sealed FROM transfer_content WHERE case_no = ?1";
    database.query_row(sql, [case], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_erased_is_in_no_file_any_more_and_the_record_stays() {
    let sandbox = hub();
    let who = residents(&sandbox).remove(0);
    let at = |now: &str, args: &[&str]| sandbox.run_with(&[("RENKEI_NOW", now)], args);
    let mut canary = notification(&who);
    canary[8].1 = "鴉沼秘密の転出先";
    receive(&sandbox, "oss-move-out", &[canary]).expect(0);
    receive(&sandbox, "cs-move-in", &[newcomer()]).expect(0);
    let mut waiting = newcomer();
    waiting[0].1 = "金糸雀　未決";
    receive(&sandbox, "cs-move-in", &[waiting]).expect(0);
    decide(&sandbox, "verify", "1").expect(0);
    decide(&sandbox, "apply", "1").expect(0);
    decide(&sandbox, "reject", "2").expect(0);
    for text in ["鴉沼", "金糸雀"] {
        assert!(!database_has(&sandbox, text.as_bytes()), "{text} is not in clear");
    }
    let contents = [sealed(&sandbox, 1), sealed(&sandbox, 2)];
    assert!(contents.iter().all(|bytes| bytes.len() > 60 && database_has(&sandbox, bytes)));

    // The move-out was to take place 18 days later, so its time is over later.
    at(IN_401_DAYS, &["transfer", "erase-plan"]).expect(0).says("T000002 ").says_not("T000001 ");
    at(IN_401_DAYS, &["retention", "plan"]).expect(0).says("undecided 1").says("within its time");
    at(IN_401_DAYS, &["retention", "execute", "--reason", "年次"]).expect(0);
    assert!(!database_has(&sandbox, &contents[1][..32]) && database_has(&sandbox, &contents[0]));
    at(IN_470_DAYS, &["retention", "execute"]).expect(0);
    assert!(!database_has(&sandbox, &contents[0][..32]));
    for part in contents.iter().flat_map(|bytes| bytes.chunks_exact(24)) {
        assert!(!database_has(&sandbox, part), "no part of it either");
    }
    let left = sandbox.published();
    assert!(left.keys().all(|name| !name.contains("T000001") && !name.contains("T000002")), "{left:?}");
    assert!(left.keys().any(|name| name.contains("T000003")));

    let shown = sandbox.run(&["transfer", "show", "1", "--json"]).expect(0).json();
    assert_eq!((&shown["case"]["state"], &shown["is_erased"]), (&"erased".into(), &true.into()));
    assert_eq!(shown["case"]["commit"], 2);
    let events: Vec<_> =
        shown["events"].as_array().unwrap().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(events, ["receive", "compare", "verify", "apply", "send to cs", "erase"]);
    sandbox
        .run(&["transfer", "show", "1", "--personal", "--reason", "x"])
        .expect_fault(10, "transfer.erased");
    decide(&sandbox, "print", "1").expect_fault(10, "transfer.erased");
    let audit = sandbox.audit();
    let of_erasure: Vec<_> =
        audit.iter().filter(|line| line.action == "remove transfers by retention").collect();
    assert_eq!(of_erasure.len(), 2);
    assert!(of_erasure[0].result.starts_with("1 of 1 removed") && of_erasure[0].reason == "年次");
    // Numbers go on, and the file of an erased case is still known.
    sandbox.write("cases.csv", &csv(&[newcomer()]));
    sandbox
        .run(&["transfer", "receive", "cases.csv", "--kind", "cs-move-in"])
        .expect(0)
        .says("nothing changed");
}

#[test]
fn nothing_personal_is_in_logs_and_errors() {
    let sandbox = hub();
    let all = residents(&sandbox);
    sandbox.write("cases.csv", &csv(&[notification(&all[0]), notification(&all[1])]));
    sandbox.write("in.csv", &csv(&[newcomer()]));
    sandbox.write("completion.csv", &csv(&[COMPLETION[..3].to_vec()]));
    let secrets: Vec<&str> = ["金糸雀", "カナリヤ", "鴉沼", "123456789018", "000000999999001", "千代田"]
        .into_iter()
        .chain(["shimei", "juminhyo_cd", "kojin_bango", "atena_no"].map(|item| all[0][item].as_str()))
        .collect();
    for args in [
        "receive cases.csv --kind oss-move-out",
        "receive in.csv --kind cs-move-in",
        "receive in.csv --kind oss-move-out",
        "receive completion.csv --kind cs-move-in",
        "list --all",
        "show 1",
        "show 3",
        "compare",
        "verify 3 --reason x",
        "verify 3 --reason x --corrections completion.csv",
        "verify 1 --reason x",
        "apply 1 --reason x",
        "reject 2 --reason x",
        "send",
        "resend 1",
        "confirm 1 --reason x",
        "erase-plan",
    ] {
        for loud in [["-vvv", "--log-format", "json"].as_slice(), &["--json", "-vvv"]] {
            let args: Vec<&str> =
                ["transfer"].into_iter().chain(args.split(' ')).chain(loud.iter().copied()).collect();
            let mut outcome = sandbox.run(&args);
            for secret in &secrets {
                outcome = outcome.says_not(secret);
            }
        }
    }
    let log = sandbox.run(&["audit", "list", "--json"]).expect(0).stdout;
    assert!(secrets.iter().all(|secret| !log.contains(secret)));
}
