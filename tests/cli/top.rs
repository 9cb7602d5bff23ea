//! `renkei top` in a pseudo-terminal, which util-linux `script` makes.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

/// Nothing a test waits for takes so long.
const PATIENCE: Duration = Duration::from_mins(1);
/// What leaves the other screen, and what shows the cursor.
const GIVEN_BACK: [&str; 2] = ["\u{1b}[?1049l", "\u{1b}[?25h"];

/// The lines of a screen after all that was written: enough of a terminal to follow the program's drawing,
/// which moves the cursor (`ESC [ row ; column H`) before each cell that does not follow the last.
fn screen_after(written: &str) -> String {
    let mut cells: BTreeMap<(usize, usize), char> = BTreeMap::new();
    let (mut row, mut column) = (1, 1);
    let mut letters = written.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                let mut control = String::new();
                for letter in letters.by_ref().skip_while(|letter| *letter == '[') {
                    control.push(letter);
                    if letter.is_ascii_alphabetic() {
                        break;
                    }
                }
                if control == "2J" || control == "?1049h" {
                    cells.clear();
                } else if let Some((to_row, to_column)) =
                    control.strip_suffix('H').and_then(|place| place.split_once(';'))
                {
                    (row, column) = (to_row.parse().unwrap(), to_column.parse().unwrap());
                }
            }
            '\r' => column = 1,
            '\n' => row += 1,
            _ => {
                cells.insert((row, column), letter);
                if wide(letter) == 2 {
                    cells.remove(&(row, column + 1));
                }
                column += wide(letter);
            }
        }
    }
    let mut text = String::new();
    for row in 1..=24 {
        let mut end = 1;
        for ((_, column), letter) in cells.range((row, 0)..(row + 1, 0)) {
            // Cells that stayed blank were never written.
            text.extend(std::iter::repeat_n(' ', column.saturating_sub(end)));
            text.push(*letter);
            end = column + wide(*letter);
        }
        text.push('\n');
    }
    text
}

/// The columns of a character of these tests: what is not ASCII is full-width.
fn wide(letter: char) -> usize {
    if letter.is_ascii() { 1 } else { 2 }
}

/// A terminal with a shell in it that runs the view, then tells how that ended and how the terminal is.
struct Pty {
    child: Child,
    keys: ChildStdin,
    output: Receiver<Vec<u8>>,
    written: Vec<u8>,
    /// The same as text.
    shown: String,
}

impl Pty {
    fn start(sandbox: &Sandbox, term: &str) -> Self {
        Self::start_with(sandbox, &[("TERM", term)])
    }

    fn start_with(sandbox: &Sandbox, env: &[(&str, &str)]) -> Self {
        let line = format!(
            "stty rows 24 cols 80; before=$(stty -g); sh -c 'echo pid=$$.; exec {} top --lang ja'; echo exit=$?.; \
             [ \"$before\" = \"$(stty -g)\" ] && echo terminal=same.",
            env!("CARGO_BIN_EXE_renkei")
        );
        let mut command = Command::new("script");
        let model = sandbox.command(&[]);
        command.args(["-q", "-f", "-c", &line, "/dev/null"]).current_dir(sandbox.folder()).env_clear();
        command
            .envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .envs(env.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("script, of util-linux, is there");
        let keys = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let (tell, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n_bytes) = stdout.read(&mut buffer) {
                if n_bytes == 0 || tell.send(buffer[..n_bytes].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keys, output, written: Vec::new(), shown: String::new() }
    }

    /// Reads on until something holds.
    #[track_caller]
    fn wait_until(&mut self, what: &str, holds: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(&self.shown) {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.written.extend(bytes),
                Err(error) => panic!("not {what} ({error}):\n{}", screen_after(&self.shown)),
            }
            // A character may come in two pieces.
            self.shown = String::from_utf8_lossy(&self.written).into_owned();
        }
    }

    /// Reads until a text was written.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |shown| shown.contains(text));
    }

