//! What receivers put into their receipt folders for comparing: sums, and the rows of opened buckets.
//!
//! As with receipts, a file first gets a name of the hub's own, is read under that, and goes to the archive when what
//! it came to is on record; cut off anywhere, the next call goes on. Rows have 宛名番号 in them: from the first moment
//! only the hub's own user reads them, and once they are on record they are gone from the folders.

use std::io::{BufRead, BufReader, Read as _};

use renkei_core::feed::Feed;
use renkei_core::hash::sha256;
use renkei_core::port::{
    FolderError, ReceiptBox, ReconciliationRecord, SeenKind, SeenName, Shelf, WhyRefused,
};
use renkei_core::receive::{Holding, HoldingError, MAX_HOLDING_BYTES, OpenedRows, holding_refused};
use renkei_core::{BusinessId, Digest, Fault as _, FeedId, FileName, FolderPath};

use super::opened::{OpenRows, compare_opened};
use super::{compare_sums, given, record};
use crate::error::EngineError;
use crate::generate::Divergence;
use crate::house::House;

/// The end of the name of a receiver's sums.
pub const HOLDING_ENDING: &str = ".holding.json";
/// The end of the name of a receiver's opened rows.
pub const ROWS_ENDING: &str = ".holding-rows";
/// What is added while one is being taken in.
const TAKING: &str = ".taking";

/// A receiver's rows, compared, and to be kept where only the hub's own people see them.
pub struct OpenedLetter<'l> {
    /// The feed.
    pub feed: &'l Feed,
    /// Whose they are.
    pub receiver: &'l BusinessId,
    /// What differs.
    pub theirs: &'l Divergence,
    /// Of what its first line says: the same rows have the same.
    pub source: Digest,
    /// Opens the file itself.
    pub open: &'l OpenRows<'l>,
}

/// Keeps what differs, and says where. Called again for the same file after a crash, it keeps it once.
pub type KeepReport<'k> = dyn FnMut(&OpenedLetter<'_>) -> Result<String, EngineError> + 'k;

/// Whose files are taken in.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// All feeds there are: a file of any of them is no stranger's.
    pub feeds: &'a [&'a Feed],
    /// Those that are asked for; all where none is named. Files of others are left as they stand.
    pub only: &'a [FeedId],
}

impl Asked<'_> {
    fn has(&self, feed: &FeedId) -> bool {
        self.only.is_empty() || self.only.contains(feed)
    }
}

/// What one file of a receiver came to.
#[derive(Debug)]
pub struct Reconciled {
    /// Counts, as on record.
    pub found: ReconciliationRecord,
    /// The buckets that differ.
    pub buckets: Vec<usize>,
    /// What differs row by row, where rows were given.
    pub rows: Option<RowsFound>,
}

/// What rows came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsFound {
    /// How many differ.
    pub n_rows: usize,
    /// Where they are listed, if any.
    pub report: Option<String>,
}

/// What a call came to.
#[derive(Debug, Default)]
pub struct LettersTaken {
    /// Comparisons, in order.
    pub reconciled: Vec<Reconciled>,
    /// Files that cannot be used: whose, and where they are now.
    pub refused: Vec<(BusinessId, String)>,
}

/// Takes in what stands in the folders of the receivers of the feeds asked for. The trouble of one file or folder does
/// not keep the others back: the first such fault ends the call after all were looked at.
pub fn take_in_letters(
    house: House<'_>,
    letters: &dyn ReceiptBox,
    asked: Asked<'_>,
    keep: &mut KeepReport<'_>,
) -> Result<LettersTaken, EngineError> {
    let feeds = asked.feeds.iter().filter(|feed| asked.has(&feed.id));
    let mut systems: Vec<&BusinessId> = feeds.flat_map(|feed| feed.receiver_ids()).collect();
    systems.sort();
    systems.dedup();
    let (mut taken, mut fault) = (LettersTaken::default(), None);
    for system in systems {
        let folder: FolderPath = format!("{system}/receipt").parse()?;
        let desk = LetterDesk { house, letters, asked, system, folder: &folder };
        match desk.take_in(keep, &mut taken) {
            Err(error @ (EngineError::Store(_) | EngineError::Stopped)) => return Err(error),
            Err(error) => fault = fault.or(Some(error)),
            Ok(()) => {}
        }
    }
    fault.map_or(Ok(taken), Err)
}

