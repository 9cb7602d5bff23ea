//! What is due when, and what follows a try.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::fault::{Class, Fault as _};
use crate::ids::{FeedId, Sequence};
use crate::moment::Moment;
use crate::port::{FolderError, HandedOver};
use crate::retry::RetryPolicy;

fn at(text: &str) -> Moment {
    Moment::parse(&format!("2026-10-{text}:00")).unwrap()
}

fn terms(windows: &[&str]) -> DeliveryTerms {
    DeliveryTerms {
        id: "tax".parse().unwrap(),
        system: "015".parse().unwrap(),
        feeds: vec!["a".parse().unwrap(), "b".parse().unwrap()],
        windows: DeliveryWindows::new(windows.iter().map(|window| window.parse().unwrap()).collect()),
        retry: RetryPolicy { n_tries: 3, ..RetryPolicy::default() },
    }
}

fn line(feed: &str, sequence: u32) -> DeliveryLine {
    let feed: FeedId = feed.parse().unwrap();
    DeliveryLine::due(&feed, Sequence(sequence), &terms(&[]).id, &terms(&[]).system, at("02T20:00"))
}

#[test]
fn windows_open_and_close_on_the_long_clock() {
    let check = |windows: &[&str], now: &str, opens: Option<&str>| {
        let windows = terms(windows).windows;
        assert_eq!(windows.opens_at(at(now)), opens.map(at), "{windows:?} at {now}");
    };
    check(&[], "02T12:00", None);
    check(&["21:00-29:00"], "02T20:59", Some("02T21:00"));
    check(&["21:00-29:00"], "02T21:00", None);
    check(&["21:00-29:00"], "03T04:59", None);
    check(&["21:00-29:00"], "03T05:00", Some("03T21:00"));
    check(&["24:30-26:00"], "02T00:30", None);
    check(&["24:30-26:00"], "02T02:00", Some("03T00:30"));
    check(&["09:00-12:00", "13:00-17:00"], "02T12:30", Some("02T13:00"));
    check(&["46:00-47:59"], "02T23:00", None);
    check(&["00:00-24:00"], "02T00:00", None);
    let closes = |windows: &[&str], now: &str| terms(windows).windows.closes_at(at(now));
    assert_eq!(closes(&["21:00-29:00", "22:00-23:00"], "02T22:30"), Some(at("03T05:00")));
    assert_eq!((closes(&["21:00-29:00"], "03T05:00"), closes(&[], "03T05:00")), (None, None));
    for wrong in ["", "21:00", "21:00-20:00", "21:00-21:00", "00:00-24:01", "9-17", "21:00-48:00"] {
        assert!(wrong.parse::<DeliveryWindow>().is_err(), "{wrong}");
    }
    assert_eq!("9:00-29:05".parse::<DeliveryWindow>().unwrap().to_string(), "09:00-29:05");
}

#[test]
fn a_feed_goes_in_order_and_feeds_do_not_wait_for_one_another() {
    let now = at("02T21:30");
    let stopped = DeliveryLine { state: DeliveryState::Stopped, ..line("a", 1) };
    let delivered = DeliveryLine { state: DeliveryState::Delivered, ..line("b", 1) };
    let later = DeliveryLine { next_at: Some(at("02T21:31")), ..line("b", 2) };
    let other = DeliveryLine { destination: "other".parse().unwrap(), ..line("b", 1) };
    let gone = line("c", 1);
    let lines = [line("b", 3), later, line("a", 2), stopped, delivered, other, gone];
    let standings: Vec<(String, Waiting)> = standing(&terms(&[]), &lines, now)
        .into_iter()
        .map(|(line, waiting)| (format!("{}{}", line.feed, line.sequence), waiting))
        .collect();
    let expected = [
        ("a1", Waiting::Person),
        ("a2", Waiting::Earlier(Sequence(1))),
        ("b2", Waiting::Retry(at("02T21:31"))),
        ("b3", Waiting::Earlier(Sequence(2))),
        ("c1", Waiting::NotDeclared),
    ];
    assert_eq!(standings, expected.map(|(line, waiting)| (line.to_owned(), waiting)));
    assert!(deliverable(&terms(&[]), &lines, now).is_empty());
    let due = deliverable(&terms(&[]), &lines, at("02T21:31"));
    assert_eq!(due.iter().map(|line| line.sequence.0).collect::<Vec<_>>(), [2]);
    assert!(deliverable(&terms(&["22:00-23:00"]), &lines, at("02T21:31")).is_empty());
}

