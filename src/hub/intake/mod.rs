//! The hub as a taker: what systems hand in is judged, taken in, put away and answered. The rules are the engine's,
//! the same that an agent goes by; here is what only the hub does with a set.

mod alarms;
mod desk;
mod look;
mod place;
mod reread;
mod round;
mod standing;

pub(crate) use alarms::{Expected, N_LOOKED_BACK, Stands, alerts_of, late_of, nothing_came};
pub(crate) use look::IntakeLook;
pub(crate) use place::{names_of, place_of};
pub(crate) use reread::{Rereading, find_refused};
pub(crate) use round::{HubReceiving, Round};
pub(crate) use standing::{FolderStanding, stand};
