//! Alerts: one for each condition while it stands, told once over each channel, whatever happens between.

use renkei_core::alert::{Alert, AlertKey, Channel, Delivery, Matter, News, Outcome};
use renkei_core::port::{DeliveryRecord, MessageState, Opened, Store};
use renkei_core::{Class, Moment};

use super::town::code;
use super::{Fixture, PATIENT};

const BOTH: [Channel; 2] = Channel::ALL;

fn at(seconds: i64) -> Moment {
    Moment::from_unix(1_790_872_200 + seconds).unwrap()
}

fn nightly(matter: Matter, seconds: i64) -> Alert {
    Alert::new(matter, at(seconds)).of_job(&"nightly".parse().unwrap()).of_date("2026-10-02".parse().unwrap())
}

fn failed(seconds: i64) -> Alert {
    let matter = Matter::RunFailed { fault_code: "store.full".into(), class: Class::Operator, n_attempts: 1 };
    nightly(matter, seconds)
}

fn open(store: &dyn Store, alert: &Alert) -> Opened {
    let mut transaction = store.begin().unwrap();
    let opened = transaction.open_alert(alert, &BOTH).unwrap();
    transaction.commit().unwrap();
    opened
}

fn clear(store: &dyn Store, key: &AlertKey, seconds: i64) -> bool {
    let mut transaction = store.begin().unwrap();
    let is_cleared = transaction.clear_alert(key, at(seconds)).unwrap();
    transaction.commit().unwrap();
    is_cleared
}

/// The news that wait for a channel.
fn waiting(store: &dyn Store, channel: Channel) -> Vec<News> {
    let messages = store.snapshot().unwrap().undelivered_alerts(channel).unwrap();
    messages.into_iter().map(|message| message.alert.news).collect()
}

fn numbers(store: &dyn Store, channel: Channel) -> Vec<u64> {
    let messages = store.snapshot().unwrap().undelivered_alerts(channel).unwrap();
    messages.into_iter().map(|message| message.message_no).collect()
}

fn deliver(store: &dyn Store, channel: Channel, message_nos: &[u64], outcome: Outcome, seconds: i64) {
    let delivery = Delivery { channel, outcome, duration_ms: 12 };
    let mut transaction = store.begin().unwrap();
    transaction.put_delivery(message_nos, &DeliveryRecord { at: at(seconds).to_string(), delivery }).unwrap();
    transaction.commit().unwrap();
}

pub(crate) fn a_condition_is_one_alert_while_it_stands<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    assert_eq!(open(&*store, &failed(0)), Opened::New);
    assert_eq!(open(&*store, &failed(60)), Opened::Known);
    assert_eq!(waiting(&*store, Channel::Mail), [News::Opened]);
    assert!(clear(&*store, &failed(0).key(), 120));
    assert!(!clear(&*store, &failed(0).key(), 180), "an all-clear is given once");
    assert_eq!(waiting(&*store, Channel::Command), [News::Opened, News::Cleared]);
    assert_eq!(open(&*store, &failed(240)), Opened::New, "it may come back");
    let store = fixture.open(PATIENT);
    let snapshot = store.snapshot().unwrap();
    let all = snapshot.alerts(false, 9).unwrap();
    let told: Vec<_> =
        all.iter().map(|alert| (alert.alert_no, alert.n_found, alert.cleared_at.clone())).collect();
    assert_eq!(told, [(2, 1, None), (1, 2, Some(at(120).to_string()))]);
    assert_eq!(all[0].alert, failed(240));
    assert_eq!(all[1].opened_at, at(0).to_string());
    assert_eq!(snapshot.alerts(true, 9).unwrap(), all[..1]);
    assert_eq!(snapshot.alerts(false, 1).unwrap(), all[..1]);
}

pub(crate) fn an_alert_that_grows_worse_is_told_again<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let near = nightly(Matter::DeadlineNear { deadline: at(3600), forecast: Some(at(4000)) }, 0);
    let passed = nightly(Matter::DeadlinePassed { deadline: at(3600) }, 3600);
    assert_eq!(open(&*store, &near), Opened::New);
    assert_eq!(open(&*store, &passed), Opened::Worsened);
    assert_eq!(open(&*store, &near), Opened::Known);
    assert!(clear(&*store, &near.key(), 4000));
    assert_eq!(waiting(&*store, Channel::Mail), [News::Opened, News::Worsened, News::Cleared]);
    let alert = store.snapshot().unwrap().alerts(false, 1).unwrap().remove(0);
    assert_eq!(alert.alert, passed);
}

