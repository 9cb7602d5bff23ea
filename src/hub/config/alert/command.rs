//! `[alert.command]`: a program of the municipality's own.

use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use renkei_core::declared::{Located, Problems, Table, Value};

use super::{CommandConfig, lang, min_severity, timeout};
use crate::alert::Argument;

pub(super) fn read(mut table: Table<'_>, problems: &Problems) -> Option<CommandConfig> {
    let program = table.required("program").and_then(Value::located_text);
    let program = program.and_then(|program| check_program(&program, problems));
    let args = table.optional("args").and_then(Value::list_of::<Argument>);
    let lang = lang(&mut table);
    let timeout = timeout(&mut table, problems);
    let min_severity = min_severity(&mut table);
    table.finish();
    Some(CommandConfig {
        program: program?,
        args: args.unwrap_or_default().into_iter().map(|arg| arg.value).collect(),
        lang,
        timeout,
        min_severity,
    })
}

/// Whoever may write the program, or put another in its place, acts with the hub's rights.
pub(in crate::config) fn check_program(written: &Located<String>, problems: &Problems) -> Option<PathBuf> {
    let path = Path::new(&written.value);
    if !path.is_absolute() {
        let hint = "the whole path, such as /usr/local/bin/notify; options go into args".to_owned();
        problems.report_with(&written.spot, "must be an absolute path", hint);
        return None;
    }
    let found = path.canonicalize().and_then(|real| Ok((fs::metadata(&real)?, real)));
    let (file, real) = match found {
        Ok(found) => found,
        Err(error) => {
            problems.report(&written.spot, format!("cannot be used: {error}"));
            return None;
        }
    };
    let mode = mode(&file);
    if !file.is_file() {
        problems.report(&written.spot, "is no file");
    } else if mode & 0o111 == 0 {
        problems.report(&written.spot, format!("is not executable (mode {mode:03o})"));
    } else if mode & 0o022 != 0 {
        let hint = format!("chmod go-w {}", written.value);
        let message = format!("others than its owner may change the program (mode {mode:03o})");
        problems.report_with(&written.spot, message, hint);
    } else if let Some(parent) = real.parent()
        && let Ok(folder) = fs::metadata(parent)
        && mode_of_open_folder(&folder)
    {
        let hint = format!("chmod o-w {}", parent.display());
        problems.report_with(&written.spot, "anybody may replace the program: its folder is open", hint);
    } else {
        return Some(path.to_owned());
    }
    None
}

fn mode(file: &Metadata) -> u32 {
    file.permissions().mode() & 0o7777
}

/// Writable for all; where the sticky bit is set, as on /tmp, nobody removes another's files.
fn mode_of_open_folder(folder: &Metadata) -> bool {
    let mode = mode(folder);
    mode & 0o002 != 0 && mode & 0o1000 == 0
}
