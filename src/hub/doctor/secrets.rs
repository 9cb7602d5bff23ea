//! Keys and passwords: is each there, its owner's alone, and can it be opened; and does a plain one stand where the others
//! are encrypted.

use std::path::{Path, PathBuf};

use renkei_core::Fault as _;
use renkei_secret::{SecretError, SecretSource, Told};

use super::finding::{Finding, Level, Words};
use crate::config::{Config, SECRETS};
use crate::console::Lang;
use crate::texts::of_fault;
use crate::visitors::HostKeys;

const CHECK: &str = "secrets";

/// Every secret that is declared, and every file of the hub's secrets folder that is encrypted.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let declared = config.secrets();
    let mut findings: Vec<Finding> =
        declared.iter().filter_map(|(of, source)| of_declared(of, source)).collect();
    let kept = match config.keeper(None).list() {
        Ok(kept) => kept,
        Err(error) => {
            findings.push(unusable(&config.folder, "secrets", &error));
            return findings;
        }
    };
    let is_declared =
        |path: &Path| declared.iter().find(|(_, source)| source.path() == Some(path)).map(|(of, _)| of);
    for one in &kept {
        // Others' files in the folder are no secret of the hub's; one that is encrypted is.
        let concerns = match &one.told {
            Told::Unusable(error) => is_declared(&one.path).is_none() && is_of_encryption(error),
            Told::Plain | Told::Encrypted(_) => false,
        };
        if let (true, Told::Unusable(error)) = (concerns, &one.told) {
            findings.push(unusable(&one.path, "secrets", error));
        }
    }
    let n_encrypted = kept.iter().filter(|one| matches!(one.told, Told::Encrypted(_))).count();
    if n_encrypted > 0 {
        let plain = kept.iter().filter(|one| matches!(one.told, Told::Plain));
        findings.extend(plain.clone().filter(|one| is_declared(&one.path).is_some()).map(|one| {
            let folder = config.folder.join(SECRETS);
            let name = one.path.strip_prefix(&folder).unwrap_or(&one.path).display();
            left_plain(&one.path, &format!("renkei secret encrypt {name} --reason ..."))
        }));
        let host_keys: Vec<PathBuf> =
            config.sftp.iter().flat_map(|sftp| HostKeys::files(&sftp.host_keys)).collect();
        let host_key = plain.clone().find(|one| host_keys.contains(&one.path));
        findings.extend(host_key.map(|one| left_plain(&one.path, "renkei hostkey encrypt --reason ...")));
    }
    if findings.is_empty() {
        let n = declared.len();
        let words = Words::new(
            format!("秘密 {n} 件はあり、持ち主だけのものです（暗号化 {n_encrypted} 件）"),
            format!("{n} secrets are there, and their owner's alone; {n_encrypted} encrypted"),
        );
        findings.push(Finding::ok(CHECK, config.folder.display().to_string(), words));
    }
    findings
}

fn of_declared(of: &str, source: &SecretSource) -> Option<Finding> {
    let error = source.read().err()?;
    let SecretError::NotSet { name } = &error else {
        return Some(unusable(source.path().unwrap_or(Path::new("hub.toml")), of, &error));
    };
    // Whoever asks may have another environment than the daemon.
    let words = Words::new(
        format!("{of} の環境変数がここでは設定されていません"),
        format!("the variable of {of} is not set here"),
    );
    let remedy = Words::new(
        format!(
            "デーモンのユニット（systemctl show renkei -p Environment、EnvironmentFile）で設定していれば、\
             このままでかまいません。していなければ {name} を設定してください。"
        ),
        format!(
            "Where the daemon's unit sets it (systemctl show renkei -p Environment, EnvironmentFile) all is well; else \
             set {name} there."
        ),
    );
    Some(Finding::new(CHECK, Level::Warning, format!("${name}"), words).with_remedy(remedy))
}

fn unusable(place: &Path, of: &str, error: &SecretError) -> Finding {
    let code = error.code();
    let title = |lang| of_fault(code).map_or(code, |text| text.title.pick(lang)).to_owned();
    let remedy = |lang| of_fault(code).map_or("", |text| text.remedy.pick(lang)).to_owned();
    let what = |lang| format!("{of}: {} ({}) [{code}]", title(lang), error.told());
    // A credential of the daemon's is not there for whoever else asks.
    let is_out_of_sight = matches!(error, SecretError::NoCredentials { .. });
    let level = if is_out_of_sight { Level::Warning } else { Level::Problem };
    Finding::new(CHECK, level, place.display().to_string(), Words::new(what(Lang::Ja), what(Lang::En)))
        .with_remedy(Words::new(remedy(Lang::Ja), remedy(Lang::En)))
}

fn left_plain(path: &Path, command: &str) -> Finding {
    let words = Words::new(
        "ほかの秘密は暗号化されていますが、これは平文です",
        "is not encrypted, and other secrets are",
    );
    let remedy = Words::new(format!("`{command}` で暗号化できます。"), format!("`{command}` encrypts it."));
    Finding::new(CHECK, Level::Warning, path.display().to_string(), words).with_remedy(remedy)
}

/// Whether it is about a file that is, or was, an encrypted secret.
fn is_of_encryption(error: &SecretError) -> bool {
    matches!(
        error,
        SecretError::NoKeyDeclared { .. }
            | SecretError::KeyMissing { .. }
            | SecretError::NoCredentials { .. }
            | SecretError::KeyDamaged { .. }
            | SecretError::WrongKey { .. }
            | SecretError::Cut { .. }
            | SecretError::Altered { .. }
            | SecretError::UnknownForm { .. }
    )
}
