//! What is far too large is refused unread, in little memory: by the hub and by an agent.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::partner::{ANSWER, INBOX, Set, held, hub, quarantine, row, rows};
use crate::sandbox::{NOW, Outcome, Sandbox, files};

/// 2031, in unix seconds: by then whatever was put down today has stood unchanged for long.
const MUCH_LATER: &str = "1930000000";
/// The address space the program is given, in KiB: not enough to hold the long field once and as it grows.
const MEMORY_KIB: &str = "400000";
const FOUR_GIB: u64 = 4 << 30;

/// The program with little memory.
fn in_little_memory(sandbox: &Sandbox, args: &[&str]) -> Outcome {
    let renkei = sandbox.command(args);
    let mut command = Command::new("/bin/sh");
    command.arg0("sh").args(["-c", "ulimit -v \"$0\"; exec \"$@\"", MEMORY_KIB]);
    command.arg(renkei.get_program()).args(renkei.get_args()).current_dir(sandbox.folder()).env_clear();
    command.envs(renkei.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("RENKEI_NOW", MUCH_LATER);
    sandbox.run_command(&mut command)
}

/// A file of zeros that takes no room.
fn sparse(path: &Path, n_bytes: u64) {
    File::create(path).unwrap().set_len(n_bytes).unwrap();
}

/// An agent that takes the same from the same inbox.
fn declare_agent(sandbox: &Sandbox) {
    let text = format!(
        "municipality = \"082201\"\nreceiver = \"015\"\nshare = \"hub/share\"\nfolder = \"agent\"\n\n[target]\n\
         sqlite = \"agent/receive.db\"\n\n[[intake]]\nid = \"kaigo\"\nfrom = \"023\"\nfolders = [\"{}\"]\n\
         accept = [{{ layout = \"023z001-1.0\" }}]\nneeds_proof = false\nmax_bytes = 1073741824\n",
        INBOX.strip_prefix("hub/share/").unwrap()
    );
    sandbox.write("receive.toml", &text);
}

#[test]
fn what_is_too_large_is_refused_unread_in_little_memory() {
    assert!(NOW < MUCH_LATER);
    let check = |what: &str, is_read: bool, code: &str, put: &dyn Fn(&Set, &Path, &Path)| {
        let sandbox = hub().noted(what);
        sandbox.replace("hub/hub.toml", "id = \"kaigo\"", "id = \"kaigo\"\nmax_bytes = 1073741824");
        declare_agent(&sandbox);
        Set::full(1, vec![row(1, "21", "0")]).hand_in(&sandbox);
        in_little_memory(&sandbox, &["receive"]).expect(0);
        in_little_memory(&sandbox, &["intake", "look"]).expect(0);
        let set = Set::full(2, vec![row(2, "21", "0")]);
        let inbox = sandbox.path(INBOX);
        let (data, notice) =
            (inbox.join(format!("{}.csv", set.stem())), inbox.join(format!("{}.done", set.stem())));
        put(&set, &data, &notice);
        for args in [&["receive"][..], &["intake", "look"]] {
            let exit = if is_read { 11 } else { 10 };
            in_little_memory(&sandbox, args).expect(exit).says(code);
        }
        assert_eq!(held(&sandbox), rows(&[(1, "21")]), "{what}");
        assert_eq!(quarantine(&sandbox).len(), usize::from(is_read), "{what}");
        assert!(!files::names(&sandbox.path(ANSWER)).is_empty());
    };
    let written = |set: &Set, notice: &Path, change: &dyn Fn(&mut serde_json::Value)| {
        let mut text = set.notice();
        change(&mut text);
        std::fs::write(notice, text.to_string()).unwrap();
    };
    check("four gigabytes where the notice says a few bytes", false, "incomplete", &|set, data, notice| {
        sparse(data, FOUR_GIB);
        written(set, notice, &|_| ());
    });
    check("four gigabytes as the notice says", true, "too-large", &|set, data, notice| {
        sparse(data, FOUR_GIB);
        written(set, notice, &|notice| notice["files"][0]["n_bytes"] = FOUR_GIB.into());
    });
    check("a billion rows in one line", true, "too-large", &|set, data, notice| {
        std::fs::write(data, set.data()).unwrap();
        written(set, notice, &|notice| {
            notice["files"][0]["n_rows"] = 1_000_000_000_u64.into();
            notice["n_rows"] = 1_000_000_000_u64.into();
        });
    });
    check("more bytes than there are", true, "too-large", &|set, data, notice| {
        std::fs::write(data, set.data()).unwrap();
        written(set, notice, &|notice| notice["files"][0]["n_bytes"] = (1_u64 << 62).into());
    });
    check("one field of 128 megabytes", true, "not-layout", &|set, data, notice| {
        let n_bytes = 128 << 20;
        sparse(data, n_bytes);
        written(set, notice, &|notice| notice["files"][0]["n_bytes"] = n_bytes.into());
    });
}