pub(crate) fn an_all_clear_goes_where_the_alert_went<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    for (job, channels) in [("a", [Channel::Mail].as_slice()), ("b", &[])] {
        let alert = failed(0).of_job(&job.parse().unwrap());
        let mut transaction = store.begin().unwrap();
        transaction.open_alert(&alert, channels).unwrap();
        assert!(transaction.clear_alert(&alert.key(), at(60)).unwrap());
        transaction.commit().unwrap();
    }
    assert_eq!(waiting(&*store, Channel::Mail), [News::Opened, News::Cleared]);
    assert!(waiting(&*store, Channel::Command).is_empty());
    assert!(store.snapshot().unwrap().alerts(true, 9).unwrap().is_empty());
}

pub(crate) fn what_passes_by_itself_stands_never_open<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    for _ in 0..2 {
        assert_eq!(open(&*store, &Alert::new(Matter::Test, at(0))), Opened::New);
    }
    assert!(store.snapshot().unwrap().alerts(true, 9).unwrap().is_empty());
    assert_eq!(waiting(&*store, Channel::Mail).len(), 2);
}

pub(crate) fn a_message_waits_until_it_is_told_or_lost<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    open(&*store, &failed(0));
    let message = numbers(&*store, Channel::Mail);
    let words = || "451 later".to_owned();
    deliver(&*store, Channel::Mail, &message, Outcome::Refused { words: words(), is_final: false }, 10);
    deliver(&*store, Channel::Mail, &message, Outcome::Unreachable { words: words() }, 70);
    let waits = store.snapshot().unwrap().undelivered_alerts(Channel::Mail).unwrap();
    assert_eq!((waits[0].n_failed, waits[0].last_try), (2, Some(at(70))));
    assert!(store.snapshot().unwrap().alerts_sent_at(Channel::Mail, 9).unwrap().is_empty());
    deliver(&*store, Channel::Mail, &message, Outcome::Sent { words: words() }, 190);
    assert!(waiting(&*store, Channel::Mail).is_empty());
    assert_eq!(store.snapshot().unwrap().alerts_sent_at(Channel::Mail, 9).unwrap(), [at(190)]);
    let hooks = numbers(&*store, Channel::Command);
    assert_eq!(hooks.len(), 1, "the channels wait each by itself");
    deliver(&*store, Channel::Command, &hooks, Outcome::GivenUp, 200);
    assert!(waiting(&*store, Channel::Command).is_empty());
    let alert = store.snapshot().unwrap().alerts(false, 1).unwrap().remove(0);
    let states: Vec<_> = alert.messages.iter().map(|message| (message.channel, message.state)).collect();
    assert_eq!(states, [(Channel::Mail, MessageState::Told), (Channel::Command, MessageState::Lost)]);
}

pub(crate) fn every_outcome_reads_back<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    open(&*store, &failed(0));
    let message = numbers(&*store, Channel::Command);
    for (seconds, outcome) in [
        Outcome::Exited { exit_code: 3, words: "だめ\n".to_owned() },
        Outcome::TimedOut,
        Outcome::Unreachable { words: "no such file".to_owned() },
        Outcome::Refused { words: "550".to_owned(), is_final: true },
        Outcome::GivenUp,
        Outcome::Sent { words: "to[1]: 550".to_owned() },
    ]
    .into_iter()
    .enumerate()
    {
        let seconds = i64::try_from(seconds).unwrap();
        deliver(&*store, Channel::Command, &message, outcome.clone(), seconds);
        let alert = store.snapshot().unwrap().alerts(false, 1).unwrap().remove(0);
        let last = alert.messages[1].last.clone().unwrap();
        assert_eq!((last.at, last.delivery.outcome), (at(seconds).to_string(), outcome));
        assert_eq!(last.delivery.duration_ms, 12);
    }
    let sent = store.snapshot().unwrap().alerts_sent_at(Channel::Command, 9).unwrap();
    assert_eq!(sent, [at(5), at(0)], "a program that was started counts");
}

pub(crate) fn a_summary_tells_several_messages_and_counts_as_one<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    for _ in 0..3 {
        open(&*store, &Alert::new(Matter::Test, at(0)));
    }
    let messages = numbers(&*store, Channel::Mail);
    deliver(&*store, Channel::Mail, &messages[1..], Outcome::Sent { words: String::new() }, 60);
    assert_eq!(numbers(&*store, Channel::Mail), messages[..1]);
    assert_eq!(store.snapshot().unwrap().alerts_sent_at(Channel::Mail, 9).unwrap(), [at(60)]);
    let mut transaction = store.begin().unwrap();
    let delivery =
        Delivery { channel: Channel::Mail, outcome: Outcome::Sent { words: String::new() }, duration_ms: 0 };
    let unknown = transaction.put_delivery(&[999], &DeliveryRecord { at: at(0).to_string(), delivery });
    assert_eq!(code(unknown), "store.missing");
}
