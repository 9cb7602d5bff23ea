//! What tells alerts apart at a glance: their kind, whether they are news, and how grave they are.

use serde::{Deserialize, Serialize};

/// The kind of a matter, and its word in tables, JSON and hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertKind {
    /// [`Matter::RunFailed`](super::Matter::RunFailed).
    RunFailed,
    /// [`Matter::DeadlineNear`](super::Matter::DeadlineNear).
    DeadlineNear,
    /// [`Matter::DeadlinePassed`](super::Matter::DeadlinePassed).
    DeadlinePassed,
    /// The all-clear of either deadline alert.
    DeadlineCleared,
    /// [`Matter::ChangeHeld`](super::Matter::ChangeHeld).
    ChangeHeld,
    /// [`Matter::ClockJumped`](super::Matter::ClockJumped).
    ClockJumped,
    /// [`Matter::DiskLow`](super::Matter::DiskLow).
    DiskLow,
    /// [`Matter::CalendarEnding`](super::Matter::CalendarEnding).
    CalendarEnding,
    /// [`Matter::SchedulerStopped`](super::Matter::SchedulerStopped).
    SchedulerStopped,
    /// [`Matter::DoorShut`](super::Matter::DoorShut).
    DoorShut,
    /// [`Matter::AuditBroken`](super::Matter::AuditBroken).
    AuditBroken,
    /// [`Matter::SetRefused`](super::Matter::SetRefused).
    SetRefused,
    /// [`Matter::SetIncomplete`](super::Matter::SetIncomplete).
    SetIncomplete,
    /// [`Matter::SetWaiting`](super::Matter::SetWaiting).
    SetWaiting,
    /// [`Matter::SetHeld`](super::Matter::SetHeld).
    SetHeld,
    /// [`Matter::StrayFiles`](super::Matter::StrayFiles).
    StrayFiles,
    /// [`Matter::NothingCame`](super::Matter::NothingCame).
    NothingCame,
    /// [`Matter::ReceivingFailed`](super::Matter::ReceivingFailed).
    ReceivingFailed,
    /// [`Matter::ReceiverRefused`](super::Matter::ReceiverRefused).
    ReceiverRefused,
    /// [`Matter::ReceiverBehind`](super::Matter::ReceiverBehind).
    ReceiverBehind,
    /// [`Matter::DeliveryStopped`](super::Matter::DeliveryStopped).
    DeliveryStopped,
    /// [`Matter::SourceFailing`](super::Matter::SourceFailing).
    SourceFailing,
    /// [`Matter::ReceiverDiffers`](super::Matter::ReceiverDiffers).
    ReceiverDiffers,
    /// [`Matter::Test`](super::Matter::Test).
    Test,
}

impl AlertKind {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::RunFailed,
        Self::DeadlineNear,
        Self::DeadlinePassed,
        Self::DeadlineCleared,
        Self::ChangeHeld,
        Self::ClockJumped,
        Self::DiskLow,
        Self::CalendarEnding,
        Self::SchedulerStopped,
        Self::DoorShut,
        Self::AuditBroken,
        Self::SetRefused,
        Self::SetIncomplete,
        Self::SetWaiting,
        Self::SetHeld,
        Self::StrayFiles,
        Self::NothingCame,
        Self::ReceivingFailed,
        Self::ReceiverRefused,
        Self::ReceiverBehind,
        Self::DeliveryStopped,
        Self::SourceFailing,
        Self::ReceiverDiffers,
        Self::Test,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunFailed => "run-failed",
            Self::DeadlineNear => "deadline-near",
            Self::DeadlinePassed => "deadline-passed",
            Self::DeadlineCleared => "deadline-cleared",
            Self::ChangeHeld => "change-held",
            Self::ClockJumped => "clock-jumped",
            Self::DiskLow => "disk-low",
            Self::CalendarEnding => "calendar-ending",
            Self::SchedulerStopped => "scheduler-stopped",
            Self::DoorShut => "door-shut",
            Self::AuditBroken => "audit-broken",
            Self::SetRefused => "set-refused",
            Self::SetIncomplete => "set-incomplete",
            Self::SetWaiting => "set-waiting",
            Self::SetHeld => "set-held",
            Self::StrayFiles => "stray-files",
            Self::NothingCame => "nothing-came",
            Self::ReceivingFailed => "receiving-failed",
            Self::ReceiverRefused => "receiver-refused",
            Self::ReceiverBehind => "receiver-behind",
            Self::DeliveryStopped => "delivery-stopped",
            Self::SourceFailing => "source-failing",
            Self::ReceiverDiffers => "receiver-differs",
            Self::Test => "test",
        }
    }
}

/// Whether the condition is new, worse or over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum News {
    /// It was found.
    Opened,
    /// It was open and is graver now.
    Worsened,
    /// It is over: the all-clear.
    Cleared,
}

/// How grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To know.
    Info,
    /// To look at soon.
    Warning,
    /// To look at now.
    Error,
}

impl News {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Worsened => "worsened",
            Self::Cleared => "cleared",
        }
    }
}

impl Severity {
    /// All of them with their words, lightest first.
    pub const WORDS: [(&'static str, Self); 3] =
        [("info", Self::Info), ("warning", Self::Warning), ("error", Self::Error)];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