#[test]
fn a_pause_of_a_clock_that_was_ahead_is_over() {
    let now = at("02T21:30");
    let paused = |next_at: Moment| [DeliveryLine { next_at: Some(next_at), ..line("a", 1) }];
    let soon = now.plus(TimeDelta::minutes(30));
    assert_eq!(standing(&terms(&[]), &paused(soon), now)[0].1, Waiting::Retry(soon));
    let next_year = now.plus(TimeDelta::days(365));
    assert_eq!(standing(&terms(&[]), &paused(next_year), now)[0].1, Waiting::Nothing);
}

#[test]
fn the_class_of_a_fault_decides_what_follows() {
    let now = at("02T21:30");
    let check = |error: &DeliveryError, n_tries, state, fault: &str| {
        let before = begun(&DeliveryLine { n_tries, n_attempts: 7, ..line("a", 1) }, 5);
        let after = ended(&terms(&[]), &before, Err(error), now, 0);
        assert_eq!((after.n_tries, after.n_bytes), (n_tries + 1, 5));
        assert_eq!((after.state, after.n_attempts), (state, 8), "{fault}");
        assert_eq!(after.fault_code.as_deref(), Some(fault));
        assert_eq!(after.next_at.is_some(), state == DeliveryState::Due, "{fault}");
    };
    let place = || "sftp.example:22".to_owned();
    let unreachable = DeliveryError::Unreachable { place: place(), detail: String::new() };
    check(&unreachable, 0, DeliveryState::Due, "delivery.unreachable");
    check(&unreachable, 2, DeliveryState::Stopped, "delivery.unreachable");
    let full = DeliveryError::DestinationFull { name: "x.csv".to_owned() };
    check(&full, 0, DeliveryState::Due, "delivery.destination-full");
    let changed = DeliveryError::HostKeyChanged { place: place(), fingerprint: "SHA256:x".to_owned() };
    check(&changed, 0, DeliveryState::Stopped, "delivery.host-key-changed");
    let taken = DeliveryError::NameTaken { name: "x.csv".to_owned() };
    check(&taken, 0, DeliveryState::Stopped, "delivery.name-taken");
    let refused = DeliveryError::Refused { name: "x.csv".to_owned(), detail: String::new() };
    assert_eq!(refused.class(), Class::Partner);
    check(&DeliveryError::Unfinished { n_tries: 3 }, 0, DeliveryState::Stopped, "delivery.unfinished");
    check(
        &DeliveryError::NotMounted { path: "/mnt".to_owned() },
        0,
        DeliveryState::Due,
        "delivery.not-mounted",
    );
    let away = DeliveryError::Folder(FolderError::Missing { path: "015".to_owned() });
    check(&away, 0, DeliveryState::Due, "folder.missing");
}

#[test]
fn what_was_delivered_stays_so_when_it_cannot_be_given_once_more() {
    let (then, now) = (at("01T21:30"), at("02T21:30"));
    let delivered =
        DeliveryLine { state: DeliveryState::Delivered, delivered_at: Some(then), ..line("a", 1) };
    let again = begun(&delivered.again(now), 5);
    let taken = DeliveryError::NameTaken { name: "x.csv".to_owned() };
    let after = ended(&terms(&[]), &again, Err(&taken), now, 0);
    assert_eq!((after.state, after.delivered_at), (DeliveryState::Delivered, Some(then)));
    assert_eq!((after.fault_code.as_deref(), after.n_attempts), (None, 1));
    assert!(standing(&terms(&[]), &[after, line("a", 2)], now)[0].1 == Waiting::Nothing);
    // What goes away by itself is tried again like anything else, and while it pauses the later ones go on.
    let away = DeliveryError::TimedOut { place: "utlsend".to_owned(), seconds: 9, attempt: "handing over" };
    let paused = ended(&terms(&[]), &again, Err(&away), now, 0);
    assert_eq!((paused.state, paused.delivered_at), (DeliveryState::Due, Some(then)));
    assert_eq!(paused.fault_code.as_deref(), Some("delivery.timed-out"));
    let lines = [paused.clone(), line("a", 2)];
    let told = standing(&terms(&[]), &lines, now).into_iter().map(|(_, waiting)| waiting).collect::<Vec<_>>();
    assert_eq!(told, [Waiting::Retry(paused.next_at.unwrap()), Waiting::Nothing]);
    assert_eq!(deliverable(&terms(&[]), &lines, paused.next_at.unwrap()), [&paused]);
    let last = begun(&DeliveryLine { n_tries: 2, ..paused }, 5);
    assert_eq!(ended(&terms(&[]), &last, Err(&away), now, 0).state, DeliveryState::Delivered);
    // Asked to end is no failure of it.
    let stopped = ended(&terms(&[]), &again, Err(&DeliveryError::Stopped), now, 0);
    assert_eq!(stopped.state, DeliveryState::Due);
}

