//! Reading a side: one thread cuts blocks, others work on them, and the caller's takes what came of them in order.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use memchr::memchr;
use renkei_core::csv_file::Limits;

use super::rows::RowReader;
use super::{Side, SideFile};
use crate::error::EngineError;
use crate::intake::{InputIssue, IssueList};
use crate::judge::block::{Block, BlockReader};

/// Blocks and results waiting between two threads, at most.
const QUEUE: usize = 2;
/// More threads than this do not work faster than one can read.
const MOST_DESKS: usize = 4;

/// A file is shorter than 2^44 bytes, and a side has fewer than 2^20 files.
const OFFSET_BITS: u32 = 44;

/// Where rows to be read again lie as far apart as this on the average, they are read by themselves.
const APART_BYTES: u64 = 64 << 10;
/// Read at a time of such a row.
const ROW_BYTES: usize = 8 << 10;

/// Takes a row's place and its fields.
type TakeFields<'t> = dyn FnMut(u64, Vec<String>) -> Result<(), EngineError> + 't;

/// What came of a block.
pub(super) struct Scanned<T> {
    pub(super) rows: Vec<T>,
    /// By row of the block, from 1.
    pub(super) issues: Vec<InputIssue>,
    pub(super) n_lines: u64,
}

impl<T> Default for Scanned<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), issues: Vec::new(), n_lines: 0 }
    }
}

/// Where the rows of a file begin to be counted: a place is that and the offset in the file.
const fn base_of(file: usize) -> u64 {
    (file as u64) << OFFSET_BITS
}

/// Reads the rows again that stand at these places, which are in order, and gives their fields.
pub(super) fn read_again(
    side: Side<'_>,
    reader: &RowReader<'_>,
    wanted: &[u64],
    take: &mut TakeFields<'_>,
) -> Result<(), EngineError> {
    let mut rest = wanted;
    for file in 0..side.n_files {
        let (here, more) = rest.split_at(rest.partition_point(|at| *at < base_of(file + 1)));
        rest = more;
        if here.is_empty() {
            continue;
        }
        let source = (side.open)(file)?;
        let apart = match source.as_file() {
            Some(plain) => {
                let n_bytes = plain.metadata().map_err(unreadable)?.len();
                (n_bytes / here.len() as u64 >= APART_BYTES).then_some(plain)
            }
            None => None,
        };
        match apart {
            Some(plain) => read_rows(plain, base_of(file), reader, here, take)?,
            None => read_through(source, base_of(file), reader, here, take)?,
        }
    }
    Ok(())
}

/// Reads each row by itself.
pub(super) fn read_rows(
    file: &File,
    base: u64,
    reader: &RowReader<'_>,
    wanted: &[u64],
    take: &mut TakeFields<'_>,
) -> Result<(), EngineError> {
    let most = Limits::default().record_bytes;
    let mut bytes = vec![0; ROW_BYTES];
    for at in wanted {
        let mut n_read = 0;
        loop {
            if n_read == bytes.len() {
                bytes.resize(n_read * 2, 0);
            }
            let room = bytes.get_mut(n_read..).unwrap_or_default();
            let n_more = match file.read_at(room, at - base + n_read as u64) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                n_more => n_more.map_err(unreadable)?,
            };
            let has_end = memchr(b'\n', room.get(..n_more).unwrap_or_default()).is_some();
            n_read += n_more;
            if has_end || n_more == 0 || n_read > most {
                break;
            }
        }
        if let Some(fields) = reader.fields_of(bytes.get(..n_read).unwrap_or_default()) {
            take(*at, fields)?;
        }
    }
    Ok(())
}

