//! The two languages people are spoken to in.

use std::ffi::OsString;

use clap::ValueEnum;

/// A language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// 日本語.
    Ja,
    /// English.
    En,
}

impl Lang {
    /// The text in this language.
    pub const fn pick<'t>(self, ja: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }

    /// `--lang` among the arguments, else the locale. Looked for before the command line is read, because
    /// what is wrong with that is said in a language too.
    pub(crate) fn of_process(args: impl IntoIterator<Item = OsString>) -> Self {
        let locale = |name: &str| std::env::var(name).ok();
        Self::of_args(args).unwrap_or_else(|| Self::of_locale(locale))
    }

    fn of_args(args: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let args: Vec<String> = args.into_iter().filter_map(|arg| arg.into_string().ok()).collect();
        let after = args.iter().zip(args.iter().skip(1)).filter(|(arg, _)| *arg == "--lang");
        let joined = args.iter().filter_map(|arg| arg.strip_prefix("--lang="));
        after.map(|(_, word)| word.as_str()).chain(joined).find_map(|word| Self::from_str(word, false).ok())
    }

    /// The first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set and not empty decides (POSIX).
    fn of_locale(get: impl Fn(&str) -> Option<String>) -> Self {
        let locale =
            ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(get).find(|locale| !locale.is_empty());
        if locale.is_some_and(|locale| locale.starts_with("ja")) { Self::Ja } else { Self::En }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_comes_before_the_locale() {
        let of_args = |line: &str| Lang::of_args(line.split(' ').map(OsString::from));
        assert_eq!(of_args("renkei check --lang ja"), Some(Lang::Ja));
        assert_eq!(of_args("renkei --lang=en check"), Some(Lang::En));
        assert_eq!(of_args("renkei check --lang"), None);
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let of = |all: &str, messages: &str, lang: &str| {
            Lang::of_locale(|name| {
                Some(match name {
                    "LC_ALL" => all.to_owned(),
                    "LC_MESSAGES" => messages.to_owned(),
                    _ => lang.to_owned(),
                })
            })
        };
        assert_eq!(of("", "", "ja_JP.UTF-8"), Lang::Ja);
        assert_eq!(of("C", "ja_JP.UTF-8", "ja_JP.UTF-8"), Lang::En);
        assert_eq!(of("", "ja_JP.UTF-8", "en_US.UTF-8"), Lang::Ja);
        assert_eq!(Lang::of_locale(|_| None), Lang::En);
    }
}
