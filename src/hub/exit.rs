//! Exit codes: one for each kind of outcome, the same for every command.

use std::process::ExitCode;

use renkei_core::Class;

use crate::console::Lang;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Done, and what was examined has issues: `check`, `verify` and `doctor`.
    Issues = 1,
    /// The command line is wrong; nothing was done.
    Usage = 2,
    /// A person must look.
    Operator = 10,
    /// The sender of a file must correct it.
    Partner = 11,
    /// Something is busy or away for the moment: try again.
    Retry = 12,
    /// The program is wrong (`EX_SOFTWARE` of sysexits).
    Bug = 70,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: [Self; 7] =
        [Self::Ok, Self::Issues, Self::Usage, Self::Operator, Self::Partner, Self::Retry, Self::Bug];

    /// The number the process ends with.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What a fault of this class ends with.
    pub const fn of_class(class: Class) -> Self {
        match class {
            Class::Retry => Self::Retry,
            Class::Partner => Self::Partner,
            Class::Operator => Self::Operator,
            Class::Bug => Self::Bug,
        }
    }

    /// What the number means.
    pub const fn meaning(self, lang: Lang) -> &'static str {
        match self {
            Self::Ok => lang.pick("正常に終わった", "done"),
            Self::Issues => lang.pick(
                "調べた結果、データや証明に不備があった（check、verify、doctor）",
                "what was examined has issues (check, verify, doctor)",
            ),
            Self::Usage => {
                lang.pick("コマンドの書き方が違う。何もしていない", "wrong command line; nothing was done")
            }
            Self::Operator => lang.pick("担当者の対応が要る", "a person must look"),
            Self::Partner => {
                lang.pick("送り手がファイルを直す必要がある", "the sender must correct the file")
            }
            Self::Retry => lang.pick(
                "他の処理の終わりや一時的な障害の回復を待って、やり直す",
                "busy or away for the moment: try again",
            ),
            Self::Bug => lang.pick("プログラムの誤り", "the program is wrong"),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stable() {
        assert_eq!(Exit::ALL.map(Exit::number), [0, 1, 2, 10, 11, 12, 70]);
        assert_eq!(Exit::of_class(Class::Retry).number(), 12);
        assert_eq!(Exit::of_class(Class::Bug).number(), 70);
    }
}