    /// Reads until a text stands on the screen.
    #[track_caller]
    fn sees(&mut self, text: &str) {
        self.wait_until(text, |shown| screen_after(shown).contains(text));
    }

    /// Reads until a text no longer stands on the screen.
    #[track_caller]
    fn sees_no_more(&mut self, text: &str) {
        self.wait_until(&format!("without {text}"), |shown| !screen_after(shown).contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    #[track_caller]
    fn ends_well(mut self, exit: &str) {
        self.wait_for(exit);
        self.wait_for("terminal=same.");
        for given_back in GIVEN_BACK {
            assert!(self.shown.contains(given_back), "{given_back:?} is not in {:?}", self.shown);
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_view_shows_the_board_and_gives_the_terminal_back() {
    let sandbox = Sandbox::loaded(20, 4);
    let mut pty = Pty::start(&sandbox, "xterm-256color");
    pty.wait_for("\u{1b}[?1049h");
    pty.sees("要対応 0 件");
    // The board is narrow; the whole name is in the part about the job that is chosen.
    pty.sees("nightly");
    pty.press("j");
    pty.sees("nightly 夜間差分");
    // Details, help and the other language, then out of them.
    pty.press("\r");
    pty.sees("renkei hold nightly");
    pty.press("?");
    pty.sees("この画面は見るだけ");
    pty.press("l");
    pty.sees("This view changes");
    pty.press("q");
    pty.ends_well("exit=0.");
}

#[test]
fn a_look_that_fails_is_told_and_the_view_goes_on() {
    let sandbox = Sandbox::loaded(20, 4);
    let mut pty = Pty::start(&sandbox, "xterm");
    pty.sees("要対応 0 件");
    sandbox.replace("hub/hub.toml", "name = ", "nonsense = ");
    pty.sees("config.invalid");
    sandbox.replace("hub/hub.toml", "nonsense = ", "name = ");
    pty.sees_no_more("config.invalid");
    pty.sees("要対応 0 件");
    pty.press("\u{3}");
    pty.ends_well("exit=0.");
}

#[test]
fn a_dropped_line_ends_it() {
    let sandbox = Sandbox::loaded(20, 4);
    let mut pty = Pty::start(&sandbox, "xterm");
    pty.sees("nightly");
    let pid = pty.shown.split("pid=").nth(1).unwrap().split('.').next().unwrap().to_owned();
    pty.child.kill().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("top")) {
        assert!(Instant::now() < deadline, "{pid} goes on without a terminal");
        std::thread::yield_now();
    }
}

#[test]
fn kill_gives_the_terminal_back_too() {
    let sandbox = Sandbox::loaded(20, 4);
    let mut pty = Pty::start(&sandbox, "xterm");
    pty.sees("nightly");
    let pid = pty.shown.split("pid=").nth(1).unwrap().split('.').next().unwrap().to_owned();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success(), "kill {pid}");
    pty.ends_well("exit=0.");
}

#[test]
fn a_panic_gives_the_terminal_back_too() {
    let sandbox = Sandbox::loaded(20, 4);
    let mut pty = Pty::start_with(&sandbox, &[("TERM", "xterm"), ("RENKEI_PANIC_AT", "top")]);
    pty.wait_for("exit=70.");
    // What is said about it stands on the screen that was there before.
    let (_, after) = pty.shown.rsplit_once(GIVEN_BACK[0]).unwrap();
    assert!(after.contains("hub.panic") && !pty.shown.contains("must not be shown"), "{:?}", pty.shown);
    pty.ends_well("exit=70.");
}

#[test]
fn where_nothing_can_be_drawn_it_says_so() {
    let sandbox = Sandbox::loaded(20, 4);
    sandbox.run(&["top"]).expect_fault(10, "hub.no-screen").says("renkei status");
    sandbox.run(&["top", "--json"]).expect_fault(10, "hub.no-screen");
    let mut pty = Pty::start(&sandbox, "dumb");
    pty.wait_for("exit=10.");
    let shown = pty.shown.as_str();
    assert!(shown.contains("hub.no-screen") && shown.contains("renkei status"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}
