//! `renkei acl prove`.

use clap::Args;
use renkei_core::access::AccountId;
use serde_json::json;

use crate::access::{AccessDesk, Means, Proof, ProofDifference, Rules, Tried, TriedCertificate, prove};
use crate::clock::HubClock;
use crate::console::{Lang, TextTable};
use crate::{Exit, Failure, Session};

/// Really log in as every account and try everything.
#[derive(Debug, Args)]
pub(super) struct Prove {
    /// Only these accounts; all without.
    #[arg(value_name = "ACCOUNT")]
    accounts: Vec<String>,
}

impl Prove {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_reading(session)?;
        let accounts = if self.accounts.is_empty() {
            desk.snapshot()?.accounts()?
        } else {
            self.accounts.iter().map(|name| desk.account(name)).collect::<Result<_, _>>()?
        };
        let console = session.console();
        let lang = console.lang();
        if accounts.is_empty() {
            console.say(
                "接続者がいないので、確かめるものがありません。`renkei account add` で作ります。",
                "There is no account, so there is nothing to prove. `renkei account add` makes one.",
            );
        }
        let authorities = session.config()?.sftp.map(|sftp| sftp.authorities).unwrap_or_default();
        let declared = Rules { book: desk.rulebook()?, authorities };
        let proof = prove(&accounts, &declared, HubClock::system())?;
        if console.is_json() {
            console.json(&as_json(&proof));
        } else {
            show(session, &proof, lang);
        }
        Ok(if proof.differences.is_empty() { Exit::Ok } else { Exit::Issues })
    }
}

fn show(session: &Session, proof: &Proof, lang: Lang) {
    let console = session.console();
    if !proof.differences.is_empty() {
        let mut table = TextTable::new([
            lang.pick("接続者", "account"),
            lang.pick("接続元", "from"),
            lang.pick("したこと", "tried"),
            lang.pick("宣言", "declared"),
            lang.pick("実際", "found"),
        ]);
        let word =
            |is_allowed: bool| if is_allowed { lang.pick("可", "yes") } else { lang.pick("不可", "no") };
        for ProofDifference { account, address, what, is_declared } in &proof.differences {
            table.row([
                account.to_string(),
                address.to_string(),
                words(what, lang),
                word(*is_declared).to_owned(),
                word(!*is_declared).to_owned(),
            ]);
        }
        console.table(&table);
    }
    let Proof { n_accounts, n_folders, n_logins, n_logins_let_in, n_verbs, n_verbs_allowed, .. } = proof;
    let (n_addresses, n_differences) = (proof.addresses.len(), proof.differences.len());
    console.say(
        format_args!(
            "接続者 {n_accounts}、接続元の種類 {n_addresses}、フォルダ {n_folders}。ログイン {n_logins} 回（{n_logins_let_in} 回入れた）、操作 {n_verbs} 回（{n_verbs_allowed} 回できた）。宣言と違うもの {n_differences}。"
        ),
        format_args!(
            "{n_accounts} accounts, {n_addresses} kinds of addresses, {n_folders} folders; {n_logins} logins ({n_logins_let_in} let in), {n_verbs} operations ({n_verbs_allowed} allowed); {n_differences} not as declared."
        ),
    );
    if n_differences > 0 {
        console.say(
            "`renkei acl explain 接続者 フォルダ` で、どの行が決めるかを確かめてください。宣言が正しいなら、これはプログラムの誤りです。解決まで該当の接続者を `renkei account disable` で止めてください。",
            "See which line decides with `renkei acl explain ACCOUNT FOLDER`. Where what is declared is right, the program is wrong: stop the account with `renkei account disable` until that is mended.",
        );
    }
}

fn words(what: &Tried, lang: Lang) -> String {
    match what {
        Tried::LogIn(means) => format!("{}: {}", lang.pick("ログイン", "log in"), means_word(*means)),
        Tried::Verb { folder, right } => format!("{} {folder}", right.as_str()),
    }
}

fn means_word(means: Means) -> String {
    match means {
        Means::Key(place) => format!("key {}", place + 1),
        Means::OtherKey => "other-key".to_owned(),
        Means::Password => "password".to_owned(),
        Means::OtherPassword => "other-password".to_owned(),
        Means::Both => "key-and-password".to_owned(),
        Means::Certificate(tried) => certificate_words(tried),
        Means::CertificateAndPassword(tried) => format!("{} and-password", certificate_words(tried)),
    }
}

fn certificate_words(TriedCertificate { authority, sort }: TriedCertificate) -> String {
    match authority {
        Some(authority) => format!("certificate {} of {authority}", sort.word()),
        None => "certificate of-nobody-trusted".to_owned(),
    }
}

fn as_json(proof: &Proof) -> serde_json::Value {
    let difference = |one: &ProofDifference| {
        let account: &AccountId = &one.account;
        let (verb, folder) = match &one.what {
            Tried::LogIn(means) => (format!("log-in:{}", means_word(*means)), None),
            Tried::Verb { folder, right } => (right.as_str().to_owned(), Some(folder)),
        };
        json!({
            "account": account.as_str(), "address": one.address.to_string(), "tried": verb, "folder": folder,
            "declared": one.is_declared, "found": !one.is_declared,
        })
    };
    json!({
        "n_accounts": proof.n_accounts, "addresses": proof.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "n_folders": proof.n_folders, "n_logins": proof.n_logins, "n_logins_let_in": proof.n_logins_let_in,
        "n_operations": proof.n_verbs, "n_operations_allowed": proof.n_verbs_allowed,
        "differences": proof.differences.iter().map(difference).collect::<Vec<_>>(),
    })
}
