//! A hub with `[alert]`, and alerts to tell.

use std::fs;
use std::time::Duration;

use renkei_core::alert::{Alert, Matter};
use renkei_core::{Class, Moment};
use renkei_hub::alert::AlertSender;
use renkei_hub::config::Config;
use renkei_hub::init::{NewHub, init};
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

/// A hub's folder; gone with the value.
pub(crate) struct Hub {
    folder: tempfile::TempDir,
}

impl Hub {
    /// A new hub of a municipality with this name, and more in its `hub.toml`.
    pub(crate) fn named(name: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hub =
            NewHub { municipality: "082201".parse().unwrap(), name: name.to_owned(), keeps_existing: false };
        init(folder.path(), &hub).unwrap();
        let path = folder.path().join("hub.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}\n{more}")).unwrap();
        Self { folder }
    }

    pub(crate) fn new(more: &str) -> Self {
        Self::named("つくば市", more)
    }

    pub(crate) fn sender(&self) -> AlertSender {
        AlertSender::new(&Config::load(self.folder.path()).unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn store(&self) -> SqliteStore {
        let path = self.folder.path().join("data/renkei.db");
        let options = OpenOptions {
            wait: Duration::from_secs(30),
            key: NumberKey::from_file(&self.folder.path().join("secrets/number.key")).unwrap(),
            municipality: "082201".parse().unwrap(),
            create: true,
        };
        SqliteStore::open(&path, options).unwrap()
    }
}

/// So many seconds after 01:30 of 2 October 2026.
pub(crate) fn at(seconds: i64) -> Moment {
    Moment::from_unix(1_790_872_200 + seconds).unwrap()
}

/// A run of a job that failed.
pub(crate) fn failed(job: &str) -> Alert {
    let matter = Matter::RunFailed { fault_code: "store.full".into(), class: Class::Operator, n_attempts: 1 };
    Alert::new(matter, at(0))
        .of_job(&job.parse().unwrap())
        .of_run("01k6h0zq7")
        .of_date("2026-10-02".parse().unwrap())
}
