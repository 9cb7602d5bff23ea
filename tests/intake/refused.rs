//! What is wrong goes to quarantine with its reasons, whatever it is, and can be read again.

use crate::partner::{ANSWER, INBOX, Set, answers, audited, held, hub, look, quarantine, row, rows};
use crate::sandbox::files;

/// 2031, in unix seconds: by then whatever was put down today has stood unchanged for long.
const MUCH_LATER: &str = "1930000000";

#[test]
fn a_refused_set_lies_in_quarantine_with_reasons_in_both_languages() {
    let sandbox = hub();
    Set::full(1, vec![row(1, "20", "0"), row(2, "21", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(11).says("wrong-rows");
    assert_eq!(held(&sandbox), rows(&[]));
    assert_eq!(files::names(&sandbox.path(INBOX)), Vec::<String>::new());
    let [place] = quarantine(&sandbox).try_into().unwrap();
    assert_eq!(files::names(&place).len(), 4);
    let text = std::fs::read_to_string(place.join("reason.txt")).unwrap();
    assert!(text.starts_with("格納完了通知: ") && text.contains("\nNotice: "), "{text}");
    let reason = files::notice(&place.join("reason.json"));
    assert_eq!(
        (reason["outcome"].as_str(), reason["folder"].as_str()),
        (Some("refused"), INBOX.strip_prefix("hub/share/"))
    );
    assert_eq!(answers(&sandbox), ["1 refused"]);
    assert!(files::names(&sandbox.path(ANSWER)).iter().any(|name| name.ends_with(".errors.csv")));
    assert!(
        audited(&sandbox)[0].starts_with("intake kaigo set 023z001 1: refused (no. 1): "),
        "{:?}",
        audited(&sandbox)
    );
    // The same once more is refused without another line.
    Set::full(1, vec![row(1, "20", "0"), row(2, "21", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(11).says("is refused, as before");
    assert_eq!((files::names(&sandbox.path(INBOX)).len(), audited(&sandbox).len()), (0, 1));
}

#[test]
fn hostile_names_links_and_pipes_are_never_followed() {
    let sandbox = hub();
    std::fs::create_dir_all(sandbox.path(INBOX)).unwrap();
    let secret = sandbox.path("secret");
    std::fs::write(&secret, "secret").unwrap();
    let set = Set::full(1, vec![row(1, "21", "0")]);
    set.hand_in_with(&sandbox, |notice| notice["files"][0]["name"] = "../../etc/passwd".into());
    sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], &["intake", "look"]).expect(11).says("notice-malformed");
    let [place] = quarantine(&sandbox).try_into().unwrap();
    assert_eq!(files::names(&place).len(), 3, "the notice and its reasons");
    // A link and a pipe under the names of data files: the sets wait, and nothing is opened.
    let inbox = sandbox.path(INBOX);
    for name in ["082201_023z001-00_full_0002", "082201_023z001-00_full_0003"] {
        let set = Set::full(if name.ends_with('2') { 2 } else { 3 }, vec![row(1, "21", "0")]);
        set.hand_in(&sandbox);
        std::fs::remove_file(inbox.join(format!("{name}.csv"))).unwrap();
    }
    std::os::unix::fs::symlink(&secret, inbox.join("082201_023z001-00_full_0002.csv")).unwrap();
    let fifo =
        std::process::Command::new("mkfifo").arg(inbox.join("082201_023z001-00_full_0003.csv")).status();
    assert!(fifo.unwrap().success());
    std::os::unix::fs::symlink(&secret, inbox.join("link.done")).unwrap();
    sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], &["intake", "look"]).expect(10).says("incomplete");
    assert_eq!(held(&sandbox), rows(&[]));
    assert_eq!(std::fs::read_to_string(secret).unwrap(), "secret");
    let status = sandbox.run(&["intake", "status"]).expect(0);
    status.says("stray").says("link.done").says("intake-kaigo-");
}

#[test]
fn a_set_is_read_again_once_the_hub_is_mended() {
    let sandbox = hub();
    let accept = "accept = [{ layout = \"023z001-1.0\" }]";
    sandbox.replace("hub/hub.toml", accept, "accept = [{ layout = \"023z001-1.0\", from = 2027-01-01 }]");
    Set::full(1, vec![row(1, "21", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(11).says("version-not-yet-valid");
    let [path] = quarantine(&sandbox).try_into().unwrap();
    let place = path.file_name().unwrap().to_str().unwrap().to_owned();
    let reread = |set: &str, more: &[&str]| {
        sandbox.run(&[&["reread", set, "--reason", "版数の切替日を直した"], more].concat())
    };
    reread(&place, &["--dry-run"]).expect(0).says("082201_023z001-00_full_0001.done");
    assert_eq!(files::names(&path).len(), 4);
    // Nothing is mended yet.
    reread("1", &[]).expect(11).says("version-not-yet-valid");
    assert_eq!((files::names(&path).len(), files::names(&sandbox.path(INBOX)).len()), (4, 0));
    sandbox.replace("hub/hub.toml", "from = 2027-01-01", "from = 2026-10-01");
    reread(&place, &[]).expect(0).says("taken in");
    assert_eq!(held(&sandbox), rows(&[(1, "21")]));
    assert_eq!(files::names(&path), ["reason.json", "reason.txt"]);
    reread("nothing", &[]).expect_fault(2, "usage.unknown-set");
    sandbox.run(&["reread", &place]).expect(2);
    let audit = sandbox.audit();
    let lines = audit.iter().filter(|line| line.action == format!("reread {place}"));
    assert!(lines.map(|line| line.reason.as_str()).eq(["版数の切替日を直した"; 2]), "{audit:?}");
}

#[test]
fn a_long_japanese_name_is_taken_in_and_what_is_parked_of_it_reported() {
    let sandbox = hub();
    sandbox.replace("hub/hub.toml", "id = \"kaigo\"", "id = \"kaigo\"\nrows = \"park\"");
    let set = Set::full(1, vec![row(1, "21", "0"), row(2, "20", "0")]);
    let stem = "介".repeat(65);
    let mut notice = set.notice();
    notice["files"][0]["name"] = "a.csv".into();
    sandbox.write(&format!("{INBOX}/a.csv"), &set.data());
    sandbox.write(&format!("{INBOX}/{stem}.done"), &notice.to_string());
    look(&sandbox).expect(0);
    let names = files::names(&sandbox.path(crate::partner::ANSWER));
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().any(|name| name.ends_with(".errors.csv")), "{names:?}");
}
