//! Which figures there are. The names are a promise: dashboards hold them.

use crate::console::Lang;

/// How a figure behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureKind {
    /// It only grows while the daemon lives.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts observations by size.
    Histogram,
}

impl FigureKind {
    /// Prometheus' word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One figure.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Its name, with its unit.
    pub name: &'static str,
    /// How it behaves.
    pub kind: FigureKind,
    /// Its labels.
    pub labels: &'static [&'static str],
    ja: &'static str,
    en: &'static str,
}

impl Figure {
    /// What it tells.
    pub const fn meaning(&self, lang: Lang) -> &'static str {
        lang.pick(self.ja, self.en)
    }
}

/// All figures, by name.
pub fn figures() -> &'static [Figure] {
    &FIGURES
}

pub(super) const ALERTS_OPEN: &str = "renkei_alerts_open";
pub(super) const BUILD_INFO: &str = "renkei_build_info";
pub(super) const DISK_FREE: &str = "renkei_disk_free_bytes";
pub(super) const FEED_LAST_PUBLISHED: &str = "renkei_feed_last_published_timestamp_seconds";
pub(super) const FEED_ROWS: &str = "renkei_feed_rows";
pub(super) const FEED_SEQUENCE: &str = "renkei_feed_sequence";
pub(super) const QUEUE_LENGTH: &str = "renkei_queue_length";
pub(super) const RUN_DURATION: &str = "renkei_run_duration_seconds";
pub(super) const RUNS: &str = "renkei_runs_total";
pub(super) const LAST_TICK: &str = "renkei_scheduler_last_tick_timestamp_seconds";
pub(super) const SLOTS_WAITING: &str = "renkei_slots_waiting";

const FIGURES: [Figure; 11] = [
    Figure {
        name: ALERTS_OPEN,
        kind: FigureKind::Gauge,
        labels: &[],
        ja: "解消していない警報の数",
        en: "alerts that stand open",
    },
    Figure {
        name: BUILD_INFO,
        kind: FigureKind::Gauge,
        labels: &["version"],
        ja: "動いているプログラムの版（値は常に 1）",
        en: "the version at work; always 1",
    },
    Figure {
        name: DISK_FREE,
        kind: FigureKind::Gauge,
        labels: &["volume"],
        ja: "ディスクの空き（volume は root か database）",
        en: "free space of the volume of root or database",
    },
    Figure {
        name: FEED_LAST_PUBLISHED,
        kind: FigureKind::Gauge,
        labels: &["feed"],
        ja: "系列を最後に配信した時刻",
        en: "when a feed was last published",
    },
    Figure {
        name: FEED_ROWS,
        kind: FigureKind::Gauge,
        labels: &["feed"],
        ja: "最後の配信の後に受け手が持つ行数",
        en: "rows a receiver holds after the last publication",
    },
    Figure {
        name: FEED_SEQUENCE,
        kind: FigureKind::Gauge,
        labels: &["feed"],
        ja: "系列の最後の連番",
        en: "the last sequence of a feed",
    },
    Figure {
        name: QUEUE_LENGTH,
        kind: FigureKind::Gauge,
        labels: &[],
        ja: "実行を待っている仕事の数",
        en: "runs that wait for their turn",
    },
    Figure {
        name: RUN_DURATION,
        kind: FigureKind::Histogram,
        labels: &["job"],
        ja: "実行にかかった時間",
        en: "how long runs took",
    },
    Figure {
        name: RUNS,
        kind: FigureKind::Counter,
        labels: &["job", "state"],
        ja: "終わった実行の数（状態別）",
        en: "runs that ended, by state",
    },
    Figure {
        name: LAST_TICK,
        kind: FigureKind::Gauge,
        labels: &[],
        ja: "予定を最後に見た時刻。止まっていれば古いまま",
        en: "when the scheduler last looked; it stays behind when the daemon hangs",
    },
    Figure {
        name: SLOTS_WAITING,
        kind: FigureKind::Gauge,
        labels: &[],
        ja: "時刻が来て、まだ始まっていない起動予定の数",
        en: "slots that are due and not started",
    },
];
