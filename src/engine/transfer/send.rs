//! Handing files over, each exactly once, whenever the process ends.
//!
//! File and notice are staged, the case is marked as sending, the file is moved, then the notice, then the case is
//! marked as sent. A start that finds a file under way looks for the notice: on the stage, it never left and the
//! one sending is finished; in the folder, it was given; in neither place, nobody but a person at the receiver can
//! tell, and nothing is sent.

use std::io::{Read as _, Write as _};

use renkei_core::hash::sha256;
use renkei_core::port::{Content, FolderError, HandoverRecord, Numbers, Standing, Transaction};
use renkei_core::transfer::{
    CaseNo, Comparison, Event, Evidence, HandoverState, Purpose, Refused, Resume, certificate_csv,
    handover_notice, judge_sending, preparation_csv,
};
use renkei_core::{Digest, Fault as _, FileName};
use renkei_registry::{ItemNo, PackedReader, Row, Values as _};

use super::events::{after, audit, held, note, record};
use crate::error::EngineError;
use crate::house::House;

/// A file with its notice, and the stage they wait on.
struct Parcel {
    stage: FileName,
    file: FileName,
    notice: FileName,
}

impl Parcel {
    fn of(handover: &HandoverRecord) -> Result<Self, EngineError> {
        Ok(Self {
            stage: handover.purpose.stage(handover.case_no)?,
            file: format!("{}.csv", handover.stem).parse()?,
            notice: format!("{}.done", handover.stem).parse()?,
        })
    }
}

/// Brings out whatever is due, and goes on with what was cut off. What one file meets does not keep the others:
/// the faults are given, the database's excepted, which is everybody's.
pub fn go_on(house: House<'_>) -> Result<Vec<EngineError>, EngineError> {
    let open = house.store.snapshot()?.handovers(None)?;
    let mut faults = Vec::new();
    for handover in open {
        let done = match handover.state {
            HandoverState::Due => send(house, handover),
            _ => resume(house, handover),
        };
        match done {
            Ok(()) => {}
            Err(EngineError::Store(error)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(
                    fault.code = error.code(),
                    "a file of a transfer case is not with its receiver"
                );
                faults.push(error);
            }
        }
    }
    Ok(faults)
}

/// The stages of files under way: they are nobody's to sweep.
pub(crate) fn stages_on_the_way(house: House<'_>) -> Result<Vec<FileName>, EngineError> {
    let open = house.store.snapshot()?.handovers(None)?;
    let sending = open.iter().filter(|handover| handover.state == HandoverState::Sending);
    sending.map(|handover| Ok(handover.purpose.stage(handover.case_no)?)).collect()
}

/// The first and only sending of a file.
fn send(house: House<'_>, mut handover: HandoverRecord) -> Result<(), EngineError> {
    let parcel = Parcel::of(&handover)?;
    let bytes = file_of(house, &handover)?;
    let file = Content { n_bytes: bytes.len() as u64, sha256: Digest(sha256(&bytes)) };
    let kind = record(house.store.snapshot()?.as_ref(), handover.case_no)?.standing.kind;
    let (municipality, now) = (house.municipality.as_str(), house.clock.now().to_string());
    let about = (&parcel.file, &file);
    let text = handover_notice(municipality, handover.case_no, kind, &handover.purpose, about, &now);
    let notice = Content { n_bytes: text.len() as u64, sha256: Digest(sha256(text.as_bytes())) };
    house.folders.begin_stage(&parcel.stage)?;
    stage(house, &parcel.stage, &parcel.file, &bytes)?;
    stage(house, &parcel.stage, &parcel.notice, text.as_bytes())?;
    house.witness.reached("transfer.staged");
    handover.state = HandoverState::Sending;
    handover.content = Some((file, notice));
    handover.changed_at = now;
    let mut tx = house.store.begin()?;
    begin(tx.as_mut(), &handover)?;
    tx.commit()?;
    house.witness.reached("transfer.sending");
    give(house, &handover, &parcel)?;
    settle(house, handover, "sent")
}

/// Marks a file as on its way, if that may be. A move-in's data goes on its way whatever a clerk decides.
fn begin(tx: &mut dyn Transaction, handover: &HandoverRecord) -> Result<(), EngineError> {
    if handover.purpose == Purpose::Certificate {
        after(&record(tx, handover.case_no)?, Event::BeginSending)?;
    }
    Ok(tx.put_handover(handover)?)
}

/// Moves file and notice; what was moved before is well.
fn give(house: House<'_>, handover: &HandoverRecord, parcel: &Parcel) -> Result<(), EngineError> {
    let Some((file, notice)) = &handover.content else { return Err(unclear(handover)) };
    let Parcel { stage, file: file_name, notice: notice_name } = parcel;
    house.folders.publish(stage, file_name, &handover.folder, file)?;
    house.witness.reached("transfer.file-moved");
    house.folders.publish(stage, notice_name, &handover.folder, notice)?;
    house.witness.reached("transfer.notice-moved");
    Ok(())
}

