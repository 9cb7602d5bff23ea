//! The agent that stays: it takes up by itself what comes, and ends when it is told to, inside a round as well.

use crate::agent::expected;
use crate::agent::{V1_0, declare, receipts, table};
use crate::running::Running;
use crate::sandbox::{PLAIN, Sandbox, files};
use crate::taking::{linked, outcomes};

/// An agent that looks by itself once an hour: what it finds sooner it was told of.
fn declare_patient(sandbox: &Sandbox) {
    declare(sandbox, V1_0, "");
    sandbox.replace("receive.toml", "folder = \"agent\"", "folder = \"agent\"\nevery = \"1h\"");
}

#[test]
fn it_takes_up_by_itself_what_comes_and_ends_when_told() {
    let sandbox = Sandbox::loaded(60, 6);
    declare_patient(&sandbox);
    let mut agent = Running::spawn(&sandbox, &["receive", "--daemon"], &[]);
    agent.until("it is up", || sandbox.path("agent/receive.db").exists());
    // The folder is not there yet.
    assert!(!sandbox.feed_folder(PLAIN).exists());
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    agent.until("the full", || outcomes(&sandbox) == ["taken"]);
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    agent.until("the diff", || outcomes(&sandbox) == ["taken", "taken"]);
    let (status, said) = agent.end();
    assert_eq!(status.code(), Some(0), "{said:#?}");
    assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox));
}

#[test]
fn told_to_end_inside_a_round_it_ends_quietly_and_goes_on_the_next_time() {
    for point in ["receive.begun", "receive.taken"] {
        let sandbox = linked("").noted(point);
        let env = [("RENKEI_LINGER_AT", point), ("RENKEI_LOG", "debug")];
        let mut agent = Running::spawn(&sandbox, &["receive", "--daemon"], &env);
        agent.wait_for(point);
        let (status, said) = agent.end();
        assert_eq!(status.code(), Some(0), "{point}: {said:#?}");
        assert!(!said.iter().any(|line| line.contains("engine.stopped")), "{point}: {said:#?}");
        let n_taken = usize::from(point == "receive.taken");
        assert_eq!(n_on_record(&sandbox), n_taken, "{point}: no set more than the one under way");
        assert_eq!(files::names(&sandbox.path("agent/.stage")), Vec::<String>::new(), "{point}");
        sandbox.receive(&[]).expect(0);
        assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox), "{point}");
        assert_eq!(receipts(&sandbox).len(), 3, "{point}");
    }
}

#[test]
fn beside_the_one_that_stays_others_look_and_have_their_turn() {
    let sandbox = Sandbox::loaded(60, 6);
    declare_patient(&sandbox);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let mut agent = Running::spawn(&sandbox, &["receive", "--daemon"], &[]);
    agent.until("the full", || outcomes(&sandbox) == ["taken"]);
    sandbox.receive(&["--status"]).expect(0).says("jumin");
    sandbox.receive(&["--intake", "jumin", "--state", "sums.json"]).expect(0);
    // One stays, no second.
    sandbox.receive(&["--daemon"]).expect(12);
    let (status, said) = agent.end();
    assert_eq!(status.code(), Some(0), "{said:#?}");
}

#[test]
fn who_lets_a_set_in_says_why() {
    let sandbox = linked("");
    sandbox.receive(&["--intake", "jumin", "--allow", "1"]).expect(2);
    let args = ["--intake", "jumin", "--allow", "1", "--reason", "町名変更", "--operator", "tanaka"];
    sandbox.receive(&args).expect(0);
    let kept = std::fs::read_to_string(sandbox.path("agent/allowed.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(kept.trim_end()).unwrap();
    let told = (&line["operator"], &line["intake"], &line["sequence"], &line["reason"]);
    assert_eq!(told, (&"tanaka".into(), &"jumin".into(), &1.into(), &"町名変更".into()));
}

fn n_on_record(sandbox: &Sandbox) -> usize {
    let status = sandbox.receive(&["--status", "--json"]).expect(0).json();
    status["intakes"][0]["sets"].as_array().unwrap().len()
}
