//! All rules, and the one decision they lead to: the nearest rule wins, and without a rule nothing is allowed.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::account::{Account, AccountId};
use super::bar::Bar;
use super::right::Right;
use super::rule::{Grantee, Rule};
use crate::file_name::FolderPath;
use crate::ids::BusinessId;

/// All rules of a hub at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rulebook {
    rules: Vec<Rule>,
    bars: Vec<Bar>,
}

/// What was decided, and by which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'r> {
    /// Whether it is allowed.
    pub is_allowed: bool,
    /// The line that decided; `None` where none is about this folder, so that nothing is allowed.
    pub rule: Option<&'r Rule>,
    /// What stands against it although that line gives it.
    pub bar: Option<&'r Bar>,
}

/// How much of a folder somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// All that lies in it.
    Listed,
    /// Only the folders that lead to what he may list.
    WayThrough,
    /// Nothing: for him there is no such folder.
    Hidden,
}

/// Who asks: an account and its system, or anybody of a system.
#[derive(Debug, Clone, Copy)]
struct Asker<'a> {
    id: Option<&'a AccountId>,
    system: &'a BusinessId,
}

impl<'a> Asker<'a> {
    fn account(account: &'a Account) -> Self {
        Self { id: Some(&account.id), system: &account.system }
    }

    fn is(&self, grantee: &Grantee) -> bool {
        match grantee {
            Grantee::System(system) => system == self.system,
            Grantee::Account(id) => Some(id) == self.id,
        }
    }
}

impl Rulebook {
    /// The rules, in the order in which they are shown.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules, bars: Vec::new() }
    }

    /// The same, with what no rule can give.
    #[must_use]
    pub fn with_bars(self, bars: Vec<Bar>) -> Self {
        Self { bars, ..self }
    }

    /// What no rule can give.
    pub fn bars(&self) -> &[Bar] {
        &self.bars
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules about an account, in their order.
    pub fn rules_of(&self, account: &Account) -> impl Iterator<Item = &Rule> {
        self.about(Asker::account(account))
    }

    fn about<'r>(&'r self, asker: Asker<'_>) -> impl Iterator<Item = &'r Rule> {
        self.rules.iter().filter(move |rule| asker.is(&rule.grantee))
    }

    /// Whether an account may do something in a folder; `None` is the root.
    ///
    /// The rule for the innermost folder wins. Of several for the same folder one for the account goes before one
    /// for its system, and a grant before what is declared; of equal ones each gives what it gives. What is barred
    /// none gives.
    pub fn decide(&self, account: &Account, folder: Option<&FolderPath>, right: Right) -> Decision<'_> {
        self.decided(Asker::account(account), folder, right)
    }

    /// Whether anybody of a system may do something in a folder, whatever is granted to accounts alone.
    pub fn decide_for_system(
        &self,
        system: &BusinessId,
        folder: Option<&FolderPath>,
        right: Right,
    ) -> Decision<'_> {
        self.decided(Asker { id: None, system }, folder, right)
    }

    fn decided(&self, asker: Asker<'_>, folder: Option<&FolderPath>, right: Right) -> Decision<'_> {
        let Some(folder) = folder else {
            return Decision { is_allowed: false, rule: None, bar: None };
        };
        let nearness = |rule: &Rule| {
            let n_parts = rule.folder.parts().count();
            (n_parts, matches!(rule.grantee, Grantee::Account(_)), rule.origin.is_granted())
        };
        let is_about = |rule: &&Rule| asker.is(&rule.grantee) && folder.is_at_or_below(&rule.folder);
        let about: Vec<&Rule> = self.rules.iter().filter(is_about).collect();
        let nearest = about.iter().map(|rule| nearness(rule)).max();
        // Of equal rules one that gives the right is the line that decides; without any, the first.
        let equals = about.into_iter().filter(|rule| Some(nearness(rule)) == nearest);
        let rule = equals.min_by_key(|rule| Reverse(rule.rights.has(right)));
        let is_given = rule.is_some_and(|rule| rule.rights.has(right));
        let bar = self.bars.iter().find(|bar| is_given && bar.holds(asker.system, folder, right));
        Decision { is_allowed: is_given && bar.is_none(), rule, bar }
    }

    /// How much of a folder an account sees; `None` is the root, which everybody may pass through.
    pub fn sight(&self, account: &Account, folder: Option<&FolderPath>) -> Sight {
        if self.decide(account, folder, Right::List).is_allowed {
            return Sight::Listed;
        }
        let leads_on = folder.is_none() || !self.ways(account, folder).is_empty();
        if leads_on { Sight::WayThrough } else { Sight::Hidden }
    }

    /// The names of the folders directly in this one through which an account comes to what it may list.
    pub fn ways(&self, account: &Account, folder: Option<&FolderPath>) -> BTreeSet<String> {
        let n_parts = folder.map_or(0, |folder| folder.parts().count());
        let next = |rule: &Rule| rule.folder.parts().nth(n_parts).map(str::to_owned);
        let asker = Asker::account(account);
        let is_seen = |rule: &&Rule| self.decided(asker, Some(&rule.folder), Right::List).is_allowed;
        self.rules_below(asker, folder).filter(is_seen).filter_map(next).collect()
    }

    /// Whether a folder leads on to one where anybody of a system may do something.
    pub fn leads_on(&self, system: &BusinessId, folder: Option<&FolderPath>) -> bool {
        let asker = Asker { id: None, system };
        self.rules_below(asker, folder).any(|rule| !rule.rights.is_none())
    }

    fn rules_below<'r>(
        &'r self,
        asker: Asker<'_>,
        folder: Option<&FolderPath>,
    ) -> impl Iterator<Item = &'r Rule> {
        self.about(asker).filter(move |rule| folder.is_none_or(|folder| rule.folder.is_at_or_below(folder)))
    }

    /// Every folder that a rule names, in order.
    pub fn folders(&self) -> BTreeSet<&FolderPath> {
        self.rules.iter().map(|rule| &rule.folder).collect()
    }
}
