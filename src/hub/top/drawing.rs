//! The picture: header, board, runs or steps, footer; or what lies over them.

use chrono::Datelike as _;
use ratatui::Frame;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use renkei_core::Moment;
use renkei_core::deadline::Standing;
use renkei_core::port::{RunRecord, RunState};

use super::columns::{fit, fit_before, symbols, width, wrap};
use super::reading::{Blind, Seen};
use super::screen::{Over, Pane, Room, Rows, Screen};
use super::sheet::{Line, fault_text, sheet_lines, step_text, tone_of};
use crate::console::Lang;
use crate::night_board::{Tone, Words};
use crate::run_sheet::state_word;

/// Below this nothing of use can be drawn; from 80 by 24 on everything can.
const SMALLEST: (u16, u16) = (60, 12);
/// Lines above the board: two of header, the columns' names.
const N_ABOVE: usize = 3;

/// All there is to draw.
pub(super) struct Picture<'p> {
    pub(super) screen: &'p Screen,
    pub(super) rows: &'p Rows,
    pub(super) seen: Option<&'p Seen>,
    pub(super) blind: Option<&'p Blind>,
    pub(super) now: Moment,
}

/// Draws it; gives how much there was room for.
pub(super) fn draw(frame: &mut Frame<'_>, picture: &Picture<'_>) -> Room {
    let area = frame.area();
    let mut canvas = Canvas { buffer: frame.buffer_mut(), area };
    let lang = picture.screen.lang;
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        canvas.line(
            0,
            lang.pick("画面が小さすぎます: 80x24 以上に", "too small: make it 80x24 or more"),
            Style::new(),
        );
        return Room::default();
    }
    picture.header(&mut canvas);
    picture.footer(&mut canvas);
    match picture.screen.over {
        Over::Nothing => picture.lists(&mut canvas),
        Over::Help => canvas.page(&help_lines(lang), picture.screen.scroll),
        Over::Sheet => canvas.page(&picture.details(usize::from(area.width) - 1), picture.screen.scroll),
    }
}