/// One receiver's folder.
struct LetterDesk<'d> {
    house: House<'d>,
    letters: &'d dyn ReceiptBox,
    asked: Asked<'d>,
    system: &'d BusinessId,
    folder: &'d FolderPath,
}

impl LetterDesk<'_> {
    fn take_in(&self, keep: &mut KeepReport<'_>, taken: &mut LettersTaken) -> Result<(), EngineError> {
        let mut fault = None;
        for (claimed, name) in self.claim()? {
            self.house.may_go_on()?;
            let has_rows = name.as_str().ends_with(ROWS_ENDING);
            let read = if has_rows { self.rows(&claimed, keep) } else { self.sums(&claimed) };
            match read {
                Ok(one) => {
                    if has_rows {
                        self.house.folders.remove_published(self.folder, std::slice::from_ref(&claimed))?;
                    } else {
                        let place = Shelf { feed: &one.found.feed, sequence: one.found.sequence };
                        self.letters.file_away(self.folder, &claimed, &name, &place)?;
                    }
                    taken.reconciled.push(one);
                }
                Err(error) if is_of_the_file(&error) => {
                    taken.refused.push((self.system.clone(), self.refuse(&claimed, &name, &error)?));
                }
                // Another process was faster.
                Err(EngineError::Folder(FolderError::Missing { .. } | FolderError::Outside { .. })) => {}
                Err(error @ (EngineError::Store(_) | EngineError::Stopped)) => return Err(error),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        fault.map_or(Ok(()), Err)
    }

    /// Gives each file a name of the hub's own; those that an earlier call claimed come with them.
    fn claim(&self) -> Result<Vec<(FileName, FileName)>, EngineError> {
        let mut claimed = Vec::new();
        for seen in self.letters.look(self.folder)? {
            let SeenName::Plain(name) = seen.name else { continue };
            let is_letter = |name: &str| name.ends_with(HOLDING_ENDING) || name.ends_with(ROWS_ENDING);
            if seen.kind != SeenKind::File {
                continue;
            }
            let first = name.with_ending(TAKING, "").filter(|first| is_letter(first.as_str()));
            if !(first.is_some() || is_letter(name.as_str())) || self.is_of_others(&name) {
                continue;
            }
            let (own, first) = if let Some(first) = first {
                (name, first)
            } else {
                let own = [HOLDING_ENDING, ROWS_ENDING]
                    .into_iter()
                    .find_map(|ending| name.with_ending_within(ending, &format!("{ending}{TAKING}")));
                let Some(own) = own else { continue };
                if !self.letters.claim(self.folder, &name, &own)? {
                    continue;
                }
                (own, name)
            };
            if first.as_str().ends_with(ROWS_ENDING) {
                match self.letters.make_private(self.folder, &own) {
                    // Another process was faster.
                    Ok(()) | Err(FolderError::Missing { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            claimed.push((own, first));
        }
        self.house.witness.reached("reconcile.claimed");
        Ok(claimed)
    }

    /// True for a file of a feed that was not asked for and that this receiver has. What cannot be read is nobody's.
    fn is_of_others(&self, name: &FileName) -> bool {
        if self.asked.only.is_empty() {
            return false;
        }
        let Ok(file) = self.letters.open(self.folder, name) else { return false };
        let holding = if name.as_str().contains(ROWS_ENDING) {
            OpenedRows::new(BufReader::new(file)).ok().map(|rows| rows.opening().holding.clone())
        } else {
            let mut bytes = Vec::new();
            let read = file.take(MAX_HOLDING_BYTES as u64 + 1).read_to_end(&mut bytes);
            read.ok().and_then(|_| Holding::parse(&bytes).ok())
        };
        holding.is_some_and(|holding| !self.asked.has(&holding.feed) && self.feed_of(&holding).is_ok())
    }

    fn sums(&self, claimed: &FileName) -> Result<Reconciled, EngineError> {
        let mut bytes = Vec::new();
        let most = MAX_HOLDING_BYTES as u64 + 1;
        let read = self.letters.open(self.folder, claimed)?.take(most).read_to_end(&mut bytes);
        read.map_err(|source| EngineError::Input { file: claimed.to_string(), source })?;
        let holding = Holding::parse(&bytes)?;
        let feed = self.feed_of(&holding)?;
        let source = Digest(sha256(&bytes));
        let (found, buckets) = compare_sums(self.house, feed, self.system, &holding, source)?;
        record(self.house, &found)?;
        self.house.witness.reached("reconcile.recorded");
        Ok(Reconciled { found, buckets, rows: None })
    }

    fn rows(&self, claimed: &FileName, keep: &mut KeepReport<'_>) -> Result<Reconciled, EngineError> {
        let open = || -> Result<Box<dyn BufRead>, EngineError> {
            Ok(Box::new(BufReader::with_capacity(1 << 18, self.letters.open(self.folder, claimed)?)))
        };
        let holding = OpenedRows::new(open()?).map_err(super::opened::unusable)?.opening().holding.clone();
        let feed = self.feed_of(&holding)?;
        let source = Digest(sha256(holding.to_json()?.as_bytes()));
        let (found, buckets) = compare_sums(self.house, feed, self.system, &holding, source)?;
        let record_of = given(self.house.store.snapshot()?.as_ref(), feed, holding.sequence)?;
        let theirs = compare_opened(self.house, feed, &record_of, &open)?;
        let n_rows = theirs.rows.len();
        let letter = OpenedLetter { feed, receiver: self.system, theirs: &theirs, source, open: &open };
        let report = if n_rows > 0 { Some(keep(&letter)?) } else { None };
        record(self.house, &found)?;
        self.house.witness.reached("reconcile.recorded");
        Ok(Reconciled { found, buckets, rows: Some(RowsFound { n_rows, report }) })
    }

    /// The feed that a receiver says it holds, if it is one of its own.
    fn feed_of(&self, holding: &Holding) -> Result<&Feed, HoldingError> {
        let is_its = |feed: &&&Feed| feed.id == holding.feed && feed.receiver(self.system).is_some();
        let its = self.asked.feeds.iter().find(is_its);
        its.copied().ok_or(HoldingError { what: "its system is no receiver of the feed it names" })
    }

    fn refuse(
        &self,
        claimed: &FileName,
        name: &FileName,
        error: &EngineError,
    ) -> Result<String, EngineError> {
        let digest = Digest(sha256(format!("{}/{name}", self.folder).as_bytes())).to_string();
        let place: FileName =
            format!("holding-{}-{}", self.system, digest.get(..16).unwrap_or_default()).parse()?;
        let json = holding_refused(self.folder.as_str(), name.as_str(), error);
        let (code, folder) = (error.code(), self.folder);
        let words = match error {
            EngineError::RenderingChanged { .. } => {
                "行の書き方がその配信から変わったため、比べられません。全件を出してから、もう一度状態を受け取ってください。"
            }
            EngineError::TooDifferent { .. } => "違う行が多すぎます。全件で洗い替えてください。",
            EngineError::ProofFailed { .. } => {
                "行の違いを合わせても受け手の状態になりません。受け手に状態をもう一度書いてもらってください。"
            }
            _ => "受け手の状態のファイルを使えません。受け手に書き直してもらってください。",
        };
        let text =
            format!("{words}\n{code}\n\nThis file was not compared with: {error}.\nFile: {folder}/{name}\n");
        let why = WhyRefused { json: &json, text: &text };
        let path = self.letters.refuse_set(self.folder, std::slice::from_ref(claimed), &place, &why)?;
        tracing::warn!(of = self.system.as_str(), path, "what a receiver holds cannot be read: {error}");
        Ok(path)
    }
}

/// True for what stays so however often the file is read, and would block its receiver's later ones.
const fn is_of_the_file(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Holding(_)
            | EngineError::RenderingChanged { .. }
            | EngineError::ProofFailed { .. }
            | EngineError::TooDifferent { .. }
    )
}
