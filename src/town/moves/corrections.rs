//! 修正: what concerns one person's record, from 軽微な修正 to a new 住民票コード.

use std::rc::Rc;

use super::desk::Desk;
use super::line::{Line, Story};
use super::relocations::relocate;
use crate::addresses::Address;
use crate::koseki::Koseki;
use crate::names::{Names, Sex};
use crate::numbers::MAX_INDEX;
use crate::past;
use crate::person::{Entry, Person, Who};

/// 軽微な修正: 転籍 of somebody who lives alone.
pub(crate) fn register_moved(desk: &mut Desk) -> Option<Story> {
    let person = desk.single(Person::is_japanese)?;
    let entry = desk.entry("42", 10);
    let after = with_register_moved(desk, &person, entry);
    Story::of(vec![desk.change(&person, &after)])
}

fn with_register_moved(desk: &mut Desk, person: &Person, entry: Entry) -> Person {
    let mut after = person.after(entry);
    if let Who::Japanese { koseki, .. } = &mut after.who {
        *koseki = koseki.moved(&mut desk.dice);
    }
    after
}

/// 軽微な修正: the surname after marriage, and the register that goes with it.
pub(crate) fn name_after_marriage(desk: &mut Desk) -> Option<Story> {
    let today = desk.today;
    let person = desk.single(|person| {
        person.is_japanese() && person.sex == Sex::Female && (20..40).contains(&person.age_on(today))
    })?;
    let entry = desk.entry("42", 14);
    let names = Names::embedded();
    let new_surname = names.surname(&mut desk.dice);
    let husband = names.given(Sex::Male, person.birth.day().year(), &mut desk.dice);
    let mut after = person.after(entry);
    if let Who::Japanese { surname, koseki, .. } = &mut after.who {
        *surname = new_surname;
        *koseki = Koseki::new(new_surname, husband, &mut desk.dice);
    }
    // Who lives alone heads the household.
    after.member.head_name = Rc::from(after.display_name());
    Story::of(vec![desk.change(&person, &after)])
}

/// 職権修正: the immigration agency tells of an extended stay.
pub(crate) fn stay_extended(desk: &mut Desk) -> Option<Story> {
    let seed = desk.town.seed;
    let extended = |person: &Person| match &person.who {
        Who::Foreign { stay, .. } => stay.extended(seed, person.index * 2 + 1),
        Who::Japanese { .. } => None,
    };
    let person = desk.single(|person| extended(person).is_some())?;
    let longer = extended(&person)?;
    let mut after = person.after(desk.entry("43", 8));
    if let Who::Foreign { stay, .. } = &mut after.who {
        *stay = longer;
    }
    Story::of(vec![desk.change(&person, &after)])
}

/// 職権修正 that turns out to hold from before the latest row.
pub(crate) fn after_the_fact(desk: &mut Desk) -> Option<Story> {
    let lives = desk.lives(|lives| {
        let [life] = lives else { return false };
        let [.., before, latest] = life.as_slice() else { return false };
        latest.is_japanese() && latest.entry.day.days_since(before.entry.day) > 60
    })?;
    let [.., before, latest] = lives.first()?.as_slice() else { return None };
    let day = desk.dice.day(before.entry.day.plus(20), latest.entry.day.plus(-20));
    let after = with_register_moved(desk, latest, Entry { reason: "43", day, filed: desk.today });
    Story::of(vec![desk.change(latest, &after)])
}

/// 職権修正 dated before a 転居 that the same file has already told of.
pub(crate) fn behind_a_move_of_the_day(desk: &mut Desk) -> Option<Story> {
    let today = desk.today;
    let person = desk.single(|person| person.is_japanese() && person.entry.day < today.plus(-90))?;
    let entry = desk.entry("41", 2);
    let (there, mut lines) = relocate(desk, std::slice::from_ref(&person), entry);
    let day = desk.dice.day(today.plus(-60), today.plus(-10));
    for person in &there {
        let after = with_register_moved(desk, person, Entry { reason: "43", day, filed: today });
        lines.push(desk.change(person, &after));
    }
    Story::of(lines)
}

/// 誤記修正 of the lot in the latest row.
pub(crate) fn clerical_error(desk: &mut Desk) -> Option<Story> {
    let person = desk.single(|person| person.address.apartment.is_none())?;
    let mut right = person.clone();
    let (number, branch) = (desk.dice.between(1, 3000), desk.dice.between(1, 30));
    right.address = Rc::new(Address {
        lot: format!("{number}番地{branch}"),
        lot_numbers: format!("{number}-{branch}"),
        ..(*person.address).clone()
    });
    Story::of(vec![Line::corrected(&person, &right, desk.today, desk.town.seed)])
}

/// 旧氏の記載 for a wife.
pub(crate) fn former_surname(desk: &mut Desk) -> Option<Story> {
    let today = desk.today;
    let is_wanted = move |person: &Person| {
        person.member.relation.is_spouse()
            && person.age_on(today) < 60
            && matches!(person.who, Who::Japanese { former: None, .. })
    };
    let people = desk.people(|people| people.iter().any(is_wanted))?;
    let person = people.iter().find(|person| is_wanted(person))?;
    let surname = Names::embedded().surname(&mut desk.dice);
    let mut after = person.after(desk.entry("54", 0));
    if let Who::Japanese { former, .. } = &mut after.who {
        *former = Some(surname);
    }
    Story::of(vec![desk.change(person, &after)])
}

/// 通称の記載.
pub(crate) fn alias(desk: &mut Desk) -> Option<Story> {
    let person = desk.single(|person| matches!(person.who, Who::Foreign { alias: None, .. }))?;
    let surname = Names::embedded().surname(&mut desk.dice);
    let mut after = person.after(desk.entry("57", 0));
    if let Who::Foreign { alias, name, .. } = &mut after.who {
        *alias = Some(past::alias(surname, &name.kana));
    }
    Story::of(vec![desk.change(&person, &after)])
}

/// 個人番号の変更請求.
pub(crate) fn new_individual_number(desk: &mut Desk) -> Option<Story> {
    let person = desk.single(|_| true)?;
    let mut after = person.after(desk.entry("45", 2));
    after.number_index = person.index + MAX_INDEX;
    Story::of(vec![desk.change(&person, &after)])
}

/// 住民票コードの変更請求.
pub(crate) fn new_resident_code(desk: &mut Desk) -> Option<Story> {
    let person = desk.single(|_| true)?;
    let mut after = person.after(desk.entry("48", 2));
    after.code_index = person.index + MAX_INDEX;
    Story::of(vec![desk.change(&person, &after)])
}