impl Picture<'_> {
    fn lang(&self) -> Lang {
        self.screen.lang
    }

    fn words(&self) -> Vec<Words> {
        self.seen.map(|seen| seen.board.words(self.lang())).unwrap_or_default()
    }

    fn header(&self, canvas: &mut Canvas<'_>) {
        let lang = self.lang();
        let date = self.rows.date;
        let weekday = weekday(date.weekday(), lang);
        let follows = if self.screen.date.is_none() {
            lang.pick("今日", "today")
        } else {
            lang.pick("指定", "chosen")
        };
        let daemon = match self.seen.map(|seen| seen.board.daemon()) {
            None => lang.pick("読み込み中", "reading"),
            Some(Some(_)) => lang.pick("稼働中", "up"),
            Some(None) => lang.pick("停止 !", "DOWN !"),
        };
        let title = format!(
            " renkei top  {} {date} ({weekday}, {follows})  {} {}  {} {daemon}",
            lang.pick("業務日", "business date"),
            lang.pick("時刻", "clock"),
            self.now.time_text(),
            lang.pick("デーモン", "daemon"),
        );
        canvas.line(0, &title, Style::new().add_modifier(Modifier::REVERSED));
        let (text, tone) = self.problems();
        canvas.line(1, &text, style(tone));
    }

    /// What somebody should look at: a fault of looking first.
    fn problems(&self) -> (String, Tone) {
        let lang = self.lang();
        if let Some(Blind { code, causes }) = self.blind {
            let since = self.seen.map(|seen| seen.board.now().time_text()).unwrap_or_default();
            let old = match (since.is_empty(), lang) {
                (true, _) => String::new(),
                (false, Lang::Ja) => format!(" ({since} の内容です)"),
                (false, Lang::En) => format!(" (as of {since})"),
            };
            return (
                format!("X {} [{code}]{old} {causes}", lang.pick("読めません", "cannot read")),
                Tone::Bad,
            );
        }
        let words = self.words();
        let n_of = |tone| words.iter().filter(|words| words.tone == tone).count();
        let runs: &[RunRecord] = self.seen.map(|seen| seen.runs.as_slice()).unwrap_or_default();
        let n_running = runs.iter().filter(|run| run.state == RunState::Running).count();
        let (n_bad, n_warnings) = (n_of(Tone::Bad), n_of(Tone::Warning));
        let tone = match (n_bad, n_warnings) {
            (0, 0) => Tone::Good,
            (0, _) => Tone::Warning,
            _ => Tone::Bad,
        };
        let sign = sign(tone);
        let text = match lang {
            Lang::Ja => format!("{sign} 要対応 {n_bad} 件  注意 {n_warnings} 件  実行中 {n_running} 件"),
            Lang::En => format!("{sign} needs somebody {n_bad}  warnings {n_warnings}  running {n_running}"),
        };
        (text, tone)
    }

    fn footer(&self, canvas: &mut Canvas<'_>) {
        let keys = match (self.screen.over, self.lang()) {
            (Over::Nothing, Lang::Ja) => {
                " q 終了  j/k 選択  Enter 詳細  Tab 一覧/履歴  d/D 前日/翌日  l English  ? 説明"
            }
            (Over::Nothing, Lang::En) => {
                " q quit  j/k select  Enter details  Tab pane  d/D other day  l 日本語  ? help"
            }
            (_, Lang::Ja) => " q 終了  Esc 戻る  j/k スクロール  l English",
            (_, Lang::En) => " q quit  Esc back  j/k scroll  l 日本語",
        };
        canvas.line(canvas.height() - 1, keys, Style::new().add_modifier(Modifier::REVERSED));
    }

    fn lists(&self, canvas: &mut Canvas<'_>) -> Room {
        let words = self.words();
        // The board gets what it needs up to three fifths; the rest is the other pane's, with a rule between.
        let n_free = canvas.height() - N_ABOVE - 2;
        let n_board = words.len().max(1).min(n_free * 3 / 5);
        let n_below = n_free - n_board;
        let columns = Columns::of(canvas.width());
        columns.heading(canvas, N_ABOVE - 1, self.lang());
        let selected = self.screen.line(self.rows);
        let has_focus = self.screen.pane == Pane::Board;
        let first = first_shown(selected, n_board, words.len());
        for (y, (place, words)) in words.iter().enumerate().skip(first).take(n_board).enumerate() {
            columns.line(canvas, N_ABOVE + y, words, Mark::of(place == selected, has_focus), self.lang());
        }
        if words.is_empty() && self.seen.is_some() {
            let none = self.lang().pick("   ジョブがありません（jobs/*.toml）", "   no jobs (jobs/*.toml)");
            canvas.line(N_ABOVE, none, Style::new());
        }
        let rule = N_ABOVE + n_board;
        match self.screen.pane {
            Pane::Board => self.selected_line(canvas, rule, n_below, words.get(selected)),
            Pane::Runs => self.runs(canvas, rule, n_below),
        }
        Room { page: if has_focus { n_board } else { n_below }, max_scroll: 0 }
    }

    /// Below the board: the run of the line selected, its fault and its last steps.
    fn selected_line(&self, canvas: &mut Canvas<'_>, rule: usize, n_lines: usize, words: Option<&Words>) {
        let lang = self.lang();
        let Some(words) = words else { return canvas.rule(rule, "") };
        canvas.rule(rule, &format!("{} {}", words.job, words.name));
        let mut lines = Vec::new();
        let mut add = |text: &str, tone| {
            lines.extend(wrap(text, canvas.width() - 1).into_iter().map(|text| Line { text, tone }));
        };
        let sheet =
            self.seen.and_then(|seen| seen.sheet.as_ref()).filter(|sheet| sheet.run.run_id == words.run);
        add(&format!("{} {}", sign(words.tone), words.standing), words.tone);
        if let Some(sheet) = sheet {
            let run = &sheet.run;
            add(&format!("{} {}  {}", lang.pick("実行", "run"), run.run_id, run.what), Tone::Quiet);
            if let Some(fault) = fault_text(run) {
                add(&format!("{} {fault}", lang.pick("障害", "fault")), Tone::Bad);
            }
            let n_steps = n_lines.saturating_sub(lines.len());
            let steps = sheet.steps.iter().skip(sheet.steps.len().saturating_sub(n_steps));
            lines.extend(steps.map(|step| Line { text: step_text(step, lang), tone: Tone::Quiet }));
        } else if !words.run.is_empty() {
            add(lang.pick("読み込み中", "reading"), Tone::Quiet);
        } else {
            add(lang.pick("実行はまだありません。", "No run yet."), Tone::Quiet);
        }
        for (y, line) in lines.iter().take(n_lines).enumerate() {
            canvas.line(rule + 1 + y, &format!(" {}", line.text), style(line.tone));
        }
    }

    /// Below the board: the last runs.
    fn runs(&self, canvas: &mut Canvas<'_>, rule: usize, n_lines: usize) {
        let lang = self.lang();
        canvas.rule(rule, lang.pick("最近の実行", "last runs"));
        let runs: &[RunRecord] = self.seen.map(|seen| seen.runs.as_slice()).unwrap_or_default();
        let selected = self.screen.run(self.rows);
        let first = first_shown(selected, n_lines, runs.len());
        // Fault and what runs share the room that is left.
        let left = canvas.width().saturating_sub(3 + 12 + 12 + 11 + 9);
        let n_what = left * 3 / 5;
        for (y, (place, run)) in runs.iter().enumerate().skip(first).take(n_lines).enumerate() {
            let mark = Mark::of(place == selected, true);
            let tone = tone_of(run.state);
            let started = run.started_at.as_deref().unwrap_or(&run.queued_at);
            let started = started.get(5..16).unwrap_or(started).replace('T', " ");
            let id = run.run_id.get(run.run_id.len().saturating_sub(8)..).unwrap_or(&run.run_id);
            let fault = run.fault_code.as_deref().unwrap_or_default();
            let date = run.business_date.to_string();
            let cells: [(&str, usize); 6] = [
                (&started, 12),
                (state_word(lang, run.state), 12),
                (&date, 11),
                (id, 9),
                (&run.what, n_what),
                (fault, left - n_what),
            ];
            canvas.cells(rule + 1 + y, mark, tone, &cells);
        }
        if runs.is_empty() && self.seen.is_some() {
            canvas.line(rule + 1, lang.pick("   まだありません。", "   None yet."), Style::new());
        }
    }

    fn details(&self, columns: usize) -> Vec<Line> {
        let wanted = self.screen.wanted_run(self.rows);
        let mut words = self.words();
        let words = match self.screen.pane {
            Pane::Board => {
                let selected = self.screen.line(self.rows);
                (selected < words.len()).then(|| words.swap_remove(selected))
            }
            Pane::Runs => None,
        };
        let sheet = self.seen.and_then(|seen| seen.sheet.as_ref());
        let sheet = sheet.filter(|sheet| Some(&sheet.run.run_id) == wanted.as_ref());
        if sheet.is_none() && words.is_none() {
            let text = match wanted {
                Some(_) => self.lang().pick("読み込み中", "reading"),
                None => self.lang().pick("何も選ばれていません。", "Nothing is selected."),
            };
            return vec![Line { text: text.to_owned(), tone: Tone::Quiet }];
        }
        sheet_lines(words.as_ref(), sheet, self.lang(), columns)
    }
}

