//! A household: its members come to the municipality, are born there, and live at one address.

use std::rc::Rc;

use crate::addresses::{Address, Areas, Home};
use crate::calendar::Day;
use crate::dice::Dice;
use crate::foreign::{FIRST_DAY, Stay};
use crate::kinship::Relation;
use crate::members::{Member, MemberName, members};
use crate::names::Names;
use crate::numbers;
use crate::person::{Birth, Entry, Leaving, Membership, Origin, Person, Who};
use crate::plan::{Kind, Plan};

/// Room for people in one household's run of indexes.
pub(crate) const SLOTS: u64 = 16;
/// The newest record is at least so many days older than the town's day.
pub(crate) const QUIET_DAYS: i32 = 25;
/// The day the records of those who were there already were made anew (改製) for the computer.
const COMPUTERISED: Day = Day::of(1989, 4, 3);

/// Seed, number and day: all a household is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground {
    pub(crate) seed: u64,
    pub(crate) household: u64,
    pub(crate) today: Day,
}

/// The members of a household as they were first entered, head first.
pub(crate) fn first_entries(ground: Ground, plan: Plan) -> Vec<Person> {
    let last_day = ground.today.plus(-QUIET_DAYS - 14);
    let mut dice = Dice::new(ground.seed, ground.household, 1);
    let surname = Names::embedded().surname_of_household(ground.household, &mut dice);
    let members = members(plan.kind, surname, last_day, &mut dice);
    let mut dice = Dice::new(ground.seed, ground.household, 2);
    let Some(head) = members.first() else { return Vec::new() };
    let arrival = Arrival::draw(plan.kind, head, last_day, &mut dice);
    let mut people: Vec<Person> = Vec::with_capacity(members.len());
    for (slot, member) in (0..SLOTS).zip(&members) {
        let join_by = join_by(member, &members, last_day);
        let person = arrival.person(ground, slot, member, people.first(), join_by, &mut dice);
        people.push(person);
    }
    people
}

/// The last day on which somebody who marries into a household comes: before its children are born.
fn join_by(member: &Member, members: &[Member], last_day: Day) -> Day {
    let child = match member.relation {
        Relation::HUSBAND | Relation::WIFE => Relation::CHILD,
        Relation::CHILDS_WIFE => Relation::CHILDS_CHILD,
        _ => return last_day,
    };
    let births = members.iter().filter(|other| other.relation == child).map(|other| other.birth);
    births.min().map_or(last_day, |birth| birth.plus(-150))
}

/// The first day somebody can join those who are there: grown up, and a relative not before the head is.
fn earliest_join(member: &Member, head: Option<&Person>, join_by: Day) -> Day {
    let grown_up = member.birth.years_later(19);
    let head_grown_up = head.map_or(grown_up, |head| head.birth.day().years_later(20));
    let first = grown_up.max(head_grown_up).min(join_by);
    // A relative of the wife's, or a lodger, came in the last years.
    if member.relation.is_spouse() || member.relation == Relation::CHILDS_WIFE {
        first
    } else {
        first.max(join_by.plus(-6 * 365))
    }
}

/// How a household came to be where it is.
struct Arrival {
    /// True where the head was born here.
    is_native: bool,
    since: Day,
    address: Rc<Address>,
    from: Option<Rc<Address>>,
}

impl Arrival {
    fn draw(kind: Kind, head: &Member, last_day: Day, dice: &mut Dice) -> Self {
        let areas = Areas::embedded();
        let is_japanese = matches!(head.name, MemberName::Japanese { .. });
        let (n_native, n_apartment) = match kind {
            Kind::ThreeGenerations { .. } | Kind::MarriedChild { .. } => (1000, 0),
            Kind::Single | Kind::Siblings | Kind::Unregistered => (150, 820),
            Kind::SingleElder | Kind::ElderCouple => (550, 150),
            Kind::ForeignSingle | Kind::ForeignFamily { .. } => (0, 880),
            Kind::Couple | Kind::Lodger => (330, 450),
            Kind::Family { .. } | Kind::LoneParent { .. } | Kind::Mixed { .. } => (350, 330),
        };
        let is_native = is_japanese && dice.permille(n_native);
        let home = if !is_native && dice.permille(n_apartment) { Home::Apartment } else { Home::House };
        let earliest = head.birth.years_later(19);
        // Most have not been here long: the smaller of two draws.
        let span = last_day.days_since(earliest).max(1);
        let ago = dice.between(1, span).min(dice.between(1, span));
        let from = (!is_native).then(|| Rc::new(areas.other(dice)));
        Self { is_native, since: last_day.plus(-ago), address: Rc::new(areas.own(home, dice)), from }
    }

