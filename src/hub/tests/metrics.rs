//! Figures as a scraper reads them: with curl, and through the parser of Prometheus' own Python client.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may end so")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use renkei_core::port::RunState;
use renkei_core::{Moment, Sequence};
use renkei_hub::HubError;
use renkei_hub::config::Config;
use renkei_hub::init::{NewHub, init};
use renkei_hub::metrics::{figures, record, start};
use serde_json::Value;

/// Reads an exposition from standard input and tells what Prometheus' client understood; fails on what it does not.
const PARSE: &str = r"
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([
    {'name': s.name, 'type': f.type, 'help': f.documentation, 'labels': s.labels, 'value': s.value}
    for f in text_string_to_metric_families(sys.stdin.read()) for s in f.samples
]))
";

fn config(listen: &str) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    let hub = NewHub {
        municipality: "082201".parse().unwrap(),
        name: "つくば市".to_owned(),
        keeps_existing: false,
    };
    init(folder.path(), &hub).unwrap();
    let path = folder.path().join("hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[metrics]\nlisten = \"{listen}\"\n")).unwrap();
    let config = Config::load(folder.path()).unwrap();
    (folder, config)
}

fn curl(address: SocketAddr, args: &[&str]) -> (String, String) {
    let (path, options) = args.split_last().unwrap();
    let output = Command::new("curl")
        .args(["-sS", "-m", "20", "--noproxy", "*", "-w", "\n%{http_code} %{content_type}"])
        .args(options)
        .arg(format!("http://{address}{path}"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (body.to_owned(), status.to_owned())
}

fn parse(text: &str) -> Vec<Value> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python3");
    assert!(python.exists(), "run scripts/setup test");
    let mut child = Command::new(python)
        .args(["-c", PARSE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "no exposition:\n{text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn value(samples: &[Value], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let has = |sample: &Value| {
        sample["name"] == name && labels.iter().all(|(label, value)| sample["labels"][label] == *value)
    };
    samples.iter().find(|sample| has(sample)).and_then(|sample| sample["value"].as_f64())
}

/// One test: the figures are the process's.
#[test]
fn figures_are_read_as_they_were_set() {
    let (_folder, config) = config("127.0.0.1:0");
    let server = start(&config).unwrap().unwrap();
    let (job, feed) = ("nightly".parse().unwrap(), "001o005-v1.1".parse().unwrap());
    let at = Moment::from_unix(1_790_872_200).unwrap();
    record::run_ended(&job, RunState::Succeeded, Duration::from_secs(70));
    record::run_ended(&job, RunState::Succeeded, Duration::from_secs(7));
    record::run_ended(&job, RunState::Failed, Duration::from_secs(2));
    record::slots_waiting(3);
    record::queue_length(2);
    record::alerts_open(1);
    record::disk_free("root", 123_456_789_012);
    record::scheduler_ticked(at);
    record::feed_published(&feed, Sequence(12), 2_500_000, at);
    let (text, status) = curl(server.address(), &["/metrics"]);
    assert_eq!(status, "200 text/plain; version=0.0.4; charset=utf-8");
    let samples = parse(&text);
    let check = |name: &str, labels: &[(&str, &str)], expected: f64| {
        assert_eq!(value(&samples, name, labels), Some(expected), "{name} in\n{text}");
    };
    check("renkei_runs_total", &[("job", "nightly"), ("state", "succeeded")], 2.0);
    check("renkei_runs_total", &[("job", "nightly"), ("state", "failed")], 1.0);
    check("renkei_run_duration_seconds_count", &[("job", "nightly")], 3.0);
    check("renkei_run_duration_seconds_sum", &[("job", "nightly")], 79.0);
    check("renkei_run_duration_seconds_bucket", &[("job", "nightly"), ("le", "60")], 2.0);
    check("renkei_slots_waiting", &[], 3.0);
    check("renkei_queue_length", &[], 2.0);
    check("renkei_alerts_open", &[], 1.0);
    check("renkei_disk_free_bytes", &[("volume", "root")], 123_456_789_012.0);
    check("renkei_scheduler_last_tick_timestamp_seconds", &[], 1_790_872_200.0);
    check("renkei_feed_sequence", &[("feed", "001o005-v1.1")], 12.0);
    check("renkei_feed_rows", &[("feed", "001o005-v1.1")], 2_500_000.0);
    check("renkei_feed_last_published_timestamp_seconds", &[("feed", "001o005-v1.1")], 1_790_872_200.0);
    check("renkei_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);

    // What is told is what is documented, and all of it.
    for figure in figures() {
        let own = |sample: &&Value| sample["name"].as_str().unwrap().starts_with(figure.name);
        let own: Vec<&Value> = samples.iter().filter(own).collect();
        assert!(!own.is_empty(), "{}", figure.name);
        for sample in own {
            assert_eq!(sample["type"], figure.kind.as_str(), "{sample}");
            assert!(!sample["help"].as_str().unwrap().is_empty());
            let labels: Vec<&String> = sample["labels"].as_object().unwrap().keys().collect();
            let unknown =
                labels.iter().find(|label| **label != "le" && !figure.labels.contains(&label.as_str()));
            assert_eq!(unknown, None, "{sample}");
        }
    }
    let is_known = |sample: &Value| {
        figures().iter().any(|figure| sample["name"].as_str().unwrap().starts_with(figure.name))
    };
    assert_eq!(samples.iter().find(|sample| !is_known(sample)), None);

    other_requests(server.address());
    // A second port on the same address is refused; after the first is closed it opens, with the same figures.
    let mut again = config;
    again.metrics.as_mut().unwrap().listen = server.address();
    assert!(matches!(start(&again), Err(HubError::MetricsPort { .. })));
    drop(server);
    let server = start(&again).unwrap().unwrap();
    let (text, _) = curl(server.address(), &["/metrics"]);
    assert_eq!(value(&parse(&text), "renkei_queue_length", &[]), Some(2.0));
}

fn other_requests(address: SocketAddr) {
    assert!(curl(address, &["/"]).1.starts_with("404 "));
    assert!(curl(address, &["--path-as-is", "/../../etc/passwd"]).1.starts_with("404 "));
    assert!(curl(address, &["-X", "POST", "-d", "x=1", "/metrics"]).1.starts_with("405 "));
    assert!(curl(address, &["-I", "/metrics"]).1.starts_with("200 "));
    // Readers that say nothing, or nonsense, hold nobody up.
    let silent: Vec<TcpStream> = (0..4).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut wild = TcpStream::connect(address).unwrap();
    wild.write_all(b"\x16\x03\x01\x02\x00nonsense\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    wild.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    wild.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    assert!(curl(address, &["/metrics"]).1.starts_with("200 "));
    drop(silent);
}
