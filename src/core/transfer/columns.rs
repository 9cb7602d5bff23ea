//! What the columns of a file that is handed in mean for a case: 001z021 (転出届) and 001z020 (転出証明書情報), one
//! table each. Every column stands in it or is a field of a case itself; those a case has no use for are there as
//! left out, so that a column nobody thought of is told of and does not vanish.

use super::content::Content;
use super::field::{Field, OwnField};
use super::kind::CaseKind;

/// What becomes of a column's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is this field.
    Is(&'static str),
    /// Its first eight digits are the day that this field is.
    DayOf(&'static str),
    /// It goes on after the text of this field.
    Continues(&'static str),
    /// Where it is `1`, the address to is one abroad.
    SaysAbroad,
    /// Nothing: a case has no field for it.
    LeftOut,
}

/// 001z021. The day of the application is the day the move-out was reported.
const MOVE_OUT: [(&str, Use); 17] = [
    ("renban", Use::LeftOut),
    ("shinsei_nichiji", Use::DayOf("ido_todoke_ymd")),
    ("tetsuzuki_cd", Use::LeftOut),
    ("honnin_kakunin_kbn", Use::LeftOut),
    ("todokenin_kbn", Use::LeftOut),
    ("denwa_no", Use::Is("renrakusaki")),
    ("yotei_ymd", Use::Is("tenshutsu_yotei_ymd")),
    ("zenbu_kbn", Use::LeftOut),
    ("moto_jusho", Use::Is("tenshutsumoto_jusho")),
    ("moto_katagaki", Use::Continues("tenshutsumoto_jusho")),
    ("saki_yubin_no", Use::Is("tenshutsu_yotei_yubin_no")),
    ("saki_shikuchoson_cd", Use::Is("tenshutsu_yotei_shikuchoson_cd")),
    ("saki_jusho", Use::Is("tenshutsusaki_jusho")),
    ("saki_katagaki", Use::Is("tenshutsu_yotei_katagaki")),
    ("kokugai_flg", Use::SaysAbroad),
    ("saki_setainushi", Use::LeftOut),
    ("raicho_yotei_ymd", Use::LeftOut),
];

/// 001z020. 届出年月日 there is that of the move-out, which the other municipality took: a clerk of ours enters the
/// day of the move-in. 転出先 is we.
const MOVE_IN: [(&str, Use); 19] = [
    ("seiri_no", Use::Is("uketsuke_no")),
    ("renban", Use::LeftOut),
    ("tsuchi_nichiji", Use::LeftOut),
    ("moto_shikuchoson_cd", Use::Is("tennyumae_shikuchoson_cd")),
    ("saki_shikuchoson_cd", Use::Is("jusho_shikuchoson_cd")),
    ("tokurei_tennyu_flg", Use::Is("tokurei_flg")),
    ("todoke_ymd", Use::LeftOut),
    ("yotei_ymd", Use::Is("tenshutsu_yotei_ymd")),
    ("setainushi_kbn", Use::LeftOut),
    ("moto_jusho", Use::Is("tenshutsumoto_jusho")),
    ("moto_katagaki", Use::Continues("tenshutsumoto_jusho")),
    ("saki_jusho", Use::Is("tenshutsusaki_jusho")),
    ("saki_katagaki", Use::Is("jusho_katagaki")),
    ("honseki_hyoki", Use::Is("honseki")),
    ("kokuho_flg", Use::LeftOut),
    ("koki_flg", Use::LeftOut),
    ("kaigo_flg", Use::LeftOut),
    ("nenkin_kbn", Use::LeftOut),
    ("jidoteate_flg", Use::LeftOut),
];

/// The columns that are listed for a kind of case.
const fn listed(kind: CaseKind) -> &'static [(&'static str, Use)] {
    match kind {
        CaseKind::OssMoveOut => &MOVE_OUT,
        CaseKind::CsMoveIn => &MOVE_IN,
    }
}

/// The use of a column, by its id; `None` for one that is neither listed nor a field.
fn use_of(kind: CaseKind, column: &str) -> Option<Use> {
    let found = listed(kind).iter().find(|(id, _)| *id == column).map(|(_, found)| *found);
    found.or_else(|| Field::find(column).map(|field| Use::Is(field.id())))
}

/// True when a file of cases of this kind may have a column of this id.
pub fn is_column(kind: CaseKind, column: &str) -> bool {
    use_of(kind, column).is_some()
}

