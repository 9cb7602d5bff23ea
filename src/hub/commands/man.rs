//! `renkei man`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};

use crate::cli::Cli;
use crate::failure::HubError;
use crate::{Exit, Failure, Session};

/// Write the manual pages into a folder.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder; made where it does not exist.
    dir: PathBuf,
}

impl Man {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let failed = |source| HubError::Write { path: self.dir.clone(), source };
        fs::create_dir_all(&self.dir).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), &self.dir).map_err(failed)?;
        let dir = self.dir.display();
        session.console().say(
            format_args!("マニュアルを {dir} に書きました。読むには: man -l {dir}/renkei.1"),
            format_args!("Wrote the manual to {dir}. To read it: man -l {dir}/renkei.1"),
        );
        Ok(Exit::Ok)
    }
}
