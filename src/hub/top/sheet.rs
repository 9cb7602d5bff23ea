//! The details of one line: facts, fault and remedy, tries, steps, and the commands that change something.

use renkei_core::deadline::Standing;
use renkei_core::port::{RunRecord, RunState, StepRecord};

use super::columns::{fit, wrap};
use crate::console::Lang;
use crate::night_board::{Tone, Words};
use crate::run_sheet::{RunSheet, state_word};
use crate::texts;

/// A line of text and how urgent it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// The details; `words` is the board's line, `sheet` the run's.
pub(super) fn sheet_lines(
    words: Option<&Words>,
    sheet: Option<&RunSheet>,
    lang: Lang,
    columns: usize,
) -> Vec<Line> {
    let mut page = Page { lines: Vec::new(), lang, columns };
    // What to do comes first: it is what the page is opened for.
    let run = sheet.map(|sheet| &sheet.run);
    page.title(words, run);
    if let Some(run) = run {
        page.fault(run);
    }
    page.heading("コマンド（この画面は何も変えません）", "commands (this view changes nothing)");
    for command in commands(words, run, lang) {
        page.plain(&format!("  {command}"));
    }
    if let Some(words) = words {
        page.job(words);
    }
    if let Some(run) = run {
        page.run(run);
    }
    if let Some(sheet) = sheet {
        page.attempts(sheet);
        page.parts(sheet);
        page.heading("工程", "steps");
        sheet.steps.iter().for_each(|step| page.step(step));
    }
    page.lines
}

/// A step on one line.
pub(super) fn step_text(step: &StepRecord, lang: Lang) -> String {
    let state = fit(state_word(lang, step.state), 11);
    format!(
        "{} {} {state} {:>8} ms  {}",
        fit(&step.subject, 14),
        fit(&step.name, 10),
        step.duration_ms,
        step.outcome
    )
}

/// What fault a run has, with what it said.
pub(super) fn fault_text(run: &RunRecord) -> Option<String> {
    let code = run.fault_code.as_ref()?;
    Some(format!("{code}: {}", run.fault_text.as_deref().unwrap_or_default()))
}

/// How urgent a run is.
pub(super) fn tone_of(state: RunState) -> Tone {
    match state {
        RunState::Succeeded => Tone::Good,
        RunState::Running => Tone::Busy,
        RunState::Failed | RunState::Held => Tone::Bad,
        RunState::Cancelled => Tone::Quiet,
        RunState::Queued | RunState::Retrying | RunState::Interrupted | RunState::Stopped => Tone::Warning,
    }
}

/// The commands an operator may want, as they are typed.
fn commands(words: Option<&Words>, run: Option<&RunRecord>, lang: Lang) -> Vec<String> {
    let reason = format!("--reason \"{}\"", lang.pick("理由", "WHY"));
    let mut commands = Vec::new();
    if let Some(run) = run {
        let id = &run.run_id;
        commands.push(format!("renkei show {id}"));
        if !run.state.is_final() && !run.order.is_empty() {
            commands.push(format!("renkei cancel {id} {reason}"));
        }
        if run.state == RunState::Held {
            commands.push("renkei held".to_owned());
        }
        if let Some(code) = &run.fault_code {
            commands.push(format!("renkei explain {code}"));
        }
        if let Some(job) = run.job.as_ref().filter(|_| run.state.is_final()) {
            let date = run.business_date;
            commands.push(format!("renkei run {job} --date {date} --redoes {id} {reason}"));
        }
    }
    let job = words.map(|words| words.job.as_str()).or(run.and_then(|run| Some(run.job.as_ref()?.as_str())));
    if let Some(job) = job.filter(|job| !job.is_empty()) {
        if run.is_none() {
            commands.push(format!("renkei run {job} {reason}"));
        }
        commands.push(format!("renkei hold {job} {reason}"));
        commands.push(format!("renkei release {job} {reason}"));
    }
    commands
}

/// A page under way.
struct Page {
    lines: Vec<Line>,
    lang: Lang,
    columns: usize,
}

impl Page {
    fn plain(&mut self, text: &str) {
        self.toned(text, Tone::Quiet);
    }

    fn toned(&mut self, text: &str, tone: Tone) {
        let lines = wrap(text, self.columns);
        self.lines.extend(lines.into_iter().map(|text| Line { text, tone }));
    }

    fn heading(&mut self, ja: &str, en: &str) {
        if !self.lines.is_empty() {
            self.plain(" ");
        }
        let heading = self.lang.pick(ja, en);
        self.plain(&format!("== {heading}"));
    }

