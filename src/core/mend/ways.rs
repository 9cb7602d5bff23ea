//! The ways of mending, and what keeps one from working.

use std::fmt;

use serde::Serialize;

use crate::ids::Sequence;
use crate::redo::RedeliverRefusal;

/// A way of mending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MendWay {
    /// What it lacks or refused is given again with the same bytes, in order.
    Again,
    /// One diff from what it holds to what the feed holds, for this receiver alone.
    Merged,
    /// A fresh full is made; the feed's sequence goes on.
    Full,
}

impl MendWay {
    /// The word in commands, the audit and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::Merged => "merged",
            Self::Full => "full",
        }
    }
}

/// Why a way does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum MendObstacle {
    /// It is done with everything.
    NothingOpen,
    /// All that it is not done with stands in the folder, and it refused none of it: it only has to take it.
    NothingLacks,
    /// What it holds is not what we think, so no diff fits.
    StateDiffers,
    /// It holds nothing that a diff could build on.
    HoldsNothing,
    /// The feed's rows are rendered otherwise now than what it holds.
    RenderingChanged,
    /// The registry was loaded since what it holds.
    LoadedSince,
    /// It holds a row that no diff can take out.
    SurplusUnknown,
    /// The feed has no full to begin with.
    NoFull,
    /// It refused what was published, byte for byte as it was published.
    SameBytesRefused {
        /// The publication.
        sequence: Sequence,
        /// The reason's code.
        code: String,
    },
    /// A publication cannot be given again.
    CannotBeGiven {
        /// The publication.
        sequence: Sequence,
        /// Why.
        refusal: RedeliverRefusal,
    },
    /// It does not take this interface, version or file format, whatever is in it.
    RefusesAll {
        /// The reason's code.
        code: String,
    },
    /// A publication of the feed is held; nothing is made before it is released or discarded.
    Held {
        /// Which.
        sequence: Sequence,
    },
    /// The layout's version is not in force.
    NotInForce,
}

impl fmt::Display for MendObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingOpen => f.write_str("the receiver is done with everything"),
            Self::NothingLacks => f.write_str("all of it stands in the folder; the receiver has to take it"),
            Self::StateDiffers => {
                f.write_str("the receiver holds something else than we think; no diff fits")
            }
            Self::HoldsNothing => f.write_str("the receiver holds nothing that a diff could build on"),
            Self::RenderingChanged => f.write_str("the feed's rows are rendered otherwise now; no diff fits"),
            Self::LoadedSince => f.write_str("the registry was loaded since; no diff tells what changed"),
            Self::SurplusUnknown => f.write_str("the receiver holds a row that no diff can take out"),
            Self::NoFull => f.write_str("the feed has no full"),
            Self::SameBytesRefused { sequence, code } => {
                write!(f, "publication {sequence} was refused just as it was published ({code})")
            }
            Self::CannotBeGiven { sequence, refusal } => write!(f, "publication {sequence}: {refusal}"),
            Self::RefusesAll { code } => write!(f, "the receiver does not take this interface so ({code})"),
            Self::Held { sequence } => write!(f, "publication {sequence} is held; release or discard it"),
            Self::NotInForce => f.write_str("the layout's version is not in force"),
        }
    }
}
