//! `renkei account list`.

use clap::Args;
use renkei_core::access::{Account, AccountKey, AccountState, SourceNetwork};
use serde_json::{Value, json};

use crate::access::AccessDesk;
use crate::console::{Lang, TextTable};
use crate::{Exit, Failure, Session};

/// List accounts, or show one.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only this one, with its keys and addresses.
    account: Option<String>,
}

impl List {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_reading(session)?;
        let accounts = match &self.account {
            Some(name) => vec![desk.account(name)?],
            None => desk.snapshot()?.accounts()?,
        };
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            console.json(&accounts.iter().map(value).collect::<Vec<_>>());
            return Ok(Exit::Ok);
        }
        let mut table = TextTable::new([
            lang.pick("接続者", "account"),
            lang.pick("システム", "system"),
            lang.pick("状態", "state"),
            lang.pick("認証", "login"),
            lang.pick(">鍵", ">keys"),
            lang.pick("パスワード", "password"),
            lang.pick("接続元", "addresses"),
        ]);
        for account in &accounts {
            table.row([
                account.id.to_string(),
                account.system.to_string(),
                state_word(account.state, lang).to_owned(),
                account.rule.as_str().to_owned(),
                account.keys.len().to_string(),
                lang.pick(
                    if account.password_hash.is_some() { "あり" } else { "なし" },
                    if account.password_hash.is_some() { "set" } else { "none" },
                )
                .to_owned(),
                networks(&account.addresses, "-"),
            ]);
        }
        console.table(&table);
        if self.account.is_some() {
            for account in &accounts {
                console.table(&keys(account, lang));
            }
        }
        Ok(Exit::Ok)
    }
}

fn keys(account: &Account, lang: Lang) -> TextTable {
    let mut table = TextTable::new([
        lang.pick("鍵", "key"),
        lang.pick("指紋", "fingerprint"),
        lang.pick("使える所", "from"),
        lang.pick("使える日まで", "until"),
        lang.pick("注記", "comment"),
    ]);
    for key in &account.keys {
        table.row([
            key.key.algorithm.as_str().to_owned(),
            key.key.fingerprint().to_string(),
            networks(&key.from, lang.pick("どこでも", "anywhere")),
            key.until.map_or_else(|| "-".to_owned(), renkei_core::Moment::date_text),
            key.comment.clone(),
        ]);
    }
    table
}

fn networks(networks: &[SourceNetwork], none: &str) -> String {
    if networks.is_empty() {
        return none.to_owned();
    }
    networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

const fn state_word(state: AccountState, lang: Lang) -> &'static str {
    match state {
        AccountState::Enabled => lang.pick("有効", "enabled"),
        AccountState::Disabled => lang.pick("停止", "disabled"),
    }
}

/// Without the password's hash: nobody needs it, and somebody could try passwords on it.
fn value(account: &Account) -> Value {
    let text = |networks: &[SourceNetwork]| networks.iter().map(ToString::to_string).collect::<Vec<_>>();
    let key = |key: &AccountKey| {
        json!({
            "algorithm": key.key.algorithm.as_str(), "fingerprint": key.key.fingerprint().to_string(),
            "comment": key.comment, "from": text(&key.from), "until": key.until.map(|until| until.to_string()),
        })
    };
    json!({
        "account": account.id.as_str(), "system": account.system,
        "state": state_word(account.state, Lang::En), "login": account.rule.as_str(),
        "has_password": account.password_hash.is_some(), "addresses": text(&account.addresses),
        "keys": account.keys.iter().map(key).collect::<Vec<_>>(),
    })
}
