//! A receiver's full from a file.

use std::path::Path;

use renkei_core::Sequence;
use renkei_core::feed::Feed;
use renkei_core::port::PublicationRecord;
use renkei_core::projection::column_name;
use renkei_engine::EngineError;
use renkei_engine::reconcile::{FileFound, compare_file, given};
use serde_json::json;

use super::Reconcile;
use super::rows::{Found, RowCounts};
use crate::conform::KnownLayouts;
use crate::difference_report::DifferenceReport;
use crate::given_full::GivenFull;
use crate::reconcile::{ReportOf, report_path};
use crate::workplace::Workplace;
use crate::{Failure, Session};

impl Reconcile {
    pub(super) fn whole(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
        path: &Path,
    ) -> Result<Found, Failure> {
        let layouts = KnownLayouts::of_session(session)?;
        let full = GivenFull::open(path, &layouts)?;
        let named = self.layout.as_ref().or(full.layout.as_ref());
        let layout = match named {
            Some(id) => layouts.get(id)?,
            None => full.layout_of_header(path, &layouts)?,
        };
        if !layout.is_for_feeds() || layout.holds_individual_number && !feed.layout.holds_individual_number {
            let problem = "is in a layout that the feed's rows cannot be shown in";
            return Err(crate::given_full::header_failure(path, problem));
        }
        let given = self.given_of_full(workplace, feed)?;
        let house = self.house(workplace);
        let receiver = self.receiver.as_ref();
        let source = full.sha256(path)?;
        let of = ReportOf { feed: &feed.id, receiver, sequence: given.sequence, source };
        let report_at = report_path(&workplace.config, &of)?;
        let mut report = DifferenceReport::create(&report_at, layout)?;
        let open = |file: usize| full.read(file);
        let side = full.side(&open, layout);
        let FileFound { counts, theirs, is_too_different } =
            compare_file(house, feed, &given, layout, side, &mut |difference| report.take(difference))?;
        report.finish()?;
        let n_differ = counts.n_missing + counts.n_surplus + counts.n_different;
        if n_differ == 0 {
            let removed = std::fs::remove_file(&report_at);
            removed.map_err(|source| crate::HubError::Write { path: report_at.clone(), source })?;
        }
        let by_column = counts.n_by_column.iter().enumerate().filter(|(_, n)| **n > 0);
        let by_column = by_column.map(|(at, n)| (column_name(layout, at).to_owned(), json!(n))).collect();
        Ok(Found {
            n_rows_there: counts.n_rows_b,
            n_buckets: theirs.as_ref().map_or(0, |theirs| given.state.differing_buckets(&theirs.state).len()),
            given,
            counts: RowCounts {
                missing: counts.n_missing,
                surplus: counts.n_surplus,
                different: counts.n_different,
                duplicate: counts.n_duplicate,
            },
            by_column,
            report: (n_differ > 0).then_some(report_at),
            theirs,
            source,
            is_too_different,
            issues: Some(counts.issues),
        })
    }

    /// The publication that a receiver's full is compared with.
    fn given_of_full(&self, workplace: &Workplace<'_>, feed: &Feed) -> Result<PublicationRecord, Failure> {
        let snapshot = workplace.snapshot()?;
        let published = snapshot.published_sets(&feed.id)?;
        let moving = || published.iter().filter(|set| set.kind.moves_state());
        let last = moving().next_back().map(|set| set.sequence);
        let sequence = if let Some(text) = &self.as_of {
            match (text.parse::<u32>(), text.parse::<chrono::NaiveDate>()) {
                (Ok(sequence), _) => Some(Sequence(sequence)),
                (_, Ok(day)) => moving().rfind(|set| set.business_date <= day).map(|set| set.sequence),
                _ => None,
            }
        } else {
            let standing = self.receiver.as_ref().map(|receiver| {
                let always = renkei_core::ledger::ReceiverWindow::ALWAYS;
                let today = renkei_engine::Clock::now(workplace.clock()).date();
                snapshot.receiver_standing(&feed.id, receiver, &always, today)
            });
            standing.transpose()?.and_then(|standing| standing.holds).or(last)
        };
        let sequence = sequence.or(last).filter(|_| self.as_of.is_none() || sequence.is_some());
        let unknown = || EngineError::NoBase { feed: feed.id.clone() };
        Ok(given(snapshot.as_ref(), feed, sequence.ok_or_else(unknown)?)?)
    }
}
