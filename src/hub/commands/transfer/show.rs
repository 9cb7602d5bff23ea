//! `renkei transfer show` and `print`: without what a case holds, or with it for a reason that is kept.

use std::collections::BTreeMap;

use clap::Args;
use renkei_core::port::{
    AuditEntry, HandoverRecord, Numbers, Snapshot, TransferContent, TransferEvent, TransferRecord,
};
use renkei_core::transfer::{CaseNo, Comparison, Content, DifferenceKind, Field};
use renkei_engine::{Clock as _, EngineError};
use renkei_registry::{ItemNo, PackedReader, Row, Values as _};
use serde_json::json;

use super::super::reason::{self, Reason};
use super::cases::{as_json, certificate_word, kind_word, outcome_word, state_word};
use super::form;
use crate::console::{Lang, TextTable};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The case.
    case: CaseNo,
    /// Show what was taken in, verified, and stands in the registry. Noted in the audit.
    #[arg(long, requires = "reason")]
    personal: bool,
    /// Why; kept in the audit. No names, numbers or addresses of residents.
    #[arg(long, value_name = "TEXT", value_parser = reason::parse)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Print {
    /// The case.
    case: CaseNo,
    #[command(flatten)]
    reason: Reason,
}

/// A case with all that is on record of it.
struct Sheet {
    case: TransferRecord,
    content: Option<TransferContent>,
    events: Vec<TransferEvent>,
    handovers: Vec<HandoverRecord>,
}

impl Sheet {
    fn of(snapshot: &dyn Snapshot, case_no: CaseNo) -> Result<Self, Failure> {
        Ok(Self {
            case: snapshot.transfer_case(case_no)?.ok_or(EngineError::NoSuchCase { case_no })?,
            content: snapshot.transfer_content(case_no)?,
            events: snapshot.transfer_events(case_no)?,
            handovers: snapshot.handovers(Some(case_no))?,
        })
    }

    fn comparison(&self) -> Option<&Comparison> {
        self.content.as_ref()?.comparison.as_ref()
    }
}

/// Notes who looks at what a case holds, and why, before it is shown.
fn note(workplace: &Workplace<'_>, session: &Session, action: String, reason: &str) -> Result<(), Failure> {
    let at = workplace.clock().now().to_string();
    let mut tx = workplace.store().begin()?;
    tx.append_audit(&AuditEntry::new(at, &session.operator(), action, reason, "shown".to_owned()))?;
    Ok(tx.commit()?)
}

impl Show {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace =
            if self.personal { Workplace::for_noting(session)? } else { Workplace::for_reading(session)? };
        let snapshot = workplace.snapshot()?;
        let sheet = Sheet::of(snapshot.as_ref(), self.case)?;
        let mut personal = None;
        if self.personal {
            let content = sheet.content.as_ref().ok_or(EngineError::CaseErased { case_no: self.case })?;
            let registry = registry_row(snapshot.as_ref(), content)?;
            let reason = self.reason.as_deref().unwrap_or_default();
            note(&workplace, session, format!("show transfer {} with personal values", self.case), reason)?;
            personal = Some(Personal { content, registry });
        }
        if session.console().is_json() {
            session.console().json(&sheet.as_json(personal.as_ref()));
        } else {
            sheet.print(session);
            if let Some(personal) = &personal {
                personal.print(session);
            }
        }
        Ok(Exit::Ok)
    }
}

impl Print {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_noting(session)?;
        let sheet = Sheet::of(workplace.snapshot()?.as_ref(), self.case)?;
        let content = sheet.content.as_ref().ok_or(EngineError::CaseErased { case_no: self.case })?;
        let texts = content.verified.as_ref().unwrap_or(&content.raw);
        let printed_at = workplace.clock().now().to_string();
        let form =
            form::html(&workplace.config.name, &sheet.case, texts, content.verified.is_some(), &printed_at);
        note(&workplace, session, format!("print transfer {}", self.case), &self.reason.reason)?;
        session.console().bytes(form.as_bytes());
        Ok(Exit::Ok)
    }
}

/// The registry's row that the case was compared with, as it was then.
fn registry_row(snapshot: &dyn Snapshot, content: &TransferContent) -> Result<Option<Row>, Failure> {
    let Some(comparison) = &content.comparison else { return Ok(None) };
    let Some(atena_no) = comparison.atena_no() else { return Ok(None) };
    let mut reader = PackedReader::new();
    let mut latest = None;
    for packed in snapshot.rows_of(atena_no, comparison.as_of(), Numbers::Clear)? {
        let row = reader.read(&packed).map_err(EngineError::from)?;
        if row.get(ItemNo::SAISHIN_FLG) == "1" {
            latest = Some(Row::from_packed(&row));
        }
    }
    Ok(latest)
}

