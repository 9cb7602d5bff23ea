//! Foreign residents, alone, as families, or married to a Japanese.

use super::{Cast, Member, MemberName};
use crate::calendar::Day;
use crate::foreign::{ForeignName, Ground};
use crate::kinship::Relation;
use crate::names::Sex;

impl Cast<'_> {
    pub(super) fn foreign(
        &mut self,
        relation: Relation,
        sex: Sex,
        birth: Day,
        name: ForeignName,
        ground: Ground,
    ) {
        self.members.push(Member { relation, sex, birth, name: MemberName::Foreign { name, ground } });
    }

    pub(super) fn foreign_family(&mut self, n_children: u32) {
        let (mother_age, first_age) = self.mother(n_children);
        let father_age = mother_age + self.dice.between(-2, 6);
        let birth = self.birth(father_age, father_age);
        let head = ForeignName::any(Sex::Male, self.dice);
        let wife = ForeignName::of(head.country, Sex::Female, self.dice);
        self.foreign(Relation::HEAD, Sex::Male, birth, head.clone(), Ground::Own);
        let birth = self.birth(mother_age, mother_age);
        self.foreign(Relation::WIFE, Sex::Female, birth, wife, Ground::Family);
        for (sex, birth) in self.births(n_children, first_age) {
            let name = head.relative(sex, self.dice);
            self.foreign(Relation::CHILD, sex, birth, name, Ground::Family);
        }
    }

    /// A Japanese head with a foreign spouse; children are Japanese, in the head's register.
    pub(super) fn mixed(&mut self, n_children: u32) {
        let (mother_age, first_age) = self.mother(n_children);
        let head = self.any_sex(300);
        let father_age = mother_age + self.dice.between(-2, 8);
        let (head_age, spouse_age) =
            if head == Sex::Male { (father_age, mother_age) } else { (mother_age, father_age) };
        let birth = self.birth(head_age, head_age);
        let koseki = self.first(head, birth, self.surname);
        let relation = if head == Sex::Male { Relation::WIFE } else { Relation::HUSBAND };
        let name = ForeignName::any(head.other(), self.dice);
        let birth = self.birth(spouse_age, spouse_age);
        self.foreign(relation, head.other(), birth, name, Ground::SpouseOfJapanese);
        self.children(Relation::CHILD, n_children, first_age, &koseki);
    }
}
