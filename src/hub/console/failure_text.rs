//! A failure as people read it: heading, causes, a blank line, what to do.

use std::fmt::Write as _;

use serde_json::json;

use super::lang::Lang;
use crate::failure::Failure;
use crate::texts::{self, FaultText};

/// For people.
pub(super) fn as_text(failure: &Failure, lang: Lang) -> String {
    let text = texts::of_fault(failure.code());
    let title = text.map_or_else(|| failure.code().to_owned(), |text| text.title.pick(lang).to_owned());
    let mut lines = format!("{}[{}]: {title}", lang.pick("エラー", "error"), failure.code());
    let _ = write!(lines, "\n{}", lang.pick("原因:", "cause:"));
    for cause in failure.causes() {
        let _ = write!(lines, "\n  {cause}");
    }
    for detail in failure.details() {
        let _ = write!(lines, "\n    {detail}");
    }
    if let Some(FaultText { remedy, .. }) = text {
        let _ = write!(lines, "\n\n{}", lang.pick("対処:", "what to do:"));
        for line in remedy.pick(lang).lines() {
            let _ = write!(lines, "\n  {line}");
        }
    }
    lines
}

/// For programs: one object on one line.
pub(super) fn as_json(failure: &Failure, lang: Lang) -> String {
    let text = texts::of_fault(failure.code());
    json!({
        "error": {
            "code": failure.code(),
            "class": failure.class().as_str(),
            "exit": failure.exit().number(),
            "title": text.map(|text| text.title.pick(lang)),
            "causes": failure.causes(),
            "details": failure.details(),
            "remedy": text.map(|text| text.remedy.pick(lang)),
        }
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use renkei_core::port::StoreError;

    use super::*;
    use crate::failure::HubError;

    #[test]
    fn a_failure_has_heading_causes_and_remedy() {
        let failure = Failure::from(StoreError::Busy);
        assert_eq!(
            as_text(&failure, Lang::En),
            "error[store.busy]: another process is writing to the database\n\
             cause:\n  another process is writing to the database\n\n\
             what to do:\n  Run it again when the other is done, or add --wait. `renkei runs` shows what is at work."
        );
        assert!(as_text(&failure, Lang::Ja).starts_with("エラー[store.busy]: 別の処理が"));
        assert!(
            as_text(&failure, Lang::Ja).contains("\n原因:\n")
                && as_text(&failure, Lang::Ja).contains("\n\n対処:\n")
        );
        assert!(as_json(&failure, Lang::En).contains("\"exit\":12"));
    }

    #[test]
    fn the_chain_of_causes_is_shown() {
        let source = std::io::Error::other("disk on fire");
        let failure = Failure::from(HubError::Write { path: "man/renkei.1".into(), source });
        assert!(
            as_text(&failure, Lang::En)
                .contains("cause:\n  man/renkei.1 cannot be written\n  disk on fire\n\n")
        );
    }
}
