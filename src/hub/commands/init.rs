//! `renkei init`.

use std::path::PathBuf;

use clap::Args;
use renkei_registry::MunicipalityCode;
use renkei_sftp::HostKey;
use serde_json::json;

use super::changing::note_done;
use crate::config::HOST_KEYS;
use crate::init::{Made, NewHub, init};
use crate::visitors::HostKeys;
use crate::{Exit, Failure, Session};

/// Make a hub's folder: a working set of files with comments.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder; made where it does not exist.
    dir: PathBuf,
    /// The municipality's code (全国地方公共団体コード): 6 digits with check digit.
    #[arg(long, value_name = "CODE", default_value = "082201")]
    municipality: MunicipalityCode,
    /// The municipality's name.
    #[arg(long, default_value = "つくば市")]
    name: String,
    /// Go on in a folder that is not empty; files that are there stay as they are.
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let hub =
            NewHub { municipality: self.municipality, name: self.name.clone(), keeps_existing: self.force };
        let made = init(&self.dir, &hub)?;
        let keys = HostKeys::at(&self.dir.join(HOST_KEYS)).make_at_first()?;
        self.put_on_record(session, &made, &keys)?;
        let console = session.console();
        if console.is_json() {
            console.json(&json!({ "folder": self.dir, "files": made }));
            return Ok(Exit::Ok);
        }
        for file in made {
            let kept = console.lang().pick("（既にあるため、そのまま）", " (was there; left as it is)");
            console.data(format_args!("{}{}", file.file, if file.is_new { "" } else { kept }));
        }
        let dir = self.dir.display();
        console.say(
            format_args!("{dir} にハブを作りました。次は: renkei --hub {dir} check"),
            format_args!("Made a hub in {dir}. Next: renkei --hub {dir} check"),
        );
        Ok(Exit::Ok)
    }
    /// In a folder that was a hub before: a new hub's audit begins with the first thing done there.
    fn put_on_record(&self, session: &Session, made: &[Made], keys: &[HostKey]) -> Result<(), Failure> {
        let files = made.iter().filter(|file| file.is_new).map(|file| file.file.clone());
        let keys = keys.iter().map(|key| format!("host key {}", key.fingerprint()));
        let all: Vec<String> = files.chain(keys).collect();
        let result =
            if all.is_empty() { "made nothing".to_owned() } else { format!("made {}", all.join(", ")) };
        note_done(session, &self.dir, "init --force", result)
    }
}
