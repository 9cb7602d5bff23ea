//! From a person's state to the history row that tells of it.

use renkei_registry::{Dictionary, ItemNo, Row};

use crate::addresses::{Address, MUNICIPALITY_CODE};
use crate::calendar::Day;
use crate::dice::mix;
use crate::items::{AddressItems, ItemBook, TownItems, set};
use crate::numbers;
use crate::person::{Birth, Leaving, Origin, Person, Who, joined};

/// The row of one state of a person in the town with this seed.
pub(crate) fn row(person: &Person, seed: u64, is_latest: bool) -> Row {
    let mut row = Row::new();
    fill(&mut row, person, seed, is_latest);
    row
}

/// Makes a row tell of a person and of nobody it told of before; a town's rows all pass through one.
pub(crate) fn fill(r: &mut Row, person: &Person, seed: u64, is_latest: bool) {
    let book = ItemBook::get();
    let items = &book.one;
    for item in Dictionary::standard().items() {
        r.set(item.no, "");
    }
    set(r, items.shikuchoson_cd, MUNICIPALITY_CODE);
    set(r, items.atena_no, &format!("{:015}", numbers::FIRST_ATENA_NO + person.index));
    set(r, items.rireki_no, &person.rireki_no.to_string());
    set(r, items.rireki_eda_no, "0");
    set(r, items.saishin_flg, if is_latest { "1" } else { "0" });
    set(r, items.juminhyo_cd, &numbers::resident_code(seed, person.code_index));
    set(r, items.kojin_bango, &numbers::individual_number(seed, person.number_index));
    set(r, items.del_flg, "0");
    entry(r, items, person, seed);
    name(r, items, person);
    birth(r, items, person);
    membership(r, items, person);
    residence(r, book, person);
    leaving(r, book, person);
}

fn entry(row: &mut Row, items: &TownItems, person: &Person, seed: u64) {
    let entry = person.entry;
    set(row, items.ido_ymd, &entry.day.to_string());
    set(row, items.ido_ymd_fusho_flg, "0");
    set(row, items.ido_todoke_ymd, &entry.filed.to_string());
    set(row, items.ido_jiyu, entry.reason);
    set(row, items.shori_ymd, &entry.filed.to_string());
    set(row, items.koshin_ymd, &entry.filed.to_string());
    // Recorded in office hours, by one of forty clerks.
    let chance = mix(seed ^ mix(person.index) ^ u64::from(person.rireki_no));
    let second = 8 * 3600 + 1800 + chance % (8 * 3600 + 2700);
    let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    set(row, items.koshin_time, &time);
    set(row, items.sosasha_id, &format!("SHIMIN{:03}", 1 + (chance >> 40) % 40));
}

fn name(row: &mut Row, items: &TownItems, person: &Person) {
    set(row, items.jumin_shubetsu, if person.is_japanese() { "1" } else { "2" });
    set(row, items.shimei, &person.display_name());
    match &person.who {
        Who::Japanese { surname, given, former, koseki } => {
            set(row, items.uji_nihonjin, surname.text);
            set(row, items.mei_nihonjin, given.text);
            set(row, items.shimei_kana, &joined(surname.kana, given.kana));
            set(row, items.uji_nihonjin_kana, surname.kana);
            set(row, items.mei_nihonjin_kana, given.kana);
            if let Some(former) = former {
                set(row, items.kyuuji, former.text);
                set(row, items.kyuuji_kana, former.kana);
            }
            let place = &koseki.place;
            let (area, lot) = (place.area, &place.lot);
            let whole = format!("{}{}{}{lot}", area.prefecture, area.municipality, area.name);
            set(row, items.honseki, &whole);
            set(row, items.honseki_shikuchoson_cd, area.code);
            set(row, items.honseki_machiaza_cd, &format!("{:07}", area.town_code));
            set(row, items.honseki_todofuken, area.prefecture);
            set(row, items.honseki_shikugunchoson, area.municipality);
            set(row, items.honseki_machiaza, area.name);
            set(row, items.honseki_chiban, lot);
            set(row, items.hittosha, &joined(koseki.surname.text, koseki.given.text));
            set(row, items.hittosha_uji, koseki.surname.text);
            set(row, items.hittosha_mei, koseki.given.text);
        }
        Who::Foreign { name, alias, since, stay } => {
            set(row, items.shimei_gaikokujin_romaji, &name.romaji);
            set(row, items.shimei_gaikokujin_kanji, &name.kanji);
            set(row, items.shimei_kana, &name.kana);
            if let Some((alias, kana)) = alias {
                set(row, items.tsusho, alias);
                set(row, items.tsusho_kana, kana);
            }
            let priority = match (name.kanji.is_empty(), alias.is_some()) {
                (true, false) => "02",
                (true, true) => "06",
                (false, false) => "03",
                (false, true) => "07",
            };
            set(row, items.shimei_yusen_kbn, priority);
            set(row, items.gaikokujin_jumin_ymd, &since.to_string());
            set(row, items.gaikokujin_jumin_fusho_flg, "0");
            set(row, items.kokuseki_cd, name.country.code);
            set(row, items.kokuseki_mei, name.country.name);
            set(row, items.hou30_45_kbn, stay.rule_45);
            set(row, items.zairyu_shikaku_cd, stay.status);
            if let Some(years) = stay.years {
                set(row, items.zairyu_kikan_nen, &format!("{years:02}"));
                set(row, items.zairyu_kikan_tsuki, "00");
                set(row, items.zairyu_kikan_hi, "000");
            }
            set_day(row, items.zairyu_manryo_ymd, stay.until);
            set(row, items.zairyu_card_no, &stay.card_no);
            set(row, items.zairyu_card_no_kbn, stay.card_kind);
        }
    }
}

