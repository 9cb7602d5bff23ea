//! What each kind of move leaves in a history, as tables of rows.

use super::*;
use crate::ids::AtenaNo;
use crate::moves::MoveReason;

const ALL_REQUIRED: &[(&str, &str)] = &[
    ("setai_no", "000000000000009"),
    ("jumin_shubetsu", "1"),
    ("ido_ymd_fusho_flg", "0"),
    ("shimei", "青葉　太郎"),
    ("seibetsu", "1"),
    ("seibetsu_hyoki", "男"),
    ("birth_ymd", "1980-05-05"),
    ("birth_fusho_flg", "0"),
    ("zokugara_cd1", "02"),
    ("zokugara_hyoki", "世帯主"),
    ("jusho_shikuchoson_cd", "082201"),
    ("jusho_machiaza_cd", "0001001"),
    ("jusho_todofuken", "茨城県"),
    ("jusho_shikugunchoson", "つくば市"),
    ("jusho_machiaza", "天王台一丁目"),
    ("jusho_banchigo", "1番地"),
    ("jusho_yubin_no", "3050006"),
];

struct Story {
    history: History,
    n_moves: u32,
}

impl Story {
    fn new() -> Self {
        Self { history: History::empty(AtenaNo::new(42).unwrap()), n_moves: 0 }
    }

    fn try_move(
        &mut self,
        code: &str,
        date: &str,
        target: Option<u32>,
        items: &[(&str, &str)],
    ) -> Result<Vec<Issue>, Refusal> {
        self.n_moves += 1;
        let dictionary = crate::Dictionary::standard();
        let day = [("ido_ymd", date)];
        let all = items.iter().chain(day.iter().filter(|(_, date)| !date.is_empty()));
        let items = all.map(|(id, text)| (dictionary.find(id).unwrap().no, Box::from(*text))).collect();
        let mv = Move {
            atena_no: self.history.atena_no(),
            reason: MoveReason::find(code).unwrap(),
            target_rireki_no: target,
            items,
        };
        let stamp = Stamp {
            date: "2026-10-01".to_owned(),
            time: format!("09:00:{:02}", self.n_moves),
            operator_id: "clerk".to_owned(),
        };
        apply(&mut self.history, &mv, "082201".parse().unwrap(), &stamp)
    }

    fn with(mut self, code: &str, date: &str, target: Option<u32>, items: &[(&str, &str)]) -> Self {
        self.try_move(code, date, target, items).unwrap();
        self
    }

    fn moved_in(date: &str) -> Self {
        Self::new().with("01", date, None, ALL_REQUIRED)
    }

    fn refused(
        mut self,
        code: &str,
        date: &str,
        target: Option<u32>,
        items: &[(&str, &str)],
        expect: &Refusal,
    ) {
        let before = self.history.clone();
        assert_eq!(self.try_move(code, date, target, items).as_ref(), Err(expect));
        assert_eq!(self.history, before, "a refused move changed the history");
    }

    /// Rows as `rireki-eda date reason status flags` and the given items; flags: L latest, X cancelled.
    fn rows(&self, items: &[&str]) -> Vec<String> {
        let line = |row: &Row| {
            let get = |id: &str| row.get(crate::Dictionary::standard().find(id).unwrap().no).to_owned();
            let flags = format!(
                "{}{}",
                if row.is_latest() { "L" } else { "" },
                if row.is_cancelled() { "X" } else { "" }
            );
            let head = ["rireki_no", "rireki_eda_no", "ido_ymd", "ido_jiyu", "jumin_jotai"].map(get);
            let more = items.iter().fold(String::new(), |text, id| text + " " + &get(id));
            format!("{}-{} {} {} {} {flags}{more}", head[0], head[1], head[2], head[3], head[4])
        };
        self.history.rows().iter().map(line).collect()
    }

    fn check(&self, items: &[&str], expect: &[&str]) {
        assert_eq!(self.rows(items), expect);
    }
}

#[test]
fn a_move_in_is_the_first_row() {
    Story::moved_in("2026-04-01").check(&["shimei", "del_flg"], &["1-0 2026-04-01 01 1 L 青葉　太郎 0"]);
}

#[test]
fn a_move_within_keeps_the_address_before() {
    let story = Story::moved_in("2026-04-01").with("41", "2026-08-01", None, &[("jusho_banchigo", "2番地")]);
    story.check(
        &["jusho_banchigo", "tenkyomae_banchigo", "tenkyomae_yubin_no", "jutei_ymd"],
        &["1-0 2026-04-01 01 1  1番地   ", "2-0 2026-08-01 41 1 L 2番地 1番地 3050006 2026-08-01"],
    );
}

