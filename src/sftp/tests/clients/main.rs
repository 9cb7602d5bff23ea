//! The server as the clients of partners find it: each is the real program, against a server with real folders.

mod house;
mod known_traps;
mod libssh2;
mod login;
mod openssh;
mod others;
mod programs;
mod python;
mod stress;
