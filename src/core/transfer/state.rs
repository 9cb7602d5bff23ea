//! The way of a case: which event may happen in which state. One function decides, [`Standing::after`].
//!
//! ```text
//! received ▸ compared (matched, differs, not-found, ambiguous) ▸ verified ▸ applied ▸ erased
//!                └───────────── rejected ◂──────────────────┘          rejected ▸ erased
//! certificate of a move-out filed online, once applied:  due ▸ sending ▸ sent
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use super::kind::CaseKind;
use crate::fault::{Class, Fault};

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// One person, and nothing taken in contradicts the registry.
    Matched,
    /// One person, with differences.
    Differs,
    /// Nobody.
    NotFound,
    /// More than one person.
    Ambiguous,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Matched, Self::Differs, Self::NotFound, Self::Ambiguous];

    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Differs => "differs",
            Self::NotFound => "not-found",
            Self::Ambiguous => "ambiguous",
        }
    }

    /// Reads [`Outcome::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseState {
    /// Taken in as it came (取込情報そのもの).
    Received,
    /// Compared with the registry.
    Compared(Outcome),
    /// Confirmed by a clerk (突合後): what is to be applied stands beside what was taken in.
    Verified,
    /// Its move is in the registry.
    Applied,
    /// Turned down by a clerk.
    Rejected,
    /// What was taken in is gone; number, states, times and the record of erasure stay.
    Erased,
}

impl CaseState {
    /// The word in tables and JSON, without the outcome.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Compared(_) => "compared",
            Self::Verified => "verified",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
            Self::Erased => "erased",
        }
    }

    /// What the comparison found, while that is where it stands.
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Compared(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Reads [`CaseState::as_str`] and [`CaseState::outcome`].
    pub fn parse(text: &str, outcome: Option<Outcome>) -> Option<Self> {
        let plain = [Self::Received, Self::Verified, Self::Applied, Self::Rejected, Self::Erased];
        match outcome {
            Some(outcome) => (text == "compared").then_some(Self::Compared(outcome)),
            None => plain.into_iter().find(|state| state.as_str() == text),
        }
    }
}

/// Where the certificate information stands that the CS is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// None is to be sent, or not yet.
    None,
    /// To be sent.
    Due,
    /// On its way. Where that was cut off and cannot be seen to have ended, a person looks at the CS.
    Sending,
    /// With the CS.
    Sent,
}

/// Where a case stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where it came from.
    pub kind: CaseKind,
    /// Where it is.
    pub state: CaseState,
    /// Where its certificate information is.
    pub certificate: Certificate,
}

/// Something that happens to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It is compared with the registry, again if it was before.
    Compare(Outcome),
    /// A clerk confirms it.
    Verify {
        /// Whether the comparison has a concern that forbids it.
        is_blocked: bool,
    },
    /// Its move goes into the registry.
    Apply,
    /// A clerk turns it down.
    Reject,
    /// Its certificate information is about to be handed to the CS.
    BeginSending,
    /// The CS has its certificate information.
    ConfirmSent,
    /// Somebody asks for its certificate information to be sent again.
    Resend,
    /// Its time is over.
    Erase,
}

/// Why something may not happen to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is decided.
    #[error("the case is {state} already")]
    Decided {
        /// How.
        state: &'static str,
    },
    /// It is not decided.
    #[error("the case is {state}: it is neither applied nor rejected")]
    Undecided {
        /// Where it stands.
        state: &'static str,
    },
    /// It was not compared since it came or was compared last.
    #[error("the case was not compared with the registry")]
    NotCompared,
    /// No clerk has confirmed it.
    #[error("the case is {state}: a clerk has not verified it")]
    NotVerified {
        /// Where it stands.
        state: &'static str,
    },
    /// The comparison found not exactly one person.
    #[error("the comparison is {outcome}: it is not clear whom the case is about")]
    NotOnePerson {
        /// What it found.
        outcome: &'static str,
    },
    /// The registry has something that forbids the move.
    #[error("the registry contradicts the case")]
    Blocked,
    /// Nothing is to be sent.
    #[error("no certificate information is to be sent for the case")]
    NothingDue,
    /// Nothing is on its way.
    #[error("no certificate information of the case is on its way")]
    NotSending,
    /// Its certificate information did not reach the CS.
    #[error("the case's certificate information has not reached the CS")]
    Unsent,
    /// Nobody sends certificate information a second time, by design.
    #[error("certificate information is sent once; there is no sending again")]
    NoResend,
}

impl Standing {
    /// Where the case stands after an event, or why that may not happen.
    pub fn after(self, event: Event) -> Result<Self, Refused> {
        use CaseState::{Applied, Compared, Erased, Received, Rejected, Verified};
        let to = |state| Ok(Self { state, ..self });
        let state = self.state.as_str();
        match (event, self.state) {
            (Event::Resend, _) => Err(Refused::NoResend),
            (_, Erased) | (Event::Verify { .. }, Verified) => Err(Refused::Decided { state }),
            (Event::BeginSending, _) => match self.certificate {
                Certificate::Due => Ok(Self { certificate: Certificate::Sending, ..self }),
                _ => Err(Refused::NothingDue),
            },
            (Event::ConfirmSent, _) => match self.certificate {
                Certificate::Sending => Ok(Self { certificate: Certificate::Sent, ..self }),
                _ => Err(Refused::NotSending),
            },
            (Event::Erase, Applied | Rejected) => match self.certificate {
                Certificate::Due | Certificate::Sending => Err(Refused::Unsent),
                _ => to(Erased),
            },
            (Event::Erase, _) => Err(Refused::Undecided { state }),
            (_, Applied | Rejected) => Err(Refused::Decided { state }),
            (Event::Compare(outcome), Received | Compared(_) | Verified) => to(Compared(outcome)),
            (Event::Verify { .. }, Received) => Err(Refused::NotCompared),
            (Event::Verify { is_blocked }, Compared(outcome)) => {
                let is_clear = match outcome {
                    Outcome::Matched | Outcome::Differs => true,
                    // Who moves in is not in the registry yet.
                    Outcome::NotFound => self.kind == CaseKind::CsMoveIn,
                    Outcome::Ambiguous => false,
                };
                match (is_clear, is_blocked) {
                    (false, _) => Err(Refused::NotOnePerson { outcome: outcome.as_str() }),
                    (true, true) => Err(Refused::Blocked),
                    (true, false) => to(Verified),
                }
            }
            (Event::Apply, Verified) => {
                let is_out = self.kind == CaseKind::OssMoveOut;
                let certificate = if is_out { Certificate::Due } else { Certificate::None };
                Ok(Self { state: Applied, certificate, ..self })
            }
            (Event::Apply, Received | Compared(_)) => Err(Refused::NotVerified { state }),
            (Event::Reject, Received | Compared(_) | Verified) => to(Rejected),
        }
    }
}

impl fmt::Display for CaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome() {
            Some(outcome) => write!(f, "{} ({})", self.as_str(), outcome.as_str()),
            None => f.write_str(self.as_str()),
        }
    }
}

impl Fault for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Decided { .. } => "transfer.decided",
            Self::Undecided { .. } => "transfer.undecided",
            Self::NotCompared => "transfer.not-compared",
            Self::NotVerified { .. } => "transfer.not-verified",
            Self::NotOnePerson { .. } => "transfer.not-one-person",
            Self::Blocked => "transfer.blocked",
            Self::NothingDue => "transfer.nothing-due",
            Self::NotSending => "transfer.not-sending",
            Self::Unsent => "transfer.unsent",
            Self::NoResend => "transfer.no-resend",
        }
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}
