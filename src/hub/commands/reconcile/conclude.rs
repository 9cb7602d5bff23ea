//! What a comparison of rows came to: on record, told, and where asked for put right.

use renkei_core::BusinessId;
use renkei_core::feed::Feed;
use renkei_core::mend::{MendCost, MendObstacle};
use renkei_core::port::ReconciliationRecord;
use renkei_engine::reconcile::{MAX_DIVERGENT_ROWS, correct, cost_of_correction, note_comparison, record};
use renkei_engine::{Divergence, EngineError};
use serde_json::{Value, json};

use super::Reconcile;
use super::rows::{Found, RowCounts};
use crate::board::grouped;
use crate::console::bytes_text;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, issues};

impl Reconcile {
    pub(super) fn conclude(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
        found: &Found,
    ) -> Result<Exit, Failure> {
        let house = self.house(workplace);
        workplace.end_progress();
        let RowCounts { missing, surplus, different, duplicate } = found.counts;
        let n_issues = found.issues.as_ref().map_or(0, |issues| issues.n_errors as u64);
        let is_same = missing + surplus + different + duplicate + n_issues == 0;
        let count = |n_rows: i64| u64::try_from(n_rows).unwrap_or(0);
        if let Some(receiver) = &self.receiver {
            record(
                house,
                &ReconciliationRecord {
                    feed: feed.id.clone(),
                    receiver: receiver.clone(),
                    sequence: found.given.sequence,
                    n_rows_here: count(found.given.state.n_rows()),
                    n_rows_there: found.n_rows_there,
                    n_buckets: u16::try_from(found.n_buckets).unwrap_or(256),
                    is_same,
                    source: found.source,
                    at: house.clock.now(),
                },
            )?;
        } else {
            note_comparison(house, feed, found.given.sequence, missing + surplus + different)?;
        }
        let theirs = found.theirs.as_ref().filter(|_| !is_same);
        let cost = theirs.map(|theirs| cost_of_correction(house, feed, theirs)).transpose()?;
        let console = session.console();
        if !console.is_json() {
            self.tell(session, feed, found, is_same, cost.as_ref());
        }
        let mut published = Value::Null;
        if self.correct && !is_same {
            published = self.publish(session, workplace, feed, found, cost.as_ref())?;
        }
        if console.is_json() {
            let (cost, obstacles) = cost.unzip();
            console.json(&json!({
                "feed": feed.id, "receiver": self.receiver, "sequence": found.given.sequence, "same": is_same,
                "rows_here": count(found.given.state.n_rows()), "rows_there": found.n_rows_there,
                "missing": missing, "surplus": surplus, "different": different,
                "duplicate": duplicate, "columns": found.by_column, "report": found.report,
                "correction": cost, "obstacles": obstacles, "published": published, "issues": found.issues,
            }));
        }
        Ok(if is_same || !published.is_null() { Exit::Ok } else { Exit::Issues })
    }

    fn publish(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
        found: &Found,
        cost: Option<&(MendCost, Vec<MendObstacle>)>,
    ) -> Result<Value, Failure> {
        let (Some(receiver), Some(reason)) = (&self.receiver, &self.reason) else { return Ok(Value::Null) };
        let obstacles = cost.map(|(_, obstacles)| obstacles.as_slice()).unwrap_or_default();
        let theirs: Option<&Divergence> = found.theirs.as_ref();
        let Some(theirs) = theirs.filter(|_| obstacles.is_empty()) else {
            let mut whys: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            if found.is_too_different {
                whys.push(format!("more than {MAX_DIVERGENT_ROWS} rows differ: a full is the way"));
            } else if whys.is_empty() {
                whys.push("the file is not in the feed's layout, or has lines that are no rows".to_owned());
            }
            let (feed, receiver) = (feed.id.clone(), receiver.clone());
            return Err(EngineError::MendRefused { feed, receiver, whys }.into());
        };
        let made = correct(self.house(workplace), feed, receiver, theirs, reason)?;
        workplace.end_progress();
        let (folder, name, n_rows) = (&made.folder, &made.notice_name, made.notice.n_rows);
        session.console().say(
            format_args!("受け手のフォルダに置きました: {folder}/{name}（{} 行）", grouped(n_rows)),
            format_args!("Put into the receiver's mailbox: {folder}/{name} ({} rows)", grouped(n_rows)),
        );
        Ok(json!({ "folder": folder.as_str(), "notice": name, "rows": n_rows }))
    }

    fn tell(
        &self,
        session: &Session,
        feed: &Feed,
        found: &Found,
        is_same: bool,
        cost: Option<&(MendCost, Vec<MendObstacle>)>,
    ) {
        let (console, lang) = (session.console(), session.console().lang());
        let sequence = found.given.sequence;
        let who = self.receiver.as_ref().map_or("", BusinessId::as_str);
        let verdict =
            if is_same { lang.pick("一致", "the same") } else { lang.pick("不一致", "DIFFERENT") };
        console.data(format_args!("{} {who} {sequence}: {verdict}", feed.id));
        let RowCounts { missing, surplus, different, duplicate } = found.counts;
        console.say(
            format_args!("足りない行 {missing}、余計な行 {surplus}、違う行 {different}、重複 {duplicate}"),
            format_args!(
                "missing {missing}, surplus {surplus}, different {different}, duplicate {duplicate}"
            ),
        );
        for (column, n) in &found.by_column {
            console.data(format_args!("  {column}: {n}"));
        }
        if let Some(report) = &found.report {
            console.say(
                format_args!("行ごとの内容（本人だけが読める）: {}", report.display()),
                format_args!("Row by row, for its owner only: {}", report.display()),
            );
        }
        if let Some((cost, obstacles)) = cost {
            let (rows, bytes) = (grouped(cost.n_rows), bytes_text(cost.n_bytes));
            if obstacles.is_empty() {
                console.say(
                    format_args!("正す差分: {rows} 行、約 {bytes}（--correct --receiver --reason で配信）"),
                    format_args!(
                        "The diff that puts it right: {rows} rows, about {bytes} (--correct publishes it)"
                    ),
                );
            } else {
                let whys: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
                console.say(
                    format_args!("差分では正せません: {}", whys.join("; ")),
                    format_args!("No diff puts it right: {}", whys.join("; ")),
                );
            }
        }
        if let Some(list) = &found.issues {
            issues::print(console, list);
        }
    }
}
