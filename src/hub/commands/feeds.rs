//! `renkei feeds`.

use clap::Args;
use renkei_core::notice::Notice;
use serde_json::json;

use crate::board::grouped;
use crate::console::TextTable;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Show each feed: who gets it, what was published last, and how far it is behind.
#[derive(Debug, Args)]
pub(crate) struct Feeds {}

impl Feeds {
    #[expect(clippy::unused_self, reason = "every command has the same shape")]
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let snapshot = workplace.snapshot()?;
        let head = snapshot.head()?;
        let (console, lang) = (session.console(), session.console().lang());
        let mut table = TextTable::new([
            lang.pick("配信系列", "feed"),
            lang.pick("版数", "version"),
            lang.pick("文字", "encoding"),
            lang.pick("受け手", "receivers"),
            lang.pick(">連番", ">sequence"),
            lang.pick("業務日", "business date"),
            lang.pick(">保持行数", ">rows held"),
            lang.pick(">未配信の確定", ">commits behind"),
        ]);
        let mut values = Vec::new();
        for declared in &workplace.config.feeds {
            let feed = &declared.feed;
            let last = snapshot.feed_head(&feed.id)?;
            let notice = last.as_ref().and_then(|last| Notice::parse(last.notice.as_bytes()).ok());
            let n_behind = head.0 - last.as_ref().map_or(0, |last| last.window.through.0);
            let receivers: Vec<&str> = feed.receiver_ids().map(renkei_core::BusinessId::as_str).collect();
            values.push(json!({
                "feed": feed.id, "layout": declared.layout_id, "version": feed.layout.version,
                "encoding": feed.file.encoding.as_str(), "receivers": receivers,
                "sequence": last.as_ref().map(|last| last.sequence),
                "business_date": last.as_ref().map(|last| last.business_date.to_string()),
                "state": notice.as_ref().and_then(|notice| notice.state_after),
                "commits_behind": n_behind, "folder": feed.folder.as_str(),
            }));
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            table.row([
                feed.id.to_string(),
                feed.layout.version.to_string(),
                feed.file.encoding.as_str().to_owned(),
                receivers.join(" "),
                or_dash(last.as_ref().map(|last| last.sequence.to_string())),
                or_dash(last.as_ref().map(|last| last.business_date.to_string())),
                or_dash(notice.and_then(|notice| notice.state_after).map(|state| grouped(state.n_rows))),
                grouped(n_behind),
            ]);
        }
        if console.is_json() {
            console.json(&values);
        } else {
            console.table(&table);
        }
        Ok(Exit::Ok)
    }
}
