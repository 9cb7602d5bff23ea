//! Redeliver: the same bytes again, notice last. May be cut off anywhere and asked for again.

use std::io::{Read, Write as _};

use renkei_core::hash::Hasher;
use renkei_core::naming::notice_name;
use renkei_core::notice::Notice;
use renkei_core::port::{Content, FolderError, PublicationRecord, Shelf, Standing};
use renkei_core::publication::Progress;
use renkei_core::redo::{
    FileFacts, FileStep, PlannedFile, RedeliverFacts, RedeliverFrom, RedeliverPlan, Role, plan_redeliver,
};
use renkei_core::{FeedId, FileName, FolderPath, Sequence};

use super::publication;
use crate::archive::content_of_notice;
use crate::error::EngineError;
use crate::generate::{audit_entry, stage_name};
use crate::house::House;
use crate::run::Run;

/// Bytes copied at a time.
const CHUNK_BYTES: usize = 1 << 18;

/// What came of a redelivery.
#[derive(Debug, Clone)]
pub struct Redelivered {
    /// The plan it was done by.
    pub plan: RedeliverPlan,
    /// Where what stood in the way was put.
    pub quarantined: Vec<String>,
    /// The run.
    pub run_id: String,
}

/// Looks at record, folder and archive and plans; changes nothing.
pub fn plan_redelivery(
    house: House<'_>,
    feed: &FeedId,
    sequence: Sequence,
    from: RedeliverFrom,
) -> Result<RedeliverPlan, EngineError> {
    let record = publication(house, feed, sequence)?;
    plan(house, &record, from)
}

fn plan(
    house: House<'_>,
    record: &PublicationRecord,
    from: RedeliverFrom,
) -> Result<RedeliverPlan, EngineError> {
    let notice = Notice::parse(record.notice.as_bytes())?;
    let folder: FolderPath = record.folder.parse()?;
    let shelf = Shelf { feed: &record.feed, sequence: record.sequence };
    let look = |name: &FileName, role, content: Content| -> Result<FileFacts, EngineError> {
        // What was never given is not looked for: it may be gigabytes, and is refused anyway.
        let is_given = record.progress == Progress::Published;
        let in_folder =
            if is_given { house.folders.standing(&folder, name, &content)? } else { Standing::Missing };
        let asks = is_given && role != Role::Notice && in_folder != Standing::Same;
        let in_archive = asks.then(|| house.folders.kept(&shelf, name, &content)).transpose()?;
        Ok(FileFacts { name: name.clone(), role, content, in_folder, in_archive })
    };
    let mut files = Vec::new();
    for file in &notice.reports {
        let content = Content { n_bytes: file.n_bytes, sha256: file.sha256 };
        files.push(look(&file.name, Role::Report, content)?);
    }
    for file in &notice.files {
        let content = Content { n_bytes: file.n_bytes, sha256: file.sha256 };
        files.push(look(&file.name, Role::Data, content)?);
    }
    let name = notice_name(&record.stem.parse()?)?;
    let notice = look(&name, Role::Notice, content_of_notice(&record.notice))?;
    let last_sequence = house.store.snapshot()?.last_sequence(&record.feed)?;
    Ok(plan_redeliver(RedeliverFacts { record, files, notice, last_sequence }, from))
}

/// Plans and carries out. [`EngineError::RedeliverRefused`] where the plan says no.
pub fn redeliver(
    house: House<'_>,
    feed: &FeedId,
    sequence: Sequence,
    from: RedeliverFrom,
    reason: &str,
) -> Result<Redelivered, EngineError> {
    let record = publication(house, feed, sequence)?;
    let plan = plan(house, &record, from)?;
    if !plan.is_allowed() {
        return Err(EngineError::RedeliverRefused { feed: feed.clone(), sequence, refusals: plan.refusals });
    }
    let house = House { reason, ..house };
    let what = format!("redeliver {feed} {sequence}");
    let redoes = Some(record.run_id.as_str());
    let mut run = Run::start_over(house, what.clone(), feed.as_str(), record.business_date, redoes)?;
    house.witness.reached("redeliver.begun");
    let run_id = run.id().to_owned();
    match (Work { house, record: &record, plan: &plan, reason }).carry_out(&mut run) {
        Ok((stage, quarantined)) => {
            let mut tx = house.store.begin()?;
            // How many came back is in the run's steps: here it must not matter that an earlier try was cut off.
            let result = format!("{} files as published", plan.files.len());
            tx.append_audit(&audit_entry(house, what, reason, result))?;
            tx.mark_redelivered(feed, sequence, &house.clock.now().to_string())?;
            run.succeed(tx.as_mut())?;
            tx.commit()?;
            house.folders.discard_stage(&stage)?;
            Ok(Redelivered { plan, quarantined, run_id })
        }
        Err(error) => {
            // Copies may be what fills the disk; what cannot be cleared now is swept at the next start.
            if let Ok(stage) = stage_name(run.id()) {
                let _ = house.folders.discard_stage(&stage);
            }
            run.fail(&error);
            Err(error)
        }
    }
}

