//! CP932 as exchange files need it: a Unicode character has at most one code, and a code at most one
//! character.
//!
//! encoding_rs gives the base (it is WHATWG Shift_JIS). On it stand three things that it has not:
//! the code of each 外字 U+E000–U+E757, which it only decodes; aliases, below; and refusals: `¥` and `‾`
//! are not taken for 5C and 7E, and the bytes 80, A0 and FD–FF are no characters. Of the codes that NEC and
//! IBM gave twice, the one written is encoding_rs's: FA40–FC4B for the IBM extensions.

use std::sync::LazyLock;

use encoding_rs::SHIFT_JIS;

const N_CODES: usize = 1 << 16;
const FIRST_GAIJI: u16 = 0xE000;
const N_GAIJI: u16 = 1_880;
/// Second bytes are 40–7E and 80–FC.
const N_TRAILS: u16 = 188;
const FIRST_HALFWIDTH: u16 = 0xFF61;
const N_HALFWIDTH: u16 = 63;

/// Characters that Java, glibc and JIS tables give to a code which Microsoft's table, and so every CP932
/// decoder, gives to another. Each stands for that other one.
const ALIASES: [(char, char); 7] = [
    ('\u{a2}', '\u{ffe0}'),   // ¢ 8191
    ('\u{a3}', '\u{ffe1}'),   // £ 8192
    ('\u{ac}', '\u{ffe2}'),   // ¬ 81CA
    ('\u{2014}', '\u{2015}'), // — 815C
    ('\u{2016}', '\u{2225}'), // ‖ 8161
    ('\u{2212}', '\u{ff0d}'), // − 817C
    ('\u{301c}', '\u{ff5e}'), // 〜 8160
];

/// Both directions as tables; 0 means none. ASCII is in neither.
pub(super) struct Tables {
    /// By UTF-16 unit; codes below 100 are one byte.
    code_of: Vec<u16>,
    /// By code.
    unit_of: Vec<u16>,
}

pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(Tables::build);

impl Tables {
    fn build() -> Self {
        let mut tables = Self { code_of: vec![0; N_CODES], unit_of: vec![0; N_CODES] };
        let mut decoded = String::new();
        for lead in (0x81..=0x9F).chain(0xE0..=0xEF).chain(0xFA..=0xFC) {
            for trail in (0x40..=0x7E).chain(0x80..=0xFC) {
                let character = SHIFT_JIS
                    .decode_without_bom_handling_and_without_replacement(&[lead, trail])
                    .and_then(|text| text.chars().next());
                let Some(character) = character else { continue };
                if let Some(slot) = tables.unit_of.get_mut(usize::from(u16::from_be_bytes([lead, trail]))) {
                    *slot = unit(character);
                }
                decoded.push(character);
            }
        }
        // Encoded again, a character that has several codes comes out as the one to write.
        let (encoded, _, _) = SHIFT_JIS.encode(&decoded);
        let (codes, _) = encoded.as_chunks::<2>();
        for (character, code) in decoded.chars().zip(codes) {
            if let Some(slot) = tables.code_of.get_mut(usize::from(unit(character))) {
                *slot = u16::from_be_bytes(*code);
            }
        }
        let halfwidth = (0..N_HALFWIDTH).map(|index| (FIRST_HALFWIDTH + index, 0xA1 + index));
        let gaiji = (0..N_GAIJI).map(|index| (FIRST_GAIJI + index, gaiji_code(index)));
        for (unit, code) in halfwidth.chain(gaiji) {
            if let Some(slot) = tables.code_of.get_mut(usize::from(unit)) {
                *slot = code;
            }
            if let Some(slot) = tables.unit_of.get_mut(usize::from(code)) {
                *slot = unit;
            }
        }
        tables
    }

    /// The code of a UTF-16 unit that is neither ASCII nor an alias; 0 for none.
    #[inline]
    pub(super) fn code_of(&self, unit: u16) -> u16 {
        self.code_of.get(usize::from(unit)).copied().unwrap_or_default()
    }

    /// The UTF-16 unit of a code that is not ASCII; 0 for none.
    #[inline]
    pub(super) fn unit_of(&self, code: u16) -> u16 {
        self.unit_of.get(usize::from(code)).copied().unwrap_or_default()
    }
}

/// The code of the 外字 of this index: F040–F9FC.
const fn gaiji_code(index: u16) -> u16 {
    let trail = 0x40 + index % N_TRAILS;
    // No second byte is 7F.
    let trail = if trail < 0x7F { trail } else { trail + 1 };
    ((0xF0 + index / N_TRAILS) << 8) + trail
}

/// Every character of CP932 is one unit; 0 for one that is not.
fn unit(character: char) -> u16 {
    u16::try_from(u32::from(character)).unwrap_or_default()
}

/// What decoding gives for the code this character is written with: another character for an alias, the
/// character itself otherwise.
pub fn canonical(character: char) -> char {
    ALIASES.iter().find(|(alias, _)| *alias == character).map_or(character, |(_, canonical)| *canonical)
}