fn birth(row: &mut Row, items: &TownItems, person: &Person) {
    set(row, items.seibetsu, person.sex.code());
    set(row, items.seibetsu_hyoki, person.sex.label());
    let (era, era_name, year_of_era) = person.birth.day().era();
    match person.birth {
        Birth::Known(day) => {
            set(row, items.birth_ymd, &day.to_string());
            set(row, items.birth_fusho_flg, "0");
        }
        Birth::YearOnly(_) if person.is_japanese() => {
            set(row, items.birth_fusho_flg, "1");
            let year = if year_of_era == 1 { "元".to_owned() } else { year_of_era.to_string() };
            set(row, items.birth_fusho, &format!("{era_name}{year}年月日不詳"));
        }
        Birth::YearOnly(day) => {
            set(row, items.birth_fusho_flg, "1");
            set(row, items.birth_fusho, &format!("{}年月日不詳", day.year()));
        }
    }
    // A foreign resident's date of birth is written in the Western calendar.
    if person.is_japanese() {
        set(row, items.birth_gengo, era);
    }
}

fn membership(row: &mut Row, items: &TownItems, person: &Person) {
    let member = &person.member;
    set(row, items.setai_no, &format!("{:015}", member.setai_no));
    let places = [items.zokugara_cd1, items.zokugara_cd2, items.zokugara_cd3, items.zokugara_cd4];
    for (item, code) in places.into_iter().zip(member.relation.codes) {
        set(row, item, code);
    }
    set(row, items.zokugara_hyoki, member.relation.label);
    set(row, items.setainushi_shimei, &member.head_name);
    set(row, items.kisai_juni, &member.order.to_string());
}

fn residence(row: &mut Row, book: &ItemBook, person: &Person) {
    let items = &book.one;
    set_address(row, &book.home, &person.address);
    if let Some(before) = &person.address_before {
        set_address(row, &book.home_before, before);
    }
    set_day(row, items.jumin_ymd, Some(person.resident_since));
    set(row, items.jumin_fusho_flg, "0");
    set_day(row, items.jutei_ymd, Some(person.settled_on));
    set(row, items.jutei_fusho_flg, "0");
    match &person.origin {
        Origin::Here => {}
        Origin::Japan { address, head_name } => {
            set_address(row, &book.came_from, address);
            set(row, items.tennyumae_setainushi, head_name);
        }
        Origin::Abroad(country) => {
            set(row, items.tennyumae_kokumei_cd, country.code);
            set(row, items.tennyumae_kokumei, country.name);
        }
    }
}

fn leaving(row: &mut Row, book: &ItemBook, person: &Person) {
    let items = &book.one;
    set(row, items.jumin_jotai, person.leaving.status());
    if !person.is_registered() {
        set_day(row, items.shojo_todoke_ymd, Some(person.entry.filed));
        set_day(row, items.shojo_ido_ymd, Some(person.entry.day));
        set(row, items.shojo_ido_fusho_flg, "0");
        set(row, items.shojo_jiyu, person.entry.reason);
    }
    match &person.leaving {
        Leaving::Stays | Leaving::Died | Leaving::Struck => {}
        Leaving::Plans { on, filed, to } => {
            set_day(row, items.tenshutsu_todoke_ymd, Some(*filed));
            set_day(row, items.tenshutsu_yotei_ymd, Some(*on));
            set_address(row, &book.plans_to, to);
        }
        Leaving::MovedOut { on, filed, to } => {
            set_day(row, items.tenshutsu_todoke_ymd, Some(*filed));
            set_day(row, items.tenshutsu_yotei_ymd, Some(*on));
            set_day(row, items.tenshutsu_ymd, Some(*on));
            set_address(row, &book.plans_to, to);
            set_address(row, &book.went_to, to);
            // The other municipality tells of the arrival within days.
            set_day(row, items.tennyu_tsuchi_ymd, Some(person.entry.filed));
        }
        Leaving::WentAbroad { on, filed, country } => {
            set_day(row, items.tenshutsu_todoke_ymd, Some(*filed));
            set_day(row, items.tenshutsu_yotei_ymd, Some(*on));
            set_day(row, items.tenshutsu_ymd, Some(*on));
            set(row, items.tenshutsu_yotei_kokumei_cd, country.code);
            set(row, items.tenshutsu_yotei_kokumei, country.name);
        }
    }
}

fn set_day(row: &mut Row, item: Option<ItemNo>, day: Option<Day>) {
    if let Some(day) = day {
        set(row, item, &day.to_string());
    }
}

fn set_address(row: &mut Row, items: &AddressItems, address: &Address) {
    let area = address.area;
    set(row, items.code, area.code);
    set(row, items.town_code, &format!("{:07}", area.town_code));
    set(row, items.prefecture, area.prefecture);
    set(row, items.municipality, area.municipality);
    set(row, items.area, area.name);
    set(row, items.lot, &address.lot);
    set(row, items.lot_numbers, &address.lot_numbers);
    set(row, items.postal, area.postal);
    if let Some(apartment) = &address.apartment {
        set(row, items.apartment_code, &apartment.code);
        set(row, items.apartment, &apartment.name);
        set(row, items.apartment_kana, &apartment.kana);
    }
}
