//! Relatives beyond husband, wife and children: parents, a married child, brothers and sisters.

use super::{Cast, MemberName};
use crate::kinship::Relation;
use crate::koseki::Koseki;
use crate::names::Sex;

impl Cast<'_> {
    pub(super) fn parents(&mut self, age: i32, n: u32) {
        let is_wifes = self.dice.permille(150);
        let surname = match self.members.get(1).map(|spouse| &spouse.name) {
            Some(MemberName::Japanese { maiden: Some(maiden), .. }) if is_wifes => *maiden,
            _ => self.surname,
        };
        let (father, mother) = if is_wifes && surname != self.surname {
            (Relation::WIFES_FATHER, Relation::WIFES_MOTHER)
        } else {
            (Relation::FATHER, Relation::MOTHER)
        };
        let mother_age = age + self.dice.between(25, 31);
        let father_birth = self.birth(mother_age, mother_age + 4);
        let mother_birth = self.birth(mother_age, mother_age);
        if n > 1 {
            let koseki = self.first_as(father, Sex::Male, father_birth, surname);
            self.japanese(mother, Sex::Female, mother_birth, surname, &koseki);
        } else {
            // A widow stays in her husband's register.
            let husband = self.given(Sex::Male, father_birth);
            let koseki = Koseki::new(surname, husband, self.dice);
            self.japanese(mother, Sex::Female, mother_birth, surname, &koseki);
        }
    }

    pub(super) fn with_married_child(&mut self, n_children: u32) {
        let (mother_age, first_age) = self.mother(n_children);
        let father_age = mother_age + self.dice.between(0, 4);
        let head_age = father_age + self.dice.between(24, 29);
        self.married_couple(head_age, true);
        let birth = self.birth(father_age, father_age);
        let koseki = self.first_as(Relation::CHILD, Sex::Male, birth, self.surname);
        let birth = self.birth(mother_age, mother_age);
        self.spouse_as(Relation::CHILDS_WIFE, Sex::Female, birth, &koseki);
        self.children(Relation::CHILDS_CHILD, n_children, first_age, &koseki);
    }

    pub(super) fn siblings(&mut self) {
        let (sex, other) = (self.any_sex(480), self.any_sex(480));
        let age = self.dice.between(21, 48);
        let birth = self.birth(age, age);
        let koseki = self.unmarried(Relation::HEAD, sex, birth, self.surname);
        let is_older = age < 46 && self.dice.permille(300);
        let other_age = age + if is_older { self.dice.between(2, 5) } else { -self.dice.between(2, 3) };
        let birth = self.birth(other_age, other_age);
        let relation = match (is_older, other) {
            (true, Sex::Male) => Relation::OLDER_BROTHER,
            (true, Sex::Female) => Relation::OLDER_SISTER,
            (false, Sex::Male) => Relation::YOUNGER_BROTHER,
            (false, Sex::Female) => Relation::YOUNGER_SISTER,
        };
        self.japanese(relation, other, birth, self.surname, &koseki);
    }
}
