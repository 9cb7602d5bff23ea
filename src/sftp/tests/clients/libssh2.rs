//! libssh2 by the ssh2 crate: what our own client, curl and many programs stand on.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::TcpStream;
use std::path::Path;

use ssh2::{ErrorCode, OpenFlags, OpenType, RenameFlags, Session};

use super::house::{House, noise};

/// A session, and its socket to cut it by.
pub(crate) struct Link {
    session: Session,
    socket: TcpStream,
}

impl std::ops::Deref for Link {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Link {
    /// Ends the connection as a cable does that is pulled out.
    pub(crate) fn cut(&self) {
        self.socket.shutdown(std::net::Shutdown::Both).unwrap();
    }
}

/// Logs in by the account's key.
pub(crate) fn connect(house: &House) -> Link {
    let socket = TcpStream::connect(house.address).unwrap();
    let mut session = Session::new().unwrap();
    session.set_tcp_stream(socket.try_clone().unwrap());
    session.set_timeout(60_000);
    session.handshake().unwrap();
    session.userauth_pubkey_file("office", None, &house.key_path(), None).unwrap();
    Link { session, socket }
}

/// Begins to bring a file and breaks off after these bytes.
pub(crate) fn bring_part(house: &House, path: &str, data: &[u8]) {
    let session = connect(house);
    let mut remote = session.sftp().unwrap().create(Path::new(path)).unwrap();
    remote.write_all(data).unwrap();
    session.cut();
    drop(remote);
    house.wait_for(&format!("office broken off /{path}"));
}

#[test]
fn files_come_and_go_whole() {
    let house = House::open();
    let session = connect(&house);
    let sftp = session.sftp().unwrap();
    let data = noise(5_000_000);
    let path = Path::new("015/inbox/.a.part");
    let mut remote = sftp.create(path).unwrap();
    remote.write_all(&data).unwrap();
    remote.fsync().unwrap();
    remote.close().unwrap();
    assert_eq!(sftp.stat(path).unwrap().size, Some(5_000_000));
    sftp.rename(path, Path::new("015/inbox/a.csv"), None).unwrap();
    let mut back = Vec::new();
    sftp.open(Path::new("/015/inbox/a.csv")).unwrap().read_to_end(&mut back).unwrap();
    assert!(back == data);
    let names: Vec<_> = sftp.readdir(Path::new("/015/inbox")).unwrap();
    assert_eq!(names.len(), 1);
    // With all rights a rename replaces.
    sftp.create(path).unwrap().write_all(b"other").unwrap();
    sftp.rename(path, Path::new("015/inbox/a.csv"), Some(RenameFlags::empty())).unwrap();
    assert_eq!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap(), b"other");
    let missing = sftp.stat(Path::new("015/inbox/none")).unwrap_err();
    assert_eq!(missing.code(), ErrorCode::SFTP(2));
}

#[test]
fn an_upload_goes_on_where_it_broke_off() {
    let house = House::open();
    let data = noise(3_000_000);
    let path = Path::new("015/inbox/a.csv");
    bring_part(&house, "015/inbox/a.csv", &data[..1_000_000]);
    let session = connect(&house);
    let sftp = session.sftp().unwrap();
    let n_bytes = sftp.stat(path).unwrap().size.unwrap();
    assert_eq!(n_bytes, 1_000_000);
    assert!(sftp.open(path).is_err(), "it is no file to be read yet");
    let mut remote = sftp.open_mode(path, OpenFlags::WRITE, 0o640, OpenType::File).unwrap();
    remote.seek(SeekFrom::Start(n_bytes)).unwrap();
    remote.write_all(&data[1_000_000..]).unwrap();
    remote.close().unwrap();
    assert!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap() == data);
}
