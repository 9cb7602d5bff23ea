//! `renkei transfer list`, `compare` and `erase-plan`; and the words for how cases stand.

use clap::Args;
use renkei_core::port::{TransferRecord, WhichCases};
use renkei_core::transfer::{CaseKind, CaseNo, CaseState, Certificate, Outcome};
use renkei_engine::Clock as _;
use renkei_engine::retention::{Area, plan};
use serde_json::{Value, json};

use crate::console::{Lang, TextTable};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Also those that are applied, rejected or erased.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The cases; default: all that are received or compared.
    #[arg(value_name = "CASE")]
    cases: Vec<CaseNo>,
}

#[derive(Debug, Args)]
pub(crate) struct ErasePlan {}

impl List {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let which = if self.all { WhichCases::All } else { WhichCases::Undecided };
        let cases = workplace.snapshot()?.transfer_cases(which)?;
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            console.json(&cases.iter().map(as_json).collect::<Vec<_>>());
            return Ok(Exit::Ok);
        }
        let mut table = TextTable::new([
            lang.pick("番号", "case"),
            lang.pick("種別", "kind"),
            lang.pick("状態", "state"),
            lang.pick("CSへの送信", "to the CS"),
            lang.pick("支援措置", "protected"),
            lang.pick("受付", "received"),
            lang.pick("更新", "changed"),
        ]);
        for case in &cases {
            table.row([
                case.case_no.to_string(),
                kind_word(case.standing.kind, lang).to_owned(),
                state_word(case.standing.state, lang),
                certificate_word(case.standing.certificate, lang).to_owned(),
                if case.is_protected { lang.pick("あり", "yes") } else { "" }.to_owned(),
                case.received_at.clone(),
                case.changed_at.clone(),
            ]);
        }
        console.table(&table);
        Ok(Exit::Ok)
    }
}

impl Compare {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei transfer compare")?;
        let mut cases = self.cases.clone();
        if cases.is_empty() {
            let undecided = workplace.snapshot()?.transfer_cases(WhichCases::Undecided)?.into_iter();
            let unverified = undecided.filter(|case| case.standing.state != CaseState::Verified);
            cases.extend(unverified.map(|case| case.case_no));
        }
        let compared = renkei_engine::transfer::compare(workplace.house(), &cases)?;
        workplace.end_progress();
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            let lines = compared.iter().map(|(case_no, found)| {
                json!({ "case": case_no, "outcome": found.outcome, "concerns": found.concerns })
            });
            console.json(&lines.collect::<Vec<_>>());
            return Ok(Exit::Ok);
        }
        for (case_no, found) in compared {
            let concerns: Vec<&str> = found.concerns.iter().map(|concern| concern.as_str()).collect();
            console.data(format_args!(
                "{case_no} {} {}",
                outcome_word(found.outcome, lang),
                concerns.join(" ")
            ));
        }
        Ok(Exit::Ok)
    }
}

impl ErasePlan {
    // As every command's.
    #[expect(clippy::unused_self, reason = "it has no argument yet")]
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let (house, rules) = (workplace.house(), &workplace.config.retention);
        let snapshot = workplace.snapshot()?;
        let plan = plan(snapshot.as_ref(), house.folders, rules, workplace.clock().now())?;
        let console = session.console();
        for area in plan.areas.iter().filter(|area| area.area == Area::Transfers) {
            if console.is_json() {
                console.json(area);
                continue;
            }
            for item in &area.remove {
                console.data(format_args!("{} {}", item.what, item.since));
            }
            let (n_gone, n_kept, days) = (area.remove.len(), area.kept.values().sum::<u64>(), area.days);
            console.say(
                format_args!("消去の対象 {n_gone} 件、残す {n_kept} 件（保存 {days} 日）。消すには: renkei retention execute"),
                format_args!("{n_gone} to be erased, {n_kept} kept ({days} days). To erase: renkei retention execute"),
            );
        }
        Ok(Exit::Ok)
    }
}

/// A case as JSON, without what it holds.
pub(super) fn as_json(case: &TransferRecord) -> Value {
    json!({
        "case": case.case_no, "kind": case.standing.kind, "state": case.standing.state.as_str(),
        "outcome": case.standing.state.outcome(), "certificate": case.standing.certificate,
        "is_protected": case.is_protected, "commit": case.commit_no, "received_at": case.received_at,
        "changed_at": case.changed_at, "counts_from": case.counts_from,
        "source_sha256": case.source_sha256.to_string(), "row": case.row_no,
    })
}

pub(super) fn kind_word(kind: CaseKind, lang: Lang) -> &'static str {
    match kind {
        CaseKind::OssMoveOut => lang.pick("転出（OSS）", "move-out (OSS)"),
        CaseKind::CsMoveIn => lang.pick("転入（CS）", "move-in (CS)"),
    }
}

pub(super) fn state_word(state: CaseState, lang: Lang) -> String {
    match state {
        CaseState::Received => lang.pick("取込済み（突合前）", "received").to_owned(),
        CaseState::Compared(outcome) => {
            let compared = lang.pick("突合済み", "compared");
            format!("{compared} ({})", outcome_word(outcome, lang))
        }
        CaseState::Verified => lang.pick("確認済み", "verified").to_owned(),
        CaseState::Applied => lang.pick("異動済み", "applied").to_owned(),
        CaseState::Rejected => lang.pick("却下", "rejected").to_owned(),
        CaseState::Erased => lang.pick("消去済み", "erased").to_owned(),
    }
}

pub(super) fn outcome_word(outcome: Outcome, lang: Lang) -> &'static str {
    match outcome {
        Outcome::Matched => lang.pick("一致", "matched"),
        Outcome::Differs => lang.pick("相違あり", "differs"),
        Outcome::NotFound => lang.pick("該当なし", "not found"),
        Outcome::Ambiguous => lang.pick("複数該当", "ambiguous"),
    }
}

pub(super) fn certificate_word(certificate: Certificate, lang: Lang) -> &'static str {
    match certificate {
        Certificate::None => "",
        Certificate::Due => lang.pick("送信待ち", "due"),
        Certificate::Sending => lang.pick("送信中", "sending"),
        Certificate::Sent => lang.pick("送信済み", "sent"),
    }
}
