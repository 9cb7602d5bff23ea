//! What is fetched from partners.

use renkei_core::port::PulledPlace;
use renkei_core::pull::{PullLine, PulledFile, Remembered, UnfinishedSince};
use renkei_core::{Class, DestinationId, Digest, FileName, Moment};

use super::{Fixture, PATIENT};

fn now() -> Moment {
    Moment::parse("2026-10-02T01:30:00+09:00").unwrap()
}

fn source(id: &str) -> DestinationId {
    id.parse().unwrap()
}

fn name(text: &str) -> FileName {
    text.parse().unwrap()
}

fn file(text: &str, changed_at: Option<u32>) -> PulledFile {
    PulledFile { name: name(text), n_bytes: 1 << 40, changed_at, sha256: Digest([7; 32]) }
}

pub(crate) fn what_came_is_remembered_by_source_folder_and_name<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let put = |id: &str, folder: &str, notice: &str, files: &[PulledFile], is_here: bool| {
        let mut tx = store.begin().unwrap();
        let place = PulledPlace { source: &source(id), folder, notice: &name(notice) };
        tx.put_pulled(place, files, is_here, now()).unwrap();
        tx.commit().unwrap();
    };
    let set = [file("a.csv", Some(u32::MAX)), file("a.done", None)];
    put("kokuho", "out", "a.done", &set, false);
    put("kokuho", "out", "a.done", &set, true);
    put("kokuho", "out", "b.done", &[file("b.done", Some(1))], false);
    put("nenkin", "out", "a.done", &[file("a.done", Some(2))], true);
    let snapshot = store.snapshot().unwrap();
    let here = |file: &PulledFile| Remembered {
        file: file.clone(),
        notice: name("a.done"),
        is_here: true,
        at: now(),
    };
    let of = snapshot.pulled_set(&source("kokuho"), "out", &name("a.done")).unwrap();
    assert_eq!(of, set.iter().map(here).collect::<Vec<_>>());
    let one =
        |id: &str, folder: &str, text: &str| snapshot.pulled_file(&source(id), folder, &name(text)).unwrap();
    assert_eq!(one("kokuho", "out", "a.done"), Some(here(&set[1])));
    assert_eq!(one("nenkin", "out", "a.done").map(|one| one.file.changed_at), Some(Some(2)));
    assert_eq!(one("kokuho", "out", "b.done").map(|one| one.is_here), Some(false));
    assert_eq!(one("kokuho", "elsewhere", "a.done"), None);
}

pub(crate) fn a_set_is_forgotten_by_source_and_notice<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut tx = store.begin().unwrap();
    for (id, folder, notice) in [
        ("kokuho", "out", "a.done"),
        ("kokuho", "out2", "a.done"),
        ("kokuho", "out", "b.done"),
        ("nenkin", "out", "a.done"),
    ] {
        let place = PulledPlace { source: &source(id), folder, notice: &name(notice) };
        let data = notice.replace("done", "csv");
        tx.put_pulled(place, &[file(&data, None), file(notice, None)], true, now()).unwrap();
    }
    assert_eq!(tx.forget_pulled(&source("kokuho"), &name("c.done")).unwrap(), 0);
    assert_eq!(tx.forget_pulled(&source("kokuho"), &name("a.done")).unwrap(), 4);
    assert_eq!(tx.forget_pulled(&source("kokuho"), &name("a.done")).unwrap(), 0);
    tx.commit().unwrap();
    let snapshot = store.snapshot().unwrap();
    let left = |id: &str, folder: &str, notice: &str| {
        snapshot.pulled_set(&source(id), folder, &name(notice)).unwrap().len()
    };
    assert_eq!(left("kokuho", "out", "a.done") + left("kokuho", "out2", "a.done"), 0);
    assert_eq!((left("kokuho", "out", "b.done"), left("nenkin", "out", "a.done")), (2, 2));
}

pub(crate) fn a_source_stands_as_it_was_left<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let kokuho = source("kokuho");
    assert_eq!(store.snapshot().unwrap().pull_line(&kokuho).unwrap(), None);
    let failing = PullLine {
        looked_at: Some(now()),
        pulled_at: Some(now()),
        n_sets: 3,
        n_unfinished: 1,
        unfinished: vec![UnfinishedSince { from: "out".to_owned(), notice: name("a.done"), since: now() }],
        n_tries: 2,
        next_at: Some(now()),
        fault_code: Some("delivery.cut-off".to_owned()),
        fault_class: Some(Class::Retry),
        failing_since: Some(now()),
        detail: Some("the connection was lost".to_owned()),
        ..PullLine::new(&kokuho)
    };
    for line in [PullLine::new(&kokuho), failing] {
        let mut tx = store.begin().unwrap();
        tx.put_pull_line(&line).unwrap();
        tx.commit().unwrap();
        assert_eq!(store.snapshot().unwrap().pull_line(&kokuho).unwrap(), Some(line));
    }
}
