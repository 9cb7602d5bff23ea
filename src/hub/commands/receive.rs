//! `renkei receive`: the agent of a consuming system.

use std::path::PathBuf;

use clap::Args;
use renkei_core::IntakeId;
use renkei_core::declared::nearest;
use renkei_core::port::Outcome;
use renkei_core::receive::{Holding, HoldingError};
use renkei_engine::receive::Goal;
use serde_json::{Value, json};

use crate::agent::{Agent, AgentLook, ReadAgent};
use crate::console::{Lang, TextTable};
use crate::progress::Progress;
use crate::texts::reasons;
use crate::{Exit, Failure, HubError, Session};

/// Take in what a hub publishes, as a consuming system does.
///
/// Looks into the connection folders once, takes in every set that is next, answers with receipts, and ends: for
/// cron, or by hand. Needs no hub.toml, only a receive.toml. Exit code 11 when a set was refused, 10 when
/// something waits too long or a person must allow a change.
#[derive(Debug, Args)]
pub(crate) struct Receive {
    /// The agent's declaration.
    #[arg(long, value_name = "FILE", default_value = "receive.toml")]
    config: PathBuf,
    /// Only this intake.
    #[arg(long, value_name = "ID")]
    intake: Option<String>,
    /// Say what would be taken in and what it would change, and change nothing.
    #[arg(long, conflicts_with_all = ["daemon", "allow"])]
    preview: bool,
    /// Go on looking until told to stop.
    #[arg(long)]
    daemon: bool,
    /// Take in the set of this sequence although it changes more than the bounds allow.
    #[arg(long, value_name = "SEQUENCE", requires = "intake")]
    allow: Option<u32>,
    /// Show what is held and the last sets, and change nothing.
    #[arg(long, conflicts_with_all = ["preview", "daemon", "allow"])]
    status: bool,
    /// Write what is held to a file, as 256 sums without rows, for `renkei reconcile` at the hub.
    #[arg(long, value_name = "FILE", requires = "intake", conflicts_with_all = ["preview", "daemon", "allow", "status"])]
    state: Option<PathBuf>,
    /// Print a commented declaration to begin with.
    #[arg(long, exclusive = true)]
    example: bool,
}

/// Sets shown by `--status`, of each intake.
const N_SHOWN: u32 = 10;

impl Receive {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        if self.example {
            session.console().data(include_str!("../init/templates/receive.toml").trim_end());
            return Ok(Exit::Ok);
        }
        let config = ReadAgent::load(&self.config)?;
        let only = self.only(config.intakes.iter().map(|intake| intake.terms.id.as_str()))?;
        let mut agent = Agent::open(config, session.wait())?;
        if self.status {
            return status(session, &agent, only.as_ref());
        }
        if let Some(path) = &self.state {
            return write_state(session, &agent, only.as_ref(), path);
        }
        if self.daemon {
            return self.stay(session, &mut agent, only.as_ref());
        }
        let goal = if self.preview { Goal::Preview } else { Goal::Take };
        let looks = self.go(session, &mut agent, only.as_ref(), goal);
        let exit = worst(&looks);
        tell(session, looks, self.preview);
        Ok(exit)
    }

    /// The intake asked for, if it is declared.
    fn only<'i>(&self, ids: impl Iterator<Item = &'i str> + Clone) -> Result<Option<IntakeId>, Failure> {
        let Some(asked) = &self.intake else { return Ok(None) };
        if ids.clone().any(|id| id == asked)
            && let Ok(id) = asked.parse()
        {
            return Ok(Some(id));
        }
        let near = nearest(asked, ids).map(str::to_owned);
        Err(HubError::UnknownIntake { intake: asked.clone(), near }.into())
    }

    fn go(
        &self,
        session: &Session,
        agent: &mut Agent,
        only: Option<&IntakeId>,
        goal: Goal,
    ) -> Vec<AgentLook> {
        let progress = Progress::new(session.console());
        let is_ja = session.console().lang() == Lang::Ja;
        let looks = agent.go(only, goal, self.allow, is_ja, &progress);
        progress.finish();
        looks
    }

    /// Looks again and again, until SIGTERM or SIGINT. A fault of one look is told and does not end it.
    fn stay(&self, session: &Session, agent: &mut Agent, only: Option<&IntakeId>) -> Result<Exit, Failure> {
        let stop = crate::agent::Stop::watch()?;
        let every = agent.config().every;
        session.console().say(
            format_args!("取込の常駐を始めました（{} 秒ごと）。", every.as_secs()),
            format_args!("Receiving, every {} s.", every.as_secs()),
        );
        let mut last = String::new();
        while !stop.is_asked() {
            let looks = self.go(session, agent, only, Goal::Take);
            // What stays as it was is told once.
            let said = looks.iter().map(|look| format!("{:?}", news(look))).collect::<String>();
            if said != last {
                tell(session, looks, false);
                last = said;
            }
            stop.wait(every);
        }
        session.console().say("取込の常駐を終えました。", "Receiving has ended.");
        Ok(Exit::Ok)
    }
}

