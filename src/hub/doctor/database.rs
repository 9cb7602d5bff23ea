//! Whether the database is there, sound, and of this hub's key.

use std::path::Path;

use renkei_core::Fault as _;
use renkei_core::port::StoreError;
use renkei_store::SqliteStore;

use super::finding::{Finding, Level, Words};
use crate::console::Lang;
use crate::texts::of_fault;

const CHECK: &str = "database";

/// A hub before its first command.
pub(super) fn missing(path: &Path) -> Finding {
    let words = Words::new("データベースはまだありません", "there is no database yet");
    let remedy = Words::new(
        "初期登録の前なら正常です。そうでなければ [store] path を確かめてください。",
        "All is well before the first load; else check [store] path.",
    );
    Finding::new(CHECK, Level::Warning, path.display().to_string(), words).with_remedy(remedy)
}

/// It cannot be opened or read: in the words of the fault.
pub(super) fn unusable(path: &Path, error: &StoreError) -> Finding {
    let place = path.display().to_string();
    let Some(text) = of_fault(error.code()) else {
        return Finding::new(CHECK, Level::Problem, place, Words::new(error.to_string(), error.to_string()));
    };
    let level = if matches!(error, StoreError::Busy) { Level::Warning } else { Level::Problem };
    let code = error.code();
    let what = |lang| format!("{} [{code}]", text.title.pick(lang));
    let remedy = Words::new(text.remedy.pick(Lang::Ja), text.remedy.pick(Lang::En));
    Finding::new(CHECK, level, place, Words::new(what(Lang::Ja), what(Lang::En))).with_remedy(remedy)
}

/// It was opened, which checks schema, municipality and key.
pub(super) fn key(path: &Path) -> Finding {
    let words = Words::new(
        "データベースは開け、鍵も合っています",
        "the database opens, and the key is the one it was written with",
    );
    Finding::ok(CHECK, path.display().to_string(), words)
}

/// Its pages and rows agree.
pub(super) fn integrity(store: &SqliteStore, path: &Path) -> Finding {
    match store.quick_check() {
        Ok(()) => {
            let words = Words::new("データベースに破損はありません", "the database is sound");
            Finding::ok("integrity", path.display().to_string(), words)
        }
        Err(error) => Finding { check: "integrity", ..unusable(path, &error) },
    }
}
