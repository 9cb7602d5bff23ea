//! No character lost in silence, none normalised, and what is written is what is read.

use proptest::prelude::*;

use super::*;

const MAP: &str = "from,to,basis\n𠮷,吉,x\nU+8FBB U+E0100,辻,x\n\u{a5},￥,x\n<VS>,<strip>,x\n";

fn sets() -> [CharacterSet; 4] {
    let map = DegradeMap::parse("test", MAP.as_bytes(), Encoding::Cp932).unwrap();
    [
        CharacterSet::new(Encoding::Utf8, None),
        CharacterSet::new(Encoding::Utf8Bom, None),
        CharacterSet::new(Encoding::Cp932, None),
        CharacterSet::new(Encoding::Cp932, Some(map)),
    ]
}

fn unmappable(char_index: usize, code_points: &[u32]) -> CharacterError {
    CharacterError::Unmappable { char_index, code_points: code_points.to_vec() }
}

#[track_caller]
fn check(set: &CharacterSet, field: &str, expect: Result<(&str, bool), CharacterError>) {
    let found = set.canonical(field).map(|canonical| (canonical.text.into_owned(), canonical.is_degraded));
    assert_eq!(found, expect.map(|(text, is_degraded)| (text.to_owned(), is_degraded)), "{field:?}");
}

#[test]
fn cp932_gives_what_a_receiver_decodes() {
    let [_, _, bare, mapped] = sets();
    for set in [&bare, &mapped] {
        for same in ["", "ABC \\~", "山田　太郎", "ｱﾊﾟｰﾄ", "髙﨑", "①㈱Ⅰ", "\u{e000}\u{e757}", "ヴ"]
        {
            check(set, same, Ok((same, false)));
        }
        check(set, "〜‖−¢£¬—", Ok(("～∥－￠￡￢―", false)));
        check(set, "か\u{3099}", Err(unmappable(0, &[0x304B, 0x3099])));
        check(set, "甲ゔ", Err(unmappable(1, &[0x3094])));
        check(set, "‾", Err(unmappable(0, &[0x203E])));
        check(set, "\u{a0}", Err(unmappable(0, &[0xA0])));
        check(set, "\u{e758}", Err(unmappable(0, &[0xE758])));
    }
    check(&bare, "〜𠮷野", Err(unmappable(1, &[0x20BB7])));
    check(&bare, "甲辻\u{e0100}乙", Err(unmappable(1, &[0x8FBB, 0xE0100])));
    check(&bare, "𠮷\u{e0100}", Err(unmappable(0, &[0x20BB7, 0xE0100])));
    check(&bare, "\u{a5}", Err(unmappable(0, &[0xA5])));
    check(&mapped, "〜𠮷野", Ok(("～吉野", true)));
    check(&mapped, "甲辻\u{e0100}乙", Ok(("甲辻乙", true)));
    check(&mapped, "辺\u{e0101}", Ok(("辺", true)));
    check(&mapped, "\u{a5}", Ok(("￥", true)));
    check(&mapped, "\u{e0100}", Ok(("", true)));
}

#[test]
fn utf_8_passes_everything_through() {
    let [plain, marked, ..] = sets();
    for text in ["", "𠮷〜‖−¥‾", "辻\u{e0100}", "か\u{3099}が", "\u{fa19}\u{10de92}", "\u{feff}\u{a0}"]
    {
        check(&plain, text, Ok((text, false)));
        check(&marked, text, Ok((text, false)));
        let mut bytes = Vec::new();
        plain.encode_into(text, &mut bytes).unwrap();
        assert_eq!(bytes, text.as_bytes());
    }
}

