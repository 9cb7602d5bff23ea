//! Taking in: one file, one transaction, exactly once. A repeat of the same bytes is recognised and changes nothing.

use renkei_core::Digest;
use renkei_core::port::{HandoverRecord, Transaction, TransferContent, TransferRecord, TransferSource};
use renkei_core::transfer::{
    self as rules, CaseKind, CaseNo, CaseState, Certificate, Content, HandoverState, Purpose, Standing,
};

use super::events::{audit, note};
use super::terms::TransferTerms;
use crate::error::EngineError;
use crate::house::House;
use crate::intake::{InputIssue, IssueList, Rejected};

/// A file that cases come in.
#[derive(Debug, Clone, Copy)]
pub struct CaseSource<'s> {
    /// Its name as given; without folders, and nothing personal.
    pub file: &'s str,
    /// Its digest.
    pub sha256: Digest,
    /// What its rows are.
    pub kind: CaseKind,
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    /// The file, as it was or is on record.
    pub source: TransferSource,
    /// True when it was taken in before; then nothing happened.
    pub is_repeat: bool,
}

impl TakenIn {
    /// The numbers of its cases.
    pub fn cases(&self) -> impl Iterator<Item = CaseNo> {
        let first = self.source.first_case.0;
        (first..first.saturating_add(self.source.n_cases)).map(CaseNo)
    }
}

/// Takes in rows that were checked against their layout, each with its line: column id and text. One case comes of
/// each row. A column
/// that means nothing for its kind, or a row that lacks what its kind needs, refuses the file with everything that is
/// wrong.
pub fn take_in<R, C, T>(
    house: House<'_>,
    source: CaseSource<'_>,
    terms: &TransferTerms,
    rows: impl IntoIterator<Item = (u64, R)>,
) -> Result<TakenIn, Box<Rejected>>
where
    R: IntoIterator<Item = (C, T)>,
    C: AsRef<str>,
    T: AsRef<str>,
{
    let mut tx = house.store.begin()?;
    if let Some(source) = tx.transfer_source(&source.sha256)? {
        tracing::info!(first_case = %source.first_case, "a file of transfer cases was taken in before");
        return Ok(TakenIn { source, is_repeat: true });
    }
    let mut issues = IssueList::default();
    let (mut first_case, mut n_cases) = (None, 0_u32);
    for (row_no, row) in rows {
        let content = content_of(row_no, source.kind, row, &mut issues);
        let case_no = add(house, tx.as_mut(), source, terms, row_no, content)?;
        first_case.get_or_insert(case_no);
        n_cases += 1;
        house.witness.progress("cases", row_no, 0);
    }
    let file = || source.file.to_owned();
    if issues.n_errors > 0 {
        let error = EngineError::Refused { file: file(), n_issues: issues.n_errors };
        return Err(Box::new(Rejected { error, issues }));
    }
    let Some(first_case) = first_case else {
        let problem = "the file has no row".to_owned();
        return Err(EngineError::Header { file: file(), problem }.into());
    };
    let taken = TransferSource {
        sha256: source.sha256,
        file: file(),
        first_case,
        n_cases,
        operator: house.operator.to_owned(),
        taken_in_at: house.clock.now().to_string(),
    };
    tx.add_transfer_source(&taken)?;
    let result = format!("{n_cases} cases from {first_case} on");
    audit(house, tx.as_mut(), format!("receive {}", source.kind), result)?;
    house.witness.reached("transfer.rows-written");
    tx.commit()?;
    house.witness.reached("transfer.taken-in");
    tracing::info!(first_case = %first_case, cases = n_cases, kind = source.kind.as_str(), "cases are taken in");
    Ok(TakenIn { source: taken, is_repeat: false })
}

fn content_of<R, C, T>(row_no: u64, kind: CaseKind, row: R, issues: &mut IssueList) -> Content
where
    R: IntoIterator<Item = (C, T)>,
    C: AsRef<str>,
    T: AsRef<str>,
{
    let (content, unknown) = rules::content_of(kind, row);
    let mut issue = |column: &str, rule: &str, is_warning| {
        let issue = InputIssue::of_row(row_no, rule, String::new());
        issues.push(InputIssue { column: column.to_owned(), is_warning, ..issue });
    };
    for place in unknown {
        // By its place: what stands where a name should may be anything.
        issue(&place.to_string(), "unknown-column", false);
    }
    for found in content.issues(kind) {
        issue(found.field.id(), found.rule, found.is_warning);
    }
    content
}

fn add(
    house: House<'_>,
    tx: &mut dyn Transaction,
    source: CaseSource<'_>,
    terms: &TransferTerms,
    row_no: u64,
    raw: Content,
) -> Result<CaseNo, EngineError> {
    let now = house.clock.now().to_string();
    let state = CaseState::Received;
    let record = TransferRecord {
        case_no: CaseNo(0),
        standing: Standing { kind: source.kind, state, certificate: Certificate::None },
        source_sha256: source.sha256,
        row_no,
        is_protected: raw.is_protected(),
        commit_no: None,
        received_at: now.clone(),
        changed_at: now.clone(),
        counts_from: None,
    };
    let content = TransferContent { raw, verified: None, comparison: None };
    let case_no = tx.add_transfer_case(&record, &content)?;
    note(house, tx, case_no, "receive", state.to_string())?;
    if source.kind == CaseKind::CsMoveIn {
        for preparing in &terms.prepare {
            let purpose = Purpose::Preparation(preparing.system.clone());
            tx.put_handover(&HandoverRecord {
                case_no,
                stem: purpose.stem(house.municipality.as_str(), case_no)?,
                purpose,
                folder: preparing.folder.clone(),
                with_number: preparing.with_number,
                state: HandoverState::Due,
                content: None,
                changed_at: now.clone(),
            })?;
        }
    }
    Ok(case_no)
}
