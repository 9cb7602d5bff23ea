//! Who the people of a household are: relationship, sex, date of birth, name.

mod abroad;
mod generations;

use std::rc::Rc;

use crate::calendar::Day;
use crate::dice::Dice;
use crate::foreign::{ForeignName, Ground};
use crate::kinship::Relation;
use crate::koseki::Koseki;
use crate::names::{GivenName, Names, Sex, Surname};
use crate::person::joined;
use crate::plan::Kind;

/// A person before addresses, dates and numbers.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) relation: Relation,
    pub(crate) sex: Sex,
    pub(crate) birth: Day,
    pub(crate) name: MemberName,
}

#[derive(Clone)]
pub(crate) enum MemberName {
    Japanese { surname: Surname, given: GivenName, maiden: Option<Surname>, koseki: Rc<Koseki> },
    Foreign { name: ForeignName, ground: Ground },
}

/// The people of a household, head first.
pub(crate) fn members(kind: Kind, surname: Surname, today: Day, dice: &mut Dice) -> Vec<Member> {
    let mut cast = Cast { surname, today, dice, members: Vec::new() };
    cast.fill(kind);
    cast.members
}

struct Cast<'d> {
    surname: Surname,
    today: Day,
    dice: &'d mut Dice,
    members: Vec<Member>,
}

