//! For any tree, rules and requests the session does exactly what the rulebook allows, and nothing else.
//!
//! A twin of the tree is changed by plain calls where the rulebook allows it; both trees stay equal, and both say
//! alike whether it was done. Rules change between the steps.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
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
    Rules(Vec<(String, Rights)>),
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec("[ab]", 1..4).prop_map(|parts| parts.join("/"))
}

fn rights() -> impl Strategy<Value = Rights> {
    proptest::collection::vec(proptest::sample::select(Right::ALL.to_vec()), 0..6)
        .prop_map(|some| Rights::of(&some))
}

fn some_rules() -> impl Strategy<Value = Vec<(String, Rights)>> {
    proptest::collection::vec((path(), rights()), 0..5)
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
        some_rules().prop_map(Step::Rules),
    ]
}

/// The rulebook's word, and the twin it is carried out on.
struct Twin {
    rules: Rulebook,
    root: PathBuf,
    /// Files that were brought in this session: names, and what has them.
    own: HashSet<(PathBuf, u64)>,
}

fn file_no(at: &Path) -> u64 {
    std::fs::metadata(at).unwrap().ino()
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
    fn step(&mut self, step: &Step) -> bool {
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
                let is_done = self.allows(operation) && std::fs::write(self.at(path), path).is_ok();
                if is_done {
                    self.own.insert((self.at(path), file_no(&self.at(path))));
                }
                is_done
            }
            Step::Remove(path) => {
                let at = self.at(path);
                let is_done = self.allows(Operation::Remove(parent(path).as_ref()))
                    && std::fs::remove_file(&at).is_ok();
                if is_done {
                    self.own.retain(|(own, _)| *own != at);
                }
                is_done
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
            Step::Rules(rules) => {
                self.rules = Rulebook::new(ruled(rules));
                true
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> bool {
        let (source, target) = (parent(from), parent(to));
        if !self.stat(from) {
            return false;
        }
        let file_no = file_no(&self.at(from));
        let operation = Operation::Rename {
            from: source.as_ref(),
            to: target.as_ref(),
            replaces: self.at(to).exists(),
            is_own: self.own.contains(&(self.at(from), file_no)),
        };
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
        let is_done = std::fs::rename(self.at(from), self.at(to)).is_ok();
        if is_done {
            let [from, to] = [from, to].map(|path| self.at(path));
            self.own.retain(|(own, _)| *own != to);
            if self.own.remove(&(from.clone(), file_no)) {
                self.own.insert((to, file_no));
            }
            self.own.retain(|(own, _)| *own != from);
        }
        is_done
    }
}

fn ruled(rules: &[(String, Rights)]) -> Vec<Rule> {
    rules.iter().map(|(folder, rights)| rule(folder, *rights)).collect()
}

fn by_session(house: &House, client: &mut Client, step: &Step) -> Told {
    match step {
        Step::Rules(rules) => {
            house.set_rules(ruled(rules));
            Told::Other
        }
        Step::Stat(path) => client.ask(Request::Stat { path: path.as_bytes() }),
        Step::Fetch(path) => client.open(path, OpenFlags::READ),
        Step::Put(path) => client.put(path, path.as_bytes()),
        Step::Remove(path) => client.ask(Request::Remove { path: path.as_bytes() }),
        Step::Mkdir(path) => client.ask(Request::Mkdir { path: path.as_bytes(), attrs: Attrs::default() }),
        Step::Rmdir(path) => client.ask(Request::Rmdir { path: path.as_bytes() }),
        Step::Rename(from, to) => client.ask(Request::Rename { from: from.as_bytes(), to: to.as_bytes() }),
        Step::List(path) => client.ask(Request::Opendir { path: path.as_bytes() }),
    }
}

/// The path a step is about.
fn about(step: &Step) -> &str {
    match step {
        Step::Stat(path)
        | Step::Fetch(path)
        | Step::Put(path)
        | Step::Remove(path)
        | Step::Mkdir(path)
        | Step::Rmdir(path)
        | Step::Rename(path, _)
        | Step::List(path) => path,
        Step::Rules(_) => "",
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
        rules in some_rules(),
        folders in proptest::collection::vec(path(), 0..6),
        files in proptest::collection::vec(path(), 0..6),
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let rules = ruled(&rules);
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
        let mut twin =
            Twin { rules: Rulebook::new(rules), root: other.path().to_owned(), own: HashSet::new() };
        let mut client = Client::new(&house);
        for step in &steps {
            let told = by_session(&house, &mut client, step);
            let is_done = !matches!(told, Told::Status(code) if code != StatusCode::Ok);
            let folder = parent(about(step));
            let is_hidden = twin.rules.sight(&account(), folder.as_ref()) == Sight::Hidden;
            // A right without sight of its folder is one to bring or fetch blindly: its owner may learn of taken names.
            let is_blind = Right::ALL.iter().any(|right| twin.rules.decide(&account(), folder.as_ref(), *right).is_allowed);
            prop_assert_eq!(is_done, twin.step(step), "{:?}", step);
            // Whoever does not see a folder learns nothing of what is in it.
            if !is_done && is_hidden && !is_blind {
                prop_assert_eq!(told, Told::Status(StatusCode::NoSuchFile), "{:?}", step);
            }
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
