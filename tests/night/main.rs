//! Nights that run themselves: thirty of them in a row under a clock of the test's, one in which the daemon is
//! killed again and again, and operators at work beside it.

#[cfg(test)]
mod deadline;
#[cfg(test)]
mod fault_night;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod receivers;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
mod thirty_days;
#[cfg(test)]
mod up;
