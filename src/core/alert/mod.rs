//! Alerts (警報): what people are told without asking, and when.
//!
//! An alert names hub, job, feed, run, business date, fault code and times; there is no field that free text
//! or anything personal would fit in. Wording, mail and programs are the hub's; here are the types, the
//! pure decision which message goes out when, and the retry of those that did not arrive.

mod delivery;
mod key;
mod kind;
mod matter;
mod rate_limit;
mod stored;
mod word;

pub use delivery::{Channel, Delivery, Outcome, next_try};
pub use key::AlertKey;
pub use kind::{AlertKind, News, Severity};
pub use matter::{Alert, Matter};
pub use rate_limit::{Pending, Plan, RateLimit};
pub use word::Word;
