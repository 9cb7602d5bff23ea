//! Japanese and English; explanations, help, completions and the manual.

use crate::sandbox::{PLAIN, Sandbox};

/// True when a text has kana or kanji.
fn is_japanese(text: &str) -> bool {
    text.chars().any(|c| ('\u{3040}'..='\u{30ff}').contains(&c) || ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn the_option_and_then_the_locale_choose_the_language() {
    let sandbox = Sandbox::new().init();
    let check = |env: &[(&str, &str)], args: &[&str], is_ja: bool| {
        let outcome = sandbox.run_with(env, &[&["check"], args].concat()).expect(0);
        outcome.require(is_japanese(&outcome.stderr) == is_ja, &format!("Japanese: {is_ja} with {env:?}"));
    };
    check(&[], &[], false);
    check(&[], &["--lang", "ja"], true);
    check(&[("LANG", "ja_JP.UTF-8")], &[], true);
    check(&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C.UTF-8")], &[], false);
    check(&[("LANG", "ja_JP.UTF-8")], &["--lang", "en"], false);
    sandbox.run(&["check", "--lang", "de"]).expect(2);
}

#[test]
fn faults_are_told_in_both_languages() {
    let sandbox = Sandbox::loaded(30, 1);
    let check = |lang: &str, heading: &str, cause: &str, remedy: &str| {
        let outcome = sandbox.run(&["generate", PLAIN, "--diff", "--lang", lang]).expect(10);
        let text = &outcome.stderr;
        outcome.require(text.starts_with(heading), heading);
        outcome.require(text.contains(cause) && text.contains(remedy), "cause and remedy");
    };
    check("en", "error[engine.no-base]: ", "\ncause:\n  ", "\n\nwhat to do:\n  ");
    check("ja", "エラー[engine.no-base]: ", "\n原因:\n  ", "\n\n対処:\n  ");
}

#[test]
fn tables_are_in_both_languages() {
    let sandbox = Sandbox::loaded(30, 1);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    for args in [["feeds"].as_slice(), &["publications"], &["commits"], &["runs"], &["config", "show"]] {
        let [ja, en] = ["ja", "en"].map(|lang| sandbox.run(&[args, &["--lang", lang]].concat()).expect(0));
        assert!(is_japanese(ja.stdout.lines().next().unwrap()), "{args:?}");
        assert_ne!(ja.stdout, en.stdout, "{args:?}");
    }
}

#[test]
fn every_code_is_explained_in_both_languages() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["explain", "--list", "--json"]).expect(0).json();
    let codes: Vec<&str> =
        list.as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap()).collect();
    assert!(codes.len() > 50, "{}", codes.len());
    for code in codes {
        sandbox.run(&["explain", code, "--lang", "en"]).expect(0).says(code).says("what to do:");
        let ja = sandbox.run(&["explain", code, "--lang", "ja"]).expect(0).says("対処:");
        assert!(is_japanese(ja.stdout.lines().next().unwrap()), "{code}");
    }
}

#[test]
fn help_is_in_both_languages_and_names_every_command() {
    let sandbox = Sandbox::new();
    for (lang, word) in [("en", "Global options"), ("ja", "共通")] {
        let help = sandbox.run(&["--help", "--lang", lang]).expect(0);
        for command in ["init", "check", "load", "apply", "generate", "verify", "runs", "explain"] {
            help.require(help.stdout.contains(command), command);
            let own = sandbox.run(&[command, "--help", "--lang", lang]).expect(0);
            own.require(is_japanese(&own.stdout) || lang == "en", lang);
        }
        help.require(help.stdout.contains(word), word);
    }
}

#[test]
fn completions_and_the_manual_are_made() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        sandbox.run(&["completions", shell]).expect(0).says("generate").says("as-of");
    }
    sandbox.run(&["man", "man"]).expect(0);
    for page in ["renkei.1", "renkei-generate.1", "renkei-config-show.1"] {
        let text = std::fs::read_to_string(sandbox.path("man").join(page)).unwrap();
        assert!(text.contains(".TH") && text.contains("renkei"), "{page}");
    }
}
