//! What rounds of intakes came to and what is held, in words: for the agent's command and for the hub's.

use renkei_core::IntakeId;
use renkei_core::port::{IntakeStore, Outcome, SetRecord};
use renkei_core::receive::{Reason, Receipt};
use serde_json::{Value, json};

use crate::agent::Alarms;
use crate::console::{Console, Lang, TextTable};
use crate::intake::IntakeLook;
use crate::texts::reasons;
use crate::{Exit, Failure, Session};

/// Sets shown of each intake.
const N_SHOWN: u32 = 10;

/// What a look says that a person has not been told yet, without times.
pub(super) fn news(look: &IntakeLook) -> Vec<String> {
    match &look.outcome {
        Err(failure) => vec![failure.code().to_owned()],
        Ok(found) => {
            let results = found
                .results
                .iter()
                .map(|result| format!("{} {}", result.receipt.notice, result.receipt.outcome.as_str()));
            let (sets, strays) = look.overdue();
            // What stands refused was told when it was judged, in the same words.
            let standing =
                found.standing.iter().map(|one| format!("{} {}", one.notice, one.outcome.as_str()));
            let results = results.chain(standing);
            let gaps = found.gaps.iter().map(|gap| format!("gap {}", gap.notice));
            let sets = sets.into_iter().map(|set| format!("incomplete {}", set.notice_name));
            let unfinished = look.unfinished().map(|notice| format!("unfinished {}", notice.name));
            let late = look.late.map(|by| format!("late {by}"));
            let strays = strays.into_iter().map(|stray| format!("stray {:?}", stray.name));
            results.chain(gaps).chain(sets).chain(unfinished).chain(strays).chain(late).collect()
        }
    }
}

/// The exit code: the worst of what was found.
pub(super) fn worst(looks: &[IntakeLook]) -> Exit {
    let of_look = |look: &IntakeLook| match &look.outcome {
        Err(failure) => failure.exit(),
        Ok(found) => {
            let (sets, strays) = look.overdue();
            let is_refused = found.results.iter().any(|result| result.receipt.outcome == Outcome::Refused);
            if is_refused || !found.standing.is_empty() {
                Exit::Partner
            } else if !(found.gaps.is_empty() && sets.is_empty() && strays.is_empty())
                || look.unfinished().next().is_some()
                || look.late.is_some()
            {
                Exit::Operator
            } else {
                Exit::Ok
            }
        }
    };
    looks.iter().map(of_look).max_by_key(|exit| exit.number()).unwrap_or(Exit::Ok)
}

pub(super) fn tell(session: &Session, looks: Vec<IntakeLook>, is_preview: bool) {
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
        for receipt in &found.standing {
            let notice = &receipt.notice;
            console.say(
                format_args!("{id}: {notice} は前回と同じ理由で拒否しています。"),
                format_args!("{id}: {notice} is refused, as before."),
            );
            for reason in &receipt.reasons {
                console.talk(format_args!("  {}", reasons::reason_text(reason, lang).replace('\n', "\n  ")));
            }
        }
        tell_waiting(console, &look, &found.gaps);
        for kept in &look.refused {
            console.say(format_args!("{id}: 理由書: {kept}"), format_args!("{id}: reasons kept: {kept}"));
        }
    }
}

