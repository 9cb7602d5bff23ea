//! `renkei pull`.

use clap::Args;
use renkei_core::Fault as _;
use renkei_core::declared::nearest;
use renkei_core::pull::{PullLine, PullLook, PulledSet};
use renkei_engine::pull::{Source as Looked, pull_source};
use renkei_engine::{EngineError, House};
use serde_json::{Value, json};

use super::reason::Reason;
use crate::config::{Config, Source};
use crate::daemon::{DaemonLink, dice};
use crate::pull::{PullKeeper, open_source};
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// Fetch now what is new at partners' servers, whatever they wait for.
///
/// Sources that had stopped are looked at too, without waiting for pauses or windows. What is remembered and unchanged
/// there is not fetched again, and nothing here is overwritten.
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// The source; all of them where none is given.
    source: Option<String>,
    #[command(flatten)]
    reason: Reason,
}

/// The source with this id.
pub(super) fn declared<'c>(config: &'c Config, id: &str) -> Result<&'c Source, Failure> {
    config.source(id).ok_or_else(|| {
        let ids = config.sources.iter().map(|source| source.terms.id.as_str());
        let near = nearest(id, ids).map(str::to_owned);
        HubError::UnknownSource { id: id.to_owned(), near }.into()
    })
}

/// What came of one source.
struct Told<'s> {
    source: &'s Source,
    looked: Result<(PullLine, PullLook), EngineError>,
}

impl Pull {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_noting(session)?;
        let house = House { reason: &self.reason.reason, ..workplace.house() };
        let sources: Vec<&Source> = match &self.source {
            Some(id) => vec![declared(&workplace.config, id)?],
            None => workplace.config.sources.iter().collect(),
        };
        let mut told: Vec<Told<'_>> = Vec::new();
        for source in sources {
            // Of several, one that cannot be fetched from holds none of the others up.
            if let Some(looked) = one(session, &workplace, house, source).transpose() {
                told.push(Told { source, looked });
            }
        }
        workplace.end_progress();
        if told.len() == 1
            && let Some(Told { looked: Err(_), .. }) = told.first()
            && let Some(Told { looked: Err(error), .. }) = told.pop()
        {
            return Err(error.into());
        }
        report(session, &told);
        if let Some(daemon) = DaemonLink::find(&workplace.config) {
            daemon.wake();
        }
        let exits = told.iter().filter_map(|told| match &told.looked {
            Ok((_, look)) => look.fault().map(|fault| Exit::of_class(fault.class())),
            Err(error) => Some(Exit::of_class(error.class())),
        });
        Ok(exits.max_by_key(|exit| exit.number()).unwrap_or(Exit::Ok))
    }
}

fn one(
    session: &Session,
    workplace: &Workplace,
    house: House<'_>,
    source: &Source,
) -> Result<Option<(PullLine, PullLook)>, EngineError> {
    let (premises, config) = (workplace.premises(), &workplace.config);
    let wait = Some(session.wait()).filter(|wait| !wait.is_zero());
    let _keeper = PullKeeper::take(premises, config, source, "renkei pull", wait)?;
    let way = open_source(premises, config, source)?;
    pull_source(house, Looked { terms: &source.terms, way: &way, dice: &dice }, true)
}

fn report(session: &Session, told: &[Told<'_>]) {
    let console = session.console();
    if console.is_json() {
        console.json(&told.iter().map(as_json).collect::<Vec<_>>());
        return;
    }
    if told.is_empty() {
        console.say("取得元はありません。", "There is no source.");
    }
    for Told { source, looked } in told {
        let id = &source.terms.id;
        let look = match looked {
            Ok((_, look)) => look,
            Err(error) => {
                let code = error.code();
                console.say(
                    format_args!("取得できません: {id}: {error} [{code}]"),
                    format_args!("Not fetched from {id}: {error} [{code}]"),
                );
                continue;
            }
        };
        for PulledSet { feed, sequence, to, n_files, .. } in &look.pulled {
            console.say(
                format_args!("取得しました: {id} {feed} 連番 {sequence} → {to}（{n_files} ファイル）"),
                format_args!("Fetched from {id}: {feed} sequence {sequence} to {to} ({n_files} files)"),
            );
        }
        for set in &look.unfinished {
            let (notice, n_lacking) = (&set.notice, set.n_lacking);
            console.say(
                format_args!("まだ揃っていません: {id} {notice}（不足 {n_lacking}）"),
                format_args!("Not whole there yet: {id} {notice} ({n_lacking} files lack)"),
            );
        }
        let failed = look.failed.iter().map(|failed| {
            let notice = failed.notice.as_ref().map_or(failed.from.as_str(), renkei_core::FileName::as_str);
            (format!(" {notice}"), &failed.error)
        });
        for (what, error) in failed.chain(look.end.as_ref().err().map(|error| (String::new(), error))) {
            let (causes, code) = (error.told(), error.code());
            console.say(
                format_args!("取得できません: {id}{what}: {causes} [{code}]"),
                format_args!("Not fetched from {id}{what}: {causes} [{code}]"),
            );
        }
        if look.pulled.is_empty() && look.fault().is_none() {
            console.say(format_args!("新しいものはありません: {id}"), format_args!("Nothing new at {id}."));
        }
    }
}

fn as_json(told: &Told<'_>) -> Value {
    let id = &told.source.terms.id;
    match &told.looked {
        Err(error) => json!({
            "source": id, "sets": [], "unfinished": [], "failed": [], "bytes": 0,
            "fault_code": error.code(), "detail": error.to_string(),
        }),
        Ok((line, look)) => json!({
            "source": id,
            "sets": look.pulled.iter().map(|set| json!({
                "feed": set.feed, "sequence": set.sequence, "to": set.to.as_str(), "notice": set.notice,
                "files": set.n_files,
            })).collect::<Vec<_>>(),
            "unfinished": look.unfinished.iter().map(|set| json!({
                "from": set.from, "notice": set.notice, "lacking": set.n_lacking,
            })).collect::<Vec<_>>(),
            "failed": look.failed.iter().map(|failed| json!({
                "from": failed.from, "notice": failed.notice, "fault_code": failed.error.code(),
                "detail": failed.error.told(),
            })).collect::<Vec<_>>(),
            "bytes": look.n_bytes,
            "fault_code": look.fault().map(renkei_core::Fault::code),
            "detail": line.detail,
        }),
    }
}
