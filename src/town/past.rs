//! What has happened to a household since its first entries: moves, corrections, departures.

use std::rc::Rc;

use crate::addresses::{Areas, Home};
use crate::calendar::Day;
use crate::dice::Dice;
use crate::household::{Ground, QUIET_DAYS};
use crate::kinship::Relation;
use crate::names::{Names, Surname};
use crate::person::{Entry, Leaving, Person, Who};
use crate::plan::{Fate, Plan};

/// All states of one person, oldest first, never empty.
pub(crate) type Life = Vec<Person>;

/// The lives of a household's members.
pub(crate) fn lives(ground: Ground, plan: Plan, first_entries: Vec<Person>) -> Vec<Life> {
    let lives = first_entries.into_iter().map(|person| vec![person]).collect();
    let last_day = ground.today.plus(-QUIET_DAYS - 14);
    let mut past = Past { ground, dice: Dice::new(ground.seed, ground.household, 3), last_day, lives };
    past.moves_within();
    past.registers_move();
    past.personal_matters();
    past.heads_change();
    past.fate(plan.fate);
    past.lives
}

struct Past {
    ground: Ground,
    dice: Dice,
    last_day: Day,
    lives: Vec<Life>,
}

impl Past {
    /// A day after everything that has happened to those who are chosen; `None` where there is no room.
    fn later_day(&mut self, mut who: impl FnMut(&Person) -> bool) -> Option<Day> {
        let latest = self.lives.iter().filter_map(|life| life.last());
        let newest = latest.filter(|person| who(person)).map(|person| person.entry.filed).max()?;
        let first = newest.plus(60).max(self.last_day.plus(-20 * 365));
        (first < self.last_day).then(|| self.dice.day(first, self.last_day))
    }

    fn entry(&mut self, reason: &'static str, day: Day) -> Entry {
        Entry { reason, day, filed: self.dice.day(day, day.plus(13)) }
    }

    /// Adds a state to the life of everybody `change` says yes for.
    fn record(&mut self, entry: Entry, mut change: impl FnMut(&mut Person) -> bool) {
        for life in &mut self.lives {
            let Some(person) = life.last() else { continue };
            let mut after = person.after(entry);
            if person.is_registered() && change(&mut after) {
                life.push(after);
            }
        }
    }

    /// 転居 of the whole household; children born later were born at the new address.
    fn moves_within(&mut self) {
        if !self.dice.permille(105) {
            return;
        }
        let Some(head) = self.lives.first().and_then(|life| life.last()) else { return };
        let first = head.entry.filed.plus(90).max(self.last_day.plus(-25 * 365));
        if first >= self.last_day {
            return;
        }
        let day = self.dice.day(first, self.last_day);
        let first_days = self.lives.iter().filter_map(|life| life.first()).map(|person| person.entry.day);
        // Nobody is born or joins while the household moves.
        if first_days.into_iter().any(|first| (day.plus(-14)..=day.plus(14)).contains(&first)) {
            return;
        }
        let home = if self.dice.permille(300) { Home::Apartment } else { Home::House };
        let address = Rc::new(Areas::embedded().own(home, &mut self.dice));
        let entry = self.entry("41", day);
        for life in &mut self.lives {
            let Some(person) = life.last_mut() else { continue };
            if person.entry.day < day {
                let mut after = person.after(entry);
                after.settle(&address, day);
                life.push(after);
            } else {
                person.address = Rc::clone(&address);
            }
        }
    }

    /// 転籍: the family register moved; everybody in it gets 軽微な修正.
    fn registers_move(&mut self) {
        if !self.dice.permille(32) {
            return;
        }
        let head = self.lives.first().and_then(|life| life.last());
        let Some(Who::Japanese { koseki, .. }) = head.map(|head| head.who.clone()) else { return };
        let Some(day) = self.later_day(|_| true) else { return };
        let moved = koseki.moved(&mut self.dice);
        let entry = self.entry("42", day);
        self.record(entry, |person| match &mut person.who {
            Who::Japanese { koseki: own, .. } if *own == koseki => {
                *own = Rc::clone(&moved);
                true
            }
            _ => false,
        });
    }

