//! Secrets read, encrypted, spoiled and given other keys.

use std::cell::Cell;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use renkei_core::Fault as _;
use tempfile::TempDir;

use crate::{Keeper, KeyPlace, REKEY_POINTS, SecretError, SecretSource, Told};

struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        let house = Self { folder: tempfile::tempdir().unwrap() };
        house.keeper().make_key().unwrap();
        house
    }

    fn secrets(&self) -> PathBuf {
        self.folder.path().join("secrets")
    }

    fn key_path(&self) -> PathBuf {
        self.folder.path().join("secret.key")
    }

    fn key(&self) -> KeyPlace {
        KeyPlace::File(self.key_path())
    }

    fn keeper(&self) -> Keeper {
        Keeper::new(self.secrets(), Some(self.key()), Vec::new())
    }

    fn source(&self, name: &str) -> SecretSource {
        SecretSource::file(self.secrets().join(name), Some(&self.key()))
    }

    /// The secret, or the code of what is wrong.
    fn read(&self, name: &str) -> Result<String, &'static str> {
        self.source(name).read().map(|secret| secret.text().to_owned()).map_err(|error| error.code())
    }
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn only_its_owner_may_use_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "hidden words\r\n").unwrap();
    let source = SecretSource::File(path.clone());
    for (mode, is_taken) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)] {
        chmod(&path, mode);
        let read = source.read_line();
        assert_eq!(read.is_ok(), is_taken, "{mode:o}");
        if let Err(error) = read {
            let told = error.to_string();
            assert!(told.contains("chmod 600") && !told.contains("hidden"), "{told}");
        }
    }
    chmod(&path, 0o600);
    let secret = source.read_line().unwrap();
    assert_eq!((secret.text(), format!("{secret:?}")), ("hidden words", "Secret(…)".to_owned()));
    for wrong in ["", "\n", "two\nlines\n"] {
        std::fs::write(&path, wrong).unwrap();
        assert_eq!(source.read_line().unwrap_err().code(), "secret.not-one-line", "{wrong:?}");
    }
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(source.read(), Err(SecretError::NoText { .. })));
    assert!(matches!(
        SecretSource::File(folder.path().to_owned()).read(),
        Err(SecretError::NoPlainFile { .. })
    ));
    assert_eq!(
        SecretSource::Env("RENKEI_NO_SUCH_SECRET".to_owned()).read().unwrap_err().code(),
        "secret.not-set"
    );
}

#[test]
fn what_root_puts_belongs_to_whoever_has_the_folder() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let house = House::new();
    let keeper = house.keeper();
    keeper.put("mine", "one\n", false, true).unwrap();
    let folder = house.secrets();
    std::os::unix::fs::chown(&folder, Some(12_345), Some(12_346)).unwrap();
    keeper.put("theirs", "two\n", false, false).unwrap();
    keeper.encrypt("theirs").unwrap();
    let owner = |name: &str| {
        let metadata = std::fs::metadata(house.secrets().join(name)).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o777)
    };
    assert_eq!(owner("theirs"), (12_345, 12_346, 0o600));
    assert_eq!(owner("mine").0, 0);
    // The key file is the service's, in a folder that is not.
    std::os::unix::fs::chown(house.key_path(), Some(12_345), Some(12_346)).unwrap();
    keeper.rekey(&|_| ()).unwrap();
    assert_eq!(owner("mine").0, 12_345);
    assert_eq!(house.key_path().metadata().unwrap().uid(), 12_345);
}

