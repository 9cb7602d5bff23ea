//! A set that was refused or waits is not read again while nothing has changed.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use renkei_core::port::{FolderError, Outcome, SeenFile, SetRecord, Share};
use renkei_core::receive::{AcceptedVersion, FoundSet, Patience, RowPolicy, Terms, UnreadableNotice};
use renkei_core::{FileName, FolderPath, Moment};
use renkei_engine::receive::{Desk, Goal, Look, Rounds, RowReport, SetResult, Tables, Taker};
use renkei_engine::{Clock, EngineError, Unwatched};
use renkei_folder::{LocalFolders, ReadOnlyShare};
use renkei_store::intake::SqliteIntake;

use crate::sandbox::{MUNICIPALITY, PLAIN, Sandbox, files};
use crate::taking::{MUCH_LATER, linked};

/// A share that counts how often data files are opened; notices do not count.
struct Counting {
    share: ReadOnlyShare,
    n_opened: AtomicUsize,
}

impl Share for Counting {
    fn look(&self, folder: &FolderPath) -> Result<Vec<SeenFile>, FolderError> {
        self.share.look(folder)
    }

    fn open(&self, folder: &FolderPath, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        self.n_opened.fetch_add(usize::from(files::ends_with(name.as_str(), "csv")), Ordering::Relaxed);
        self.share.open(folder, name)
    }
}

/// A desk that leaves everything where it is.
struct Bare;

impl Desk for Bare {
    fn report(&mut self, _: &RowReport) -> Result<(), EngineError> {
        Ok(())
    }

    fn conclude(&mut self, _: &FolderPath, _: &FoundSet, _: &SetResult) -> Result<(), EngineError> {
        Ok(())
    }

    fn conclude_unreadable(
        &mut self,
        _: &FolderPath,
        _: &UnreadableNotice,
        _: &SetResult,
    ) -> Result<(), EngineError> {
        Ok(())
    }

    fn answer(&mut self, _: &SetRecord) -> Result<(), EngineError> {
        Ok(())
    }
}

/// A clock that stands still when all files have stood for long.
struct MuchLater;

impl Clock for MuchLater {
    fn now(&self) -> Moment {
        Moment::from_unix(MUCH_LATER.parse().unwrap()).unwrap()
    }
}

/// A taker of the plain feed, as a process that stays has it.
struct Standing {
    share: Counting,
    own: LocalFolders,
    store: SqliteIntake,
    terms: Terms,
    rounds: Rounds,
}

impl Standing {
    fn beside(sandbox: &Sandbox) -> Self {
        let problems = renkei_core::declared::Problems::new();
        let text = std::fs::read_to_string(sandbox.path("hub/layouts/001o005-1.0.toml")).unwrap();
        let layout = renkei_core::layout::Layout::read("001o005-1.0.toml", &text, &problems).unwrap();
        let mut guard = renkei_core::guard::GuardBounds::default();
        guard.diff.max_share = None;
        guard.diff.max_deleted_share = None;
        let terms = Terms {
            id: "jumin".parse().unwrap(),
            receiver: "015".parse().unwrap(),
            sender: "001".parse().unwrap(),
            municipality: MUNICIPALITY.to_owned(),
            interface: layout.interface.clone(),
            branch: layout.branch.clone(),
            folders: vec!["001/001o005-00/v1.0".parse().unwrap()],
            versions: vec![AcceptedVersion { layout: layout.into(), from: None, until: None }],
            full: renkei_core::port::TakeMode::Replace,
            rows: RowPolicy::RefuseSet,
            guard,
            is_each_counted: false,
            needs_proof: true,
            mapping: None,
            most: renkei_core::receive::Most::default(),
        };
        let own = sandbox.path("own");
        std::fs::create_dir(&own).unwrap();
        Self {
            share: Counting {
                share: ReadOnlyShare::at(&sandbox.path("hub/share")),
                n_opened: AtomicUsize::new(0),
            },
            store: SqliteIntake::open(&own.join("receive.db"), Duration::from_secs(10)).unwrap(),
            own: LocalFolders::open(&own).unwrap(),
            terms,
            rounds: Rounds::default(),
        }
    }

    /// Goes round once; gives how many data files were opened.
    fn go(&mut self) -> (Look, usize) {
        let before = self.share.n_opened.load(Ordering::Relaxed);
        let taker = Taker {
            store: &self.store,
            share: &self.share,
            own: &self.own,
            clock: &MuchLater,
            witness: &Unwatched,
            run_id: "",
        };
        let tables = Tables { name: &|_| None, conversion: &|_| None };
        let patience = Patience::default();
        let look = self.rounds.go(taker, &self.terms, &patience, &tables, Goal::Take, &mut Bare).unwrap();
        (look, self.share.n_opened.load(Ordering::Relaxed) - before)
    }
}

#[test]
fn what_is_refused_or_waits_is_read_once_until_something_changes() {
    let sandbox = linked("");
    let [_, second, third] = sandbox.notices(PLAIN).try_into().unwrap();
    let data = second.with_extension("csv");
    let right = std::fs::read(&data).unwrap();
    let mut wrong = right.clone();
    let last = wrong.len() - 4;
    wrong[last] ^= 1;
    std::fs::write(&data, &wrong).unwrap();
    let mut standing = Standing::beside(&sandbox);
    let (look, n_opened) = standing.go();
    let outcomes: Vec<Outcome> = look.results.iter().map(|result| result.receipt.outcome).collect();
    assert_eq!((outcomes, look.gaps.len()), (vec![Outcome::Taken, Outcome::Refused], 1));
    assert_eq!(n_opened, 2, "the full and the wrong diff; what waits behind it is not read");
    for _ in 0..3 {
        let (look, n_opened) = standing.go();
        assert_eq!((look.results.len(), look.gaps.len(), n_opened), (0, 1, 0));
    }
    // Something else changes in the folder: nothing of it is theirs.
    std::fs::write(data.with_extension("txt"), "x").unwrap();
    assert_eq!(standing.go().1, 0);
    // The same bytes written again are another file as far as one can see.
    std::fs::write(&data, &wrong).unwrap();
    assert_eq!(standing.go().1, 1);
    assert_eq!(standing.go().1, 0);
    std::fs::write(&data, &right).unwrap();
    let (look, n_opened) = standing.go();
    let outcomes: Vec<Outcome> = look.results.iter().map(|result| result.receipt.outcome).collect();
    assert_eq!((outcomes, n_opened), (vec![Outcome::Taken; 2], 2));
    assert!(third.exists());
    assert_eq!(standing.go().1, 0);
}
