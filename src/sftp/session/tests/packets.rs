//! What is answered to packets that are out of order, malformed or odd.

use renkei_core::access::Right;

use super::*;
use crate::session::{MAX_HANDLES, SessionError};
use crate::wire::{Extended, WireError};

#[test]
fn the_greeting_comes_first_and_once() {
    let house = house(Vec::new());
    let visitor = Arc::new(Visitor { account: account(), address: None, session_no: 1 });
    let mut session = Session::new(house.clone(), visitor);
    let mut out = Vec::new();
    assert_eq!(session.answer(&[16, 0, 0, 0, 1, 0, 0, 0, 1, b'.'], &mut out), Err(SessionError::Greeting));
    assert_eq!(session.answer(&[1, 0, 0, 0, 6], &mut out), Ok(()));
    let text = String::from_utf8_lossy(&out).into_owned();
    for name in ["limits@openssh.com", "posix-rename@openssh.com", "fsync@openssh.com", "statvfs@openssh.com"]
    {
        assert!(text.contains(name), "{name}");
    }
    assert!(!text.contains("hardlink"));
    assert_eq!(session.answer(&[1, 0, 0, 0, 3], &mut out), Err(SessionError::Greeting));
    assert_eq!(session.answer(&[], &mut out), Err(SessionError::Wire(WireError::Empty)));
}

#[test]
fn what_is_malformed_or_unknown_is_answered_under_its_number() {
    let house = house(vec![rule("a", Rights::ALL)]);
    let mut client = Client::new(&house);
    let mut out = Vec::new();
    client.session.answer(&[17, 0, 0, 0, 7, 0, 0, 0, 9, b'x'], &mut out).unwrap();
    assert_eq!(
        Reply::parse(&out[4..]).unwrap(),
        (Some(7), Reply::Status { code: StatusCode::BadMessage, message: "malformed" })
    );
    let unsupported = Told::Status(StatusCode::Unsupported);
    assert_eq!(client.ask(Request::Unknown { kind: 99 }), unsupported);
    assert_eq!(client.ask(Request::Symlink { from: b"a", to: b"b" }), unsupported);
    assert_eq!(client.ask(Request::Extended(Extended::Hardlink { from: b"a", to: b"b" })), unsupported);
    assert_eq!(client.ask(Request::Extended(Extended::Unknown { name: b"x" })), unsupported);
    assert_eq!(client.ask(Request::Extended(Extended::Limits)), Told::Other);
    assert_eq!(client.ask(Request::Stat { path: b"a\0b" }), Told::Status(StatusCode::NoSuchFile));
    for handle in [&b""[..], b"\0\0\0\x01", b"long handle"] {
        let failure = Told::Status(StatusCode::Failure);
        assert_eq!(client.ask(Request::Close { handle }), failure);
        assert_eq!(client.ask(Request::Read { handle, offset: 0, n_bytes: 1 }), failure);
        assert_eq!(client.ask(Request::Write { handle, offset: 0, data: b"x" }), failure);
        assert_eq!(client.ask(Request::Readdir { handle }), failure);
        assert_eq!(client.ask(Request::Fstat { handle }), failure);
    }
}

#[test]
fn handles_are_bounded_and_come_back() {
    let house = house(vec![rule("a", Rights::ALL)]);
    std::fs::create_dir(house.folder.path().join("a")).unwrap();
    let mut client = Client::new(&house);
    let mut handles = Vec::new();
    for _ in 0..MAX_HANDLES {
        let Told::Handle(handle) = client.ask(Request::Opendir { path: b"/a" }) else { panic!("no handle") };
        assert!(!handles.contains(&handle));
        handles.push(handle);
    }
    assert_eq!(client.ask(Request::Opendir { path: b"/a" }), Told::Status(StatusCode::Failure));
    let flags = OpenFlags::WRITE | OpenFlags::CREATE;
    assert_eq!(client.open("/a/b", flags), Told::Status(StatusCode::Failure));
    assert_eq!(client.ask(Request::Close { handle: &handles[0] }), Told::Status(StatusCode::Ok));
    assert!(matches!(client.open("/a/b", flags), Told::Handle(_)));
}

#[test]
fn reads_of_any_length_stay_within_a_packet() {
    let house = house(vec![rule("a", Rights::ALL)]);
    std::fs::create_dir(house.folder.path().join("a")).unwrap();
    std::fs::write(house.folder.path().join("a/b"), vec![7; 600_000]).unwrap();
    let mut client = Client::new(&house);
    let Told::Handle(handle) = client.open("a/b", OpenFlags::READ) else { panic!("no handle") };
    let mut n_read =
        |offset: u64, n_bytes: u32| match client.ask(Request::Read { handle: &handle, offset, n_bytes }) {
            Told::Data(data) => data.len(),
            told => {
                assert_eq!(told, Told::Status(StatusCode::Eof));
                0
            }
        };
    assert_eq!(n_read(0, u32::MAX), crate::wire::MAX_DATA_BYTES as usize);
    assert_eq!(n_read(599_990, u32::MAX), 10);
    assert_eq!(n_read(600_000, 1), 0);
    assert_eq!(n_read(u64::MAX, u32::MAX), 0);
    assert_eq!(n_read(0, 0), 0);
}

#[test]
fn a_large_folder_is_listed_in_parts_and_only_once() {
    let house = house(vec![rule("a", Rights::FETCH)]);
    std::fs::create_dir(house.folder.path().join("a")).unwrap();
    for n in 0..1000 {
        std::fs::write(house.folder.path().join(format!("a/{n}")), "").unwrap();
    }
    let mut client = Client::new(&house);
    let Told::Handle(handle) = client.ask(Request::Opendir { path: b"a" }) else { panic!("no handle") };
    let mut names = Vec::new();
    while let Told::Names(some) = client.ask(Request::Readdir { handle: &handle }) {
        names.extend(some);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 1000);
}

