//! A receiver's full file against ours as of a publication: for receivers that keep no digests.
//!
//! Our side is rendered as it is read, so nothing of it is written anywhere or kept.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use renkei_core::csv_file::{Newline, Quote, write_field};
use renkei_core::feed::Feed;
use renkei_core::layout::{FileFormat, HeaderRow, Layout};
use renkei_core::port::PublicationRecord;
use renkei_core::projection::{Projection, Shown};
use renkei_core::state::{RowDigest, bucket_of};
use renkei_core::text::Encoding;

use super::check_divergence;
use super::state_at::each_row_at;
use crate::compare::{Comparison, Difference, Side, SideFile, compare};
use crate::error::EngineError;
use crate::generate::{Divergence, DivergentRow, diverged, numbers_of};
use crate::house::House;

/// Text of a piece on its way to the comparison, in bytes.
const PIECE_BYTES: usize = 256 << 10;
/// Pieces on their way, at most.
const QUEUE: usize = 3;

/// What comparing with a file came to.
#[derive(Debug)]
pub struct FileFound {
    /// Counts. A is what was given, B the file.
    pub counts: Comparison,
    /// What the receiver holds; `None` where the file is in another layout than the feed's, or is not sound, so
    /// that no diff can be made from it, and where too many rows differ.
    pub theirs: Option<Divergence>,
    /// Whether more rows differ than a diff is made of.
    pub is_too_different: bool,
}

/// Compares a receiver's full in a layout with our rows as of a publication; A is ours. Each row that differs is also
/// given to `take`, in no promised order. [`EngineError::RenderingChanged`] where our rows are written otherwise now
/// than they were given.
pub fn compare_file(
    house: House<'_>,
    feed: &Feed,
    given: &PublicationRecord,
    layout: &Layout,
    file: Side<'_>,
    take: &mut dyn FnMut(&Difference<'_>) -> Result<(), EngineError>,
) -> Result<FileFound, EngineError> {
    if given.layout_sha256 != feed.rendering_sha256() {
        return Err(EngineError::RenderingChanged { feed: feed.id.clone(), sequence: given.sequence });
    }
    let fault = Mutex::new(None);
    let mut rows = Vec::new();
    let mut is_too_different = false;
    let is_same_layout = layout.sha256 == feed.layout.sha256;
    let compared = std::thread::scope(|scope| {
        let open = |_: usize| -> Result<Box<dyn SideFile>, EngineError> {
            let (sender, pieces) = sync_channel(QUEUE);
            let fault = &fault;
            scope.spawn(move || {
                let mut ours = Ours { sender, piece: Vec::with_capacity(PIECE_BYTES) };
                if let Err(error) = ours.write(house, feed, layout, given)
                    && let Ok(mut fault) = fault.lock()
                {
                    *fault = Some(error);
                    ours.fail();
                }
            });
            Ok(Box::new(PieceReader { pieces, piece: Vec::new(), at: 0 }))
        };
        let format = FileFormat {
            encoding: Encoding::Utf8,
            newline: Newline::Lf,
            quote: Quote::Always,
            header: HeaderRow::None,
        };
        let ours = Side { n_files: 1, n_bytes: u64::MAX, format, open: &open };
        compare(layout, ours, file, &mut |difference| {
            if is_same_layout && !is_too_different {
                rows.push(divergent(feed, difference));
                is_too_different = check_divergence(&feed.id, rows.len()).is_err();
                if is_too_different {
                    rows = Vec::new();
                }
            }
            take(difference)
        })
    });
    if let Some(fault) = fault.into_inner().unwrap_or_default() {
        return Err(fault);
    }
    let counts = compared?;
    let is_sound = counts.n_duplicate == 0 && counts.issues.n_errors == 0;
    let theirs = (is_same_layout && is_sound && !is_too_different).then(|| {
        let state = diverged(&given.state, &rows);
        Divergence { sequence: given.sequence, state, rows }
    });
    Ok(FileFound { counts, theirs, is_too_different })
}

/// A row that differs, as the feed would render both sides of it.
fn divergent(feed: &Feed, difference: &Difference<'_>) -> DivergentRow {
    let digest = |fields: Option<&[String]>| {
        fields.map(|fields| {
            let mut line = Vec::new();
            for (column, field) in fields.iter().enumerate() {
                if column > 0 {
                    line.push(b',');
                }
                // A field that cannot stand without quotes was never given, and differs whatever it is.
                let _ = write_field(&mut line, field.as_bytes(), feed.file.quote);
            }
            RowDigest::of(&line)
        })
    };
    DivergentRow {
        key: difference.key.join("\u{1f}").into_bytes(),
        bucket: bucket_of(difference.key.iter().map(String::as_bytes)),
        ours: digest(difference.a),
        theirs: digest(difference.b),
    }
}

/// Our rows on their way to the comparison.
struct Ours {
    sender: SyncSender<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
}

impl Ours {
    fn write(
        &mut self,
        house: House<'_>,
        feed: &Feed,
        layout: &Layout,
        given: &PublicationRecord,
    ) -> Result<(), EngineError> {
        let snapshot = house.store.snapshot()?;
        let projection = Projection::of_layout(layout, Quote::Always, feed.characters());
        let numbers = numbers_of(feed);
        let at = given.window.through;
        each_row_at(snapshot.as_ref(), &projection, numbers, at, &mut |row| {
            house.may_go_on()?;
            // What could not be rendered was never given.
            if projection.render(row, Shown::Present, &mut self.piece, &mut Vec::new()).is_ok() {
                self.piece.push(b'\n');
            }
            if self.piece.len() < PIECE_BYTES {
                return Ok(ControlFlow::Continue(()));
            }
            let full = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
            // Nobody takes any more where the comparison has failed.
            Ok(if self.sender.send(Ok(full)).is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })?;
        let _ = self.sender.send(Ok(std::mem::take(&mut self.piece)));
        Ok(())
    }

    /// Lets the comparison end with an error; which one is known elsewhere.
    fn fail(&self) {
        let _ = self.sender.send(Err(io::Error::other("our rows cannot be read")));
    }
}

/// Pieces as one text.
struct PieceReader {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
}

impl SideFile for PieceReader {}

impl Read for PieceReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.piece.len() {
            match self.pieces.recv() {
                Ok(piece) => (self.piece, self.at) = (piece?, 0),
                Err(_) => return Ok(0),
            }
        }
        let mut rest = self.piece.get(self.at..).unwrap_or_default();
        let n_read = rest.read(out)?;
        self.at += n_read;
        Ok(n_read)
    }
}
