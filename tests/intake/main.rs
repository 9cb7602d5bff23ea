//! What systems hand in to the hub: taken in, refused, put away and answered, by command and by the daemon.

#[cfg(test)]
mod checks;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod daemon;
#[cfg(test)]
mod flawed;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod mapped;
#[cfg(test)]
mod partner;
#[cfg(test)]
mod pulling;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod reluctant;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
#[path = "../../src/sftp/tests/client/sshd.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod sshd;
#[cfg(test)]
mod taken;
#[cfg(test)]
mod transfer;
#[cfg(test)]
#[path = "../night/up.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod up;
