//! A new hub is right as it stands, and making one never touches what is there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::config::Config;

fn tsukuba(keeps_existing: bool) -> NewHub {
    NewHub {
        municipality: "082201".parse().unwrap(), name: "つくば市 \"研究\"".to_owned(), keeps_existing
    }
}

#[test]
fn a_new_hub_has_no_problem() {
    let folder = tempfile::tempdir().unwrap();
    let made = init(&folder.path().join("hub"), &tsukuba(false)).unwrap();
    assert!(made.iter().all(|made| made.is_new));
    let config = Config::load(&folder.path().join("hub")).unwrap();
    assert_eq!(config.name, "つくば市 \"研究\"");
    let feeds: Vec<_> = config
        .feeds
        .iter()
        .map(|declared| (declared.feed.id.as_str(), declared.feed.folder.as_str()))
        .collect();
    assert_eq!(
        feeds,
        [
            ("001o005-v1.0", "001/001o005-00/v1.0"),
            ("001o005-v1.1", "001/001o005-00/v1.1"),
            ("001o006-v1.0", "001/001o006-00/v1.0"),
            ("001o006-v1.1", "001/001o006-00/v1.1"),
            ("001z001-v1.0", "001/001z001-00/v1.0"),
        ]
    );
    assert_eq!(config.job("nightly").unwrap().order.feeds().len(), 5);
}

#[test]
fn the_key_is_its_owners_alone_and_new_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<String> = ["a", "b"]
        .iter()
        .map(|name| {
            init(&folder.path().join(name), &tsukuba(false)).unwrap();
            let path = folder.path().join(name).join("secrets/number.key");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::read_to_string(path).unwrap()
        })
        .collect();
    assert!(keys[0].trim_end().len() == 64 && keys[0].trim_end().bytes().all(|b| b.is_ascii_hexdigit()));
    assert_ne!(keys[0], keys[1]);
    let config = Config::load(&folder.path().join("a")).unwrap();
    assert!(config.store.number_key.path().is_some_and(|path| path.ends_with("secrets/number.key")));
}

#[test]
fn what_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hub.toml"), "mine").unwrap();
    assert!(matches!(init(folder.path(), &tsukuba(false)), Err(InitError::NotEmpty { .. })));
    assert!(!folder.path().join("secrets").exists());
    let made = init(folder.path(), &tsukuba(true)).unwrap();
    assert_eq!(made.iter().filter(|made| !made.is_new).count(), 1);
    assert_eq!(fs::read_to_string(folder.path().join("hub.toml")).unwrap(), "mine");
}
