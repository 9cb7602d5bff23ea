//! `[guard]` and `[feed.guard]`: how large a publication may be before it is held for review.
//!
//! What `[feed.guard]` does not say holds as in `[guard]`, and what that does not say as by default.

use std::ops::RangeInclusive;

use renkei_core::declared::{Table, Value};
use renkei_core::guard::{GuardBounds, Learned, Percent};

const ROWS: RangeInclusive<u64> = 0..=1_000_000_000;
const SHARE: RangeInclusive<u64> = 1..=100;
/// A full may become as many times larger as a merger of municipalities makes it.
const GROWTH: RangeInclusive<u64> = 1..=100_000;
const FACTOR: RangeInclusive<u64> = 1..=1_000;

/// Reads the table under `guard`, if there is one, over `bounds`. What is wrong has been reported.
pub(crate) fn take(table: &mut Table<'_>, bounds: GuardBounds) -> GuardBounds {
    let Some(mut guard) = table.optional("guard").and_then(Value::table) else { return bounds };
    let bounds = read(&mut guard, bounds);
    guard.finish();
    bounds
}

fn read(guard: &mut Table<'_>, mut bounds: GuardBounds) -> GuardBounds {
    let GuardBounds { diff, full } = &mut bounds;
    if let Some(rows) = guard.optional("min_rows").and_then(|rows| rows.integer_in(ROWS)) {
        diff.min_rows = rows;
    }
    for (key, bound) in
        [("max_changed_rows", &mut diff.max_changed_rows), ("max_deleted_rows", &mut diff.max_deleted_rows)]
    {
        if let Some(value) = guard.optional(key) {
            *bound = number_or_none(value, ROWS);
        }
    }
    for (key, bound, range) in [
        ("max_share", &mut diff.max_share, SHARE),
        ("max_deleted_share", &mut diff.max_deleted_share, SHARE),
        ("max_shrink", &mut full.max_shrink, SHARE),
        ("max_growth", &mut full.max_growth, GROWTH),
    ] {
        if let Some(value) = guard.optional(key) {
            *bound = number_or_none(value, range).and_then(|share| u32::try_from(share).ok()).map(Percent);
        }
    }
    let is_learned = guard.optional("learned").and_then(Value::boolean);
    let factor = guard.optional("factor").and_then(|factor| factor.integer_in(FACTOR));
    let mut learned = diff.learned.unwrap_or_default();
    if let Some(factor) = factor.and_then(|factor| u32::try_from(factor).ok()) {
        learned = Learned { factor };
    }
    diff.learned = is_learned.unwrap_or(diff.learned.is_some()).then_some(learned);
    bounds
}

/// A number, or `"none"` for no bound.
fn number_or_none(value: Value<'_>, range: RangeInclusive<u64>) -> Option<u64> {
    if value.is_text() {
        value.one_of(&[("none", ())]);
        return None;
    }
    value.integer_in(range)
}
