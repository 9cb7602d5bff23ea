//! Nights that run themselves: thirty of them in a row under a clock of the test's, and one in which the
//! daemon is killed again and again.

mod fault_night;
mod operator;
mod thirty_days;

#[path = "../sandbox/mod.rs"]
mod sandbox;
