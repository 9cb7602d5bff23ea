//! To a partner's SFTP server, a real one, with the host key accepted by command.

use renkei_sftp::client::Backend;

use crate::hub::{arrived, deliver, hub, lines, published};
use crate::sshd::Sshd;

fn terms(server: &Sshd, backend: &str) -> String {
    let terms = server.terms(Backend::Ssh2);
    format!(
        "kind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\nkey_file = \"{}\"\nfolder = \"{}\"\n\
         backend = \"{backend}\"\nretry = {{ tries = 2 }}\n",
        terms.port,
        terms.user,
        server.file("id").display(),
        terms.folder,
    )
}

#[test]
fn a_host_key_is_accepted_by_a_person_and_then_files_travel() {
    for backend in ["ssh2", "pipelined"] {
        let server = Sshd::start();
        let sandbox = hub(&terms(&server, backend)).noted(backend);
        let fingerprint = server.fingerprint("host.pub").to_string();
        let tested =
            sandbox.run(&["destination", "test", "tax"]).expect_fault(10, "delivery.host-key-unknown");
        assert!(tested.stderr.contains(&fingerprint), "{}", tested.stderr);
        deliver(&sandbox, &[]).expect(10);
        assert_eq!(lines(&sandbox)[0].2, "delivery.host-key-unknown");
        assert!(arrived(&server.inbox()).is_empty());
        let trust = ["destination", "trust", "tax", &fingerprint, "--reason", "電話で確認"];
        sandbox.run(&trust).expect(0);
        sandbox.run(&["destination", "test", "tax"]).expect(0);
        assert!(sandbox.run(&["destination", "list"]).expect(0).stdout.contains(&fingerprint));
        deliver(&sandbox, &[]).expect(0);
        assert!(arrived(&server.inbox()) == published(&sandbox), "{backend}");
        // Another key in its place: nothing is given, and nobody is asked to log in.
        let other = server.fingerprint("other.pub").to_string();
        let trust = ["destination", "trust", "tax", &other, "--only", "--reason", "試験"];
        sandbox.run(&trust).expect(0);
        sandbox.run(&["destination", "test", "tax"]).expect_fault(10, "delivery.host-key-changed");
        let audit = sandbox.audit();
        assert!(audit.iter().any(|line| line.action.starts_with("destination trust tax SHA256:")));
    }
}
