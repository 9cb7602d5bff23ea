//! `renkei deliver`.

use clap::Args;
use renkei_core::delivery::{DeliveryError, DeliveryLine, DeliveryState, DeliveryWindows};
use renkei_core::{DestinationId, Fault as _, FeedId, Sequence};
use renkei_engine::deliver::{Delivered, Way, deliver_again, deliver_one, give_up, note_due, resume};
use renkei_engine::{EngineError, House};
use serde_json::{Value, json};

use super::destination::declared;
use super::reason::Reason;
use crate::config::Destination;
use crate::daemon::{DaemonLink, dice};
use crate::delivery::{Keeper, open_way};
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// Deliver now what destinations are still to be given, whatever it waits for.
///
/// Without --publication everything that is open is tried in order, what had stopped too, without waiting for pauses
/// or windows. With it, that publication is given, once more where it was delivered before: what is there already with
/// the same bytes is left as it is.
#[derive(Debug, Args)]
pub(crate) struct Deliver {
    /// The destination; all of them where none is given.
    destination: Option<String>,
    /// One publication, as FEED:SEQ.
    #[arg(long, value_name = "FEED:SEQ", requires = "destination", value_parser = publication)]
    publication: Option<(FeedId, Sequence)>,
    /// Give nothing: the publication is not to be delivered any more, and later ones go on. Also where the destination
    /// is not declared any more.
    #[arg(long, requires = "publication")]
    give_up: bool,
    #[command(flatten)]
    reason: Reason,
}

/// Reads `FEED:SEQ`.
pub(super) fn publication(text: &str) -> Result<(FeedId, Sequence), String> {
    let (feed, sequence) = text.rsplit_once(':').ok_or("must be FEED:SEQ, such as 001o005-v1.1:12")?;
    let feed = feed.parse().map_err(|error: renkei_core::IdError| error.to_string())?;
    let sequence = sequence.parse::<u32>().ok().filter(|sequence| *sequence > 0);
    Ok((feed, Sequence(sequence.ok_or("the sequence must be a number from 1")?)))
}

impl Deliver {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_noting(session)?;
        let house = House { reason: &self.reason.reason, ..workplace.house() };
        if let (true, Some((feed, sequence)), Some(id)) = (self.give_up, &self.publication, &self.destination)
        {
            return give_up_one(session, &workplace, house, id, feed, *sequence);
        }
        let destinations: Vec<&Destination> = match &self.destination {
            Some(id) => vec![declared(&workplace.config, id)?],
            None => workplace.config.destinations.iter().collect(),
        };
        let terms: Vec<_> = destinations.iter().map(|destination| destination.terms.clone()).collect();
        note_due(house, &terms)?;
        let (mut told, mut left) = (Vec::new(), Vec::new());
        for destination in &destinations {
            match self.to_one(session, &workplace, house, destination, &mut told) {
                Ok(()) => {}
                // Of several, one that cannot be delivered to holds none of the others up.
                Err(error) if destinations.len() > 1 => left.push(Left { destination, error }),
                Err(error) => {
                    workplace.end_progress();
                    return Err(error.into());
                }
            }
        }
        workplace.end_progress();
        report(session, &told, &left);
        let failed = told.iter().filter_map(|delivered| delivered.outcome.as_ref().err());
        let classes = failed.map(DeliveryError::class).chain(left.iter().map(|left| left.error.class()));
        Ok(classes.map(Exit::of_class).max_by_key(|exit| exit.number()).unwrap_or(Exit::Ok))
    }

    fn to_one(
        &self,
        session: &Session,
        workplace: &Workplace,
        house: House<'_>,
        destination: &Destination,
        told: &mut Vec<Delivered>,
    ) -> Result<(), EngineError> {
        let (premises, config) = (workplace.premises(), &workplace.config);
        // On record first: whoever is at work there, or looks next, gives it where this command cannot.
        let asked = match &self.publication {
            Some((feed, sequence)) => Some(deliver_again(house, &destination.terms, feed, *sequence)?),
            None => None,
        };
        let wait = Some(session.wait()).filter(|wait| !wait.is_zero());
        let keeper =
            Keeper::take(premises, config, destination, "renkei deliver", wait).inspect_err(|_| {
                if let Some(daemon) = DaemonLink::find(config) {
                    daemon.wake();
                }
            })?;
        let transport = open_way(premises, config, destination, Some(&keeper))?;
        let way = Way { terms: &destination.terms, transport: transport.as_ref(), dice: &dice };
        match &asked {
            // Nothing is told where somebody else has given it meanwhile.
            Some(line) => told.extend(deliver_one(house, way, line)?),
            None => all_open(house, way, told)?,
        }
        Ok(())
    }
}

/// A destination that nothing could be tried at.
struct Left<'d> {
    destination: &'d Destination,
    error: EngineError,
}

