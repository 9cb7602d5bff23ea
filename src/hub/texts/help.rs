//! Help in Japanese: put over the English of the doc comments.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use clap::Command;
use serde::Deserialize;

use crate::console::Lang;

/// What is said about one command.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HelpText {
    about: Option<String>,
    long: Option<String>,
    after: Option<String>,
    args: BTreeMap<String, String>,
}

/// The entry for options that every command takes.
const EVERYWHERE: &str = "*";

const TEMPLATE: &str = "{before-help}{about-with-newline}\n使い方: {usage}\n\n{all-args}{after-help}";

/// Empty where the embedded text cannot be read, which `tests::all_help_is_in_japanese_too` would show.
static HELP: LazyLock<BTreeMap<String, HelpText>> =
    LazyLock::new(|| toml::from_str(include_str!("help_ja.toml")).unwrap_or_default());

/// The command with its help in a language.
pub(crate) fn in_language(mut command: Command, lang: Lang) -> Command {
    match lang {
        Lang::En => command,
        Lang::Ja => {
            // What clap adds by itself (help, version) is there only once the command is built.
            command.build();
            let path = command.get_name().to_owned();
            translate(command, &path)
        }
    }
}

fn argument_text(path: &str, id: &str) -> Option<&'static str> {
    [path, EVERYWHERE].into_iter().find_map(|path| HELP.get(path)?.args.get(id)).map(String::as_str)
}

fn translate(mut command: Command, path: &str) -> Command {
    if let Some(text) = HELP.get(path) {
        if let Some(about) = &text.about {
            command = command.about(about.as_str());
            let long = text.long.as_ref().map(|long| format!("{about}\n\n{long}"));
            command = command.long_about(long.unwrap_or_else(|| about.clone()));
        }
        if let Some(after) = &text.after {
            command = command.after_help(after.as_str());
        }
    }
    command = command.help_template(TEMPLATE).subcommand_help_heading("コマンド");
    let ids: Vec<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    for id in ids {
        command = command.mut_arg(&id, |arg| {
            let heading = match () {
                () if arg.is_positional() => "引数",
                () if HELP.get(EVERYWHERE).is_some_and(|text| text.args.contains_key(&id)) => {
                    "共通のオプション"
                }
                () => "オプション",
            };
            let arg = arg.help_heading(heading);
            match argument_text(path, &id) {
                Some(text) => arg.help(text).long_help(text),
                None => arg,
            }
        });
    }
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    for name in names {
        let inner_path = format!("{path} {name}");
        command = command.mut_subcommand(&name, |inner| translate(inner, &inner_path));
    }
    command
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn all_help_is_in_japanese_too() {
        fn check(command: &Command, path: &str, missing: &mut Vec<String>) {
            // `help check` and the like repeat the commands; their texts are the commands' own.
            if path.starts_with("renkei help ") {
                return;
            }
            if HELP.get(path).is_none_or(|text| text.about.is_none()) {
                missing.push(format!("[{path:?}] about"));
            }
            for arg in command.get_arguments() {
                let id = arg.get_id().as_str();
                if argument_text(path, id).is_none() && !path.starts_with("renkei help") {
                    missing.push(format!("[{path:?}] args.{id}"));
                }
            }
            for inner in
                command.get_subcommands().filter(|inner| path == "renkei" || inner.get_name() != "help")
            {
                check(inner, &format!("{path} {}", inner.get_name()), missing);
            }
        }
        let mut command = Cli::command();
        command.build();
        let mut missing = Vec::new();
        check(&command, "renkei", &mut missing);
        assert!(missing.is_empty(), "help_ja.toml lacks {missing:#?}");
    }

    #[test]
    fn help_speaks_the_language_asked_for() {
        let help = |lang| in_language(Cli::command(), lang).render_long_help().to_string();
        assert!(help(Lang::Ja).contains("使い方: renkei") && help(Lang::Ja).contains("不備をすべて挙げる"));
        assert!(!help(Lang::Ja).contains("Print"), "{}", help(Lang::Ja));
        assert!(help(Lang::En).contains("Usage: renkei"));
    }
}