impl Cast<'_> {
    fn fill(&mut self, kind: Kind) {
        match kind {
            Kind::Single => {
                let sex = self.any_sex(460);
                let birth = self.birth(19, 69);
                self.unmarried(Relation::HEAD, sex, birth, self.surname);
            }
            Kind::SingleElder => {
                let sex = self.any_sex(650);
                let birth = self.birth(66, 94);
                self.first(sex, birth, self.surname);
            }
            Kind::Couple => self.couple(26, 68),
            Kind::ElderCouple => self.couple(65, 89),
            Kind::Unregistered => {
                let (his, hers) = (self.birth(24, 55), self.birth(24, 50));
                self.unmarried(Relation::HEAD, Sex::Male, his, self.surname);
                let surname = Names::embedded().surname(self.dice);
                self.unmarried(Relation::WIFE_UNREGISTERED, Sex::Female, hers, surname);
            }
            Kind::Family { n_children } => {
                let (mother_age, first_age) = self.mother(n_children);
                let koseki = self.married_couple(mother_age, false);
                self.children(Relation::CHILD, n_children, first_age, &koseki);
            }
            Kind::LoneParent { n_children } => {
                let (age, first_age) = self.mother(n_children);
                let sex = self.any_sex(860);
                let birth = self.birth(age, age);
                let koseki = self.first(sex, birth, self.surname);
                self.children(Relation::CHILD, n_children, first_age, &koseki);
            }
            Kind::ThreeGenerations { n_children, n_parents } => {
                let (mother_age, first_age) = self.mother(n_children);
                let koseki = self.married_couple(mother_age, true);
                self.children(Relation::CHILD, n_children, first_age, &koseki);
                self.parents(mother_age, n_parents);
            }
            Kind::MarriedChild { n_children } => self.with_married_child(n_children),
            Kind::Siblings => self.siblings(),
            Kind::Lodger => {
                let (sex, other_sex) = (self.any_sex(400), self.any_sex(450));
                let (birth, other_birth) = (self.birth(30, 75), self.birth(20, 70));
                self.unmarried(Relation::HEAD, sex, birth, self.surname);
                let relation = if self.dice.permille(250) { Relation::RELATIVE } else { Relation::LODGER };
                let surname = Names::embedded().surname(self.dice);
                self.unmarried(relation, other_sex, other_birth, surname);
            }
            Kind::ForeignSingle => {
                let sex = self.any_sex(450);
                let birth = self.birth(19, 52);
                let name = ForeignName::any(sex, self.dice);
                self.foreign(Relation::HEAD, sex, birth, name, Ground::Own);
            }
            Kind::ForeignFamily { n_children } => self.foreign_family(n_children),
            Kind::Mixed { n_children } => self.mixed(n_children),
        }
    }

    fn any_sex(&mut self, n_female_of_1000: u64) -> Sex {
        if self.dice.permille(n_female_of_1000) { Sex::Female } else { Sex::Male }
    }

    fn birth(&mut self, low: i32, high: i32) -> Day {
        self.dice.birth(self.today, low, high)
    }

    /// The ages of a mother and her first child, such that the others fit in below it.
    fn mother(&mut self, n_children: u32) -> (i32, i32) {
        let least = 3 * i32::try_from(n_children.saturating_sub(1)).unwrap_or(0);
        let first_age = self.dice.between(least, 23.max(least));
        (first_age + self.dice.between(22, 34), first_age)
    }

    fn given(&mut self, sex: Sex, birth: Day) -> GivenName {
        Names::embedded().given(sex, birth.year(), self.dice)
    }

    fn japanese(&mut self, relation: Relation, sex: Sex, birth: Day, surname: Surname, koseki: &Rc<Koseki>) {
        let given = self.given(sex, birth);
        let name = MemberName::Japanese { surname, given, maiden: None, koseki: Rc::clone(koseki) };
        self.members.push(Member { relation, sex, birth, name });
    }

    /// Somebody still in the register of a parent.
    fn unmarried(&mut self, relation: Relation, sex: Sex, birth: Day, surname: Surname) -> Rc<Koseki> {
        let father = self.given(Sex::Male, birth.years_later(-30));
        let koseki = Koseki::new(surname, father, self.dice);
        self.japanese(relation, sex, birth, surname, &koseki);
        koseki
    }

    /// The head, who is also the first of a register of their own.
    fn first(&mut self, sex: Sex, birth: Day, surname: Surname) -> Rc<Koseki> {
        self.first_as(Relation::HEAD, sex, birth, surname)
    }

    fn first_as(&mut self, relation: Relation, sex: Sex, birth: Day, surname: Surname) -> Rc<Koseki> {
        let given = self.given(sex, birth);
        let koseki = Koseki::new(surname, given, self.dice);
        let name = MemberName::Japanese { surname, given, maiden: None, koseki: Rc::clone(&koseki) };
        self.members.push(Member { relation, sex, birth, name });
        koseki
    }

    /// The spouse who took the other's surname.
    fn spouse_as(&mut self, relation: Relation, sex: Sex, birth: Day, koseki: &Rc<Koseki>) {
        self.japanese(relation, sex, birth, koseki.surname, koseki);
        let own = Names::embedded().surname(self.dice);
        if let Some(Member { name: MemberName::Japanese { maiden, .. }, .. }) = self.members.last_mut()
            && own != koseki.surname
        {
            *maiden = Some(own);
        }
    }

    fn couple(&mut self, low: i32, high: i32) {
        let age = self.dice.between(low, high);
        self.married_couple(age, false);
    }

    /// Head and spouse around an age; a woman heads one household in fourteen.
    fn married_couple(&mut self, age: i32, head_is_male: bool) -> Rc<Koseki> {
        let head = if head_is_male { Sex::Male } else { self.any_sex(70) };
        // Few couples are far apart in age; he is older more often.
        let older = self.dice.between(-3, 6);
        let (head_age, spouse_age) = if head == Sex::Male { (age + older, age) } else { (age, age + older) };
        let (head_birth, spouse_birth) =
            (self.birth(head_age.max(20), head_age.max(20)), self.birth(spouse_age, spouse_age));
        let koseki = self.first(head, head_birth, self.surname);
        let relation = if head == Sex::Male { Relation::WIFE } else { Relation::HUSBAND };
        self.spouse_as(relation, head.other(), spouse_birth, &koseki);
        koseki
    }

    fn children(&mut self, relation: Relation, n: u32, first_age: i32, koseki: &Rc<Koseki>) {
        for (sex, birth) in self.births(n, first_age) {
            self.japanese(relation, sex, birth, koseki.surname, koseki);
        }
    }

    /// Sex and date of birth of children, the first `first_age` years old, two or three years apart.
    fn births(&mut self, n: u32, first_age: i32) -> Vec<(Sex, Day)> {
        let mut age = first_age;
        let mut births = Vec::new();
        for _ in 0..n {
            births.push((self.any_sex(488), self.birth(age.max(0), age.max(0))));
            age -= self.dice.between(2, 3);
        }
        births
    }
}

impl Member {
    /// The surname before marriage, of who took the other's.
    pub(crate) fn maiden(&self) -> Option<Surname> {
        match &self.name {
            MemberName::Japanese { maiden, .. } => *maiden,
            MemberName::Foreign { .. } => None,
        }
    }

    /// The name as a household's head.
    pub(crate) fn display_name(&self) -> String {
        match &self.name {
            MemberName::Japanese { surname, given, .. } => joined(surname.text, given.text),
            MemberName::Foreign { name, .. } if name.kanji.is_empty() => name.romaji.clone(),
            MemberName::Foreign { name, .. } => name.kanji.clone(),
        }
    }
}
