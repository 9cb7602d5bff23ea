//! 記載: people come from elsewhere or are born.

use std::rc::Rc;

use super::desk::Desk;
use super::line::{Line, Story};
use crate::addresses::Areas;
use crate::foreign::{Ground, Stay};
use crate::kinship::Relation;
use crate::names::{Names, Sex};
use crate::person::{Birth, Entry, Origin, Person, Who};
use crate::plan::Kind;

/// 国内転入 of a household.
pub(crate) fn household_from_japan(desk: &mut Desk) -> Option<Story> {
    let n_children = 1 + u32::from(desk.dice.permille(400));
    let kind = match desk.dice.below(10) {
        0..5 => Kind::Single,
        5..7 => Kind::Couple,
        7..9 => Kind::Family { n_children },
        _ => Kind::LoneParent { n_children },
    };
    let people = from_japan(desk, kind);
    Story::of(people.iter().map(|person| Line::add(person, desk.town.seed)).collect())
}

/// 国外転入 of foreign residents.
pub(crate) fn household_from_abroad(desk: &mut Desk) -> Option<Story> {
    let kind = if desk.dice.permille(750) {
        Kind::ForeignSingle
    } else {
        Kind::ForeignFamily { n_children: u32::from(desk.dice.permille(400)) }
    };
    let entry = desk.entry("02", 5);
    let mut people = desk.newcomers(kind);
    for person in &mut people {
        arrive(person, entry);
        let (today, seed, age) = (desk.today, desk.town.seed, person.age_on(desk.today));
        if let Who::Foreign { name, since, stay, .. } = &mut person.who {
            *since = entry.day;
            person.origin = Origin::Abroad(name.country);
            // Nobody comes as a permanent resident.
            if stay.until.is_none() {
                let (country, card) = (name.country, person.index * 2);
                *stay = Stay::new(Ground::Newcomer, country, age, today, seed, card, &mut desk.dice);
            }
        }
    }
    Story::of(people.iter().map(|person| Line::add(person, desk.town.seed)).collect())
}

/// 国内転入 taken back: they had not come after all.
pub(crate) fn cancelled_arrival(desk: &mut Desk) -> Option<Story> {
    let people = from_japan(desk, Kind::Couple);
    let lines = people.iter().map(|person| Line::add(person, desk.town.seed)).collect();
    let later = desk.cancel_all(&people);
    Story::of(lines).map(|story| Story { later, ..story })
}

fn from_japan(desk: &mut Desk, kind: Kind) -> Vec<Person> {
    let entry = desk.entry("01", 10);
    let from = Rc::new(Areas::embedded().other(&mut desk.dice));
    let mut people = desk.newcomers(kind);
    for person in &mut people {
        arrive(person, entry);
        let head_name = Rc::clone(&person.member.head_name);
        person.origin = Origin::Japan { address: Rc::clone(&from), head_name };
    }
    people
}

fn arrive(person: &mut Person, entry: Entry) {
    person.entry = entry;
    person.resident_since = entry.day;
    person.settled_on = entry.day;
}

/// 出生, entered into the mother's household.
pub(crate) fn birth(desk: &mut Desk) -> Option<Story> {
    let today = desk.today;
    let is_mother = move |person: &Person| {
        person.sex == Sex::Female
            && (22..42).contains(&person.age_on(today))
            && (person.member.relation == Relation::WIFE || person.member.relation == Relation::HEAD)
    };
    let has_infant = move |people: &[Person]| people.iter().any(|person| person.age_on(today) < 2);
    let people = desk.people(|people| {
        people.len() > 1
            && !has_infant(people)
            && people.iter().any(is_mother)
            && people.iter().any(|person| person.member.relation.is_spouse())
    })?;
    let sex = if desk.dice.permille(488) { Sex::Female } else { Sex::Male };
    let entry = desk.entry("03", 13);
    // A Japanese parent makes the child Japanese; otherwise it takes after the head.
    let parents =
        people.iter().filter(|person| person.member.relation.is_head() || person.member.relation.is_spouse());
    let parent = parents.max_by_key(|person| (person.is_japanese(), person.member.relation.is_head()))?;
    let who = match &parent.who {
        Who::Japanese { surname, koseki, .. } => Who::Japanese {
            surname: *surname,
            given: Names::embedded().given(sex, entry.day.year(), &mut desk.dice),
            former: None,
            koseki: Rc::clone(koseki),
        },
        Who::Foreign { name, .. } => {
            let (name, card) = (name.relative(sex, &mut desk.dice), parent.index * 2 + 1);
            let stay =
                Stay::new(Ground::Family, name.country, 0, today, desk.town.seed ^ 1, card, &mut desk.dice);
            Who::Foreign { name, alias: None, since: entry.day, stay }
        }
    };
    let index = desk.new_index();
    let mut child = Person {
        index,
        code_index: index,
        number_index: index,
        sex,
        birth: Birth::Known(entry.day),
        who,
        address_before: None,
        origin: Origin::Here,
        rireki_no: 1,
        ..parent.clone()
    };
    arrive(&mut child, entry);
    child.member.relation = Relation::CHILD;
    child.member.order = people.iter().map(|person| person.member.order).max()? + 1;
    Story::of(vec![Line::add(&child, desk.town.seed)])
}
