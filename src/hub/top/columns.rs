//! Text by display columns: half-width characters take one, full-width ones two, and none is cut in half.

use std::num::NonZeroU16;

use unicode_width::UnicodeWidthChar as _;

/// Stands at the end of a text that was cut.
const CUT: char = '~';

/// How many columns a character takes. Half-width voicing marks stand in a column of their own on terminals,
/// whatever Unicode says of them as combining marks.
fn width_of(character: char) -> usize {
    match character {
        '\u{ff9e}' | '\u{ff9f}' => 1,
        _ => character.width().unwrap_or(0),
    }
}

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// The text in exactly `columns` columns: cut between two characters and marked where it is too long, filled
/// with spaces where it is too short. What moves a cursor becomes a space.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let plain: String = text.chars().map(printable).collect();
    let is_cut = width(&plain) > columns;
    let room = if is_cut { columns.saturating_sub(1) } else { columns };
    let mut fitted = String::with_capacity(columns);
    let mut n_columns = 0;
    for character in plain.chars() {
        if n_columns + width_of(character) > room {
            break;
        }
        fitted.push(character);
        n_columns += width_of(character);
    }
    if is_cut && columns > 0 {
        fitted.push(CUT);
        n_columns += 1;
    }
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(n_columns)));
    fitted
}

/// The same, with an ending that stays when the text is cut.
pub(super) fn fit_before(text: &str, ending: &str, columns: usize) -> String {
    let room = columns.saturating_sub(width(ending));
    if width(text) <= room { fit(&format!("{text}{ending}"), columns) } else { fit(text, room) + ending }
}

/// The characters of a text with how many columns each takes; what takes none goes with the one before it.
pub(super) fn symbols(text: &str) -> impl Iterator<Item = (&str, NonZeroU16)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut letters = rest.char_indices();
        let first = letters.next()?.1;
        let end = letters.find(|(_, letter)| width_of(*letter) > 0).map_or(rest.len(), |(at, _)| at);
        let (symbol, after) = rest.split_at(end);
        rest = after;
        let n_columns = u16::try_from(width_of(first)).ok().and_then(NonZeroU16::new);
        Some((symbol, n_columns.unwrap_or(NonZeroU16::MIN)))
    })
}

/// The text in lines of at most `columns` columns, broken at a space where one is near, else between two
/// characters, as Japanese is.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_inclusive(' ') {
            let (trimmed, n_columns) = (width(word.trim_end()), width(&line));
            if n_columns > columns / 2 && n_columns + trimmed > columns {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            for character in word.chars().map(printable) {
                if width(&line) + width_of(character) > columns {
                    lines.push(std::mem::take(&mut line));
                    if character == ' ' {
                        continue;
                    }
                }
                line.push(character);
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn printable(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        let check =
            |text: &str, columns, expected: &str| assert_eq!(fit(text, columns), expected, "{text:?}");
        check("abc", 5, "abc  ");
        check("abcdef", 5, "abcd~");
        check("個人住民税", 10, "個人住民税");
        check("個人住民税", 9, "個人住民~");
        // Half of a full-width character never stands at the edge: a space does.
        check("個人住民税", 8, "個人住~ ");
        check("個a人", 5, "個a人");
        check("ﾌﾘｶﾞﾅ", 4, "ﾌﾘｶ~");
        check("ﾌﾘｶﾞﾅ", 6, "ﾌﾘｶﾞﾅ ");
        check("個", 1, "~");
        check("個", 0, "");
        check("a\u{1b}[2Jb\n", 8, "a [2Jb  ");
    }

    #[test]
    fn an_ending_is_not_cut() {
        assert_eq!(fit_before("001o005-v1.0", " +12", 12), "001o005~ +12");
        assert_eq!(fit_before("001o005", " +1", 12), "001o005 +1  ");
        assert_eq!(fit_before("001o005-v1.0", "", 12), "001o005-v1.0");
    }

    #[test]
    fn lines_are_broken_at_spaces_or_between_characters() {
        let check =
            |text: &str, columns, expected: &[&str]| assert_eq!(wrap(text, columns), expected, "{text:?}");
        check("run it again", 8, &["run it", "again"]);
        check("連携フォルダを確かめる", 8, &["連携フォ", "ルダを確", "かめる"]);
        check("one\ntwo", 8, &["one", "two"]);
        check("abcdefghij", 4, &["abcd", "efgh", "ij"]);
    }

    #[test]
    fn what_takes_no_column_stays_with_its_character() {
        let found: Vec<(&str, u16)> =
            symbols("aｶﾞか\u{3099}葛\u{e0100}").map(|(symbol, n)| (symbol, n.get())).collect();
        assert_eq!(found, [("a", 1), ("ｶ", 1), ("ﾞ", 1), ("か\u{3099}", 2), ("葛\u{e0100}", 2)]);
    }

    proptest! {
        #[test]
        fn a_fitted_text_has_the_width_asked_for(text in "[ -~ぁ-ん一-龥ｱ-ﾝ\u{0}-\u{1f}]{0,40}", columns in 0_usize..60) {
            prop_assert_eq!(width(&fit(&text, columns)), columns);
        }

        #[test]
        fn no_wrapped_line_is_too_wide(text in "[ -~ぁ-ん一-龥]{0,80}", columns in 2_usize..40) {
            let lines = wrap(&text, columns);
            prop_assert!(lines.iter().all(|line| width(line) <= columns), "{:?}", lines);
            let letters = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
