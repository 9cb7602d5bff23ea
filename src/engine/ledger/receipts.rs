//! Receipts taken in: claimed, read, checked, recorded with their line of the audit, then archived.
//!
//! May be cut off anywhere and done again: a claimed receipt is found at the next call, and one that is on record
//! is known by its digest. Needs no lock of the root: whatever two processes do at once is done by one of them.

use std::io::Read as _;

use renkei_core::hash::sha256;
use renkei_core::ledger::{EventKind, LedgerEvent, ReceiptFault, check_receipt, reason_words};
use renkei_core::naming::NOTICE_ENDING;
use renkei_core::notice::Notice;
use renkei_core::port::{
    AuditEntry, FolderError, Outcome, ReceiptBox, SeenKind, SeenName, Shelf, Snapshot, WhyRefused,
};
use renkei_core::publication::Progress;
use renkei_core::receive::{RECEIPT_ENDING, Receipt};
use renkei_core::{BusinessId, Digest, FeedId, FileName, FolderPath, Moment, Sequence};

use crate::error::EngineError;
use crate::house::House;

/// The end of a receipt's name while it is being taken in.
const CLAIMED_ENDING: &str = ".receipt.json.taking";
/// The longest receipt that is read, in bytes, and one more to tell a longer one.
const READ_BYTES: u64 = (4 << 20) + 1;
/// No more receipts of a system are taken in at a time, so that nothing else waits long.
const MOST_AT_ONCE: usize = 500;

/// Who may answer what.
pub struct Receiving<'r> {
    /// Every declared system.
    pub systems: &'r [BusinessId],
    /// Whether a system is a receiver of a feed.
    pub is_receiver: &'r dyn Fn(&BusinessId, &FeedId) -> bool,
}

/// What came of a call.
#[derive(Debug, Clone, Default)]
pub struct ReceiptsTaken {
    /// How many came into the ledger.
    pub n_recorded: u64,
    /// How many were there before.
    pub n_known: u64,
    /// True when there were more than are taken in at a time.
    pub has_more: bool,
    /// Those that are in quarantine.
    pub refused: Vec<RefusedReceipt>,
}

impl ReceiptsTaken {
    /// True when there was nothing.
    pub fn is_nothing(&self) -> bool {
        self.n_recorded == 0 && self.n_known == 0 && self.refused.is_empty()
    }
}

/// A receipt in quarantine.
#[derive(Debug, Clone)]
pub struct RefusedReceipt {
    /// Whose folder it was in.
    pub of: BusinessId,
    /// Why: [`ReceiptFault::code`].
    pub code: &'static str,
    /// Where it is.
    pub path: String,
}

/// Takes in all receipts that stand in the systems' folders. One folder's trouble does not keep the others'
/// receipts back: the first such fault ends the call after all were looked at.
pub fn take_in_receipts(
    house: House<'_>,
    letters: &dyn ReceiptBox,
    receiving: &Receiving<'_>,
) -> Result<ReceiptsTaken, EngineError> {
    let mut taken = ReceiptsTaken::default();
    let mut fault = None;
    for system in receiving.systems {
        let folder: FolderPath = format!("{system}/receipt").parse()?;
        let desk = ReceiptDesk { house, letters, receiving, system, folder: &folder };
        match desk.take_in(&mut taken) {
            Err(error @ EngineError::Store(_)) => return Err(error),
            Err(error) => fault = fault.or(Some(error)),
            Ok(()) => {}
        }
    }
    fault.map_or(Ok(taken), Err)
}

/// One system's folder.
struct ReceiptDesk<'d> {
    house: House<'d>,
    letters: &'d dyn ReceiptBox,
    receiving: &'d Receiving<'d>,
    system: &'d BusinessId,
    folder: &'d FolderPath,
}

/// A receipt that was read.
struct Read {
    claimed: FileName,
    name: FileName,
    source: Digest,
    verdict: Result<LedgerEvent, ReceiptFault>,
}