    fn person(
        &self,
        ground: Ground,
        slot: u64,
        member: &Member,
        head: Option<&Person>,
        join_by: Day,
        dice: &mut Dice,
    ) -> Person {
        let index = ground.household * SLOTS + slot;
        let who = match &member.name {
            MemberName::Japanese { surname, given, koseki, .. } => Who::Japanese {
                surname: *surname,
                given: *given,
                // Who married goes by the surname before in one case of thirty.
                former: member.maiden().filter(|_| dice.permille(33)),
                koseki: Rc::clone(koseki),
            },
            MemberName::Foreign { name, ground: why } => Who::Foreign {
                name: name.clone(),
                alias: None,
                since: self.since.max(FIRST_DAY).max(member.birth),
                stay: Stay::new(
                    *why,
                    name.country,
                    member.birth.age_on(ground.today),
                    ground.today,
                    ground.seed,
                    index * 2,
                    dice,
                ),
            },
        };
        let (entry, origin) = self.entry(member, head, join_by, dice);
        let is_birth_unknown =
            entry.reason != "03" && dice.permille(if member.birth < Day::of(1946, 1, 1) { 6 } else { 1 });
        let birth = if is_birth_unknown { Birth::YearOnly(member.birth) } else { Birth::Known(member.birth) };
        let resident_since = if entry.reason == "07" { member.birth } else { entry.day };
        let mut person = Person {
            index,
            code_index: index,
            number_index: index,
            sex: member.sex,
            birth,
            who,
            member: Membership {
                setai_no: numbers::FIRST_SETAI_NO + ground.household,
                relation: member.relation,
                head_name: head.map_or_else(|| Rc::from(""), |head| Rc::clone(&head.member.head_name)),
                order: u32::try_from(slot).unwrap_or(0) + 1,
            },
            address: Rc::clone(&self.address),
            address_before: None,
            resident_since,
            settled_on: resident_since,
            origin,
            leaving: Leaving::Stays,
            entry,
            rireki_no: 1,
        };
        if head.is_none() {
            person.member.head_name = Rc::from(person.display_name());
        }
        person
    }

    /// The first entry of a member and where they came from.
    fn entry(
        &self,
        member: &Member,
        head: Option<&Person>,
        join_by: Day,
        dice: &mut Dice,
    ) -> (Entry, Origin) {
        let filed_by = |day: Day, dice: &mut Dice| dice.day(day, day.plus(13));
        let entry = |reason, day: Day, dice: &mut Dice| Entry { reason, day, filed: filed_by(day, dice) };
        if let MemberName::Foreign { name, .. } = &member.name {
            if self.since < FIRST_DAY && member.birth < FIRST_DAY {
                // All who were there on that day were entered ex officio.
                return (Entry { reason: "06", day: FIRST_DAY, filed: FIRST_DAY }, Origin::Here);
            }
            if member.birth > self.since {
                return (entry("03", member.birth, dice), Origin::Here);
            }
            if self.is_native || dice.permille(450) {
                return (entry("02", self.since, dice), Origin::Abroad(name.country));
            }
        }
        let is_blood = head.is_none()
            || matches!(member.relation, Relation::FATHER | Relation::MOTHER)
            || (member.relation == Relation::CHILD && member.birth < self.since);
        if self.is_native && (is_blood || member.birth > self.since) {
            return if member.birth < COMPUTERISED {
                (Entry { reason: "07", day: COMPUTERISED, filed: COMPUTERISED }, Origin::Here)
            } else {
                (entry("03", member.birth, dice), Origin::Here)
            };
        }
        if member.birth > self.since {
            return (entry("03", member.birth, dice), Origin::Here);
        }
        let joined_late = self.is_native || matches!(member.relation, Relation::LODGER | Relation::RELATIVE);
        let day =
            if joined_late { dice.day(earliest_join(member, head, join_by), join_by) } else { self.since };
        let (address, head_name) = match (&self.from, head) {
            // Who came together comes from the same place.
            (Some(from), Some(head)) if !joined_late => (Rc::clone(from), Rc::clone(&head.member.head_name)),
            (Some(from), None) => (Rc::clone(from), Rc::from(member.display_name())),
            _ => (Rc::new(Areas::embedded().other(dice)), Rc::from(member.display_name())),
        };
        (entry("01", day, dice), Origin::Japan { address, head_name })
    }
}
