//! What kind of household a number stands for. Drawn before anybody in it, so that residents are counted
//! without being made.

use crate::dice::Dice;

/// Who lives together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 単身.
    Single,
    /// 単身の高齢者.
    SingleElder,
    /// 夫婦.
    Couple,
    /// 高齢の夫婦.
    ElderCouple,
    /// 未届の夫婦.
    Unregistered,
    /// 夫婦と子.
    Family { n_children: u32 },
    /// ひとり親.
    LoneParent { n_children: u32 },
    /// 夫婦と子と親.
    ThreeGenerations { n_children: u32, n_parents: u32 },
    /// 夫婦と子の夫婦と子の子.
    MarriedChild { n_children: u32 },
    /// きょうだい.
    Siblings,
    /// 世帯主と同居人.
    Lodger,
    /// 単身の外国人.
    ForeignSingle,
    /// 外国人の家族.
    ForeignFamily { n_children: u32 },
    /// 国際結婚.
    Mixed { n_children: u32 },
}

/// What has become of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All are registered.
    Stay,
    /// The husband of an old couple has died; his widow heads the household.
    Widowed,
    /// All moved to another municipality.
    MovedOut,
    /// All went abroad.
    WentAbroad,
    /// The only one died.
    Died,
    /// The only one was struck off (職権消除).
    Struck,
}

/// Kind and fate of a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) fate: Fate,
}

impl Plan {
    /// The plan of a household.
    pub(crate) fn draw(seed: u64, household: u64) -> Self {
        let mut dice = Dice::new(seed, household, 0);
        let kind = Kind::draw(&mut dice);
        let chance = dice.below(1000);
        let fate = match kind {
            Kind::ElderCouple if chance < 130 => Fate::Widowed,
            Kind::SingleElder if chance < 60 => Fate::Died,
            Kind::Single if chance < 4 => Fate::Struck,
            Kind::ForeignSingle if chance < 15 => Fate::Struck,
            Kind::ForeignSingle | Kind::ForeignFamily { .. } if chance < 60 => Fate::WentAbroad,
            _ if chance < 26 => Fate::MovedOut,
            _ => Fate::Stay,
        };
        Self { kind, fate }
    }

    /// How many of the household are registered.
    pub(crate) fn n_registered(self) -> u32 {
        match self.fate {
            Fate::Stay => self.kind.n_people(),
            Fate::Widowed => self.kind.n_people().saturating_sub(1),
            Fate::MovedOut | Fate::WentAbroad | Fate::Died | Fate::Struck => 0,
        }
    }
}

impl Kind {
    fn draw(dice: &mut Dice) -> Self {
        let n_children = 1 + u32::from(dice.permille(520)) + u32::from(dice.permille(150));
        match dice.below(1000) {
            0..285 => Self::Single,
            285..375 => Self::SingleElder,
            375..485 => Self::Couple,
            485..575 => Self::ElderCouple,
            575..583 => Self::Unregistered,
            583..810 => Self::Family { n_children },
            810..867 => Self::LoneParent { n_children },
            867..895 => Self::ThreeGenerations { n_children, n_parents: 1 + u32::from(dice.permille(400)) },
            895..905 => Self::MarriedChild { n_children },
            905..913 => Self::Siblings,
            913..922 => Self::Lodger,
            922..967 => Self::ForeignSingle,
            967..983 => Self::ForeignFamily { n_children: n_children - 1 },
            _ => Self::Mixed { n_children: n_children - 1 },
        }
    }

    /// How many live together.
    pub(crate) fn n_people(self) -> u32 {
        match self {
            Self::Single | Self::SingleElder | Self::ForeignSingle => 1,
            Self::Couple | Self::ElderCouple | Self::Unregistered | Self::Siblings | Self::Lodger => 2,
            Self::LoneParent { n_children } => 1 + n_children,
            Self::Family { n_children } | Self::ForeignFamily { n_children } | Self::Mixed { n_children } => {
                2 + n_children
            }
            Self::ThreeGenerations { n_children, n_parents } => 2 + n_children + n_parents,
            Self::MarriedChild { n_children } => 4 + n_children,
        }
    }
}