/// A redelivery under way.
struct Work<'w> {
    house: House<'w>,
    record: &'w PublicationRecord,
    plan: &'w RedeliverPlan,
    reason: &'w str,
}

impl Work<'_> {
    /// Puts back what has to be, then gives the notice; gives its stage and what went to the quarantine.
    fn carry_out(&self, run: &mut Run<'_>) -> Result<(FileName, Vec<String>), EngineError> {
        let Self { house, record, plan, .. } = self;
        let stage = stage_name(run.id())?;
        let folder: FolderPath = record.folder.parse()?;
        house.folders.begin_stage(&stage)?;
        let mut quarantined = Vec::new();
        let mut n_back = 0;
        run.begin_step("data");
        for file in &plan.files {
            match file.step {
                FileStep::Leave | FileStep::GiveAgain | FileStep::Impossible => continue,
                FileStep::PutBack => {
                    let content = self.fetch(&stage, file)?;
                    house.folders.publish(&stage, &file.name, &folder, &content)?;
                }
                FileStep::Replace => {
                    self.fetch(&stage, file)?;
                    quarantined.push(self.set_aside(run.id(), &folder, file)?);
                    house.folders.replace(&stage, &file.name, &folder)?;
                }
            }
            n_back += 1;
            if n_back == 1 {
                house.witness.reached("redeliver.first-file-back");
            }
        }
        run.end_step(format!("{n_back} files put back, {} quarantined", quarantined.len()));
        house.witness.reached("redeliver.data-back");
        run.begin_step("notice");
        let name = notice_name(&record.stem.parse()?)?;
        let mut file = house.folders.create(&stage, &name)?;
        let written = file.write_all(record.notice.as_bytes());
        written.map_err(|error| FolderError::of_write(name.as_str(), error))?;
        file.finish()?;
        if let Some(planned) = plan.files.last().filter(|planned| planned.in_folder == Standing::Other) {
            quarantined.push(self.set_aside(run.id(), &folder, planned)?);
        }
        house.folders.replace(&stage, &name, &folder)?;
        run.end_step(name.to_string());
        house.witness.reached("redeliver.notice-given");
        Ok((stage, quarantined))
    }

    /// Copies a file from the archive to the stage, and trusts its digest only.
    fn fetch(&self, stage: &FileName, file: &PlannedFile) -> Result<Content, EngineError> {
        let Self { house, record, .. } = self;
        let place = Shelf { feed: &record.feed, sequence: record.sequence };
        let name = &file.name;
        let mut source = house.folders.read_kept(&place, name)?;
        let mut target = house.folders.create(stage, name)?;
        let (mut hash, mut n_bytes, mut chunk) = (Hasher::new(), 0, vec![0; CHUNK_BYTES]);
        loop {
            let n_read = match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(n_read) => n_read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let path = name.as_str().to_owned();
                    return Err(FolderError::Unavailable { path, attempt: "read", source }.into());
                }
            };
            let bytes = chunk.get(..n_read).unwrap_or_default();
            hash.update(bytes);
            n_bytes += n_read as u64;
            target.write_all(bytes).map_err(|error| FolderError::of_write(name.as_str(), error))?;
        }
        target.finish()?;
        let found = Content { n_bytes, sha256: hash.finish() };
        if found == (Content { n_bytes: file.n_bytes, sha256: file.sha256 }) {
            return Ok(found);
        }
        Err(EngineError::RedeliverRefused {
            feed: record.feed.clone(),
            sequence: record.sequence,
            refusals: vec![renkei_core::redo::RedeliverRefusal::KeptOtherwise { file: name.clone() }],
        })
    }

    fn set_aside(
        &self,
        run_id: &str,
        folder: &FolderPath,
        file: &PlannedFile,
    ) -> Result<String, EngineError> {
        let Self { house, record, reason, .. } = self;
        let place: FileName = format!("redeliver-{run_id}").parse()?;
        let text = format!(
            "What stood in {folder} under this name was not what publication {} of feed {} has there (sha256 {}).\n\
             It was replaced by a redelivery at {}, asked for by {}: {reason}\n",
            record.sequence,
            record.feed,
            file.sha256,
            house.clock.now(),
            house.operator,
        );
        Ok(house.folders.quarantine(folder, &file.name, &place, &text)?)
    }
}