/// Goes on with a file that was on its way when the process ended.
fn resume(house: House<'_>, handover: HandoverRecord) -> Result<(), EngineError> {
    let parcel = Parcel::of(&handover)?;
    let Some((_, notice)) = handover.content else { return Err(unclear(&handover)) };
    let evidence = Evidence {
        staged_notice: staged(house, &parcel, &notice)?,
        given_notice: house.folders.standing(&handover.folder, &parcel.notice, &notice)?,
    };
    match judge_sending(evidence) {
        Resume::Finish => {
            give(house, &handover, &parcel)?;
            settle(house, handover, "sent after a cut")
        }
        Resume::Settle => settle(house, handover, "found in its folder after a cut"),
        Resume::Ask => Err(unclear(&handover)),
    }
}

/// Marks a file as given.
fn settle(house: House<'_>, mut handover: HandoverRecord, how: &str) -> Result<(), EngineError> {
    let mut tx = house.store.begin()?;
    put_sent(house, tx.as_mut(), &mut handover, how)?;
    tx.commit()?;
    house.witness.reached("transfer.sent");
    house.folders.discard_stage(&handover.purpose.stage(handover.case_no)?)?;
    Ok(())
}

fn put_sent(
    house: House<'_>,
    tx: &mut dyn Transaction,
    handover: &mut HandoverRecord,
    how: &str,
) -> Result<(), EngineError> {
    let case_no = handover.case_no;
    if handover.purpose == Purpose::Certificate {
        after(&record(tx, case_no)?, Event::ConfirmSent)?;
    }
    handover.state = HandoverState::Sent;
    handover.changed_at = house.clock.now().to_string();
    tx.put_handover(handover)?;
    let receiver = handover.purpose.receiver();
    note(house, tx, case_no, &format!("send to {receiver}"), how.to_owned())?;
    audit(house, tx, format!("send transfer {case_no} to {receiver}"), how.to_owned())
}

/// A person looked at the receivers and says that they have what of the case was under way; gives their names.
/// Nothing is sent.
pub fn confirm(house: House<'_>, case_no: CaseNo) -> Result<Vec<String>, EngineError> {
    let mut tx = house.store.begin()?;
    record(tx.as_ref(), case_no)?;
    let under_way = tx.handovers(Some(case_no))?.into_iter();
    let under_way = under_way.filter(|handover| handover.state == HandoverState::Sending);
    let (mut receivers, mut stages) = (Vec::new(), Vec::new());
    for mut handover in under_way {
        put_sent(house, tx.as_mut(), &mut handover, "confirmed by a person")?;
        receivers.push(handover.purpose.receiver().to_owned());
        stages.push(handover.purpose.stage(case_no)?);
    }
    if receivers.is_empty() {
        return Err(EngineError::CaseRefused { case_no, source: Refused::NotSending });
    }
    tx.commit()?;
    stages.iter().try_for_each(|stage| house.folders.discard_stage(stage))?;
    Ok(receivers)
}

/// The bytes of a file: the same whenever they are made.
fn file_of(house: House<'_>, handover: &HandoverRecord) -> Result<Vec<u8>, EngineError> {
    let case_no = handover.case_no;
    let snapshot = house.store.snapshot()?;
    let held = held(snapshot.as_ref(), case_no)?;
    if let Purpose::Preparation(_) = handover.purpose {
        let content = held.content.verified.as_ref().unwrap_or(&held.content.raw);
        return Ok(preparation_csv(case_no, content, handover.with_number));
    }
    let about = held.content.comparison.as_ref().and_then(Comparison::atena_no);
    let (Some(atena_no), Some(commit_no)) = (about, held.record.commit_no) else {
        return Err(EngineError::CaseRefused { case_no, source: Refused::NothingDue });
    };
    let mut reader = PackedReader::new();
    let mut row = Row::new();
    for packed in snapshot.rows_of(atena_no, commit_no, Numbers::Clear)? {
        let found = reader.read(&packed)?;
        if found.get(ItemNo::SAISHIN_FLG) == "1" {
            row = Row::from_packed(&found);
        }
    }
    Ok(certificate_csv(case_no, &row))
}

fn stage(house: House<'_>, stage: &FileName, name: &FileName, bytes: &[u8]) -> Result<(), EngineError> {
    let mut file = house.folders.create(stage, name)?;
    file.write_all(bytes).map_err(|error| FolderError::of_write(name.as_str(), error))?;
    Ok(file.finish()?)
}

/// The notice on the stage, against what was recorded.
fn staged(house: House<'_>, parcel: &Parcel, notice: &Content) -> Result<Standing, EngineError> {
    let mut file = match house.folders.read_staged(&parcel.stage, &parcel.notice) {
        Err(FolderError::Missing { .. }) => return Ok(Standing::Missing),
        file => file?,
    };
    let mut bytes = Vec::new();
    let name = parcel.notice.as_str();
    file.read_to_end(&mut bytes).map_err(|source| FolderError::Unavailable {
        path: name.to_owned(),
        attempt: "read",
        source,
    })?;
    Ok(if Digest(sha256(&bytes)) == notice.sha256 { Standing::Same } else { Standing::Other })
}

fn unclear(handover: &HandoverRecord) -> EngineError {
    EngineError::CaseUnclear {
        case_no: handover.case_no,
        receiver: handover.purpose.receiver().to_owned(),
        folder: handover.folder.to_string(),
    }
}
