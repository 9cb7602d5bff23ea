//! For any tree, rules and requests the session does exactly what the rulebook allows, and nothing else.
//!
//! A twin of the tree is changed by plain calls where the rulebook allows it; both trees stay equal, and both say
//! alike whether it was done.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use renkei_core::FolderPath;
use renkei_core::access::{Operation, Right, Sight};

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Stat(String),
    Fetch(String),
    Put(String),
    Remove(String),
    Mkdir(String),
    Rmdir(String),
    Rename(String, String),
    List(String),
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec("[ab]", 1..4).prop_map(|parts| parts.join("/"))
}

fn rights() -> impl Strategy<Value = Rights> {
    proptest::collection::vec(proptest::sample::select(Right::ALL.to_vec()), 0..6)
        .prop_map(|some| Rights::of(&some))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        path().prop_map(Step::Stat),
        path().prop_map(Step::Fetch),
        path().prop_map(Step::Put),
        path().prop_map(Step::Remove),
        path().prop_map(Step::Mkdir),
        path().prop_map(Step::Rmdir),
        (path(), path()).prop_map(|(from, to)| Step::Rename(from, to)),
        path().prop_map(Step::List),
    ]
}

/// The rulebook's word, and the twin it is carried out on.
struct Twin {
    rules: Rulebook,
    root: PathBuf,
}

fn parent(path: &str) -> Option<FolderPath> {
    path.rsplit_once('/').map(|(parent, _)| parent.parse().unwrap())
}

impl Twin {
    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn allows(&self, operation: Operation<'_>) -> bool {
        self.rules.allows(&account(), operation).is_allowed
    }

    fn sees(&self, path: &str) -> bool {
        self.rules.sight(&account(), Some(&path.parse().unwrap())) != Sight::Hidden
    }

    fn stat(&self, path: &str) -> bool {
        let at = self.at(path);
        if at.is_dir() {
            self.sees(path)
        } else {
            at.is_file() && self.allows(Operation::Look(parent(path).as_ref()))
        }
    }

    /// Does a step where it is allowed; says whether it was done.
    fn step(&self, step: &Step) -> bool {
        match step {
            Step::Stat(path) => self.stat(path),
            Step::Fetch(path) => {
                self.allows(Operation::Fetch(parent(path).as_ref())) && self.at(path).is_file()
            }
            Step::Put(path) => {
                let folder = parent(path);
                let operation = if self.at(path).exists() {
                    Operation::Replace(folder.as_ref())
                } else {
                    Operation::Bring(folder.as_ref())
                };
                self.allows(operation) && std::fs::write(self.at(path), path).is_ok()
            }
            Step::Remove(path) => {
                self.allows(Operation::Remove(parent(path).as_ref()))
                    && std::fs::remove_file(self.at(path)).is_ok()
            }
            Step::Mkdir(path) => {
                self.allows(Operation::MakeFolder(parent(path).as_ref()))
                    && std::fs::create_dir(self.at(path)).is_ok()
            }
            Step::Rmdir(path) => {
                self.sees(path)
                    && self.allows(Operation::RemoveFolder(parent(path).as_ref()))
                    && std::fs::remove_dir(self.at(path)).is_ok()
            }
            Step::Rename(from, to) => self.rename(from, to),
            Step::List(path) => self.at(path).is_dir() && self.sees(path),
        }
    }

    fn rename(&self, from: &str, to: &str) -> bool {
        let (source, target) = (parent(from), parent(to));
        let operation =
            Operation::Rename { from: source.as_ref(), to: target.as_ref(), replaces: self.at(to).exists() };
        if !self.stat(from) {
            return false;
        }
        if from == to {
            return true;
        }
        if !self.allows(operation) || self.at(to).is_dir() {
            return false;
        }
        if self.at(from).is_dir() {
            // Rules are about paths, so what they name stays; and a folder never takes a file's place.
            let is_named = |path: &str| {
                self.rules.folders().iter().any(|ruled| Path::new(ruled.as_str()).starts_with(path))
            };
            let stays = is_named(from) || is_named(to) || self.at(to).exists();
            if stays || !self.allows(Operation::RemoveFolder(source.as_ref())) {
                return false;
            }
        }
        std::fs::rename(self.at(from), self.at(to)).is_ok()
    }
}

