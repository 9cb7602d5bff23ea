//! What may be asked of a HULFT partner by command: that a transfer that failed is made once more, from either side, and
//! that the partner sends a file.
//!
//! Options from HULFT10 for Linux, Operation Manual: Resend File command (`utlsend -r`), Resend Request command
//! (`utlrecv -r`), Send Request command (`utlrecv -f`). The first two know no `-sync`: that they end with 0 says that the
//! request was taken, not that the file is over.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use renkei_core::declared::{Located, Table, Value};
use renkei_core::delivery::{CodeTable, RequestArgument};

use super::Beside;
use super::command::{check_file_id, codes};
use crate::config::alert::check_program;

const RESEND: [&str; 4] = ["-r", "{host}", "-f", "{file_id}"];
const RECEIVE: [&str; 7] = ["-f", "{file_id}", "-h", "{host}", "-sync", "-w", "{seconds}"];
const RECEIVE_AGAIN: [&str; 5] = ["-r", "-h", "{host}", "-f", "{file_id}"];
/// From the beginning of the file, not from where it was cut off.
const FROM_START: &str = "-np";
/// The longest name of a host, in bytes (same source).
const HOST_BYTES: usize = 68;

/// What may be asked of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestTerms {
    /// The partner's name in HULFT; empty where no argument asks for it.
    pub host: String,
    /// What is sent once more: the arguments of the destination's own program.
    pub resend: Vec<RequestArgument>,
    /// What is added where a file is to come from its beginning.
    pub from_start: Vec<RequestArgument>,
    /// What the partner may be asked to send.
    pub receive: Option<ReceiveTerms>,
}

/// What a partner may be asked to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveTerms {
    /// The program, absolute.
    pub program: PathBuf,
    /// The ids of files that are asked for.
    pub file_ids: Vec<String>,
    /// The arguments that ask for a file.
    pub args: Vec<RequestArgument>,
    /// The arguments that ask for one whose transfer failed.
    pub again: Vec<RequestArgument>,
    /// What its exit codes mean.
    pub codes: CodeTable,
    /// How long it is told that it may take.
    pub wait: Duration,
}

impl RequestTerms {
    /// Whether these arguments can be given: what they name is declared.
    pub fn can(&self, args: &[RequestArgument]) -> bool {
        !self.host.is_empty() || !args.iter().any(|arg| arg.asks_for("host"))
    }
}

/// Takes `host`, `resend_args`, `from_start_args` and `receive` of a destination of kind `hulft`.
pub(super) fn take(table: &mut Table<'_>, beside: &Beside<'_>) -> Option<RequestTerms> {
    let host = match table.optional("host").map(Value::located_text) {
        None => Some(String::new()),
        Some(written) => written.and_then(|written| host(written, beside)),
    };
    let resend = args(table, "resend_args", &RESEND);
    let from_start = args(table, "from_start_args", &[FROM_START]);
    let spot = table.spot_of("receive");
    let receive = match table.optional("receive").map(Value::table) {
        None => Some(None),
        Some(table) => table.and_then(|table| receive(table, beside)).map(Some),
    };
    let terms = RequestTerms { host: host?, resend: resend?, from_start: from_start?, receive: receive? };
    if let Some(receive) = &terms.receive
        && !(terms.can(&receive.args) && terms.can(&receive.again))
    {
        let hint = "host = \"TAXHOST\", the partner's name in HULFT, beside receive".to_owned();
        beside.problems.report_with(&spot, "does not say whom it asks", hint);
    }
    Some(terms)
}

fn receive(mut table: Table<'_>, beside: &Beside<'_>) -> Option<ReceiveTerms> {
    let program = table.required("program").and_then(Value::located_text);
    let program = program.and_then(|program| check_program(&program, beside.problems));
    let ids_spot = table.spot_of("file_ids");
    let file_ids = table.required("file_ids").and_then(Value::list_of_text);
    for id in file_ids.iter().flatten() {
        check_file_id(id, beside);
    }
    if file_ids.as_ref().is_some_and(Vec::is_empty) {
        beside.problems.report(&ids_spot, "names no file");
    }
    let asks = args(&mut table, "args", &RECEIVE);
    let again = args(&mut table, "again_args", &RECEIVE_AGAIN);
    let codes = table.optional("codes").map_or(Some(Vec::new()), |value| codes(value, beside));
    let wait = table.optional("wait").map_or(Some(TimeDelta::hours(1)), |value| {
        value.duration_in(TimeDelta::seconds(1)..=TimeDelta::hours(24))
    });
    table.finish();
    Some(ReceiveTerms {
        program: program?,
        file_ids: file_ids?.into_iter().map(|id| id.value).collect(),
        args: asks?,
        again: again?,
        codes: CodeTable::hulft().with(codes?),
        wait: wait?.to_std().ok()?,
    })
}

fn args(table: &mut Table<'_>, key: &str, usual: &[&str]) -> Option<Vec<RequestArgument>> {
    match table.optional(key).map(Value::list_of::<RequestArgument>) {
        None => Some(usual.iter().filter_map(|arg| arg.parse().ok()).collect()),
        Some(args) => Some(args?.into_iter().map(|arg| arg.value).collect()),
    }
}

fn host(written: Located<String>, beside: &Beside<'_>) -> Option<String> {
    let is_host = (1..=HOST_BYTES).contains(&written.value.len())
        && !written.value.starts_with('-')
        && written.value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if !is_host {
        let message =
            format!("must be 1 to {HOST_BYTES} of A-Z, a-z, 0-9, '.', '-' and '_', not with '-' first");
        beside.problems.report(&written.spot, message);
        return None;
    }
    Some(written.value)
}
