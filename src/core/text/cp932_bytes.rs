//! CP932 text to bytes and back, at the speed of one table look-up a character.

use std::borrow::Cow;
use std::mem;

use super::cp932::{TABLES, Tables};

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// True when every character of UTF-8 `text` has a code of its own: none is an alias or lacking.
pub(super) fn is_direct(text: &[u8]) -> bool {
    let tables: &Tables = &TABLES;
    let mut rest = text;
    loop {
        while let Some(([a @ 0xE0..0xF0, b, c], others)) = rest.split_first_chunk::<3>() {
            if tables.code_of(unit_of_three(*a, *b, *c)) == 0 {
                return false;
            }
            rest = others;
        }
        rest = match rest {
            [] => return true,
            [0..0x80, ..] => rest.get(ascii_run(rest)..).unwrap_or_default(),
            [a @ 0xC2..0xE0, b, others @ ..] if tables.code_of(unit_of_two(*a, *b)) != 0 => others,
            _ => return false,
        };
    }
}

/// Appends `text` as CP932. Where a character has no code of its own, appends nothing and gives the
/// character's place in bytes.
pub(super) fn encode_into(text: &str, out: &mut Vec<u8>) -> Result<(), usize> {
    let tables: &Tables = &TABLES;
    let before = out.len();
    // No character is longer in CP932 than in UTF-8.
    out.resize(before + text.len(), 0);
    let mut source = text.as_bytes();
    let mut target = out.get_mut(before..).unwrap_or_default();
    loop {
        while let Some(([a @ 0xE0..0xF0, b, c], others)) = source.split_first_chunk::<3>() {
            let code = tables.code_of(unit_of_three(*a, *b, *c));
            if code < 0x100 {
                break;
            }
            let Some((to, free)) = mem::take(&mut target).split_first_chunk_mut::<2>() else { break };
            *to = code.to_be_bytes();
            (source, target) = (others, free);
        }
        let (code, tail) = match source {
            [] => break,
            [byte @ 0..0x80, tail @ ..] => {
                if let (Some(from), Some(to)) = (source.first_chunk::<8>(), target.first_chunk_mut::<8>()) {
                    // All eight are copied; those past the ASCII ones are written over next.
                    *to = *from;
                    let n_ascii = n_ascii_of(*from);
                    source = source.get(n_ascii..).unwrap_or_default();
                    target = mem::take(&mut target).get_mut(n_ascii..).unwrap_or_default();
                    continue;
                }
                (u16::from(*byte), tail)
            }
            [a @ 0xE0..0xF0, b, c, tail @ ..] => (tables.code_of(unit_of_three(*a, *b, *c)), tail),
            [a @ 0xC2..0xE0, b, tail @ ..] => (tables.code_of(unit_of_two(*a, *b)), tail),
            _ => (0, source),
        };
        let written = if code >= 0x100 {
            mem::take(&mut target).split_first_chunk_mut::<2>().map(|(to, rest)| {
                *to = code.to_be_bytes();
                rest
            })
        } else if code != 0 || source.first() == Some(&0) {
            mem::take(&mut target).split_first_mut().map(|(to, rest)| {
                [_, *to] = code.to_be_bytes();
                rest
            })
        } else {
            None
        };
        let Some(rest) = written else {
            let place = text.len() - source.len();
            out.truncate(before);
            return Err(place);
        };
        (source, target) = (tail, rest);
    }
    let n_unused = target.len();
    out.truncate(out.len() - n_unused);
    Ok(())
}

/// Reads CP932; the error is the place of the first byte that begins no character.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, usize> {
    let tables: &Tables = &TABLES;
    let mut text = String::new();
    let mut rest = bytes;
    loop {
        let (run, others) = rest.split_at(ascii_run(rest));
        // ASCII is UTF-8, so this cannot fail.
        let run = str::from_utf8(run).unwrap_or_default();
        if others.is_empty() && text.is_empty() {
            return Ok(Cow::Borrowed(run));
        }
        if text.is_empty() {
            text.reserve(bytes.len() + bytes.len() / 2);
        }
        text.push_str(run);
        rest = others;
        while let Some(lead @ 0x80..) = rest.first().copied() {
            let (code, n_bytes) = match rest.get(1) {
                _ if (0xA1..0xE0).contains(&lead) => (u16::from(lead), 1),
                Some(trail) => (u16::from_be_bytes([lead, *trail]), 2),
                None => (0, 1),
            };
            let unit = tables.unit_of(code);
            let Some(character) = char::from_u32(u32::from(unit)).filter(|_| unit != 0) else {
                return Err(bytes.len() - rest.len());
            };
            text.push(character);
            rest = rest.get(n_bytes..).unwrap_or_default();
        }
        if rest.is_empty() {
            return Ok(Cow::Owned(text));
        }
    }
}

/// The number of ASCII bytes at the start.
fn ascii_run(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let n_ascii = n_ascii_of(*word);
        if n_ascii < 8 {
            return index * 8 + n_ascii;
        }
    }
    words.len() * 8 + rest.iter().take_while(|byte| byte.is_ascii()).count()
}

fn n_ascii_of(word: [u8; 8]) -> usize {
    (u64::from_le_bytes(word) & HIGH_BITS).trailing_zeros() as usize / 8
}

fn unit_of_three(a: u8, b: u8, c: u8) -> u16 {
    (u16::from(a) << 12) | (u16::from(b & 0x3F) << 6) | u16::from(c & 0x3F)
}

fn unit_of_two(a: u8, b: u8) -> u16 {
    (u16::from(a & 0x1F) << 6) | u16::from(b & 0x3F)
}
