//! Alerts (警報): what people are told without asking, and when.
//!
//! An alert names hub, job, feed, run, business date, fault code and times; there is no field that free text
//! or anything personal would fit in. Wording, mail and programs are the hub's; here are the types, the
//! pure decision which message goes out when, and the retry of those that did not arrive.

mod delivery;
mod key;
mod matter;
mod rate_limit;
mod word;

pub use delivery::{Channel, Delivery, Outcome, next_try};
pub use key::AlertKey;
pub use matter::{Alert, AlertKind, Matter, News, Severity};
pub use rate_limit::{Pending, Plan, RateLimit};
pub use word::Word;