/// The widths of the board's columns, a space after each included.
struct Columns {
    job: usize,
    feeds: usize,
    standing: usize,
}

const N_PLANNED: usize = 6;
const N_FORECAST: usize = 7;
const N_DEADLINE: usize = 11;

impl Columns {
    fn of(n_columns: usize) -> Self {
        let spare = n_columns.saturating_sub(80);
        let job = 15 + (spare / 2).min(25);
        let feeds = 13 + (spare / 8).min(5);
        let taken = 3 + job + feeds + N_PLANNED + N_FORECAST + N_DEADLINE;
        Self { job, feeds, standing: n_columns.saturating_sub(taken) }
    }

    fn cells<'t>(&self, texts: [&'t str; 6]) -> [(&'t str, usize); 6] {
        let [job, feeds, planned, standing, forecast, deadline] = texts;
        [
            (job, self.job),
            (feeds, self.feeds),
            (planned, N_PLANNED),
            (standing, self.standing),
            (forecast, N_FORECAST),
            (deadline, N_DEADLINE),
        ]
    }

    fn heading(&self, canvas: &mut Canvas<'_>, y: usize, lang: Lang) {
        let texts = match lang {
            Lang::Ja => ["ジョブ", "配信系列", "予定", "状況", "見込み", "期限"],
            Lang::En => ["job", "feeds", "plan", "standing", "finish", "deadline"],
        };
        canvas.cells(y, Mark::None, Tone::Quiet, &self.cells(texts));
        canvas.restyle(y, Style::new().add_modifier(Modifier::UNDERLINED));
    }

    fn line(&self, canvas: &mut Canvas<'_>, y: usize, words: &Words, mark: Mark, lang: Lang) {
        let job = format!("{} {}", words.job, words.name);
        let standing = match words.percent {
            Some(percent) => format!("{} {} {percent}%", lang.pick("実行中", "running"), bar(percent)),
            None => words.standing.clone(),
        };
        let deadline = words.against.as_ref().map(|(at, standing)| match standing {
            Standing::InTime => at.clone(),
            Standing::Near { .. } => format!("{at} {}", lang.pick("注意", "near")),
            Standing::Passed => format!("{at} {}", lang.pick("超過", "LATE")),
        });
        let deadline = deadline.unwrap_or_default();
        // A run of an earlier date has that date for a time.
        let planned = words.planned.get(5..10).unwrap_or(&words.planned);
        let (feed, others) =
            words.feeds.find(" +").map_or((&*words.feeds, ""), |at| words.feeds.split_at(at));
        let feeds = fit_before(feed, others, self.feeds - 1);
        let texts = [&*job, &feeds, planned, &standing, &words.forecast, &deadline];
        canvas.cells(y, mark, words.tone, &self.cells(texts));
    }
}

