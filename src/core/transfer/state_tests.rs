//! Every event in every state, against a table written out.

use super::{CaseKind, CaseState, Certificate, Event, Outcome, Refused, Standing};
use crate::Fault as _;

const EVENTS: [(&str, Event); 12] = [
    ("compare m", Event::Compare(Outcome::Matched)),
    ("compare d", Event::Compare(Outcome::Differs)),
    ("compare n", Event::Compare(Outcome::NotFound)),
    ("compare a", Event::Compare(Outcome::Ambiguous)),
    ("verify", Event::Verify { is_blocked: false }),
    ("verify!", Event::Verify { is_blocked: true }),
    ("apply", Event::Apply),
    ("reject", Event::Reject),
    ("begin", Event::BeginSending),
    ("confirm", Event::ConfirmSent),
    ("resend", Event::Resend),
    ("erase", Event::Erase),
];

/// Short words: the state, a slash and the certificate where one is on its way; or the code of the refusal.
fn word(result: Result<Standing, Refused>) -> String {
    match result {
        Err(refused) => refused.code().trim_start_matches("transfer.").to_owned(),
        Ok(standing) => {
            let state = match standing.state.outcome() {
                Some(outcome) => outcome.as_str(),
                None => standing.state.as_str(),
            };
            match standing.certificate {
                Certificate::None => state.to_owned(),
                Certificate::Due => format!("{state}/due"),
                Certificate::Sending => format!("{state}/sending"),
                Certificate::Sent => format!("{state}/sent"),
            }
        }
    }
}

/// Checks a line: a state of a kind, and what each of [`EVENTS`] makes of it.
#[track_caller]
fn check(kind: CaseKind, state: CaseState, certificate: Certificate, expected: [&str; 12]) {
    let standing = Standing { kind, state, certificate };
    for ((name, event), expected) in EVENTS.into_iter().zip(expected) {
        assert_eq!(word(standing.after(event)), expected, "{kind} {state} {certificate:?}: {name}");
    }
}

#[test]
fn every_event_in_every_state() {
    use CaseKind::{CsMoveIn, OssMoveOut};
    use CaseState::{Applied, Compared, Erased, Received, Rejected, Verified};
    let open = |verify: &'static str, blocked: &'static str, apply: &'static str| {
        let compared = ["matched", "differs", "not-found", "ambiguous"];
        let [m, d, n, a] = compared;
        [
            m,
            d,
            n,
            a,
            verify,
            blocked,
            apply,
            "rejected",
            "nothing-due",
            "not-sending",
            "no-resend",
            "undecided",
        ]
    };
    for kind in CaseKind::ALL {
        let none = Certificate::None;
        check(kind, Received, none, open("not-compared", "not-compared", "not-verified"));
        for outcome in [Outcome::Matched, Outcome::Differs] {
            check(kind, Compared(outcome), none, open("verified", "blocked", "not-verified"));
        }
        let ambiguous = open("not-one-person", "not-one-person", "not-verified");
        check(kind, Compared(Outcome::Ambiguous), none, ambiguous);
        let gone = |begin: &'static str, confirm: &'static str, erase: &'static str| {
            let d = "decided";
            [d, d, d, d, d, d, d, d, begin, confirm, "no-resend", erase]
        };
        check(kind, Rejected, none, gone("nothing-due", "not-sending", "erased"));
        check(kind, Erased, none, gone("decided", "decided", "decided"));
    }
    let none = Certificate::None;
    let nobody = Compared(Outcome::NotFound);
    check(OssMoveOut, nobody, none, open("not-one-person", "not-one-person", "not-verified"));
    check(CsMoveIn, nobody, none, open("verified", "blocked", "not-verified"));
    check(OssMoveOut, Verified, none, open("decided", "decided", "applied/due"));
    check(CsMoveIn, Verified, none, open("decided", "decided", "applied"));

    let d = "decided";
    let applied = |begin: &'static str, confirm: &'static str, erase: &'static str| {
        [d, d, d, d, d, d, d, d, begin, confirm, "no-resend", erase]
    };
    check(CsMoveIn, Applied, none, applied("nothing-due", "not-sending", "erased"));
    check(OssMoveOut, Applied, Certificate::Due, applied("applied/sending", "not-sending", "unsent"));
    check(OssMoveOut, Applied, Certificate::Sending, applied("nothing-due", "applied/sent", "unsent"));
    check(OssMoveOut, Applied, Certificate::Sent, applied("nothing-due", "not-sending", "erased/sent"));
    check(OssMoveOut, Erased, Certificate::Sent, applied("decided", "decided", "decided"));
}

#[test]
fn no_way_leads_to_a_second_sending() {
    // Walks every sequence of events of this length from the start and counts what begins to be sent.
    fn walk(standing: Standing, n_begun: u32, left: u32) {
        assert!(n_begun <= 1, "sent twice");
        if left == 0 {
            return;
        }
        for (_, event) in EVENTS {
            if let Ok(next) = standing.after(event) {
                walk(next, n_begun + u32::from(event == Event::BeginSending), left - 1);
            }
        }
    }
    let start =
        Standing { kind: CaseKind::OssMoveOut, state: CaseState::Received, certificate: Certificate::None };
    walk(start, 0, 7);
}

#[test]
fn states_read_back() {
    for state in [CaseState::Received, CaseState::Verified, CaseState::Applied, CaseState::Rejected] {
        assert_eq!(CaseState::parse(state.as_str(), None), Some(state));
    }
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        assert_eq!(CaseState::parse("compared", Some(outcome)), Some(CaseState::Compared(outcome)));
    }
    assert_eq!(CaseState::parse("compared", None), None);
    assert_eq!(CaseState::parse("verified", Some(Outcome::Matched)), None);
}
