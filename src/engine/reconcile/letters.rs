//! What receivers put into their receipt folders for comparing: sums, and the rows of opened buckets.
//!
//! As with receipts, a file first gets a name of the hub's own, is read under that, and goes to the archive when what
//! it came to is on record; cut off anywhere, the next call goes on.

use std::io::{BufRead, BufReader, Read as _};

use renkei_core::feed::Feed;
use renkei_core::hash::sha256;
use renkei_core::port::{
    FolderError, ReceiptBox, ReconciliationRecord, SeenKind, SeenName, Shelf, WhyRefused,
};
use renkei_core::receive::{Holding, HoldingError, MAX_HOLDING_BYTES, OpenedRows};
use renkei_core::{BusinessId, Digest, Fault as _, FileName, FolderPath};

use super::opened::compare_opened;
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

/// Keeps what differs where only the hub's own people see it, and says where.
pub type KeepReport<'k> = dyn FnMut(&Feed, &BusinessId, &Divergence) -> Result<String, EngineError> + 'k;

/// What one file of a receiver came to.
#[derive(Debug)]
pub struct Reconciled {
    /// Counts, as on record.
    pub found: ReconciliationRecord,
    /// The buckets that differ.
    pub buckets: Vec<usize>,
    /// What differs row by row, where rows were given, and the report on it.
    pub rows: Option<(Divergence, String)>,
}

/// What a call came to.
#[derive(Debug, Default)]
pub struct LettersTaken {
    /// Comparisons, in order.
    pub reconciled: Vec<Reconciled>,
    /// Files that cannot be used: whose, and where they are now.
    pub refused: Vec<(BusinessId, String)>,
}

/// Takes in what stands in the folders of the receivers of these feeds. One folder's trouble does not keep the
/// others' back: the first such fault ends the call after all were looked at.
pub fn take_in_letters(
    house: House<'_>,
    letters: &dyn ReceiptBox,
    feeds: &[&Feed],
    keep: &mut KeepReport<'_>,
) -> Result<LettersTaken, EngineError> {
    let mut systems: Vec<&BusinessId> = feeds.iter().flat_map(|feed| feed.receiver_ids()).collect();
    systems.sort();
    systems.dedup();
    let (mut taken, mut fault) = (LettersTaken::default(), None);
    for system in systems {
        let folder: FolderPath = format!("{system}/receipt").parse()?;
        let desk = LetterDesk { house, letters, feeds, system, folder: &folder };
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
    feeds: &'d [&'d Feed],
    system: &'d BusinessId,
    folder: &'d FolderPath,
}

impl LetterDesk<'_> {
    fn take_in(&self, keep: &mut KeepReport<'_>, taken: &mut LettersTaken) -> Result<(), EngineError> {
        for (claimed, name) in self.claim()? {
            self.house.may_go_on()?;
            let read = if name.as_str().ends_with(ROWS_ENDING) {
                self.rows(&claimed, keep)
            } else {
                self.sums(&claimed)
            };
            match read {
                Ok(one) => {
                    let place = Shelf { feed: &one.found.feed, sequence: one.found.sequence };
                    self.letters.file_away(self.folder, &claimed, &name, &place)?;
                    taken.reconciled.push(one);
                }
                Err(EngineError::Holding(error)) => {
                    taken.refused.push((self.system.clone(), self.refuse(&claimed, &name, &error)?));
                }
                // Another process was faster.
                Err(EngineError::Folder(FolderError::Missing { .. } | FolderError::Outside { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
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
            if let Some(first) = name.with_ending(TAKING, "").filter(|first| is_letter(first.as_str())) {
                claimed.push((name, first));
            } else if is_letter(name.as_str()) {
                let own: FileName = format!("{name}{TAKING}").parse()?;
                if self.letters.claim(self.folder, &name, &own)? {
                    claimed.push((own, name));
                }
            }
        }
        self.house.witness.reached("reconcile.claimed");
        Ok(claimed)
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
        let report = keep(feed, self.system, &theirs)?;
        record(self.house, &found)?;
        self.house.witness.reached("reconcile.recorded");
        Ok(Reconciled { found, buckets, rows: Some((theirs, report)) })
    }

    /// The feed that a receiver says it holds, if it is one of its own.
    fn feed_of(&self, holding: &Holding) -> Result<&Feed, HoldingError> {
        let its =
            self.feeds.iter().find(|feed| feed.id == holding.feed && feed.receiver(self.system).is_some());
        its.copied().ok_or(HoldingError { what: "its system is no receiver of the feed it names" })
    }

    fn refuse(
        &self,
        claimed: &FileName,
        name: &FileName,
        error: &HoldingError,
    ) -> Result<String, EngineError> {
        let digest = Digest(sha256(format!("{}/{name}", self.folder).as_bytes())).to_string();
        let place: FileName =
            format!("holding-{}-{}", self.system, digest.get(..16).unwrap_or_default()).parse()?;
        let json = error.as_json(self.folder.as_str(), name.as_str());
        let text = format!(
            "受け手の状態のファイルを使えません。受け手に書き直してもらってください。\n{}\n\nThis file was not compared with: {error}.\nFile: {}/{name}\n",
            error.code(),
            self.folder,
        );
        let why = WhyRefused { json: &json, text: &text };
        let path = self.letters.refuse_set(self.folder, std::slice::from_ref(claimed), &place, &why)?;
        tracing::warn!(of = self.system.as_str(), path, "what a receiver holds cannot be read: {error}");
        Ok(path)
    }
}
