//! Lengths of time as declarations write them: a whole number and a unit.

use chrono::Duration;

/// The units with their seconds, longest first.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads `90s`, `5m`, `2h` or `3d`; `None` for anything else, and for more than fits.
pub fn parse(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit)?;
    let (_, seconds) = UNITS.iter().find(|(letter, _)| *letter == unit)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = is_number.then(|| digits.parse().ok())??;
    Duration::try_seconds(number.checked_mul(*seconds)?)
}

/// The same text again, in the longest unit that gives a whole number; parts of a second are left out.
pub fn text(duration: Duration) -> String {
    let all = duration.num_seconds();
    let unit = UNITS.iter().find(|(_, seconds)| all != 0 && all % seconds == 0);
    let (letter, seconds) = unit.unwrap_or(&('s', 1));
    format!("{}{letter}", all / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_shown() {
        for (written, seconds, shown) in [
            ("90s", 90, "90s"),
            ("5m", 300, "5m"),
            ("120m", 7200, "2h"),
            ("3d", 259_200, "3d"),
            ("0s", 0, "0s"),
        ] {
            assert_eq!(parse(written), Some(Duration::seconds(seconds)), "{written}");
            assert_eq!(text(Duration::seconds(seconds)), shown);
        }
    }

    #[test]
    fn nothing_else_is_a_length() {
        for text in [
            "",
            "5",
            "m",
            "5 m",
            "5M",
            "-5m",
            "+5m",
            "1.5h",
            "1h30m",
            "５m",
            "99999999999999999999d",
            "9223372036854775807s",
            "5分",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
