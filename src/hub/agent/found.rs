//! What a look at an intake found for the agent's people.

use renkei_core::Moment;
use renkei_core::alert::Alert;
use renkei_core::port::IntakeStore;
use renkei_engine::receive::Look;

use super::alarms::Found;
use super::config::AgentIntake;
use crate::Failure;
use crate::intake::{Expected, N_LOOKED_BACK, Stands, alerts_of, late_of, nothing_came};

/// What a look at an intake found for its people, and by when something should have come that did not.
pub(super) fn found_of(
    store: &dyn IntakeStore,
    intake: &AgentIntake,
    outcome: Result<&Look, &Failure>,
    now: Moment,
) -> (Found, Option<Moment>) {
    let expected =
        Expected { intake: &intake.terms.id, by: intake.expected_by.as_ref(), gap_after: intake.gap_after };
    let failed = |failure: &Failure, nothing_came: Option<Alert>| {
        let late = nothing_came.as_ref().and_then(late_of);
        (Found::Failed { code: failure.code(), class: failure.class(), nothing_came }, late)
    };
    let records = match store.sets(Some(&intake.terms.id), N_LOOKED_BACK) {
        Ok(records) => records,
        Err(error) => return failed(outcome.err().unwrap_or(&error.into()), None),
    };
    match outcome.map(|look| alerts_of(expected, &stands(look), &records, now).map_err(Failure::from)) {
        Ok(Ok(alerts)) => {
            let late = alerts.iter().find_map(late_of);
            (Found::Standing(alerts), late)
        }
        Ok(Err(failure)) => failed(&failure, nothing_came(expected, &records, now)),
        Err(failure) => failed(failure, nothing_came(expected, &records, now)),
    }
}

/// What stands in an intake's folders as far as its people should know.
fn stands(look: &Look) -> Stands {
    let overdue = look.incomplete.iter().map(|set| set.is_overdue);
    let overdue = overdue.chain(look.pending.iter().map(|notice| notice.is_overdue));
    Stands {
        n_incomplete: overdue.map(u64::from).sum(),
        n_strays: look.strays.iter().map(|stray| u64::from(stray.is_overdue)).sum(),
        whole: look.gaps.iter().map(|receipt| receipt.notice_sha256).collect(),
    }
}
