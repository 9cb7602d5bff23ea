//! paramiko and asyncssh, from the Python packages that scripts/setup puts under target/python.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::house::{House, PASSWORD, noise};
use super::programs::{Ended, run};

fn interpreter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python")
}

fn run_python(house: &House, text: &str) -> Ended {
    let mut command = Command::new(interpreter());
    command
        .args(["-c", text])
        .env("PORT", house.address.port().to_string())
        .env("KEY", house.key_path())
        .current_dir(house.folder.path());
    run(&mut command, "")
}

/// Runs a text with `c`, paramiko's client.
pub(crate) fn python(house: &House, text: &str) -> Ended {
    let begin = "import os, paramiko\n\
        t = paramiko.Transport(('127.0.0.1', int(os.environ['PORT'])))\n\
        t.connect(username='office', pkey=paramiko.Ed25519Key.from_private_key_file(os.environ['KEY']))\n\
        c = paramiko.SFTPClient.from_transport(t)\n";
    run_python(house, &format!("{begin}{text}t.close()\n"))
}

#[test]
fn paramiko_works() {
    let house = House::open();
    std::fs::write(house.here("local"), noise(10_000_000)).unwrap();
    python(
        &house,
        "c.put('local', '015/inbox/a.csv')\n\
         c.get('015/inbox/a.csv', 'back')\n\
         assert c.listdir('.') == ['001', '015'] or sorted(c.listdir('.')) == ['001', '015']\n\
         c.posix_rename('015/inbox/a.csv', '015/inbox/b.csv')\n\
         c.mkdir('015/inbox/x'); c.chmod('015/inbox/x', 0o700); c.rmdir('015/inbox/x')\n\
         c.utime('015/inbox/b.csv', (1000000000, 1000000000))\n\
         assert c.stat('015/inbox/b.csv').st_mtime == 1000000000\n\
         assert c.normalize('.') == '/'\n\
         with c.open('015/inbox/b.csv', 'ab') as f: f.write(b'more')\n\
         assert c.stat('015/inbox/b.csv').st_size == 10000004\n\
         c.truncate('015/inbox/b.csv', 5)\n\
         assert c.stat('015/inbox/b.csv').st_size == 5\n\
         c.remove('015/inbox/b.csv')\n",
    )
    .succeeded();
    assert!(std::fs::read(house.here("back")).unwrap() == noise(10_000_000));
    assert!(house.inbox().is_empty());
}

/// After a wrong password the methods stay told, so that the client ends at once with the right error.
#[test]
fn a_wrong_password_fails_cleanly_and_quickly() {
    let house = House::open();
    let text = format!(
        "import os, time, paramiko\n\
         def go(word):\n\
        \x20   s = paramiko.SSHClient(); s.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n\
        \x20   s.connect('127.0.0.1', int(os.environ['PORT']), 'office', word, look_for_keys=False, allow_agent=False)\n\
        \x20   return s\n\
         begun = time.time()\n\
         try: go('wrong'); raise SystemExit('got in')\n\
         except paramiko.AuthenticationException as e: print('clean', e)\n\
         assert time.time() - begun < 10\n\
         go('{PASSWORD}').open_sftp().listdir('.')\n"
    );
    let output = run_python(&house, &text).succeeded();
    assert!(output.contains("clean Authentication failed"), "{output}");
}

#[test]
fn asyncssh_works() {
    let house = House::open();
    std::fs::write(house.here("local"), noise(10_000_000)).unwrap();
    run_python(
        &house,
        "import os, asyncio, asyncssh\n\
         async def main():\n\
        \x20   async with asyncssh.connect('127.0.0.1', int(os.environ['PORT']), username='office', known_hosts=None,\n\
        \x20           client_keys=[os.environ['KEY']], agent_path=None, config=None) as conn:\n\
        \x20       async with conn.start_sftp_client() as c:\n\
        \x20           await c.put('local', '015/inbox/a.csv', preserve=True)\n\
        \x20           await c.get('015/inbox/a.csv', 'back')\n\
        \x20           assert sorted(n for n in await c.listdir('/') if n[0] != '.') == ['001', '015']\n\
        \x20           await asyncio.gather(*[c.put('local', f'015/inbox/{i}') for i in range(4)])\n\
        \x20           await c.remove('015/inbox/a.csv')\n\
        \x20       r = await conn.run('ls', check=False) if False else None\n\
         asyncio.run(main())\n",
    )
    .succeeded();
    assert!(std::fs::read(house.here("back")).unwrap() == noise(10_000_000));
    for name in ["0", "1", "2", "3"] {
        assert!(std::fs::read(house.on_disk("015/inbox").join(name)).unwrap() == noise(10_000_000));
    }
}
