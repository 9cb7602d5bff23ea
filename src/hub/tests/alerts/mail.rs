//! Mail: what arrives, and what is said when it does not.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use renkei_core::alert::{Channel, Outcome};
use serde_json::{Value, json};

use crate::hub::{Hub, at, failed};
use crate::sink::{Certificates, Sink};

fn mail_to(port: u16, security: &str, more: &str) -> Hub {
    Hub::new(&format!(
        "[alert.mail]\nserver = \"127.0.0.1\"\nport = {port}\nsecurity = \"{security}\"\ntimeout = \"20s\"\n\
         from = \"連携ハブ <renkei@example.lg.jp>\"\nto = [\"情報システム課 <joho@example.lg.jp>\", \
         \"night@example.lg.jp\"]\n{more}\n"
    ))
}

fn send(hub: &Hub) -> Outcome {
    let deliveries = hub.sender().send(&failed("nightly"), at(0));
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].channel, Channel::Mail);
    deliveries.into_iter().next().unwrap().outcome
}

fn sent() -> Outcome {
    Outcome::Sent { words: String::new() }
}

#[test]
fn a_japanese_mail_arrives_readable() {
    let mut sink = Sink::start(&json!({}));
    assert_eq!(send(&mail_to(sink.port, "none", "")), sent());
    let mail = sink.next();
    assert_eq!(mail["subject"], "[連携 つくば市] 障害: nightly の実行が障害で終わりました（store.full）");
    let body = mail["body"].as_str().unwrap();
    for text in
        ["業務日: 2026-10-02\n", "実行: 01k6h0zq7\n", "`renkei explain store.full`", "082201 つくば市\n"]
    {
        assert!(body.contains(text), "{body}");
    }
    assert_eq!(mail["from"], "連携ハブ <renkei@example.lg.jp>");
    assert_eq!(mail["to"], "情報システム課 <joho@example.lg.jp>, night@example.lg.jp");
    assert_eq!(mail["envelope_to"], json!(["joho@example.lg.jp", "night@example.lg.jp"]));
    assert_eq!(mail["date"], "Thu, 01 Oct 2026 16:30:00 +0000");
    assert_eq!((&mail["type"], &mail["automatic"]), (&json!("text/plain"), &json!("auto-generated")));
    assert!(mail["message_id"].as_str().unwrap().ends_with("@example.lg.jp>"), "{}", mail["message_id"]);
    assert_eq!((&mail["raw_is_ascii"], &mail["lines_are_short"]), (&json!(true), &json!(true)));
}

#[test]
fn the_same_alert_has_the_same_message_id() {
    let mut sink = Sink::start(&json!({}));
    let hub = mail_to(sink.port, "none", "");
    send(&hub);
    send(&hub);
    let first = sink.next()["message_id"].clone();
    assert_eq!(first, sink.next()["message_id"]);
    hub.sender().send(&failed("hourly"), at(0));
    assert_ne!(first, sink.next()["message_id"]);
}

#[test]
fn both_kinds_of_tls_check_the_server_against_the_own_authority() {
    let certificates = Certificates::new();
    let other = Certificates::new();
    for security in ["starttls", "tls"] {
        let mut sink = Sink::start(&certificates.settings(security));
        let with_ca =
            |ca: &Certificates| mail_to(sink.port, security, &format!("ca_file = \"{}\"", ca.ca().display()));
        assert_eq!(send(&with_ca(&certificates)), sent(), "{security}");
        // Neither another authority nor the system's vouch for it.
        for hub in [with_ca(&other), mail_to(sink.port, security, "")] {
            let outcome = send(&hub);
            assert!(matches!(outcome, Outcome::Unreachable { .. }), "{security}: {outcome:?}");
        }
        assert_eq!(sink.next()["tls"], true);
    }
}

#[test]
fn without_the_servers_offer_of_tls_no_mail_goes() {
    let certificates = Certificates::new();
    let sink = Sink::start(&json!({}));
    let hub = mail_to(sink.port, "starttls", &format!("ca_file = \"{}\"", certificates.ca().display()));
    let outcome = send(&hub);
    assert!(matches!(&outcome, Outcome::Unreachable { words } if words.contains("STARTTLS")), "{outcome:?}");
}

