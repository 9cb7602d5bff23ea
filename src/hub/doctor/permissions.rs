//! Who may read and write what only the hub should.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::finding::{Finding, Level, Words};
use crate::config::Config;

const CHECK: &str = "permissions";

/// The key file, the database with its side files, `secrets/`, and the root.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut own: Vec<PathBuf> = vec![config.folder.join("secrets"), config.store.path.clone()];
    for suffix in ["-wal", "-shm"] {
        let mut name = config.store.path.clone().into_os_string();
        name.push(suffix);
        own.push(name.into());
    }
    own.extend(config.store.number_key.path().map(Path::to_owned));
    let mut findings: Vec<Finding> = own.iter().filter_map(|path| of_own(path)).collect();
    findings.extend(of_root(&config.root));
    if findings.is_empty() {
        let words = Words::new(
            "鍵、データベース、secrets、連携フォルダの権限は適切です",
            "key, database, secrets and root are as they should be",
        );
        findings.push(Finding::ok(CHECK, config.folder.display().to_string(), words));
    }
    findings
}

/// Only the hub's user may use it.
fn of_own(path: &Path) -> Option<Finding> {
    let metadata = std::fs::metadata(path).ok()?;
    let place = path.display().to_string();
    let mode = mode(&metadata);
    if mode & 0o077 != 0 {
        let words = Words::new(
            format!("持ち主以外も使えます（{mode:03o}）"),
            format!("others than its owner may use it (mode {mode:03o})"),
        );
        let remedy = format!("chmod go= {place}");
        let remedy = Words::new(format!("`{remedy}` としてください。"), format!("Run `{remedy}`."));
        return Some(Finding::new(CHECK, Level::Problem, place, words).with_remedy(remedy));
    }
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    (owner != own && own != 0).then(|| {
        let words = Words::new(
            format!("別の利用者（uid {owner}）のものです"),
            format!("belongs to another user (uid {owner})"),
        );
        let remedy = Words::new(
            "ハブは一人の利用者で動かしてください。",
            "Run the hub as one user, the one who owns its files.",
        );
        Finding::new(CHECK, Level::Problem, place, words).with_remedy(remedy)
    })
}

/// Whoever may write into the root may put other files in the place of published ones.
fn of_root(root: &Path) -> Option<Finding> {
    let metadata = std::fs::metadata(root).ok()?;
    (mode(&metadata) & 0o002 != 0).then(|| {
        let words = Words::new("誰でも書き込めます", "anybody may write into it");
        let remedy = format!("chmod o-w {}", root.display());
        let remedy = Words::new(format!("`{remedy}` としてください。"), format!("Run `{remedy}`."));
        Finding::new(CHECK, Level::Problem, root.display().to_string(), words).with_remedy(remedy)
    })
}

fn mode(metadata: &Metadata) -> u32 {
    metadata.permissions().mode() & 0o777
}
