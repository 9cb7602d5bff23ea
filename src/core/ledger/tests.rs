//! Where a receiver stands, case by case; and what is wrong with receipts.

use chrono::{NaiveDate, TimeDelta};

use super::*;
use crate::ids::{Digest, Sequence};
use crate::moment::Moment;
use crate::port::Outcome;
use crate::publication::Kind;
use crate::receive::{Reason, ReasonCode, Receipt, RowResults};

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 10, day).unwrap()
}

fn at(hours: i64) -> Moment {
    Moment::parse("2026-10-01T01:30:00+09:00").unwrap().plus(TimeDelta::hours(hours))
}

/// Publications of the days from the 1st on, one a day: F full, D diff, S single.
fn published(kinds: &str) -> Vec<PublishedSet> {
    (1..)
        .zip(kinds.chars())
        .map(|(number, kind)| PublishedSet {
            sequence: Sequence(number),
            kind: match kind {
                'F' => Kind::Full,
                'D' => Kind::Diff,
                _ => Kind::Single,
            },
            business_date: day(number),
            sealed_at: Some(at(i64::from(number - 1) * 24)),
        })
        .collect()
}

/// Events as `taken 3` or `refused 4 holds 3`, an hour apart; `+` before one: at the same time as that before it.
fn events(lines: &[&str]) -> Vec<LedgerEvent> {
    let mut hour = 0;
    let event = |(index, line): (u8, &&str)| {
        let (is_same, line) = line.strip_prefix('+').map_or((false, *line), |rest| (true, rest));
        hour += i64::from(!is_same);
        let words: Vec<&str> = line.split(' ').collect();
        LedgerEvent {
            feed: "f".parse().unwrap(),
            sequence: Sequence(words[1].parse().unwrap()),
            receiver: "015".parse().unwrap(),
            kind: EventKind::parse(words[0]).unwrap(),
            at: at(hour),
            source: Digest([index; 32]),
            reasons: Vec::new(),
            holds: words.get(3).map(|holds| Sequence(holds.parse().unwrap())),
            state: None,
            recorded_at: at(hour),
        }
    };
    (0..).zip(lines).map(event).collect()
}

#[test]
fn where_a_receiver_stands_follows_from_what_it_answered() {
    // kinds, events, (acknowledged, behind, first open, refused, waiting)
    type Expected = (Option<u32>, u32, Option<u32>, Option<u32>, Option<u32>);
    let check = |kinds: &str, lines: &[&str], expected: Expected| {
        let found = stand(&events(lines), &published(kinds), &ReceiverWindow::ALWAYS, day(20));
        let number = |sequence: Option<Sequence>| sequence.map(|sequence| sequence.0);
        let of = |event: &Option<LedgerEvent>| event.as_ref().map(|event| event.sequence.0);
        let found = (
            number(found.acknowledged),
            found.n_behind,
            number(found.first_open),
            of(&found.refusal),
            of(&found.waiting),
        );
        assert_eq!(found, expected, "{kinds} {lines:?}");
    };
    check("", &[], (None, 0, None, None, None));
    check("FDD", &[], (None, 3, Some(1), None, None));
    // Who holds nothing begins with the last full.
    check("FDFD", &[], (None, 2, Some(3), None, None));
    check("FDD", &["taken 1 holds 1", "taken 2 holds 2"], (Some(2), 1, Some(3), None, None));
    check("FDD", &["taken 1", "taken 2", "taken 3"], (Some(3), 0, None, None, None));
    check(
        "FDDD",
        &["taken 1", "waiting 3 holds 1", "+waiting 4 holds 1"],
        (Some(1), 3, Some(2), None, Some(4)),
    );
    check(
        "FDDD",
        &["taken 1", "waiting 3 holds 1", "taken 2", "+taken 3"],
        (Some(3), 1, Some(4), None, None),
    );
    check("FDD", &["taken 1", "refused 2 holds 1"], (Some(1), 2, Some(2), Some(2), None));
    // Put right, the refusal is over; so it is by a later full.
    check("FDD", &["refused 2", "taken 2"], (Some(2), 1, Some(3), None, None));
    check("FDF", &["taken 1", "refused 2 holds 1", "taken 3 holds 3"], (Some(3), 0, None, None, None));
    // Extracts and what is from before the first full are passed.
    check("FSDS", &["taken 1", "passed 2 holds 1", "taken 3 holds 3"], (Some(3), 1, Some(4), None, None));
    check(
        "FDF",
        &["taken 3 holds 3", "passed 1 holds 3", "passed 2 holds 3"],
        (Some(3), 0, None, None, None),
    );
    check("FDD", &["passed 1", "passed 2"], (Some(2), 1, Some(3), None, None));
    // A repeat of an old one takes nothing back, a receiver that was set back does.
    check("FDD", &["taken 3 holds 3", "repeated 1 holds 3"], (Some(3), 0, None, None, None));
    check("FDD", &["taken 3 holds 3", "waiting 3 holds 1"], (Some(1), 2, Some(2), None, Some(3)));
    // Put there and fetched is not taken in.
    check("FD", &["delivered 1", "fetched 1"], (None, 2, Some(1), None, None));
}

