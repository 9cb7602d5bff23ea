//! What is asked of a HULFT partner by command: a transfer once more, or a file of theirs. One at a time for each
//! destination, deliveries included; the program holds the destination as long as it lives.

use std::path::Path;
use std::time::Duration;

use renkei_core::delivery::{CodeTable, DeliveryError, RequestArgument, RequestValues};
use renkei_engine::EngineError;

use super::command::Call;
use super::way::Keeper;
use crate::config::{CommandTerms, Destination, RequestTerms, timeout_of};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// That HULFT here makes a transfer to the partner once more that failed.
    Resend,
    /// That the partner sends a file.
    Receive,
    /// That the partner makes a transfer to here once more that failed.
    ReceiveAgain,
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'r> {
    pub(crate) asked: Asked,
    pub(crate) file_id: &'r str,
    /// From the beginning of the file, not from where it was cut off.
    pub(crate) is_from_start: bool,
}

/// What a request is made by.
struct Means<'r> {
    program: &'r Path,
    args: &'r [RequestArgument],
    codes: &'r CodeTable,
    wait: Duration,
}

impl Request<'_> {
    /// The ids that can be asked for; empty where nothing of the kind is declared.
    pub(crate) fn file_ids(asked: Asked, terms: &CommandTerms) -> Vec<&str> {
        let Some(requests) = &terms.requests else { return Vec::new() };
        match asked {
            Asked::Resend if requests.can(&requests.resend) => terms.file_ids(),
            Asked::Resend => Vec::new(),
            Asked::Receive | Asked::ReceiveAgain => {
                requests.receive.iter().flat_map(|receive| &receive.file_ids).map(String::as_str).collect()
            }
        }
    }

    /// Starts the program and waits for its end.
    pub(crate) fn make(
        &self,
        destination: &Destination,
        terms: &CommandTerms,
        keeper: &Keeper,
    ) -> Result<Result<(), DeliveryError>, EngineError> {
        let hold = keeper.hold(&destination.terms.id)?;
        let unknown = || DeliveryError::NoCommand {
            program: terms.program.display().to_string(),
            detail: "nothing is declared to be asked of the partner".to_owned(),
        };
        let Some((requests, means)) =
            terms.requests.as_ref().and_then(|requests| Some((requests, self.means(terms, requests)?)))
        else {
            return Ok(Err(unknown()));
        };
        let (id, seconds) = (destination.terms.id.to_string(), means.wait.as_secs().to_string());
        let values = RequestValues {
            file_id: self.file_id,
            host: &requests.host,
            destination: &id,
            seconds: &seconds,
        };
        let from_start = requests.from_start.iter().filter(|_| self.is_from_start);
        let call = Call {
            program: means.program,
            args: means.args.iter().chain(from_start).map(|argument| argument.filled(&values)).collect(),
            env: &terms.env,
            timeout: timeout_of(means.wait),
            codes: means.codes,
            hold: Some(&hold),
            attempt: "asking the partner",
        };
        Ok(call.run(self.file_id.to_owned(), &|| false))
    }

    fn means<'m>(&self, terms: &'m CommandTerms, requests: &'m RequestTerms) -> Option<Means<'m>> {
        let receive = requests.receive.as_ref();
        Some(match self.asked {
            Asked::Resend => Means {
                program: &terms.program,
                args: &requests.resend,
                codes: &terms.codes,
                wait: terms.wait,
            },
            Asked::Receive | Asked::ReceiveAgain => {
                let receive = receive?;
                let is_again = self.asked == Asked::ReceiveAgain;
                let args = if is_again { &receive.again } else { &receive.args };
                Means { program: &receive.program, args, codes: &receive.codes, wait: receive.wait }
            }
        })
    }
}
