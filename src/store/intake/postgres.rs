//! The intake port on PostgreSQL: a consuming system's own database.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use renkei_core::port::{
    HeldRow, IntakeHead, IntakeStore, SetRecord, StoreError, TableSpec, TakeCounts, Taking,
};
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::{Digest, FeedId, IntakeId, Sequence};
use renkei_secret::{Secret, SecretSource};
use tokio_postgres::Config;

use super::postgres_schema::migrate;
use super::postgres_session::{Session, column};
use super::postgres_sets as sets;
use super::postgres_taking::PostgresTaking;
use super::set_line::SetLine;
use super::turn::Purpose;
use super::values;

/// How many rows held are read at once.
const FETCH: u32 = 5_000;

/// How to open a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresOptions {
    /// Where it is, without a password: `host=/run/postgresql dbname=zei user=renkei`, or a `postgresql://` address.
    pub server: String,
    /// The password, where the server asks for one.
    pub password: Option<Password>,
    /// How long a writer waits for another's end; zero refuses at once.
    pub wait: Duration,
}

/// A password. It is shown nowhere and wiped on drop.
pub struct Password(Secret);

impl Password {
    /// Reads one line from where it is kept. What others may read is refused, with the command that mends it.
    pub fn read(source: &SecretSource) -> Result<Self, StoreError> {
        let secret = source.read_line();
        secret.map(Self).map_err(|error| StoreError::Unavailable { detail: error.told() })
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// What a taker holds, in a PostgreSQL database. Tables of others in it are left alone.
pub struct PostgresIntake {
    config: Config,
    wait: Duration,
    /// For short questions; a set under way and a long read have a connection of their own.
    session: Mutex<Option<Session>>,
}

impl PostgresIntake {
    /// Connects and brings the intakes' tables up to date, in the schema that the user's tables go into. The database
    /// must hold UTF-8.
    pub fn open(options: PostgresOptions) -> Result<Self, StoreError> {
        let PostgresOptions { server, password, wait } = options;
        // Its own words could hold what stands in the text.
        let malformed = |detail: &str| StoreError::Unavailable { detail: detail.to_owned() };
        let mut config: Config =
            server.parse().map_err(|_| malformed("the connection text is not one that PostgreSQL knows"))?;
        if config.get_password().is_some() {
            return Err(malformed(
                "the connection text holds a password; name a file or a variable that does",
            ));
        }
        if let Some(password) = &password {
            config.password(password.0.text().as_bytes());
        }
        if config.get_application_name().is_none() {
            config.application_name("renkei");
        }
        let session = Session::open(&config, wait)?;
        migrate(&session)?;
        Ok(Self { config, wait, session: Mutex::new(Some(session)) })
    }

    /// Asks on the common connection, a new one where the last was lost.
    fn ask<T>(&self, question: impl FnOnce(&Session) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut common = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        // A server that was restarted since is noticed only by asking.
        let session = match common.take().filter(|session| session.batch("").is_ok()) {
            Some(session) => session,
            None => Session::open(&self.config, self.wait)?,
        };
        let answer = question(&session);
        // After an error it may be in a transaction, or lost.
        if answer.is_ok() {
            *common = Some(session);
        }
        answer
    }
}

impl IntakeStore for PostgresIntake {
    fn head(&self, intake: &IntakeId) -> Result<Option<IntakeHead>, StoreError> {
        self.ask(|session| match sets::intake(session, intake)? {
            Some(intake) => sets::head(session, &intake),
            None => Ok(None),
        })
    }

    fn taken(
        &self,
        intake: &IntakeId,
        feed: &FeedId,
        sequence: Sequence,
    ) -> Result<Option<SetRecord>, StoreError> {
        self.ask(|session| match sets::intake(session, intake)? {
            Some(intake) => sets::taken(session, intake.no, feed, sequence),
            None => Ok(None),
        })
    }

    fn sets(&self, intake: Option<&IntakeId>, limit: u32) -> Result<Vec<SetRecord>, StoreError> {
        self.ask(|session| sets::last(session, intake, limit))
    }

    fn last_of_notice(
        &self,
        intake: &IntakeId,
        notice_sha256: &Digest,
    ) -> Result<Option<SetRecord>, StoreError> {
        self.ask(|session| sets::last_of_notice(session, intake, notice_sha256))
    }

    fn settled(&self, intake: &IntakeId) -> Result<BTreeSet<Digest>, StoreError> {
        self.ask(|session| sets::settled(session, intake))
    }

    fn note(&self, record: &SetRecord) -> Result<u64, StoreError> {
        self.ask(|session| {
            session.batch("BEGIN ISOLATION LEVEL READ COMMITTED")?;
            let intake = sets::intake_or_new(session, &record.intake)?;
            let set_no = sets::insert(session, intake.no, &SetLine::of(record, &TakeCounts::default()))?;
            session.batch("COMMIT")?;
            Ok(set_no.unsigned_abs())
        })
    }

    fn unanswered(&self, limit: u32) -> Result<Vec<SetRecord>, StoreError> {
        self.ask(|session| sets::unanswered(session, limit))
    }

    fn mark_answered(&self, set_no: u64) -> Result<(), StoreError> {
        self.ask(|session| sets::mark_answered(session, set_no))
    }

    fn begin_taking(&self, intake: &IntakeId, table: &TableSpec) -> Result<Box<dyn Taking + '_>, StoreError> {
        values::require_names(table)?;
        let session = Session::open(&self.config, self.wait)?;
        Ok(Box::new(PostgresTaking::begin(session, intake, table, Purpose::Take)?))
    }

    fn preview_taking(
        &self,
        intake: &IntakeId,
        table: &TableSpec,
    ) -> Result<Box<dyn Taking + '_>, StoreError> {
        values::require_names(table)?;
        let session = Session::open(&self.config, self.wait)?;
        Ok(Box::new(PostgresTaking::begin(session, intake, table, Purpose::Preview)?))
    }