/// The content that a row's texts make, and the places, from 1, of columns that mean nothing here.
pub fn content_of<C: AsRef<str>, T: AsRef<str>>(
    kind: CaseKind,
    row: impl IntoIterator<Item = (C, T)>,
) -> (Content, Vec<usize>) {
    let (mut content, mut unknown, mut is_abroad) = (Content::default(), Vec::new(), false);
    let mut continued: Vec<(Field, String)> = Vec::new();
    for (place, (column, text)) in row.into_iter().enumerate() {
        let text = text.as_ref();
        match use_of(kind, column.as_ref()) {
            Some(Use::Is(id)) => set(&mut content, id, text),
            // What is no time stamp stays whole and is told of as no day.
            Some(Use::DayOf(id)) => set(&mut content, id, &day_of(text).unwrap_or_else(|| text.to_owned())),
            Some(Use::Continues(id)) => {
                continued.extend(
                    Field::find(id).filter(|_| !text.is_empty()).map(|field| (field, text.to_owned())),
                );
            }
            Some(Use::SaysAbroad) => is_abroad = text == "1",
            Some(Use::LeftOut) => {}
            None => unknown.push(place + 1),
        }
    }
    for (field, more) in continued {
        let whole = format!("{}　{more}", content.text(field));
        content.set(field, whole.trim_start_matches('　'));
    }
    if is_abroad {
        let address = content.own(OwnField::AddressTo).to_owned();
        set(&mut content, "tenshutsu_yotei_kokugai_jusho", &address);
    }
    (content, unknown)
}

fn set(content: &mut Content, id: &str, text: &str) {
    if let Some(field) = Field::find(id) {
        content.set(field, text);
    }
}

/// The day of a time stamp of 14 digits, as `YYYY-MM-DD`.
fn day_of(stamp: &str) -> Option<String> {
    let is_stamp = stamp.len() == 14 && stamp.bytes().all(|byte| byte.is_ascii_digit());
    let (year, rest) = stamp.split_at_checked(4).filter(|_| is_stamp)?;
    let (month, rest) = rest.split_at_checked(2)?;
    Some(format!("{year}-{month}-{}", rest.get(..2)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::Problems;
    use crate::layout::Layout;

    fn layout(kind: CaseKind) -> Layout {
        let (file, text) = match kind {
            CaseKind::OssMoveOut => ("001z021-1.0.toml", include_str!("../../../layouts/001z021-1.0.toml")),
            CaseKind::CsMoveIn => ("001z020-1.0.toml", include_str!("../../../layouts/001z020-1.0.toml")),
        };
        Layout::read(file, text, &Problems::new()).unwrap()
    }

    #[test]
    fn every_column_of_the_layouts_means_something_and_nothing_else_is_listed() {
        for kind in CaseKind::ALL {
            let layout = layout(kind);
            let ids: Vec<&str> = layout.columns.iter().map(|column| &*column.header_romaji).collect();
            for id in &ids {
                assert!(is_column(kind, id), "{kind}: {id}");
            }
            for (id, what) in listed(kind) {
                assert!(ids.contains(id), "{kind} has no {id}");
                if let Use::Is(to) | Use::DayOf(to) | Use::Continues(to) = what {
                    assert_eq!(Field::find(to).map(Field::id), Some(*to), "{kind}: {id}");
                }
            }
        }
    }

    #[track_caller]
    fn check(kind: CaseKind, row: &[(&str, &str)], expected: &[(&str, &str)]) {
        let (content, unknown) = content_of(kind, row.iter().copied());
        let told: Vec<_> = content.fields().map(|(field, text)| (field.id(), text)).collect();
        assert_eq!((told.as_slice(), unknown.as_slice()), (expected, &[][..]));
    }

    #[test]
    fn columns_become_fields() {
        let out = [("kokugai_flg", "0"), ("shinsei_nichiji", "20261001213000"), ("yotei_ymd", "2026-10-20")];
        let address =
            [("moto_katagaki", "３０１"), ("moto_jusho", "つくば市一丁目"), ("saki_jusho", "土浦市")];
        check(
            CaseKind::OssMoveOut,
            &[&out[..], &address[..]].concat(),
            &[
                ("ido_todoke_ymd", "2026-10-01"),
                ("tenshutsu_yotei_ymd", "2026-10-20"),
                ("tenshutsusaki_jusho", "土浦市"),
                ("tenshutsumoto_jusho", "つくば市一丁目　３０１"),
            ],
        );
        check(
            CaseKind::OssMoveOut,
            &[("saki_jusho", "アメリカ合衆国"), ("kokugai_flg", "1")],
            &[("tenshutsu_yotei_kokugai_jusho", "アメリカ合衆国"), ("tenshutsusaki_jusho", "アメリカ合衆国")],
        );
        check(
            CaseKind::CsMoveIn,
            &[("todoke_ymd", "2026-09-28"), ("moto_shikuchoson_cd", "082031"), ("kokuho_flg", "1")],
            &[("tennyumae_shikuchoson_cd", "082031")],
        );
        // What is no time stamp is left for the check of the field.
        check(CaseKind::OssMoveOut, &[("shinsei_nichiji", "昨日")], &[("ido_todoke_ymd", "昨日")]);
    }

    #[test]
    fn a_column_nobody_knows_is_told_by_its_place() {
        let row = [("shimei", "山田"), ("seiri_no", "1"), ("山田", "x")];
        assert_eq!(content_of(CaseKind::OssMoveOut, row).1, [2, 3]);
        assert_eq!(content_of(CaseKind::CsMoveIn, row).1, [3]);
    }
}