/// What a look says that a person has not been told yet, without times.
fn news(look: &AgentLook) -> Vec<String> {
    match &look.outcome {
        Err(failure) => vec![failure.code().to_owned()],
        Ok(found) => {
            let results = found
                .results
                .iter()
                .map(|result| format!("{} {}", result.receipt.notice, result.receipt.outcome.as_str()));
            let (sets, strays) = look.overdue();
            let gaps = found.gaps.iter().map(|gap| format!("gap {}", gap.notice));
            let sets = sets.into_iter().map(|set| format!("incomplete {}", set.notice_name));
            let strays = strays.into_iter().map(|stray| format!("stray {:?}", stray.name));
            results.chain(gaps).chain(sets).chain(strays).collect()
        }
    }
}

/// The exit code: the worst of what was found.
fn worst(looks: &[AgentLook]) -> Exit {
    let of_look = |look: &AgentLook| match &look.outcome {
        Err(failure) => failure.exit(),
        Ok(found) => {
            let (sets, strays) = look.overdue();
            let is_refused = found.results.iter().any(|result| result.receipt.outcome == Outcome::Refused);
            if is_refused {
                Exit::Partner
            } else if !found.gaps.is_empty() || !sets.is_empty() || !strays.is_empty() {
                Exit::Operator
            } else {
                Exit::Ok
            }
        }
    };
    looks.iter().map(of_look).max_by_key(|exit| exit.number()).unwrap_or(Exit::Ok)
}

fn tell(session: &Session, looks: Vec<AgentLook>, is_preview: bool) {
    let console = session.console();
    if console.is_json() {
        console.json(&json!({ "intakes": looks.iter().map(as_json).collect::<Vec<_>>() }));
        return;
    }
    let lang = console.lang();
    for look in looks {
        let id = &look.intake;
        let found = match look.outcome {
            Ok(ref found) => found,
            Err(failure) => {
                console.failure(&failure);
                continue;
            }
        };
        if news(&look).is_empty() {
            console.say(format_args!("{id}: 新しいものはありません。"), format_args!("{id}: nothing new."));
        }
        for result in &found.results {
            let (receipt, rows) = (&result.receipt, &result.receipt.rows);
            let outcome = reasons::outcome(receipt, lang);
            let outcome = if is_preview && receipt.outcome == Outcome::Taken {
                lang.pick("取り込めます", "would be taken in")
            } else {
                outcome
            };
            console.say(
                format_args!(
                    "{id}: {} {outcome}（追加 {} 更新 {} 削除 {} 変更なし {} 警告 {} 保留 {}）",
                    receipt.notice,
                    rows.added,
                    rows.changed,
                    rows.removed,
                    rows.unchanged,
                    rows.warned,
                    rows.parked
                ),
                format_args!(
                    "{id}: {} {outcome} (added {}, changed {}, removed {}, unchanged {}, warned {}, held back {})",
                    receipt.notice,
                    rows.added,
                    rows.changed,
                    rows.removed,
                    rows.unchanged,
                    rows.warned,
                    rows.parked
                ),
            );
            for reason in &receipt.reasons {
                console.talk(format_args!("  {}", reasons::reason_text(reason, lang).replace('\n', "\n  ")));
            }
        }
        for gap in &found.gaps {
            let why = gap.reasons.first().map(|reason| reason.detail.clone()).unwrap_or_default();
            console.say(
                format_args!("{id}: {} は待っています: {why}", gap.notice),
                format_args!("{id}: {} waits: {why}", gap.notice),
            );
        }
        let (sets, strays) = look.overdue();
        for set in sets {
            let names: Vec<&str> = set.lacks.iter().map(|lack| lack.name.as_str()).collect();
            console.say(
                format_args!(
                    "{id}: {} は {} から揃いません: {}",
                    set.notice_name,
                    set.since,
                    names.join(", ")
                ),
                format_args!(
                    "{id}: {} is incomplete since {}: {}",
                    set.notice_name,
                    set.since,
                    names.join(", ")
                ),
            );
        }
        for stray in strays {
            let name = crate::agent::shown(&stray.name);
            console.say(
                format_args!("{id}: 通知のないファイルが {} から置かれています: {name}", stray.since),
                format_args!("{id}: a file without a notice stands there since {}: {name}", stray.since),
            );
        }
        for kept in &look.refused {
            console.say(format_args!("{id}: 理由書: {kept}"), format_args!("{id}: reasons kept: {kept}"));
        }
    }
}

