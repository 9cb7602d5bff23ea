//! Command line, configuration, console and texts; wires the rooms and speaks to people.

pub mod config;
pub mod init;

/// Placeholder.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
