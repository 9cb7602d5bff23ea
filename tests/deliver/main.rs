//! Publications on their way to destinations: folders, partners' servers, programs; by command and by the daemon.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod hub;
#[cfg(test)]
mod notice;
#[cfg(test)]
mod partner;
#[cfg(test)]
mod program;
#[cfg(test)]
mod request;
#[cfg(test)]
#[path = "../daemon/running.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod running;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
#[path = "../../src/sftp/tests/client/sshd.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod sshd;
