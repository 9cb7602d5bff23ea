//! Programs that take files over: HULFT's `utlsend`, or one of the municipality's own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use renkei_core::Class;
use renkei_core::declared::{Located, Table, Value};
use renkei_core::delivery::{CodeRange, CodeTable, DeliveryArgument, Verdict};
use renkei_core::hulft::SECRET_KEY;

use super::Beside;
use super::request::{self, RequestTerms};
use crate::config::alert::check_program;

/// The send request, with the options of `utlsend` (HULFT8 for UNIX/Linux, Operation Manual, Send File command).
/// `-file` needs dynamic parameter specification (`dynparam`) to be allowed there.
const UTLSEND: [&str; 7] = ["-f", "{file_id}", "-file", "{path}", "-sync", "-w", "{seconds}"];
/// The longest file id and file name that `utlsend` takes, in bytes (same source).
const FILE_ID_BYTES: usize = 50;
/// Beyond the time that the program itself waits, until it is ended.
const GRACE: Duration = Duration::from_secs(30);

/// A program that is started once for each file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandTerms {
    /// Whether it is HULFT's.
    pub is_hulft: bool,
    /// What may be asked of the partner by command; `None` where it is not HULFT's.
    pub requests: Option<RequestTerms>,
    /// The program, absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<DeliveryArgument>,
    /// What it finds in its environment, beside `PATH` and `LANG`.
    pub env: BTreeMap<String, String>,
    /// The id the partner knows data files by; may be empty where no argument asks for it.
    pub file_id: String,
    /// The id of the notice; `None` where the partner is given no notice.
    pub notice_file_id: Option<String>,
    /// The id of reports on what could not be rendered; `None` where the partner is given none.
    pub report_file_id: Option<String>,
    /// Whether several data files go under the one id: a partner that keeps no generations has only the last.
    pub takes_several: bool,
    /// What its exit codes mean.
    pub codes: CodeTable,
    /// How long it is told that it may take.
    pub wait: Duration,
}

impl CommandTerms {
    /// When it is ended, whatever it does.
    pub fn timeout(&self) -> Duration {
        timeout_of(self.wait)
    }

    /// The ids the partner knows what it is given by.
    pub fn file_ids(&self) -> Vec<&str> {
        let others = self.notice_file_id.iter().chain(&self.report_file_id).map(String::as_str);
        std::iter::once(self.file_id.as_str()).chain(others).collect()
    }
}

/// When a program that is told to wait so long is ended, whatever it does.
pub fn timeout_of(wait: Duration) -> Duration {
    wait + GRACE
}

/// Takes the keys of `kind = "hulft"`.
pub(super) fn take_hulft(table: &mut Table<'_>, beside: &Beside<'_>) -> Option<CommandTerms> {
    let file_id = table.required("file_id").and_then(Value::located_text);
    let notice = table.optional("notice_file_id").map(Value::located_text);
    let report = table.optional("report_file_id").map(Value::located_text);
    let takes_several = table.optional("multiple_files").map_or(Some(false), Value::boolean);
    if let Some(card) = table.optional("card").and_then(Value::table) {
        // The definition at HULFT that it was taken over from, for export; what it says is HULFT's business.
        for (key, value) in card.into_entries() {
            if key.value == SECRET_KEY {
                let hint = "leave it out; it stays with HULFT's definition".to_owned();
                beside.problems.report_with(&key.spot, "a password does not stand in hub.toml", hint);
            }
            drop(value.text());
        }
    }
    let others = [&notice, &report].into_iter().filter_map(|written| written.as_ref()?.as_ref());
    for written in file_id.iter().chain(others) {
        check_file_id(written, beside);
    }
    let requests = request::take(table, beside);
    let usual = UTLSEND.iter().filter_map(|argument| argument.parse().ok()).collect();
    let mut terms = take_program(table, usual, CodeTable::hulft(), beside)?;
    terms.is_hulft = true;
    terms.requests = Some(requests?);
    terms.file_id = file_id?.value;
    terms.notice_file_id = match notice {
        None => None,
        Some(notice) => Some(notice?.value),
    };
    terms.report_file_id = match report {
        None => None,
        Some(report) => Some(report?.value),
    };
    terms.takes_several = takes_several?;
    Some(terms)
}

