//! What POSIX rights (ACLs) stand for the rules on a local disk, for systems whose people have accounts of the machine.
//!
//! POSIX knows less than the rules: whoever may write into a folder may also remove from it. So a folder into which
//! somebody may bring, but from which he may not remove, has the sticky bit: then only a file's owner may.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::right::Right;
use super::rulebook::Rulebook;
use crate::file_name::FolderPath;
use crate::ids::BusinessId;

/// Three bits: read, write, and execute (of a folder: to pass).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bits(pub u8);

impl Bits {
    /// Read.
    pub const R: u8 = 4;
    /// Write.
    pub const W: u8 = 2;
    /// Execute; of a folder, to pass through.
    pub const X: u8 = 1;

    fn when(is_set: bool, bits: u8) -> u8 {
        if is_set { bits } else { 0 }
    }
}

/// `r-x`.
impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (bit, letter) in [(Self::R, "r"), (Self::W, "w"), (Self::X, "x")] {
            f.write_str(if self.0 & bit == 0 { "-" } else { letter })?;
        }
        Ok(())
    }
}

/// Whose bits a line of an ACL has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PosixWho {
    /// The owner.
    Owner,
    /// A user by name.
    User(String),
    /// The owning group.
    OwningGroup,
    /// A group by name.
    Group(String),
    /// What all but the owner and others have at most.
    Mask,
    /// Everybody else.
    Other,
}

/// As `getfacl` writes it.
impl fmt::Display for PosixWho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("user:"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::OwningGroup => f.write_str("group:"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Mask => f.write_str("mask:"),
            Self::Other => f.write_str("other:"),
        }
    }
}

/// The lines of an ACL, one of each.
pub type Lines = BTreeMap<PosixWho, Bits>;

/// The rights on one folder, or on one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PosixAcl {
    /// What holds for it.
    pub access: Lines,
    /// What new entries of a folder get; empty for a file.
    pub default: Lines,
    /// Of a folder: only a file's owner may remove it.
    pub is_sticky: bool,
}

/// A folder with the rights that are declared for it and for the files directly in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredAcl {
    /// Which; `None` for the root.
    pub folder: Option<FolderPath>,
    /// Its rights.
    pub acl: PosixAcl,
    /// The rights of files in it.
    pub files: PosixAcl,
}

/// A system's people as the machine knows them: a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalGroup {
    /// The system.
    pub system: BusinessId,
    /// The group's name.
    pub group: String,
}

/// One line that is not as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclDifference {
    /// The line as `getfacl` writes it, with `default:` before it where it is one; or `sticky`.
    pub line: String,
    /// As declared; `None` where there should be none.
    pub declared: Option<Bits>,
    /// As it stands; `None` where there is none.
    pub standing: Option<Bits>,
}

/// The machine's users and groups as far as rights on disk are about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalPeople {
    /// The user as whom the hub works: what others bring is theirs, and the hub is to read and take it.
    pub hub: String,
    /// Each system's people.
    pub groups: Vec<LocalGroup>,
}

/// The rights that stand for the rules: for every folder that a rule names and every one above it, and for those that
/// stand, which may have kept the rights of a rule that is no more; outermost first.
pub fn posix_plan(book: &Rulebook, people: &LocalPeople, standing: &[FolderPath]) -> Vec<DeclaredAcl> {
    let mut folders: BTreeSet<Option<FolderPath>> = BTreeSet::from([None]);
    folders.extend(standing.iter().cloned().map(Some));
    for folder in book.folders() {
        let mut path = folder.as_str();
        loop {
            folders.extend(path.parse().ok().map(Some));
            let Some((above, _)) = path.rsplit_once('/') else { break };
            path = above;
        }
    }
    folders.into_iter().map(|folder| declared(book, people, folder)).collect()
}

