//! Households split, merge, exchange members and change their head.

use std::rc::Rc;

use super::desk::Desk;
use super::line::{Line, Story};
use crate::kinship::Relation;
use crate::names::Sex;
use crate::past::{spouse_heads, take_membership};
use crate::person::{Entry, Membership, Person};

/// 世帯分離: a grown child heads a household of their own at the same address.
pub(crate) fn split(desk: &mut Desk) -> Option<Story> {
    let child = grown_child(desk, |_| true)?;
    let setai_no = desk.new_setai_no();
    let mut after = child.after(desk.entry("50", 3));
    let head_name = Rc::from(child.display_name());
    after.member = Membership { setai_no, relation: Relation::HEAD, head_name, order: 1 };
    Story::of(vec![desk.change(&child, &after)])
}

/// 世帯合併: the wife's mother moves in (転居) and joins the household.
pub(crate) fn merger(desk: &mut Desk) -> Option<Story> {
    let today = desk.today;
    let is_wife = |person: &&Person| person.member.relation == Relation::WIFE;
    let family = desk.people(|people| {
        let has_parent = people.iter().any(|person| person.age_on(today) > 60);
        !has_parent && people.iter().find(is_wife).is_some_and(|wife| wife.age_on(today) > 35)
    })?;
    let wife_age = family.iter().find(is_wife)?.age_on(today);
    let mother = desk.single(|person| {
        let older = person.age_on(today) - wife_age;
        person.is_japanese() && person.sex == Sex::Female && (20..42).contains(&older)
    })?;
    Story::of(join(desk, &mother, &family, "51", Relation::WIFES_MOTHER))
}

/// 世帯変更: a grown child moves in with a partner (未届).
pub(crate) fn change_of_household(desk: &mut Desk) -> Option<Story> {
    let today = desk.today;
    let child = grown_child(desk, |child| child.age_on(today) < 40)?;
    let partner = desk.single(|person| {
        person.is_japanese()
            && person.sex != child.sex
            && (person.age_on(today) - child.age_on(today)).abs() < 8
    })?;
    let relation = match child.sex {
        Sex::Male => Relation::HUSBAND_UNREGISTERED,
        Sex::Female => Relation::WIFE_UNREGISTERED,
    };
    Story::of(join(desk, &child, &[partner], "52", relation))
}

/// 世帯主変更 from husband to wife or back, for every member.
pub(crate) fn change_of_head(desk: &mut Desk) -> Option<Story> {
    let people = desk.people(|people| people.len() < 6 && spouse_heads(people).is_some())?;
    let memberships = spouse_heads(&people)?;
    let entry = desk.entry("53", 2);
    let change = |person: &mut Person| {
        take_membership(person, &memberships);
    };
    Story::of(desk.change_all(&people, entry, change).1)
}

fn grown_child(desk: &mut Desk, is_wanted: impl Fn(&Person) -> bool) -> Option<Person> {
    let today = desk.today;
    let is_grown = |person: &&Person| {
        person.member.relation == Relation::CHILD
            && person.is_japanese()
            && person.age_on(today) >= 20
            && is_wanted(person)
    };
    // A married child would leave spouse and children behind.
    let has_own_family =
        |people: &[Person]| people.iter().any(|person| person.member.relation.codes.len() > 1);
    let people =
        desk.people(|people| !has_own_family(people) && people.iter().any(|person| is_grown(&person)))?;
    people.iter().find(is_grown).cloned()
}

/// 転居 to a household's address, then into the household.
fn join(
    desk: &mut Desk,
    person: &Person,
    family: &[Person],
    reason: &'static str,
    relation: Relation,
) -> Vec<Line> {
    let Some(host) = family.first() else { return Vec::new() };
    let moved = desk.entry("41", 3);
    let mut there = person.after(moved);
    there.settle(&host.address, moved.day);
    let mut joined = there.after(Entry { reason, ..moved });
    joined.member = Membership {
        setai_no: host.member.setai_no,
        relation,
        head_name: Rc::clone(&host.member.head_name),
        order: family.iter().map(|member| member.member.order).max().unwrap_or(0) + 1,
    };
    vec![desk.change(person, &there), desk.change(&there, &joined)]
}
