//! Foreign residents (外国人住民): names by nationality, and their status of residence (在留資格).

use std::sync::LazyLock;

use crate::calendar::Day;
use crate::dice::Dice;
use crate::names::Sex;
use crate::numbers;

/// The day the resident registry took foreign residents in (住民基本台帳法 2009年改正 施行日).
pub(crate) const FIRST_DAY: Day = Day::of(2012, 7, 9);

/// A name as the residence card has it, its フリガナ, and the kanji where there are any.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ForeignName {
    pub(crate) romaji: String,
    pub(crate) kana: String,
    pub(crate) kanji: String,
    pub(crate) country: Country,
}

/// 国籍等: the code (ISO 3166 alpha-3, as JIS X 0304) and the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Country {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
}

#[derive(Debug, Clone, Copy, Default)]
struct Line {
    romaji: &'static str,
    kana: &'static str,
    kanji: &'static str,
    country: Country,
    is_female: bool,
}

fn lines() -> &'static [Line] {
    static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
        let read = |line: &'static str| {
            let mut fields = line.split(',');
            let mut next = || fields.next().unwrap_or_default();
            let (romaji, kana) = (next(), next());
            let country = Country { code: next(), name: next() };
            Line { romaji, kana, country, is_female: next() == "2", kanji: next() }
        };
        include_str!("data/foreign_names.csv").lines().skip(1).map(read).collect()
    });
    &LINES
}

impl ForeignName {
    /// Anybody's name.
    pub(crate) fn any(sex: Sex, dice: &mut Dice) -> Self {
        let country = dice.pick(lines()).country;
        Self::of(country, sex, dice)
    }

    /// A name of a country: the family name of one line, the given names of another.
    pub(crate) fn of(country: Country, sex: Sex, dice: &mut Dice) -> Self {
        let of_country: Vec<Line> = lines().iter().copied().filter(|line| line.country == country).collect();
        let family = dice.pick(&of_country);
        let own = Self {
            romaji: family.romaji.to_owned(),
            kana: family.kana.to_owned(),
            kanji: family.kanji.to_owned(),
            country,
        };
        own.with_given(sex, &of_country, dice)
    }

    /// A relative with the same family name.
    pub(crate) fn relative(&self, sex: Sex, dice: &mut Dice) -> Self {
        let of_country: Vec<Line> =
            lines().iter().copied().filter(|line| line.country == self.country).collect();
        self.with_given(sex, &of_country, dice)
    }

    fn with_given(&self, sex: Sex, lines: &[Line], dice: &mut Dice) -> Self {
        let of_sex: Vec<Line> =
            lines.iter().copied().filter(|line| line.is_female == (sex == Sex::Female)).collect();
        let given = dice.pick(&of_sex);
        let join = |family: &str, given: &str, space: char| match (
            split_family(family, space),
            split_family(given, space),
        ) {
            (Some((family, _)), Some((_, given))) => format!("{family}{space}{given}"),
            _ => String::new(),
        };
        Self {
            romaji: join(&self.romaji, given.romaji, ' '),
            kana: join(&self.kana, given.kana, '　'),
            kanji: join(&self.kanji, given.kanji, '　'),
            country: self.country,
        }
    }
}

/// Family name and given names; DELA CRUZ and DOS SANTOS are one family name each.
fn split_family(name: &str, space: char) -> Option<(&str, &str)> {
    let (first, rest) = name.split_once(space)?;
    if !matches!(first, "DELA" | "DOS" | "DA" | "デラ" | "ドス" | "ダ") {
        return Some((first, rest));
    }
    let (_, given) = rest.split_once(space)?;
    name.strip_suffix(given).and_then(|family| family.strip_suffix(space)).map(|family| (family, given))
}

/// What allows a foreign resident to stay.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Stay {
    /// 在留資格等コード: the codes of the immigration agency are not at hand; these are made up.
    pub(crate) status: &'static str,
    /// 第30条45規定区分, numbered in the order the law names them.
    pub(crate) rule_45: &'static str,
    /// 在留期間 in years; `None` without limit.
    pub(crate) years: Option<i32>,
    /// 在留期間の満了の日.
    pub(crate) until: Option<Day>,
    pub(crate) card_no: String,
    /// 在留カード等の番号区分: 1 在留カード, 2 特別永住者証明書.
    pub(crate) card_kind: &'static str,
}