fn declared(book: &Rulebook, people: &LocalPeople, folder: Option<FolderPath>) -> DeclaredAcl {
    let (mut on_folder, mut on_new, mut on_files) = (Lines::new(), Lines::new(), Lines::new());
    let mut is_sticky = false;
    for local in &people.groups {
        let has = |right| book.decide_for_system(&local.system, folder.as_ref(), right).is_allowed;
        let brings = has(Right::Create) || has(Right::Delete);
        let passes = Right::ALL.into_iter().any(has) || book.leads_on(&local.system, folder.as_ref());
        let folder_bits =
            Bits::when(has(Right::List), Bits::R) | Bits::when(brings, Bits::W) | Bits::when(passes, Bits::X);
        let file_bits = Bits::when(has(Right::Read), Bits::R) | Bits::when(has(Right::Replace), Bits::W);
        is_sticky |= brings && !(has(Right::Create) && has(Right::Delete));
        if folder_bits == 0 {
            continue;
        }
        if has(Right::Create) {
            let hub = || PosixWho::User(people.hub.clone());
            on_folder.insert(hub(), Bits(7));
            on_new.insert(hub(), Bits(7));
            on_files.insert(hub(), Bits(6));
        }
        let who = || PosixWho::Group(local.group.clone());
        on_folder.insert(who(), Bits(folder_bits));
        on_new.insert(who(), Bits(file_bits | Bits::X));
        on_files.insert(who(), Bits(file_bits));
    }
    let acl = PosixAcl { access: whole(on_folder, 7, 5), default: whole(on_new, 7, 5), is_sticky };
    DeclaredAcl { folder, acl, files: PosixAcl { access: whole(on_files, 6, 4), ..PosixAcl::default() } }
}

/// With the lines every ACL has: the owner is the hub, its own group reads, others have nothing.
fn whole(mut lines: Lines, owner: u8, group: u8) -> Lines {
    let mask = lines.values().fold(group, |mask, bits| mask | bits.0);
    lines.insert(PosixWho::Owner, Bits(owner));
    lines.insert(PosixWho::OwningGroup, Bits(group));
    lines.insert(PosixWho::Mask, Bits(mask));
    lines.insert(PosixWho::Other, Bits(0));
    lines
}

impl PosixAcl {
    /// What comes of it: named lines and the owning group cut down to the mask, and no mask any more.
    #[must_use]
    pub fn effective(&self) -> Self {
        let cut = |lines: &Lines| -> Lines {
            let mask = lines.get(&PosixWho::Mask).map_or(7, |mask| mask.0);
            let effective = |(who, bits): (&PosixWho, &Bits)| match who {
                PosixWho::Mask => None,
                PosixWho::Owner | PosixWho::Other => Some((who.clone(), *bits)),
                _ => Some((who.clone(), Bits(bits.0 & mask))),
            };
            lines.iter().filter_map(effective).collect()
        };
        Self { access: cut(&self.access), default: cut(&self.default), is_sticky: self.is_sticky }
    }

    /// Whether a line names a user or a group.
    pub fn names_anybody(&self) -> bool {
        let is_named = |who: &PosixWho| matches!(who, PosixWho::User(_) | PosixWho::Group(_));
        self.access.keys().chain(self.default.keys()).any(is_named)
    }

