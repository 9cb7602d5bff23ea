//! 差分: what a receiver sees differently since the publication before.
//!
//! A diff is the difference of projections, not of stored rows: for every resident with a changed row in the
//! window, the lines before are compared with the lines now.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use renkei_core::guard::{ReasonCode, Review};
use renkei_core::notice::ChangeCounts;
use renkei_core::port::PublicationRecord;
use renkei_core::projection::Shown;
use renkei_core::publication::Progress;
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::{CommitNo, Window};
use renkei_registry::{AtenaNo, ItemNo, PackedReader, Values as _};

use super::numbers_of;
use super::proof;
use super::staged::{Desk, Made};
use crate::error::EngineError;

/// One row of the receiver's state that differs.
pub(super) struct Difference {
    /// The key's fields, joined by U+001F.
    pub(super) key: Vec<u8>,
    /// The key's bucket.
    pub(super) bucket: usize,
    /// The line before.
    pub(super) before: Option<RowDigest>,
    /// The line now.
    pub(super) after: Option<RowDigest>,
    /// The reason of move of the row as it is shown.
    pub(super) reason: ReasonCode,
}

/// What a receiver holds otherwise than its publications gave it: by resident, keys with their bucket and what is held
/// under them; `None` where nothing is.
#[derive(Default)]
pub(super) struct Otherwise {
    pub(super) by_resident: BTreeMap<AtenaNo, Vec<OtherRow>>,
}

/// One key under which something else is held.
pub(super) struct OtherRow {
    pub(super) key: Vec<u8>,
    pub(super) bucket: usize,
    pub(super) theirs: Option<RowDigest>,
}

/// A line of a resident, with the packed row it was rendered from.
#[derive(Clone)]
struct Line {
    key: Vec<u8>,
    bucket: usize,
    text: Vec<u8>,
    packed: Vec<u8>,
    reason: ReasonCode,
}