#[test]
fn the_key_file_is_neither_encrypted_nor_replaced_by_a_secret() {
    let house = House::new();
    let folder = house.secrets();
    let keeper = house.keeper();
    keeper.put("kept", "hidden words\n", false, true).unwrap();
    std::os::unix::fs::symlink(house.key_path(), folder.join("link")).unwrap();
    // The key in the folder of secrets itself, too.
    std::fs::copy(house.key_path(), folder.join("own.key")).unwrap();
    let inside = Keeper::new(folder.clone(), Some(KeyPlace::File(folder.join("own.key"))), Vec::new());
    let check = |done: Result<(), SecretError>| assert_eq!(done.unwrap_err().code(), "secret.is-key");
    check(keeper.encrypt("link").map(|_| ()));
    check(keeper.put("link", "x\n", true, false));
    check(inside.encrypt("own.key").map(|_| ()));
    check(inside.put("own.key", "x\n", true, true));
    check(inside.exchange(&folder.join("own.key"), &folder.join("own.key.old"), "x\n", false));
    let secret = SecretSource::file(folder.join("kept"), Some(&KeyPlace::File(folder.join("own.key"))));
    assert_eq!(secret.read_line().unwrap().text(), "hidden words");
}

#[test]
fn an_exchange_that_is_refused_leaves_what_was_put_aside() {
    let house = House::new();
    let (keeper, folder) = (house.keeper(), house.secrets().join("more"));
    std::fs::create_dir(&folder).unwrap();
    let (path, former) = (folder.join("key"), folder.join("key.old"));
    let exchange =
        |keeper: &Keeper, secret, is_encrypted| keeper.exchange(&path, &former, secret, is_encrypted);
    let read = |path: &Path| keeper.source(path.to_owned()).read().unwrap().text().to_owned();
    exchange(&keeper, "one", false).unwrap();
    assert!(!former.exists());
    exchange(&keeper, "two", true).unwrap();
    assert_eq!((read(&path), read(&former)), ("two".to_owned(), "one".to_owned()));
    // It was encrypted, so the next is; without a key that is refused.
    let keyless = Keeper::new(house.secrets(), None, Vec::new());
    assert_eq!(exchange(&keyless, "three", false).unwrap_err().code(), "secret.key-missing");
    assert_eq!((read(&path), read(&former)), ("two".to_owned(), "one".to_owned()));
    exchange(&keeper, "three", false).unwrap();
    assert_eq!((read(&path), read(&former)), ("three".to_owned(), "two".to_owned()));
    let has_plain = |path: &Path| std::fs::read_to_string(path).unwrap().len() < 10;
    assert!(!has_plain(&path) && !has_plain(&former));
}

#[test]
fn what_came_after_the_keeper_is_given_the_new_key_too() {
    let house = House::new();
    let more = house.secrets().join("more");
    std::fs::create_dir(&more).unwrap();
    let keeper = house.keeper().with_folders(vec![more.clone()]);
    house.keeper().put_at(&more.join("late"), "hidden words\n", false, true).unwrap();
    std::fs::write(more.join("late.pub"), "renkei-secret 1 shown to everybody\n").unwrap();
    assert_eq!(keeper.rekey(&|_| ()).unwrap().n_files, 1);
    assert_eq!(keeper.source(more.join("late")).read_line().unwrap().text(), "hidden words");
}

#[test]
fn two_hubs_do_not_give_one_key_file_another_key_at_once() {
    let house = House::new();
    let keeper = house.keeper();
    keeper.put("kept", "hidden words\n", false, true).unwrap();
    let others = tempfile::tempdir().unwrap();
    let other = Keeper::new(others.path().to_owned(), Some(KeyPlace::File(house.key_path())), Vec::new());
    let met = Cell::new(None);
    keeper
        .rekey(&|point| {
            if point == REKEY_POINTS[0] {
                met.set(Some(other.rekey(&|_| ()).unwrap_err().code()));
            }
        })
        .unwrap();
    assert_eq!(met.get(), Some("secret.busy"));
}

