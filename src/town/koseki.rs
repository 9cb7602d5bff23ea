//! 本籍 and 筆頭者: where a Japanese resident's family register is, and under whose name.

use std::rc::Rc;

use crate::addresses::{Address, Areas};
use crate::dice::Dice;
use crate::names::{GivenName, Surname};

/// A family register (戸籍).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Koseki {
    /// 本籍: area and lot.
    pub(crate) place: Rc<Address>,
    /// 筆頭者.
    pub(crate) surname: Surname,
    pub(crate) given: GivenName,
}

impl Koseki {
    /// A register somewhere, headed by this person.
    pub(crate) fn new(surname: Surname, given: GivenName, dice: &mut Dice) -> Rc<Self> {
        Rc::new(Self { place: Rc::new(Areas::embedded().lot_of_origin(dice)), surname, given })
    }

    /// The same register after 転籍.
    pub(crate) fn moved(&self, dice: &mut Dice) -> Rc<Self> {
        Self::new(self.surname, self.given, dice)
    }
}
