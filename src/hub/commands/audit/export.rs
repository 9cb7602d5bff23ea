//! `renkei audit export`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use renkei_core::Digest;
use renkei_core::audit::AuditLink;
use renkei_core::port::{AuditEntry, Snapshot};
use renkei_engine::walk_audit;
use serde::Serialize;

use super::Span;
use crate::board::grouped;
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// Write the audit to a file, with the chain values that prove it.
///
/// A line's chain_sha256 is the SHA-256 of previous_sha256 (32 bytes) and, for each of at, operator, action,
/// reason and result, its length in UTF-8 (8 bytes, big-endian) and its bytes. In CSV a text that a spreadsheet
/// would take for a formula, or that begins with an apostrophe, has an apostrophe ahead of it, which is not part
/// of it.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file; there must be none. - is standard output.
    file: PathBuf,
    #[command(flatten)]
    span: Span,
    /// CSV for people, JSON lines for programs.
    #[arg(long, value_name = "FORM", default_value = "csv")]
    format: Form,
    /// Begin a CSV with a byte order mark, by which Excel knows UTF-8.
    #[arg(long)]
    bom: bool,
}

// The words say enough; comments on them would stand in the help in English only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Csv,
    Jsonl,
}

/// A line as it is handed out.
#[derive(Serialize)]
struct Line<'l> {
    audit_no: u64,
    at: &'l str,
    operator: &'l str,
    action: &'l str,
    reason: &'l str,
    result: &'l str,
    previous_sha256: Digest,
    chain_sha256: Digest,
}

const COLUMNS: [&str; 8] =
    ["audit_no", "at", "operator", "action", "reason", "result", "previous_sha256", "chain_sha256"];

impl Export {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let snapshot = workplace.snapshot()?;
        if self.file == Path::new("-") {
            let mut out = Vec::new();
            // The console is the one place that prints, so pieces go through it.
            self.write(snapshot.as_ref(), &mut out, |out| {
                session.console().bytes(out);
                out.clear();
                Ok(())
            })?;
            return Ok(Exit::Ok);
        }
        let failed = |source| HubError::Write { path: self.file.clone(), source };
        let mut file = BufWriter::new(File::create_new(&self.file).map_err(failed)?);
        let n_lines = self.write(snapshot.as_ref(), &mut file, |_| Ok(()))?;
        file.into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .map_err(failed)?;
        let (n_lines, file) = (grouped(n_lines), self.file.display());
        session.console().say(
            format_args!("監査 {n_lines} 行を {file} に書きました。"),
            format_args!("Wrote {n_lines} lines of the audit to {file}."),
        );
        Ok(Exit::Ok)
    }

    /// Writes the lines of the span; `after_piece` is called now and then.
    fn write<W: Write>(
        &self,
        snapshot: &dyn Snapshot,
        out: &mut W,
        mut after_piece: impl FnMut(&mut W) -> io::Result<()>,
    ) -> Result<u64, Failure> {
        let failed = |source| HubError::Write { path: self.file.clone(), source };
        if self.format == Form::Csv {
            if self.bom {
                out.write_all("\u{feff}".as_bytes()).map_err(failed)?;
            }
            out.write_all(csv_line(COLUMNS).as_bytes()).map_err(failed)?;
        }
        let mut last = first_link(snapshot)?;
        let mut n_lines = 0;
        walk_audit::<Failure>(snapshot, 0, |piece| {
            for entry in piece {
                if self.span.has(entry) {
                    let text = self.text(&line(entry, last.chain_sha256));
                    out.write_all(text.as_bytes()).map_err(failed)?;
                    n_lines += 1;
                }
                last = entry.into();
            }
            Ok(after_piece(out).map_err(failed)?)
        })?;
        after_piece(out).map_err(failed)?;
        Ok(n_lines)
    }

    fn text(&self, line: &Line<'_>) -> String {
        match self.format {
            Form::Jsonl => {
                // Numbers, texts and digests: they always serialise.
                let mut text = serde_json::to_string(line).unwrap_or_default();
                text.push('\n');
                text
            }
            Form::Csv => csv_line([
                &line.audit_no.to_string(),
                line.at,
                line.operator,
                line.action,
                line.reason,
                line.result,
                &line.previous_sha256.to_string(),
                &line.chain_sha256.to_string(),
            ]),
        }
    }
}

/// What stands before the first line there is: the base where retention removed what was before it.
fn first_link(snapshot: &dyn Snapshot) -> Result<AuditLink, Failure> {
    let base = snapshot.audit_base()?;
    let first = snapshot.audit(0, 1)?.pop();
    Ok(if first.is_some_and(|first| first.audit_no == base.audit_no + 1) { base } else { AuditLink::START })
}

fn line(entry: &AuditEntry, previous_sha256: Digest) -> Line<'_> {
    Line {
        audit_no: entry.audit_no,
        at: &entry.at,
        operator: &entry.operator,
        action: &entry.action,
        reason: &entry.reason,
        result: &entry.result,
        previous_sha256,
        chain_sha256: entry.chain_sha256,
    }
}

/// A CSV record, every field quoted, no field a formula.
fn csv_line<const N: usize>(fields: [&str; N]) -> String {
    let quoted = fields.map(|field| {
        let guard = if is_formula(field) { "'" } else { "" };
        format!("\"{guard}{}\"", field.replace('"', "\"\""))
    });
    quoted.join(",") + "\r\n"
}

/// What a spreadsheet takes for more than text, in full width too; and the apostrophe, so that one ahead can
/// always be taken off again.
fn is_formula(field: &str) -> bool {
    field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula_and_each_is_read_back() {
        let check = |field: &str, written: &str| {
            assert_eq!(csv_line([field]), format!("{written}\r\n"));
            let inner = written[1..written.len() - 1].replace("\"\"", "\"");
            assert_eq!(inner.strip_prefix('\'').unwrap_or(&inner), field);
        };
        check("apply moves", "\"apply moves\"");
        check("", "\"\"");
        check("a,b \"c\"", "\"a,b \"\"c\"\"\"");
        check("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
        for first in ["+", "-", "@", "\t", "\r", "'", "＝", "＠"] {
            check(&format!("{first}1"), &format!("\"'{first}1\""));
        }
    }
}