#[test]
fn plain_and_encrypted_files_are_read_alike() {
    let house = House::new();
    let keeper = house.keeper();
    keeper.put("plain", "one\n", false, false).unwrap();
    keeper.put("hidden", "two\n", false, true).unwrap();
    assert_eq!((house.read("plain"), house.read("hidden")), (Ok("one\n".into()), Ok("two\n".into())));
    assert_eq!(house.source("hidden").read_line().unwrap().text(), "two");
    let stands = std::fs::read_to_string(house.secrets().join("hidden")).unwrap();
    assert!(stands.starts_with("renkei-secret 1 ") && !stands.contains("two"), "{stands}");
    assert_eq!(keeper.put("hidden", "three", false, true).unwrap_err().code(), "secret.there");
    keeper.put("hidden", "three", true, true).unwrap();
    assert_eq!(house.read("hidden"), Ok("three".into()));
    assert_eq!(keeper.put("x", &stands, false, true).unwrap_err().code(), "secret.is-encrypted");
    assert!(keeper.encrypt("plain").unwrap());
    assert!(!keeper.encrypt("plain").unwrap());
    assert_eq!(house.read("plain"), Ok("one\n".into()));
    let told = keeper.list().unwrap();
    assert!(told.iter().all(|kept| kept.mode == 0o600 && matches!(kept.told, Told::Encrypted(_))));
    assert_eq!(told.len(), 2);
    let undeclared = SecretSource::File(house.secrets().join("hidden")).read().unwrap_err();
    assert_eq!(undeclared.code(), "secret.key-missing");
}

#[test]
fn a_spoiled_file_or_key_says_what_is_wrong() {
    let house = House::new();
    house.keeper().put("a", &"long ".repeat(40), false, true).unwrap();
    house.keeper().put("b", "other", false, true).unwrap();
    let (a, key) = (house.secrets().join("a"), house.folder.path().join("secret.key"));
    let (whole, held) = (std::fs::read_to_string(&a).unwrap(), std::fs::read_to_string(&key).unwrap());
    let file = |text: &str, code: &'static str| {
        std::fs::write(&a, text).unwrap();
        assert_eq!(house.read("a"), Err(code), "{text}");
        std::fs::write(&a, &whole).unwrap();
    };
    for n_left in [6, 20, 45, 60, 130, whole.len() - 3] {
        file(&whole[..n_left], "secret.cut");
    }
    file(&std::fs::read_to_string(house.secrets().join("b")).unwrap(), "secret.altered");
    file(&whole.replacen(" 1 ", " 2 ", 1), "secret.unknown-form");
    file(&format!("{whole}AAAA\n"), "secret.altered");
    file(&whole.to_lowercase(), "secret.altered");

    let with_key = |text: Option<&str>, code: &'static str| {
        match text {
            Some(text) => std::fs::write(&key, text).unwrap(),
            None => std::fs::remove_file(&key).unwrap(),
        }
        assert_eq!(house.read("a"), Err(code), "{text:?}");
        let told = house.source("a").read().unwrap_err().to_string();
        assert!(!held.lines().nth(1).unwrap().split(' ').any(|word| word.len() > 16 && told.contains(word)));
        std::fs::write(&key, &held).unwrap();
        chmod(&key, 0o600);
    };
    with_key(None, "secret.key-missing");
    with_key(Some(""), "secret.key-damaged");
    with_key(Some(&held[..60]), "secret.key-damaged");
    let (id, digits) = held.lines().nth(1).unwrap().split_once(' ').unwrap();
    with_key(Some(&held.replace(digits, &digits.chars().rev().collect::<String>())), "secret.key-damaged");
    let other = House::new();
    with_key(
        Some(&std::fs::read_to_string(other.folder.path().join("secret.key")).unwrap()),
        "secret.wrong-key",
    );
    chmod(&key, 0o640);
    assert_eq!(house.read("a"), Err("secret.exposed"));
    chmod(&key, 0o600);
    assert!(house.read("a").is_ok() && id.len() == 16);
    assert_eq!(house.keeper().make_key().unwrap_err().code(), "secret.key-there");
}

