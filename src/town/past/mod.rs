//! What has happened to a household since its first entries: moves, corrections, departures.

mod fates;
mod personal;

use std::rc::Rc;

use crate::addresses::{Areas, Home};
use crate::calendar::Day;
use crate::dice::Dice;
use crate::household::{Ground, QUIET_DAYS};
use crate::kinship::Relation;
use crate::person::{Entry, Person, Who};
use crate::plan::Plan;

pub(crate) use personal::alias;

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
