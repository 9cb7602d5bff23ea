//! A day's moves (異動) about the people of a town, as the CSV the registry takes.
//!
//! The file is a set of stories (a family arrives, somebody dies and the household gets a new head, a
//! move is recorded and cancelled), each about households no other story touches, so that the lines may be
//! applied in file order and every story knows the state it starts from.

mod arrivals;
mod corrections;
mod departures;
mod desk;
mod line;
mod memberships;
mod relocations;

use std::collections::BTreeSet;
use std::io::Write;

use renkei_registry::{Dictionary, ItemNo};

use crate::error::TownError;
use crate::residents_csv::push_line;
use crate::town::Town;
use desk::{Desk, Tell};
use line::{Line, Story};

/// The word that clears an item; an empty cell leaves it as it is.
const CLEAR: &str = "(clear)";

/// Every story with how often it is told, in a thousand. Each is told once before any is told again.
const STORIES: [(Tell, u64); 28] = [
    (arrivals::household_from_japan, 120),
    (arrivals::household_from_abroad, 50),
    (arrivals::birth, 90),
    (arrivals::cancelled_arrival, 8),
    (relocations::household, 170),
    (relocations::household_twice, 15),
    (relocations::cancelled, 10),
    (departures::planned, 90),
    (departures::planned_and_cancelled, 10),
    (departures::to_japan, 70),
    (departures::to_japan_and_cancelled, 8),
    (departures::abroad, 30),
    (departures::death, 70),
    (departures::death_of_head, 40),
    (corrections::register_moved, 30),
    (corrections::name_after_marriage, 30),
    (corrections::stay_extended, 40),
    (corrections::after_the_fact, 20),
    (corrections::behind_a_move_of_the_day, 10),
    (corrections::clerical_error, 20),
    (corrections::former_surname, 15),
    (corrections::alias, 10),
    (corrections::new_individual_number, 8),
    (corrections::new_resident_code, 8),
    (memberships::split, 10),
    (memberships::merger, 9),
    (memberships::change_of_household, 9),
    (memberships::change_of_head, 10),
];

/// Writes `n_moves` moves of the town's day: columns `atena_no`, `ido_jiyu`, `target_rireki_no` and the
/// items that any of them sets, every field quoted, CRLF, UTF-8.
///
/// Files of consecutive seeds and the same `n_moves` are about different people, as many files as the town
/// has eight households for each move (12 of 150 moves at 30,000 residents, 32 at most), so they can be
/// applied one after the other. New people differ for seeds that differ modulo 1,000.
///
/// Returns the number of moves; it is less than `n_moves` only where the town is too small for as many.
pub fn write_moves_csv(town: &Town, n_moves: u32, seed: u64, mut out: impl Write) -> Result<u64, TownError> {
    let lines = lines(town, usize::try_from(n_moves).unwrap_or(usize::MAX), seed);
    let used: BTreeSet<ItemNo> = lines.iter().flat_map(|line| line.items.keys().copied()).collect();
    let mut buffer = Vec::new();
    let ids = used.iter().filter_map(|no| Dictionary::standard().item(*no)).map(|item| item.id);
    push_line(&mut buffer, ["atena_no", "ido_jiyu", "target_rireki_no"].into_iter().chain(ids));
    for line in &lines {
        let target = line.target.map_or_else(String::new, |number| number.to_string());
        let front = [line.atena_no.as_str(), line.reason, &target];
        let items = used.iter().map(|no| line.items.get(no).map_or("", String::as_str));
        push_line(&mut buffer, front.into_iter().chain(items));
    }
    out.write_all(&buffer)?;
    out.flush()?;
    Ok(lines.len() as u64)
}

/// The moves in file order.
fn lines(town: &Town, n_moves: usize, seed: u64) -> Vec<Line> {
    let mut day = Day { desk: Desk::new(town, seed, n_moves), rest: n_moves, stories: Vec::new() };
    for (story, _) in STORIES {
        day.tell(story);
    }
    // Stories that no longer fit or find nobody end the day; short ones fill what is left.
    let mut n_refused = 0;
    while day.rest > 0 && n_refused < 20 {
        let story = any_story(&mut day.desk);
        n_refused = if day.tell(story) { 0 } else { n_refused + 1 };
    }
    while day.rest > 0 && day.tell(corrections::register_moved) {}
    day.stories.sort_by_key(|(place, _)| *place);
    let (mut lines, mut later) = (Vec::new(), Vec::new());
    for (_, story) in day.stories {
        lines.extend(story.lines);
        later.extend(story.later);
    }
    lines.extend(later);
    lines
}

/// The day as far as it has been told.
struct Day<'t> {
    desk: Desk<'t>,
    /// How many moves there is room for.
    rest: usize,
    /// Each with its place in the file.
    stories: Vec<(u64, Story)>,
}

impl Day<'_> {
    /// Tells a story; false where it finds nobody or there is no room for it.
    fn tell(&mut self, tell: Tell) -> bool {
        let Some(story) = tell(&mut self.desk).filter(|story| story.len() <= self.rest) else { return false };
        self.rest -= story.len();
        self.stories.push((self.desk.dice.below(u64::MAX), story));
        true
    }
}

/// A story, each as often as its weight says.
fn any_story(desk: &mut Desk) -> Tell {
    let mut drawn = desk.dice.below(STORIES.iter().map(|(_, weight)| weight).sum());
    for (story, weight) in STORIES {
        if drawn < weight {
            return story;
        }
        drawn -= weight;
    }
    corrections::register_moved
}

#[cfg(test)]
mod tests;
