//! What each notice is to an intake that follows 001o005 and holds set 4 of feed `v1`.

use super::*;
use crate::declared::Problems;
use crate::notice::{ChangeCounts, DataFile, FileFormatWords};
use crate::receive::{AcceptedVersion, RowPolicy};
use crate::state::FeedState;
use crate::{Moment, Window};

fn layout(version: &str) -> Arc<Layout> {
    let text = format!(
        r#"interface = "001o005"
version = "{version}"
name = "住民情報"
valid_from = 2026-04-01
rows = "latest"
individual_number = false
items = ["atena_no", "shimei", "del_flg"]
[removal]
column = "del_flg"
present = "0"
removed = "1"
"#
    );
    Arc::new(Layout::read("l.toml", &text, &Problems::new()).unwrap())
}

fn terms() -> Terms {
    let accepted = |version: &str, from: Option<&str>, until: Option<&str>| AcceptedVersion {
        layout: layout(version),
        from: from.map(|day| day.parse().unwrap()),
        until: until.map(|day| day.parse().unwrap()),
    };
    Terms {
        id: "jumin".parse().unwrap(),
        receiver: "015".parse().unwrap(),
        sender: "001".parse().unwrap(),
        municipality: "082201".to_owned(),
        interface: "001o005".parse().unwrap(),
        branch: "00".parse().unwrap(),
        folders: vec!["001/001o005-00/v1".parse().unwrap()],
        versions: vec![accepted("1.0", None, Some("2027-03-31")), accepted("1.1", Some("2027-04-01"), None)],
        full: TakeMode::Replace,
        rows: RowPolicy::RefuseSet,
        guard: crate::guard::GuardBounds::default(),
        is_each_counted: false,
        mapping: None,
        needs_proof: true,
        most: crate::receive::Most::default(),
    }
}

fn head() -> IntakeHead {
    IntakeHead {
        feed: "v1".parse().unwrap(),
        version: "1.0".parse().unwrap(),
        sequence: Sequence(4),
        content_sha256: diff(4, 3).content_sha256(),
        state: FeedState::empty(),
        business_date: "2026-10-02".parse().unwrap(),
        taken_at: Moment::parse("2026-10-02T02:00:00").unwrap(),
    }
}

fn diff(sequence: u32, base: u32) -> Notice {
    let state = Some(StateWords { n_rows: 0, digest: FeedState::empty().digest() });
    Notice {
        format: crate::notice::FORMAT,
        municipality: "082201".to_owned(),
        interface: "001o005".parse().unwrap(),
        branch: "00".parse().unwrap(),
        version: "1.0".parse().unwrap(),
        feed: "v1".parse().unwrap(),
        kind: Kind::Diff,
        sequence: Sequence(sequence),
        base_sequence: Some(Sequence(base)),
        commits: Window { after: crate::CommitNo(1), through: crate::CommitNo(2) },
        as_of: None,
        business_date: "2026-10-03".parse().unwrap(),
        created_at: "2026-10-03T01:30:00+09:00".to_owned(),
        file_format: FileFormatWords {
            encoding: "utf-8".to_owned(),
            newline: "crlf".to_owned(),
            quote: "always".to_owned(),
            header: "ja".to_owned(),
        },
        n_columns: 3,
        files: vec![DataFile {
            name: "x.csv".parse().unwrap(),
            n_rows: 0,
            n_bytes: 100,
            sha256: Digest([u8::try_from(sequence).unwrap(); 32]),
            is_last: true,
        }],
        reports: Vec::new(),
        n_rows: 0,
        changes: Some(ChangeCounts::default()),
        state_before: state,
        state_after: state,
    }
}

/// What is held after a set.
fn words_after(sequence: u32) -> StateWords {
    StateWords { n_rows: 0, digest: Digest([100 + u8::try_from(sequence).unwrap(); 32]) }
}

fn full(sequence: u32) -> Notice {
    Notice { kind: Kind::Full, base_sequence: None, changes: None, state_before: None, ..diff(sequence, 0) }
}

