//! Partner systems' way in: accounts and rights by command, and real SSH clients at the hub's own server and at sshd.

#[cfg(test)]
#[path = "../link/agent.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod agent;
#[cfg(test)]
mod agent_by_sftp;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod client;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod local;
#[cfg(test)]
mod login;
#[cfg(test)]
mod prove;
#[cfg(test)]
#[path = "../daemon/running.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod running;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sshd;
#[cfg(test)]
mod visits;