/// Reads all of a file and takes the rows on the way.
pub(super) fn read_through(
    source: Box<dyn SideFile>,
    base: u64,
    reader: &RowReader<'_>,
    wanted: &[u64],
    take: &mut TakeFields<'_>,
) -> Result<(), EngineError> {
    let mut wanted = wanted.iter().copied().peekable();
    let mut blocks = BlockReader::unhashed(source, Limits::default());
    while wanted.peek().is_some()
        && let Some(block) = blocks.next_block().map_err(unreadable)?
    {
        let start = base + block.byte_offset;
        let next = start + block.bytes.len() as u64;
        while let Some(at) = wanted.next_if(|at| *at < next) {
            let place = usize::try_from(at - start).unwrap_or(usize::MAX);
            let line = block.bytes.get(place..).unwrap_or_default();
            if let Some(fields) = reader.fields_of(line) {
                take(at, fields)?;
            }
        }
    }
    Ok(())
}

fn unreadable(source: io::Error) -> EngineError {
    EngineError::Input { file: "a data file".to_owned(), source }
}

/// Reads all files of a side. What is no row goes to `issues`, with its line. `work` is also given what the places of
/// the file's rows begin at.
pub(super) fn scan<T: Send>(
    side: Side<'_>,
    issues: &mut IssueList,
    work: &(dyn Fn(&Block, u64, &mut Scanned<T>) + Sync),
    take: &mut dyn FnMut(T) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    scan_opened((0..side.n_files).map(|file| (side.open)(file)), issues, work, take)
}

/// Opens all files of a side, for whoever reads them on another thread.
pub(super) fn open_all(side: Side<'_>) -> Result<Vec<Box<dyn SideFile>>, EngineError> {
    (0..side.n_files).map(|file| (side.open)(file)).collect()
}

/// [`scan`] of files in order.
pub(super) fn scan_opened<T: Send>(
    files: impl Iterator<Item = Result<Box<dyn SideFile>, EngineError>>,
    issues: &mut IssueList,
    work: &(dyn Fn(&Block, u64, &mut Scanned<T>) + Sync),
    take: &mut dyn FnMut(T) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    for (file, source) in files.enumerate() {
        let reader = BlockReader::unhashed(source?, Limits::default());
        let mut n_lines = 0;
        let base = base_of(file);
        scan_file(reader, &|block, out| work(block, base, out), &mut |scanned| {
            for issue in scanned.issues {
                issues.push(InputIssue { row: issue.row + n_lines, ..issue });
            }
            n_lines += scanned.n_lines;
            scanned.rows.into_iter().try_for_each(&mut *take)
        })?;
    }
    Ok(())
}

fn scan_file<R: Read + Send, T: Send>(
    mut reader: BlockReader<R>,
    work: &(dyn Fn(&Block, &mut Scanned<T>) + Sync),
    take: &mut dyn FnMut(Scanned<T>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let n_desks = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, MOST_DESKS);
    std::thread::scope(|scope| {
        let (mut to_desks, mut from_desks): (Vec<SyncSender<Block>>, Vec<Receiver<Scanned<T>>>) =
            (Vec::new(), Vec::new());
        for _ in 0..n_desks {
            let (to_desk, blocks) = sync_channel::<Block>(QUEUE);
            let (to_taker, results) = sync_channel(QUEUE);
            scope.spawn(move || {
                for block in blocks {
                    let mut scanned = Scanned::default();
                    work(&block, &mut scanned);
                    if to_taker.send(scanned).is_err() {
                        return;
                    }
                }
            });
            to_desks.push(to_desk);
            from_desks.push(results);
        }
        let reading = scope.spawn(move || {
            for to_desk in to_desks.iter().cycle() {
                match reader.next_block() {
                    Ok(Some(block)) => to_desk.send(block).ok()?,
                    Ok(None) => return None,
                    Err(error) => return Some(error),
                }
            }
            None
        });
        let mut outcome = Ok(());
        for results in from_desks.iter().cycle() {
            let Ok(scanned) = results.recv() else { break };
            outcome = take(scanned);
            if outcome.is_err() {
                break;
            }
        }
        // Where the taker failed, this cuts off the desks, and they the reader.
        drop(from_desks);
        let read = reading.join().map_err(|_| EngineError::Worker)?;
        outcome?;
        read.map_or(Ok(()), |error| Err(unreadable(error)))
    })
}