#[test]
fn a_change_of_keys_cut_off_anywhere_leaves_every_secret_readable() {
    struct Cut;
    let names = ["a", "b", "c"];
    let mut n_cuts = 0;
    for point in REKEY_POINTS {
        for time in 1..=if point == REKEY_POINTS[1] { names.len() } else { 1 } {
            let house = House::new();
            for name in names {
                house.keeper().put(name, &format!("secret of {name}\n"), false, true).unwrap();
            }
            house.keeper().put("plain", "plain\n", false, false).unwrap();
            let before = std::fs::read_to_string(house.folder.path().join("secret.key")).unwrap();
            let left = Cell::new(time);
            let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                house.keeper().rekey(&|reached| {
                    if reached == point {
                        left.set(left.get() - 1);
                        if left.get() == 0 {
                            std::panic::resume_unwind(Box::new(Cut));
                        }
                    }
                })
            }));
            assert!(cut.is_err(), "{point} {time}");
            n_cuts += 1;
            let all_readable = || {
                for name in names {
                    assert_eq!(house.read(name), Ok(format!("secret of {name}\n")), "{point} {time}");
                }
            };
            all_readable();
            // What is put in between is under the new key.
            house.keeper().put("new", "new\n", false, true).unwrap();
            let done = house.keeper().rekey(&|_| {}).unwrap();
            assert_eq!(done.was_begun, point != REKEY_POINTS[3], "{point}");
            all_readable();
            assert_eq!(house.read("new"), Ok("new\n".into()));
            let after = std::fs::read_to_string(house.folder.path().join("secret.key")).unwrap();
            assert!(after.lines().count() == 2 && after != before);
            assert_eq!(house.keeper().rekey(&|_| {}).unwrap().n_files, 4);
        }
    }
    assert_eq!(n_cuts, 6);
}

#[test]
fn nothing_gets_another_key_where_one_file_does_not_open() {
    let house = House::new();
    house.keeper().put("a", "a", false, true).unwrap();
    house.keeper().put("b", "b", false, true).unwrap();
    let key = std::fs::read(house.folder.path().join("secret.key")).unwrap();
    let refuse = |code: &'static str| {
        assert_eq!(house.keeper().rekey(&|_| {}).unwrap_err().code(), code);
        assert_eq!(std::fs::read(house.folder.path().join("secret.key")).unwrap(), key);
    };
    chmod(&house.secrets().join("b"), 0o644);
    refuse("secret.exposed");
    chmod(&house.secrets().join("b"), 0o600);
    std::fs::copy(house.secrets().join("a"), house.secrets().join("b")).unwrap();
    refuse("secret.altered");
    assert_eq!(house.read("a"), Ok("a".into()));
}

#[test]
fn a_link_stays_one_and_what_was_half_written_goes() {
    let house = House::new();
    let real = house.folder.path().join("elsewhere");
    std::fs::write(&real, "far\n").unwrap();
    chmod(&real, 0o600);
    house.keeper().put("x", "x", false, false).unwrap();
    std::os::unix::fs::symlink(&real, house.secrets().join("far")).unwrap();
    let half = house.secrets().join(".x.1.writing");
    std::fs::write(&half, "ha").unwrap();
    assert!(house.keeper().encrypt("far").unwrap());
    assert!(house.secrets().join("far").is_symlink() && !half.exists());
    assert_eq!(house.read("far"), Ok("far\n".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is put comes back, and whatever byte is changed shows.
    #[test]
    fn what_is_put_comes_back_and_a_changed_byte_shows(secret in "\\PC{1,200}", place in 0_usize..1000, by in 1_u8..=255) {
        let house = House::new();
        prop_assume!(!secret.starts_with("renk"));
        house.keeper().put("s", &secret, false, true).unwrap();
        prop_assert_eq!(house.read("s"), Ok(secret.clone()));
        let path = house.secrets().join("s");
        let mut bytes = std::fs::read(&path).unwrap();
        let place = place % bytes.len();
        let old = bytes[place];
        bytes[place] ^= by;
        std::fs::write(&path, &bytes).unwrap();
        match house.read("s") {
            Err(_) => {}
            // Only white space carries nothing, and what no longer begins as an encrypted secret is none.
            Ok(text) => prop_assert!(text == secret && old.is_ascii_whitespace() || place < 14, "{} {}", place, old),
        }
    }

    #[test]
    fn no_file_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let house = House::new();
        std::fs::create_dir_all(house.secrets()).unwrap();
        let path = house.secrets().join("s");
        std::fs::write(&path, [b"renkei-secret 1 ", bytes.as_slice()].concat()).unwrap();
        chmod(&path, 0o600);
        prop_assert!(house.read("s").is_err());
    }
}
