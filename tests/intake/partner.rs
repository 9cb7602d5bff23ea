//! A partner: writes data files and notices by hand, as another vendor's system would, and proves no state.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, files};

/// The inbox of 介護保険.
pub(crate) const INBOX: &str = "hub/share/023/inbox/023z001-00";
/// Where it finds answers.
pub(crate) const ANSWER: &str = "hub/share/023/answer";

/// The header of 023z001 in Japanese.
const HEADER: &str = "市区町村コード,識別ID,タイムスタンプ,連番,被保険者番号,宛名番号,資格取得日,資格喪失日,受給認定年月日,\
                      受給認定取消年月日,資格区分,受給者区分,住所地特例者区分,要介護状態区分,認定有効開始日,\
                      認定有効終了日,更新日時,削除フラグ";

/// One row of 023z001.
pub(crate) fn row(number: u32, level: &str, removed: &str) -> String {
    format!(
        "082201,DA01,20261001020000,{number:07},{number:010},000000000000002,20200401,00000000,20250601,00000000,1,1,0,\
         {level},20250601,20270531,20260930173000,{removed}"
    )
}

/// A set of files.
pub(crate) struct Set {
    pub(crate) inbox: &'static str,
    pub(crate) header: String,
    pub(crate) interface: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) sequence: u32,
    pub(crate) base: Option<u32>,
    pub(crate) rows: Vec<String>,
}

impl Set {
    /// A full of 介護保険.
    pub(crate) fn full(sequence: u32, rows: Vec<String>) -> Self {
        let (header, interface) = (HEADER.to_owned(), "023z001");
        Self { inbox: INBOX, header, interface, kind: "full", sequence, base: None, rows }
    }

    /// A diff of 介護保険 on the set before it.
    pub(crate) fn diff(sequence: u32, rows: Vec<String>) -> Self {
        Self { kind: "diff", base: Some(sequence - 1), ..Self::full(sequence, rows) }
    }

    /// A full of a file's header and rows, all fields of which are quoted.
    pub(crate) fn of_file(inbox: &'static str, interface: &'static str, sequence: u32, text: &str) -> Self {
        let bare = |line: &str| line[1..line.len() - 1].replace("\",\"", ",");
        let mut lines = text.trim_start_matches('\u{feff}').lines().map(bare);
        let header = lines.next().unwrap();
        Self { inbox, header, interface, ..Self::full(sequence, lines.collect()) }
    }

    /// The stem of its files.
    pub(crate) fn stem(&self) -> String {
        format!("082201_{}-00_{}_{:04}", self.interface, self.kind, self.sequence)
    }

    /// The data file's bytes.
    pub(crate) fn data(&self) -> String {
        let lines = std::iter::once(&self.header).chain(&self.rows);
        let quoted = lines.map(|line| format!("\"{}\"", line.replace(',', "\",\"")));
        quoted.collect::<Vec<_>>().join("\r\n") + "\r\n"
    }

    /// The notice.
    pub(crate) fn notice(&self) -> Value {
        let data = self.data();
        json!({
            "format": 1, "municipality": "082201", "interface": self.interface, "branch": "00", "version": "1.0",
            "feed": self.interface, "kind": self.kind, "sequence": self.sequence, "base_sequence": self.base,
            "commits": { "after": 0, "through": 0 }, "as_of": null, "business_date": "2026-10-01",
            "created_at": "2026-10-02T01:00:00+09:00",
            "file_format": { "encoding": "utf-8", "newline": "crlf", "quote": "always", "header": "ja" },
            "n_columns": self.header.split(',').count(),
            "files": [{
                "name": format!("{}.csv", self.stem()), "n_rows": self.rows.len(), "n_bytes": data.len(),
                "sha256": files::sha256(data.as_bytes()), "is_last": true,
            }],
            "n_rows": self.rows.len(), "changes": null, "state_before": null, "state_after": null,
            "made_by": "a field that the hub does not know",
        })
    }

    /// Puts it into the inbox: the data, then the notice as changed.
    pub(crate) fn hand_in_with(&self, sandbox: &Sandbox, change: impl FnOnce(&mut Value)) {
        let mut notice = self.notice();
        change(&mut notice);
        sandbox.write(&format!("{}/{}.csv", self.inbox, self.stem()), &self.data());
        sandbox.write(&format!("{}/{}.done", self.inbox, self.stem()), &notice.to_string());
    }

    /// Puts it into the inbox.
    pub(crate) fn hand_in(&self, sandbox: &Sandbox) {
        self.hand_in_with(sandbox, |_| ());
    }
}

/// A hub without residents.
pub(crate) fn hub() -> Sandbox {
    Sandbox::new().init()
}

/// What is held of 023z001: number and care level of each row.
pub(crate) fn held(sandbox: &Sandbox) -> BTreeSet<(String, String)> {
    let database = rusqlite::Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
    let Ok(mut rows) = database.prepare("SELECT hihokensha_no, yokaigo_jotai_kbn FROM kaigo_v1_0") else {
        return BTreeSet::new();
    };
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// The rows that are to be held.
pub(crate) fn rows(expected: &[(u32, &str)]) -> BTreeSet<(String, String)> {
    expected.iter().map(|(number, level)| (format!("{number:010}"), (*level).to_owned())).collect()
}

/// The outcomes of all receipts in the sender's answer folder.
pub(crate) fn answers(sandbox: &Sandbox) -> Vec<String> {
    answers_in(sandbox, ANSWER)
}

/// The outcomes of all receipts in an answer folder.
pub(crate) fn answers_in(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let folder = sandbox.path(folder);
    let receipts = files::names(&folder).into_iter().filter(|name| name.ends_with(".receipt.json"));
    receipts
        .map(|name| {
            let receipt: Value = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
            assert_eq!(receipt["receiver"], "001");
            format!("{} {}", receipt["sequence"], receipt["outcome"].as_str().unwrap())
        })
        .collect()
}

/// The places in quarantine.
pub(crate) fn quarantine(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sandbox.path("hub/share/.quarantine")).unwrap();
    let mut places: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    places.sort();
    places
}

/// The audit's lines on sets, without the times.
pub(crate) fn audited(sandbox: &Sandbox) -> Vec<String> {
    let lines = sandbox.audit().into_iter().filter(|line| line.action.starts_with("intake "));
    lines.map(|line| format!("{}: {}", line.action, line.result)).collect()
}

/// One round by command.
pub(crate) fn look(sandbox: &Sandbox) -> crate::sandbox::Outcome {
    sandbox.run(&["intake", "look"])
}
