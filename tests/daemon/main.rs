//! The scheduler daemon as systemd and operators meet it: a process that is started, told and stopped.

#[cfg(test)]
mod notify;
#[cfg(test)]
mod reload;
#[cfg(test)]
#[allow(dead_code, reason = "each test program uses its own part")]
mod running;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
mod unit;
