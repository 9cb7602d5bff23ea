//! `renkei acl show`.

use clap::Args;
use renkei_core::FolderPath;
use renkei_core::access::{Bar, BarCause, Grantee, Origin, Rule};
use serde_json::{Value, json};

use crate::access::AccessDesk;
use crate::console::{Lang, TextTable};
use crate::{Exit, Failure, Session};

/// List the rules.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Only those about this account: its own and its system's.
    #[arg(long)]
    account: Option<String>,
    /// Only those for this folder, and for folders above and below it.
    #[arg(long)]
    folder: Option<FolderPath>,
}

impl Show {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_reading(session)?;
        let book = desk.rulebook()?;
        let account = self.account.as_deref().map(|name| desk.account(name)).transpose()?;
        let rules: Vec<&Rule> = match &account {
            Some(account) => book.rules_of(account).collect(),
            None => book.rules().iter().collect(),
        };
        let is_near = |rule: &&&Rule| {
            self.folder.as_ref().is_none_or(|folder| {
                folder.is_at_or_below(&rule.folder) || rule.folder.is_at_or_below(folder)
            })
        };
        let accounts = desk.snapshot()?.accounts()?;
        let cut_by = |rule: &Rule| {
            let system = match &rule.grantee {
                Grantee::System(system) => Some(system),
                Grantee::Account(id) => {
                    accounts.iter().find(|account| account.id == *id).map(|account| &account.system)
                }
            };
            book.bars().iter().find(|bar| {
                rule.origin.is_granted()
                    && system.is_some_and(|system| bar.cuts(system, &rule.folder, rule.rights))
            })
        };
        let mut rules: Vec<&Rule> = rules.iter().filter(is_near).copied().collect();
        rules.sort_by(|left, right| left.folder.cmp(&right.folder));
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            let value = |rule: &&Rule| {
                let mut value = rule_value(rule);
                if let Some(members) = value.as_object_mut() {
                    let barred = json!(cut_by(rule).map(|bar| bar_text(bar, Lang::En)));
                    members.insert("barred".to_owned(), barred);
                }
                value
            };
            console.json(&rules.iter().map(value).collect::<Vec<_>>());
            return Ok(Exit::Ok);
        }
        let mut table = TextTable::new([
            lang.pick("フォルダ", "folder"),
            lang.pick("誰に", "who"),
            lang.pick("できること", "rights"),
            lang.pick("根拠", "because"),
        ]);
        for rule in &rules {
            table.row([
                rule.folder.to_string(),
                rule.grantee.to_string(),
                rule.rights.to_string(),
                because(rule, lang),
            ]);
        }
        console.table(&table);
        for (rule, bar) in rules.iter().filter_map(|rule| Some((rule, cut_by(rule)?))) {
            let (because, why) = (because(rule, lang), bar_text(bar, lang));
            console.say(
                format_args!("{because} は、すべては効きません: {why}"),
                format_args!("{because} does not hold in full. {why}"),
            );
        }
        Ok(Exit::Ok)
    }
}

/// Why a right does not hold that a rule gives.
pub(super) fn bar_text(bar: &Bar, lang: Lang) -> String {
    match (&bar.cause, lang) {
        (BarCause::HubAlone(of), Lang::Ja) => format!("{of} のフォルダに書くのはハブだけ"),
        (BarCause::HubAlone(of), Lang::En) => format!("barred: only the hub writes into the folder of {of}"),
        (BarCause::IndividualNumber(of), Lang::Ja) => format!("{of} の個人番号は番号利用事務だけ"),
        (BarCause::IndividualNumber(of), Lang::En) => {
            format!("barred: the individual numbers of {of} are for lawful systems only")
        }
    }
}

/// Where a rule comes from, for people.
pub(super) fn because(rule: &Rule, lang: Lang) -> String {
    match &rule.origin {
        Origin::Granted { grant_no, at, by, reason } => {
            let word = lang.pick("付与", "grant");
            format!("{word} {grant_no} ({by} {}: {reason})", at.date_text())
        }
        declared if lang == Lang::En => declared.to_string(),
        Origin::Receiver(feed) => format!("{feed} の受け手"),
        Origin::Sender(intake) => format!("{intake} の提供元"),
        Origin::Answers => "ハブの回答".to_owned(),
        Origin::Receipts => "取込結果".to_owned(),
        Origin::Checks => "適合確認".to_owned(),
        Origin::Mends => "直しの配信".to_owned(),
    }
}

/// A rule as JSON.
pub(super) fn rule_value(rule: &Rule) -> Value {
    let rights: Vec<&str> = rule.rights.iter().map(renkei_core::access::Right::as_str).collect();
    let granted = match &rule.origin {
        Origin::Granted { grant_no, at, by, reason } => {
            json!({ "grant": grant_no, "at": at.to_string(), "by": by, "reason": reason })
        }
        _ => Value::Null,
    };
    json!({
        "folder": rule.folder.as_str(), "grantee": rule.grantee.to_string(), "rights": rights,
        "because": rule.origin.to_string(), "granted": granted,
    })
}
