//! The program as operators and receivers meet it: commands, exit codes, messages, files.

#[cfg(test)]
mod alerts;
#[cfg(test)]
mod apply;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod audit_head;
#[cfg(test)]
mod characters;
#[cfg(test)]
mod contents;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod exit_codes;
#[cfg(test)]
mod held;
#[cfg(test)]
mod hub_folder;
#[cfg(test)]
mod interference;
#[cfg(test)]
mod languages;
#[cfg(test)]
mod listings;
#[cfg(test)]
mod redeliver;
#[cfg(test)]
mod remake;
#[cfg(test)]
mod retention;
#[cfg(test)]
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[cfg(test)]
mod top;
#[cfg(test)]
mod transfer;
#[cfg(test)]
mod transfer_points;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod volumes;
#[cfg(test)]
mod writers;