impl Sheet {
    fn as_json(&self, personal: Option<&Personal<'_>>) -> serde_json::Value {
        let comparison = self.comparison().map(|found| {
            json!({
                "outcome": found.outcome, "found_by": found.found_by, "concerns": found.concerns,
                "differences": found.differences, "as_of": found.as_of(),
            })
        });
        let handovers = self.handovers.iter().map(|handover| {
            json!({
                "receiver": handover.purpose.receiver(), "folder": handover.folder.as_str(),
                "file": format!("{}.csv", handover.stem), "state": handover.state,
                "changed_at": handover.changed_at,
            })
        });
        let personal = personal.map(|personal| {
            let registry = personal.registry.as_ref().map(|row| {
                let items = renkei_registry::Dictionary::standard().items().iter();
                let given = items.filter(|item| !row.get(item.no).is_empty());
                given.map(|item| (item.id, row.get(item.no).to_owned())).collect::<BTreeMap<_, _>>()
            });
            json!({
                "received": personal.content.raw, "verified": personal.content.verified, "registry": registry,
            })
        });
        json!({
            "case": as_json(&self.case), "is_erased": self.content.is_none(), "comparison": comparison,
            "handovers": handovers.collect::<Vec<_>>(), "events": self.events, "personal": personal,
        })
    }

    fn print(&self, session: &Session) {
        let (console, lang) = (session.console(), session.console().lang());
        let standing = self.case.standing;
        console.data(format_args!(
            "{} {} {} {}",
            self.case.case_no,
            kind_word(standing.kind, lang),
            state_word(standing.state, lang),
            certificate_word(standing.certificate, lang),
        ));
        if let Some(found) = self.comparison() {
            let outcome = outcome_word(found.outcome, lang);
            console.data(format_args!("  {}: {outcome}", lang.pick("突合", "comparison")));
            for concern in &found.concerns {
                console.data(format_args!("  ! {}", concern_text(concern.as_str(), lang)));
            }
            let mut table = TextTable::new([
                lang.pick("項目", "item"),
                lang.pick("名称", "name"),
                lang.pick("突合の結果", "result"),
            ]);
            for difference in &found.differences {
                let name = Field::find(&difference.item).map_or("", Field::name_ja);
                table.row([difference.item.as_str(), name, difference_word(difference.kind, lang)]);
            }
            console.table(&table);
        }
        for handover in &self.handovers {
            let (receiver, state) = (handover.purpose.receiver(), handover.state.as_str());
            console.data(format_args!("  {receiver}: {}/{}.csv {state}", handover.folder, handover.stem));
        }
        for event in &self.events {
            let TransferEvent { at, operator, event, reason, result, .. } = event;
            console.data(format_args!("  {at} {operator} {event}: {result} {reason}"));
        }
    }
}

/// What a case holds of the person.
struct Personal<'p> {
    content: &'p TransferContent,
    registry: Option<Row>,
}

impl Personal<'_> {
    fn print(&self, session: &Session) {
        let lang = session.console().lang();
        let TransferContent { raw, verified, comparison } = self.content;
        let compared = comparison.iter().flat_map(|found| &found.differences);
        let mut fields: Vec<Field> =
            compared.filter_map(|difference| Field::find(&difference.item)).collect();
        let texts = |content: &Content| content.fields().map(|(field, _)| field).collect::<Vec<_>>();
        fields.extend(texts(raw));
        fields.extend(verified.iter().flat_map(texts));
        fields.sort_unstable();
        fields.dedup();
        let mut table = TextTable::new([
            lang.pick("項目", "item"),
            lang.pick("取込", "taken in"),
            lang.pick("確認", "verified"),
            lang.pick("台帳", "registry"),
        ]);
        for field in fields {
            let there = field.item().and_then(|item| Some(self.registry.as_ref()?.get(item)));
            let verified = verified.as_ref().map_or("", |content| content.text(field));
            table.row([field.name_ja(), raw.text(field), verified, there.unwrap_or_default()]);
        }
        session.console().table(&table);
    }
}

fn difference_word(kind: DifferenceKind, lang: Lang) -> &'static str {
    match kind {
        DifferenceKind::Equal => lang.pick("一致", "equal"),
        DifferenceKind::Differs { variant: false } => lang.pick("相違", "differs"),
        DifferenceKind::Differs { variant: true } => lang.pick("相違（表記のみ）", "differs (writing only)"),
        DifferenceKind::OnlyHere => lang.pick("届出だけにある", "only here"),
        DifferenceKind::OnlyThere => lang.pick("台帳だけにある", "only in the registry"),
    }
}

fn concern_text(word: &str, lang: Lang) -> &str {
    match word {
        "protected" => lang.pick("支援措置の対象: 住所を漏らさない", "protected: no address may get out"),
        "dead" => lang.pick("台帳では死亡", "dead in the registry"),
        "moved-already" => lang.pick("台帳では転出済み", "moved out already in the registry"),
        "removed" => lang.pick("台帳では消除済み", "removed in the registry"),
        "move-planned" => lang.pick("台帳に転出予定あり", "a move-out is planned in the registry"),
        "registered" => lang.pick("台帳では住登者", "registered in the registry"),
        "other-number" => lang.pick("台帳では別の宛名番号", "has another 宛名番号 in the registry"),
        other => other,
    }
}
