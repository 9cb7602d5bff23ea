//! `--reason`: what nobody who changes the course of things is spared.

use clap::Args;

/// Why.
#[derive(Debug, Args)]
pub(super) struct Reason {
    /// Why; kept in the audit. No names, numbers or addresses of residents.
    #[arg(long, value_name = "TEXT", value_parser = parse)]
    pub(super) reason: String,
}

/// Takes a text that says something.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_line = !text.chars().any(char::is_control);
    match text.chars().count() {
        1..=500 if is_line => Ok(text.to_owned()),
        _ => Err("one line of 1 to 500 characters is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something() {
        assert_eq!(parse(" 受け手の依頼 ").as_deref(), Ok("受け手の依頼"));
        for text in ["", " ", "\u{3000}", "a\nb", &"x".repeat(501)] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
