//! `renkei pull`.

use clap::Args;
use renkei_core::declared::nearest;
use renkei_core::pull::{PullLine, PullLook, PulledSet};
use renkei_core::{Digest, Fault as _, FileName, FolderPath};
use renkei_engine::pull::{Source as Looked, forget_set, pull_source};
use renkei_engine::{EngineError, House};
use serde_json::{Value, json};

use super::reason::Reason;
use crate::config::{Config, Source};
use crate::daemon::{DaemonLink, dice};
use crate::pull::{PullKeeper, open_source, was_judged};
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
    /// Fetch this set once more, lost here: its notice's name. What the ledger knows of it stays.
    #[arg(long, value_name = "NOTICE", requires = "source")]
    again: Option<FileName>,
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
        if let (Some(notice), [source]) = (&self.again, sources.as_slice()) {
            return once_more(session, &workplace, house, source, notice);
        }
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
        Ok(told.iter().map(Told::exit).max_by_key(|exit| exit.number()).unwrap_or(Exit::Ok))
    }
}

impl Told<'_> {
    fn exit(&self) -> Exit {
        match &self.looked {
            Ok((_, look)) => look.fault().map_or(Exit::Ok, |fault| Exit::of_class(fault.class())),
            Err(error) => Exit::of_class(error.class()),
        }
    }
}

/// Has one set come once more.
fn once_more(
    session: &Session,
    workplace: &Workplace,
    house: House<'_>,
    source: &Source,
    notice: &FileName,
) -> Result<Exit, Failure> {
    let source_id = &source.terms.id;
    let keeper = keep(session, workplace, source)?;
    if forget_set(house, source_id, notice)? == 0 {
        let (source, notice) = (source_id.to_string(), notice.to_string());
        return Err(HubError::NeverFetched { source_id: source, notice }.into());
    }
    let looked = look_now(workplace, house, source)?;
    drop(keeper);
    workplace.end_progress();
    // By hand it is looked at whatever it waits for.
    let Some(looked) = looked else { return Ok(Exit::Ok) };
    let has_come = looked.1.pulled.iter().any(|set| set.notice == *notice);
    let told = Told { source, looked: Ok(looked) };
    report(session, std::slice::from_ref(&told));
    if let Some(daemon) = DaemonLink::find(&workplace.config) {
        daemon.wake();
    }
    match told.exit() {
        Exit::Ok if !has_come => {
            let (source, notice) = (source_id.to_string(), notice.to_string());
            Err(HubError::NotThereAgain { source_id: source, notice }.into())
        }
        exit => Ok(exit),
    }
}

fn one(
    session: &Session,
    workplace: &Workplace,
    house: House<'_>,
    source: &Source,
) -> Result<Option<(PullLine, PullLook)>, EngineError> {
    let _keeper = keep(session, workplace, source)?;
    look_now(workplace, house, source)
}

/// Has the source to ourselves.
fn keep(session: &Session, workplace: &Workplace, source: &Source) -> Result<PullKeeper, EngineError> {
    let wait = Some(session.wait()).filter(|wait| !wait.is_zero());
    PullKeeper::take(workplace.premises(), &workplace.config, source, "renkei pull", wait)
}

fn look_now(
    workplace: &Workplace,
    house: House<'_>,
    source: &Source,
) -> Result<Option<(PullLine, PullLook)>, EngineError> {
    let way = open_source(workplace.premises(), &workplace.config, source)?;
    let was_judged =
        |to: &FolderPath, notice: &Digest| was_judged(workplace.premises(), &workplace.config, to, notice);
    let looked = Looked { terms: &source.terms, way: &way, dice: &dice, was_judged: &was_judged };
    pull_source(house, looked, true)
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
