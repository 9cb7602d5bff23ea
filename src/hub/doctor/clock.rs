//! Whether the clock can be believed.

use std::process::Command;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use renkei_core::Moment;
use renkei_core::port::{Snapshot, StoreError};

use super::finding::{Finding, Level, Words};
use crate::alert::{Ended, Limits, run_bounded};

const CHECK: &str = "clock";

/// Nothing on record is later than now, but for what a clock may be set back by.
pub(super) fn after_the_record(snapshot: &dyn Snapshot, now: Moment) -> Result<Finding, StoreError> {
    let run = snapshot.runs(1)?.into_iter().map(|run| run.started_at.unwrap_or(run.queued_at));
    let commit = snapshot.commits(1)?.into_iter().map(|commit| commit.committed_at);
    let last = run.chain(commit).filter_map(|text| moment(&text)).max();
    Ok(judge(now, last))
}

/// What to say of a clock at `now` after a record of `last`.
pub(super) fn judge(now: Moment, last: Option<Moment>) -> Finding {
    let ahead = last.map_or(TimeDelta::zero(), |last| last.local() - now.local());
    if ahead <= TimeDelta::minutes(1) {
        let words =
            Words::new(format!("時計は {now} です"), format!("it is {now}, after everything on record"));
        return Finding::ok(CHECK, now.to_string(), words);
    }
    let seconds = ahead.num_seconds();
    let words = Words::new(
        format!("時計が最後の記録より {seconds} 秒遅れています"),
        format!("the clock is {seconds} seconds before the last record"),
    );
    let remedy = Words::new(
        "時計を合わせてください。連番と確定番号は時計によらないので、データに影響はありません。",
        "Set the clock. Sequences and commit numbers do not depend on it, so no data is affected.",
    );
    Finding::new(CHECK, Level::Problem, now.to_string(), words).with_remedy(remedy)
}

/// What the system knows of time synchronisation.
pub(super) fn synchronised() -> Finding {
    let mut command = Command::new("timedatectl");
    command.args(["show", "--property=NTPSynchronized", "--value"]).env("LC_ALL", "C");
    let limits = Limits { timeout: Duration::from_secs(5), n_bytes_kept: 64, reads_stdout: true };
    let said = match run_bounded(&mut command, limits) {
        Ok(Ended::Exited { exit_code: 0, said }) => said,
        Ok(_) | Err(_) => Vec::new(),
    };
    of_state(String::from_utf8_lossy(&said).trim())
}

/// What to say of `timedatectl`'s word; anything else than yes and no is not known.
pub(super) fn of_state(word: &str) -> Finding {
    match word {
        "yes" => {
            let words = Words::new("時刻は同期しています", "the clock is synchronised");
            Finding::ok("time-sync", "timedatectl", words)
        }
        "no" => {
            let words = Words::new("時刻が同期していません", "the clock is not synchronised");
            let remedy = Words::new(
                "NTP（chrony や systemd-timesyncd）を動かしてください。予定の時刻がずれます。",
                "Run NTP (chrony or systemd-timesyncd): slots would start at wrong times.",
            );
            Finding::new("time-sync", Level::Warning, "timedatectl", words).with_remedy(remedy)
        }
        _ => {
            let words = Words::new(
                "時刻の同期は、この機械では調べられません",
                "whether the clock is synchronised cannot be told here",
            );
            Finding::ok("time-sync", "timedatectl", words)
        }
    }
}

fn moment(text: &str) -> Option<Moment> {
    Moment::from_unix(DateTime::parse_from_rfc3339(text).ok()?.timestamp())
}
