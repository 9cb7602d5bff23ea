//! What a degrade map takes and refuses, and that the shipped one keeps its own rules.

use super::*;
use crate::text::CharacterSet;

/// The map that comes with the program.
const SHIPPED: &[u8] = include_bytes!("../../../layouts/degrade/cp932.csv");

fn check(lines: &str, expect: &[&str]) {
    let source = format!("from,to,basis\n{lines}");
    let found = match DegradeMap::parse("test", source.as_bytes(), Encoding::Cp932) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expect, "{lines}");
}

#[test]
fn all_problems_are_reported_at_once() {
    check("𠮷,吉,異体字\n\"𡈽\",\"土\",\"異体字\"\r\n", &[]);
    check("U+8FBB U+E0100,辻,字形選択子\n<VS>,<strip>,字形選択子\n", &[]);
    check("\u{a5},\\,円記号\n", &[]);
    check(
        "𠮷,吉,異体字\n\n𡈽,𡈽,異体字\n,土,異体字\n𠮷,土,異体字\n髙,高,異体字\n〜,~,波\n𠮟,\u{2d544}叱,正字\n",
        &[
            "line 3: not a CSV line: blank-line",
            "line 4: from and to are the same",
            "line 4: cp932 has no U+2123D of to",
            "line 5: from is empty",
            "line 6: from is on line 2 already",
            "line 7: cp932 has every character of from",
            "line 8: cp932 has every character of from",
            "line 9: cp932 has no U+2D544 of to",
        ],
    );
    check(
        "U+20BB7,吉,異体字\n𠮷,吉,異体字\nU+20BB,吉\nU+D842,吉,異体字\nU+FF,吉,異体字\n𡈽,,\n𡈽,a\tb,異体字\n",
        &[
            "line 3: from is on line 2 already",
            "line 4: must have 3 columns, not 2",
            "line 5: from has a code point that is none; write U+8FBB U+E0100",
            "line 6: from has a code point that is none; write U+8FBB U+E0100",
            "line 7: to is empty",
            "line 7: basis is empty",
            "line 8: to has a control character",
        ],
    );
    check(
        "<VS>,,字形選択子\n<VS>,吉,字形選択子\n𠮷,<strip>,異体字\n<VS>,<strip>,字形選択子\n<VS>,<strip>,字形選択子\n𠮷,吉,異体字",
        &[
            "line 2: to is empty",
            "line 3: <VS> goes with <strip> and with nothing else",
            "line 4: <VS> goes with <strip> and with nothing else",
            "line 6: from is on line 5 already",
            "line 7: not a CSV line: missing-final-newline",
        ],
    );
}

#[test]
fn the_header_must_be_there() {
    for source in ["", "from,to\n", "𠮷,吉,異体字\n", "to,from,basis\n"] {
        let error = DegradeMap::parse("test", source.as_bytes(), Encoding::Cp932).unwrap_err();
        assert_eq!(error.problems, [DegradeProblem { line_no: 1, flaw: DegradeFlaw::Header }], "{source}");
        assert_eq!(error.to_string(), "degrade map test has 1 problem(s)");
    }
    let not_utf8 = DegradeMap::parse("test", b"from,to,basis\n\x8B\x67,a,b\n", Encoding::Cp932).unwrap_err();
    assert_eq!(not_utf8.problems[0].to_string(), "line 2: from is not UTF-8");
}

#[test]
fn utf_8_takes_no_map() {
    let source = "from,to,basis\n𠮷,吉,異体字\n<VS>,<strip>,字形選択子\n".as_bytes();
    for encoding in [Encoding::Utf8, Encoding::Utf8Bom] {
        let error = DegradeMap::parse("test", source, encoding).unwrap_err();
        let needless = |line_no| DegradeProblem { line_no, flaw: DegradeFlaw::Needless { encoding } };
        assert_eq!(error.problems, [needless(2), needless(3)]);
    }
}

#[test]
fn the_longest_line_wins_and_only_declared_selectors_go() {
    let parse = |lines: &str| {
        DegradeMap::parse("test", format!("from,to,basis\n{lines}").as_bytes(), Encoding::Cp932).unwrap()
    };
    let map = parse("𠮷,吉,x\n𠮷野,芳野,x\nU+8FBB U+E0100,つじ,x\nU+20BB7 U+E0101,〜,x\n");
    let stripping = parse("𠮷,吉,x\n<VS>,<strip>,x\n");
    for (map, text, expect) in [
        (&map, "𠮷野", Some(("𠮷野".len(), "芳野"))),
        (&map, "𠮷田", Some((4, "吉"))),
        (&map, "𠮷\u{e0101}", Some((8, "～"))),
        (&map, "辻\u{e0100}", Some((7, "つじ"))),
        (&map, "辻", None),
        (&map, "\u{e0100}", None),
        (&map, "", None),
        (&stripping, "\u{e0100}辻", Some((4, ""))),
        (&stripping, "\u{fe00}", Some((3, ""))),
        (&stripping, "\u{e01f0}", None),
    ] {
        assert_eq!(map.apply(text), expect, "{text:?}");
    }
    assert_eq!((map.strips_variation_selectors(), stripping.strips_variation_selectors()), (false, true));
}

#[test]
fn the_shipped_map_has_only_what_cp932_lacks() {
    let map = DegradeMap::parse("cp932", SHIPPED, Encoding::Cp932).unwrap();
    assert!(map.strips_variation_selectors());
    assert!(map.rules().count() >= 150, "{}", map.rules().count());
    let set = CharacterSet::new(Encoding::Cp932, None);
    for DegradeRule { from, to, basis } in map.rules() {
        assert!(set.canonical(from).is_err(), "{from} is in CP932");
        let mut bytes = Vec::new();
        set.encode_into(to, &mut bytes).unwrap();
        assert_eq!(set.decode(&bytes).unwrap(), *to);
        assert!(!basis.is_empty(), "{from}");
    }
    assert_eq!(map.digest(), Digest(Sha256::digest(SHIPPED).into()));
    assert_eq!(map.name(), "cp932");
}

#[test]
fn the_shipped_map_degrades_names() {
    let map = DegradeMap::parse("cp932", SHIPPED, Encoding::Cp932).unwrap();
    let set = CharacterSet::new(Encoding::Cp932, Some(map));
    for (text, expect, is_degraded) in [
        ("𠮷野", "吉野", true),
        ("𠮷\u{e0100}野", "吉野", true),
        ("辻\u{e0100}", "辻", true),
        ("𡈽屋", "土屋", true),
        ("森鷗外", "森鴎外", true),
        ("ヷゔ", "ヴァヴ", true),
        ("\u{fa46}", "渚", true),
        ("髙﨑", "髙﨑", false),
        ("〜", "～", false),
    ] {
        let found = set.canonical(text).unwrap();
        assert_eq!((found.text.as_ref(), found.is_degraded), (expect, is_degraded), "{text}");
    }
    assert!(set.canonical("か\u{3099}").is_err());
}
