//! How a household, or one of it, comes to leave the registry.

use std::rc::Rc;

use super::{Past, spouse_heads, take_membership};
use crate::addresses::Areas;
use crate::calendar::Day;
use crate::person::{Entry, Leaving, Who};
use crate::plan::Fate;

impl Past {
    pub(super) fn fate(&mut self, fate: Fate) {
        let Some(day) = self.later_day(|_| true) else { return self.late_fate(fate) };
        match fate {
            Fate::Stay if self.dice.permille(6) => self.plans_to_move_out(),
            Fate::Stay => {}
            _ => self.fate_on(fate, day),
        }
    }

    /// Those whose past leaves no room before the quiet days are gone on the last day of it.
    fn late_fate(&mut self, fate: Fate) {
        if fate != Fate::Stay {
            self.fate_on(fate, self.last_day.plus(14));
        }
    }

    fn fate_on(&mut self, fate: Fate, day: Day) {
        let filed = day.plus(self.dice.between(0, 9));
        let (areas, entry) = (Areas::embedded(), |reason| Entry { reason, day, filed });
        match fate {
            Fate::Stay => {}
            Fate::MovedOut => {
                let to = Rc::new(areas.other(&mut self.dice));
                let leaving = Leaving::MovedOut { on: day, filed: day.plus(-5), to };
                self.leave(entry("21"), &leaving);
            }
            Fate::WentAbroad => {
                let head = self.lives.first().and_then(|life| life.last());
                let Some(Who::Foreign { name, .. }) = head.map(|head| &head.who) else { return };
                let leaving = Leaving::WentAbroad { on: day, filed: day.plus(-5), country: name.country };
                self.leave(entry("22"), &leaving);
            }
            Fate::Died => self.leave(entry("23"), &Leaving::Died),
            Fate::Struck => self.leave(entry("26"), &Leaving::Struck),
            Fate::Widowed => self.husband_dies(entry("23"), entry("53")),
        }
    }

    fn leave(&mut self, entry: Entry, leaving: &Leaving) {
        self.record(entry, |person| {
            person.leaving = leaving.clone();
            true
        });
    }

    fn husband_dies(&mut self, death: Entry, headship: Entry) {
        let people = self.lives.iter().filter_map(|life| life.last()).cloned().collect::<Vec<_>>();
        let (Some(head), Some(after)) = (people.first(), spouse_heads(&people)) else { return };
        // Whoever headed, it is the one who heads now that dies.
        let head = people.iter().find(|person| person.member.relation.is_head()).unwrap_or(head).index;
        for life in &mut self.lives {
            let Some(person) = life.last() else { continue };
            if person.index == head {
                let mut after = person.after(death);
                after.leaving = Leaving::Died;
                life.push(after);
            } else {
                let mut after_state = person.after(headship);
                if take_membership(&mut after_state, &after) {
                    after_state.member.order = 1;
                    life.push(after_state);
                }
            }
        }
    }

    /// 転出予定: filed in the quiet days, for a day to come.
    fn plans_to_move_out(&mut self) {
        let to = Rc::new(Areas::embedded().other(&mut self.dice));
        let filed = self.ground.today.plus(-self.dice.between(1, 10));
        let on = self.ground.today.plus(self.dice.between(3, 25));
        let entry = Entry { reason: "21", day: filed, filed };
        self.leave(entry, &Leaving::Plans { on, filed, to });
    }
}
