//! Numbers of people and households: unique without a memory, because each is a one-to-one scramble of
//! the person's index, with the right check digit.

use renkei_registry::check_digit::mod_11_digit;

use crate::dice::mix;

/// 宛名番号 of the person with index 0.
pub(crate) const FIRST_ATENA_NO: u64 = 100_000_000;
/// 世帯番号 of the household with index 0.
pub(crate) const FIRST_SETAI_NO: u64 = 500_000_000;
/// Indexes of people stay below this; a second number given on request takes the index above it.
pub(crate) const MAX_INDEX: u64 = 5_000_000_000;

/// 住民票コード: 10 digits that no other index below 10^10 has, and the check digit (`facts.md` 5.2).
pub(crate) fn resident_code(seed: u64, index: u64) -> String {
    with_check_digit(scramble(index, 10, mix(seed ^ 1)), 10)
}

/// 個人番号: 11 digits that no other index below 10^11 has, and the check digit (`facts.md` 5.1).
pub(crate) fn individual_number(seed: u64, index: u64) -> String {
    with_check_digit(scramble(index, 11, mix(seed ^ 2)), 11)
}

/// 在留カード番号 or 特別永住者証明書番号: two letters, eight digits, two letters.
pub(crate) fn card_no(seed: u64, index: u64) -> String {
    let digits = scramble(index % 100_000_000, 8, mix(seed ^ 3));
    let mut letters = mix(seed ^ mix(index)) >> 8;
    let mut letter = || {
        let place = u8::try_from(letters % 26).unwrap_or(0);
        letters /= 26;
        char::from(b'A' + place)
    };
    let (a, b, c, d) = (letter(), letter(), letter(), letter());
    format!("{a}{b}{digits:08}{c}{d}")
}

fn with_check_digit(body: u64, n_digits: usize) -> String {
    let mut text = format!("{body:0n_digits$}");
    let digit = mod_11_digit(&text).unwrap_or(0);
    text.push_str(&digit.to_string());
    text
}

/// Maps 0..10^n one to one onto itself: two multiplications by numbers that share no factor with 10,
/// with the halves of the digits swapped between them.
fn scramble(index: u64, n_digits: u32, salt: u64) -> u64 {
    let (range, low, high) =
        (10_u64.pow(n_digits), 10_u64.pow(n_digits / 2), 10_u64.pow(n_digits - n_digits / 2));
    let step = |number: u64, factor: u64, salt: u64| {
        let product = u128::from(number) * u128::from(factor) + u128::from(salt % range);
        u64::try_from(product % u128::from(range)).unwrap_or(0)
    };
    let first = step(index, 7_364_928_517, salt);
    let swapped = (first % low) * high + first / low;
    step(swapped, 2_819_364_753, salt >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_registry::check_digit::{individual_number_is_valid, resident_code_is_valid};
    use std::collections::HashSet;

    #[test]
    fn the_scramble_is_one_to_one() {
        for n_digits in [1, 2, 4, 5] {
            let range = 10_u64.pow(n_digits);
            let seen: HashSet<u64> = (0..range).map(|index| scramble(index, n_digits, 987_654_321)).collect();
            assert_eq!(seen.len() as u64, range);
        }
    }

    #[test]
    fn numbers_have_their_shape_and_check_digit() {
        for index in [0, 1, 17, 480_000, MAX_INDEX, 2 * MAX_INDEX - 1] {
            assert!(resident_code_is_valid(&resident_code(7, index)));
            assert!(individual_number_is_valid(&individual_number(7, index)));
            let card = card_no(7, index);
            let shape: String = card.chars().map(|c| if c.is_ascii_digit() { '9' } else { 'A' }).collect();
            assert_eq!(shape, "AA99999999AA");
        }
    }
}
