//! Measures the store alone: `store_speed FILE ROWS` loads rows of about 800 bytes, scans them, applies
//! 3,000 moves as one set and reads back what they were. FILE must not exist; it stays.
#![expect(clippy::print_stdout, reason = "its purpose is to tell")]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use renkei_core::port::{CommitKind, CommitRecord, Numbers, RowChange, RowSet, Store as _, StoreError};
use renkei_core::{CommitNo, Digest, Window};
use renkei_registry::packed::pack_row;
use renkei_registry::{AtenaNo, Dictionary, ItemNo, Row, RowKey};
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

const MOVES: usize = 3_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file?")?;
    let n_rows: u64 = arguments.next().ok_or("how many rows?")?.parse()?;
    let options = OpenOptions {
        wait: Duration::ZERO,
        key: NumberKey::from_hex(&"5a".repeat(32))?,
        municipality: "082201".parse()?,
        create: true,
    };
    let store = SqliteStore::open(Path::new(&path), options)?;
    if store.snapshot()?.head()? == CommitNo(0) {
        load(&store, n_rows)?;
    }
    for (name, rows, numbers) in [
        ("scan latest, sealed", RowSet::Latest, Numbers::Sealed),
        ("scan latest, clear", RowSet::Latest, Numbers::Clear),
        ("scan history, sealed", RowSet::History, Numbers::Sealed),
    ] {
        let stage = Stage::start();
        let mut n_bytes = 0;
        store.snapshot()?.scan(rows, numbers, &mut |packed| {
            n_bytes += packed.len();
            ControlFlow::Continue(())
        })?;
        stage.tell(name, n_rows);
    }
    apply(&store, n_rows)?;
    let stage = Stage::start();
    for _ in 0..100 {
        store.snapshot()?.head()?;
    }
    stage.tell("snapshots", 100);
    Ok(())
}

fn load(store: &SqliteStore, n_rows: u64) -> Result<(), Box<dyn Error>> {
    // Rows are made ahead, some of them again and again, so that only the store is measured.
    let mut row = Row::new();
    for item in Dictionary::standard().items().iter().skip(11).take(90) {
        row.set(item.no, "茨城県1");
    }
    row.set(ItemNo::SAISHIN_FLG, "1");
    row.set(ItemNo::KOJIN_BANGO, "123456789018");
    let mut samples = Vec::new();
    for number in 0..1_000_u64 {
        row.set(ItemNo::SETAI_NO, &format!("{:015}", number * 7_919 % 1_000));
        row.set(ItemNo::ATENA_NO, &format!("{number:015}"));
        let mut packed = Vec::new();
        pack_row(&row, &mut packed)?;
        samples.push(packed);
    }
    println!("a row has {} bytes", samples.first().map_or(0, Vec::len));
    let stage = Stage::start();
    let mut transaction = store.begin()?;
    for (number, packed) in (1..=n_rows).zip(samples.iter().cycle()) {
        transaction.load_row(key(number)?, packed)?;
    }
    transaction.record_commit(&record(CommitKind::Load))?;
    stage.tell("load, before commit", n_rows);
    transaction.commit()?;
    stage.tell("load", n_rows);
    Ok(())
}

fn apply(store: &SqliteStore, n_rows: u64) -> Result<(), Box<dyn Error>> {
    let stage = Stage::start();
    let mut transaction = store.begin()?;
    let mut changes = Vec::new();
    let stride = usize::try_from(n_rows)?.div_ceil(MOVES).max(1);
    for number in (1..=n_rows).step_by(stride) {
        let key = key(number)?;
        let Some(before) = transaction.rows_of(key.atena_no)?.pop() else { continue };
        let mut row = Row::from_values(&renkei_registry::PackedReader::new().read(&before)?);
        row.set(ItemNo::KOSHIN_TIME, &format!("{:?}", Instant::now()));
        let mut after = Vec::new();
        pack_row(&row, &mut after)?;
        changes.push(RowChange { key, before: Some(before), after: Some(after) });
    }
    stage.tell("moves, read and made", changes.len() as u64);
    transaction.change_rows(&changes)?;
    let commit_no = transaction.record_commit(&record(CommitKind::Moves))?.commit_no;
    stage.tell("moves, written", changes.len() as u64);
    transaction.commit()?;
    stage.tell("moves", changes.len() as u64);
    let stage = Stage::start();
    let snapshot = store.snapshot()?;
    let after = CommitNo(commit_no.0 - 1);
    for atena_no in snapshot.changed_residents(Window { after, through: commit_no })? {
        snapshot.rows_of(atena_no, after, Numbers::Sealed)?;
        snapshot.rows_of(atena_no, commit_no, Numbers::Sealed)?;
    }
    stage.tell("both sides of a diff", changes.len() as u64);
    Ok(())
}

fn key(number: u64) -> Result<RowKey, StoreError> {
    let missing = || StoreError::Missing { what: "a number".to_owned() };
    Ok(RowKey { atena_no: AtenaNo::new(number).ok_or_else(missing)?, rireki_no: 1, eda_no: 0 })
}

fn record(kind: CommitKind) -> CommitRecord {
    CommitRecord {
        commit_no: CommitNo(0),
        kind,
        n_moves: 0,
        n_row_changes: 0,
        source_sha256: Digest([0; 32]),
        operator: "speed".to_owned(),
        committed_at: String::new(),
    }
}

/// A stage, with the time that passed and the processor time it took: on a busy machine only the latter
/// compares.
struct Stage {
    start: Instant,
    start_cpu: f64,
}

impl Stage {
    fn start() -> Self {
        Self { start: Instant::now(), start_cpu: cpu_seconds() }
    }

    #[expect(clippy::cast_precision_loss, reason = "for people")]
    fn tell(&self, what: &str, n: u64) {
        let (wall, cpu) = (self.start.elapsed().as_secs_f64(), cpu_seconds() - self.start_cpu);
        let rate = n as f64 / wall;
        println!("{what}: {n} in {wall:.2} s ({cpu:.2} s cpu), {rate:.0}/s, {} KiB at most", peak_kib());
    }
}

/// User and system time of this process; Linux counts them in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// The most memory this process has had so far.
fn peak_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or_default().trim().trim_end_matches(" kB").to_owned()
}