#[test]
fn what_never_ended_is_worn_out_in_the_end() {
    let tried = |n_tries| DeliveryLine { n_tries, n_attempts: n_tries, ..line("a", 1) };
    let attempt = |ended_at| DeliveryAttempt {
        feed: "a".parse().unwrap(),
        sequence: Sequence(1),
        destination: terms(&[]).id,
        attempt_no: 3,
        operator: "scheduler".to_owned(),
        started_at: at("02T21:00"),
        ended_at,
        fault_code: None,
        fault_class: None,
        n_files_sent: 0,
        n_files_there: 0,
        n_bytes_sent: 0,
        detail: None,
    };
    let worn_out =
        |n_tries, last: Option<DeliveryAttempt>| worn_out(&terms(&[]), &tried(n_tries), last.as_ref());
    assert!(worn_out(2, Some(attempt(None))).is_none());
    // Fewer tries declared than were made: it is tried once more, and what comes of that is what is told.
    assert!(worn_out(3, Some(attempt(Some(at("02T21:10"))))).is_none());
    assert!(worn_out(3, None).is_none());
    let error = worn_out(3, Some(attempt(None))).unwrap();
    let after = ended(&terms(&[]), &tried(3), Err(&error), at("02T21:30"), 0);
    assert_eq!(after.state, DeliveryState::Stopped);
}

#[test]
fn two_windows_in_a_row_that_keep_nothing_are_told_to_a_person() {
    let attempt = |no: u32, code: Option<&str>, n_bytes_sent: u64| DeliveryAttempt {
        feed: "a".parse().unwrap(),
        sequence: Sequence(1),
        destination: "tax".parse().unwrap(),
        attempt_no: no,
        operator: String::new(),
        started_at: at("02T21:00").plus(TimeDelta::days(i64::from(no))),
        ended_at: Some(at("02T21:00")),
        fault_code: code.map(str::to_owned),
        fault_class: None,
        n_files_sent: 0,
        n_files_there: 1,
        n_bytes_sent,
        detail: None,
    };
    let short = Some("delivery.window-too-short");
    let check = |before: &[DeliveryAttempt], has_kept_something, n_times: Option<u32>| {
        let error = stopped_by_window(&line("a", 1), before, has_kept_something);
        let found = match &error {
            DeliveryError::WindowTooShort { n_times, .. } => Some(*n_times),
            _ => None,
        };
        assert_eq!(found, n_times, "{before:?}");
        assert_eq!(error.code(), n_times.and(short).unwrap_or("delivery.stopped"));
        let after = ended(&terms(&[]), &begun(&line("a", 1), 1), Err(&error), at("02T23:00"), 0);
        let is_over = n_times.is_some_and(|n_times| n_times > 1);
        assert_eq!(after.state, if is_over { DeliveryState::Stopped } else { DeliveryState::Due });
        assert_eq!((after.n_tries, after.next_at), (u32::from(is_over), None));
    };
    check(&[], true, None);
    check(&[], false, Some(1));
    let stopped = Some("delivery.stopped");
    check(&[attempt(1, stopped, 9)], false, Some(1));
    check(&[attempt(1, stopped, 9), attempt(2, short, 0)], false, Some(2));
    check(&[attempt(1, stopped, 9), attempt(2, short, 0)], true, None);
    // What a folder was given and did not keep counts for nothing; a daemon that ended meanwhile tells neither way.
    check(&[attempt(1, short, 9), attempt(2, stopped, 0)], false, Some(2));
    // Something was kept since; or a person asked for it since.
    check(&[attempt(1, short, 0), attempt(2, stopped, 9)], false, Some(1));
    let long_ago = DeliveryAttempt { started_at: at("01T21:00"), ..attempt(1, short, 0) };
    check(&[long_ago], false, Some(1));
}

#[test]
fn arguments_are_data_and_placeholders_are_those_there_are() {
    let values = ArgumentValues {
        path: "/root/x y/a;b.csv",
        name: "a;b.csv",
        feed: "001o005-v1",
        sequence: "7",
        destination: "tax",
        file_id: "TAX01",
        seconds: "600",
        sha256: "00",
        n_bytes: "12",
    };
    let filled = |text: &str| text.parse::<DeliveryArgument>().map(|argument| argument.filled(&values));
    assert_eq!(filled("--file={path}"), Ok("--file=/root/x y/a;b.csv".to_owned()));
    assert_eq!(filled("{file_id}-{sequence}"), Ok("TAX01-7".to_owned()));
    assert_eq!(filled("$(rm {name})"), Ok("$(rm a;b.csv)".to_owned()));
    for wrong in ["{", "}", "{path", "{paht}", "{{path}}"] {
        assert!(filled(wrong).is_err(), "{wrong}");
    }
    let near = "{paht}".parse::<DeliveryArgument>().unwrap_err().to_string();
    assert!(near.contains("did you mean {path}?"), "{near}");
}

