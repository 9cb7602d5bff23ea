//! The rights that follow from what is declared: nobody has to grant what a feed or an intake already says.

use chrono::NaiveDate;

use super::right::{Right, Rights};
use super::rule::{Grantee, Origin, Rule};
use crate::feed::Feed;
use crate::file_name::FolderPath;
use crate::ids::{BusinessId, IntakeId};

/// What a hub declares, as far as rights follow from it.
#[derive(Debug, Default)]
pub struct Declared<'d> {
    /// The feeds.
    pub feeds: Vec<&'d Feed>,
    /// The folders in which systems hand in, each with whose it is and what for.
    pub inboxes: Vec<(&'d BusinessId, &'d IntakeId, FolderPath)>,
    /// The systems that are connected; each has folders of its own for answers, receipts and checks.
    pub systems: Vec<&'d BusinessId>,
}

/// The rules that follow on a day.
///
/// A receiver reads its feeds' folders until its last day has passed; before its first day too, so that it can try
/// the new version. Who brings may not read or write over what others brought under the same system: what was handed
/// in is evidence.
pub fn derive_rules(declared: &Declared<'_>, today: NaiveDate) -> Vec<Rule> {
    let mut rules = Vec::new();
    for feed in &declared.feeds {
        let reads =
            feed.receivers.iter().filter(|receiver| receiver.window.until.is_none_or(|last| today <= last));
        for receiver in reads {
            rules.push(Rule {
                grantee: Grantee::System(receiver.system.clone()),
                folder: feed.folder.clone(),
                rights: Rights::FETCH,
                origin: Origin::Receiver(feed.id.clone()),
            });
        }
    }
    for (system, intake, folder) in &declared.inboxes {
        rules.push(Rule {
            grantee: Grantee::System((*system).clone()),
            folder: folder.clone(),
            rights: Rights::BRING,
            origin: Origin::Sender((*intake).clone()),
        });
    }
    for system in &declared.systems {
        let own = [
            ("answer", Rights::FETCH, Origin::Answers),
            ("receipt", Rights::BRING, Origin::Receipts),
            ("check", Rights::ALL, Origin::Checks),
            ("mend", Rights::FETCH, Origin::Mends),
        ];
        for (name, rights, origin) in own {
            // An id is letters, digits and dashes, so this is always a path.
            let Ok(folder) = format!("{system}/{name}").parse() else { continue };
            rules.push(Rule { grantee: Grantee::System((*system).clone()), folder, rights, origin });
        }
    }
    debug_assert!(rules.iter().all(|rule| rule.rights.has(Right::List)), "what is declared can be seen");
    rules
}
