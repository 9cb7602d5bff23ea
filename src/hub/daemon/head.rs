//! The daemon keeps the audit's end in its second place on a thread of its own: that place may be a network
//! folder that hangs, and the night does not wait for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use renkei_engine::Clock as _;

use crate::audit_head;
use crate::config::Config;
use crate::premises::Premises;

/// How long an end of the daemon waits for the last write.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// Keeps the audit's end, one write at a time; a fault is told once until it changes or goes.
#[derive(Default)]
pub(super) struct HeadKeeper {
    is_busy: Arc<AtomicBool>,
    told: Arc<Mutex<Option<&'static str>>>,
}

impl HeadKeeper {
    /// Has the end kept, unless that is under way.
    pub(super) fn keep(&self, premises: &Arc<Premises>, config: &Arc<Config>) {
        if config.audit_head.is_none() || self.is_busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let (premises, config) = (Arc::clone(premises), Arc::clone(config));
        let (is_busy, told) = (Arc::clone(&self.is_busy), Arc::clone(&self.told));
        let started = std::thread::Builder::new().name("audit-head".to_owned()).spawn(move || {
            let kept = audit_head::keep(&premises.store, &config, premises.clock.now());
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            match kept {
                Ok(()) => {
                    if told.take().is_some() {
                        tracing::info!("the end of the audit is kept in its second place again");
                    }
                }
                Err(failure) if told.replace(failure.code()) != Some(failure.code()) => {
                    let causes = failure.causes().join(": ");
                    tracing::error!(
                        fault.code = failure.code(),
                        "the end of the audit is not kept: {causes}"
                    );
                }
                Err(_) => {}
            }
            drop(told);
            is_busy.store(false, Ordering::Release);
        });
        if started.is_err() {
            self.is_busy.store(false, Ordering::Release);
        }
    }
}

impl Drop for HeadKeeper {
    fn drop(&mut self) {
        let started = Instant::now();
        while self.is_busy.load(Ordering::Acquire) && started.elapsed() < LAST_WAIT {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
