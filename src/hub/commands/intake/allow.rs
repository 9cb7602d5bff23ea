//! `renkei intake allow`.

use clap::Args;
use renkei_core::Sequence;
use renkei_core::port::{AuditEntry, IntakeStore, Outcome};
use renkei_core::receive::{ReasonCode, Receipt};
use renkei_engine::{EngineError, House};

use super::super::looks::{tell, worst};
use super::super::reason::Reason;
use super::one;
use crate::intake::Round;
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// Take in a set although it changes more than the bounds allow.
#[derive(Debug, Args)]
pub(crate) struct Allow {
    /// The intake.
    #[arg(value_name = "ID")]
    intake: String,
    /// The sequence of the set that waits.
    #[arg(value_name = "SEQUENCE")]
    sequence: u32,
    #[command(flatten)]
    reason: Reason,
}

/// How far back the set is looked for.
const N_LOOKED_BACK: u32 = 200;

impl Allow {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei intake allow")?;
        let intake = one(&workplace.config, &self.intake)?;
        let store = workplace.premises().intake_store()?;
        if !self.is_held(&store, intake)? {
            let (intake, sequence) = (self.intake.clone(), self.sequence);
            return Err(HubError::NothingHeld { intake, sequence }.into());
        }
        let house = House { reason: &self.reason.reason, ..workplace.house() };
        // Before it is done: a set that was let in is never without its reason.
        let action = format!("allow intake {} set {}", intake.terms.id, self.sequence);
        let at = house.clock.now().to_string();
        let line = AuditEntry::new(at, house.operator, action, house.reason, "taken in at once".to_owned());
        let noted = house.store.begin().and_then(|mut tx| {
            tx.append_audit(&line)?;
            tx.commit()
        });
        noted.map_err(EngineError::from)?;
        let round = Round {
            house,
            premises: workplace.premises(),
            config: &workplace.config,
            run_id: "",
            allowed: Some(Sequence(self.sequence)),
        };
        let looks = vec![round.look(intake)];
        workplace.end_progress();
        let exit = worst(&looks);
        tell(session, looks, false);
        Ok(exit)
    }

    /// True when the last word on a set of the sequence is that the guard holds it.
    fn is_held(&self, store: &dyn IntakeStore, intake: &crate::config::Intake) -> Result<bool, Failure> {
        let records = store.sets(Some(&intake.terms.id), N_LOOKED_BACK)?;
        let last = records.iter().find(|record| record.sequence == Some(Sequence(self.sequence)));
        Ok(last.is_some_and(|record| {
            let receipt = Receipt::parse(record.receipt.as_bytes());
            let is_held = |receipt: Receipt| {
                receipt.reasons.iter().any(|reason| reason.code == ReasonCode::ChangeHeld.as_str())
            };
            record.outcome == Outcome::Waiting && receipt.is_ok_and(is_held)
        }))
    }
}
