//! Room on the volumes, and that what is published can be moved there whole.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::finding::{Finding, Level, Words};
use crate::config::Config;
use crate::console::bytes_text;

const GIB: u64 = 1 << 30;

/// The volumes that fill up, by the name figures and alerts give them.
pub(crate) fn volumes(config: &Config) -> [(&'static str, PathBuf); 2] {
    [("root", config.root.clone()), ("database", config.store.path.clone())]
}

/// What is left and what there is on the volume of a path, in bytes; `None` where that cannot be told.
pub(crate) fn free_bytes(path: &Path) -> Option<(u64, u64)> {
    let volume = rustix::fs::statvfs(nearest(path)).ok()?;
    Some((volume.f_bavail.saturating_mul(volume.f_frsize), volume.f_blocks.saturating_mul(volume.f_frsize)))
}

/// What is left on each.
pub(super) fn space(config: &Config) -> Vec<Finding> {
    volumes(config).iter().map(|(name, path)| space_at(name, path)).collect()
}

fn space_at(name: &str, path: &Path) -> Finding {
    let existing = nearest(path);
    let place = existing.display().to_string();
    let volume = match rustix::fs::statvfs(existing) {
        Ok(volume) => volume,
        Err(error) => {
            let words =
                Words::new(format!("空きを調べられません: {error}"), format!("cannot be looked at: {error}"));
            let remedy = Words::new("場所と権限を確かめてください。", "Check the place and its rights.");
            return Finding::new("space", Level::Problem, place, words).with_remedy(remedy);
        }
    };
    // For whoever is not root, which the hub should not be.
    let free = volume.f_bavail.saturating_mul(volume.f_frsize);
    let total = volume.f_blocks.saturating_mul(volume.f_frsize);
    let (free_text, total_text) = (bytes_text(free), bytes_text(total));
    let words = Words::new(
        format!("{name} の空き {free_text}（全体 {total_text}）"),
        format!("{free_text} free of {total_text} ({name})"),
    );
    let remedy = Words::new(
        "空きを作るか、広いディスクに移してください。一杯になると配信が止まります。",
        "Make room or move to a larger disk: when it is full, nothing can be published.",
    );
    match judge(free, total) {
        Level::Ok => Finding::ok("space", place, words),
        level => Finding::new("space", level, place, words).with_remedy(remedy),
    }
}

/// A night of full publications of a great city is some gigabytes, so that is the least; a share alone would
/// call a terabyte too little.
pub(crate) fn judge(free: u64, total: u64) -> Level {
    match () {
        () if free < GIB => Level::Problem,
        () if free < 5 * GIB || (free < total / 20 && free < 50 * GIB) => Level::Warning,
        () => Level::Ok,
    }
}

/// A file is published by being moved from the stage, which works within one volume only.
pub(super) fn one_volume(config: &Config) -> Vec<Finding> {
    let stage = config.root.join(".stage");
    let Some(stage_device) = device(nearest(&stage)) else { return Vec::new() };
    let elsewhere = |folder: &Path| device(nearest(folder)).is_some_and(|device| device != stage_device);
    let folders = config.feeds.iter().map(|declared| config.root.join(declared.feed.folder.as_str()));
    let mut findings: Vec<Finding> = folders
        .filter(|folder| elsewhere(folder))
        .map(|folder| {
            let words = Words::new(
                "作業場所（.stage）と別のディスクにあります",
                "is on another volume than the stage (.stage)",
            );
            let remedy = Words::new(
                "[root] path の下を一つのディスクにまとめてください。配信は移動（rename）で行います。",
                "Keep everything below [root] path on one volume: files are published by rename.",
            );
            Finding::new("volume", Level::Problem, folder.display().to_string(), words).with_remedy(remedy)
        })
        .collect();
    if findings.is_empty() {
        let words = Words::new(
            "連携フォルダと作業場所は同じディスクです",
            "the connection folders and the stage are on one volume",
        );
        findings.push(Finding::ok("volume", config.root.display().to_string(), words));
    }
    findings
}

fn device(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.dev())
}

/// The path itself, or the nearest folder above it that is there.
pub(super) fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(path)
}
