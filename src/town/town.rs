//! The town: its households one after the other, and their rows in key order.

use renkei_registry::Row;

use crate::calendar::Day;
use crate::error::TownError;
use crate::household::{Ground, first_entries};
use crate::past::{Life, lives};
use crate::person::Person;
use crate::plan::Plan;
use crate::rows::{fill, row};

/// The most residents a town can have: their numbers leave room for those who come later.
const MOST_RESIDENTS: u32 = 50_000_000;

/// What makes a town; the same spec makes the same town.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TownSpec {
    /// Registered residents (住民状態 1), exactly.
    pub n_residents: u32,
    /// Which of all towns.
    pub seed: u64,
    /// The town's today, `YYYY-MM-DD`; every record is older.
    pub day: String,
    /// Whether earlier rows and former residents are part of it.
    pub with_past: bool,
}

/// A synthetic town. Holds no people: each household is made when it is asked for.
#[derive(Debug, Clone)]
pub struct Town {
    pub(crate) seed: u64,
    pub(crate) today: Day,
    n_households: u64,
    n_in_last: u32,
    with_past: bool,
}

/// The people of a household (世帯).
#[derive(Clone)]
pub struct Household {
    pub(crate) lives: Vec<Life>,
    seed: u64,
}

impl Household {
    /// The rows of its members, in order of 宛名番号 and 個人履歴番号; none where all have left and the town
    /// has no past.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.lives.iter().flat_map(|life| {
            let states = (1..).zip(life);
            states.map(|(place, person)| row(person, self.seed, place == life.len()))
        })
    }
}

/// Says how many people: the rest is personal.
impl std::fmt::Debug for Household {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Household({} people)", self.lives.len())
    }
}

impl Town {
    /// Counts the households the residents need.
    pub fn new(spec: TownSpec) -> Result<Self, TownError> {
        let today = Day::parse(&spec.day).filter(|day| (2013..2100).contains(&day.year()));
        let Some(today) = today else { return Err(TownError::Day { day: spec.day }) };
        if spec.n_residents > MOST_RESIDENTS {
            return Err(TownError::TooManyResidents { n_residents: spec.n_residents, most: MOST_RESIDENTS });
        }
        let mut town =
            Self { seed: spec.seed, today, n_households: 0, n_in_last: 0, with_past: spec.with_past };
        let mut rest = spec.n_residents;
        while rest > 0 {
            let n_registered = Plan::draw(town.seed, town.n_households).n_registered();
            town.n_households += 1;
            town.n_in_last = n_registered.min(rest);
            rest -= town.n_in_last;
        }
        Ok(town)
    }

    /// Gives every row in order of 宛名番号 and 個人履歴番号; without a past, the latest row of every
    /// registered resident.
    pub fn for_each_row<E>(&self, take: &mut dyn FnMut(&Row) -> Result<(), E>) -> Result<(), E> {
        let mut row = Row::new();
        for life in self.households().flat_map(|household| household.lives) {
            for (place, person) in (1..).zip(&life) {
                fill(&mut row, person, self.seed, place == life.len());
                take(&row)?;
            }
        }
        Ok(())
    }

    /// How many households there are, those included that have left.
    pub fn n_households(&self) -> u64 {
        self.n_households
    }

    /// All households in order.
    pub fn households(&self) -> impl Iterator<Item = Household> {
        (0..self.n_households).filter_map(|number| self.household(number))
    }

    /// The household of a number below [`Town::n_households`]: the same whenever it is asked for.
    pub fn household(&self, number: u64) -> Option<Household> {
        if number >= self.n_households {
            return None;
        }
        let plan = Plan::draw(self.seed, number);
        let ground = Ground { seed: self.seed, household: number, today: self.today };
        let mut people = first_entries(ground, plan);
        if number + 1 == self.n_households && plan.n_registered() > self.n_in_last {
            people.truncate(usize::try_from(self.n_in_last).unwrap_or(usize::MAX));
        }
        let mut lives = lives(ground, plan, people);
        if !self.with_past {
            lives.iter_mut().for_each(forget);
            lives.retain(|life| life.last().is_some_and(Person::is_registered));
        }
        Some(Household { lives, seed: self.seed })
    }
}

/// Leaves the latest state only, as the first row; a move-out only planned is forgotten too.
fn forget(life: &mut Life) {
    let is_plan = |leaving: &crate::person::Leaving| matches!(leaving, crate::person::Leaving::Plans { .. });
    if life.len() > 1 && life.last().is_some_and(|person| is_plan(&person.leaving)) {
        life.pop();
    }
    if let Some(mut latest) = life.pop() {
        latest.rireki_no = 1;
        *life = vec![latest];
    }
}

#[cfg(test)]
mod tests;