/// Whether a line is selected, and in the list that keys move in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Selected,
    Focused,
}

impl Mark {
    fn of(is_selected: bool, has_focus: bool) -> Self {
        match (is_selected, has_focus) {
            (false, _) => Self::None,
            (true, false) => Self::Selected,
            (true, true) => Self::Focused,
        }
    }
}

/// Writes whole lines and cells at fixed columns.
struct Canvas<'b> {
    buffer: &'b mut Buffer,
    area: Rect,
}

impl Canvas<'_> {
    fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    fn height(&self) -> usize {
        usize::from(self.area.height)
    }

    fn put(&mut self, x: usize, y: usize, text: &str, columns: usize, style: Style) {
        let text = fit(text, columns);
        let mut x = x;
        for (symbol, n_columns) in symbols(&text) {
            let (Ok(column), Ok(line)) = (u16::try_from(x), u16::try_from(y)) else { return };
            let Some(end) = column.checked_add(n_columns.get()).filter(|end| *end <= self.area.width) else {
                return;
            };
            // The cells that a wide character covers are blank.
            for covered in column..end {
                if let Some(cell) = self.buffer.cell_mut((covered, line)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
            if let Some(cell) = self.buffer.cell_mut((column, line)) {
                // The library counts half-width voicing marks twice; what is drawn goes by our own measure.
                cell.set_symbol(symbol).set_diff_option(CellDiffOption::ForcedWidth(n_columns));
            }
            x += usize::from(n_columns.get());
        }
    }

    /// A line as wide as the screen.
    fn line(&mut self, y: usize, text: &str, style: Style) {
        self.put(0, y, text, self.width(), style);
    }

    fn rule(&mut self, y: usize, title: &str) {
        let title = if title.is_empty() { String::new() } else { format!("-- {title} ") };
        let n_left = self.width().saturating_sub(width(&title));
        let text = format!("{title}{}", "-".repeat(n_left));
        self.line(y, &text, Style::new());
    }

    fn restyle(&mut self, y: usize, style: Style) {
        let Ok(y) = u16::try_from(y) else { return };
        self.buffer.set_style(Rect { y, height: 1, ..self.area }, style);
    }

    /// A line of a list: the mark, the sign of its tone, its cells; the last column of each cell stays empty.
    fn cells(&mut self, y: usize, mark: Mark, tone: Tone, cells: &[(&str, usize)]) {
        let pointer = if mark == Mark::None { " " } else { ">" };
        self.line(y, &format!("{pointer}{}", sign(tone)), style(tone));
        let mut x = 3;
        for (text, columns) in cells {
            self.put(x, y, text, columns.saturating_sub(1), style(tone));
            x += columns;
        }
        if mark == Mark::Focused {
            self.restyle(y, Style::new().add_modifier(Modifier::REVERSED));
        }
    }

    /// A long text between header and footer.
    fn page(&mut self, lines: &[Line], scroll: usize) -> Room {
        let page = self.height() - 3;
        let max_scroll = lines.len().saturating_sub(page);
        let first = scroll.min(max_scroll);
        if max_scroll > 0 {
            let place = format!(" {}-{}/{} ", first + 1, first + page, lines.len());
            let (n_columns, y) = (width(&place), self.height() - 1);
            let style = Style::new().add_modifier(Modifier::REVERSED);
            self.put(self.width().saturating_sub(n_columns), y, &place, n_columns, style);
        }
        for (y, line) in lines.iter().skip(first).take(page).enumerate() {
            self.line(2 + y, &format!(" {}", line.text), style(line.tone));
        }
        Room { page, max_scroll }
    }
}

/// The first of `n_lines` shown of `n_all`, so that the one selected is among them.
fn first_shown(selected: usize, n_lines: usize, n_all: usize) -> usize {
    (selected + 1).saturating_sub(n_lines).min(n_all.saturating_sub(n_lines))
}

/// Eight cells, filled by eighths.
fn bar(percent: u64) -> String {
    let n_full = usize::try_from(percent * 8 / 100).unwrap_or(8).min(8);
    format!("[{}{}]", "#".repeat(n_full), ".".repeat(8 - n_full))
}

/// The sign of a tone, for those who see no colours.
fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Quiet => " ",
        Tone::Busy => "*",
        Tone::Good => "o",
        Tone::Warning => "!",
        Tone::Bad => "X",
    }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Quiet => Style::new(),
        Tone::Busy => Style::new().fg(Color::Cyan),
        Tone::Good => Style::new().fg(Color::Green),
        Tone::Warning => Style::new().fg(Color::Yellow),
        Tone::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
    }
}

