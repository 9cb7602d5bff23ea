//! What the agent holds, told to the hub: sums of all buckets, and keys and digests of the rows of some.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use renkei_core::port::IntakeHead;
use renkei_core::receive::{Holding, HoldingError, Opening, write_opened_row};
use renkei_core::{FileName, IntakeId};
use renkei_engine::Unwatched;
use renkei_engine::receive::count_held;
use renkei_engine::reconcile::{HOLDING_ENDING, ROWS_ENDING};

use super::Agent;
use crate::{Failure, HubError};

impl Agent {
    /// Counts the rows held and writes their sums, with the rows of `opened` buckets where some are asked for; to a
    /// file, or into the receipts' folder. Gives where it is.
    ///
    /// The rows are counted, whatever sum is on record: that is what the hub is to be told.
    pub(crate) fn tell_state(
        &self,
        intake: &IntakeId,
        to: Option<&Path>,
        opened: Option<&[u8]>,
    ) -> Result<String, Failure> {
        let store = self.store();
        let head = store.head(intake)?.ok_or(HoldingError { what: "nothing is held yet" })?;
        let state = count_held(store, intake, &mut |_| ControlFlow::Continue(()))?;
        let head = IntakeHead { state, ..head };
        let holding = Holding::of(intake, &head);
        let staged = to.is_none().then(|| self.config().folder.join(format!("{intake}.state")));
        let place = to.or(staged.as_deref()).unwrap_or(Path::new("")).to_owned();
        let write_error = |source| HubError::Write { path: place.clone(), source };
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&place);
        let mut out = BufWriter::new(file.map_err(write_error)?);
        match opened {
            None => out.write_all(holding.to_json()?.as_bytes()).map_err(write_error)?,
            Some(opened) => {
                let opening = Opening { holding, opened: opened.to_vec() };
                opening.write(&mut out).map_err(write_error)?;
                let mut written = Ok(());
                count_held(store, intake, &mut |row| {
                    if u8::try_from(row.bucket).is_ok_and(|bucket| opened.contains(&bucket)) {
                        written = write_opened_row(&mut out, row.key, row.digest);
                    }
                    if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                })?;
                written.map_err(write_error)?;
            }
        }
        out.flush().map_err(write_error)?;
        drop(out);
        let Some(staged) = staged else { return Ok(place.display().to_string()) };
        let ending = if opened.is_some() { ROWS_ENDING } else { HOLDING_ENDING };
        let given = self.hand_in(&staged, &head, ending);
        let removed = std::fs::remove_file(&staged);
        removed.map_err(|source| HubError::Write { path: staged, source })?;
        given
    }

    fn hand_in(&self, staged: &Path, head: &IntakeHead, ending: &str) -> Result<String, Failure> {
        let Some((outbox, folder)) = self.receipts() else {
            return Err(HoldingError { what: "receipts = \"none\"; name a file to write to" }.into());
        };
        let name: FileName = format!("{}_{}{ending}", self.config().receiver, head.feed)
            .parse()
            .map_err(renkei_engine::EngineError::Name)?;
        let source =
            File::open(staged).map_err(|source| HubError::Write { path: staged.to_owned(), source })?;
        outbox.put(folder, &name, source)?;
        self.put_back(&Unwatched)?;
        Ok(format!("{folder}/{name}"))
    }
}
