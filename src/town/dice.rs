//! Chance that is the same every time: one stream of numbers per household and concern.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::calendar::Day;

/// A stream of chance.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of a seed, a household's (or file's) number and a concern of it.
    pub(crate) fn new(seed: u64, number: u64, concern: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(mix(mix(seed) ^ mix(number << 4 | concern))))
    }

    /// A number from 0 to `n - 1`; 0 where `n` is 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        u64::try_from((u128::from(self.0.next_u64()) * u128::from(n)) >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`; `low` where that is not below `high`.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let n = u64::try_from(i64::from(high) - i64::from(low) + 1).unwrap_or(1);
        low.saturating_add(i32::try_from(self.below(n)).unwrap_or(0))
    }

    /// True `n` times in a thousand.
    pub(crate) fn permille(&mut self, n: u64) -> bool {
        self.below(1000) < n
    }

    /// One of a list; the type's nothing where the list is empty.
    pub(crate) fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let index = usize::try_from(self.below(list.len() as u64)).unwrap_or(0);
        list.get(index).copied().unwrap_or_default()
    }

    /// A day from `first` to `last`.
    pub(crate) fn day(&mut self, first: Day, last: Day) -> Day {
        first.plus(self.between(0, last.days_since(first).max(0)))
    }

    /// A date of birth of someone who is `low` to `high` years old on `today`.
    pub(crate) fn birth(&mut self, today: Day, low: i32, high: i32) -> Day {
        let age = self.between(low, high);
        today.years_later(-age).plus(-self.between(0, 364))
    }
}

/// Spreads a number over 64 bits, one to one (the finisher of `SplitMix64`).
pub(crate) const fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_stream_says_the_same() {
        let draw = |seed, number, concern| {
            let mut dice = Dice::new(seed, number, concern);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 2, 3), draw(1, 2, 3));
        assert_ne!(draw(1, 2, 3), draw(2, 2, 3));
        assert_ne!(draw(1, 2, 3), draw(1, 3, 3));
        assert_ne!(draw(1, 2, 3), draw(1, 2, 4));
    }

    #[test]
    fn numbers_stay_in_their_bounds_and_reach_them() {
        let mut dice = Dice::new(1, 1, 1);
        let drawn: Vec<i32> = (0..1000).map(|_| dice.between(-2, 2)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-2), Some(&2)));
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.between(5, 1), 5);
    }
}