#[test]
fn outside_its_window_a_receiver_is_not_behind() {
    let check = |from: Option<u32>, until: Option<u32>, today: u32, expected: (u32, Option<i64>)| {
        let window = ReceiverWindow { from: from.map(day), until: until.map(day) };
        let found = stand(&events(&["taken 2 holds 2"]), &published("FDDDD"), &window, day(today));
        let since = found.behind_since.map(|since| since.since(at(0)).num_hours());
        assert_eq!((found.n_behind, since), expected, "{window:?} on {today}");
    };
    check(None, None, 5, (3, Some(48)));
    check(None, Some(4), 4, (2, Some(48)));
    check(None, Some(4), 5, (0, None));
    check(Some(4), None, 5, (2, Some(72)));
    check(Some(6), None, 5, (0, None));
    let backwards = ReceiverWindow { from: Some(day(2)), until: Some(day(1)) };
    assert!(backwards.is_empty() && !ReceiverWindow::ALWAYS.is_empty());
}

fn receipt() -> Receipt {
    Receipt {
        format: Receipt::FORMAT,
        municipality: "082201".to_owned(),
        receiver: "015".parse().unwrap(),
        intake: "jumin".parse().unwrap(),
        notice: "x.done".to_owned(),
        notice_sha256: Digest([1; 32]),
        content_sha256: Some(Digest([2; 32])),
        interface: None,
        branch: None,
        version: None,
        feed: Some("f".parse().unwrap()),
        kind: None,
        sequence: Some(Sequence(1)),
        outcome: Outcome::Refused,
        reasons: Vec::new(),
        rows: RowResults::default(),
        state: None,
        holds_sequence: None,
        at: "2026-10-01T01:30:00+09:00".to_owned(),
    }
}

#[test]
fn a_receipt_must_be_its_folders_and_of_a_feed_it_is_given() {
    let check = |change: fn(&mut Receipt), expected: Option<&str>| {
        let mut receipt = receipt();
        change(&mut receipt);
        let found = check_receipt(&receipt, &"015".parse().unwrap(), "082201", |feed| feed.as_str() == "f");
        assert_eq!(found.as_ref().err().map(ReceiptFault::code), expected);
        assert!(found.is_err() || found == Ok(at(0)));
    };
    check(|_| {}, None);
    // The same moment as another zone writes it.
    check(|receipt| receipt.at = "2026-09-30T16:30:00Z".to_owned(), None);
    check(|receipt| receipt.feed = None, None);
    check(|receipt| receipt.receiver = "014".parse().unwrap(), Some("receipt.other-receiver"));
    check(|receipt| receipt.municipality = "131041".to_owned(), Some("receipt.other-municipality"));
    check(|receipt| receipt.feed = Some("g".parse().unwrap()), Some("receipt.no-receiver"));
    check(|receipt| receipt.at = "2026-10-01T01:30:00".to_owned(), Some("receipt.no-time"));
}

#[test]
fn only_known_words_come_into_the_ledger() {
    let reason = |code: &str| Reason {
        code: code.to_owned(),
        ..Reason::of_set(ReasonCode::WrongRows, "x".to_owned())
    };
    let codes = ["wrong-digest", "連携 太郎", "wrong-digest", "gap", "another"];
    let refused = Receipt { reasons: codes.map(reason).to_vec(), ..receipt() };
    assert_eq!(reason_words(&refused, &Digest([2; 32])), ["wrong-digest", "unknown", "gap"]);
    assert_eq!(reason_words(&refused, &Digest([3; 32])).last().unwrap(), "not-as-published");
    let waiting = Receipt { outcome: Outcome::Waiting, reasons: vec![reason("gap")], ..receipt() };
    assert_eq!(reason_words(&waiting, &Digest([3; 32])), ["gap"]);
}
