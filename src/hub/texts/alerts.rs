//! The wording of alerts, in both languages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Both;

/// What is said of one kind of alert, with `{field}` where a value belongs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertText {
    /// What happened.
    pub(crate) title: Both,
    /// That it is over.
    pub(crate) cleared: Both,
    /// What to do.
    pub(crate) remedy: Both,
    /// What an agent's people are to do, where it is something else.
    pub(crate) agent: Option<Both>,
}

/// Empty where the embedded text is no catalogue, which `tests::every_kind_is_worded` would show.
static ALERTS: LazyLock<BTreeMap<String, AlertText>> =
    LazyLock::new(|| toml::from_str(include_str!("alerts.toml")).unwrap_or_default());

/// What is said of a kind of alert, or of a `summary`.
pub(crate) fn of_alert(kind: &str) -> Option<&'static AlertText> {
    ALERTS.get(kind)
}

#[cfg(test)]
mod tests {
    use renkei_core::alert::AlertKind;

    use super::*;
    use crate::console::Lang;

    #[test]
    fn every_kind_is_worded() {
        let own = AlertKind::ALL.into_iter().filter(|kind| *kind != AlertKind::DeadlineCleared);
        let mut kinds: Vec<&str> = own.map(AlertKind::as_str).chain(["summary"]).collect();
        kinds.sort_unstable();
        assert_eq!(ALERTS.keys().map(String::as_str).collect::<Vec<_>>(), kinds);
        for (kind, text) in &*ALERTS {
            for both in [&text.title, &text.cleared, &text.remedy].into_iter().chain(&text.agent) {
                assert!(!both.pick(Lang::Ja).is_ascii(), "{kind}");
                assert!(both.pick(Lang::En).is_ascii() && !both.pick(Lang::En).is_empty(), "{kind}");
            }
        }
    }
}