impl ReceiptDesk<'_> {
    /// One file's trouble does not keep the others back: the first such fault ends the call after all were looked at.
    fn take_in(&self, taken: &mut ReceiptsTaken) -> Result<(), EngineError> {
        let mut first = None;
        let mut of_one = |error: EngineError| match error {
            EngineError::Store(_) | EngineError::Stopped => Err(error),
            error => {
                first.get_or_insert(error);
                Ok(())
            }
        };
        let claimed = self.claim(&mut of_one)?;
        taken.has_more |= claimed.len() >= MOST_AT_ONCE;
        if !claimed.is_empty() {
            self.house.witness.reached("ledger.claimed");
            let mut read = Vec::new();
            let snapshot = self.house.store.snapshot()?;
            for (claimed, name) in claimed {
                match self.read(snapshot.as_ref(), claimed, name) {
                    Ok(one) => read.extend(one),
                    Err(error) => of_one(error)?,
                }
            }
            drop(snapshot);
            self.record(&read, taken)?;
            self.house.witness.reached("ledger.recorded");
            for one in &read {
                match self.put_away(one) {
                    Ok(refused) => taken.refused.extend(refused),
                    Err(error) => of_one(error)?,
                }
            }
            self.house.witness.reached("ledger.filed");
        }
        first.map_or(Ok(()), Err)
    }

    /// Reads and judges a claimed receipt.
    fn read(
        &self,
        snapshot: &dyn Snapshot,
        claimed: FileName,
        name: FileName,
    ) -> Result<Option<Read>, EngineError> {
        let Some(bytes) = self.bytes_of(&claimed)? else { return Ok(None) };
        let verdict = self.judge(snapshot, &bytes, self.house.clock.now())?;
        Ok(Some(Read { claimed, name, source: Digest(sha256(&bytes)), verdict }))
    }

    /// Brings a recorded receipt to the archive, or to the quarantine.
    fn put_away(&self, one: &Read) -> Result<Option<RefusedReceipt>, EngineError> {
        match &one.verdict {
            Ok(event) => {
                let place = Shelf { feed: &event.feed, sequence: event.sequence };
                self.letters.file_away(self.folder, &one.claimed, &one.name, &place)?;
                Ok(None)
            }
            Err(fault) => self.refuse(one, fault).map(Some),
        }
    }

    /// Gives each receipt a name of the hub's own; those that an earlier call claimed come with them.
    fn claim(
        &self,
        of_one: &mut dyn FnMut(EngineError) -> Result<(), EngineError>,
    ) -> Result<Vec<(FileName, FileName)>, EngineError> {
        let mut claimed = Vec::new();
        for seen in self.letters.look(self.folder)? {
            let SeenName::Plain(name) = seen.name else { continue };
            if seen.kind != SeenKind::File || claimed.len() >= MOST_AT_ONCE {
                continue;
            }
            if let Some(first) = name.with_ending(CLAIMED_ENDING, RECEIPT_ENDING) {
                claimed.push((name, first));
            } else if let Some(own) = name.with_ending_within(RECEIPT_ENDING, CLAIMED_ENDING) {
                match self.letters.claim(self.folder, &name, &own) {
                    Ok(true) => claimed.push((own, name)),
                    Ok(false) => {}
                    Err(error) => of_one(error.into())?,
                }
            }
        }
        Ok(claimed)
    }

    /// Reads a claimed receipt; `None` where another process was faster or it is no plain file any more.
    fn bytes_of(&self, claimed: &FileName) -> Result<Option<Vec<u8>>, EngineError> {
        let file = match self.letters.open(self.folder, claimed) {
            Err(FolderError::Missing { .. } | FolderError::Outside { .. }) => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        let path = format!("{}/{claimed}", self.folder);
        file.take(READ_BYTES).read_to_end(&mut bytes).map_err(|source| FolderError::Unavailable {
            path,
            attempt: "read",
            source,
        })?;
        Ok(Some(bytes))
    }

    /// What a receipt says, or why it is not believed.
    fn judge(
        &self,
        snapshot: &dyn Snapshot,
        bytes: &[u8],
        now: Moment,
    ) -> Result<Result<LedgerEvent, ReceiptFault>, EngineError> {
        let receipt = match Receipt::parse(bytes) {
            Ok(receipt) => receipt,
            Err(error) => return Ok(Err(error.into())),
        };
        let is_receiver = |feed: &FeedId| (self.receiving.is_receiver)(self.system, feed);
        let municipality = self.house.municipality.as_str();
        let at = match check_receipt(&receipt, self.system, municipality, is_receiver) {
            Ok(at) => at,
            Err(fault) => return Ok(Err(fault)),
        };
        let Some((feed, sequence, content)) = self.answered(snapshot, &receipt)? else {
            return Ok(Err(ReceiptFault::UnknownPublication));
        };
        let content = self.mended(snapshot, &receipt, &feed, sequence)?.unwrap_or(content);
        // Who refuses may have found something else than was published; who takes it in may not.
        let is_ours = receipt.content_sha256 == Some(content);
        if !is_ours && receipt.outcome != Outcome::Refused {
            return Ok(Err(ReceiptFault::OtherContent { feed, sequence }));
        }
        Ok(Ok(LedgerEvent {
            feed,
            sequence,
            receiver: self.system.clone(),
            kind: EventKind::of_outcome(receipt.outcome),
            at,
            source: Digest(sha256(bytes)),
            reasons: reason_words(&receipt, &content),
            holds: receipt.holds_sequence.filter(|holds| holds.0 > 0),
            state: receipt.state,
            recorded_at: now,
        }))
    }

    /// The publication that a receipt answers, and what it is. Of a notice that could not be read the receipt
    /// knows the name only.
    fn answered(
        &self,
        snapshot: &dyn Snapshot,
        receipt: &Receipt,
    ) -> Result<Option<(FeedId, Sequence, Digest)>, EngineError> {
        let named = receipt.feed.clone().zip(receipt.sequence);
        let found = if let Some((feed, sequence)) = named {
            snapshot.publication(&feed, sequence)?
        } else {
            let stem = receipt.notice.strip_suffix(NOTICE_ENDING).unwrap_or(&receipt.notice);
            let mut its = snapshot.published_as(stem)?;
            its.retain(|(feed, _)| (self.receiving.is_receiver)(self.system, feed));
            match its.as_slice() {
                [(feed, sequence)] => snapshot.publication(feed, *sequence)?,
                _ => None,
            }
        };
        let Some(record) = found else { return Ok(None) };
        let content = Notice::parse(record.notice.as_bytes())?.content_sha256();
        Ok(Some((record.feed, record.sequence, content)))
    }

    /// What the receipt answers where that is a diff made for its system alone, which has the number of the
    /// publication it leads to.
    fn mended(
        &self,
        snapshot: &dyn Snapshot,
        receipt: &Receipt,
        feed: &FeedId,
        sequence: Sequence,
    ) -> Result<Option<Digest>, EngineError> {
        for mending in snapshot.mendings(Some(feed), Some(Progress::Published))? {
            if mending.receiver == *self.system && mending.sequence == sequence {
                let content = Notice::parse(mending.notice.as_bytes())?.content_sha256();
                if receipt.content_sha256 == Some(content) {
                    return Ok(Some(content));
                }
            }
        }
        Ok(None)
    }

    /// Records events and refusals with their lines of the audit, all in one transaction.
    fn record(&self, read: &[Read], taken: &mut ReceiptsTaken) -> Result<(), EngineError> {
        let at = || self.house.clock.now().to_string();
        let mut tx = self.house.store.begin()?;
        for one in read {
            let (action, result) = match &one.verdict {
                Ok(event) => {
                    if !tx.record_ledger_event(event)? {
                        taken.n_known += 1;
                        continue;
                    }
                    taken.n_recorded += 1;
                    let action = format!("receipt {} {} of {}", event.feed, event.sequence, event.receiver);
                    let words = std::iter::once(event.kind.as_str().to_owned()).chain(event.reasons.clone());
                    (action, words.collect::<Vec<_>>().join(" "))
                }
                Err(fault) => {
                    (format!("receipt of {}", self.system), format!("quarantined ({})", fault.code()))
                }
            };
            tx.append_audit(&AuditEntry::new(at(), self.house.operator, action, "", result))?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Brings a receipt to the quarantine.
    fn refuse(&self, one: &Read, fault: &ReceiptFault) -> Result<RefusedReceipt, EngineError> {
        let digest = one.source.to_string();
        let place: FileName =
            format!("receipt-{}-{}", self.system, digest.get(..16).unwrap_or_default()).parse()?;
        let json = fault.as_json(self.folder.as_str(), one.name.as_str(), &one.source);
        let text = format!(
            "{}\n{}\n\nThis receipt was not taken into the ledger: {fault} ({}).\nFile: {}/{}\n",
            fault.text_ja(),
            fault.code(),
            fault.code(),
            self.folder,
            one.name,
        );
        let why = WhyRefused { json: &json, text: &text };
        let path = self.letters.refuse_set(self.folder, std::slice::from_ref(&one.claimed), &place, &why)?;
        tracing::warn!(
            of = self.system.as_str(),
            fault.code = fault.code(),
            path,
            "a receipt is in quarantine"
        );
        Ok(RefusedReceipt { of: self.system.clone(), code: fault.code(), path })
    }
}