#[test]
fn a_planned_move_out_leaves_the_resident_registered_until_it_is_confirmed() {
    let story = Story::moved_in("2026-04-01")
        .with(
            "21",
            "2026-09-01",
            None,
            &[("tenshutsu_yotei_ymd", "2026-09-30"), ("ido_todoke_ymd", "2026-09-01")],
        )
        .with("21", "2026-09-30", None, &[("tenshutsu_ymd", "2026-09-30")]);
    story.check(
        &["tenshutsu_todoke_ymd", "tenshutsu_yotei_ymd", "tenshutsu_ymd", "shojo_jiyu", "shojo_ido_ymd"],
        &[
            "1-0 2026-04-01 01 1      ",
            "2-0 2026-09-01 21 1  2026-09-01 2026-09-30   ",
            "3-0 2026-09-30 21 2 L 2026-09-01 2026-09-30 2026-09-30 21 2026-09-30",
        ],
    );
}

#[test]
fn a_death_ends_the_registration_and_a_return_clears_it() {
    let story = Story::moved_in("2020-04-01").with("22", "2021-04-01", None, &[]);
    story.check(
        &["shojo_jiyu", "tenshutsu_ymd"],
        &["1-0 2020-04-01 01 1   ", "2-0 2021-04-01 22 2 L 22 2021-04-01"],
    );
    let story = story.with("02", "2023-04-01", None, &[]).with("23", "2026-01-01", None, &[]);
    assert_eq!(
        story.rows(&["shojo_jiyu", "tenshutsu_ymd"])[2..],
        ["3-0 2023-04-01 02 1   ", "4-0 2026-01-01 23 3 L 23 "]
    );
}

#[test]
fn a_return_starts_with_nothing_of_the_first_arrival() {
    let first = [("tennyumae_shikugunchoson", "土浦市"), ("tennyumae_katagaki", "港町コーポ3号")];
    let items = [ALL_REQUIRED, &first, &[("saishu_shikugunchoson", "牛久市")]].concat();
    let story = Story::new()
        .with("01", "2015-04-01", None, &items)
        .with("21", "2020-03-28", None, &[("tennyu_tsuchi_ymd", "2020-04-02")])
        .with("01", "2026-10-04", None, &[("tennyumae_shikugunchoson", "世田谷区")]);
    story.check(
        &["tennyumae_shikugunchoson", "tennyumae_katagaki", "saishu_shikugunchoson", "tennyu_tsuchi_ymd"],
        &[
            "1-0 2015-04-01 01 1  土浦市 港町コーポ3号 牛久市 ",
            "2-0 2020-03-28 21 2  土浦市 港町コーポ3号 牛久市 2020-04-02",
            "3-0 2026-10-04 01 1 L 世田谷区   ",
        ],
    );
}

#[test]
fn an_entry_after_naturalisation_keeps_where_the_resident_came_from() {
    let items = [ALL_REQUIRED, &[("tennyumae_kokumei", "中国")]].concat();
    let story = Story::new().with("02", "2015-04-01", None, &items).with("24", "2026-09-24", None, &[]).with(
        "04",
        "2026-09-24",
        None,
        &[],
    );
    story.check(
        &["tennyumae_kokumei", "shojo_jiyu"],
        &["1-0 2015-04-01 02 1  中国 ", "2-0 2026-09-24 24 9  中国 24", "3-0 2026-09-24 04 1 L 中国 "],
    );
}

#[test]
fn a_retroactive_correction_reaches_the_rows_that_inherited_the_error() {
    let story = Story::moved_in("2020-04-01")
        .with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地")])
        .with("43", "2024-04-01", None, &[("shimei", "青葉　次郎")])
        .with("43", "2021-04-01", None, &[("shimei", "青葉　大朗"), ("jumin_ymd", "2020-03-30")]);
    story.check(
        &["jusho_banchigo", "shimei", "jumin_ymd"],
        &[
            "1-0 2020-04-01 01 1  1番地 青葉　太郎 ",
            "2-0 2022-04-01 41 1  2番地 青葉　太郎 ",
            "2-1 2022-04-01 41 1  2番地 青葉　大朗 2020-03-30",
            "3-0 2024-04-01 43 1  2番地 青葉　次郎 ",
            "3-1 2024-04-01 43 1 L 2番地 青葉　次郎 2020-03-30",
            "4-0 2021-04-01 43 1  1番地 青葉　大朗 2020-03-30",
        ],
    );
    let name_on = |day| story.history.as_of(day).map(|row| row.get(ItemNo::from_index(18).unwrap()));
    assert_eq!(name_on("2020-12-31"), Some("青葉　太郎"));
    assert_eq!(name_on("2021-04-01"), Some("青葉　大朗"));
    assert_eq!(name_on("2023-04-01"), Some("青葉　大朗"));
    assert_eq!(name_on("2024-04-01"), Some("青葉　次郎"));
}

