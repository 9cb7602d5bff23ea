//! What a set is to an intake, by its notice alone: refused, the next one, one before its turn, or one seen before.
//!
//! The order of judging is that of [`ReasonCode`]: sender, municipality and interface, version, sequence. What is
//! wrong up to the version is reported together; a sequence is judged only of a set that may be taken at all.

use std::sync::Arc;

use crate::ids::{Digest, FeedId, Sequence};
use crate::layout::{FileFormat, Layout};
use crate::notice::{Notice, StateWords};
use crate::port::{IntakeHead, TakeMode};
use crate::publication::Kind;
use crate::receive::reason::{Reason, ReasonCode};
use crate::receive::terms::Terms;

/// What a set is to an intake.
#[derive(Debug, Clone)]
pub enum Standing {
    /// The next one: its files are to be judged by this layout and format.
    Next {
        /// Its layout.
        layout: Arc<Layout>,
        /// How its files are written.
        format: FileFormat,
        /// How its rows go in.
        mode: TakeMode,
        /// True when it begins another feed than the one followed so far: a version switch.
        is_switch: bool,
    },
    /// Taken in before, with the same content.
    Repeated,
    /// Nothing to take in: an extract, or from before what is held.
    Passed {
        /// Why.
        why: &'static str,
    },
    /// Others must come first.
    Waiting(Gap),
    /// Not to be taken; all reasons.
    Refused(Vec<Reason>),
}

/// What is missing before a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The last set held of the feed; `None` where a full is needed first.
    pub held: Option<Sequence>,
    /// What the waiting set builds on.
    pub needed: Sequence,
}

/// What was taken in under a number before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBefore {
    /// [`Notice::content_sha256`].
    pub content: Digest,
    /// What was held after it, where that is still known.
    pub state: Option<StateWords>,
}

/// Judges a notice. `head` is what the intake stands at; `taken` gives what was taken in of a feed under a number,
/// if something was.
pub fn judge(
    notice: &Notice,
    terms: &Terms,
    head: Option<&IntakeHead>,
    taken: &dyn Fn(&FeedId, Sequence) -> Option<TakenBefore>,
) -> Standing {
    let mut reasons = Vec::new();
    let mut refuse = |code, detail: String| reasons.push(Reason::of_set(code, detail));
    if notice.interface.provider() != terms.sender.as_str()
        && terms.interface.provider() == terms.sender.as_str()
    {
        let provider = notice.interface.provider();
        refuse(
            ReasonCode::SenderNotAllowed,
            format!("the folder is of system {}, the interface of {provider}", terms.sender),
        );
    }
    if notice.municipality != terms.municipality {
        refuse(ReasonCode::OtherMunicipality, format!("expected {}", terms.municipality));
    }
    if (&notice.interface, &notice.branch) != (&terms.interface, &terms.branch) {
        let found = format!("{}-{}", notice.interface, notice.branch);
        refuse(
            ReasonCode::UnknownInterface,
            format!("{found} is not taken in here; {}-{} is", terms.interface, terms.branch),
        );
        return Standing::Refused(reasons);
    }
    let Some(accepted) = terms.version(notice.version) else {
        let on_date = terms.versions_on(notice.business_date);
        refuse(
            ReasonCode::UnknownVersion,
            format!(
                "version {} is not known; accepted on {}: {on_date}",
                notice.version, notice.business_date
            ),
        );
        return Standing::Refused(reasons);
    };
    if !accepted.is_accepted_on(notice.business_date) {
        let day = notice.business_date;
        // Versions side by side: before its time, and after it, a feed's sets are for others.
        let is_for_others = head
            .is_some_and(|head| head.feed != notice.feed && head.version != notice.version)
            && terms.versions.iter().any(|other| other.is_accepted_on(day));
        if is_for_others && reasons.is_empty() {
            return Standing::Passed { why: "of a version that is not followed on its business date" };
        }
        let mut refuse = |code, detail: String| reasons.push(Reason::of_set(code, detail));
        let is_early = day < accepted.layout.valid_from || accepted.from.is_some_and(|from| day < from);
        let code = if is_early { ReasonCode::VersionNotYetValid } else { ReasonCode::VersionRetired };
        let on_date = terms.versions_on(day);
        refuse(code, format!("version {} on {day}; accepted then: {on_date}", notice.version));
    }
    let mut refuse = |code, detail: String| reasons.push(Reason::of_set(code, detail));
    let layout = &accepted.layout;
    let is_mapped = terms.mapping.is_some();
    let format = if is_mapped { Some(layout.file) } else { notice.file_format.read() };
    if format.is_none() {
        refuse(
            ReasonCode::FileFormat,
            "encoding, newline, quote or header is a word unknown here".to_owned(),
        );
    }
    if notice.n_columns != layout.columns.len() && !is_mapped {
        let (found, expected) = (notice.n_columns, layout.columns.len());
        refuse(ReasonCode::FileFormat, format!("{found} columns, the layout has {expected}"));
    }
    for detail in terms.most.exceeded(notice) {
        refuse(ReasonCode::TooLarge, detail);
    }
    if terms.needs_proof && notice.kind.moves_state() && notice.state_after.is_none() {
        refuse(ReasonCode::NoProof, "state_after is missing".to_owned());
    }
    if terms.is_each_counted && !notice.kind.moves_state() {
        refuse(ReasonCode::KindNotTaken, format!("the content is {}, not full or diff", notice.kind));
    }
    let Some(format) = format.filter(|_| reasons.is_empty()) else { return Standing::Refused(reasons) };
    let followed = head.filter(|head| head.feed == notice.feed);
    let is_switch = head.is_some() && followed.is_none();
    match in_sequence(notice, terms, head, followed, taken) {
        Order::Next => Standing::Next {
            layout: Arc::clone(layout),
            format,
            mode: match notice.kind {
                // What was held of another feed has other keys and other columns.
                Kind::Full if is_switch => TakeMode::Replace,
                Kind::Full => terms.full,
                _ if notice.is_correction() => TakeMode::Correct,
                _ => TakeMode::Diff,
            },
            is_switch,
        },
        Order::Other(standing) => standing,
    }
}

