//! A request on a path becomes an operation in a folder, and that is decided in `core::access`.

use std::sync::Arc;

use renkei_core::FolderPath;
use renkei_core::access::{Operation, Right, Rulebook, Sight};
use renkei_folder::visit::VisitPath;

use super::premises::Deed;
use super::{Refusal, Session};

/// The innermost folder of a path that a rule can be about. A name that is none of the hub's kind can have no rule,
/// and neither can what lies below it, so what holds above holds there.
pub(super) fn ruled_folder(path: &VisitPath) -> Option<FolderPath> {
    let mut text = String::new();
    let mut found = None;
    for part in path.parts() {
        let Ok(part) = std::str::from_utf8(part) else { break };
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(part);
        match text.parse() {
            Ok(folder) => found = Some(folder),
            Err(_) => break,
        }
    }
    found
}

/// The folder that a path lies in, as rules know it; the root's own is the root.
pub(super) fn ruled_parent(path: &VisitPath) -> Option<FolderPath> {
    path.split().and_then(|(parent, _)| ruled_folder(&parent))
}

/// Who is asked to judge whether a refused thing shows that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// About what is there: where it is not listed, it is not there.
    AboutStanding,
    /// To bring something: where the folder is seen at all, it is "not allowed".
    ToBring,
}

impl Session {
    pub(super) fn rules(&self) -> Arc<Rulebook> {
        self.premises.rulebook()
    }

    /// Whether the account may do this; nothing is written down.
    pub(super) fn is_allowed(&self, operation: Operation<'_>) -> bool {
        self.rules().allows(&self.visitor.account, operation).is_allowed
    }

    /// Whether the account may do this to `path`; a refusal is written down.
    pub(super) fn ask(
        &self,
        path: &VisitPath,
        operation: Operation<'_>,
        asking: Asking,
    ) -> Result<(), Refusal> {
        let rules = self.rules();
        let verdict = rules.allows(&self.visitor.account, operation);
        if verdict.is_allowed {
            return Ok(());
        }
        Err(self.refuse(path, verdict.right, verdict.folder, asking))
    }

    /// Writes a refusal down and says what the client is told.
    pub(super) fn refuse(
        &self,
        path: &VisitPath,
        right: Right,
        folder: Option<&FolderPath>,
        asking: Asking,
    ) -> Refusal {
        self.premises.note(&self.visitor, &Deed::Refused { path, right });
        match (self.rules().sight(&self.visitor.account, folder), asking) {
            (Sight::Hidden, _) | (Sight::WayThrough, Asking::AboutStanding) => Refusal::MISSING,
            (Sight::Listed, _) | (Sight::WayThrough, Asking::ToBring) => Refusal::DENIED,
        }
    }

    /// Whether the account sees a folder.
    pub(super) fn sees_folder(&self, path: &VisitPath) -> bool {
        self.sight(path) != Sight::Hidden
    }

    /// How much of a folder the account sees.
    pub(super) fn sight(&self, path: &VisitPath) -> Sight {
        self.rules().sight(&self.visitor.account, ruled_folder(path).as_ref())
    }
}