    fn held_rows(
        &self,
        intake: &IntakeId,
        each: &mut dyn FnMut(HeldRow<'_>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let session = Session::open(&self.config, self.wait)?;
        let Some(intake) = sets::intake(&session, intake)? else { return Ok(()) };
        session.batch("BEGIN ISOLATION LEVEL READ COMMITTED")?;
        each_held(&session, intake.no, each)
    }
}

/// The state that the rows held give, within a transaction.
pub(crate) fn counted(session: &Session, intake_no: i64) -> Result<FeedState, StoreError> {
    let mut state = FeedState::empty();
    each_held(session, intake_no, &mut |row| {
        state.add(row.bucket, &row.digest);
        ControlFlow::Continue(())
    })?;
    Ok(state)
}

/// Every row held, within a transaction.
fn each_held(
    session: &Session,
    intake_no: i64,
    each: &mut dyn FnMut(HeldRow<'_>) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    session.batch(&format!(
        "DECLARE held NO SCROLL CURSOR FOR
         SELECT key, bucket, sha256, is_parked FROM intake_row WHERE intake_no = {intake_no} ORDER BY key"
    ))?;
    let fetch = session.prepare(&format!("FETCH {FETCH} FROM held"))?;
    loop {
        let rows = session.query(&fetch, &[])?;
        if rows.is_empty() {
            return session.batch("CLOSE held");
        }
        for row in &rows {
            let held = HeldRow {
                key: column(row, 0)?,
                bucket: usize::from(column::<i16>(row, 1)?.unsigned_abs()),
                digest: row_digest(column(row, 2)?)?,
                is_parked: column(row, 3)?,
            };
            if each(held).is_break() {
                return Ok(());
            }
        }
    }
}

/// 32 bytes of SHA-256.
pub(crate) fn row_digest(bytes: &[u8]) -> Result<RowDigest, StoreError> {
    let damage = |_| StoreError::Corrupt { detail: "the digest of a row".to_owned() };
    bytes.try_into().map(RowDigest).map_err(damage)
}

impl fmt::Debug for PostgresIntake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresIntake").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_password_comes_from_a_file_that_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "geheim 秘密\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Password::read(&SecretSource::File(path.clone())).unwrap_err().to_string();
        assert!(refused.contains("chmod 600") && !refused.contains("geheim"), "{refused}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let password = Password::read(&SecretSource::File(path.clone())).unwrap();
        assert_eq!(password.0.text(), "geheim 秘密");
        assert_eq!(format!("{password:?}"), "Password(hidden)");
    }

    #[test]
    fn a_connection_text_with_a_password_is_refused_without_repeating_it() {
        for server in
            ["host=/tmp password=geheim", "postgresql://me:geheim@localhost/x", "host=/tmp pasword=geheim"]
        {
            let options = PostgresOptions { server: server.to_owned(), password: None, wait: Duration::ZERO };
            let error = PostgresIntake::open(options).unwrap_err();
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
        }
    }
}
