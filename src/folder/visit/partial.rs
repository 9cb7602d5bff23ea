//! What was kept of an upload that broke off: seen by its visitor alone, under the name it was to have.

use std::os::fd::AsFd as _;

use rustix::fs::AtFlags;

use super::hidden::partial_name;
use super::look::look_at;
use super::{Look, VisitError, VisitPath, VisitedRoot};

impl VisitedRoot {
    /// What `visitor` could go on from; [`VisitError::Missing`] if nothing.
    pub fn look_at_partial(&self, visitor: &str, path: &VisitPath) -> Result<Look, VisitError> {
        let (folder, name) = self.place(path)?;
        if path.is_hidden() {
            return Err(VisitError::Missing);
        }
        look_at(folder.as_fd(), partial_name(visitor, name).as_bytes())?.ok_or(VisitError::Missing)
    }

    /// Removes what `visitor` could go on from; [`VisitError::Missing`] if there is nothing.
    pub fn remove_partial(&self, visitor: &str, path: &VisitPath) -> Result<(), VisitError> {
        let (folder, name) = self.place(path)?;
        Ok(rustix::fs::unlinkat(&folder, partial_name(visitor, name).as_str(), AtFlags::empty())?)
    }
}