    /// What differs from what stands, line by line.
    pub fn differences(&self, standing: &Self) -> Vec<AclDifference> {
        let mut found = Vec::new();
        for (prefix, declared, standing) in
            [("", &self.access, &standing.access), ("default:", &self.default, &standing.default)]
        {
            let who: BTreeSet<&PosixWho> = declared.keys().chain(standing.keys()).collect();
            for who in who {
                let (declared, standing) = (declared.get(who).copied(), standing.get(who).copied());
                if declared != standing {
                    found.push(AclDifference { line: format!("{prefix}{who}"), declared, standing });
                }
            }
        }
        if self.is_sticky != standing.is_sticky {
            let bit = |is_set: bool| is_set.then_some(Bits(Bits::X));
            let (declared, standing) = (bit(self.is_sticky), bit(standing.is_sticky));
            found.push(AclDifference { line: "sticky".to_owned(), declared, standing });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::right::Rights;
    use super::super::rule::{Grantee, Origin, Rule};
    use super::*;

    fn book() -> Rulebook {
        let rule = |system: &str, folder: &str, rights| Rule {
            grantee: Grantee::System(system.parse().unwrap()),
            folder: folder.parse().unwrap(),
            rights,
            origin: Origin::Answers,
        };
        Rulebook::new(vec![
            rule("015", "001/a", Rights::FETCH),
            rule("015", "015/in", Rights::BRING),
            rule("018", "018/all", Rights::ALL),
            rule("018", "001/a/b", Rights::of(&[Right::Create, Right::Delete])),
        ])
    }

    fn people() -> LocalPeople {
        LocalPeople { hub: "renkei".to_owned(), groups: groups() }
    }

    fn groups() -> Vec<LocalGroup> {
        let local = |system: &str, group: &str| LocalGroup {
            system: system.parse().unwrap(),
            group: group.to_owned(),
        };
        vec![local("015", "tax"), local("018", "pay")]
    }

    fn shown(lines: &Lines) -> String {
        let line = |(who, bits): (&PosixWho, &Bits)| format!("{who}:{bits}");
        lines.iter().map(line).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_folder_has_what_the_rules_say_and_the_way_to_it() {
        let plan = posix_plan(&book(), &people(), &[]);
        let check = |folder: Option<&str>, access: &str, new: &str, files: &str, is_sticky: bool| {
            let is_it = |one: &&DeclaredAcl| one.folder.as_ref().map(FolderPath::as_str) == folder;
            let one = plan.iter().find(is_it).unwrap();
            assert_eq!(shown(&one.acl.access), access, "{folder:?}");
            assert_eq!(shown(&one.acl.default), new, "{folder:?}");
            assert_eq!(shown(&one.files.access), files, "{folder:?}");
            assert_eq!(one.acl.is_sticky, is_sticky, "{folder:?}");
        };
        check(
            None,
            "user::rwx group::r-x group:pay:--x group:tax:--x mask::r-x other::---",
            "user::rwx group::r-x group:pay:--x group:tax:--x mask::r-x other::---",
            "user::rw- group::r-- group:pay:--- group:tax:--- mask::r-- other::---",
            false,
        );
        check(
            Some("001/a"),
            "user::rwx group::r-x group:pay:--x group:tax:r-x mask::r-x other::---",
            "user::rwx group::r-x group:pay:--x group:tax:r-x mask::r-x other::---",
            "user::rw- group::r-- group:pay:--- group:tax:r-- mask::r-- other::---",
            false,
        );
        check(
            Some("015/in"),
            "user::rwx user:renkei:rwx group::r-x group:tax:rwx mask::rwx other::---",
            "user::rwx user:renkei:rwx group::r-x group:tax:--x mask::rwx other::---",
            "user::rw- user:renkei:rw- group::r-- group:tax:--- mask::rw- other::---",
            true,
        );
        check(
            Some("018/all"),
            "user::rwx user:renkei:rwx group::r-x group:pay:rwx mask::rwx other::---",
            "user::rwx user:renkei:rwx group::r-x group:pay:rwx mask::rwx other::---",
            "user::rw- user:renkei:rw- group::r-- group:pay:rw- mask::rw- other::---",
            false,
        );
        // The rule for the folder below is the nearer one for 018 and none for 015, which still may what it may above.
        check(
            Some("001/a/b"),
            "user::rwx user:renkei:rwx group::r-x group:pay:-wx group:tax:r-x mask::rwx other::---",
            "user::rwx user:renkei:rwx group::r-x group:pay:--x group:tax:r-x mask::rwx other::---",
            "user::rw- user:renkei:rw- group::r-- group:pay:--- group:tax:r-- mask::rw- other::---",
            false,
        );
        assert_eq!(plan.len(), 8);
    }

    #[test]
    fn a_folder_that_no_rule_names_any_more_is_nobody_s() {
        let standing: Vec<FolderPath> =
            ["015/gone", "015/in/made", "015/in"].map(|path| path.parse().unwrap()).into();
        let plan = posix_plan(&book(), &people(), &standing);
        assert_eq!(plan.len(), 10);
        let of = |folder: &str| {
            let is_it = |one: &&DeclaredAcl| one.folder.as_ref().is_some_and(|it| it.as_str() == folder);
            shown(&plan.iter().find(is_it).unwrap().acl.access)
        };
        assert_eq!(of("015/gone"), "user::rwx group::r-x mask::r-x other::---");
        assert_eq!(of("015/in/made"), of("015/in"));
    }

    #[test]
    fn what_differs_is_told_line_by_line() {
        let plan = posix_plan(&book(), &people(), &[]);
        let declared = &plan
            .iter()
            .find(|one| one.folder.as_ref().is_some_and(|it| it.as_str() == "015/in"))
            .unwrap()
            .acl;
        assert!(declared.differences(declared).is_empty());
        let mut standing = declared.clone();
        standing.is_sticky = false;
        standing.access.insert(PosixWho::User("eve".to_owned()), Bits(7));
        standing.default.remove(&PosixWho::Group("tax".to_owned()));
        let found: Vec<String> = declared
            .differences(&standing)
            .into_iter()
            .map(|one| {
                let text =
                    |bits: Option<Bits>| bits.map_or_else(|| "none".to_owned(), |bits| bits.to_string());
                format!("{} {} {}", one.line, text(one.declared), text(one.standing))
            })
            .collect();
        assert_eq!(found, ["user:eve none rwx", "default:group:tax --x none", "sticky --x none"]);
    }
}