fn as_json(look: &AgentLook) -> Value {
    match &look.outcome {
        Err(failure) => json!({ "intake": look.intake, "fault": failure.code() }),
        Ok(found) => {
            let (sets, strays) = look.overdue();
            json!({
                "intake": look.intake,
                "results": found.results.iter().map(|result| &result.receipt).collect::<Vec<_>>(),
                "waiting": found.gaps,
                "incomplete": sets.iter().map(|set| set.notice_name.as_str()).collect::<Vec<_>>(),
                "strays": strays.iter().map(|stray| crate::agent::shown(&stray.name)).collect::<Vec<_>>(),
            })
        }
    }
}

/// Writes what an intake holds; nothing held yet is a fault of the call.
fn write_state(
    session: &Session,
    agent: &Agent,
    only: Option<&IntakeId>,
    path: &std::path::Path,
) -> Result<Exit, Failure> {
    let head = only.map(|intake| agent.store().head(intake)).transpose()?.flatten();
    let (Some(intake), Some(head)) = (only, head) else {
        return Err(HoldingError { what: "nothing is held yet" }.into());
    };
    let text = Holding::of(intake, &head).to_json()?;
    std::fs::write(path, text).map_err(|source| HubError::Write { path: path.to_owned(), source })?;
    session.console().say(
        format_args!("{} {} の状態を {} に書きました。", head.feed, head.sequence, path.display()),
        format_args!("Wrote the state of {} {} to {}.", head.feed, head.sequence, path.display()),
    );
    Ok(Exit::Ok)
}

fn status(session: &Session, agent: &Agent, only: Option<&IntakeId>) -> Result<Exit, Failure> {
    let console = session.console();
    let lang = console.lang();
    let mut documents = Vec::new();
    let head = ["取込", "系列", "版数", "連番", "業務日", "行数", "取込日時"];
    let head_en = ["intake", "feed", "version", "sequence", "business date", "rows", "taken at"];
    let mut heads = TextTable::new(if lang == Lang::Ja { head } else { head_en });
    let sets = ["取込", "通知", "結果", "追加", "更新", "削除", "保留", "日時"];
    let sets_en = ["intake", "notice", "outcome", "added", "changed", "removed", "held back", "at"];
    let mut last = TextTable::new(if lang == Lang::Ja { sets } else { sets_en });
    for intake in &agent.config().intakes {
        let id = &intake.terms.id;
        if only.is_some_and(|only| only != id) {
            continue;
        }
        let held = agent.store().head(id)?;
        if let Some(head) = &held {
            heads.row([
                id.to_string(),
                head.feed.to_string(),
                head.version.to_string(),
                head.sequence.to_string(),
                head.business_date.to_string(),
                head.state.n_rows().to_string(),
                head.taken_at.to_string(),
            ]);
        }
        let records = agent.store().sets(Some(id), N_SHOWN)?;
        for record in &records {
            last.row([
                id.to_string(),
                record.notice_name.clone(),
                record.outcome.as_str().to_owned(),
                record.counts.added.to_string(),
                record.counts.changed.to_string(),
                record.counts.removed.to_string(),
                record.n_parked.to_string(),
                record.at.to_string(),
            ]);
        }
        documents.push(json!({
            "intake": id,
            "head": held.map(|head| json!({
                "feed": head.feed, "version": head.version, "sequence": head.sequence,
                "business_date": head.business_date, "rows": head.state.n_rows(),
                "state": head.state.digest(), "taken_at": head.taken_at.to_string(),
            })),
            "sets": records.iter().map(|record| json!({
                "notice": record.notice_name, "outcome": record.outcome, "counts": record.counts,
                "parked": record.n_parked, "at": record.at.to_string(),
            })).collect::<Vec<_>>(),
        }));
    }
    if console.is_json() {
        console.json(&json!({ "intakes": documents }));
    } else {
        console.table(&heads);
        console.table(&last);
    }
    Ok(Exit::Ok)
}
