//! 転居: households move within the municipality.

use std::rc::Rc;

use super::desk::Desk;
use super::line::{Line, Story};
use crate::addresses::{Areas, Home};
use crate::person::{Entry, Person};

/// 転居 of a whole household.
pub(crate) fn household(desk: &mut Desk) -> Option<Story> {
    let people = desk.people(|people| people.len() < 6)?;
    let entry = desk.entry("41", 10);
    Story::of(relocate(desk, &people, entry).1)
}

/// Two 転居 in one file: somebody moved on at once.
pub(crate) fn household_twice(desk: &mut Desk) -> Option<Story> {
    let people = desk.people(|people| people.len() < 3)?;
    let first = Entry { reason: "41", day: desk.today.plus(-12), filed: desk.today };
    let (there, mut lines) = relocate(desk, &people, first);
    let second = desk.entry("41", 2);
    lines.extend(relocate(desk, &there, second).1);
    Story::of(lines)
}

/// 転居, cancelled later in the file.
pub(crate) fn cancelled(desk: &mut Desk) -> Option<Story> {
    let people = desk.people(|people| people.len() < 4)?;
    let entry = desk.entry("41", 3);
    let (there, lines) = relocate(desk, &people, entry);
    Some(Story { lines, later: desk.cancel_all(&there) })
}

/// Moves people to a new address together.
pub(crate) fn relocate(desk: &mut Desk, people: &[Person], entry: Entry) -> (Vec<Person>, Vec<Line>) {
    let home = if desk.dice.permille(500) { Home::Apartment } else { Home::House };
    let address = Rc::new(Areas::embedded().own(home, &mut desk.dice));
    desk.change_all(people, entry, |person| person.settle(&address, entry.day))
}
