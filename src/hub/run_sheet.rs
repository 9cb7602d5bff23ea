//! All there is on record about one run: its tries, its parts and their steps.

use renkei_core::port::{AttemptRecord, RunRecord, RunState, Snapshot, StepRecord, StoreError};

use crate::console::Lang;

/// A run with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct RunSheet {
    pub(crate) run: RunRecord,
    pub(crate) attempts: Vec<AttemptRecord>,
    /// The runs of its feeds; itself where it has none.
    pub(crate) parts: Vec<RunRecord>,
    /// The steps of all parts, in order.
    pub(crate) steps: Vec<StepRecord>,
}

impl RunSheet {
    /// The sheet of a run.
    pub(crate) fn of(snapshot: &dyn Snapshot, run: RunRecord) -> Result<Self, StoreError> {
        let attempts = snapshot.attempts(&run.run_id)?;
        let mut parts = snapshot.parts(&run.run_id)?;
        if parts.is_empty() {
            parts.push(run.clone());
        }
        let mut steps = Vec::new();
        for part in &parts {
            steps.extend(snapshot.steps(&part.run_id)?);
        }
        Ok(Self { run, attempts, parts, steps })
    }
}

/// What a run's state is called.
pub(crate) fn state_word(lang: Lang, state: RunState) -> &'static str {
    match state {
        RunState::Queued => lang.pick("待ち", "queued"),
        RunState::Running => lang.pick("実行中", "running"),
        RunState::Retrying => lang.pick("再試行待ち", "retrying"),
        RunState::Held => lang.pick("保留", "held"),
        RunState::Succeeded => lang.pick("正常", "succeeded"),
        RunState::Failed => lang.pick("失敗", "failed"),
        RunState::Interrupted => lang.pick("中断", "interrupted"),
        RunState::Stopped => lang.pick("停止", "stopped"),
        RunState::Cancelled => lang.pick("取消", "cancelled"),
    }
}
