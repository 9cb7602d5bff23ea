//! The daemon proves the audit: at its start and once a day, line by line and against the end kept in a second place,
//! on a thread of its own. A broken chain is an alert until it holds again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use renkei_core::alert::{Alert, AlertKey, Matter};
use renkei_core::audit::{AuditFault, AuditLink};
use renkei_core::port::{Store as _, StoreError};
use renkei_core::{Fault as _, Moment};
use renkei_engine::verify_audit;
use tokio::sync::Notify;

use super::alarms::{Alarms, note};
use crate::audit_head;
use crate::config::Config;
use crate::premises::Premises;

/// Between two proofs of an audit that holds, and of one that does not.
const EVERY: TimeDelta = TimeDelta::days(1);
const EVERY_BROKEN: TimeDelta = TimeDelta::minutes(10);

/// What a proof came to: the first fault, if any.
type Verdict = Option<AuditFault>;

/// Proves the audit when that is due, one proof at a time.
#[derive(Default)]
pub(super) struct ChainKeeper {
    is_busy: Arc<AtomicBool>,
    verdict: Arc<Mutex<Option<Verdict>>>,
    proven_at: Option<Moment>,
    is_broken: bool,
    /// From where it was proven: whoever accepts it as it stands sets that anew.
    base: Option<AuditLink>,
}

impl ChainKeeper {
    /// Tells what a proof came to, and begins the next when it is due.
    pub(super) fn keep(
        &mut self,
        premises: &Arc<Premises>,
        config: &Config,
        alarms: &Alarms,
        wake: &Arc<Notify>,
        now: Moment,
    ) {
        let verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(verdict) = verdict {
            self.is_broken = verdict.is_some();
            note(tell(premises, alarms, verdict, now), "the audit's chain");
        }
        if self.is_due(premises, now) && !self.is_busy.swap(true, Ordering::AcqRel) {
            self.proven_at = Some(now);
            self.base = premises.store.snapshot().and_then(|snapshot| snapshot.audit_base()).ok();
            self.begin(premises, config, wake);
        }
    }

    fn is_due(&self, premises: &Premises, now: Moment) -> bool {
        let Some(proven_at) = self.proven_at else { return true };
        // A clock that was set back does not put the next one off.
        let since = now.since(proven_at).abs();
        if !self.is_broken {
            return since >= EVERY;
        }
        let base = premises.store.snapshot().and_then(|snapshot| snapshot.audit_base()).ok();
        since >= EVERY_BROKEN || base != self.base
    }

    fn begin(&self, premises: &Arc<Premises>, config: &Config, wake: &Arc<Notify>) {
        let (premises, wake, head) = (Arc::clone(premises), Arc::clone(wake), config.audit_head.clone());
        let (is_busy, verdict) = (Arc::clone(&self.is_busy), Arc::clone(&self.verdict));
        let started = std::thread::Builder::new().name("audit-chain".to_owned()).spawn(move || {
            // First: what is kept afterwards may be of lines that the snapshot does not have. That it cannot be read is
            // told by who keeps it.
            let kept = head.and_then(|path| audit_head::read(&path).ok().flatten());
            let report = premises.store.snapshot().and_then(|snapshot| verify_audit(snapshot.as_ref(), kept));
            match report {
                Ok(report) => {
                    let found = report.faults.first().copied();
                    if let Some(fault) = found {
                        tracing::error!(fault.code = fault.code(), faults = report.n_faults, "{fault}");
                    } else {
                        tracing::debug!(lines = report.n_lines, "the audit's chain holds");
                    }
                    *verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                }
                Err(error) => tracing::warn!(%error, "the audit could not be proven"),
            }
            is_busy.store(false, Ordering::Release);
            wake.notify_one();
        });
        if started.is_err() {
            self.is_busy.store(false, Ordering::Release);
        }
    }
}

fn tell(premises: &Premises, alarms: &Alarms, verdict: Verdict, now: Moment) -> Result<(), StoreError> {
    let store = &premises.store;
    let audit_no = match verdict {
        None => return alarms.clear(store, &[AlertKey::audit()], now),
        Some(
            AuditFault::Broken { audit_no }
            | AuditFault::Unexplained { audit_no }
            | AuditFault::Rewritten { audit_no },
        ) => audit_no,
        Some(AuditFault::Truncated { last_no, .. }) => last_no,
    };
    alarms.open(store, &Alert::new(Matter::AuditBroken { audit_no }, now))
}