/// The standing in one word, with codes or what is missing.
fn said(notice: &Notice, head: Option<&IntakeHead>) -> String {
    let taken = |feed: &FeedId, sequence: Sequence| {
        (feed.as_str() == "v1" && (2..=4).contains(&sequence.0)).then(|| TakenBefore {
            content: diff(sequence.0, sequence.0 - 1).content_sha256(),
            state: Some(words_after(sequence.0)),
        })
    };
    match judge(notice, &terms(), head, &taken) {
        Standing::Next { mode, is_switch, layout, .. } => {
            format!("next {mode:?} {}{}", layout.version, if is_switch { " switch" } else { "" })
        }
        Standing::Repeated => "repeated".to_owned(),
        Standing::Passed { why } => format!("passed: {why}"),
        Standing::Waiting(gap) => format!("waiting: {gap}"),
        Standing::Refused(reasons) => {
            reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>().join(" ")
        }
    }
}

#[track_caller]
fn check(notice: &Notice, expected: &str) {
    assert_eq!(said(notice, Some(&head())), expected);
}

#[test]
fn sets_are_taken_in_order() {
    check(&diff(5, 4), "next Diff 1.0");
    // A single took number 5.
    check(&diff(6, 4), "next Diff 1.0");
    check(&full(9), "next Replace 1.0");
    check(&diff(6, 5), "waiting: set 5 is missing");
    check(&diff(9, 8), "waiting: sets 5 to 8 are missing");
    check(&diff(4, 3), "repeated");
    check(&diff(2, 1), "repeated");
    check(&Notice { created_at: "later".to_owned(), ..diff(4, 3) }, "repeated");
    check(&full(4), "other-content");
    let leads_there = |notice: Notice| Notice { state_after: Some(words_after(notice.sequence.0)), ..notice };
    check(&leads_there(diff(4, 2)), "passed: another way to what was taken in");
    check(&leads_there(diff(3, 1)), "passed: another way to what was taken in");
    check(&diff(4, 2), "other-content");
    check(&diff(4, 4), "next Correct 1.0");
    check(&diff(3, 3), "other-content");
    check(&leads_there(diff(3, 3)), "passed: another way to what was taken in");
    check(&diff(5, 5), "waiting: set 5 is missing");
    check(&full(1), "passed: older than what is held");
    check(&diff(7, 2), "passed: builds on what is no longer held");
    let single = Notice { kind: Kind::Single, state_after: None, ..full(5) };
    check(&single, "passed: an extract moves no state");
    assert_eq!(said(&diff(5, 4), None), "waiting: a full of the feed, 4 or later, is missing");
    assert_eq!(said(&full(1), None), "next Replace 1.0");
}

#[test]
fn another_feed_is_followed_from_a_full_in_its_time_and_never_back() {
    let v2 = |notice: Notice, day: &str| Notice {
        version: "1.1".parse().unwrap(),
        feed: "v2".parse().unwrap(),
        business_date: day.parse().unwrap(),
        ..notice
    };
    check(&v2(full(1), "2027-03-31"), "passed: of a version that is not followed on its business date");
    assert_eq!(said(&v2(full(1), "2027-03-31"), None), "version-not-yet-valid");
    check(&v2(full(1), "2027-04-01"), "next Replace 1.1 switch");
    check(&v2(diff(2, 1), "2027-04-01"), "waiting: a full of the feed, 1 or later, is missing");
    check(&Notice { business_date: "2027-04-01".parse().unwrap(), ..diff(5, 4) }, "version-retired");
    let switched = IntakeHead { feed: "v2".parse().unwrap(), version: "1.1".parse().unwrap(), ..head() };
    assert_eq!(said(&full(9), Some(&switched)), "passed: of a version before the one followed");
}

#[test]
fn everything_wrong_with_a_notice_is_said_at_once() {
    check(
        &Notice { municipality: "131041".to_owned(), n_columns: 4, ..diff(5, 4) },
        "other-municipality file-format",
    );
    check(
        &Notice { interface: "024o001".parse().unwrap(), ..diff(5, 4) },
        "sender-not-allowed unknown-interface",
    );
    check(&Notice { branch: "01".parse().unwrap(), ..diff(5, 4) }, "unknown-interface");
    check(&Notice { version: "2.0".parse().unwrap(), ..diff(5, 4) }, "unknown-version");
    check(
        &Notice { business_date: "2026-03-31".parse().unwrap(), n_columns: 2, ..diff(5, 4) },
        "version-not-yet-valid file-format",
    );
    check(&Notice { state_before: None, state_after: None, changes: None, ..diff(5, 4) }, "no-proof");
    let mut words = diff(5, 4);
    words.file_format.encoding = "jef".to_owned();
    check(&words, "file-format");
}