#[test]
fn the_table_says_what_a_code_means() {
    let table = CodeTable::hulft();
    let check = |code, class: Option<Class>| match table.of(code) {
        Verdict::Done => assert_eq!(class, None, "{code}"),
        Verdict::Failed(found, _) => assert_eq!(Some(found), class, "{code}"),
    };
    check(0, None);
    check(4, Some(Class::Retry));
    check(9, Some(Class::Retry));
    check(11, Some(Class::Operator));
    check(21, Some(Class::Retry));
    check(99, Some(Class::Operator));
    let own: CodeRange = "100-115".parse().unwrap();
    assert_eq!((own.from, own.to, "7".parse::<CodeRange>().map(|range| range.to)), (100, 115, Ok(7)));
    for wrong in ["", "a", "9-8", "-1", "1-256", "1-"] {
        assert!(wrong.parse::<CodeRange>().is_err(), "{wrong}");
    }
    let table = CodeTable::hulft().with(vec![(own, Verdict::Failed(Class::Partner, "theirs".to_owned()))]);
    assert_eq!(table.of(115), Verdict::Failed(Class::Partner, "theirs".to_owned()));
    assert_eq!(CodeTable::plain().of(1), Verdict::Failed(Class::Operator, String::new()));
}

#[test]
fn a_stop_is_no_try_and_a_success_clears_the_fault() {
    let now = at("02T21:30");
    let before = DeliveryLine {
        n_tries: 2,
        fault_code: Some("delivery.cut-off".to_owned()),
        fault_class: Some(Class::Retry),
        next_at: Some(now),
        ..line("a", 1)
    };
    let stopped = ended(&terms(&[]), &begun(&before, 1), Err(&DeliveryError::Stopped), now, 0);
    assert_eq!((stopped.state, stopped.n_tries, stopped.next_at), (DeliveryState::Due, 2, None));
    let done = ended(&terms(&[]), &begun(&before, 1), Ok(&HandedOver::default()), now, 0);
    assert_eq!((done.state, done.delivered_at), (DeliveryState::Delivered, Some(now)));
    assert_eq!((done.fault_code, done.fault_class, done.next_at), (None, None, None));
    let again = DeliveryLine { state: DeliveryState::Stopped, ..before }.again(at("03T09:00"));
    assert_eq!((again.state, again.n_tries, again.since), (DeliveryState::Due, 0, at("03T09:00")));
}

proptest! {
    /// However the lines stand, what is tried is the first open one of its feed, and nothing is tried twice at once.
    #[test]
    fn nothing_overtakes(lines in prop::collection::vec((0..3usize, 1..9u32, 0..4usize, 0..3i64), 0..30)) {
        let now = at("02T21:30");
        let mut all: Vec<DeliveryLine> = lines
            .iter()
            .map(|(feed, sequence, state, minutes)| DeliveryLine {
                state: DeliveryState::ALL[*state],
                next_at: (*minutes > 0).then(|| now.plus(TimeDelta::minutes(*minutes - 1))),
                ..line(["a", "b", "c"][*feed], *sequence)
            })
            .collect();
        all.sort_by(|one, other| (&one.feed, one.sequence).cmp(&(&other.feed, other.sequence)));
        all.dedup_by(|one, other| (&one.feed, one.sequence) == (&other.feed, other.sequence));
        let due = deliverable(&terms(&[]), &all, now);
        for line in &due {
            prop_assert_eq!(line.state, DeliveryState::Due);
            prop_assert!(line.next_at.is_none_or(|next_at| next_at <= now));
            let is_overtaken = |other: &&DeliveryLine| {
                other.feed == line.feed && other.sequence < line.sequence && other.state.is_open()
            };
            prop_assert!(!all.iter().any(|other| is_overtaken(&other)));
        }
        let feeds: std::collections::BTreeSet<_> = due.iter().map(|line| &line.feed).collect();
        prop_assert_eq!(feeds.len(), due.len());
    }

    /// Over any stretch, no more is sent than the rate allows plus what may be saved up and the first piece.
    #[test]
    fn the_pace_is_kept(
        rate in 1_000..10_000_000u64,
        pieces in prop::collection::vec((1..300_000u64, 0..500u64), 1..60),
    ) {
        let mut pace = Pace::new(rate);
        let (mut now_ms, mut sent, mut largest) = (1_000_000u64, 0u64, 0u64);
        let began = now_ms;
        for (n_bytes, idle_ms) in pieces {
            now_ms += idle_ms;
            now_ms += pace.take(n_bytes, now_ms);
            let passed_ms = now_ms - began;
            let allowed = (passed_ms + 250) * rate / 1000 + largest.max(n_bytes) + rate / 1000 + 1;
            prop_assert!(sent <= allowed, "{sent} of {allowed} after {passed_ms} ms");
            sent += n_bytes;
            largest = largest.max(n_bytes);
        }
    }
}
