//! A declaration of an agent with random damage is read, or all that is wrong with it is told; it never ends in a panic.

use std::path::Path;

use proptest::prelude::*;
use renkei_core::declared::Problems;

use super::config::read;

const SOUND: &str = include_str!("../init/templates/receive.toml");

/// The template with everything that is commented out declared as well, where that is TOML.
fn declared() -> String {
    let uncommented = |line: &str| {
        let rest = line.strip_prefix("# ").filter(|rest| rest.starts_with('[') || rest.contains(" = "));
        rest.unwrap_or(line).to_owned()
    };
    SOUND.lines().map(uncommented).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_read_or_its_problems_are_told(
        damages in prop::collection::vec(
            (
                any::<prop::sample::Index>(),
                0_usize..24,
                prop_oneof![
                    ".{0,6}",
                    Just("\"".to_owned()),
                    Just("../..".to_owned()),
                    Just("= -9223372036854775809".to_owned()),
                    Just("1979-02-30".to_owned()),
                    Just("\n[[intake]]\n".to_owned()),
                    Just("[[[[[[".to_owned()),
                ],
            ),
            0..5,
        ),
        is_all in any::<bool>(),
    ) {
        let mut text: Vec<char> = if is_all { declared() } else { SOUND.to_owned() }.chars().collect();
        for (place, n_gone, piece) in damages {
            let start = place.index(text.len() + 1);
            let end = (start + n_gone).min(text.len());
            text.splice(start..end, piece.chars());
        }
        let text: String = text.into_iter().collect();
        let problems = Problems::new();
        let config = read("receive.toml", &text, Path::new("/nowhere"), &problems);
        prop_assert!(config.is_some() || !problems.is_empty());
        for problem in problems.into_sorted() {
            prop_assert!(!problem.to_string().is_empty());
        }
    }
}

#[test]
fn the_template_is_read_whole() {
    let problems = Problems::new();
    assert!(read("receive.toml", SOUND, Path::new("/nowhere"), &problems).is_some());
    assert!(problems.is_empty(), "{:?}", problems.into_sorted());
}
