//! The server as the clients of partners find it: each is the real program, against a server with real folders.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod below_sshd;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod house;
#[cfg(test)]
mod known_traps;
#[cfg(test)]
mod libssh2;
#[cfg(test)]
mod login;
#[cfg(test)]
mod openssh;
#[cfg(test)]
mod openssh_scripts;
#[cfg(test)]
mod others;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod python;
#[cfg(test)]
mod stress;