/// Takes the keys of `kind = "command"`.
pub(super) fn take(table: &mut Table<'_>, beside: &Beside<'_>) -> Option<CommandTerms> {
    let file_id = table.optional("file_id").map_or(Some(String::new()), Value::text);
    let takes_notice = table.optional("notice").map_or(Some(true), Value::boolean);
    let usual = vec!["{path}".parse().ok()?];
    let mut terms = take_program(table, usual, CodeTable::plain(), beside)?;
    terms.file_id = file_id?;
    terms.notice_file_id = takes_notice?.then(|| terms.file_id.clone());
    // It is told each file's name.
    terms.report_file_id = Some(terms.file_id.clone());
    terms.takes_several = true;
    Some(terms)
}

fn take_program(
    table: &mut Table<'_>,
    usual_args: Vec<DeliveryArgument>,
    usual_codes: CodeTable,
    beside: &Beside<'_>,
) -> Option<CommandTerms> {
    let program = table.required("program").and_then(Value::located_text);
    let program = program.and_then(|program| check_program(&program, beside.problems));
    let args = table.optional("args").map(Value::list_of::<DeliveryArgument>);
    let env = table.optional("env").map_or(Some(BTreeMap::new()), |value| env(value, beside));
    let codes = table.optional("codes").map_or(Some(Vec::new()), |value| codes(value, beside));
    let wait = table.optional("wait").map_or(Some(TimeDelta::hours(1)), |value| {
        value.duration_in(TimeDelta::seconds(1)..=TimeDelta::hours(24))
    });
    let args = match args {
        None => usual_args,
        Some(args) => args?.into_iter().map(|arg| arg.value).collect(),
    };
    Some(CommandTerms {
        is_hulft: false,
        requests: None,
        program: program?,
        args,
        env: env?,
        file_id: String::new(),
        notice_file_id: None,
        report_file_id: None,
        takes_several: false,
        codes: usual_codes.with(codes?),
        wait: wait?.to_std().ok()?,
    })
}

pub(super) fn check_file_id(written: &Located<String>, beside: &Beside<'_>) {
    let id = &written.value;
    let is_id =
        (1..=FILE_ID_BYTES).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_id {
        let message = format!("must be 1 to {FILE_ID_BYTES} of A-Z, a-z, 0-9 and _");
        beside.problems.report(&written.spot, message);
    }
}

/// `{ HULPATH = "/opt/hulft/etc" }`.
fn env(value: Value<'_>, beside: &Beside<'_>) -> Option<BTreeMap<String, String>> {
    let mut read = BTreeMap::new();
    for (name, value) in value.table()?.into_entries() {
        let is_name = name.value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.value.bytes().next().is_some_and(|b| !b.is_ascii_digit());
        if !is_name {
            beside.problems.report(&name.spot, "must be the name of an environment variable");
        }
        let spot = value.spot().clone();
        let text = value.text()?;
        if text.contains('\0') {
            beside.problems.report(&spot, "must not hold NUL");
        }
        read.insert(name.value, text);
    }
    Some(read)
}

/// `{ "4" = "retry", "100-115" = "partner" }`.
pub(super) fn codes(value: Value<'_>, beside: &Beside<'_>) -> Option<Vec<(CodeRange, Verdict)>> {
    let mut read = Vec::new();
    for (range, value) in value.table()?.into_entries() {
        let failed = |class| Verdict::Failed(class, String::new());
        let verdict = value.one_of(&[
            ("done", Verdict::Done),
            ("retry", failed(Class::Retry)),
            ("operator", failed(Class::Operator)),
            ("partner", failed(Class::Partner)),
        ]);
        match range.value.parse::<CodeRange>() {
            Ok(codes) => read.push((codes, verdict?)),
            Err(error) => beside.problems.report(&range.spot, error.to_string()),
        }
    }
    Some(read)
}
