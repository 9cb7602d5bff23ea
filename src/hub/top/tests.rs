//! Pictures of made-up nights: as people read them, and by the rules of columns.

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use renkei_core::Moment;
use renkei_core::deadline::Standing;
use renkei_core::dispatch::WaitsFor;
use renkei_core::port::{AttemptRecord, RunRecord, RunState, StepRecord, Trigger};
use renkei_engine::night::{JobLine, JobStanding};
use unicode_width::UnicodeWidthChar as _;

use super::columns;
use super::drawing::{Picture, draw};
use super::keys::Key;
use super::reading::{Blind, Seen};
use super::screen::{Room, Screen};
use super::view::rows;
use crate::console::Lang;
use crate::daemon::LiveRun;
use crate::night_board::NightBoard;
use crate::run_sheet::RunSheet;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn at(text: &str) -> Moment {
    Moment::parse(&format!("2026-10-0{text}:00+09:00")).unwrap()
}

fn date() -> NaiveDate {
    "2026-10-02".parse().unwrap()
}

fn run(id: &str, job: &str, state: RunState) -> RunRecord {
    let fault = (state == RunState::Failed).then_some("folder.name-taken");
    RunRecord {
        run_id: id.to_owned(),
        parent: None,
        what: format!("job {job}"),
        job: Some(job.parse().unwrap()),
        planned: Some(at("2T21:30")),
        business_date: date(),
        trigger: Trigger::Schedule,
        operator: "scheduler".to_owned(),
        reason: String::new(),
        redoes: None,
        order: "{}".to_owned(),
        state,
        n_attempts: 1,
        not_before: None,
        fault_code: fault.map(str::to_owned),
        fault_class: fault.map(|_| renkei_core::Class::Operator),
        fault_text: fault.map(|_| "082201_001o005-00_D_20261002213000_0002.csv is there already".to_owned()),
        cancel_asked_by: None,
        queued_at: at("2T21:30").to_string(),
        started_at: Some(at("2T21:30").to_string()),
        ended_at: None,
    }
}

fn line(job: &str, name: &str, standing: JobStanding) -> JobLine {
    JobLine {
        job: job.parse().unwrap(),
        name: name.to_owned(),
        feeds: vec!["001o005-v1.0".parse().unwrap(), "001o005-v1.1".parse().unwrap()],
        planned: Some(at("2T21:30")),
        standing,
        run: None,
        forecast: None,
        deadline: None,
    }
}

fn night(n_more: usize) -> Seen {
    let with_run = |id: &str, job: &str, name: &str, state| {
        let run = Some(run(id, job, state));
        JobLine { run, ..line(job, name, JobStanding::Run(state)) }
    };
    let near = Standing::Near { finish: Some(at("3T05:10")) };
    let mut lines = vec![
        with_run(
            "01J0000000000000000000000A",
            "zeimu",
            "個人住民税・固定資産税 当初課税前の全件配信",
            RunState::Failed,
        ),
        JobLine {
            forecast: Some(at("3T05:10")),
            deadline: Some((at("3T05:00"), near)),
            ..with_run("01J0000000000000000000000B", "nightly", "夜間差分", RunState::Running)
        },
        JobLine {
            deadline: Some((at("2T20:00"), Standing::InTime)),
            ..with_run("01J0000000000000000000000C", "fukushi", "福祉", RunState::Succeeded)
        },
        JobLine {
            deadline: Some((at("2T20:00"), Standing::Passed)),
            ..line(
                "kokuho-monthly-full",
                "国民健康保険 月次全件",
                JobStanding::Waiting(WaitsFor::Jobs { jobs: vec!["nightly".parse().unwrap()] }),
            )
        },
        JobLine {
            planned: Some(at("3T01:30")), ..line("kaigo", "ｶｲｺﾞﾎｹﾝ", JobStanding::Planned)
        },
        line("shutoku", "証明書コンビニ交付", JobStanding::Disabled),
    ];
    for n in 0..n_more {
        lines.push(line(&format!("more-{n}"), "その他", JobStanding::Planned));
    }
    let live = vec![LiveRun {
        run_id: "01J0000000000000000000000B".to_owned(),
        what: "job nightly".to_owned(),
        subject: "001o005-v1.0".to_owned(),
        done: 62,
        total: 100,
    }];
    let earlier = vec![RunRecord {
        business_date: "2026-10-01".parse().unwrap(),
        ..run("01J00000000000000000000009", "zeimu", RunState::Retrying)
    }];
    let runs = vec![
        run("01J0000000000000000000000C", "fukushi", RunState::Succeeded),
        run("01J0000000000000000000000B", "nightly", RunState::Running),
        run("01J0000000000000000000000A", "zeimu", RunState::Failed),
    ];
    let failed = run("01J0000000000000000000000A", "zeimu", RunState::Failed);
    let step = |step_no, name: &str, state, outcome: &str| StepRecord {
        run_id: failed.run_id.clone(),
        step_no,
        name: name.to_owned(),
        subject: "001o005-v1.0".to_owned(),
        state,
        outcome: outcome.to_owned(),
        started_at: at("2T21:30").to_string(),
        duration_ms: 1234,
    };
    let sheet = RunSheet {
        attempts: vec![AttemptRecord {
            run_id: failed.run_id.clone(),
            attempt_no: 1,
            state: RunState::Failed,
            fault_code: failed.fault_code.clone(),
            fault_class: failed.fault_class,
            fault_text: failed.fault_text.clone(),
            started_at: at("2T21:30").to_string(),
            ended_at: Some(at("2T21:31").to_string()),
        }],
        parts: vec![failed.clone()],
        steps: vec![
            step(1, "stage", RunState::Succeeded, "42 rows"),
            step(2, "data", RunState::Failed, "folder.name-taken"),
        ],
        run: failed,
    };
    let daemon = Some("process 4711".to_owned());
    let board = NightBoard::new(at("2T22:10"), date(), daemon, lines, earlier, live);
    Seen { board, runs, sheet: Some(sheet) }
}

