//! Placeholder replaced within the hour.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
