//! Partner systems' way in, beside the night: the SFTP server is started with the daemon and tried again while it
//! cannot be; that it is not there never keeps a run from starting. Their folders are kept also where an sshd lets them
//! in.

use std::time::Duration;

use renkei_core::Moment;
use renkei_core::alert::{Alert, AlertKey, Matter, Word};

use super::alarms::{Alarms, note};
use crate::config::Config;
use crate::premises::Premises;
use crate::visitors::{Grounds, Server};

/// Keeps the server up and to the rules as they stand.
#[derive(Default)]
pub(super) struct VisitorKeeper {
    server: Option<Server>,
    grounds: Grounds,
    /// The fault that keeps it from starting, told once until it changes.
    told: Option<&'static str>,
    /// Whether the alert of a daemon before was looked for.
    has_looked: bool,
}

impl VisitorKeeper {
    /// Starts the server where it is not up, else has it go by what stands now.
    pub(super) fn keep(&mut self, premises: &Premises, config: &Config, alarms: &Alarms, now: Moment) {
        self.grounds.keep(premises, config, now);
        if let Some(server) = &self.server {
            server.keep(config);
            return;
        }
        match Server::start(config, premises.clock) {
            Ok(server) => {
                self.server = server;
                if let Some(server) = &self.server {
                    server.keep(config);
                }
                if self.told.take().is_some() || !self.has_looked {
                    note(alarms.clear(&premises.store, &[AlertKey::door()], now), "the way in");
                }
                self.has_looked = true;
            }
            Err(failure) if self.told.replace(failure.code()) != Some(failure.code()) => {
                let causes = failure.causes().join(": ");
                tracing::error!(fault.code = failure.code(), "partner systems cannot log in: {causes}");
                let matter = Matter::DoorShut { fault_code: Word::of(failure.code()) };
                note(alarms.open(&premises.store, &Alert::new(matter, now)), "the way in");
            }
            Err(_) => {}
        }
    }

    /// Takes the host keys that are there now. What is wrong with them leaves those that are shown.
    pub(super) fn renew_host_keys(&mut self, config: &Config) {
        let (Some(server), Some(_)) = (&mut self.server, &config.sftp) else { return };
        if let Err(failure) = server.renew_host_keys(config) {
            let causes = failure.causes().join(": ");
            tracing::error!(fault.code = failure.code(), "the host keys shown stay as they are: {causes}");
        }
    }

    /// Stops it; uploads that are at work have so long.
    pub(super) fn stop(&mut self, patience: Duration) {
        if let Some(server) = self.server.take() {
            server.stop(patience);
        }
    }
}