struct Shown {
    buffer: Buffer,
    room: Room,
}

/// Draws what is seen after some keys.
fn shown(size: (u16, u16), lang: Lang, seen: Option<&Seen>, blind: Option<&Blind>, keys: &[Key]) -> Shown {
    let rows = rows(seen, date());
    let mut screen = Screen::new(lang, None);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let mut room = Room::default();
    let mut draw_now = |screen: &Screen| {
        let picture = Picture { screen, rows: &rows, seen, blind, now: at("2T22:10") };
        terminal.draw(|frame| room = draw(frame, &picture)).unwrap();
        room
    };
    for key in keys {
        let room = draw_now(&screen);
        screen.press(*key, &rows, room);
    }
    let room = draw_now(&screen);
    Shown { buffer: terminal.backend().buffer().clone(), room }
}

impl Shown {
    /// The lines as they stand on the screen; a full-width character once.
    fn lines(&self) -> Vec<String> {
        let area = self.buffer.area;
        (0..area.height)
            .map(|y| {
                let mut line = String::new();
                let mut x = 0;
                while x < area.width {
                    let symbol = self.buffer[(x, y)].symbol();
                    line.push_str(symbol);
                    x += u16::try_from(columns::width(symbol).max(1)).unwrap();
                }
                line
            })
            .collect()
    }

    /// Every line as wide as the screen: none flows over, and none ends in half a character.
    #[track_caller]
    fn holds_columns(&self, note: &str) {
        for line in self.lines() {
            assert_eq!(columns::width(&line), usize::from(self.buffer.area.width), "{note}: {line:?}");
        }
    }

    fn text(&self) -> String {
        let lines: Vec<String> = self.lines().iter().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n") + "\n"
    }
}

/// The column at which a text begins on a line.
fn column_of(line: &str, text: &str) -> usize {
    let at = line.find(text).unwrap_or_else(|| panic!("{text:?} is not in {line:?}"));
    columns::width(&line[..at])
}

/// Compares with a kept picture; with `RENKEI_BLESS` set, keeps it.
#[track_caller]
fn check_picture(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("top/pictures").join(format!("{name}.txt"));
    if std::env::var_os("RENKEI_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{name} is not as kept (RENKEI_BLESS=1 keeps it anew):\n{text}");
}

#[test]
fn the_pictures_are_as_kept() {
    let seen = night(0);
    for (lang, word) in [(Lang::Ja, "ja"), (Lang::En, "en")] {
        for size in SIZES {
            let picture = |name: &str, keys: &[Key]| {
                let shown = shown(size, lang, Some(&seen), None, keys);
                check_picture(&format!("{name}-{}-{word}", size.0), &shown.text());
            };
            picture("board", &[]);
            picture("runs", &[Key::OtherPane, Key::Down]);
            picture("sheet", &[Key::Enter]);
        }
        check_picture(
            &format!("help-80-{word}"),
            &shown(SIZES[0], lang, Some(&seen), None, &[Key::Help]).text(),
        );
    }
}

