//! Japanese names as data: surnames by frequency, given names by sex and year of birth.

use std::sync::LazyLock;

use crate::dice::Dice;

/// 氏 with its フリガナ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Surname {
    pub(crate) text: &'static str,
    pub(crate) kana: &'static str,
}

/// 名 with its フリガナ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct GivenName {
    pub(crate) text: &'static str,
    pub(crate) kana: &'static str,
}

/// 性別.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sex {
    #[default]
    Male,
    Female,
}

impl Sex {
    /// The code of `codes/sex.csv`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
        }
    }

    /// 性別表記.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Male => "男",
            Self::Female => "女",
        }
    }

    /// The other one.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Male => Self::Female,
            Self::Female => Self::Male,
        }
    }
}

/// Every `MARKED_EVERY`-th household has a surname that tests character sets.
const MARKED_EVERY: u64 = 331;
const FIRST_YEAR: i32 = 1925;
const LAST_YEAR: i32 = 2026;

/// All names.
pub(crate) struct Names {
    surnames: Vec<Surname>,
    /// Sum of the weights up to and with each surname.
    weights: Vec<u64>,
    /// Surnames beyond JIS X 0208, in every class of trouble.
    marked: Vec<Surname>,
    /// By year from `FIRST_YEAR`.
    boys: Vec<Vec<GivenName>>,
    girls: Vec<Vec<GivenName>>,
}

impl Names {
    /// The names that are part of the program.
    pub(crate) fn embedded() -> &'static Self {
        static NAMES: LazyLock<Names> = LazyLock::new(Names::read);
        &NAMES
    }

    fn read() -> Self {
        let (mut surnames, mut weights, mut marked, mut sum) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for line in include_str!("data/surnames.csv").lines().skip(1) {
            let mut fields = line.split(',');
            let mut next = || fields.next().unwrap_or_default();
            let surname = Surname { text: next(), kana: next() };
            let (weight, note) = (next(), next());
            sum += weight.parse::<u64>().unwrap_or(0);
            surnames.push(surname);
            weights.push(sum);
            if !note.is_empty() && note != "variant" {
                marked.push(surname);
            }
        }
        let given = |sex: Sex| {
            let mut years = vec![Vec::new(); usize::try_from(LAST_YEAR - FIRST_YEAR + 1).unwrap_or(0)];
            for line in include_str!("data/given_names.csv").lines().skip(1) {
                let mut fields = line.split(',');
                let mut next = || fields.next().unwrap_or_default();
                let name = GivenName { text: next(), kana: next() };
                let (code, from, to) = (next(), next().parse::<i32>(), next().parse::<i32>());
                let (Ok(from), Ok(to)) = (from, to) else { continue };
                if code == sex.code() {
                    let years = years.iter_mut().zip(FIRST_YEAR..);
                    years
                        .filter(|(_, year)| (from..=to).contains(year))
                        .for_each(|(list, _)| list.push(name));
                }
            }
            years
        };
        Self { surnames, weights, marked, boys: given(Sex::Male), girls: given(Sex::Female) }
    }

    /// The surname of a household: by frequency, now and then one that tests character sets.
    pub(crate) fn surname_of_household(&self, household: u64, dice: &mut Dice) -> Surname {
        if household % MARKED_EVERY == 7 {
            let place = household / MARKED_EVERY % (self.marked.len() as u64).max(1);
            let marked = usize::try_from(place).ok().and_then(|place| self.marked.get(place));
            return marked.copied().unwrap_or_default();
        }
        self.surname(dice)
    }

    /// A surname by frequency.
    pub(crate) fn surname(&self, dice: &mut Dice) -> Surname {
        let drawn = dice.below(self.weights.last().copied().unwrap_or(0));
        let place = self.weights.partition_point(|&sum| sum <= drawn);
        self.surnames.get(place).copied().unwrap_or_default()
    }

    /// A given name of someone born in `year`.
    pub(crate) fn given(&self, sex: Sex, year: i32, dice: &mut Dice) -> GivenName {
        let years = match sex {
            Sex::Male => &self.boys,
            Sex::Female => &self.girls,
        };
        let place = usize::try_from(year.clamp(FIRST_YEAR, LAST_YEAR) - FIRST_YEAR).unwrap_or(0);
        dice.pick(years.get(place).map_or(&[], Vec::as_slice))
    }

    /// True for a surname that tests character sets.
    #[cfg(test)]
    pub(crate) fn is_marked(&self, surname: &str) -> bool {
        self.marked.iter().any(|marked| marked.text == surname)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_year_has_names_for_both() {
        let names = Names::embedded();
        assert_eq!(names.surnames.len(), 1154);
        assert!(names.marked.len() > 100);
        for list in names.boys.iter().chain(&names.girls) {
            assert!(list.len() >= 30, "only {} names", list.len());
        }
    }

    #[test]
    fn common_surnames_are_common() {
        let mut dice = Dice::new(1, 1, 1);
        let names = Names::embedded();
        let n_sato = (0..10_000).filter(|_| names.surname(&mut dice).text == "佐藤").count();
        assert!((100..350).contains(&n_sato), "{n_sato} of 10,000");
    }
}