/// Says what is not there yet, or not as it should be.
fn tell_waiting(console: &Console, look: &IntakeLook, gaps: &[Receipt]) {
    let id = &look.intake;
    for gap in gaps {
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
            format_args!("{id}: {} は {} から揃いません: {}", set.notice_name, set.since, names.join(", ")),
            format_args!("{id}: {} is incomplete since {}: {}", set.notice_name, set.since, names.join(", ")),
        );
    }
    for notice in look.unfinished() {
        let (name, since) = (&notice.name, notice.since);
        console.say(
            format_args!("{id}: 通知 {name} は {since} から書きかけのままです。送り手に確かめてください。"),
            format_args!("{id}: notice {name} has not been whole since {since}; ask the sender."),
        );
    }
    if let Some(by) = look.late {
        console.say(
            format_args!("{id}: {by} までに何も届いていません。送り手の処理と置き場所を確かめてください。"),
            format_args!(
                "{id}: nothing came by {by}; ask the sender, and look whether it is in the right folder."
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
}

fn as_json(look: &IntakeLook) -> Value {
    match &look.outcome {
        Err(failure) => json!({ "intake": look.intake, "fault": failure.code() }),
        Ok(found) => {
            let (sets, strays) = look.overdue();
            json!({
                "intake": look.intake,
                "results": found.results.iter().map(|result| &result.receipt).collect::<Vec<_>>(),
                "standing": found.standing,
                "waiting": found.gaps,
                "incomplete": sets.iter().map(|set| set.notice_name.as_str()).collect::<Vec<_>>(),
                "unfinished": look.unfinished().map(|notice| notice.name.as_str()).collect::<Vec<_>>(),
                "nothing_came_by": look.late.map(|by| by.to_string()),
                "strays": strays.iter().map(|stray| crate::agent::shown(&stray.name)).collect::<Vec<_>>(),
            })
        }
    }
}

/// What is held of each intake of an agent, its last sets and the alerts that stand open: tables, or JSON.
pub(super) fn print_held<'i>(
    session: &Session,
    store: &dyn IntakeStore,
    intakes: impl Iterator<Item = &'i IntakeId>,
    alarms: &Alarms,
) -> Result<(), Failure> {
    let held = Held::read(store, intakes, session.console().lang())?;
    let console = session.console();
    if console.is_json() {
        console.json(&json!({ "intakes": held.documents, "alerts": alarms.open() }));
    } else {
        console.table(&held.heads);
        console.table(&held.last);
        for line in &held.reasons {
            console.talk(format_args!("{line}"));
        }
        for alert in alarms.open() {
            let title = alarms.sender().title(&alert, console.lang());
            console.say(
                format_args!("警報（{} から）: {title}", alert.at),
                format_args!("Alert since {}: {title}", alert.at),
            );
        }
    }
    Ok(())
}

/// What is held, in both forms.
pub(super) struct Held {
    pub(super) heads: TextTable,
    pub(super) last: TextTable,
    pub(super) documents: Vec<Value>,
    /// Why sets after the last that was taken in were refused.
    pub(super) reasons: Vec<String>,
}

/// Why a set was judged as it was.
fn reasons_of(record: &SetRecord) -> Vec<Reason> {
    Receipt::parse(record.receipt.as_bytes()).map(|receipt| receipt.reasons).unwrap_or_default()
}

impl Held {
    pub(super) fn read<'i>(
        store: &dyn IntakeStore,
        intakes: impl Iterator<Item = &'i IntakeId>,
        lang: Lang,
    ) -> Result<Self, Failure> {
        let (mut documents, mut refusals) = (Vec::new(), Vec::new());
        let japanese = ["取込", "系列", "版数", "連番", "業務日", "行数", "取込日時"];
        let english = ["intake", "feed", "version", "sequence", "business date", "rows", "taken at"];
        let mut heads = TextTable::new(if lang == Lang::Ja { japanese } else { english });
        let japanese = ["取込", "番号", "通知", "結果", "追加", "更新", "削除", "保留", "日時"];
        let english =
            ["intake", "no.", "notice", "outcome", "added", "changed", "removed", "held back", "at"];
        let mut last = TextTable::new(if lang == Lang::Ja { japanese } else { english });
        for id in intakes {
            let held = store.head(id)?;
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
            let records = store.sets(Some(id), N_SHOWN)?;
            for record in &records {
                last.row([
                    id.to_string(),
                    record.set_no.to_string(),
                    record.notice_name.clone(),
                    record.outcome.as_str().to_owned(),
                    record.counts.added.to_string(),
                    record.counts.changed.to_string(),
                    record.counts.removed.to_string(),
                    record.n_parked.to_string(),
                    record.at.to_string(),
                ]);
            }
            let since_taken = records.iter().take_while(|record| record.outcome != Outcome::Taken);
            for record in since_taken.filter(|record| record.outcome == Outcome::Refused) {
                let of_set = reasons_of(record).into_iter().map(|reason| {
                    let text = reasons::reason_text(&reason, lang).replace('\n', "\n  ");
                    format!("{id} {}: {text}", record.set_no)
                });
                refusals.extend(of_set);
            }
            documents.push(json!({
            "intake": id,
            "head": held.map(|head| json!({
                "feed": head.feed, "version": head.version, "sequence": head.sequence,
                "business_date": head.business_date, "rows": head.state.n_rows(),
                "state": head.state.digest(), "taken_at": head.taken_at.to_string(),
            })),
            "sets": records.iter().map(|record| json!({
                "no": record.set_no, "notice": record.notice_name, "sequence": record.sequence, "outcome": record.outcome, "counts": record.counts,
                "parked": record.n_parked, "at": record.at.to_string(), "reasons": reasons_of(record),
            })).collect::<Vec<_>>(),
        }));
        }
        Ok(Self { heads, last, documents, reasons: refusals })
    }
}
