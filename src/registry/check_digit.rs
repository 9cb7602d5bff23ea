//! Check digits of the numbers a row carries (`facts.md` 5): pure arithmetic on ASCII digits.

/// True for a 個人番号 of 12 digits whose last is right.
pub fn individual_number_is_valid(text: &str) -> bool {
    has_mod_11_digit(text, 12)
}

/// True for a 住民票コード of 11 digits whose last is right.
pub fn resident_code_is_valid(text: &str) -> bool {
    has_mod_11_digit(text, 11)
}

/// True for a 全国地方公共団体コード of 6 digits whose last is right.
pub fn municipality_code_is_valid(text: &str) -> bool {
    let Some((body, check)) = split_last_digit(text, 6) else { return false };
    let sum: u32 = body.zip([6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
    (11 - sum % 11) % 10 == check
}

/// True for a 法人番号 of 13 digits whose first is right.
pub fn corporate_number_is_valid(text: &str) -> bool {
    if text.len() != 13 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let mut digits = text.bytes().map(|b| u32::from(b - b'0'));
    let Some(check) = digits.next() else { return false };
    let sum: u32 = digits.rev().zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    9 - sum % 9 == check
}

/// The check digit of the leading digits of a 個人番号 (11 digits) or 住民票コード (10 digits).
///
/// Returns `None` when `body` holds anything but ASCII digits.
pub fn mod_11_digit(body: &str) -> Option<u32> {
    if !body.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let weights = (2..=7).chain(2..=7);
    let sum: u32 = body.bytes().rev().map(|b| u32::from(b - b'0')).zip(weights).map(|(d, w)| d * w).sum();
    Some(match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    })
}

fn has_mod_11_digit(text: &str, length: usize) -> bool {
    if text.len() != length {
        return false;
    }
    let Some((body, last)) = text.split_at_checked(length - 1) else { return false };
    mod_11_digit(body).is_some_and(|digit| last.parse() == Ok(digit))
}

fn split_last_digit(text: &str, length: usize) -> Option<(impl Iterator<Item = u32>, u32)> {
    if text.len() != length || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let check = u32::from(text.as_bytes().last()? - b'0');
    Some((text.bytes().take(length - 1).map(|b| u32::from(b - b'0')), check))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The samples of `data/check_digits.csv`, all checked by calculation (`facts.md` 5).
    #[test]
    fn every_sample_gets_its_verdict() {
        let mut checked = 0;
        for line in include_str!("data/check_digits.csv").lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let valid = match fields[0] {
                "kojin_bango" => individual_number_is_valid(fields[1]),
                "juminhyo_cd" => resident_code_is_valid(fields[1]),
                "shikuchoson_cd" => municipality_code_is_valid(fields[1]),
                "hojin_bango" => corporate_number_is_valid(fields[1]),
                kind => panic!("unknown kind {kind}"),
            };
            assert_eq!(valid, fields[2] == "valid", "{line}");
            checked += 1;
        }
        assert_eq!(checked, 36);
    }

    #[test]
    fn anything_but_the_right_digits_is_invalid() {
        for text in ["", "1", "12345678901８", "62149832025７", "６２１４９８３２０２５７", "62149832025 "]
        {
            assert!(!individual_number_is_valid(text), "{text:?}");
            assert!(!resident_code_is_valid(text), "{text:?}");
            assert!(!municipality_code_is_valid(text), "{text:?}");
            assert!(!corporate_number_is_valid(text), "{text:?}");
        }
    }
}