    fn fact(&mut self, ja: &str, en: &str, value: &str) {
        if !value.is_empty() {
            let name = fit(self.lang.pick(ja, en), 14);
            self.plain(&format!("{name} {value}"));
        }
    }

    fn title(&mut self, words: Option<&Words>, run: Option<&RunRecord>) {
        if let Some(words) = words {
            self.toned(&format!("{} {}  {}", words.job, words.name, words.standing), words.tone);
        } else if let Some(run) = run {
            self.toned(&format!("{}  {}", run.what, state_word(self.lang, run.state)), tone_of(run.state));
        }
    }

    fn job(&mut self, words: &Words) {
        self.heading("ジョブ", "job");
        self.fact("ジョブ", "job", &format!("{} {}", words.job, words.name));
        self.fact("配信系列", "feeds", &words.feeds);
        self.fact("予定", "planned", &words.planned);
        self.fact("見込み", "forecast", &words.forecast);
        self.fact("期限", "deadline", &words.deadline);
        let name = fit(self.lang.pick("状況", "standing"), 14);
        self.toned(&format!("{name} {}", words.standing), words.tone);
        if let Some((_, Standing::Near { .. })) = words.against {
            self.toned(
                self.lang.pick("期限に間に合わないおそれがあります。", "It may not be done by its deadline."),
                Tone::Warning,
            );
        }
    }

    fn run(&mut self, run: &RunRecord) {
        self.heading("実行", "run");
        self.fact("実行", "run", &run.run_id);
        self.fact("内容", "what", &run.what);
        let name = fit(self.lang.pick("状態", "state"), 14);
        self.toned(&format!("{name} {}", state_word(self.lang, run.state)), tone_of(run.state));
        self.fact("業務日", "business date", &run.business_date.to_string());
        let trigger = format!("{} ({}, {})", run.queued_at, run.trigger.as_str(), run.operator);
        self.fact("起動", "asked for", &trigger);
        self.fact("開始", "started", run.started_at.as_deref().unwrap_or_default());
        self.fact("終了", "ended", run.ended_at.as_deref().unwrap_or_default());
        self.fact("理由", "reason", &run.reason);
        self.fact("やり直す実行", "does again", run.redoes.as_deref().unwrap_or_default());
        let next_try = run.not_before.filter(|_| run.state.waits()).map(|at| at.to_string());
        self.fact("次の試行", "next try", &next_try.unwrap_or_default());
        self.fact("取消した人", "called off by", run.cancel_asked_by.as_deref().unwrap_or_default());
    }

    fn fault(&mut self, run: &RunRecord) {
        let Some(fault) = fault_text(run) else { return };
        self.heading("障害", "fault");
        self.toned(&fault, Tone::Bad);
        if let Some(text) = run.fault_code.as_deref().and_then(texts::of_fault) {
            self.plain(text.title.pick(self.lang));
            self.plain(text.cause.pick(self.lang));
            self.heading("対処", "what to do");
            self.plain(text.remedy.pick(self.lang));
        }
    }

    fn attempts(&mut self, sheet: &RunSheet) {
        if sheet.attempts.is_empty() {
            return;
        }
        self.heading("試行", "tries");
        for attempt in &sheet.attempts {
            let ended = attempt.ended_at.as_deref().unwrap_or_default();
            let fault = attempt.fault_code.as_deref().unwrap_or_default();
            let state = fit(state_word(self.lang, attempt.state), 11);
            let times = format!("{} {}", fit(&attempt.started_at, 25), fit(ended, 25));
            self.toned(&format!("{:>3} {state} {times} {fault}", attempt.attempt_no), tone_of(attempt.state));
        }
    }

    fn parts(&mut self, sheet: &RunSheet) {
        let parts: Vec<_> = sheet.parts.iter().filter(|part| part.run_id != sheet.run.run_id).collect();
        if parts.is_empty() {
            return;
        }
        self.heading("系列ごと", "by feed");
        for part in parts {
            let state = fit(state_word(self.lang, part.state), 11);
            let fault = fault_text(part).unwrap_or_default();
            self.toned(&format!("{state} {} {fault}", part.what), tone_of(part.state));
        }
    }

    fn step(&mut self, step: &StepRecord) {
        let text = step_text(step, self.lang);
        self.toned(&text, if step.state == RunState::Failed { Tone::Bad } else { Tone::Quiet });
    }
}
