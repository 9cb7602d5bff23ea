//! Printing.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::failure_text;
use super::lang::Lang;
use super::text_table::TextTable;
use crate::failure::{Failure, HubError};

/// Standard output for data, standard error for talk.
pub struct Console {
    lang: Lang,
    is_json: bool,
    out: Mutex<Output>,
    err: Mutex<Box<dyn Write + Send>>,
}

struct Output {
    writer: Box<dyn Write + Send>,
    /// The first error; after one nothing more is written.
    error: Option<io::Error>,
}

impl Console {
    /// On the process's own streams.
    pub fn standard(lang: Lang) -> Self {
        Self::on(lang, Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// On other streams.
    pub fn on(lang: Lang, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self {
            lang,
            is_json: false,
            out: Mutex::new(Output { writer: out, error: None }),
            err: Mutex::new(err),
        }
    }

    /// The same, printing results as JSON or for people.
    #[must_use]
    pub fn with_json(self, is_json: bool) -> Self {
        Self { is_json, ..self }
    }

    /// The language spoken.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// True when results are JSON.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// A line of data.
    pub fn data(&self, line: impl fmt::Display) {
        self.out().write(|out| writeln!(out, "{line}"));
    }

    /// Bytes of data, as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        self.out().write(|out| out.write_all(bytes));
    }

    /// A table of data.
    pub fn table(&self, table: &TextTable) {
        self.data(table);
    }

    /// A result as JSON, on lines of its own.
    pub fn json(&self, value: &impl Serialize) {
        self.out().write(|out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            writeln!(out)
        });
    }

    /// A line of talk.
    pub fn talk(&self, line: impl fmt::Display) {
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody is left to be told that nobody can be told.
        let _ = writeln!(err, "{line}");
    }

    /// A line of talk in the language spoken; none with `--json`, where programs read.
    pub fn say(&self, ja: impl fmt::Display, en: impl fmt::Display) {
        match self.lang {
            _ if self.is_json => {}
            Lang::Ja => self.talk(ja),
            Lang::En => self.talk(en),
        }
    }

    /// A failure, with causes and what to do, as text or JSON.
    pub fn failure(&self, failure: &Failure) {
        let text = if self.is_json {
            failure_text::as_json(failure, self.lang)
        } else {
            failure_text::as_text(failure, self.lang)
        };
        self.talk(text);
    }

    /// The failure of standard output, if there was one. A reader that has gone (`| head`) is none.
    pub(crate) fn output_failure(&self) -> Option<Failure> {
        let mut out = self.out();
        out.write(Write::flush);
        let error = out.error.take()?;
        (error.kind() != io::ErrorKind::BrokenPipe).then(|| HubError::Output { source: error }.into())
    }

    fn out(&self) -> MutexGuard<'_, Output> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Output {
    fn write(&mut self, write: impl FnOnce(&mut Box<dyn Write + Send>) -> io::Result<()>) {
        if self.error.is_none()
            && let Err(error) = write(&mut self.writer)
        {
            self.error = Some(error);
        }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("lang", &self.lang)
            .field("is_json", &self.is_json)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_gone_reader_is_no_failure_and_a_full_disk_is() {
        for (kind, fails) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
            let console = Console::on(Lang::En, Box::new(Broken(kind)), Box::new(io::sink()));
            console.data("x");
            console.data("y");
            assert_eq!(console.output_failure().is_some(), fails, "{kind}");
        }
    }
}
