//! `renkei reread`: the recovery verb for what was refused.

use clap::Args;
use renkei_core::FileName;
use renkei_core::port::{AuditEntry, IntakeStore as _};
use renkei_core::receive::Receipt;
use renkei_engine::{EngineError, House};
use serde_json::json;

use super::looks::{tell, worst};
use super::reason::Reason;
use crate::intake::{Rereading, Round, find_refused};
use crate::texts::reasons;
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// Judge a refused set again: its files go back from quarantine to the inbox, and it is taken in if nothing is wrong
/// any more.
///
/// For sets that were right and met a setting that was not: a version not accepted yet, an interface not declared.
/// What is wrong in the files is for their sender to correct.
#[derive(Debug, Args)]
pub(crate) struct Reread {
    /// The place in quarantine, or the number of the set; `renkei intake status` lists both.
    #[arg(value_name = "PLACE|SET")]
    set: String,
    #[command(flatten)]
    reason: Reason,
    /// Say what would be given back, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// How far back the verdict is looked for.
const N_LOOKED_BACK: u32 = 200;

impl Reread {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        if self.dry_run {
            let workplace = Workplace::for_reading(session)?;
            let found = self.find(&workplace)?;
            say_plan(session, &found);
            return Ok(Exit::Ok);
        }
        let workplace = Workplace::for_writing(session, "renkei reread")?;
        let found = self.find(&workplace)?;
        let id = &found.record.intake;
        let Some(intake) = workplace.config.intake(id.as_str()) else {
            return Err(HubError::UnknownIntake { intake: id.to_string(), near: None }.into());
        };
        let house = House { reason: &self.reason.reason, ..workplace.house() };
        // Before it is done: nothing leaves the quarantine without a reason on record.
        let at = house.clock.now().to_string();
        let action = format!("reread {}", found.place);
        let line =
            AuditEntry::new(at, house.operator, action, house.reason, format!("back to {}", found.folder));
        let noted = house.store.begin().and_then(|mut tx| {
            tx.append_audit(&line)?;
            tx.commit()
        });
        noted.map_err(EngineError::from)?;
        workplace.premises().folders.give_back(&found.place, &found.folder, &found.names)?;
        house.witness.reached("reread.given-back");
        let round = Round {
            house,
            premises: workplace.premises(),
            config: &workplace.config,
            run_id: "",
            allowed: None,
        };
        let look = round.look(intake);
        workplace.end_progress();
        let records = workplace.premises().intake_store()?.sets(Some(id), N_LOOKED_BACK)?;
        let last = records.iter().find(|record| record.notice_sha256 == found.record.notice_sha256);
        let is_told = look.outcome.as_ref().is_ok_and(|look| {
            look.results.iter().any(|result| result.record.notice_sha256 == found.record.notice_sha256)
        });
        let looks = vec![look];
        let mut exit = worst(&looks);
        tell(session, looks, false);
        // The same verdict once more is no news to the round, but it is to who asked.
        if let Some(receipt) = last.and_then(|record| Receipt::parse(record.receipt.as_bytes()).ok())
            && !is_told
            && receipt.outcome == renkei_core::port::Outcome::Refused
        {
            session
                .console()
                .talk(reasons::as_text(&receipt, session.console().lang() == crate::console::Lang::Ja));
            exit = Exit::Partner;
        }
        Ok(exit)
    }

    fn find(&self, workplace: &Workplace<'_>) -> Result<Rereading, Failure> {
        let store = workplace.premises().intake_store()?;
        find_refused(&store, &workplace.premises().folders, &workplace.config, &self.set)
    }
}

fn say_plan(session: &Session, found: &Rereading) {
    let console = session.console();
    let names: Vec<&str> = found.names.iter().map(FileName::as_str).collect();
    if console.is_json() {
        console.json(&json!({
            "intake": found.record.intake, "no": found.record.set_no, "place": found.place.as_str(),
            "folder": found.folder.as_str(), "files": names,
        }));
        return;
    }
    console.say(
        format_args!("{} から {} へ戻すもの: {}", found.place, found.folder, names.join(", ")),
        format_args!("From {} back to {}: {}", found.place, found.folder, names.join(", ")),
    );
}