enum Order {
    Next,
    Other(Standing),
}

fn in_sequence(
    notice: &Notice,
    terms: &Terms,
    head: Option<&IntakeHead>,
    followed: Option<&IntakeHead>,
    taken: &dyn Fn(&FeedId, Sequence) -> Option<TakenBefore>,
) -> Order {
    let passed = |why| Order::Other(Standing::Passed { why });
    if let Some(TakenBefore { content: before, state }) = taken(&notice.feed, notice.sequence) {
        let content = notice.content_sha256();
        if before == content {
            return Order::Other(Standing::Repeated);
        }
        if notice.is_correction() && followed.is_some_and(|head| head.sequence == notice.sequence) {
            return Order::Next;
        }
        // One of the two led there from further back, or from a state that was put right.
        if state.is_some() && state == notice.state_after {
            return passed("another way to what was taken in");
        }
        let detail = format!("sequence {} was taken in as {before}, this one is {content}", notice.sequence);
        return Order::Other(Standing::Refused(vec![Reason::of_set(ReasonCode::OtherContent, detail)]));
    }
    if !notice.kind.moves_state() {
        return passed("an extract moves no state");
    }
    if let Some(held) = followed.map(|head| head.sequence).filter(|_| terms.is_each_counted) {
        if notice.sequence <= held {
            let detail = format!("sequence {} comes after {held} was taken in", notice.sequence);
            return Order::Other(Standing::Refused(vec![Reason::of_set(ReasonCode::TooLate, detail)]));
        }
        if notice.sequence.0 > held.0 + 1 {
            let gap = Gap { held: Some(held), needed: Sequence(notice.sequence.0 - 1) };
            return Order::Other(Standing::Waiting(gap));
        }
    }
    if followed.is_some_and(|head| notice.sequence <= head.sequence) {
        return passed("older than what is held");
    }
    if followed.is_none() && head.is_some_and(|head| notice.version < head.version) {
        return passed("of a version before the one followed");
    }
    if notice.kind == Kind::Full {
        return Order::Next;
    }
    // Numbers between are no gap where extracts took them: what counts is what the diff builds on.
    let needed = notice.base_sequence.unwrap_or(Sequence(0));
    match followed {
        Some(head) if head.sequence == needed => Order::Next,
        // Builds on something older than what is held: it can never be applied any more.
        Some(head) if needed < head.sequence => passed("builds on what is no longer held"),
        other => {
            let gap = Gap { held: other.map(|head| head.sequence), needed };
            Order::Other(Standing::Waiting(gap))
        }
    }
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.held {
            Some(held) if held.0 + 1 == self.needed.0 => write!(f, "set {} is missing", self.needed),
            Some(held) => write!(f, "sets {} to {} are missing", held.0 + 1, self.needed),
            None => write!(f, "a full of the feed, {} or later, is missing", self.needed),
        }
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
