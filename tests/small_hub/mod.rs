//! A whole hub in a folder of its own, without a process: store, folders and the feeds of `renkei init`,
//! under a clock that stands where the test puts it.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use renkei_core::feed::Feed;
use renkei_core::guard::GuardBounds;
use renkei_core::notice::Notice;
use renkei_core::port::{FolderError, Store as _};
use renkei_core::{FileName, Moment, naming};
use renkei_engine::{
    Applied, ApplyOptions, Beside, ChainReport, Clock, Content, Given, House, IssueList, Published, Rejected,
    Strictness, Unwatched, apply_moves, generate, load_residents, verify,
};
use renkei_folder::{LocalFolders, PlainFolder};
use renkei_hub::config::Config;
use renkei_hub::init::{NewHub, init};
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

/// 2026-10-05 17:30:00 in Tokyo, in seconds of unix time.
pub(crate) const START: i64 = 1_791_189_000;

/// A hub that is gone with its folder.
pub(crate) struct SmallHub {
    pub(crate) config: Config,
    pub(crate) store: SqliteStore,
    folders: LocalFolders,
    clock: StandingClock,
    _dir: tempfile::TempDir,
}

/// A clock that stands where it is put.
struct StandingClock(AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> Moment {
        Moment::from_unix(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// The folder a notice stands in.
struct Folder(PlainFolder);

impl Beside for Folder {
    fn read(&self, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        self.0.read(name)
    }

    fn names(&self) -> Result<Vec<FileName>, FolderError> {
        self.0.names()
    }
}

/// Bounds that nothing exceeds.
fn unguarded() -> GuardBounds {
    let mut bounds = GuardBounds::default();
    bounds.diff.max_changed_rows = None;
    bounds.diff.max_deleted_rows = None;
    bounds.diff.max_share = None;
    bounds.diff.max_deleted_share = None;
    bounds.diff.learned = None;
    bounds.full.max_shrink = None;
    bounds.full.max_growth = None;
    bounds
}

impl SmallHub {
    /// A hub of つくば市 with an empty registry, at [`START`].
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hub");
        let municipality = "082201".parse().unwrap();
        init(&path, &NewHub { municipality, name: "つくば市".to_owned(), keeps_existing: false }).unwrap();
        let mut config = Config::load(&path).unwrap();
        // In a town of a few people every day is a mass change.
        for declared in &mut config.feeds {
            declared.feed.guard = unguarded();
        }
        let key = NumberKey::from_hex(&"5a".repeat(32)).unwrap();
        let options = OpenOptions { wait: Duration::ZERO, key, municipality, create: true };
        let store = SqliteStore::open(&config.store.path, options).unwrap();
        let folders = LocalFolders::open(&config.root).unwrap();
        Self { config, store, folders, clock: StandingClock(AtomicI64::new(START)), _dir: dir }
    }

    /// Puts the clock to [`START`] and `seconds` more; a clock may go back.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock.0.store(START + seconds, Ordering::Relaxed);
    }

    fn house(&self) -> House<'_> {
        House {
            store: &self.store,
            folders: &self.folders,
            municipality: self.config.municipality,
            clock: &self.clock,
            witness: &Unwatched,
            operator: "SHIMIN001",
            reason: "",
            parent: None,
            retention: &self.config.retention,
        }
    }

    /// Loads the registry; gives the warnings.
    pub(crate) fn load(&self, csv: &[u8]) -> IssueList {
        load_residents(self.house(), "before.csv", csv, 0).unwrap_or_else(|found| fail(&found)).issues
    }

    /// Applies a file of moves.
    pub(crate) fn apply(&self, csv: &[u8], strictness: Strictness) -> Applied {
        let options = ApplyOptions { file: "moves.csv", strictness, again_because: None };
        apply_moves(self.house(), csv, &options).unwrap_or_else(|found| fail(&found))
    }

    /// The feed with this id.
    pub(crate) fn feed(&self, id: &str) -> &Feed {
        self.config.feed(id).unwrap()
    }

    /// Publishes for the business date the clock shows.
    pub(crate) fn publish(&self, feed: &Feed, content: Content) -> Published {
        generate(self.house(), feed, content, self.clock.now().date()).unwrap().published().unwrap()
    }

    /// Verifies all that a feed ever published, from the files alone.
    pub(crate) fn verify(&self, feed: &Feed) -> ChainReport {
        let records = self.store.snapshot().unwrap().publications(Some(&feed.id), None).unwrap();
        let path = self.config.root.join(feed.folder.as_str());
        let folder = Folder(PlainFolder::open(&path).unwrap());
        let given = records.iter().map(|record| {
            let name = naming::notice_name(&record.stem.parse().unwrap()).unwrap();
            Given {
                label: name.to_string(),
                notice: read_notice(&path.join(name.as_str())),
                name: Some(name),
                beside: &folder,
                layout: Some(&feed.layout),
            }
        });
        verify(given.collect())
    }
}

fn read_notice(path: &Path) -> Result<Notice, renkei_core::notice::NoticeError> {
    Notice::parse(&std::fs::read(path).unwrap())
}

fn fail(rejected: &Rejected) -> ! {
    let listed: Vec<String> = rejected.issues.listed.iter().map(ToString::to_string).collect();
    panic!("{}\n{}", rejected.error, listed.join("\n"))
}
