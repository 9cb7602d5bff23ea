//! Paths in declarations: where they may lead.

use std::path::{Component, Path, PathBuf};

use renkei_core::FolderPath;
use renkei_core::declared::{Located, Problems};

/// A path relative to the hub's folder, or an absolute one. A relative path that climbs out is refused:
/// what is meant to be elsewhere says so from the root.
pub(crate) fn resolve(folder: &Path, written: &Located<String>, problems: &Problems) -> Option<PathBuf> {
    let path = Path::new(&written.value);
    let climbs = path.components().any(|component| component == Component::ParentDir);
    let message = match () {
        () if written.value.is_empty() => "a path must not be empty",
        () if written.value.chars().any(char::is_control) => "a path must not hold control characters",
        () if climbs => "leads out of the hub's folder",
        () => return Some(folder.join(path)),
    };
    let hint = climbs.then(|| "write an absolute path if it is meant to be elsewhere".to_owned());
    problems.report_with(&written.spot, message, hint);
    None
}

/// True when one folder is the other or stands in it.
pub(super) fn overlap(one: &FolderPath, other: &FolderPath) -> bool {
    let (one, other) = (Path::new(one.as_str()), Path::new(other.as_str()));
    one.starts_with(other) || other.starts_with(one)
}