#[test]
fn no_line_flows_over_at_any_size() {
    let seen = night(40);
    let blind = Blind {
        code: "store.unavailable",
        causes: "データベースを開けません\n\u{1b}[2J ".repeat(20),
    };
    let overs: [&[Key]; 5] = [
        &[],
        &[Key::OtherPane],
        &[Key::Enter],
        &[Key::Help],
        &[Key::Last, Key::OtherPane, Key::Last, Key::Enter],
    ];
    for lang in [Lang::Ja, Lang::En] {
        for size in [(80, 24), (120, 40), (81, 25), (60, 12), (61, 13), (59, 11), (20, 3), (300, 80), (1, 1)]
        {
            for keys in overs {
                for blind in [None, Some(&blind)] {
                    let note = format!("{lang:?} {size:?} {keys:?}");
                    shown(size, lang, Some(&seen), blind, keys).holds_columns(&note);
                    shown(size, lang, None, blind, keys).holds_columns(&note);
                }
            }
        }
    }
}

#[test]
fn the_boards_columns_stand_under_each_other() {
    for (lang, heading, planned) in [(Lang::Ja, "予定", "21:30"), (Lang::En, "plan", "21:30")] {
        for size in SIZES {
            let lines = shown(size, lang, Some(&night(0)), None, &[]).lines();
            let column = column_of(&lines[2], heading);
            for line in [&lines[3], &lines[4], &lines[5], &lines[6]] {
                assert_eq!(column_of(line, planned), column, "{line}");
            }
            assert_eq!(column_of(&lines[7], "25:30"), column);
            let deadline = column_of(&lines[2], lang.pick("期限", "deadline"));
            assert_eq!(column_of(&lines[4], "29:00"), deadline);
            assert_eq!(column_of(&lines[5], "20:00"), deadline);
        }
    }
}

#[test]
fn our_own_texts_are_as_wide_on_every_terminal() {
    // A night without what an office names: all that is drawn is ours.
    for lang in [Lang::Ja, Lang::En] {
        for keys in [&[][..], &[Key::OtherPane], &[Key::Help], &[Key::Enter]] {
            let text = shown((120, 40), lang, Some(&night(0)), None, keys).text();
            let ambiguous: Vec<char> = text
                .chars()
                .filter(|letter| letter.width() != letter.width_cjk())
                .filter(|letter| !letter.is_control())
                .collect();
            assert!(ambiguous.is_empty(), "{ambiguous:?} in\n{text}");
        }
    }
}

#[test]
fn urgency_is_a_sign_too() {
    let lines = shown(SIZES[0], Lang::En, Some(&night(0)), None, &[]).lines();
    let signs: Vec<&str> = lines[3..10].iter().map(|line| &line[..2]).collect();
    assert_eq!(signs, [">X", " !", " o", " X", "  ", "  ", " !"]);
}

#[test]
fn a_fault_of_looking_stands_in_the_header_and_the_last_look_below() {
    let blind = Blind { code: "store.busy", causes: "another process is writing".to_owned() };
    let lines = shown(SIZES[0], Lang::En, Some(&night(0)), Some(&blind), &[]).lines();
    assert!(lines[1].contains("cannot read [store.busy] (as of 22:10:00) another process"), "{}", lines[1]);
    assert!(lines[3].contains("zeimu"));
}

#[test]
fn the_details_name_fault_remedy_and_commands() {
    let text = |keys: &[Key]| shown((120, 60), Lang::Ja, Some(&night(0)), None, keys).text();
    let sheet = text(&[Key::Enter]);
    let id = "01J0000000000000000000000A";
    for expected in [
        "folder.name-taken: 082201_001o005-00_D_20261002213000_0002.csv is there already".to_owned(),
        "== 対処".to_owned(),
        format!("renkei run zeimu --date 2026-10-02 --redoes {id} --reason \"理由\""),
        "renkei hold zeimu --reason \"理由\"".to_owned(),
        "renkei explain folder.name-taken".to_owned(),
        "42 rows".to_owned(),
    ] {
        assert!(sheet.contains(&expected), "{expected} is not in\n{sheet}");
    }
    // A run that ended is not called off.
    assert!(!sheet.contains("renkei cancel"));
    // A job without a run can be run.
    assert!(text(&[Key::Last, Key::Up, Key::Enter]).contains("renkei run shutoku --reason"));
}

#[test]
fn what_is_selected_stays_in_sight() {
    let seen = night(40);
    let shown = shown(SIZES[0], Lang::En, Some(&seen), None, &[Key::Last]);
    let marked: Vec<String> = shown.lines().into_iter().filter(|line| line.starts_with('>')).collect();
    assert_eq!(marked.len(), 1, "{}", shown.text());
    assert!(shown.room.page > 5);
}
