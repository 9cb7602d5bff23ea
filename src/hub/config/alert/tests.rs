//! What is said about broken `[alert]` and `[metrics]`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::config::{Config, ConfigError};
use crate::init::{NewHub, init};

fn load(more: &str, prepare: impl Fn(&Path)) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let hub = NewHub {
        municipality: "082201".parse().unwrap(),
        name: "つくば市".to_owned(),
        keeps_existing: false,
    };
    init(folder.path(), &hub).unwrap();
    prepare(folder.path());
    let path = folder.path().join("hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    let n_lines = text.lines().count();
    fs::write(&path, format!("{text}{}", more.replace("DIR", &folder.path().display().to_string()))).unwrap();
    Config::load(folder.path()).map_err(|error| match error {
        ConfigError::Invalid { problems } => {
            let own = |problem: &renkei_core::declared::Problem| {
                let text = format!("{}: {}", problem.path, problem.message);
                let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!("{}: {text}{hint}", problem.line - n_lines)
            };
            let shown = folder.path().display().to_string();
            problems.iter().map(|problem| own(problem).replace(&shown, "DIR")).collect()
        }
        other => panic!("{other}"),
    })
}

#[track_caller]
fn check(more: &str, expected: &[&str]) {
    assert_eq!(load(more, |_| {}).err().unwrap_or_default(), expected, "{more}");
}

