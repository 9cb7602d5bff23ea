//! Texts that differ only in how they are written: a hint for the clerk, never a reason to take them as equal.

/// True when two texts that differ are the same but for width, kana, spaces, hyphens, case and variation selectors.
pub fn is_variant(one: &str, other: &str) -> bool {
    one != other && folded(one) == folded(other)
}

/// A text as it is compared for [`is_variant`]; for nothing else.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match narrow(c) {
            // Spaces; and variation selectors, also those of ideographs (IVS).
            ' ' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {}
            '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | 'ー' | 'ｰ' => out.push('-'),
            'ﾞ' | '゛' | '\u{3099}' => voice(&mut out, 1),
            'ﾟ' | '゜' | '\u{309a}' => voice(&mut out, 2),
            c @ 'ｦ'..='ﾝ' => out.push(wide_kana(c)),
            c @ 'ぁ'..='ゖ' => out.extend(char::from_u32(u32::from(c) + 0x60)),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Full-width ASCII as ASCII, the wide space as a space.
fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\t' => ' ',
        _ => c,
    }
}

/// Half-width katakana from ｦ to ﾝ, in order.
const WIDE: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

fn wide_kana(c: char) -> char {
    let place = (u32::from(c) - u32::from('ｦ')) as usize;
    WIDE.chars().nth(place).unwrap_or(c)
}

/// Puts 濁点 or 半濁点 on the kana before: those that take one stand `step` before the one that has it.
fn voice(out: &mut String, step: u32) {
    let Some(last) = out.pop() else { return };
    let takes = if step == 1 {
        "カキクケコサシスセソタチツテトハヒフヘホ".contains(last)
    } else {
        "ハヒフヘホ".contains(last)
    };
    let voiced = if takes { char::from_u32(u32::from(last) + step) } else { None };
    let voiced = if step == 1 && last == 'ウ' { Some('ヴ') } else { voiced };
    out.push(voiced.unwrap_or(last));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_is_a_hint_and_a_character_is_not() {
        for (one, other, expected) in [
            ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ　タロウ", true),
            ("やまだ たろう", "ヤマダタロウ", true),
            ("ﾊﾟﾌﾞﾛ", "パブロ", true),
            ("ｳﾞｨｸﾄﾘｱ", "ヴィクトリア", true),
            ("SMITH John", "Ｓｍｉｔｈ　ＪＯＨＮ", true),
            ("１丁目２－３", "1丁目2‐3", true),
            ("葛\u{e0100}城", "葛城", true),
            ("山田　太郎", "山田　太郎", false),
            ("吉田", "𠮷田", false),
            ("髙橋", "高橋", false),
            ("ハル", "バル", false),
            ("", "山", false),
        ] {
            assert_eq!(is_variant(one, other), expected, "{one} {other}");
        }
    }
}
