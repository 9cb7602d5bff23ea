//! A declaration's text, for turning byte offsets into lines and columns.

use std::sync::Arc;

use super::problem::Spot;

/// One file's name and text.
#[derive(Debug, Clone)]
pub(super) struct Source<'t> {
    file: Arc<str>,
    text: &'t str,
}

impl<'t> Source<'t> {
    pub(super) fn new(file: &str, text: &'t str) -> Self {
        Self { file: file.into(), text }
    }

    /// The place of byte `offset`; past the end it is the end.
    pub(super) fn spot(&self, offset: usize, path: String) -> Spot {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Spot { file: Arc::clone(&self.file), line, column, path }
    }
}

/// `path.key`, with quotes around a key that TOML would not take bare.
pub(super) fn join(path: &str, key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let key = if is_bare { key.to_owned() } else { format!("{key:?}") };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
