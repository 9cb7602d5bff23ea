//! 消除: people plan to leave, leave, or die.

use std::rc::Rc;

use super::desk::Desk;
use super::line::{Line, Story};
use crate::addresses::Areas;
use crate::foreign::Country;
use crate::past::{spouse_heads, take_membership};
use crate::person::{Entry, Leaving, Person, Who};

/// 転出予定 of a household: filed today for a day to come.
pub(crate) fn planned(desk: &mut Desk) -> Option<Story> {
    let people = desk.people(|people| people.len() < 5)?;
    Story::of(plan(desk, &people).1)
}

/// 転出予定, cancelled later in the file.
pub(crate) fn planned_and_cancelled(desk: &mut Desk) -> Option<Story> {
    let people = desk.people(|people| people.len() < 3)?;
    let (after, lines) = plan(desk, &people);
    Some(Story { lines, later: desk.cancel_all(&after) })
}

fn plan(desk: &mut Desk, people: &[Person]) -> (Vec<Person>, Vec<Line>) {
    let to = Rc::new(Areas::embedded().other(&mut desk.dice));
    let filed = desk.today;
    let leaving = Leaving::Plans { on: filed.plus(desk.dice.between(1, 28)), filed, to };
    let entry = Entry { reason: "21", day: filed, filed };
    desk.change_all(people, entry, |person| person.leaving = leaving.clone())
}

/// 国内転出 of a household, confirmed by the other municipality.
pub(crate) fn to_japan(desk: &mut Desk) -> Option<Story> {
    let people = desk.people(|people| people.len() < 5)?;
    Story::of(move_out(desk, &people).1)
}

/// 国内転出, cancelled later in the file.
pub(crate) fn to_japan_and_cancelled(desk: &mut Desk) -> Option<Story> {
    let people = desk.people(|people| people.len() < 3)?;
    let (after, lines) = move_out(desk, &people);
    Some(Story { lines, later: desk.cancel_all(&after) })
}

fn move_out(desk: &mut Desk, people: &[Person]) -> (Vec<Person>, Vec<Line>) {
    let to = Rc::new(Areas::embedded().other(&mut desk.dice));
    let entry = desk.entry("21", 12);
    let leaving = Leaving::MovedOut { on: entry.day, filed: entry.day.plus(-4), to };
    desk.change_all(people, entry, |person| person.leaving = leaving.clone())
}

const COUNTRIES: [Country; 4] = [
    Country { code: "USA", name: "アメリカ" },
    Country { code: "GBR", name: "英国" },
    Country { code: "THA", name: "タイ" },
    Country { code: "TWN", name: "台湾" },
];

/// 国外転出 of a household: foreign residents go home, Japanese anywhere.
pub(crate) fn abroad(desk: &mut Desk) -> Option<Story> {
    let people = desk
        .people(|people| people.len() < 4 && people.iter().all(Person::is_japanese) == (people.len() > 1))?;
    let country = match people.first().map(|person| &person.who) {
        Some(Who::Foreign { name, .. }) => name.country,
        _ => desk.dice.pick(&COUNTRIES),
    };
    let entry = desk.entry("22", 3);
    let leaving = Leaving::WentAbroad { on: entry.day, filed: entry.day.plus(-6), country };
    Story::of(desk.change_all(&people, entry, |person| person.leaving = leaving.clone()).1)
}

/// 死亡 of somebody who does not head a household of several.
pub(crate) fn death(desk: &mut Desk) -> Option<Story> {
    let today = desk.today;
    let is_old = move |person: &Person| person.age_on(today) >= 68;
    let people = desk.people(|people| match people {
        [person] => is_old(person),
        people => people.iter().any(|person| is_old(person) && !person.member.relation.is_head()),
    })?;
    let is_alone = people.len() == 1;
    let person =
        people.iter().find(|person| is_alone || is_old(person) && !person.member.relation.is_head())?;
    let entry = desk.entry("23", 7);
    Story::of(desk.change_all(std::slice::from_ref(person), entry, |after| after.leaving = Leaving::Died).1)
}

/// 死亡 of a head; the spouse becomes the head (世帯主変更).
pub(crate) fn death_of_head(desk: &mut Desk) -> Option<Story> {
    let today = desk.today;
    let people = desk.people(|people| {
        spouse_heads(people).is_some()
            && people.iter().any(|person| person.member.relation.is_head() && person.age_on(today) >= 66)
    })?;
    let head = people.iter().find(|person| person.member.relation.is_head())?;
    let death = desk.entry("23", 7);
    let mut lines =
        desk.change_all(std::slice::from_ref(head), death, |after| after.leaving = Leaving::Died).1;
    let memberships = spouse_heads(&people)?;
    let headship = Entry { reason: "53", ..death };
    let rest: Vec<Person> = people.iter().filter(|person| person.index != head.index).cloned().collect();
    lines.extend(
        desk.change_all(&rest, headship, |person| {
            take_membership(person, &memberships);
        })
        .1,
    );
    Story::of(lines)
}