impl Left<'_> {
    fn told(&self) -> String {
        let cause = std::error::Error::source(&self.error).map(|cause| format!(": {cause}"));
        format!("{}{}", self.error, cause.unwrap_or_default())
    }

    fn as_json(&self) -> Value {
        json!({
            "destination": self.destination.terms.id, "feed": null, "sequence": null, "state": null,
            "files_sent": 0, "files_there": 0, "bytes_sent": 0,
            "fault_code": self.error.code(), "detail": self.told(),
        })
    }
}

/// Tries every open line in order; of a feed whose line fails the later ones are left.
fn all_open(house: House<'_>, way: Way<'_>, told: &mut Vec<Delivered>) -> Result<(), EngineError> {
    let terms =
        renkei_core::delivery::DeliveryTerms { windows: DeliveryWindows::default(), ..way.terms.clone() };
    let way = Way { terms: &terms, ..way };
    let open = house.store.snapshot()?.delivery_lines(Some(&terms.id), true)?;
    let mut failed: Vec<FeedId> = Vec::new();
    for line in open.iter().filter(|line| terms.feeds.contains(&line.feed)) {
        if failed.contains(&line.feed) {
            continue;
        }
        let line = match line.state {
            DeliveryState::Stopped => resume(house, line)?,
            _ => Some(line.clone()),
        };
        let Some(line) = line else { continue };
        let Some(delivered) = deliver_one(house, way, &line)? else { continue };
        if delivered.outcome.is_err() {
            failed.push(line.feed.clone());
        }
        told.push(delivered);
    }
    Ok(())
}

fn give_up_one(
    session: &Session,
    workplace: &Workplace,
    house: House<'_>,
    id: &str,
    feed: &FeedId,
    sequence: Sequence,
) -> Result<Exit, Failure> {
    // What is on record counts, not what is declared: a destination may be gone from hub.toml with lines still open.
    let on_record = id.parse::<DestinationId>().ok();
    let given_up = on_record.map(|id| give_up(house, &id, feed, sequence)).transpose()?.flatten();
    if given_up.is_none() {
        let destination = declared(&workplace.config, id)?.terms.id.to_string();
        let feed = feed.to_string();
        return Err(HubError::NoOpenDelivery { destination, feed, sequence: sequence.0 }.into());
    }
    if let Some(daemon) = DaemonLink::find(&workplace.config) {
        // Later ones go on at once.
        daemon.wake();
    }
    session.console().say(
        format_args!("見送りました: {feed} 連番 {sequence} → {id}"),
        format_args!("Given up: {feed} sequence {sequence} to {id}"),
    );
    Ok(Exit::Ok)
}

fn report(session: &Session, told: &[Delivered], left: &[Left<'_>]) {
    let console = session.console();
    if console.is_json() {
        console.json(&told.iter().map(as_json).chain(left.iter().map(Left::as_json)).collect::<Vec<_>>());
        return;
    }
    for left in left {
        let (id, told, code) = (&left.destination.terms.id, left.told(), left.error.code());
        console.say(
            format_args!("引渡しできません: {id}: {told} [{code}]"),
            format_args!("Nothing could be delivered to {id}: {told} [{code}]"),
        );
    }
    if told.is_empty() && left.is_empty() {
        console.say("引き渡すものはありません。", "Nothing is to be delivered.");
    }
    for Delivered { line, outcome } in told {
        let DeliveryLine { feed, sequence, destination, .. } = line;
        match outcome {
            Ok(done) => console.say(
                format_args!(
                    "引き渡しました: {feed} 連番 {sequence} → {destination}（送信 {}、既にあったもの {}）",
                    done.n_files_sent, done.n_files_there
                ),
                format_args!(
                    "Delivered: {feed} sequence {sequence} to {destination} ({} sent, {} there already)",
                    done.n_files_sent, done.n_files_there
                ),
            ),
            Err(error) => {
                let (causes, code) = (error.told(), error.code());
                console.say(
                    format_args!(
                        "引渡しできません: {feed} 連番 {sequence} → {destination}: {causes} [{code}]"
                    ),
                    format_args!(
                        "Not delivered: {feed} sequence {sequence} to {destination}: {causes} [{code}]"
                    ),
                );
            }
        }
    }
}

fn as_json(delivered: &Delivered) -> Value {
    let Delivered { line, outcome } = delivered;
    json!({
        "destination": line.destination, "feed": line.feed, "sequence": line.sequence, "state": line.state,
        "files_sent": outcome.as_ref().map_or(0, |done| done.n_files_sent),
        "files_there": outcome.as_ref().map_or(0, |done| done.n_files_there),
        "bytes_sent": outcome.as_ref().map_or(0, |done| done.n_bytes_sent),
        "fault_code": outcome.as_ref().err().map(renkei_core::Fault::code),
        "detail": outcome.as_ref().err().map(DeliveryError::told),
    })
}
