//! Everything the registry takes in, in the layouts that are shipped: each right sample of `fixtures/inbound` through
//! an intake as the template declares it.

use std::path::{Path, PathBuf};

use crate::partner::{Set, answers_in, look};
use crate::sandbox::Sandbox;

/// A layout and who hands it in.
struct Inbound {
    layout: &'static str,
    from: &'static str,
    intake: &'static str,
}

/// Those whose rows go into a table; 介護 (023z001) among them. Transfer cases and moves have tests of their own.
const TABLES: [Inbound; 6] = [
    Inbound { layout: "003z001-1.0", from: "003", intake: "koseki" },
    Inbound { layout: "023z001-1.0", from: "023", intake: "kaigo" },
    Inbound { layout: "024z001-1.0", from: "024", intake: "kokuho" },
    Inbound { layout: "025z001-1.0", from: "025", intake: "koki" },
    Inbound { layout: "026z001-1.0", from: "026", intake: "nenkin" },
    Inbound { layout: "027z001-1.0", from: "027", intake: "jido" },
];

fn fixtures(layout: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inbound").join(layout)
}

/// A hub with all the intakes that the template has as comments, declared.
fn hub() -> Sandbox {
    let sandbox = crate::partner::hub();
    let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let mut is_intake = false;
    let uncommented = text.lines().map(|line| {
        is_intake = line == "# [[intake]]" || is_intake && line.starts_with("# ");
        let has_value = line.contains(" = ") || line.ends_with("]]");
        if is_intake && has_value { line.trim_start_matches("# ") } else { line }
    });
    let text = uncommented.collect::<Vec<_>>().join("\n") + "\n";
    let text = text.replace("rows = \"park\"", "rows = \"refuse\"");
    std::fs::write(sandbox.path("hub/hub.toml"), text).unwrap();
    sandbox.run(&["check"]).expect(0);
    look(&sandbox).expect(0);
    sandbox
}

/// What is held in a table, as its rows.
fn held(sandbox: &Sandbox, table: &str) -> Vec<Vec<String>> {
    let database = rusqlite::Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
    let mut rows = database.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY rowid")).unwrap();
    let n_columns = rows.column_count();
    let read = |row: &rusqlite::Row<'_>| {
        let values = (0..n_columns).map(|column| row.get::<_, Option<String>>(column).unwrap());
        Ok(values.map(Option::unwrap_or_default).collect())
    };
    rows.query_map([], read).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_right_sample_is_taken_in_by_the_intake_of_the_template_and_every_wrong_one_is_not() {
    let sandbox = hub();
    for Inbound { layout, from, intake } in TABLES {
        let (interface, version) = layout.split_once('-').unwrap();
        let inbox: &'static str = format!("hub/share/{from}/inbox/{interface}-00").leak();
        let set = |sequence, text: &str| Set::of_file(inbox, interface, sequence, text);
        let text = std::fs::read_to_string(fixtures(layout).join("ok.csv")).unwrap();
        // Rows marked as removed come in a diff only.
        let whole = set(2, &text);
        let is_marked = |row: &&String| whole.header.ends_with("削除フラグ") && row.ends_with(",1");
        let (marked, there): (Vec<&String>, Vec<&String>) = whole.rows.iter().partition(is_marked);
        let there: Vec<String> = there.into_iter().cloned().collect();
        let n_rows = there.len();
        Set { rows: there.clone(), ..set(1, &text) }.hand_in(&sandbox);
        look(&sandbox).expect(0).says(&format!("added {n_rows},"));
        if !marked.is_empty() {
            Set { kind: "diff", base: Some(1), ..set(2, &text) }.hand_in(&sandbox);
            look(&sandbox).expect(0).says(&format!("unchanged {n_rows},"));
        }
        let answers = answers_in(&sandbox, &format!("hub/share/{from}/answer"));
        assert!(answers.iter().all(|answer| answer.ends_with(" taken")), "{layout}: {answers:?}");
        let table = format!("{intake}_v{}", version.replace('.', "_"));
        let held_now = held(&sandbox, &table);
        let mut fields: Vec<Vec<String>> =
            there.iter().map(|row| row.split(',').map(str::to_owned).collect()).collect();
        let mut found = held_now.clone();
        fields.sort();
        found.sort();
        assert_eq!(found, fields, "{layout}");
        for name in ["bad-fields.csv", "bad-rules.csv"] {
            let Ok(text) = std::fs::read_to_string(fixtures(layout).join(name)) else { continue };
            set(3, &text).hand_in(&sandbox);
            look(&sandbox).expect(11).says("wrong-rows");
            assert_eq!(held(&sandbox, &table), held_now, "{layout} {name}");
        }
    }
}