#[test]
fn nothing_is_normalised() {
    // The kanji of CP932 that NFC would turn into others (facts.md 4.3).
    let kanji = "\u{f929}\u{f9dc}\u{fa10}\u{fa12}\u{fa15}\u{fa16}\u{fa17}\u{fa18}\u{fa19}\u{fa1a}\u{fa1b}\
        \u{fa1c}\u{fa1d}\u{fa1e}\u{fa20}\u{fa22}\u{fa25}\u{fa26}\u{fa2a}\u{fa2b}\u{fa2c}\u{fa2d}";
    assert_eq!(kanji.chars().count(), 22);
    for set in sets() {
        for text in [kanji, "\u{212b}①㈱ｶﾞ", "髙﨑"] {
            check(&set, text, Ok((text, false)));
            let mut bytes = Vec::new();
            set.encode_into(text, &mut bytes).unwrap();
            assert_eq!(set.decode(&bytes).unwrap(), text);
        }
    }
}

#[test]
fn control_characters_are_refused_in_every_encoding() {
    for set in sets() {
        for code_point in (0..0x20).chain(0x7F..0xA0) {
            let control = char::from_u32(code_point).unwrap();
            check(&set, &format!("甲{control}"), Err(CharacterError::Control { char_index: 1, code_point }));
            assert!(!set.is_clean(format!("甲{control}乙").as_bytes()), "U+{code_point:04X}");
        }
    }
}

#[test]
fn errors_show_code_points_only() {
    for (error, expect) in [
        (unmappable(3, &[0x20BB7]), "no code for U+20BB7"),
        (unmappable(3, &[0x8FBB, 0xE0100]), "no code for U+8FBB U+E0100"),
        (CharacterError::Control { char_index: 3, code_point: 9 }, "control character U+0009"),
    ] {
        assert_eq!((error.to_string().as_str(), error.char_index()), (expect, 3));
    }
}

#[test]
fn a_line_is_clean_when_it_can_go_out_as_it_is() {
    let [plain, _, bare, mapped] = sets();
    for (line, is_clean_in_utf_8, is_clean_in_cp932) in [
        ("", true, true),
        ("\"山田\",\"1\"\r\n", true, true),
        ("\"山田\",\"1\"\n", true, true),
        ("\"ｱ\u{e000}§\"\n", true, true),
        ("\"𠮷\"\n", true, false),
        ("\"〜\"\n", true, false),
        ("\"辻\u{e0100}\"\r\n", true, false),
        ("\"ゔ\"", true, false),
        ("a\nb\n", false, false),
        ("a\r", false, false),
        ("a\r\r\n", false, false),
        ("\n\n", false, false),
        ("\"§°\u{85}\"\n", false, false),
    ] {
        assert_eq!(plain.is_clean(line.as_bytes()), is_clean_in_utf_8, "{line:?}");
        assert_eq!(bare.is_clean(line.as_bytes()), is_clean_in_cp932, "{line:?}");
        assert_eq!(mapped.is_clean(line.as_bytes()), is_clean_in_cp932, "{line:?}");
    }
}

#[test]
fn only_canonical_text_is_encoded_and_a_refused_one_leaves_nothing() {
    let [_, _, _, set] = sets();
    for (text, expect) in [
        ("\"髙\",\"〜\"\r\n", unmappable(5, &[0x301C])),
        ("12345678𠮷", unmappable(8, &[0x20BB7])),
        ("\u{a5}", unmappable(0, &[0xA5])),
        ("甲\u{85}", unmappable(1, &[0x85])),
    ] {
        let mut out = b"kept".to_vec();
        assert_eq!(set.encode_into(text, &mut out), Err(expect));
        assert_eq!(out, b"kept");
    }
    let mut out = b"kept".to_vec();
    set.encode_into("\"髙﨑\",ｱ\u{e000}\0\t12345678901234567\r\n", &mut out).unwrap();
    assert_eq!(out, b"kept\"\xFB\xFC\xFA\xB1\",\xB1\xF0\x40\0\t12345678901234567\r\n");
}

