//! The ledger's board: where every receiver of every feed stands.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use renkei_core::ledger::{LedgerEvent, ReceiverWindow, Standing};
use renkei_core::mend::MendRule;
use renkei_core::port::{ReconciliationRecord, Snapshot, StoreError};
use renkei_core::receive::ReasonCode;
use renkei_core::{BusinessId, FeedId, Moment};
use serde_json::{Value, json};

use crate::config::Config;
use crate::console::Lang;

/// One receiver of one feed.
#[derive(Debug, Clone)]
pub(crate) struct LedgerLine {
    pub(crate) feed: FeedId,
    pub(crate) receiver: BusinessId,
    pub(crate) window: ReceiverWindow,
    /// True when the day is within its window.
    pub(crate) is_within: bool,
    pub(crate) standing: Standing,
    /// What comparing with what it says it holds came to last.
    pub(crate) compared: Option<ReconciliationRecord>,
    /// When both were last proven the same.
    pub(crate) proven_equal: Option<ReconciliationRecord>,
    /// What is done by itself when it lacks or refused something.
    pub(crate) mend: MendRule,
    /// True when it answers of any feed: only of such a one can be told that it is behind.
    pub(crate) is_heard: bool,
    behind_after: TimeDelta,
}

impl LedgerLine {
    /// Since when it is behind, if that is longer than it may be.
    pub(crate) fn late_since(&self, now: Moment) -> Option<Moment> {
        let since = self.standing.behind_since.filter(|_| self.is_heard)?;
        (now.since(since) >= self.behind_after).then_some(since)
    }

    /// For programs.
    pub(crate) fn as_json(&self, now: Moment, lang: Lang) -> Value {
        let standing = &self.standing;
        let event = |event: &Option<LedgerEvent>| event.as_ref().map(|event| event_as_json(event, lang));
        json!({
            "feed": self.feed, "receiver": self.receiver, "from": self.window.from, "until": self.window.until,
            "within": self.is_within, "published": standing.published, "acknowledged": standing.acknowledged,
            "holds": standing.holds, "behind": standing.n_behind, "first_open": standing.first_open,
            "behind_since": standing.behind_since.map(|since| since.to_string()),
            "late": self.late_since(now).is_some(), "answers": standing.answers,
            "state_equal": standing.is_state_equal, "last": event(&standing.last),
            "refusal": event(&standing.refusal), "waiting": event(&standing.waiting),
            "compared": self.compared.as_ref().map(compared_as_json),
            "proven_equal": self.proven_equal.as_ref().map(compared_as_json), "mend": self.mend,
        })
    }
}

/// All declared receivers, feed by feed.
pub(crate) fn lines(
    snapshot: &dyn Snapshot,
    config: &Config,
    today: NaiveDate,
) -> Result<Vec<LedgerLine>, StoreError> {
    let mut lines = Vec::new();
    for declared in &config.feeds {
        for receiver in &declared.feed.receivers {
            let (feed, window) = (&declared.feed.id, receiver.window);
            lines.push(LedgerLine {
                feed: feed.clone(),
                receiver: receiver.system.clone(),
                window,
                is_within: window.has(today),
                standing: snapshot.receiver_standing(feed, &receiver.system, &window, today)?,
                compared: snapshot.last_reconciliation(feed, &receiver.system, false)?,
                proven_equal: snapshot.last_reconciliation(feed, &receiver.system, true)?,
                mend: receiver.mend,
                is_heard: false,
                behind_after: declared.behind_after.unwrap_or(config.ledger.behind_after),
            });
        }
    }
    let heard: BTreeSet<BusinessId> =
        lines.iter().filter(|line| line.standing.answers).map(|line| line.receiver.clone()).collect();
    for line in &mut lines {
        line.is_heard = heard.contains(&line.receiver);
    }
    Ok(lines)
}

/// A comparison for programs.
fn compared_as_json(record: &ReconciliationRecord) -> Value {
    json!({
        "sequence": record.sequence, "same": record.is_same, "buckets": record.n_buckets,
        "rows_here": record.n_rows_here, "rows_there": record.n_rows_there, "at": record.at.to_string(),
    })
}

/// An event for programs.
pub(crate) fn event_as_json(event: &LedgerEvent, lang: Lang) -> Value {
    let reasons: Vec<Value> = event
        .reasons
        .iter()
        .map(|word| json!({ "code": word, "text": reason_word_text(word, lang) }))
        .collect();
    json!({
        "feed": event.feed, "sequence": event.sequence, "receiver": event.receiver,
        "event": event.kind.as_str(), "at": event.at.to_string(), "source": event.source, "reasons": reasons,
        "holds": event.holds, "state": event.state, "recorded_at": event.recorded_at.to_string(),
    })
}

/// What a word of the ledger's reasons means and what to do.
pub(crate) fn reason_word_text(word: &str, lang: Lang) -> &'static str {
    match (ReasonCode::parse(word), word) {
        (Some(code), _) => lang.pick(code.text_ja(), code.text_en()),
        (None, "gap") => lang.pick("前の連番がまだ届いていません。", "Sets before it are missing."),
        (None, "passed") => {
            lang.pick("この受け手の取り込むものではありません。", "It is not this receiver's to take.")
        }
        (None, "not-as-published") => lang.pick(
            "受け手が見たものは、配信したものと違いました。",
            "What the receiver found is not what was published.",
        ),
        _ => lang.pick("この版では分からない理由です。", "A reason unknown to this program."),
    }
}
