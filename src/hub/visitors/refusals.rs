//! What is written down of refusals: each thing once a minute, the rest as a number.
//!
//! A client in a loop, or one that means harm, is refused thousands of times a second; the audit is neither filled by it
//! nor does it lose how often it was.

use std::collections::HashMap;
use std::time::Duration;

use renkei_core::access::AccountId;

/// How long a refusal stands for those like it.
const SPAN: Duration = Duration::from_mins(1);
/// Different things an account is refused in a span that are written down one by one.
const MOST_TOLD: usize = 60;

/// A line about refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// Whose.
    pub(super) account: AccountId,
    /// What was asked.
    pub(super) action: String,
    /// From where, and by which login.
    pub(super) from: String,
    /// `refused`, or how often more.
    pub(super) result: String,
}

/// Who is refused what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) account: &'a AccountId,
    pub(super) session_no: u64,
    pub(super) action: &'a str,
    pub(super) from: &'a str,
}

/// The refusals of the last minute, account by account.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    accounts: HashMap<AccountId, Span>,
}

/// One account's minute.
#[derive(Debug, Default)]
struct Span {
    began: Duration,
    /// By login and action: from where, and how often more.
    told: HashMap<(u64, String), (String, u64)>,
    n_others: u64,
}

impl Refusals {
    /// Counts a refusal at `now`, since any fixed moment; gives the lines that are due.
    pub(super) fn refused(&mut self, asked: Asked<'_>, now: Duration) -> Vec<Refused> {
        let mut lines = self.over(now);
        let span = self
            .accounts
            .entry(asked.account.clone())
            .or_insert_with(|| Span { began: now, ..Span::default() });
        let key = (asked.session_no, asked.action.to_owned());
        if let Some((_, n_more)) = span.told.get_mut(&key) {
            *n_more += 1;
        } else if span.told.len() < MOST_TOLD {
            span.told.insert(key, (asked.from.to_owned(), 0));
            lines.push(Refused {
                account: asked.account.clone(),
                action: asked.action.to_owned(),
                from: asked.from.to_owned(),
                result: "refused".to_owned(),
            });
        } else {
            span.n_others += 1;
        }
        lines
    }

    /// The lines of minutes that are over.
    pub(super) fn over(&mut self, now: Duration) -> Vec<Refused> {
        let is_over = |_: &AccountId, span: &mut Span| now.saturating_sub(span.began) >= SPAN;
        self.accounts.extract_if(is_over).flat_map(|(account, span)| span.lines(&account)).collect()
    }

    /// The lines of all, because nothing more comes.
    pub(super) fn all(&mut self) -> Vec<Refused> {
        self.accounts.drain().flat_map(|(account, span)| span.lines(&account)).collect()
    }
}

impl Span {
    fn lines(self, account: &AccountId) -> Vec<Refused> {
        let more = |action: String, from: String, n: u64| Refused {
            account: account.clone(),
            action,
            from,
            result: format!("refused {n} times more"),
        };
        let again = self.told.into_iter().filter(|(_, (_, n_more))| *n_more > 0);
        let mut lines: Vec<_> =
            again.map(|((_, action), (from, n_more))| more(action, from, n_more)).collect();
        lines.sort_by(|one, other| one.action.cmp(&other.action));
        if self.n_others > 0 {
            lines.push(more("ask for other things".to_owned(), String::new(), self.n_others));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_flood_of_refusals_is_a_few_lines_and_loses_no_number() {
        let mut refusals = Refusals::default();
        let account: AccountId = "office".parse().unwrap();
        let mut lines = Vec::new();
        let ask = |refusals: &mut Refusals, session_no, action: &str, now| {
            refusals.refused(Asked { account: &account, session_no, action, from: "here" }, now)
        };
        for n in 0..100_000_u64 {
            // One loop in two sessions, and one that makes up names.
            lines.extend(ask(&mut refusals, n % 2, "read /a", at(n / 1000)));
            lines.extend(ask(&mut refusals, 1, &format!("read /{n}"), at(n / 1000)));
        }
        lines.extend(refusals.all());
        assert!(lines.len() < 300, "{} lines", lines.len());
        let number = |line: &Refused| match line.result.as_str() {
            "refused" => 1,
            result => result.split(' ').nth(1).unwrap().parse::<u64>().unwrap(),
        };
        assert_eq!(lines.iter().map(number).sum::<u64>(), 200_000);
        assert!(refusals.all().is_empty());
    }

    #[test]
    fn each_minute_tells_anew_and_what_was_refused_once_has_one_line() {
        let mut refusals = Refusals::default();
        let account: AccountId = "office".parse().unwrap();
        let asked = Asked { account: &account, session_no: 1, action: "read /a", from: "here" };
        let results = |lines: Vec<Refused>| lines.into_iter().map(|line| line.result).collect::<Vec<_>>();
        assert_eq!(results(refusals.refused(asked, at(10))), ["refused"]);
        assert!(refusals.over(at(69)).is_empty());
        assert!(refusals.over(at(70)).is_empty());
        assert_eq!(results(refusals.refused(asked, at(71))), ["refused"]);
        assert!(refusals.refused(asked, at(72)).is_empty());
        assert!(refusals.refused(asked, at(73)).is_empty());
        assert_eq!(results(refusals.refused(asked, at(200))), ["refused 2 times more", "refused"]);
    }
}