#[test]
fn bytes_are_decoded_strictly() {
    let [plain, _, cp932, _] = sets();
    let check = |set: &CharacterSet, bytes: &[u8], expect: Result<&str, usize>| {
        let found = set.decode(bytes);
        assert_eq!(
            found.as_deref(),
            expect.map_err(|offset| Undecodable { offset }).as_ref().copied(),
            "{bytes:02X?}"
        );
    };
    check(&cp932, b"", Ok(""));
    check(&cp932, b"plain \\~\0\r\n", Ok("plain \\~\0\r\n"));
    check(&cp932, b"\x82\xA0\xB1\x81\x60\xED\x95\xFA\xB1\xF0\x40z", Ok("あｱ～﨑﨑\u{e000}z"));
    for wrong in [0x80, 0xA0, 0xFD, 0xFE, 0xFF] {
        check(&cp932, &[b'a', 0x82, 0xA0, wrong, b'A', b'A'], Err(3));
        check(&cp932, &[wrong], Err(0));
    }
    for (bytes, offset) in [
        (b"ab\x82".as_slice(), 2),
        (b"\x82\xA0\x82\x2C", 2),
        (b"\x82\x7F", 0),
        (b"\x82\xFD", 0),
        (b"\x85\x40", 0),
        (b"\xFC\x4C", 0),
        (b"\xB1\xEF\xBB\xBF", 1),
    ] {
        check(&cp932, bytes, Err(offset));
    }
    check(&plain, "𠮷".as_bytes(), Ok("𠮷"));
    for (bytes, offset) in [
        (b"a\xED\xA1\x82\xED\xBE\xB7".as_slice(), 1),
        (b"a\xC0\xAF", 1),
        (b"\xE5\x8C", 0),
        (b"ab\xFF", 2),
        (b"\x82\xA0", 0),
    ] {
        check(&plain, bytes, Err(offset));
    }
}

/// Text with many characters near the edges of CP932.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        prop::char::range('\u{20}', '\u{7e}'),
        prop::char::range('\u{3040}', '\u{30ff}'),
        prop::char::range('\u{4e00}', '\u{9fff}'),
        prop::char::range('\u{e000}', '\u{e757}'),
        prop::char::range('\u{f900}', '\u{faff}'),
        prop::char::range('\u{ff00}', '\u{ffef}'),
        prop::sample::select("〜‖−¢£¬—¥‾𠮷辻\u{e0100}\u{fe00}髙﨑\u{85}\u{301c}".chars().collect::<Vec<_>>()),
    ];
    prop::collection::vec(character, 0..24).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #[test]
    fn what_is_written_is_read(text in text()) {
        for set in sets() {
            // Character by character too, so that one refusal does not hide the others.
            let pieces = text.chars().map(String::from).chain([text.clone()]);
            for piece in pieces {
                let Ok(canonical) = set.canonical(&piece) else {
                    prop_assert!(piece.ends_with('\n') || !set.is_clean(piece.as_bytes()));
                    continue;
                };
                let mut bytes = Vec::new();
                set.encode_into(&canonical.text, &mut bytes).unwrap();
                prop_assert_eq!(set.decode(&bytes).unwrap(), canonical.text.as_ref());
                let again = set.canonical(&canonical.text).unwrap();
                prop_assert_eq!((again.text.as_ref(), again.is_degraded), (canonical.text.as_ref(), false));
                prop_assert!(set.is_clean(canonical.text.as_bytes()));
                prop_assert_eq!(set.is_clean(piece.as_bytes()), canonical.text == piece);
            }
        }
    }

    #[test]
    fn what_is_read_is_written_but_for_duplicate_codes(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let [_, _, set, _] = sets();
        match set.decode(&bytes) {
            Ok(text) => {
                let mut again = Vec::new();
                set.encode_into(&text, &mut again).unwrap();
                prop_assert_eq!(set.decode(&again).unwrap(), text);
            }
            Err(Undecodable { offset }) => prop_assert!(set.decode(&bytes[..offset]).is_ok()),
        }
    }
}
