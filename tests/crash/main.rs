//! Stop it anywhere: the program is killed at every point it names and at random moments, started again,
//! and what it leaves is compared with what an undisturbed run leaves: database, folders, bytes.

#[cfg(test)]
mod flow;
#[cfg(test)]
mod points;
#[cfg(test)]
mod random;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
mod state;
#[cfg(test)]
mod verbs;