/// Writes the rows that differ and proves them against the state before.
pub(super) fn make(desk: &Desk<'_>) -> Result<Made, EngineError> {
    let feed = desk.maker.feed;
    let Some(base) = &desk.base else { return Err(EngineError::NoBase { feed: feed.id.clone() }) };
    if base.progress == Progress::Sealed {
        // Recovery could not finish it, so no receiver has what the diff would build on.
        return Err(EngineError::BaseLost { feed: feed.id.clone(), sequence: base.sequence });
    }
    let window = window_since(desk, base)?;
    let mut differences = Vec::new();
    let output = desk.write_lines(|sink| {
        let residents = residents_in(desk, window)?;
        let mut reader = PackedReader::new();
        for (n_done, atena_no) in residents.iter().enumerate() {
            desk.house.may_go_on()?;
            desk.house.witness.progress(feed.id.as_str(), n_done as u64, residents.len() as u64);
            for (shown, line, difference) in differences_of(desk, *atena_no, window)? {
                differences.push(difference);
                if sink.push(&reader.read(&line.packed)?, shown) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        }
        Ok(())
    })?;
    let mut state = base.state.clone();
    move_state(&mut state, &differences);
    let changes = count(&differences);
    proof::diff_leads_to_state(desk, &base.state, &differences, &output.written.files, &state)?;
    Ok(Made {
        window,
        files: output.written.files,
        report: output.written.report,
        changes: Some(changes),
        state_after: state,
        review: review_of(&differences),
    })
}

/// The commits since a publication, if a diff can tell what they changed.
pub(super) fn window_since(desk: &Desk<'_>, base: &PublicationRecord) -> Result<Window, EngineError> {
    let feed = desk.maker.feed;
    if base.layout_sha256 != feed.rendering_sha256() {
        return Err(EngineError::RenderingChanged { feed: feed.id.clone(), sequence: base.sequence });
    }
    let window = Window { after: base.window.through, through: desk.head };
    if desk.snapshot.load_commit()?.is_some_and(|load| load > window.after) {
        return Err(EngineError::LoadInWindow { feed: feed.id.clone(), sequence: base.sequence });
    }
    Ok(window)
}

/// Everything that differs in a window, without writing it.
pub(super) fn differences_in(desk: &Desk<'_>, window: Window) -> Result<Vec<Difference>, EngineError> {
    let mut all = Vec::new();
    for atena_no in residents_in(desk, window)? {
        all.extend(differences_of(desk, atena_no, window)?.into_iter().map(|(_, _, difference)| difference));
    }
    Ok(all)
}

/// The residents with a change in the window, and those of whom something else is held.
fn residents_in(desk: &Desk<'_>, window: Window) -> Result<Vec<AtenaNo>, EngineError> {
    let mut residents = desk.snapshot.changed_residents(window)?;
    if !desk.otherwise.by_resident.is_empty() {
        residents.extend(desk.otherwise.by_resident.keys());
        residents.sort_unstable();
        residents.dedup();
    }
    Ok(residents)
}

/// Takes a state from before to after.
pub(super) fn move_state(state: &mut FeedState, differences: &[Difference]) {
    for difference in differences {
        if let Some(before) = &difference.before {
            state.remove(difference.bucket, before);
        }
        if let Some(after) = &difference.after {
            state.add(difference.bucket, after);
        }
    }
}

/// The changes by reason of move.
pub(super) fn review_of(differences: &[Difference]) -> Review {
    let mut review = Review::default();
    for difference in differences {
        review.count(difference.reason, difference.before.is_some(), difference.after.is_some());
    }
    review
}

pub(super) fn count(differences: &[Difference]) -> ChangeCounts {
    let mut counts = ChangeCounts::default();
    for difference in differences {
        match (&difference.before, &difference.after) {
            (None, _) => counts.added += 1,
            (Some(_), Some(_)) => counts.changed += 1,
            (Some(_), None) => counts.removed += 1,
        }
    }
    counts
}

/// The lines of one resident that differ: new and changed ones in key order, then those that are gone.
///
/// A cancelled row is shown as it is now, without 最新フラグ and with the time of its cancellation: as it
/// was, a receiver would see two latest rows of the resident. A row that left the selection is shown as the
/// receiver had it: what it says now is not for them.
fn differences_of(
    desk: &Desk<'_>,
    atena_no: AtenaNo,
    window: Window,
) -> Result<Vec<(Shown, Line, Difference)>, EngineError> {
    let ResidentLines { shown: before, .. } = lines_at(desk, atena_no, window.after)?;
    let ResidentLines { shown: after, cancelled, others } = lines_at(desk, atena_no, window.through)?;
    let digest = |line: &Line| RowDigest::of(&line.text);
    let held = held_before(desk, atena_no, before);
    let keys_after: Vec<Vec<u8>> = after.iter().map(|line| line.key.clone()).collect();
    let mut found = Vec::new();
    for line in after {
        let old = held.iter().find(|old| old.key == line.key);
        if old.is_some_and(|old| old.is(&line)) {
            continue;
        }
        let difference = Difference {
            key: line.key.clone(),
            bucket: line.bucket,
            before: old.map(HeldLine::digest),
            after: Some(digest(&line)),
            reason: line.reason,
        };
        found.push((Shown::Present, line, difference));
    }
    for old in held.into_iter().filter(|old| !keys_after.contains(&old.key)) {
        let now = cancelled.iter().find(|line| line.key == old.key);
        let or_other = || others.iter().rfind(|line| line.key == old.key);
        let Some(line) = now.or(old.line.as_ref()).or_else(or_other).cloned() else {
            return Err(EngineError::SurplusUnknown { feed: desk.maker.feed.id.clone() });
        };
        let difference = Difference {
            key: old.key.clone(),
            bucket: old.bucket,
            before: Some(old.digest()),
            after: None,
            reason: line.reason,
        };
        found.push((Shown::Removed, line, difference));
    }
    Ok(found)
}

/// A row that a receiver holds: as it was given, or otherwise.
struct HeldLine {
    key: Vec<u8>,
    bucket: usize,
    /// What is held where it is not the line.
    theirs: Option<RowDigest>,
    line: Option<Line>,
}

impl HeldLine {
    fn is(&self, line: &Line) -> bool {
        match (&self.theirs, &self.line) {
            (Some(theirs), _) => *theirs == RowDigest::of(&line.text),
            (None, held) => held.as_ref().is_some_and(|held| held.text == line.text),
        }
    }

    fn digest(&self) -> RowDigest {
        let of_line =
            || RowDigest::of(self.line.as_ref().map(|line| line.text.as_slice()).unwrap_or_default());
        self.theirs.unwrap_or_else(of_line)
    }
}

/// The lines of a resident before, with what is held otherwise in their place.
fn held_before(desk: &Desk<'_>, atena_no: AtenaNo, before: Vec<Line>) -> Vec<HeldLine> {
    let mut held: Vec<HeldLine> = before
        .into_iter()
        .map(|line| HeldLine { key: line.key.clone(), bucket: line.bucket, theirs: None, line: Some(line) })
        .collect();
    for other in desk.otherwise.by_resident.get(&atena_no).into_iter().flatten() {
        let place = held.iter().position(|held| held.key == other.key);
        match (other.theirs, place.and_then(|place| held.get_mut(place))) {
            (theirs @ Some(_), Some(held)) => held.theirs = theirs,
            (theirs @ Some(_), None) => {
                held.push(HeldLine { key: other.key.clone(), bucket: other.bucket, theirs, line: None });
            }
            (None, _) => held.retain(|held| held.key != other.key),
        }
    }
    held
}

/// The lines of a resident right after a commit, in key order.
#[derive(Default)]
struct ResidentLines {
    /// Those a receiver had.
    shown: Vec<Line>,
    /// Those of cancelled rows.
    cancelled: Vec<Line>,
    /// Those a receiver never has; only where something is held that should not be.
    others: Vec<Line>,
}

/// Renders the rows of a resident as they were right after a commit.
fn lines_at(desk: &Desk<'_>, atena_no: AtenaNo, at: CommitNo) -> Result<ResidentLines, EngineError> {
    let projection = &desk.maker.projection;
    let with_others = desk.otherwise.by_resident.contains_key(&atena_no);
    let mut reader = PackedReader::new();
    let mut lines = ResidentLines::default();
    for packed in desk.snapshot.rows_of(atena_no, at, numbers_of(desk.maker.feed))? {
        let row = reader.read(&packed)?;
        let is_shown = projection.selects(&row);
        let is_cancelled = !is_shown && projection.is_cancelled(&row);
        if !is_shown && !is_cancelled && !with_others {
            continue;
        }
        let mut text = Vec::new();
        // A row that cannot be rendered is noted when it is pushed; here its absence of text is its line.
        let _ = projection.render(&row, Shown::Present, &mut text, &mut Vec::new());
        let key = projection.key(&row).join(&0x1f);
        let bucket = projection.bucket(&row);
        let list = match () {
            () if is_shown => &mut lines.shown,
            () if is_cancelled => &mut lines.cancelled,
            () => &mut lines.others,
        };
        let reason = ReasonCode::of(row.get(ItemNo::IDO_JIYU));
        list.push(Line { key, bucket, text, packed, reason });
    }
    Ok(lines)
}