const MAIL: &str = "[alert.mail]
server = \"smtp.example.lg.jp\"
security = \"starttls\"
from = \"Renkei <renkei@example.lg.jp>\"
to = [\"johosystem@example.lg.jp\"]
";

/// [`MAIL`] with a line changed.
#[track_caller]
fn check_mail(from: &str, to: &str, expected: &[&str]) {
    assert!(MAIL.contains(from), "{from}");
    check(&MAIL.replacen(from, to, 1), expected);
}

#[test]
fn the_least_that_is_declared_is_enough() {
    let config = load(MAIL, |_| {}).unwrap().alert;
    let mail = config.mail.as_ref().unwrap();
    assert_eq!((mail.port, mail.timeout, mail.lang), (587, Duration::from_secs(30), Lang::Ja));
    assert_eq!((config.limit, config.channels()), (RateLimit::per_hour(20), vec![Channel::Mail]));
    let command =
        "[alert]\nper_hour = 5\n[alert.command]\nprogram = \"/bin/true\"\nmin_severity = \"error\"\n";
    let config = load(command, |_| {}).unwrap().alert;
    assert_eq!(config.limit, RateLimit::per_hour(5));
    assert_eq!(config.channels_for(Severity::Warning), []);
    assert_eq!(config.channels_for(Severity::Error), [Channel::Command]);
    assert_eq!(load("", |_| {}).unwrap().alert.channels(), []);
}

#[test]
fn mail_is_declared_fully() {
    check(
        "[alert.mail]\n",
        &[
            "1: alert.mail.from: missing",
            "1: alert.mail.security: missing",
            "1: alert.mail.server: missing",
            "1: alert.mail.to: missing",
        ],
    );
    check_mail(
        "\"starttls\"",
        "\"ssl\"",
        &["3: alert.mail.security: unknown word \"ssl\" (one of \"none\", \"starttls\", \"tls\")"],
    );
    check_mail("[\"johosystem@example.lg.jp\"]", "[]", &["5: alert.mail.to: nobody is named"]);
    check_mail(
        "[\"johosystem@example.lg.jp\"]",
        "[\"suzuki\", \"鈴木@example.lg.jp\"]",
        &[
            "5: alert.mail.to[0]: must be a mail address, such as renkei@example.lg.jp or Renkei <renkei@example.lg.jp>",
            "5: alert.mail.to[1]: must be a mail address, such as renkei@example.lg.jp or Renkei <renkei@example.lg.jp>",
        ],
    );
    check_mail(
        "smtp.example.lg.jp\"",
        "smtps://smtp.example.lg.jp\"",
        &["2: alert.mail.server: must be a host name or an address, without port"],
    );
    check_mail(
        "from",
        "min_severity = \"err\"\ntimeout = \"1h\"\nfrom",
        &[
            "4: alert.mail.min_severity: unknown word \"err\" (one of \"info\", \"warning\", \"error\")",
            "5: alert.mail.timeout: must be 1s to 600s, or 1m to 10m, not \"1h\"",
        ],
    );
    check_mail(
        "from",
        "ca_file = \"hub.toml\"\nfrom",
        &["4: alert.mail.ca_file: holds no certificate in PEM form"],
    );
}

#[test]
fn passwords_are_kept_from_others_and_never_repeated() {
    let login = |password: &str| MAIL.replacen("from", &format!("user = \"renkei\"\n{password}\nfrom"), 1);
    check(&login(""), &["4: alert.mail.user: has no password (password_file = \"secrets/mail.password\")"]);
    check(
        &login("password_env = \"hunter2!\""),
        &[
            "5: alert.mail.password_env: must be the name of an environment variable (A-Z, 0-9 and _, such as \
           RENKEI_MAIL_PASSWORD; never the password itself)",
        ],
    );
    check(
        &login("password_env = \"PASSWORD\"").replace("starttls", "none"),
        &["3: alert.mail.security: the password would travel in clear (security = \"starttls\" or \"tls\")"],
    );
    let here = login("password_env = \"PASSWORD\"").replace("starttls", "none");
    check(&here.replace("smtp.example.lg.jp", "127.0.0.1"), &[]);
    let file = login("password_file = \"secrets/mail.password\"");
    let written = |mode: u32| {
        move |folder: &Path| {
            let path = folder.join("secrets/mail.password");
            fs::write(&path, "hunter2\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let config = load(&file, written(0o600)).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert_eq!(
        load(&file, written(0o640)).unwrap_err(),
        [
            "5: alert.mail.password_file: others than its owner may use the password file (mode 640) (chmod 600 \
          secrets/mail.password)"
        ]
    );
}

#[test]
fn nobody_else_may_change_the_program() {
    let program = |path: &str| format!("[alert.command]\nprogram = \"{path}\"\n");
    check(
        &program("notify"),
        &[
            "2: alert.command.program: must be an absolute path (the whole path, such as /usr/local/bin/notify; \
           options go into args)",
        ],
    );
    check(
        &program("/nowhere/notify"),
        &["2: alert.command.program: cannot be used: No such file or directory (os error 2)"],
    );
    check(&program("/bin"), &["2: alert.command.program: is no file"]);
    let made = |mode: u32, folder_mode: u32| {
        move |folder: &Path| {
            let tools = folder.join("tools");
            fs::create_dir(&tools).unwrap();
            fs::write(tools.join("notify"), "#!/bin/sh\n").unwrap();
            fs::set_permissions(tools.join("notify"), fs::Permissions::from_mode(mode)).unwrap();
            fs::set_permissions(&tools, fs::Permissions::from_mode(folder_mode)).unwrap();
        }
    };
    let own = program("DIR/tools/notify");
    load(&own, made(0o755, 0o755)).unwrap();
    load(&own, made(0o700, 0o1777)).unwrap();
    for (mode, folder_mode, expected) in [
        (0o644, 0o755, "is not executable (mode 644)"),
        (
            0o775,
            0o755,
            "others than its owner may change the program (mode 775) (chmod go-w DIR/tools/notify)",
        ),
        (
            0o757,
            0o755,
            "others than its owner may change the program (mode 757) (chmod go-w DIR/tools/notify)",
        ),
        (0o755, 0o777, "anybody may replace the program: its folder is open (chmod o-w DIR/tools)"),
    ] {
        let problems = load(&own, made(mode, folder_mode)).unwrap_err();
        assert_eq!(problems, [format!("2: alert.command.program: {expected}")]);
    }
}

#[test]
fn placeholders_are_checked() {
    check(
        "[alert.command]\nprogram = \"/bin/true\"\nargs = [\"{job}\", \"--x={jobs}\", \"{\"]\n",
        &[
            "3: alert.command.args[1]: unknown placeholder {jobs}; did you mean {job}?",
            "3: alert.command.args[2]: has a brace without its other half; placeholders are {name}",
        ],
    );
}

#[test]
fn figures_are_for_this_machine_unless_meant_otherwise() {
    let listen = |address: &str| format!("[metrics]\nlisten = \"{address}\"\n");
    for address in ["127.0.0.1:9630", "[::1]:9630", "127.9.9.9:0"] {
        assert!(load(&listen(address), |_| {}).unwrap().metrics.is_some(), "{address}");
    }
    check(
        &listen("0.0.0.0:9630"),
        &[
            "2: metrics.listen: is open to other machines (anybody who reaches the port may read; allow_remote = \
           true if that is meant)",
        ],
    );
    check(&format!("{}allow_remote = true\n", listen("0.0.0.0:9630")), &[]);
    check(
        &listen("9630"),
        &["2: metrics.listen: must be an address and a port (such as 127.0.0.1:9630 or [::1]:9630)"],
    );
}