/// The code a character is written with, ASCII, control characters and aliases included; codes below 100
/// are one byte.
pub fn code_of(character: char) -> Option<u16> {
    let unit = u16::try_from(u32::from(canonical(character))).ok()?;
    if unit < 0x80 { Some(unit) } else { Some(TABLES.code_of(unit)).filter(|code| *code != 0) }
}

/// The character of a code; codes below 100 are one byte.
pub fn character_of(code: u16) -> Option<char> {
    let unit = if code < 0x80 { code } else { Some(TABLES.unit_of(code)).filter(|unit| *unit != 0)? };
    char::from_u32(u32::from(unit))
}

/// True for the 398 codes whose character is written with another code, so that reading and writing changes
/// the bytes: NEC's selection ED40–EEFC, and what NEC row 13 and FA40–FC4B repeat.
pub fn is_duplicate_code(code: u16) -> bool {
    let unit = if code < 0x80 { 0 } else { TABLES.unit_of(code) };
    unit != 0 && TABLES.code_of(unit) != code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_counted() {
        let two_byte = || (0x8140..=0xFCFC_u16).filter(|code| character_of(*code).is_some());
        assert_eq!(two_byte().count(), 7_326 + 1_880 + 398);
        assert_eq!(two_byte().filter(|code| is_duplicate_code(*code)).count(), 398);
        assert_eq!((0..=0xFF_u16).filter(|code| character_of(*code).is_some()).count(), 128 + 63);
        assert_eq!((0..0x8140_u16).filter(|code| is_duplicate_code(*code)).count(), 0);
    }

    #[test]
    fn every_code_but_the_duplicates_comes_back() {
        for code in (0..=u16::MAX).filter(|code| !is_duplicate_code(*code)) {
            let Some(character) = character_of(code) else { continue };
            assert_eq!(code_of(character), Some(code), "{code:04X}");
        }
    }

    #[test]
    fn all_1880_gaiji_follow_the_arithmetic_and_encoding_rs() {
        for index in 0..N_GAIJI {
            let code = gaiji_code(index);
            let character = char::from_u32(0xE000 + u32::from(index)).unwrap();
            assert_eq!((code_of(character), character_of(code)), (Some(code), Some(character)));
            let bytes = code.to_be_bytes();
            let decoded = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes).unwrap();
            assert_eq!(decoded, character.to_string());
        }
        assert_eq!((gaiji_code(0), gaiji_code(N_GAIJI - 1)), (0xF040, 0xF9FC));
        assert_eq!(code_of('\u{e758}'), None);
    }

    #[test]
    fn codes_are_the_ones_partners_write() {
        for (character, expect) in [
            ('A', Some(0x41)),
            ('\\', Some(0x5C)),
            ('~', Some(0x7E)),
            ('ｱ', Some(0xB1)),
            ('あ', Some(0x82A0)),
            ('髙', Some(0xFBFC)),
            ('﨑', Some(0xFAB1)),
            ('①', Some(0x8740)),
            ('㈱', Some(0x878A)),
            ('Ⅰ', Some(0x8754)),
            ('ⅰ', Some(0xFA40)),
            ('≒', Some(0x81E0)),
            // Aliases, and what they stand for.
            ('〜', Some(0x8160)),
            ('～', Some(0x8160)),
            ('‖', Some(0x8161)),
            ('∥', Some(0x8161)),
            ('−', Some(0x817C)),
            ('－', Some(0x817C)),
            ('¢', Some(0x8191)),
            ('￠', Some(0x8191)),
            ('£', Some(0x8192)),
            ('￡', Some(0x8192)),
            ('¬', Some(0x81CA)),
            ('￢', Some(0x81CA)),
            ('—', Some(0x815C)),
            ('―', Some(0x815C)),
            // Never taken for something else in silence.
            ('¥', None),
            ('‾', None),
            ('\u{80}', None),
            ('\u{a0}', None),
            ('\u{f8f0}', None),
            ('\u{3099}', None),
            ('ゔ', None),
            ('𠮷', None),
        ] {
            assert_eq!(code_of(character), expect, "{character} U+{:04X}", u32::from(character));
        }
        for code in [0x80, 0xA0, 0xFD, 0xFE, 0xFF, 0x813F, 0x817F, 0x8080, 0xA0A0, 0xFC4C, 0xFD40] {
            assert_eq!(character_of(code), None, "{code:04X}");
        }
    }

    #[test]
    fn aliases_stand_for_characters_of_their_own_code() {
        for (alias, character) in ALIASES {
            assert_eq!((canonical(alias), canonical(character)), (character, character));
            assert_eq!(TABLES.code_of(unit(alias)), 0, "the table has only what decoding gives");
            assert_eq!(code_of(alias).and_then(character_of), Some(character));
        }
    }
}
