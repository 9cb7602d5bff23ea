//! Paths in declarations: where they may lead.

use std::path::{Component, Path, PathBuf};

use renkei_core::declared::{Located, Problems};

/// A path relative to the hub's folder, or an absolute one. A relative path that climbs out is refused:
/// what is meant to be elsewhere says so from the root.
pub(super) fn resolve(folder: &Path, written: &Located<String>, problems: &Problems) -> Option<PathBuf> {
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

/// A folder below the root of the connection folders: relative, plain names only. Names that start with
/// a dot are the hub's own (`.stage`).
pub(super) fn is_plain_folder(folder: &str) -> bool {
    let is_plain = |name: &str| {
        !name.is_empty() && !name.starts_with('.') && !name.chars().any(|c| c.is_control() || c == '\\')
    };
    folder.split('/').all(is_plain)
}

/// True when one folder is the other or stands in it.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (Path::new(one), Path::new(other));
    one.starts_with(other) || other.starts_with(one)
}
