//! What concerns one person's record: stays extended, aliases, surnames before marriage, rooms corrected.

use std::rc::Rc;

use super::Past;
use crate::apartments::Apartment;
use crate::calendar::Day;
use crate::names::{Names, Surname};
use crate::person::{Entry, Person, Who};

impl Past {
    /// What concerns one person: stays extended, aliases, surnames before marriage entered, 方書 corrected.
    pub(super) fn personal_matters(&mut self) {
        for place in 0..self.lives.len() {
            let Some(life) = self.lives.get_mut(place) else { continue };
            let Some(person) = life.last().cloned() else { continue };
            match &person.who {
                Who::Foreign { .. } => self.stay_extended(place, &person),
                Who::Japanese { former: Some(former), .. } if self.dice.permille(500) => {
                    self.former_surname_entered(place, *former);
                }
                Who::Japanese { .. } => self.apartment_corrected(place, &person),
            }
        }
    }

    fn stay_extended(&mut self, place: usize, person: &Person) {
        let Who::Foreign { name, stay, .. } = &person.who else { return };
        if self.dice.permille(60) {
            let surname = Names::embedded().surname(&mut self.dice);
            let alias = alias(surname, &name.kana);
            if let Some(day) = self.later_day(|other| other.index == person.index) {
                let entry = self.entry("57", day);
                self.record_one(place, entry, |person| {
                    if let Who::Foreign { alias: own, .. } = &mut person.who {
                        *own = Some(alias.clone());
                    }
                });
            }
        }
        let newest = self.lives.get(place).and_then(|life| life.last()).map(|person| person.entry.filed);
        let Some((day, earlier)) = stay.before_extension(self.ground.seed, person.index * 2 + 1) else {
            return;
        };
        if newest.is_none_or(|newest| newest >= day) || day > self.last_day {
            return;
        }
        for state in self.lives.get_mut(place).into_iter().flatten() {
            if let Who::Foreign { stay, .. } = &mut state.who {
                *stay = earlier.clone();
            }
        }
        let (extended, entry) = (stay.clone(), self.entry("43", day));
        self.record_one(place, entry, |person| {
            if let Who::Foreign { stay, .. } = &mut person.who {
                *stay = extended.clone();
            }
        });
    }

    fn former_surname_entered(&mut self, place: usize, surname: Surname) {
        // Possible since 2019-11-05 (住民基本台帳法施行令 2019年改正).
        let newest = self.lives.get(place).and_then(|life| life.last()).map(|person| person.entry.filed);
        let Some(first) = newest.map(|newest| newest.plus(60).max(Day::of(2019, 11, 5))) else { return };
        if first >= self.last_day {
            return;
        }
        for state in self.lives.get_mut(place).into_iter().flatten() {
            if let Who::Japanese { former, .. } = &mut state.who {
                *former = None;
            }
        }
        let day = self.dice.day(first, self.last_day);
        let entry = self.entry("54", day);
        self.record_one(place, entry, |person| {
            if let Who::Japanese { former, .. } = &mut person.who {
                *former = Some(surname);
            }
        });
    }

    /// 軽微な修正: the room was not on record before.
    fn apartment_corrected(&mut self, place: usize, person: &Person) {
        let Some(apartment) = person.address.apartment.clone() else { return };
        if !self.dice.permille(45) || self.lives.len() > 1 {
            return;
        }
        let Some(day) = self.later_day(|other| other.index == person.index) else { return };
        let mut without = (*person.address).clone();
        without.apartment = apartment.name.split_once('　').map(|(building, _)| Apartment {
            name: building.to_owned(),
            kana: apartment.kana.split_once('　').map_or_else(String::new, |(kana, _)| kana.to_owned()),
            code: apartment.code.clone(),
        });
        if let Some(state) = self.lives.get_mut(place).and_then(|life| life.last_mut()) {
            state.address = Rc::new(without);
        }
        let (address, entry) = (Rc::clone(&person.address), self.entry("42", day));
        self.record_one(place, entry, |person| person.address = Rc::clone(&address));
    }

    fn record_one(&mut self, place: usize, entry: Entry, change: impl FnOnce(&mut Person)) {
        let Some(life) = self.lives.get_mut(place) else { return };
        let Some(mut after) = life.last().map(|person| person.after(entry)) else { return };
        change(&mut after);
        life.push(after);
    }
}

/// A 通称: a Japanese surname, and the given name as it sounds.
pub(crate) fn alias(surname: Surname, kana: &str) -> (String, String) {
    let given = kana.rsplit('　').next().unwrap_or_default();
    (format!("{}　{given}", surname.text), format!("{}　{given}", surname.kana))
}