#[test]
fn a_corrected_address_does_not_follow_to_the_next_one() {
    // Neither lot has a 方書 in the registry, but that does not make the first one's the second one's.
    let story = Story::moved_in("2020-04-01")
        .with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地")])
        .with("54", "2023-04-01", None, &[("kyuuji", "緑川")])
        .with("44", "", Some(1), &[("jusho_katagaki", "桜荘2号"), ("jumin_ymd", "2020-03-30")]);
    story.check(
        &["jusho_banchigo", "jusho_katagaki", "tenkyomae_banchigo", "tenkyomae_katagaki", "jumin_ymd"],
        &[
            "1-0 2020-04-01 01 1  1番地    ",
            "1-1 2020-04-01 44 1  1番地 桜荘2号   2020-03-30",
            "2-0 2022-04-01 41 1  2番地  1番地  ",
            "2-1 2022-04-01 41 1  2番地  1番地 桜荘2号 2020-03-30",
            "3-0 2023-04-01 54 1  2番地  1番地  ",
            "3-1 2023-04-01 54 1 L 2番地  1番地 桜荘2号 2020-03-30",
        ],
    );
}

#[test]
fn cancelling_the_first_of_two_moves_within_leaves_the_second_with_the_address_before_both() {
    let story = Story::moved_in("2020-04-01")
        .with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地"), ("jusho_katagaki", "桜荘2号")])
        .with("41", "2024-04-01", None, &[("jusho_banchigo", "3番地"), ("jusho_katagaki", "")])
        .with("59", "2022-04-01", Some(2), &[]);
    story.check(
        &["jusho_banchigo", "tenkyomae_banchigo", "tenkyomae_katagaki", "tenkyomae_todofuken", "jutei_ymd"],
        &[
            "1-0 2020-04-01 01 1  1番地    ",
            "2-0 2022-04-01 41 1 X 2番地 1番地  茨城県 2022-04-01",
            "3-0 2024-04-01 41 1  3番地 2番地 桜荘2号 茨城県 2024-04-01",
            "3-1 2024-04-01 41 1 L 3番地 1番地  茨城県 2024-04-01",
            "4-0 2022-04-01 59 1  1番地    ",
        ],
    );
}

#[test]
fn a_clerical_error_gets_a_version_and_so_do_its_heirs() {
    let story = Story::moved_in("2020-04-01")
        .with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地")])
        .with("44", "2020-04-02", Some(1), &[("shimei", "青葉　太朗")]);
    story.check(
        &["shimei", "jusho_banchigo"],
        &[
            "1-0 2020-04-01 01 1  青葉　太郎 1番地",
            "1-1 2020-04-02 44 1  青葉　太朗 1番地",
            "2-0 2022-04-01 41 1  青葉　太郎 2番地",
            "2-1 2022-04-01 41 1 L 青葉　太朗 2番地",
        ],
    );
}

#[test]
fn cancelling_the_latest_move_brings_the_row_before_back() {
    let story = Story::moved_in("2020-04-01")
        .with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地")])
        .with("59", "2022-05-01", Some(2), &[]);
    story.check(
        &["jusho_banchigo", "tenkyomae_banchigo"],
        &["1-0 2020-04-01 01 1  1番地 ", "2-0 2022-04-01 41 1 X 2番地 1番地", "3-0 2022-05-01 59 1 L 1番地 "],
    );
    assert_eq!(story.history.as_of("2022-04-15").unwrap().get(ItemNo::RIREKI_NO), "1");
}

#[test]
fn cancelling_an_earlier_move_takes_back_what_was_inherited_from_it() {
    let story = Story::moved_in("2020-04-01")
        .with("54", "2021-04-01", None, &[("kyuuji", "緑川")])
        .with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地")])
        .with("59", "2021-04-01", Some(2), &[]);
    story.check(
        &["kyuuji", "jusho_banchigo"],
        &[
            "1-0 2020-04-01 01 1   1番地",
            "2-0 2021-04-01 54 1 X 緑川 1番地",
            "3-0 2022-04-01 41 1  緑川 2番地",
            "3-1 2022-04-01 41 1 L  2番地",
            "4-0 2021-04-01 59 1   1番地",
        ],
    );
}

