//! Handing a case's file over: staged, marked as on its way, moved to its folder, marked as given. The staged
//! notice is the token: moving it away is the one step that gives the file, and it can be done once.

use serde::Serialize;
use serde_json::json;

use super::kind::CaseKind;
use super::number::CaseNo;
use crate::ids::{BusinessId, IdError};
use crate::port::{Content, Standing};
use crate::{FileName, FolderPath};

/// What a file of a case is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Certificate information of a move-out, for the CS.
    Certificate,
    /// Data of a move-in to come, for a system that prepares for it.
    Preparation(BusinessId),
}

impl Purpose {
    /// The receiver: `cs`, or the system's id.
    pub fn receiver(&self) -> &str {
        match self {
            Self::Certificate => "cs",
            Self::Preparation(system) => system.as_str(),
        }
    }

    /// Reads [`Purpose::receiver`]; `cs` is no system's id here.
    pub fn of_receiver(receiver: &str) -> Result<Self, IdError> {
        if receiver == "cs" { Ok(Self::Certificate) } else { receiver.parse().map(Self::Preparation) }
    }

    /// The common start of the names of file and notice. Nothing personal is in it.
    pub fn stem(&self, municipality: &str, case_no: CaseNo) -> Result<FileName, IdError> {
        match self {
            Self::Certificate => format!("{municipality}_certificate_{case_no}"),
            Self::Preparation(_) => format!("{municipality}_move-in_{case_no}"),
        }
        .parse()
    }

    /// The stage on which file and notice wait.
    pub fn stage(&self, case_no: CaseNo) -> Result<FileName, IdError> {
        format!("transfer-{case_no}-{}", self.receiver()).parse()
    }
}

/// How far a file is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandoverState {
    /// To be given.
    Due,
    /// Staged, and about to be moved.
    Sending,
    /// In its folder, or taken from there.
    Sent,
}

impl HandoverState {
    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Sending => "sending",
            Self::Sent => "sent",
        }
    }

    /// Reads [`HandoverState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Due, Self::Sending, Self::Sent].into_iter().find(|state| state.as_str() == text)
    }
}

/// What can be seen of a file that was on its way when the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// The notice on the stage, against what was recorded.
    pub staged_notice: Standing,
    /// The notice in the folder, against what was recorded.
    pub given_notice: Standing,
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// The notice never left the stage: the receiver has seen nothing, and the one sending is finished.
    Finish,
    /// It stands in the folder: it was given.
    Settle,
    /// It is neither here nor there: the receiver took it, or somebody cleared the stage. It is not sent; a
    /// person looks at the receiver.
    Ask,
}

/// Decides by what is seen. Never in favour of a second sending.
pub fn judge_sending(evidence: Evidence) -> Resume {
    match (evidence.given_notice, evidence.staged_notice) {
        (Standing::Same, _) => Resume::Settle,
        (Standing::Missing, Standing::Same) => Resume::Finish,
        _ => Resume::Ask,
    }
}

/// The notice that completes a file: JSON, one object, nothing personal.
pub fn handover_notice(
    municipality: &str,
    case_no: CaseNo,
    kind: CaseKind,
    purpose: &Purpose,
    file: (&FileName, &Content),
    created_at: &str,
) -> String {
    let (name, content) = file;
    let notice = json!({
        "format": "renkei-transfer/1", "municipality": municipality, "case": case_no, "kind": kind,
        "receiver": purpose.receiver(), "created_at": created_at, "encoding": "utf-8", "newline": "crlf",
        "file": { "name": name, "n_rows": 1, "n_bytes": content.n_bytes, "sha256": content.sha256.to_string() },
    });
    format!("{notice:#}\n")
}

/// Where files for a receiver stand unless the hub declares another place: beside what the registry provides.
pub fn preparation_folder(system: &BusinessId) -> Result<FolderPath, IdError> {
    format!("001/move-in/{system}").parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_notice_that_never_left_the_stage_is_moved() {
        use Standing::{Missing, Other, Same};
        for (staged_notice, given_notice, expected) in [
            (Same, Missing, Resume::Finish),
            (Missing, Same, Resume::Settle),
            // A move by a second name that was cut off between the two: it was given.
            (Same, Same, Resume::Settle),
            (Missing, Missing, Resume::Ask),
            (Other, Missing, Resume::Ask),
            (Other, Same, Resume::Settle),
            (Same, Other, Resume::Ask),
            (Missing, Other, Resume::Ask),
            (Other, Other, Resume::Ask),
        ] {
            assert_eq!(judge_sending(Evidence { staged_notice, given_notice }), expected);
        }
    }

    #[test]
    fn names_hold_the_case_and_nothing_of_the_person() {
        let purpose = Purpose::of_receiver("024").unwrap();
        assert_eq!(purpose.stem("082201", CaseNo(7)).unwrap().as_str(), "082201_move-in_T000007");
        assert_eq!(purpose.stage(CaseNo(7)).unwrap().as_str(), "transfer-T000007-024");
        let certificate = Purpose::of_receiver("cs").unwrap();
        assert_eq!(certificate.stem("082201", CaseNo(7)).unwrap().as_str(), "082201_certificate_T000007");
        assert_eq!(preparation_folder(&"027".parse().unwrap()).unwrap().as_str(), "001/move-in/027");
    }
}
