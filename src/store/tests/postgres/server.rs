//! A PostgreSQL server of the tests' own: real, in a folder of its own, one for each test program, gone with it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// Makes a server, starts it, says so, and ends it with its folder once its own input ends: with the test program,
/// however that ends. Nothing in it must survive a fall of the machine, so it need not wait for the disk.
const KEEPER: &str = r#"
set -e
cd "$1"
"$2/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 > "$1/initdb.log" 2>&1
printf 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n' > "$1/data/pg_hba.conf"
"$2/pg_ctl" -D "$1/data" -l "$1/log" -w -s -o "-c listen_addresses=127.0.0.1 -c port=$3 \
    -c unix_socket_directories='$1' -c fsync=off -c full_page_writes=off -c shared_buffers=64MB" start >&2
echo ready
cat > /dev/null
"$2/pg_ctl" -D "$1/data" -m immediate -w -s stop > /dev/null 2>&1 || true
rm -rf "$1"
"#;

/// The server.
pub(crate) struct Server {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    /// Open for as long as the server is needed.
    _input: ChildStdin,
    _keeper: Child,
}

/// The server of this test program.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> Server {
    let bin = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .max()
        .expect("PostgreSQL is missing: run scripts/setup test");
    let folder = tempfile::Builder::new().prefix("renkei-pg-").tempdir().unwrap().keep();
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut command = if is_root() {
        let owned = Command::new("chown").arg("postgres").arg(&folder).status().unwrap();
        assert!(owned.success(), "no user postgres: run scripts/setup test");
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.args(["-c", KEEPER, "keeper"]).arg(&folder).arg(&bin).arg(port.to_string());
    // In a group of its own, so that what interrupts the tests does not stop it from tidying up.
    let mut keeper = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "the server did not start; see {}", folder.display());
    let mut input = keeper.stdin.take().unwrap();
    input.flush().unwrap();
    Server { folder, port, _input: input, _keeper: keeper }
}

fn is_root() -> bool {
    let said = Command::new("id").arg("-u").output().unwrap().stdout;
    said == b"0\n"
}
