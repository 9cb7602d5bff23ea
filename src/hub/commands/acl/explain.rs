//! `renkei acl explain`.

use clap::Args;
use renkei_core::FolderPath;
use renkei_core::access::{AccountState, Right, Sight};
use serde_json::{Value, json};

use super::show::{bar_text, because, rule_value};
use crate::access::AccessDesk;
use crate::console::{Lang, TextTable};
use crate::{Exit, Failure, Session};

/// Say which line decides.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The account.
    account: String,
    /// The folder, below the root of the connection folders.
    folder: FolderPath,
}

impl Explain {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_reading(session)?;
        let account = desk.account(&self.account)?;
        let book = desk.rulebook()?;
        let sight = book.sight(&account, Some(&self.folder));
        let decisions = Right::ALL.map(|right| (right, book.decide(&account, Some(&self.folder), right)));
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            let rights = decisions.iter().map(|(right, decision)| {
                json!({
                    "right": right.as_str(), "allowed": decision.is_allowed,
                    "rule": decision.rule.map_or(Value::Null, rule_value),
                    "barred": decision.bar.map(|bar| bar_text(bar, Lang::En)),
                })
            });
            console.json(&json!({
                "account": account.id.as_str(), "system": account.system, "folder": self.folder.as_str(),
                "enabled": account.state == AccountState::Enabled,
                "sight": sight_word(sight), "rights": rights.collect::<Vec<_>>(),
            }));
            return Ok(Exit::Ok);
        }
        let mut table = TextTable::new([
            lang.pick("できること", "right"),
            lang.pick("可否", "allowed"),
            lang.pick("決めた行", "line that decides"),
            lang.pick("誰に", "who"),
            lang.pick("根拠", "because"),
        ]);
        for (right, decision) in decisions {
            let none = || lang.pick("どの行も当たらない", "no line is about this folder").to_owned();
            table.row([
                right.as_str().to_owned(),
                if decision.is_allowed { lang.pick("可", "yes") } else { lang.pick("不可", "no") }.to_owned(),
                decision.rule.map_or_else(none, |rule| format!("{}: {}", rule.folder, rule.rights)),
                decision.rule.map_or_else(String::new, |rule| rule.grantee.to_string()),
                match (decision.bar, decision.rule) {
                    (Some(bar), _) => bar_text(bar, lang),
                    (None, rule) => rule.map_or_else(String::new, |rule| because(rule, lang)),
                },
            ]);
        }
        console.table(&table);
        match sight {
            Sight::Listed => {}
            Sight::WayThrough => console.say(
                "このフォルダは、見えるフォルダへの途中としてだけ見えます。",
                "This folder is seen only as the way to folders that may be listed.",
            ),
            Sight::Hidden => console.say(
                "この接続者には、このフォルダはないように見えます。",
                "For this account there is no such folder.",
            ),
        }
        if account.state == AccountState::Disabled {
            console.say("この接続者は停止中で、入れません。", "The account is stopped: it is not let in.");
        }
        Ok(Exit::Ok)
    }
}

const fn sight_word(sight: Sight) -> &'static str {
    match sight {
        Sight::Listed => "listed",
        Sight::WayThrough => "way-through",
        Sight::Hidden => "hidden",
    }
}