fn by_session(client: &mut Client, step: &Step) -> bool {
    let ok = Told::Status(StatusCode::Ok);
    match step {
        Step::Stat(path) => matches!(client.ask(Request::Stat { path: path.as_bytes() }), Told::Attrs(_)),
        Step::Fetch(path) => matches!(client.open(path, OpenFlags::READ), Told::Handle(_)),
        Step::Put(path) => client.put(path, path.as_bytes()) == ok,
        Step::Remove(path) => client.ask(Request::Remove { path: path.as_bytes() }) == ok,
        Step::Mkdir(path) => {
            client.ask(Request::Mkdir { path: path.as_bytes(), attrs: Attrs::default() }) == ok
        }
        Step::Rmdir(path) => client.ask(Request::Rmdir { path: path.as_bytes() }) == ok,
        Step::Rename(from, to) => {
            client.ask(Request::Rename { from: from.as_bytes(), to: to.as_bytes() }) == ok
        }
        Step::List(path) => matches!(client.ask(Request::Opendir { path: path.as_bytes() }), Told::Handle(_)),
    }
}

/// Every path below a root, with what its files hold.
fn tree(root: &Path, at: &str, found: &mut Vec<(String, Option<String>)>) {
    for entry in std::fs::read_dir(root.join(at)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if at.is_empty() { name } else { format!("{at}/{name}") };
        if root.join(&path).is_dir() {
            found.push((path.clone(), None));
            tree(root, &path, found);
        } else {
            found.push((path.clone(), Some(std::fs::read_to_string(root.join(&path)).unwrap())));
        }
    }
}

fn sorted_tree(root: &Path) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    tree(root, "", &mut found);
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_the_rulebook_allows_is_done_and_nothing_else(
        rules in proptest::collection::vec((path(), rights()), 0..5),
        folders in proptest::collection::vec(path(), 0..6),
        files in proptest::collection::vec(path(), 0..6),
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let rules: Vec<Rule> = rules.into_iter().map(|(folder, rights)| rule(&folder, rights)).collect();
        let house = house(rules.clone());
        let other = tempfile::tempdir().unwrap();
        for root in [house.folder.path(), other.path()] {
            for folder in &folders {
                std::fs::create_dir_all(root.join(folder)).unwrap();
            }
            for file in &files {
                // A folder may have the name already.
                let _ = std::fs::write(root.join(file), file);
            }
        }
        let twin = Twin { rules: Rulebook::new(rules), root: other.path().to_owned() };
        let mut client = Client::new(&house);
        for step in &steps {
            let is_done = by_session(&mut client, step);
            prop_assert_eq!(is_done, twin.step(step), "{:?}", step);
            prop_assert_eq!(sorted_tree(house.folder.path()), sorted_tree(other.path()), "{:?}", step);
        }
        // Listings show what may be listed, and folders only where they are seen.
        let mut open = vec![String::new()];
        while let Some(at) = open.pop() {
            let Told::Handle(handle) = client.ask(Request::Opendir { path: at.as_bytes() }) else { continue };
            let mut listed = Vec::new();
            while let Told::Names(names) = client.ask(Request::Readdir { handle: &handle }) {
                listed.extend(names.into_iter().map(|name| String::from_utf8(name).unwrap()));
            }
            client.ask(Request::Close { handle: &handle });
            listed.sort();
            let folder: Option<FolderPath> = at.parse().ok();
            let is_listed = twin.rules.sight(&account(), folder.as_ref()) == Sight::Listed;
            let mut expect = Vec::new();
            for entry in std::fs::read_dir(twin.at(&at)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let path = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
                if twin.at(&path).is_dir() {
                    if twin.sees(&path) {
                        open.push(path);
                        expect.push(name);
                    }
                } else if is_listed {
                    expect.push(name);
                }
            }
            expect.sort();
            prop_assert_eq!(listed, expect, "{}", at);
        }
    }
}
