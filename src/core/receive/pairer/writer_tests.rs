//! A random writer against the pairer: nothing that lacks something is ever ready, and what is whole is at last.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::NOTICE_ENDING;
use super::tests::{Folder, notice};

/// One thing a writer does; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Act {
    /// Writes so many more bytes of a file of a set under its final name: 0 to 3 are data files, 4 is the notice.
    Write { set: usize, file: usize, n_bytes: usize },
    /// Puts a file whole, by one rename.
    Rename { set: usize, file: usize },
    /// Dies over a file: it goes.
    Remove { set: usize, file: usize },
    /// Puts something no notice names.
    Stray { number: usize },
    /// Time goes by, or the clock is set back.
    Wait { seconds: i64 },
    /// The reader is started anew.
    Forget,
}

fn act() -> impl Strategy<Value = Act> {
    let place = || (0..3_usize, 0..5_usize);
    prop_oneof![
        6 => (place(), 1..2000_usize).prop_map(|((set, file), n_bytes)| Act::Write { set, file, n_bytes }),
        3 => place().prop_map(|(set, file)| Act::Rename { set, file }),
        1 => place().prop_map(|(set, file)| Act::Remove { set, file }),
        1 => (0..3_usize).prop_map(|number| Act::Stray { number }),
        2 => (-4000..4000_i64).prop_map(|seconds| Act::Wait { seconds }),
        1 => Just(Act::Forget),
    ]
}

/// The final text of every file by set: one to four data files and the notice last.
fn sets(n_files: [usize; 3]) -> Vec<Vec<(String, String)>> {
    let make = |(set, n_files): (usize, usize)| {
        let mut files: Vec<(String, String)> =
            (0..n_files).map(|file| (format!("s{set}-{file}.csv"), "x".repeat(10 * file + 5))).collect();
        let named: Vec<(&str, u64)> =
            files.iter().map(|(name, text)| (name.as_str(), text.len() as u64)).collect();
        let text = notice(u32::try_from(set).unwrap() + 1, &named, None).to_json().unwrap();
        // Without its last newline a notice is whole, too.
        let text = text.trim_end().to_owned();
        files.push((format!("s{set}.done"), text));
        files
    };
    n_files.into_iter().enumerate().map(make).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whole_sets_are_ready_and_no_others(
        n_files in [1..4_usize, 1..4_usize, 1..5_usize],
        acts in proptest::collection::vec(act(), 1..60),
    ) {
        let sets = sets(n_files);
        let mut folder = Folder::new();
        let mut written: BTreeMap<String, usize> = BTreeMap::new();
        let pick = |set: usize, file: usize| { let files = &sets[set]; files[file % files.len()].clone() };
        for act in acts {
            match act {
                Act::Write { set, file, n_bytes } => {
                    let (name, text) = pick(set, file);
                    let length = written.get(&name).copied().unwrap_or(0).saturating_add(n_bytes).min(text.len());
                    folder.put(&name, &text[..length]);
                    written.insert(name, length);
                }
                Act::Rename { set, file } => {
                    let (name, text) = pick(set, file);
                    folder.put(&name, &text);
                    written.insert(name, text.len());
                }
                Act::Remove { set, file } => {
                    let (name, _) = pick(set, file);
                    folder.remove(&name);
                    written.remove(&name);
                }
                Act::Stray { number } => folder.put(&format!("stray{number}"), ""),
                Act::Wait { seconds } => folder.now += seconds,
                Act::Forget => folder.pairer = super::Pairer::default(),
            }
            let pairing = folder.look();
            let is_whole = |files: &&Vec<(String, String)>| {
                files.iter().all(|(name, text)| written.get(name) == Some(&text.len()))
            };
            let whole: Vec<&str> =
                sets.iter().filter(is_whole).map(|files| files[files.len() - 1].0.as_str()).collect();
            let ready: Vec<&str> = pairing.ready.iter().map(|set| set.notice_name.as_str()).collect();
            prop_assert_eq!(ready, whole);
            prop_assert!(pairing.waiting.iter().all(|set| !set.lacks.is_empty()));
            // Everything that stands there is accounted for, once.
            let named = |name: &str| sets.iter().any(|files| {
                let notice = &files[files.len() - 1];
                written.get(&notice.0) == Some(&notice.1.len()) && files.iter().any(|(file, _)| file == name)
            });
            let unnamed = written.keys().filter(|name| !named(name) && !name.ends_with(NOTICE_ENDING)).count();
            let strays = pairing.strays.iter().filter(|stray| !format!("{:?}", stray.name).contains("stray"));
            prop_assert_eq!(strays.count(), unnamed);
            let cut = written.iter().filter(|(name, _)| name.ends_with(NOTICE_ENDING) && !named(name)).count();
            prop_assert_eq!(pairing.unreadable.len() + pairing.pending.len(), cut);
        }
        // The writer finishes; after a while everything is ready and settled.
        for (name, text) in sets.iter().flatten() {
            folder.put(name, text);
        }
        prop_assert_eq!(folder.look().ready.len(), 3);
        folder.now += 10;
        prop_assert!(folder.look().ready.iter().all(|set| set.is_settled));
    }
}
