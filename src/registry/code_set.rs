//! A set of codes that is asked for every row of a file.

/// The longest code that fits into one word.
const WORD_BYTES: usize = size_of::<u64>();
/// Up to this many words a look at each is faster than halving.
const FEW: usize = 16;

/// Codes, looked up without reading texts where they are short.
#[derive(Debug, Clone, Default)]
pub(crate) struct CodeSet {
    /// Codes of up to eight bytes, sorted.
    short: Vec<u64>,
    /// The others, sorted.
    long: Vec<Box<str>>,
}

impl CodeSet {
    pub(crate) fn new<'c>(codes: impl IntoIterator<Item = &'c str>) -> Self {
        let mut set = Self::default();
        for code in codes {
            match word_of(code) {
                Some(word) => set.short.push(word),
                None => set.long.push(code.into()),
            }
        }
        set.short.sort_unstable();
        set.long.sort_unstable();
        set
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.short.is_empty() && self.long.is_empty()
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        match word_of(code) {
            Some(word) if self.short.len() <= FEW => self.short.contains(&word),
            Some(word) => self.short.binary_search(&word).is_ok(),
            None => self.long.binary_search_by(|known| (**known).cmp(code)).is_ok(),
        }
    }
}

/// A code of up to eight bytes as a word; `None` for longer ones and for those with NUL, which fills up.
#[inline]
fn word_of(code: &str) -> Option<u64> {
    let bytes = code.as_bytes();
    if bytes.len() > WORD_BYTES {
        return None;
    }
    let mut word = 0_u64;
    for byte in bytes {
        if *byte == 0 {
            return None;
        }
        word = word << 8 | u64::from(*byte);
    }
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_its_codes_and_no_others() {
        let few = ["0", "1", "01", "", "12345678", "123456789", "男", "\0"];
        let many: Vec<String> = (0..40).map(|number| format!("{number:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for codes in [&few[..], &many[..]] {
            let set = CodeSet::new(codes.iter().copied());
            for code in codes {
                assert!(set.has(code), "{code:?}");
            }
            for other in ["1\0", "40", "2", "123456780", "女", "\0\0", "0123456789"] {
                assert!(!set.has(other), "{other:?}");
            }
        }
        assert!(CodeSet::new([]).is_empty() && !CodeSet::new([]).has(""));
    }
}