    /// What concerns one person: stays extended, aliases, surnames before marriage entered, 方書 corrected.
    fn personal_matters(&mut self) {
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
        without.apartment =
            apartment.name.split_once('　').map(|(building, _)| crate::addresses::Apartment {
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

    /// 世帯主変更 between husband and wife.
    fn heads_change(&mut self) {
        let kept = self.lives.iter().filter_map(|life| life.last()).cloned().collect::<Vec<_>>();
        let Some(day) = self.later_day(|_| true) else { return };
        if self.dice.permille(6)
            && let Some(after) = spouse_heads(&kept)
        {
            let entry = self.entry("53", day);
            self.record(entry, |person| take_membership(person, &after));
        }
    }

    fn fate(&mut self, fate: Fate) {
        let Some(day) = self.later_day(|_| true) else { return self.late_fate(fate) };
        match fate {
            Fate::Stay if self.dice.permille(6) => self.plans_to_move_out(),
            Fate::Stay => {}
            _ => self.fate_on(fate, day),
        }
    }

    /// Those whose past leaves no room before the quiet days are gone on the last day of it.
    fn late_fate(&mut self, fate: Fate) {
        if fate != Fate::Stay {
            self.fate_on(fate, self.last_day.plus(14));
        }
    }

    fn fate_on(&mut self, fate: Fate, day: Day) {
        let filed = day.plus(self.dice.between(0, 9));
        let (areas, entry) = (Areas::embedded(), |reason| Entry { reason, day, filed });
        match fate {
            Fate::Stay => {}
            Fate::MovedOut => {
                let to = Rc::new(areas.other(&mut self.dice));
                let leaving = Leaving::MovedOut { on: day, filed: day.plus(-5), to };
                self.leave(entry("21"), &leaving);
            }
            Fate::WentAbroad => {
                let head = self.lives.first().and_then(|life| life.last());
                let Some(Who::Foreign { name, .. }) = head.map(|head| &head.who) else { return };
                let leaving = Leaving::WentAbroad { on: day, filed: day.plus(-5), country: name.country };
                self.leave(entry("22"), &leaving);
            }
            Fate::Died => self.leave(entry("23"), &Leaving::Died),
            Fate::Struck => self.leave(entry("26"), &Leaving::Struck),
            Fate::Widowed => self.husband_dies(entry("23"), entry("53")),
        }
    }

    fn leave(&mut self, entry: Entry, leaving: &Leaving) {
        self.record(entry, |person| {
            person.leaving = leaving.clone();
            true
        });
    }

    fn husband_dies(&mut self, death: Entry, headship: Entry) {
        let people = self.lives.iter().filter_map(|life| life.last()).cloned().collect::<Vec<_>>();
        let (Some(head), Some(after)) = (people.first(), spouse_heads(&people)) else { return };
        // Whoever headed, it is the one who heads now that dies.
        let head = people.iter().find(|person| person.member.relation.is_head()).unwrap_or(head).index;
        for life in &mut self.lives {
            let Some(person) = life.last() else { continue };
            if person.index == head {
                let mut after = person.after(death);
                after.leaving = Leaving::Died;
                life.push(after);
            } else {
                let mut after_state = person.after(headship);
                if take_membership(&mut after_state, &after) {
                    after_state.member.order = 1;
                    life.push(after_state);
                }
            }
        }
    }

    /// 転出予定: filed in the quiet days, for a day to come.
    fn plans_to_move_out(&mut self) {
        let to = Rc::new(Areas::embedded().other(&mut self.dice));
        let filed = self.ground.today.plus(-self.dice.between(1, 10));
        let on = self.ground.today.plus(self.dice.between(3, 25));
        let entry = Entry { reason: "21", day: filed, filed };
        self.leave(entry, &Leaving::Plans { on, filed, to });
    }
}

/// Everybody's membership after the head's spouse became the head; `None` without a spouse, or where a
/// member's new relationship has no code. By index.
pub(crate) fn spouse_heads(people: &[Person]) -> Option<Vec<Person>> {
    let head = people.iter().find(|person| person.member.relation.is_head())?;
    let spouse = people.iter().find(|person| person.member.relation.is_spouse())?;
    let is_male = head.sex == crate::names::Sex::Male;
    let (head_name, head_order) = (Rc::from(spouse.display_name()), spouse.member.order);
    let mut after = people.to_vec();
    for person in &mut after {
        let relation: Relation = person.member.relation.after_spouse_heads(is_male)?;
        person.member.head_name = Rc::clone(&head_name);
        if person.index == spouse.index {
            person.member.order = 1;
        } else if person.index == head.index {
            person.member.order = head_order;
        }
        person.member.relation = relation;
    }
    Some(after)
}

/// Takes over the membership of the same person in `after`.
pub(crate) fn take_membership(person: &mut Person, after: &[Person]) -> bool {
    let Some(own) = after.iter().find(|other| other.index == person.index) else { return false };
    person.member = own.member.clone();
    true
}

/// A 通称: a Japanese surname, and the given name as it sounds.
pub(crate) fn alias(surname: Surname, kana: &str) -> (String, String) {
    let given = kana.rsplit('　').next().unwrap_or_default();
    (format!("{}　{given}", surname.text), format!("{}　{given}", surname.kana))
}
