//! Who the people of a household are: relationship, sex, date of birth, name.

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
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) relation: Relation,
    pub(crate) sex: Sex,
    pub(crate) birth: Day,
    pub(crate) name: MemberName,
}

#[derive(Debug, Clone)]
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
                let birth = self.birth(19, 64);
                self.unmarried(Relation::HEAD, sex, birth, self.surname);
            }
            Kind::SingleElder => {
                let sex = self.any_sex(650);
                let birth = self.birth(66, 94);
                self.first(sex, birth, self.surname);
            }
            Kind::Couple => self.couple(26, 62),
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

    fn parents(&mut self, age: i32, n: u32) {
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

    fn with_married_child(&mut self, n_children: u32) {
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

    fn siblings(&mut self) {
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

    fn foreign(&mut self, relation: Relation, sex: Sex, birth: Day, name: ForeignName, ground: Ground) {
        self.members.push(Member { relation, sex, birth, name: MemberName::Foreign { name, ground } });
    }

    fn foreign_family(&mut self, n_children: u32) {
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
    fn mixed(&mut self, n_children: u32) {
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
