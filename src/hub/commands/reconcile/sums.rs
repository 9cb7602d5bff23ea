//! A receiver's sums from a file.

use std::io::Read as _;
use std::path::Path;

use renkei_core::Digest;
use renkei_core::feed::Feed;
use renkei_core::hash::sha256;
use renkei_core::port::ReconciliationRecord;
use renkei_core::receive::{Holding, HoldingError, MAX_HOLDING_BYTES};
use renkei_engine::reconcile::{compare_sums, record};
use renkei_engine::{EngineError, MAX_LISTED};
use serde_json::json;

use super::super::input_file;
use super::Reconcile;
use crate::board::grouped;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

impl Reconcile {
    pub(super) fn sums(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
        path: &Path,
    ) -> Result<Exit, Failure> {
        let mut bytes = Vec::new();
        let most = MAX_HOLDING_BYTES as u64 + 1;
        let read = input_file::open(path)?.take(most).read_to_end(&mut bytes);
        read.map_err(|source| EngineError::Input { file: input_file::label(path), source })?;
        let holding = Holding::parse(&bytes)?;
        let house = self.house(workplace);
        // Without a name nothing goes on record, so whose it is does not matter.
        let receiver = self.receiver.clone().or_else(|| feed.receiver_ids().next().cloned());
        let Some(receiver) = receiver else {
            return Err(HoldingError { what: "the feed has no receivers" }.into());
        };
        let (found, buckets) = compare_sums(house, feed, &receiver, &holding, Digest(sha256(&bytes)))?;
        if self.receiver.is_some() {
            record(house, &found)?;
        }
        let n_behind = workplace
            .snapshot()?
            .publications(Some(&feed.id), None)?
            .iter()
            .filter(|later| later.sequence > holding.sequence && later.kind.moves_state())
            .count();
        let console = session.console();
        if console.is_json() {
            console.json(&json!({
                "feed": feed.id, "intake": holding.intake, "sequence": holding.sequence,
                "business_date": holding.business_date, "same": found.is_same, "rows_here": found.n_rows_here,
                "rows_there": holding.n_rows, "buckets": buckets, "behind": n_behind,
            }));
        } else {
            tell_sums(session, &found, holding.intake.as_str(), &buckets);
            console.say(
                format_args!("未取込の配信 {n_behind}。"),
                format_args!("Publications not taken in: {n_behind}."),
            );
        }
        Ok(if found.is_same { Exit::Ok } else { Exit::Issues })
    }
}

/// Prints what sums came to.
pub(super) fn tell_sums(session: &Session, found: &ReconciliationRecord, who: &str, buckets: &[usize]) {
    let (console, lang) = (session.console(), session.console().lang());
    let sequence = found.sequence;
    let verdict =
        if found.is_same { lang.pick("一致", "the same") } else { lang.pick("不一致", "DIFFERENT") };
    console.data(format_args!("{}: {who} {sequence}: {verdict}", found.feed));
    let (here, there, n_buckets) = (grouped(found.n_rows_here), grouped(found.n_rows_there), buckets.len());
    console.say(
        format_args!("こちら {here} 行、相手 {there} 行。異なる区画 {n_buckets}／256。"),
        format_args!("Rows here {here}, there {there}; {n_buckets} of 256 buckets differ."),
    );
    if !found.is_same {
        let list: Vec<String> = buckets.iter().take(MAX_LISTED).map(ToString::to_string).collect();
        let list = if n_buckets > 64 { "all".to_owned() } else { list.join(",") };
        console.say(
            format_args!("受け手で: renkei receive --intake 取込 --state --buckets {list}"),
            format_args!("At the receiver: renkei receive --intake INTAKE --state --buckets {list}"),
        );
    }
}
