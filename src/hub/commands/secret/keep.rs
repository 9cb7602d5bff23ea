//! What is done with secrets that are there: listing them, encrypting them, giving them another key.

use std::path::Path;
use std::time::UNIX_EPOCH;

use renkei_core::Fault as _;
use renkei_engine::Clock as _;
use renkei_secret::{Kept, Told};
use serde_json::{Value, json};

use super::Drawer;
use crate::clock::HubClock;
use crate::console::{Lang, TextTable};
use crate::progress::stop_if_asked;
use crate::{Exit, Failure, HubError};

pub(super) fn list(drawer: &Drawer<'_>) -> Result<Exit, Failure> {
    let (console, lang) = (drawer.session.console(), drawer.session.console().lang());
    let kept = drawer.keeper.list()?;
    if console.is_json() {
        console.json(&kept.iter().map(|one| value(drawer, one)).collect::<Vec<_>>());
        return Ok(Exit::Ok);
    }
    let heads = [
        ("ファイル", "file"),
        ("権限", "mode"),
        ("暗号化", "encrypted"),
        (">日数", ">days"),
        ("使う所", "for"),
    ];
    let mut table = TextTable::new(heads.map(|(ja, en)| lang.pick(ja, en)));
    for one in &kept {
        let encrypted = match &one.told {
            Told::Plain => lang.pick("いいえ", "no").to_owned(),
            Told::Encrypted(key) => match lang {
                Lang::Ja => format!("はい（鍵 {key}）"),
                Lang::En => format!("yes (key {key})"),
            },
            Told::Unusable(error) => format!("? [{}]", error.code()),
        };
        let age = n_days(one).map_or_else(String::new, |days| days.to_string());
        let name = shown(drawer, one);
        table.row([name, format!("{:03o}", one.mode), encrypted, age, needed_by(drawer, one).join(", ")]);
    }
    console.table(&table);
    Ok(Exit::Ok)
}

/// Encrypts each of them, or says that it is already.
pub(super) fn encrypt(drawer: &Drawer<'_>, names: &[String], reason: &str) -> Result<Exit, Failure> {
    let console = drawer.session.console();
    // Only what some part of the hub reads by way of its key may be encrypted where it stands.
    let declared: Vec<_> = drawer.config.iter().flat_map(crate::config::Config::secrets).collect();
    let is_declared = |name: &str| declared.iter().any(|(_, one)| one.path() == Some(Path::new(name)));
    if let Some(name) = names.iter().find(|name| name.starts_with('/') && !is_declared(name)) {
        return Err(HubError::NoSecretThere { path: name.into() }.into());
    }
    for name in names {
        // A whole path stays what it is.
        let work = || Ok(drawer.keeper.encrypt(name)?);
        let after = |is_new: &bool| if *is_new { "encrypted" } else { "was encrypted already" }.to_owned();
        let action = format!("secret encrypt {name}");
        let is_new = drawer.change(&action, reason, "is to be encrypted", work, after)?;
        if console.is_json() {
            console.json(&json!({ "file": name, "changed": is_new, "on_record": drawer.is_on_record() }));
        } else if is_new {
            console.say(format_args!("{name} を暗号化しました。"), format_args!("Encrypted {name}."));
        } else {
            console.say(
                format_args!("{name} は既に暗号化されています。"),
                format_args!("{name} is encrypted already."),
            );
        }
    }
    drawer.tell_if_off_record();
    Ok(Exit::Ok)
}

pub(super) fn rekey(drawer: &Drawer<'_>, reason: &str) -> Result<Exit, Failure> {
    // What is declared elsewhere must be given the new key too.
    if !drawer.is_on_record() && drawer.folder.with_file_name(crate::config::HUB_FILE).exists() {
        drawer.session.config()?;
    }
    let work = || Ok(drawer.keeper.rekey(&stop_if_asked)?);
    let done = drawer.change("secret rekey", reason, "another key is to be given", work, |done| {
        let how = if done.was_begun { "finished what was cut off" } else { "given" };
        format!("{how}: key {}, {} files", done.key, done.n_files)
    })?;
    let (console, key, n_files) = (drawer.session.console(), done.key.to_string(), done.n_files);
    if console.is_json() {
        console.json(&json!({
            "key": key, "n_files": n_files, "finished_earlier": done.was_begun, "on_record": drawer.is_on_record(),
        }));
        return Ok(Exit::Ok);
    }
    if done.was_begun {
        console.say(
            format_args!("途中だった鍵の交換を終えました（鍵 {key}、残り {n_files} 件）。新しい鍵がもう一度要るなら、もう一度実行してください。"),
            format_args!("Finished the change of keys that was cut off: key {key}, {n_files} files. Run it again for yet another key."),
        );
    } else {
        console.say(
            format_args!(
                "鍵を新しくしました（鍵 {key}、{n_files} 件）。鍵ファイルの控えも取り直してください。"
            ),
            format_args!("Gave {n_files} files the new key {key}. Keep a copy of the key file anew."),
        );
    }
    drawer.tell_if_off_record();
    Ok(Exit::Ok)
}

pub(super) fn make_key(drawer: &Drawer<'_>, reason: &str) -> Result<Exit, Failure> {
    let work = || Ok(drawer.keeper.make_key()?);
    let key =
        drawer.change("secret key make", reason, "is to be made", work, |key| format!("made: key {key}"))?;
    let console = drawer.session.console();
    if console.is_json() {
        console.json(&json!({ "key": key.to_string(), "on_record": drawer.is_on_record() }));
        return Ok(Exit::Ok);
    }
    console.say(
        format_args!(
            "鍵 {key} を作りました。ハブのフォルダの控えとは別の所に、鍵ファイルの控えを保管してください。"
        ),
        format_args!("Made key {key}. Keep a copy of its file, apart from the copies of the hub's folder."),
    );
    drawer.tell_if_off_record();
    Ok(Exit::Ok)
}

fn value(drawer: &Drawer<'_>, one: &Kept) -> Value {
    let (state, key, fault) = match &one.told {
        Told::Plain => ("plain", None, None),
        Told::Encrypted(key) => ("encrypted", Some(key.to_string()), None),
        Told::Unusable(error) => ("unusable", None, Some(error.code())),
    };
    json!({
        "file": shown(drawer, one), "mode": format!("{:03o}", one.mode), "state": state, "key": key, "fault": fault,
        "age_days": n_days(one), "needed_by": needed_by(drawer, one),
    })
}

/// Its name, or its path where it is elsewhere.
fn shown(drawer: &Drawer<'_>, one: &Kept) -> String {
    let inside = one.path.strip_prefix(&drawer.folder).ok();
    inside.unwrap_or(&one.path).display().to_string()
}

fn n_days(one: &Kept) -> Option<i64> {
    let changed = one.changed?.duration_since(UNIX_EPOCH).ok()?;
    let age = HubClock::system().now().unix() - i64::try_from(changed.as_secs()).ok()?;
    Some(age.max(0) / 86_400)
}

fn needed_by(drawer: &Drawer<'_>, one: &Kept) -> Vec<String> {
    let declared = drawer.config.iter().flat_map(crate::config::Config::secrets);
    let of_it = declared.filter(|(_, source)| source.path() == Some(&one.path));
    let sftp = drawer.config.iter().filter_map(|config| config.sftp.as_ref());
    let host_key = sftp.filter(|sftp| one.path.parent() == Some(&sftp.host_keys)).map(|_| "sftp".to_owned());
    of_it.map(|(of, _)| of).chain(host_key).collect()
}
