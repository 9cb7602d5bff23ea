//! A character the receiver's set lacks stops the row, or goes through the named degrade map and is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use encoding_rs::SHIFT_JIS;

use crate::sandbox::files::{data_files, notice};
use crate::sandbox::moves::{fields, renaming};
use crate::sandbox::{CP932, Sandbox};

/// A feed that is the CP932 feed in everything but the encoding.
const SAME_IN_UTF8: &str = "
[[feed]]
id = \"001o006-utf8\"
layout = \"001o006-1.1\"
receivers = [\"010\"]
encoding = \"utf-8\"
";

/// Fields by row key and column id.
type Fields = BTreeMap<(String, String), String>;

fn read(notice_path: &Path, decode: fn(&[u8]) -> String) -> Fields {
    let text = decode(&fs::read(&data_files(notice_path)[0]).unwrap());
    let mut lines = text.lines();
    let header = fields(lines.next().unwrap());
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    let key = [place("宛名番号"), place("個人履歴番号"), place("個人履歴番号_枝番号")];
    let mut all = Fields::new();
    for row in lines.map(fields) {
        let row_key = key.map(|place| row[place].clone()).join("-");
        for (column, field) in header.iter().zip(row) {
            all.insert((row_key.clone(), column.clone()), field);
        }
    }
    all
}

fn cp932(bytes: &[u8]) -> String {
    // An independent decoder; it knows everything that CP932 has.
    let (text, had_errors) = SHIFT_JIS.decode_without_bom_handling(bytes);
    assert!(!had_errors);
    text.into_owned()
}

#[test]
fn no_character_lost_in_silence() {
    let sandbox = Sandbox::loaded(60, 24);
    let toml = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    sandbox.write("hub/hub.toml", &(toml + SAME_IN_UTF8));
    let names = ["𠮟田　太郎", "鷗外　花子", "髙﨑　次郎", "葛\u{e0100}城　三郎", "剝山　四郎", "普通　五郎"];
    let residents = sandbox.japanese();
    let moves: Vec<(&str, &str)> = residents.iter().map(String::as_str).skip(6).zip(names).collect();
    sandbox.write("renaming.csv", &renaming(&moves));
    sandbox.run(&["apply", "renaming.csv"]).expect(0);
    sandbox.generate(&[CP932, "001o006-utf8"], &["--full"]).expect(0);

    let path = sandbox.notices(CP932).remove(0);
    let exact = read(
        &sandbox.path("hub/share/001/001o006-00/utf8").join(
            fs::read_dir(sandbox.path("hub/share/001/001o006-00/utf8"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .find(|name| name.contains(".done"))
                .unwrap(),
        ),
        |bytes| String::from_utf8(bytes.to_vec()).unwrap(),
    );
    let degraded = read(&path, cp932);
    assert_eq!(exact.keys().collect::<Vec<_>>(), degraded.keys().collect::<Vec<_>>());
    let differing: BTreeSet<(&str, &str, &str)> = exact
        .iter()
        .zip(degraded.values())
        .filter(|((_, exact), degraded)| exact != degraded)
        .map(|(((key, _), exact), degraded)| (key.as_str(), exact.as_str(), degraded.as_str()))
        .collect();

    let value = notice(&path);
    let report =
        fs::read_to_string(path.with_file_name(value["reports"][0]["name"].as_str().unwrap())).unwrap();
    let listed: Vec<Vec<String>> = report.lines().skip(1).map(fields).collect();
    let listed: BTreeSet<(&str, &str, &str)> =
        listed.iter().map(|line| (line[0].as_str(), line[2].as_str(), line[3].as_str())).collect();
    assert_eq!(differing, listed, "exactly what differs is listed");
    assert!(listed.iter().any(|(_, from, to)| *from == "葛\u{e0100}城　三郎" && *to == "葛城　三郎"));
    assert!(!listed.iter().any(|(_, from, _)| from.contains("髙﨑")), "CP932 has both");
    for (_, _, to) in &listed {
        assert!(!to.contains(['?', '□', '〓', '\u{fffd}']), "{to}");
    }
}
