//! The desk (窓口) where the day's stories are made up: it finds households for them, each only once.

use std::collections::HashSet;

use super::line::{Line, Story};
use crate::calendar::Day;
use crate::dice::Dice;
use crate::household::{Ground, SLOTS, first_entries};
use crate::numbers::FIRST_SETAI_NO;
use crate::past::Life;
use crate::person::{Entry, Leaving, Person};
use crate::plan::{Fate, Kind, Plan};
use crate::town::Town;

/// How a story is told; `None` where nobody is found for it.
pub(crate) type Tell = fn(&mut Desk) -> Option<Story>;

/// New people of one seed take this many household numbers at most.
const N_NEW_HOUSEHOLDS: u64 = 100_000;
const N_SEEDS: u64 = 1_000;
/// How many households are looked at before a story is given up.
const N_TRIES: u32 = 1_500;

/// How many files of as many moves the town has households for.
pub(crate) fn stride(town: &Town, n_moves: usize) -> u64 {
    (town.n_households() / (8 * n_moves as u64).max(1)).clamp(1, 32)
}

pub(crate) struct Desk<'t> {
    pub(crate) town: &'t Town,
    pub(crate) today: Day,
    pub(crate) dice: Dice,
    used: HashSet<u64>,
    next_household: u64,
    /// Files of different seeds draw from different households: every `stride`-th, from `first_household`.
    stride: u64,
    first_household: u64,
}

impl<'t> Desk<'t> {
    pub(crate) fn new(town: &'t Town, seed: u64, n_moves: usize) -> Self {
        let stride = stride(town, n_moves);
        Self {
            town,
            today: town.today,
            dice: Dice::new(town.seed ^ seed.rotate_left(32), seed, 8),
            used: HashSet::new(),
            next_household: town.n_households() + seed % N_SEEDS * N_NEW_HOUSEHOLDS,
            stride,
            first_household: seed % stride,
        }
    }

    /// The lives of the registered members of a household that no story has had, nobody of whom is
    /// about to go, and that is as wanted.
    pub(crate) fn lives(&mut self, is_wanted: impl Fn(&[Life]) -> bool) -> Option<Vec<Life>> {
        for _ in 0..N_TRIES {
            let n_own = (self.town.n_households() + self.stride - 1 - self.first_household) / self.stride;
            let number = self.dice.below(n_own) * self.stride + self.first_household;
            if self.used.contains(&number) {
                continue;
            }
            let mut lives = self.town.household(number)?.lives;
            lives.retain(|life| life.last().is_some_and(Person::is_registered));
            let all_stay =
                lives.iter().all(|life| life.last().is_some_and(|person| person.leaving == Leaving::Stays));
            if !lives.is_empty() && all_stay && is_wanted(&lives) {
                self.used.insert(number);
                return Some(lives);
            }
        }
        None
    }

    /// The members of such a household as they are now, head first where the head was first.
    pub(crate) fn people(&mut self, is_wanted: impl Fn(&[Person]) -> bool) -> Option<Vec<Person>> {
        let now = |lives: &[Life]| lives.iter().filter_map(|life| life.last()).cloned().collect::<Vec<_>>();
        self.lives(|lives| is_wanted(&now(lives))).map(|lives| now(&lives))
    }

    /// Somebody who lives alone.
    pub(crate) fn single(&mut self, is_wanted: impl Fn(&Person) -> bool) -> Option<Person> {
        let people = self.people(|people| matches!(people, [person] if is_wanted(person)))?;
        people.into_iter().next()
    }

    /// The number of a household the town does not have.
    pub(crate) fn new_household(&mut self) -> u64 {
        self.next_household += 1;
        self.next_household - 1
    }

    /// The index of a person the town does not have, in a household of their own number.
    pub(crate) fn new_index(&mut self) -> u64 {
        self.new_household() * SLOTS
    }

    /// 世帯番号 of a household the town does not have.
    pub(crate) fn new_setai_no(&mut self) -> u64 {
        FIRST_SETAI_NO + self.new_household()
    }

    /// People the town does not have, as if they had always been here.
    pub(crate) fn newcomers(&mut self, kind: Kind) -> Vec<Person> {
        let household = self.new_household();
        let ground = Ground { seed: self.town.seed, household, today: self.today };
        first_entries(ground, Plan { kind, fate: Fate::Stay })
    }

    /// An entry recorded today for a day up to `n_days` ago.
    pub(crate) fn entry(&mut self, reason: &'static str, n_days: i32) -> Entry {
        let day = self.today.plus(-self.dice.between(0, n_days));
        Entry { reason, day, filed: self.today }
    }

    pub(crate) fn change(&self, before: &Person, after: &Person) -> Line {
        Line::change(before, after, self.town.seed)
    }

    /// The same change for all; the states after it with the lines that bring them about.
    pub(crate) fn change_all(
        &self,
        people: &[Person],
        entry: Entry,
        change: impl Fn(&mut Person),
    ) -> (Vec<Person>, Vec<Line>) {
        let after: Vec<Person> = people
            .iter()
            .map(|person| {
                let mut after = person.after(entry);
                change(&mut after);
                after
            })
            .collect();
        let lines = people.iter().zip(&after).map(|(before, after)| self.change(before, after)).collect();
        (after, lines)
    }

    /// The lines that take a set of moves back.
    pub(crate) fn cancel_all(&self, states: &[Person]) -> Vec<Line> {
        states.iter().map(|state| Line::cancellation(state, self.today)).collect()
    }
}
