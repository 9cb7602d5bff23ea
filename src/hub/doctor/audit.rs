//! Whether the end of the audit is kept in a second place, and the audit still has what that place says.

use renkei_core::port::Store;

use super::finding::{Finding, Level, Words};
use crate::audit_head;
use crate::config::Config;
use crate::console::Lang;
use crate::texts::of_fault;

const CHECK: &str = "audit";

/// Compares, without a change.
pub(super) fn kept_end(store: &dyn Store, config: &Config) -> Finding {
    let Some(path) = &config.audit_head else {
        let words = Words::new(
            "監査の末尾は別の場所に残していません",
            "the end of the audit is not kept in a second place",
        );
        let remedy = Words::new(
            "hub.toml の [audit] head に、別のディスクか機械のファイルを書いてください。",
            "Declare a file on another disk or machine as [audit] head in hub.toml.",
        );
        return Finding::new(CHECK, Level::Warning, "hub.toml", words).with_remedy(remedy);
    };
    let place = path.display().to_string();
    match audit_head::look(store, path) {
        Ok(Some(kept_no)) => {
            let words = Words::new(
                format!("監査の末尾の控えは {kept_no} 行目です"),
                format!("the second place has line {kept_no} of the audit, as the database has"),
            );
            Finding::ok(CHECK, place, words)
        }
        Ok(None) => {
            let words = Words::new("監査の末尾の控えはまだありません", "the second place has nothing yet");
            let remedy = Words::new(
                "次に書き込むコマンドが作ります。前にあったのなら、場所がつながっているかを確かめてください。",
                "The next command that writes makes it. If it was there before, see that the place is mounted.",
            );
            Finding::new(CHECK, Level::Warning, place, words).with_remedy(remedy)
        }
        Err(failure) => {
            let code = failure.code();
            let text = |lang| of_fault(code).map_or(code, |text| text.title.pick(lang));
            let what = |lang| format!("{} [{code}]", text(lang));
            let remedy = |lang| of_fault(code).map_or("", |text| text.remedy.pick(lang));
            let words = Words::new(what(Lang::Ja), what(Lang::En));
            Finding::new(CHECK, Level::Problem, place, words)
                .with_remedy(Words::new(remedy(Lang::Ja), remedy(Lang::En)))
        }
    }
}
