//! Control characters, which no field may have: C0 (with TAB, CR, LF and NUL), DEL, and C1.
//!
//! C1 (U+0080–U+009F) is refused too, in every encoding: no name has one, CP932 has no code for it, and
//! programs differ over U+0085, which some take for the end of a line.

/// Bytes looked at together; a multiple of every vector width in use.
const BLOCK_BYTES: usize = 64;
/// The first byte of C1 in UTF-8, and of U+00A0–U+00BF.
const C1_LEAD: u8 = 0xC2;

/// True for C0, DEL and C1.
pub(super) const fn is_control(character: char) -> bool {
    matches!(character, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// The first control character of `text`: its index in characters, and its code point.
pub(super) fn find(text: &str) -> Option<(usize, u32)> {
    if !is_in(text.as_bytes()) {
        return None;
    }
    text.chars().enumerate().find(|(_, character)| is_control(*character)).map(|(at, c)| (at, u32::from(c)))
}

/// True when UTF-8 `text` has a control character. Fields rarely have a byte that could be one, so whole
/// blocks are ruled out by comparisons that become vector instructions.
pub(super) fn is_in(text: &[u8]) -> bool {
    let (blocks, rest) = text.as_chunks::<BLOCK_BYTES>();
    (blocks.iter().any(|block| may_have(block)) || may_have(rest)) && surely_is_in(text)
}

#[inline]
fn may_have(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |found, byte| {
        found | u8::from(*byte < 0x20) | u8::from(*byte == 0x7F) | u8::from(*byte == C1_LEAD)
    }) != 0
}

fn surely_is_in(text: &[u8]) -> bool {
    text.iter().any(|byte| *byte < 0x20 || *byte == 0x7F)
        || text.windows(2).any(|pair| matches!(pair, [C1_LEAD, 0x80..=0x9F]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_found_wherever_it_stands() {
        for character in (0..=0x2FF_u32).filter_map(char::from_u32) {
            let expect = character.is_control();
            assert_eq!(is_control(character), expect, "U+{:04X}", u32::from(character));
            for n_before in [0, 1, 61, 62, 63, 64, 65, 200] {
                let text = format!("{}{character}§漢", "a".repeat(n_before));
                assert_eq!(is_in(text.as_bytes()), expect, "U+{:04X} after {n_before}", u32::from(character));
                assert_eq!(find(&text), expect.then_some((n_before, u32::from(character))));
            }
        }
    }
}
