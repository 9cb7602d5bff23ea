//! Two hundred nights: random moves, kills of either side, lost, late and repeated files, and a version switch in
//! the middle. At the end the agent's table is the registry's projection, row for row.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::agent::{declare, last_full, receipts, table};
use crate::sandbox::{BOM, PLAIN, Sandbox, files};

/// How many nights.
const N_NIGHTS: usize = 200;
/// The night from which version 1.1 is accepted, and 1.0 no more.
const SWITCH: usize = 100;
/// 2026-10-02 01:30 in Tokyo, in unix seconds.
const FIRST: i64 = 1_790_872_200;
const DAY: i64 = 86_400;

/// Dice that fall the same in every run (a Weyl sequence with a mixer).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 32)) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Files taken out of the folder, to come back on a later night.
struct Away {
    until: usize,
    name: String,
    bytes: Vec<u8>,
}

/// The link under test.
struct Link {
    sandbox: Sandbox,
    dice: Dice,
    night: usize,
    away: Vec<Away>,
    n_kills: usize,
    /// Files of moves that a quiet night left for the next.
    unapplied: Vec<String>,
}

impl Link {
    fn now(&self) -> String {
        (FIRST + i64::try_from(self.night).unwrap() * DAY).to_string()
    }

    /// The hub lives in the night it is; the agent by the clock of the disk, by which it tells half-written files.
    fn set_clock(&self, command: &mut Command) {
        if command.get_args().next().is_some_and(|arg| arg == "receive") {
            command.env_remove("RENKEI_NOW");
        } else {
            command.env("RENKEI_NOW", self.now());
        }
    }

    /// Runs a command to its end; now and then it is killed at a random moment first, once or more.
    fn drive(&mut self, args: &[&str], codes: &[i32]) {
        while self.dice.one_in(6) {
            let moment = Duration::from_millis(self.dice.below(120));
            let mut command = self.sandbox.command(args);
            self.set_clock(&mut command);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(moment);
            child.kill().unwrap();
            let status = child.wait().unwrap();
            self.n_kills += usize::from(status.code().is_none());
            if status.code().is_some() && args[0] != "receive" {
                // It was quicker; a second time is not the same for the hub.
                return;
            }
        }
        let mut command = self.sandbox.command(args);
        self.set_clock(&mut command);
        let outcome = self.sandbox.run_command(&mut command);
        let is_expected = outcome.status.code().is_some_and(|code| codes.contains(&code));
        outcome.require(is_expected, &format!("night {}: an exit code of {codes:?}", self.night));
    }

    /// The feed that the receiver follows on this night.
    fn feed(&self) -> &'static str {
        if self.night < SWITCH { PLAIN } else { BOM }
    }

    /// Takes a file of the last publication away for some nights.
    fn lose(&mut self) {
        let folder = self.sandbox.feed_folder(self.feed());
        let Some(notice) = self.sandbox.notices(self.feed()).pop() else { return };
        let path = if self.dice.one_in(2) { notice } else { notice.with_extension("csv") };
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let until = self.night + 1 + usize::try_from(self.dice.below(4)).unwrap();
        assert!(folder.is_dir());
        self.away.push(Away { until, name: format!("{}/{name}", folder.display()), bytes });
    }

    /// Brings back what is due; not always in order, and not always whole at once.
    fn bring_back(&mut self) {
        let night = self.night;
        let (due, away): (Vec<Away>, Vec<Away>) = self.away.drain(..).partition(|file| file.until <= night);
        self.away = away;
        for file in due.into_iter().rev() {
            if self.dice.one_in(3) {
                // Half of it first, as a writer does that does not write aside.
                std::fs::write(&file.name, &file.bytes[..file.bytes.len() / 2]).unwrap();
                self.drive(&["receive"], &[0, 10]);
            }
            std::fs::write(&file.name, &file.bytes).unwrap();
        }
    }

    fn night(&mut self, moves: &str) {
        self.unapplied.push(moves.to_owned());
        if !self.dice.one_in(5) {
            for moves in std::mem::take(&mut self.unapplied) {
                // Killed after its commit, it says that the file was taken in before.
                self.drive(&["apply", &moves], &[0, 10]);
            }
        }
        let feeds = [PLAIN, BOM];
        self.drive(&["generate", feeds[0], feeds[1], "--diff"], &[0]);
        if self.night == SWITCH {
            self.drive(&["generate", BOM, "--full"], &[0]);
        }
        self.bring_back();
        if self.dice.one_in(8) {
            self.lose();
        }
        if self.dice.one_in(10) {
            // The same file once more, as if copied again.
            if let Some(notice) = self.sandbox.notices(self.feed()).first() {
                let bytes = std::fs::read(notice).unwrap();
                std::fs::write(notice, bytes).unwrap();
            }
        }
        self.drive(&["receive"], &[0, 10]);
    }
}

#[test]
fn after_two_hundred_nights_the_receiver_has_what_the_registry_has() {
    let sandbox = Sandbox::loaded(300, 800);
    let moves = sandbox.cut_moves(N_NIGHTS);
    sandbox.replace("hub/hub.toml", "max_share = 5 ", "max_share = 100 ");
    sandbox.replace("hub/hub.toml", "max_deleted_share = 2 ", "max_deleted_share = 100 ");
    sandbox.replace("hub/hub.toml", r#"receivers = ["014", "017"]"#, r#"receivers = ["014", "015", "017"]"#);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    let day = |night: usize| {
        let first: chrono::NaiveDate = "2026-10-02".parse().unwrap();
        first + chrono::Days::new(u64::try_from(night).unwrap())
    };
    let accept = format!(
        r#"{{ layout = "001o005-1.0", until = {} }}, {{ layout = "001o005-1.1", from = {} }}"#,
        day(SWITCH - 1),
        day(SWITCH)
    );
    declare(&sandbox, &accept, "");
    let mut link =
        Link { sandbox, dice: Dice(7), night: 0, away: Vec::new(), n_kills: 0, unapplied: Vec::new() };
    link.drive(&["receive"], &[0]);
    for night in 1..=N_NIGHTS {
        link.night = night;
        link.night(&moves[(night - 1).min(moves.len() - 1)]);
    }
    link.night = N_NIGHTS + 9;
    link.bring_back();
    link.drive(&["receive"], &[0, 10]);
    let before = table(&link.sandbox, "jumin_v1_1");
    link.drive(&["generate", BOM, "--full"], &[0]);
    assert!(!before.is_empty());
    assert_eq!(before, last_full(&link.sandbox, BOM), "the diffs lead to what a fresh full says");
    link.drive(&["receive"], &[0, 10]);
    assert_eq!(table(&link.sandbox, "jumin_v1_1"), last_full(&link.sandbox, BOM));
    assert!(link.n_kills >= 20, "only {} kills", link.n_kills);
    every_set_is_answered(&link.sandbox);
    crate::ledger::every_receipt_is_in_the_ledger(&link.sandbox);
}

/// Each publication that was the receiver's to take has a receipt, and none was refused.
fn every_set_is_answered(sandbox: &Sandbox) {
    let receipts = receipts(sandbox);
    for (notice, outcomes) in &receipts {
        assert!(!outcomes.contains("refused"), "{notice}: {outcomes:?}");
    }
    let answered = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        receipts.get(name).is_some_and(|outcomes| outcomes.contains("taken") || outcomes.contains("passed"))
    };
    for feed in [PLAIN, BOM] {
        for notice in sandbox.notices(feed) {
            assert!(answered(&notice), "{} has no receipt", notice.display());
        }
    }
    let _ = files::names(&sandbox.path("hub/share"));
}
