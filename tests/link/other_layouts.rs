//! Receivers without an agent, compared by their own full: in every layout and encoding that the hub publishes.

use serde_json::{Value, json};

use crate::sandbox::moves::fields;
use crate::sandbox::{ALL_ITEMS, BOM, CP932, NUMBERS, Sandbox};

/// 2031, in unix seconds: by then whatever was put down today has stood unchanged for long.
const MUCH_LATER: &str = "1930000000";

fn decoded(feed: &str, bytes: &[u8]) -> String {
    match feed {
        CP932 => encoding_rs::SHIFT_JIS.decode(bytes).0.into_owned(),
        _ => String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

fn encoded(feed: &str, text: &str) -> Vec<u8> {
    match feed {
        CP932 => encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
        _ => text.as_bytes().to_vec(),
    }
}

#[test]
fn a_full_in_any_layout_is_compared() {
    let sandbox = Sandbox::loaded(60, 6);
    for (feed, receiver) in [(BOM, "014"), (NUMBERS, "024"), (CP932, "010"), (ALL_ITEMS, "togo-db")] {
        sandbox.generate(&[feed], &["--full"]).expect(0);
        let notice = sandbox.notices(feed).pop().unwrap();
        let data = crate::sandbox::files::data_files(&notice).remove(0);
        let text = decoded(feed, &std::fs::read(&data).unwrap());
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let header = lines.remove(0);
        let compare = |lines: &[String], exit: i32| -> Value {
            let theirs = format!("{header}\r\n{}\r\n", lines.join("\r\n"));
            // With a notice that says how it is written.
            let folder = sandbox.path("theirs");
            std::fs::create_dir_all(&folder).unwrap();
            let told = folder.join("theirs.done");
            std::fs::copy(&notice, &told).unwrap();
            std::fs::write(folder.join(data.file_name().unwrap()), encoded(feed, &theirs)).unwrap();
            crate::sandbox::files::reseal(&told);
            let args = ["reconcile", feed, "--receiver", receiver, "--full", "theirs/theirs.done", "--json"];
            sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], &args).expect(exit).json()
        };
        assert_eq!(compare(&lines, 0)["same"], true, "{feed}");
        // Without its first row, with another name in one, and the rest from the end to the start.
        let name = fields(header.trim_start_matches('\u{feff}'))
            .iter()
            .position(|header| matches!(header.as_str(), "氏名" | "shimei"))
            .unwrap();
        lines.remove(0);
        let at = lines.iter().position(|line| !fields(line)[name].is_empty()).unwrap();
        let mut changed = fields(&lines[at]);
        changed[name] = "誤　記".to_owned();
        lines[at] = format!("\"{}\"", changed.join("\",\""));
        lines.reverse();
        let found = compare(&lines, 1);
        assert_eq!(
            (&found["missing"], &found["surplus"], &found["different"]),
            (&1.into(), &0.into(), &1.into()),
            "{feed}: {found:#}"
        );
        assert_eq!(found["columns"], json!({ "shimei": 1 }), "{feed}");
    }
}