#[test]
fn cancelling_the_only_move_in_ends_the_record_and_cancelling_a_removal_brings_back() {
    Story::moved_in("2026-04-01")
        .with("28", "2026-04-02", Some(1), &[("ido_todoke_ymd", "2026-04-03")])
        .check(
            &["shojo_jiyu", "shojo_todoke_ymd"],
            &["1-0 2026-04-01 01 1 X  ", "2-0 2026-04-02 28 9 L 28 2026-04-03"],
        );
    Story::moved_in("2026-04-01")
        .with("21", "2026-05-01", None, &[])
        .with("09", "2026-05-02", Some(2), &[])
        .check(
            &["shojo_jiyu"],
            &["1-0 2026-04-01 01 1  ", "2-0 2026-05-01 21 2 X 21", "3-0 2026-05-02 09 1 L "],
        );
}

#[test]
fn a_corrected_row_is_cancelled_as_the_move_it_was() {
    let story = Story::moved_in("2026-04-01").with("44", "", Some(1), &[("shimei", "青葉　太朗")]);
    story
        .with("28", "2026-04-02", Some(1), &[])
        .check(&[], &["1-0 2026-04-01 01 1 X", "1-1 2026-04-01 44 1 X", "2-0 2026-04-02 28 9 L"]);
}

#[test]
fn moves_that_do_not_fit_are_refused() {
    let one = || Story::moved_in("2020-04-01");
    one().refused("01", "2021-04-01", None, ALL_REQUIRED, &Refusal::AlreadyRegistered);
    Story::new().refused("23", "2021-04-01", None, &[], &Refusal::NotRegistered);
    Story::new().refused("42", "2021-04-01", None, &[], &Refusal::UnknownResident);
    one().refused("41", "2019-04-01", None, &[], &Refusal::UnknownResident);
    one().with("23", "2021-04-01", None, &[]).refused("41", "2022-04-01", None, &[], &Refusal::NotRegistered);
    one().refused("41", "2022-04-31", None, &[], &Refusal::NoDate);
    one().refused("42", "2022-04-30", None, &[], &Refusal::NothingChanges);
    one().refused("59", "2022-04-30", None, &[], &Refusal::NoTarget);
    one().refused("42", "2022-04-30", Some(1), &[("kyuuji", "緑川")], &Refusal::NeedlessTarget);
    one().refused("59", "2022-04-30", Some(7), &[], &Refusal::TargetNotEffective { rireki_no: 7 });
    one().refused(
        "59",
        "2022-04-30",
        Some(1),
        &[],
        &Refusal::WrongCancellation { cancelled: "01".to_owned(), expected: "28", found: "59" },
    );
    one().refused(
        "42",
        "2022-04-30",
        None,
        &[("del_flg", "1")],
        &Refusal::ManagedItem { item: ItemNo::DEL_FLG },
    );
    one().with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地")]).refused(
        "28",
        "2022-05-01",
        Some(1),
        &[],
        &Refusal::LaterRows { rireki_no: 1 },
    );
    let twice = one().with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地")]);
    let twice = twice.with("59", "2022-05-01", Some(2), &[]);
    twice.refused("59", "2022-05-02", Some(2), &[], &Refusal::TargetNotEffective { rireki_no: 2 });
}

#[test]
fn a_cancellation_is_not_cancelled() {
    let story = Story::moved_in("2020-04-01").with("41", "2022-04-01", None, &[("jusho_banchigo", "2番地")]);
    let story = story.with("59", "2022-05-01", Some(2), &[]);
    story.refused("59", "2022-06-01", Some(3), &[], &Refusal::CancelsCancellation { rireki_no: 3 });
}

#[test]
fn a_row_that_would_be_wrong_names_its_items() {
    let mut story = Story::moved_in("2020-04-01");
    let refusal = story.try_move("43", "2021-04-01", None, &[("seibetsu", "7"), ("birth_ymd", "1980-02-30")]);
    let text = refusal.unwrap_err().to_string();
    assert_eq!(text, "the row would be wrong: seibetsu: unknown-code, birth_ymd: not-date");
}

#[test]
fn a_warning_passes_and_is_told() {
    let mut story = Story::moved_in("2020-04-01");
    let warnings = story.try_move("53", "2021-04-01", None, &[("zokugara_cd1", "98")]).unwrap();
    assert_eq!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), ["zokugara_cd1: unknown-code"]);
}
