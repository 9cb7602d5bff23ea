//! `renkei hulft resend` and `renkei hulft request`.

use clap::Args;
use renkei_core::Fault as _;
use renkei_core::declared::nearest;
use renkei_core::delivery::DeliveryError;
use renkei_core::port::AuditEntry;
use renkei_engine::Clock as _;
use serde_json::json;

use super::super::destination::declared;
use super::super::reason::Reason;
use crate::config::{CommandTerms, Destination, WayTerms};
use crate::delivery::{Asked, Keeper, Request};
use crate::progress::stop_if_asked;
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// The point between the line in the audit and the program's start.
const BEGUN: &str = "hulft.request-begun";

/// Have HULFT make transfers to a partner once more that failed, from its resend queue (utlsend -r).
///
/// What HULFT has under way or finished is not touched; a publication that is still due is given by `renkei deliver`.
/// That it ends well says that HULFT took the request; how the transfer ended is in HULFT's send log.
#[derive(Debug, Args)]
pub(super) struct Resend {
    /// The destination, of kind hulft.
    destination: String,
    /// The file's id, where not that of the data: the notice's, or the reports'.
    #[arg(long, value_name = "ID")]
    file_id: Option<String>,
    /// From the beginning of the file, not from where it was cut off.
    #[arg(long)]
    from_start: bool,
    #[command(flatten)]
    reason: Reason,
}

/// Ask a partner to send its file (utlrecv -f), or with --again to make a transfer to here once more that failed (utlrecv
/// -r).
///
/// The file comes to where HULFT's receive definition puts it, and that definition's job goes on from there, such as by
/// `renkei notice make`.
#[derive(Debug, Args)]
pub(super) struct Ask {
    /// The destination, of kind hulft, whose partner is asked.
    destination: String,
    /// The file's id, one of file_ids in receive of hub.toml.
    #[arg(long, value_name = "ID")]
    file_id: String,
    /// The transfer failed: once more.
    #[arg(long)]
    again: bool,
    /// From the beginning of the file, not from where it was cut off.
    #[arg(long, requires = "again")]
    from_start: bool,
    #[command(flatten)]
    reason: Reason,
}

impl Resend {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let order = Order {
            destination: &self.destination,
            asked: Asked::Resend,
            file_id: self.file_id.as_deref(),
            is_from_start: self.from_start,
            reason: &self.reason.reason,
        };
        order.carry_out(session)
    }
}

impl Ask {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let order = Order {
            destination: &self.destination,
            asked: if self.again { Asked::ReceiveAgain } else { Asked::Receive },
            file_id: Some(&self.file_id),
            is_from_start: self.from_start,
            reason: &self.reason.reason,
        };
        order.carry_out(session)
    }
}

/// What a person asks for.
struct Order<'o> {
    destination: &'o str,
    asked: Asked,
    /// `None` for the first that is declared.
    file_id: Option<&'o str>,
    is_from_start: bool,
    reason: &'o str,
}

impl Order<'_> {
    fn carry_out(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_noting(session)?;
        let destination = declared(&workplace.config, self.destination)?;
        let terms = hulft_terms(destination)?;
        let file_id = self.declared_id(destination, terms)?;
        let wait = Some(session.wait()).filter(|wait| !wait.is_zero());
        let keeper =
            Keeper::take(workplace.premises(), &workplace.config, destination, "renkei hulft", wait)?;
        // Before it is done: a process killed from here on leaves word of what it had begun.
        self.note(&workplace, session, file_id, "is to be asked".to_owned())?;
        stop_if_asked(BEGUN);
        let request = Request { asked: self.asked, file_id, is_from_start: self.is_from_start };
        let made = request.make(destination, terms, &keeper)?;
        let result = match &made {
            Ok(()) => self.done_words().to_owned(),
            Err(error) => format!("refused ({}): {}", error.code(), error.told()),
        };
        self.note(&workplace, session, file_id, result)?;
        self.tell(session, file_id, made)
    }

    /// The id as it is declared; nobody is asked for another.
    fn declared_id<'d>(
        &self,
        destination: &Destination,
        terms: &'d CommandTerms,
    ) -> Result<&'d str, Failure> {
        let ids = Request::file_ids(self.asked, terms);
        let Some(first) = ids.first() else {
            let what = match self.asked {
                Asked::Resend => "host",
                Asked::Receive | Asked::ReceiveAgain => "receive",
            };
            let destination = destination.terms.id.to_string();
            return Err(HubError::NoRequest { destination, what }.into());
        };
        let Some(wanted) = self.file_id else { return Ok(first) };
        let found = ids.iter().find(|id| **id == wanted);
        Ok(found.ok_or_else(|| HubError::UnknownFileId {
            destination: destination.terms.id.to_string(),
            file_id: wanted.escape_debug().take(60).collect(),
            near: nearest(wanted, ids.iter().copied()).map(str::to_owned),
        })?)
    }

    fn note(
        &self,
        workplace: &Workplace<'_>,
        session: &Session,
        file_id: &str,
        result: String,
    ) -> Result<(), Failure> {
        let verb = match self.asked {
            Asked::Resend => "resend",
            Asked::Receive => "request",
            Asked::ReceiveAgain => "request --again",
        };
        let from_start = if self.is_from_start { " --from-start" } else { "" };
        let action = format!("hulft {verb} {} {file_id}{from_start}", self.destination);
        let (now, operator) = (workplace.clock().now().to_string(), session.operator());
        let mut tx = workplace.store().begin()?;
        tx.append_audit(&AuditEntry::new(now, &operator, action, self.reason, result))?;
        Ok(tx.commit()?)
    }

    /// Without `-sync` that the program ends well is no word on the transfer.
    const fn done_words(&self) -> &'static str {
        match self.asked {
            Asked::Resend | Asked::ReceiveAgain => "HULFT took the request",
            Asked::Receive => "the program ended well",
        }
    }

    fn tell(
        &self,
        session: &Session,
        file_id: &str,
        made: Result<(), DeliveryError>,
    ) -> Result<Exit, Failure> {
        let console = session.console();
        made?;
        if console.is_json() {
            console.json(&json!({
                "destination": self.destination, "file_id": file_id, "from_start": self.is_from_start,
                "result": self.done_words(),
            }));
            return Ok(Exit::Ok);
        }
        match self.asked {
            Asked::Receive => console.say(
                format_args!("{file_id} の送信要求が正常に終わりました。"),
                format_args!("The request for {file_id} ended well."),
            ),
            Asked::Resend | Asked::ReceiveAgain => console.say(
                format_args!(
                    "{file_id} の再送を HULFT が受け付けました。転送の結果は HULFT の履歴で確かめてください。"
                ),
                format_args!("HULFT took the request for {file_id}; how the transfer ends is in its log."),
            ),
        }
        Ok(Exit::Ok)
    }
}

fn hulft_terms(destination: &Destination) -> Result<&CommandTerms, Failure> {
    match &destination.way {
        WayTerms::Command(terms) if terms.is_hulft => Ok(terms),
        way => {
            let (destination, kind) = (destination.terms.id.to_string(), way.as_str());
            Err(HubError::NotHulft { destination, kind }.into())
        }
    }
}
