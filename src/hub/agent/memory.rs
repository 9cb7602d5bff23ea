//! What was mirrored from the hub: one JSON object a line beside the mirror, the last one of a name holds.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use renkei_core::port::{PullMemory, StoreError};
use renkei_core::pull::{PulledFile, Remembered};
use renkei_core::{Digest, FileName, FolderPath, Moment};
use renkei_engine::Clock as _;
use serde_json::{Value, json};

use crate::clock::HubClock;
use crate::{Failure, HubError};

/// Hidden, so that it is no file of a folder.
const FILE: &str = ".mirrored.jsonl";
/// The same while it is written anew.
const NEW_FILE: &str = ".mirrored.new";
/// With so many lines more than files it is written anew.
const MOST_OVER: usize = 1_000;

/// The memory of a mirror.
pub(super) struct MirrorMemory {
    state: Mutex<State>,
    clock: HubClock,
    is_by_hand: bool,
}

struct State {
    of: BTreeMap<(String, FileName), Remembered>,
    file: File,
}

impl MirrorMemory {
    /// Reads what is remembered beside a mirror. A last line that was cut off is none. `is_by_hand` says whether a
    /// person asks.
    pub(super) fn open(mirror: &Path, is_by_hand: bool) -> Result<Self, Failure> {
        let path = mirror.join(FILE);
        let failed = |source| HubError::Write { path: path.clone(), source };
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error).into()),
        };
        let lines: Vec<Option<_>> = text.lines().map(read).collect();
        let n_lines = lines.len();
        let is_sound = lines.iter().all(Option::is_some) && (text.is_empty() || text.ends_with('\n'));
        let of: BTreeMap<(String, FileName), Remembered> = lines.into_iter().flatten().collect();
        if !is_sound || n_lines > of.len() + MOST_OVER {
            let new = mirror.join(NEW_FILE);
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&new)
                .map_err(failed)?;
            let text: String = of.iter().map(|((folder, _), one)| line(folder, one)).collect();
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
            std::fs::rename(&new, &path).map_err(failed)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
        Ok(Self { state: Mutex::new(State { of, file }), clock: HubClock::system(), is_by_hand })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(folder: &str, one: &Remembered) -> String {
    let Remembered { file, notice, is_here, at } = one;
    let value = json!({
        "folder": folder, "name": file.name, "notice": notice, "n_bytes": file.n_bytes,
        "changed_at": file.changed_at, "sha256": file.sha256, "is_here": is_here, "at": at.to_string(),
    });
    format!("{value}\n")
}

fn read(line: &str) -> Option<((String, FileName), Remembered)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let name: FileName = text("name")?.parse().ok()?;
    let changed_at = match value.get("changed_at")? {
        Value::Null => None,
        at => Some(u32::try_from(at.as_u64()?).ok()?),
    };
    let file = PulledFile {
        name: name.clone(),
        n_bytes: value.get("n_bytes")?.as_u64()?,
        changed_at,
        sha256: text("sha256")?.parse().ok()?,
    };
    let one = Remembered {
        file,
        notice: text("notice")?.parse().ok()?,
        is_here: value.get("is_here")?.as_bool()?,
        at: Moment::parse(text("at")?)?,
    };
    Some(((text("folder")?.to_owned(), name), one))
}

impl PullMemory for MirrorMemory {
    fn recall(&self, folder: &str, names: &[FileName]) -> Result<BTreeMap<FileName, Remembered>, StoreError> {
        let state = self.lock();
        let found = names.iter().filter_map(|name| {
            let one = state.of.get(&(folder.to_owned(), name.clone()))?;
            Some((name.clone(), one.clone()))
        });
        Ok(found.collect())
    }

    fn set_of(&self, folder: &str, notice: &FileName) -> Result<Vec<Remembered>, StoreError> {
        let state = self.lock();
        let of_set = state.of.iter().filter(|((of, _), one)| of == folder && one.notice == *notice);
        Ok(of_set.map(|(_, one)| one.clone()).collect())
    }

    fn remember(
        &self,
        folder: &str,
        notice: &FileName,
        files: &[PulledFile],
        is_here: bool,
    ) -> Result<(), StoreError> {
        let at = self.clock.now();
        let all =
            files.iter().map(|file| Remembered { file: file.clone(), notice: notice.clone(), is_here, at });
        let all: Vec<Remembered> = all.collect();
        let text: String = all.iter().map(|one| line(folder, one)).collect();
        let mut state = self.lock();
        let written = state.file.write_all(text.as_bytes()).and_then(|()| state.file.sync_data());
        written.map_err(|error| StoreError::Unavailable { detail: error.to_string() })?;
        for one in all {
            state.of.insert((folder.to_owned(), one.file.name.clone()), one);
        }
        Ok(())
    }

    fn is_by_hand(&self) -> bool {
        self.is_by_hand
    }

    fn was_judged(&self, _: &FolderPath, _: &Digest) -> Result<bool, StoreError> {
        // What is judged stays in the mirror; what lacks there comes again and is known by its notice.
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_wrong_is_known_unless_a_person_asks() {
        let mirror = tempfile::tempdir().unwrap();
        let names: [FileName; 2] = ["wrong.csv".parse().unwrap(), "right.csv".parse().unwrap()];
        let memory = MirrorMemory::open(mirror.path(), false).unwrap();
        for (name, is_here) in names.iter().zip([false, true]) {
            let file =
                PulledFile { name: name.clone(), n_bytes: 1, changed_at: None, sha256: Digest([7; 32]) };
            memory.remember("/f", &"a.done".parse().unwrap(), &[file], is_here).unwrap();
        }
        let wrong = memory.came_wrong("/f", &names).unwrap();
        assert_eq!(wrong.keys().collect::<Vec<_>>(), [&names[0]]);
        drop(memory);
        let memory = MirrorMemory::open(mirror.path(), true).unwrap();
        assert!(memory.came_wrong("/f", &names).unwrap().is_empty());
    }

    #[test]
    fn what_is_remembered_outlives_a_process_and_a_line_that_was_cut_off() {
        let mirror = tempfile::tempdir().unwrap();
        let name: FileName = "a.done".parse().unwrap();
        let file = |n_bytes, changed_at| PulledFile {
            name: name.clone(),
            n_bytes,
            changed_at,
            sha256: Digest([7; 32]),
        };
        let memory = MirrorMemory::open(mirror.path(), false).unwrap();
        memory.remember("/f", &name, &[file(1, None)], false).unwrap();
        memory.remember("/f", &name, &[file(2, Some(9))], true).unwrap();
        drop(memory);
        let path = mirror.path().join(FILE);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"folder\":\"/f\",\"na");
        std::fs::write(&path, text).unwrap();
        for _ in 0..2 {
            let memory = MirrorMemory::open(mirror.path(), false).unwrap();
            let one = memory.recall("/f", std::slice::from_ref(&name)).unwrap().remove(&name).unwrap();
            assert_eq!((one.file, one.is_here), (file(2, Some(9)), true));
            assert_eq!(memory.set_of("/f", &name).unwrap().len(), 1);
            assert!(memory.recall("/g", std::slice::from_ref(&name)).unwrap().is_empty());
        }
    }
}