#[test]
fn a_login_is_taken_and_a_wrong_one_is_tried_again_later() {
    let certificates = Certificates::new();
    let mut settings = certificates.settings("starttls");
    settings["auth"] = json!(["renkei", "秘密 1"]);
    let mut sink = Sink::start(&settings);
    let login = format!(
        "ca_file = \"{}\"\nuser = \"renkei\"\npassword_file = \"secrets/mail.password\"",
        certificates.ca().display()
    );
    let hub = mail_to(sink.port, "starttls", &login);
    let write = |password: &str| {
        let path = hub.path("secrets/mail.password");
        fs::write(&path, password).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    write("秘密 1\n");
    assert_eq!(send(&hub), sent());
    assert_eq!(sink.next()["user"], "renkei");
    write("秘密 2\n");
    let outcome = send(&hub);
    let Outcome::Refused { words, is_final: false } = &outcome else { panic!("{outcome:?}") };
    assert!(words.contains("535") && !words.contains("秘密"), "{words}");
    // Without the login, the server refuses the mail itself.
    let bare = mail_to(sink.port, "starttls", &format!("ca_file = \"{}\"", certificates.ca().display()));
    assert!(matches!(send(&bare), Outcome::Refused { is_final: true, .. }));
}

#[test]
fn a_refused_recipient_does_not_keep_the_mail_from_the_others() {
    let mut sink = Sink::start(&json!({
        "refuse": { "joho@example.lg.jp": "550 5.1.1 <joho@example.lg.jp> unknown" }
    }));
    let outcome = send(&mail_to(sink.port, "none", ""));
    let Outcome::Sent { words } = &outcome else { panic!("{outcome:?}") };
    assert!(words.starts_with("to[0]: ") && words.contains("550") && !words.contains('@'), "{words}");
    assert_eq!(sink.next()["envelope_to"], json!(["night@example.lg.jp"]));
}

#[test]
fn refusals_are_for_now_or_for_good() {
    let check = |settings: &Value, is_final: bool, code: &str| {
        let sink = Sink::start(settings);
        match send(&mail_to(sink.port, "none", "")) {
            Outcome::Refused { words, is_final: found } => {
                assert_eq!(found, is_final, "{words}");
                assert!(words.contains(code) && !words.contains('@'), "{words}");
            }
            other => panic!("{settings}: {other:?}"),
        }
    };
    check(&json!({ "answer": "451 4.3.0 later, joho@example.lg.jp" }), false, "451");
    check(&json!({ "answer": "554 5.7.1 no" }), true, "554");
    let both = |one: &str, other: &str| json!({ "refuse": { "joho@example.lg.jp": one, "night@example.lg.jp": other } });
    check(&both("550 no", "550 no"), true, "to[1]");
    check(&both("550 no", "450 later"), false, "450");
}

#[test]
fn a_server_that_is_down_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outcome = send(&mail_to(port, "none", ""));
    assert!(matches!(&outcome, Outcome::Unreachable { words } if words.contains("refused")), "{outcome:?}");
    let hub = mail_to(25, "none", "");
    let outcome = {
        let path = hub.path("hub.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"127.0.0.1\"", "\"nowhere.invalid\"")).unwrap();
        send(&hub)
    };
    assert!(matches!(outcome, Outcome::Unreachable { .. }), "{outcome:?}");
}

#[test]
fn a_server_that_hangs_takes_no_more_than_the_time_limit() {
    for (settings, security) in [
        (json!({ "hang": "greeting" }), "none"),
        (json!({ "hang": "greeting" }), "tls"),
        (json!({ "hang": "data" }), "none"),
    ] {
        let sink = Sink::start(&settings);
        let hub = mail_to(sink.port, security, "");
        let path = hub.path("hub.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"20s\"", "\"1s\"")).unwrap();
        let started = Instant::now();
        assert_eq!(send(&hub), Outcome::TimedOut, "{settings} {security}");
        assert!(started.elapsed() < Duration::from_secs(10), "{settings} {security}");
    }
}