#[test]
fn a_fetch_is_whole_only_when_its_client_closed_it() {
    let house = house(vec![rule("a", Rights::FETCH)]);
    std::fs::create_dir(house.folder.path().join("a")).unwrap();
    std::fs::write(house.folder.path().join("a/b"), "12345").unwrap();
    let fetch = |n_bytes, closes: bool| {
        let mut client = Client::new(&house);
        let Told::Handle(handle) = client.open("a/b", OpenFlags::READ) else { panic!("no handle") };
        client.ask(Request::Read { handle: &handle, offset: 0, n_bytes });
        if closes {
            client.ask(Request::Close { handle: &handle });
        }
        drop(client);
        house.fetched.lock().unwrap().pop().unwrap()
    };
    assert!(fetch(5, true));
    assert!(!fetch(4, true));
    assert!(!fetch(5, false), "nobody knows what arrived");
    // He asked for all of it and its close, and went without reading.
    let mut client = Client { reads_answers: false, ..Client::new(&house) };
    let Told::Handle(handle) = client.open("a/b", OpenFlags::READ) else { panic!("no handle") };
    client.ask(Request::Read { handle: &handle, offset: 0, n_bytes: 5 });
    client.ask(Request::Close { handle: &handle });
    assert!(house.fetched.lock().unwrap().is_empty());
    drop(client);
    assert_eq!(*house.fetched.lock().unwrap(), [false]);
}

#[test]
fn what_is_read_of_a_published_file_is_fetched_by_whatever_handle() {
    let house = house(vec![rule("a", Rights::ALL)]);
    std::fs::create_dir(house.folder.path().join("a")).unwrap();
    std::fs::write(house.folder.path().join("a/b"), "12345").unwrap();
    let mut client = Client::new(&house);
    let mut read = |path, flags, n_bytes| {
        let Told::Handle(handle) = client.open(path, flags) else { panic!("no handle") };
        client.ask(Request::Write { handle: &handle, offset: 0, data: b"1" });
        client.ask(Request::Read { handle: &handle, offset: 0, n_bytes });
        client.ask(Request::Close { handle: &handle });
        std::mem::take(&mut *house.fetched.lock().unwrap())
    };
    let both = OpenFlags::READ | OpenFlags::WRITE;
    assert_eq!(read("a/b", both, 5), [true]);
    assert_eq!(read("a/b", both, 4), [false]);
    // What somebody brought himself he knows.
    assert!(read("a/c", both | OpenFlags::CREATE, 5).is_empty());
    assert!(read("a/b", both | OpenFlags::CREATE | OpenFlags::TRUNCATE, 5).is_empty());
}

#[test]
fn a_right_taken_back_holds_for_what_is_open() {
    let house = house(vec![rule("a", Rights::ALL)]);
    let at = house.folder.path().join("a");
    std::fs::create_dir(&at).unwrap();
    std::fs::write(at.join("b"), "12345").unwrap();
    let mut client = Client::new(&house);
    let rights = |rights: &[Right]| house.set_rules(vec![rule("a", Rights::of(rights))]);
    let Told::Handle(read) = client.open("a/b", OpenFlags::READ) else { panic!("no handle") };
    let ask = Request::Read { handle: &read, offset: 0, n_bytes: 1 };
    assert_eq!(client.ask(ask), Told::Data(b"1".to_vec()));
    rights(&[Right::List]);
    assert_eq!(client.ask(ask), Told::Status(StatusCode::PermissionDenied));
    rights(&Right::ALL);
    assert_eq!(client.ask(ask), Told::Data(b"1".to_vec()));

    let mut bring = |name: &str, left: &[Right]| {
        rights(&Right::ALL);
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let Told::Handle(handle) = client.open(name, flags) else { panic!("no handle") };
        client.ask(Request::Write { handle: &handle, offset: 0, data: b"new" });
        rights(left);
        let told = client.ask(Request::Close { handle: &handle });
        (told, std::fs::read_to_string(house.folder.path().join(name)).ok())
    };
    let text = |text: &str| Some(text.to_owned());
    let [done, denied] = [StatusCode::Ok, StatusCode::PermissionDenied].map(Told::Status);
    assert_eq!(bring("a/b", &[Right::List, Right::Create]), (denied.clone(), text("12345")));
    assert_eq!(bring("a/b", &[Right::List, Right::Replace]), (done.clone(), text("new")));
    assert_eq!(bring("a/c", &[Right::List, Right::Replace]), (denied.clone(), None));
    assert_eq!(bring("a/c", &[Right::List]), (denied, None));
    assert_eq!(bring("a/c", &[Right::List, Right::Create]), (done, text("new")));
}

#[test]
fn a_folder_that_is_not_seen_is_not_there_for_any_request() {
    let house = house(vec![rule("a", Rights::ALL), rule("a/hidden", Rights::NONE)]);
    std::fs::create_dir_all(house.folder.path().join("a/hidden")).unwrap();
    let mut client = Client::new(&house);
    for path in ["a/hidden", "a/nothing"] {
        let missing = Told::Status(StatusCode::NoSuchFile);
        assert_eq!(client.open(path, OpenFlags::READ), missing, "{path}");
        assert_eq!(client.ask(Request::Remove { path: path.as_bytes() }), missing, "{path}");
        assert_eq!(client.ask(Request::Stat { path: path.as_bytes() }), missing, "{path}");
        assert_eq!(client.ask(Request::Opendir { path: path.as_bytes() }), missing, "{path}");
    }
}