fn weekday(day: chrono::Weekday, lang: Lang) -> &'static str {
    use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    match day {
        Mon => lang.pick("月", "Mon"),
        Tue => lang.pick("火", "Tue"),
        Wed => lang.pick("水", "Wed"),
        Thu => lang.pick("木", "Thu"),
        Fri => lang.pick("金", "Fri"),
        Sat => lang.pick("土", "Sat"),
        Sun => lang.pick("日", "Sun"),
    }
}

fn help_lines(lang: Lang) -> Vec<Line> {
    let texts = [
        (
            "この画面は見るだけで、何も変えません。2秒ごとに読み直します。",
            "This view changes nothing. It looks anew every two seconds.",
        ),
        (" ", " "),
        ("q, Ctrl-C          終わる", "q, Ctrl-C          quit"),
        ("Esc                戻る（一覧では終わる）", "Esc                back (on the board: quit)"),
        ("上下矢印, j k      選ぶ、スクロールする", "arrows, j k        select, scroll"),
        ("PgUp PgDn g G      1画面分、先頭、末尾", "PgUp PgDn g G      a page, the first, the last"),
        (
            "Enter              詳細: 障害と対処、試行、工程、打つコマンド",
            "Enter              details: fault and remedy, tries, steps, commands to type",
        ),
        (
            "Tab                今夜の一覧と最近の実行を切り替える",
            "Tab                tonight's board or the last runs",
        ),
        ("d D                前の業務日、次の業務日", "d D                business date before, after"),
        ("l                  日本語と英語を切り替える", "l                  Japanese or English"),
        ("?                  この説明", "?                  this help"),
        (" ", " "),
        (
            "行頭の印           X 要対応  ! 注意、待ち  * 実行中  o 正常  空白 予定など",
            "signs              X needs somebody  ! warning, waits  * running  o done",
        ),
        (
            "25:30 は翌日の 1:30 です。~ は、そこで切ったことを表します。",
            "25:30 is 1:30 of the day after. ~ stands where a text was cut.",
        ),
    ];
    texts.iter().map(|(ja, en)| Line { text: lang.pick(ja, en).to_owned(), tone: Tone::Quiet }).collect()
}
