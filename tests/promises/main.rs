//! The promises of the design, each by its name. Those about taking in, access and slots come with the rooms
//! that make them; `stop_it_anywhere` is the program `crash`.

#[cfg(test)]
mod all_at_once;
#[cfg(test)]
mod every_change_once;
#[cfg(test)]
mod no_character_lost_in_silence;
#[cfg(test)]
mod nothing_personal_leaks;
#[cfg(test)]
mod proven_diffs;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
mod whole_or_absent;