/// What somebody is in Japan for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// Whatever there is, for somebody who has been here for long.
    Own,
    /// A purpose of their own, just come.
    Newcomer,
    Family,
    SpouseOfJapanese,
}

const WORK: [(&str, i32); 4] = [("ESH", 3), ("ESH", 5), ("PRF", 5), ("LTR", 3)];
const STUDY: [(&str, i32); 4] = [("STU", 2), ("STU", 1), ("STU", 4), ("ESH", 1)];
const TRAINING: [(&str, i32); 4] = [("TIT", 1), ("SSW", 1), ("ESH", 3), ("LTR", 3)];
/// Countries that send trainees and specified skilled workers.
const TRAINEES_FROM: [&str; 7] = ["VNM", "IDN", "PHL", "MMR", "NPL", "BGD", "LKA"];

/// What somebody of an age and a country may be here for.
fn grounds(country: Country, age: i32, dice: &mut Dice) -> (&'static str, i32) {
    match age {
        ..18 => ("DEP", 3),
        18..29 if dice.permille(500) => dice.pick(&STUDY),
        18..40 if TRAINEES_FROM.contains(&country.code) => dice.pick(&TRAINING),
        _ => dice.pick(&WORK),
    }
}

impl Stay {
    /// A stay on a ground of somebody of an age, valid on `today`; `card` is the index the card's number
    /// is made of.
    pub(crate) fn new(
        ground: Ground,
        country: Country,
        age: i32,
        today: Day,
        seed: u64,
        card: u64,
        dice: &mut Dice,
    ) -> Self {
        let card_no = numbers::card_no(seed, card);
        let lasting = |status, rule_45, card_kind, card_no| Self {
            status,
            rule_45,
            years: None,
            until: None,
            card_no,
            card_kind,
        };
        if ground == Ground::Own && country.code == "KOR" && dice.permille(500) {
            return lasting("SPR", "02", "2", card_no);
        }
        if ground == Ground::Own && age >= 30 && dice.permille(400) {
            return lasting("PRM", "01", "1", card_no);
        }
        let (status, years) = match ground {
            Ground::Own | Ground::Newcomer => grounds(country, age, dice),
            Ground::Family => ("DEP", dice.pick(&[1, 3, 5])),
            Ground::SpouseOfJapanese => ("SPJ", dice.pick(&[1, 3, 5])),
        };
        let until = dice.day(today.plus(20), today.plus(years * 365));
        Self { status, rule_45: "01", years: Some(years), until: Some(until), card_no, card_kind: "1" }
    }

    /// The stay before this one was last extended, if it is one of years.
    pub(crate) fn before_extension(&self, seed: u64, card: u64) -> Option<(Day, Self)> {
        let (years, until) = (self.years?, self.until?);
        let extended_on = until.years_later(-years);
        let earlier =
            Self { until: Some(extended_on), card_no: numbers::card_no(seed, card), ..self.clone() };
        Some((extended_on, earlier))
    }

    /// The stay extended by its years.
    pub(crate) fn extended(&self, seed: u64, card: u64) -> Option<Self> {
        let until = self.until?.years_later(self.years?);
        Some(Self { until: Some(until), card_no: numbers::card_no(seed, card), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relatives_share_the_family_name_in_every_writing() {
        let mut dice = Dice::new(1, 1, 1);
        for _ in 0..500 {
            let one = ForeignName::any(Sex::Male, &mut dice);
            let other = one.relative(Sex::Female, &mut dice);
            let family = |text: &str| text.split([' ', '　']).next().unwrap_or_default().to_owned();
            assert_eq!(family(&one.romaji), family(&other.romaji));
            assert_eq!(family(&one.kana), family(&other.kana));
            assert_eq!(family(&one.kanji), family(&other.kanji));
            assert_eq!(one.romaji.split(' ').count(), one.kana.split('　').count());
            assert!(one.romaji.contains(' '));
        }
    }

    #[test]
    fn family_names_may_have_two_words() {
        assert_eq!(split_family("DELA CRUZ MARY GRACE", ' '), Some(("DELA CRUZ", "MARY GRACE")));
        assert_eq!(split_family("TRAN DUC TUAN", ' '), Some(("TRAN", "DUC TUAN")));
        assert_eq!(split_family("劉　偉", '　'), Some(("劉", "偉")));
        assert_eq!(split_family("", '　'), None);
    }
}
