//! The outbox: what was opened is told, once, however often one looks and whatever fails between.

use std::cell::Cell;
use std::fs;

use renkei_core::alert::{Alert, Channel, Matter};
use renkei_core::port::{MessageState, Store as _};
use renkei_hub::alert::deliver_waiting;
use renkei_store::SqliteStore;
use serde_json::json;

use crate::hub::{Hub, at, failed};
use crate::sink::Sink;

fn mail(port: u16, per_hour: u32) -> String {
    format!(
        "[alert]\nper_hour = {per_hour}\n[alert.mail]\nserver = \"127.0.0.1\"\nport = {port}\nsecurity = \
         \"none\"\nfrom = \"renkei@example.lg.jp\"\nto = [\"joho@example.lg.jp\"]\n"
    )
}

fn open(store: &SqliteStore, alert: &Alert) {
    let mut transaction = store.begin().unwrap();
    transaction.open_alert(alert, &[Channel::Mail]).unwrap();
    transaction.commit().unwrap();
}

fn states(store: &SqliteStore) -> Vec<MessageState> {
    let alerts = store.snapshot().unwrap().alerts(false, 99).unwrap();
    alerts.iter().flat_map(|alert| alert.messages.iter().map(|message| message.state)).collect()
}

#[test]
fn what_waits_is_told_once() {
    let mut sink = Sink::start(&json!({}));
    let hub = Hub::new(&mail(sink.port, 20));
    let (store, sender) = (hub.store(), hub.sender());
    open(&store, &failed("nightly"));
    open(&store, &failed("nightly"));
    let mut transaction = store.begin().unwrap();
    assert!(transaction.clear_alert(&failed("nightly").key(), at(60)).unwrap());
    transaction.commit().unwrap();
    let delivered = deliver_waiting(&store, &sender, &|| at(90)).unwrap();
    assert_eq!((delivered.n_told, delivered.n_waiting, delivered.look_again), (2, 0, None));
    assert_eq!(deliver_waiting(&store, &sender, &|| at(91)).unwrap().n_told, 0);
    let subjects = [sink.next(), sink.next()].map(|mail| mail["subject"].as_str().unwrap().to_owned());
    assert!(subjects[0].contains("障害:") && subjects[1].contains("解消:"), "{subjects:?}");
}

#[test]
fn a_server_that_comes_back_is_told_later() {
    let mut sink = Sink::start(&json!({}));
    let hub = Hub::new(&mail(1, 20));
    let store = hub.store();
    for job in ["one", "two", "three"] {
        open(&store, &failed(job));
    }
    let delivered = deliver_waiting(&store, &hub.sender(), &|| at(0)).unwrap();
    assert_eq!((delivered.n_told, delivered.n_waiting, delivered.n_lost), (0, 3, 0));
    assert_eq!(delivered.look_again, Some(at(60)));
    let path = hub.path("hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("port = 1\n", &format!("port = {}\n", sink.port))).unwrap();
    let delivered = deliver_waiting(&store, &hub.sender(), &|| at(60)).unwrap();
    assert_eq!((delivered.n_told, delivered.n_waiting), (3, 0));
    for job in ["one", "two", "three"] {
        let mail = sink.next();
        assert!(mail["subject"].as_str().unwrap().contains(job), "{mail}");
    }
}

#[test]
fn a_message_is_given_up_after_a_day_and_shows_so() {
    let hub = Hub::new(&mail(1, 20));
    let (store, sender) = (hub.store(), hub.sender());
    open(&store, &failed("nightly"));
    let clock = Cell::new(at(0));
    let mut n_rounds = 0;
    let delivered = loop {
        let delivered = deliver_waiting(&store, &sender, &|| clock.get()).unwrap();
        let Some(next) = delivered.look_again else { break delivered };
        clock.set(next);
        n_rounds += 1;
        assert!(n_rounds < 100);
    };
    assert_eq!((delivered.n_lost, states(&store)), (1, vec![MessageState::Lost]));
    assert!(n_rounds > 40);
}

#[test]
fn beyond_the_limit_one_summary_tells_the_rest() {
    let mut sink = Sink::start(&json!({}));
    let hub = Hub::new(&mail(sink.port, 3));
    let (store, sender) = (hub.store(), hub.sender());
    open(&store, &failed("a"));
    assert_eq!(deliver_waiting(&store, &sender, &|| at(0)).unwrap().n_told, 1);
    for job in ["b", "c", "d", "e"] {
        open(&store, &failed(job));
    }
    assert_eq!(deliver_waiting(&store, &sender, &|| at(60)).unwrap().n_told, 4);
    for job in ["f", "g"] {
        open(&store, &failed(job));
        let delivered = deliver_waiting(&store, &sender, &|| at(600)).unwrap();
        assert_eq!((delivered.n_told, delivered.look_again), (0, Some(at(3600))));
    }
    assert_eq!(deliver_waiting(&store, &sender, &|| at(3600)).unwrap().n_told, 2);
    assert_eq!(states(&store), [MessageState::Told; 7]);
    let mails: Vec<_> = (0..4).map(|_| sink.next()).collect();
    let counted = |mail: &serde_json::Value| mail["body"].as_str().unwrap().matches("store.full）").count();
    assert!(mails[2]["subject"].as_str().unwrap().contains("3 件"), "{}", mails[2]);
    assert!(mails[3]["subject"].as_str().unwrap().contains("2 件"), "{}", mails[3]);
    assert_eq!((counted(&mails[2]), counted(&mails[3])), (3, 2));
}

#[test]
fn a_refusal_for_good_is_not_repeated() {
    let sink = Sink::start(&json!({ "answer": "554 no" }));
    let hub = Hub::new(&mail(sink.port, 20));
    let (store, sender) = (hub.store(), hub.sender());
    open(&store, &Alert::new(Matter::Test, at(0)));
    let delivered = deliver_waiting(&store, &sender, &|| at(0)).unwrap();
    assert_eq!((delivered.n_lost, delivered.look_again), (1, None));
    assert_eq!(states(&store), [MessageState::Lost]);
}
