//! `renkei acl prove`: the accounts of a hub as its operator made them, each way in, each folder.

use crate::client::{add_key, audit, declare, free_port, make_key};
use crate::sandbox::Sandbox;

#[test]
fn a_hub_does_what_it_declares_and_nothing_of_it_is_touched() {
    let sandbox = Sandbox::new().init();
    let key = make_key(&sandbox, "k", "ed25519", &[]);
    let other = make_key(&sandbox, "o", "ecdsa", &[]);
    for (account, system, login) in
        [("open", "015", "either"), ("both", "014", "both"), ("shut", "015", "either")]
    {
        sandbox
            .run(&["account", "add", account, "--system", system, "--login", login, "--reason", "x"])
            .expect(0);
        add_key(&sandbox, account, &key, &["--from", "10.9.0.0/16"]);
        add_key(&sandbox, account, &other, &["--until", "2026-10-01"]);
        sandbox
            .run_with_input(&["account", "password", account, "--reason", "x"], "correct horse battery\n")
            .expect(0);
        for network in ["10.9.8.0/24", "2001:db8:5::/48"] {
            sandbox.run(&["account", "address", "add", account, network, "--reason", "x"]).expect(0);
        }
    }
    sandbox.run(&["account", "disable", "shut", "--reason", "x"]).expect(0);
    sandbox
        .run(&["acl", "grant", "015/out", "list,read,delete", "--account", "open", "--reason", "x"])
        .expect(0);
    let (folders, lines) = (sandbox.published(), audit(&sandbox, "", 1));

    let proof = sandbox.run(&["acl", "prove", "--json"]).expect(0).json();
    assert_eq!(proof["differences"].as_array().unwrap().len(), 0, "{proof}");
    let number = |name: &str| proof[name].as_u64().unwrap();
    // First and last of the key's network, of both of the passwords' (one of them in it), and one of each kind outside.
    let n_addresses = proof["addresses"].as_array().unwrap().len() as u64;
    assert_eq!(n_addresses, 8);
    // Two keys, both at once, a wrong key, a password, a wrong one, a stranger's certificate.
    assert_eq!(number("n_logins"), 3 * n_addresses * 7);
    // open: by its key from the two ends of its network and from the two of the passwords' in it; by the password from
    // four; by both wherever one of them does. both: only by both, from the two in both networks.
    assert_eq!(number("n_logins_let_in"), (4 + 4 + 6) + 2);
    assert_eq!(number("n_operations"), (6 + 2) * number("n_folders") * 5);
    assert!(number("n_operations_allowed") > 50);
    assert_eq!((sandbox.published(), audit(&sandbox, "", 1)), (folders, lines));

    let one = sandbox.run(&["acl", "prove", "open", "--lang", "en"]).expect(0);
    one.says("1 accounts").says("0 not as declared");
    sandbox.run(&["acl", "prove", "nobody"]).expect_fault(2, "usage.unknown-account");
}

#[test]
fn certificates_are_tried_as_they_are_declared() {
    let sandbox = Sandbox::new().init();
    declare(&sandbox, free_port());
    for (account, login) in [("open", "either"), ("both", "both"), ("none", "either")] {
        sandbox
            .run(&["account", "add", account, "--system", "015", "--login", login, "--reason", "x"])
            .expect(0);
        sandbox
            .run_with_input(&["account", "password", account, "--reason", "x"], "correct horse battery\n")
            .expect(0);
        sandbox.run(&["account", "address", "add", account, "10.9.8.1", "--reason", "x"]).expect(0);
    }
    let line = |name| {
        let key = make_key(&sandbox, name, "ecdsa", &[]);
        std::fs::read_to_string(key.with_extension("pub")).unwrap().trim().to_owned()
    };
    let declared = format!(
        "user_ca = [{{ key = \"{}\", accounts = [\"open\", \"both\"] }}, {{ key = \"{}\", accounts = [\"both\"] }}]\n\
         revoked = [{{ serial = 0, to = 7 }}]",
        line("one"),
        line("two"),
    );
    sandbox.replace("hub/hub.toml", "[sftp]\n", &format!("[sftp]\n{declared}\n"));
    let proof = sandbox.run(&["acl", "prove", "--json"]).expect(0).json();
    assert_eq!(proof["differences"].as_array().unwrap().len(), 0, "{proof}");
    let number = |name: &str| proof[name].as_u64().unwrap();
    assert_eq!(proof["addresses"].as_array().unwrap().len(), 3);
    // A wrong key, a password, a wrong one, a stranger's certificate; of each authority seven, the right one with the
    // password, and a revoked one.
    assert_eq!(number("n_logins"), 3 * 3 * (4 + 2 * 9));
    // open: by the password from one address, by a certificate of the first from three, with the password too, by that
    // of one address from there, and by the password after what the second says. both: by certificate and password
    // from one, of either. none: by the password from one, also after certificates of either.
    assert_eq!(number("n_logins_let_in"), (1 + 3 + 3 + 1 + 1) + (1 + 1) + (1 + 1 + 1));
}
