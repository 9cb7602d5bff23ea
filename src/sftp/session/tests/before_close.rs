//! What a session says of a file that it is still bringing: a program on a mounted folder opens, renames and removes
//! what it has just closed, and the close may come after that.

use super::*;

const ANEW: u32 = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
const DONE: Told = Told::Status(StatusCode::Ok);

fn bringing(rights: Rights) -> (Arc<House>, Client, Vec<u8>) {
    let house = house(vec![rule("a", rights), rule("b", rights)]);
    for name in ["a", "b"] {
        std::fs::create_dir(house.folder.path().join(name)).unwrap();
    }
    let mut client = Client::new(&house);
    let handle = handle(client.open("a/c", ANEW));
    assert_eq!(client.ask(Request::Write { handle: &handle, offset: 0, data: b"x\n" }), DONE);
    (house, client, handle)
}

#[track_caller]
fn handle(told: Told) -> Vec<u8> {
    let Told::Handle(handle) = told else { panic!("{told:?}") };
    handle
}

impl Client {
    fn close(&mut self, handle: &[u8]) -> Told {
        self.ask(Request::Close { handle })
    }
}

/// What stands in a folder, the hub's own names too.
fn names(house: &House, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(house.folder.path().join(folder)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn text(house: &House, path: &str) -> String {
    std::fs::read_to_string(house.folder.path().join(path)).unwrap()
}

#[test]
fn it_can_be_opened_to_go_on_and_appears_after_the_last_close() {
    for flags in
        [OpenFlags::WRITE | OpenFlags::APPEND, OpenFlags::WRITE | OpenFlags::APPEND | OpenFlags::CREATE]
    {
        for closes_first in [true, false] {
            let (house, mut client, first) = bringing(Rights::ALL);
            let second = handle(client.open("a/c", flags));
            assert_eq!(client.ask(Request::Write { handle: &second, offset: 0, data: b"y\n" }), DONE);
            let (one, other) = if closes_first { (&first, &second) } else { (&second, &first) };
            assert_eq!(client.close(one), DONE);
            assert!(!house.folder.path().join("a/c").exists(), "it is still being written");
            assert_eq!(client.close(other), DONE);
            assert_eq!(text(&house, "a/c"), "x\ny\n");
            assert_eq!(names(&house, "a"), ["c"]);
        }
    }
}

#[test]
fn what_was_written_is_read_by_whoever_may_read_there() {
    let (_house, mut client, first) = bringing(Rights::ALL);
    let reading = handle(client.open("a/c", OpenFlags::READ));
    assert_eq!(client.close(&first), DONE);
    let read = client.ask(Request::Read { handle: &reading, offset: 0, n_bytes: 10 });
    assert_eq!(read, Told::Data(b"x\n".to_vec()));

    let (_house, mut client, _first) = bringing(Rights::of(&[Right::List, Right::Create]));
    assert_eq!(client.open("a/c", OpenFlags::READ), Told::Status(StatusCode::PermissionDenied));
}

#[test]
fn renamed_it_appears_under_the_new_name() {
    for (to, rights) in
        [("a/d", Rights::ALL), ("b/d", Rights::ALL), ("a/d", Rights::of(&[Right::List, Right::Create]))]
    {
        let (house, mut client, first) = bringing(rights);
        assert_eq!(client.ask(Request::Rename { from: b"a/c", to: to.as_bytes() }), DONE);
        assert_eq!(client.ask(Request::Lstat { path: b"a/c" }), Told::Status(StatusCode::NoSuchFile));
        assert!(matches!(client.ask(Request::Lstat { path: to.as_bytes() }), Told::Attrs(_)));
        assert_eq!(client.ask(Request::Write { handle: &first, offset: 2, data: b"y\n" }), DONE);
        assert_eq!(client.close(&first), DONE);
        assert_eq!(text(&house, to), "x\ny\n");
        assert_eq!(names(&house, "a").len() + names(&house, "b").len(), 1);
        assert_eq!(*house.n_refused.lock().unwrap(), 0);
    }
    let (house, mut client, first) = bringing(Rights::of(&[Right::List, Right::Create]));
    let told = client.ask(Request::Rename { from: b"a/c", to: b"b/d" });
    assert_eq!(told, Told::Status(StatusCode::PermissionDenied), "it would leave a folder");
    assert_eq!(client.close(&first), DONE);
    assert_eq!((names(&house, "a"), names(&house, "b")), (vec!["c".to_owned()], Vec::new()));
}

#[test]
fn renamed_over_another_it_takes_its_place_only_with_the_right() {
    for (rights, is_done) in [(Rights::ALL, true), (Rights::of(&[Right::List, Right::Create]), false)] {
        let (house, mut client, first) = bringing(rights);
        std::fs::write(house.folder.path().join("a/d"), "old").unwrap();
        let told = client.ask(Request::Rename { from: b"a/c", to: b"a/d" });
        assert_eq!(told == DONE, is_done, "{told:?}");
        assert_eq!(text(&house, "a/d"), "old", "whole until the other is");
        assert_eq!(client.close(&first), DONE);
        assert_eq!(text(&house, "a/d") == "x\n", is_done);
        assert_eq!(names(&house, "a").contains(&"c".to_owned()), !is_done);
    }
}

#[test]
fn over_a_file_that_stands_both_get_the_new_name() {
    let (house, mut client, first) = bringing(Rights::ALL);
    assert_eq!(client.close(&first), DONE);
    let second = handle(client.open("a/c", ANEW));
    assert_eq!(client.ask(Request::Write { handle: &second, offset: 0, data: b"new" }), DONE);
    assert_eq!(client.ask(Request::Rename { from: b"a/c", to: b"a/d" }), DONE);
    assert_eq!(text(&house, "a/d"), "x\n");
    assert_eq!(client.close(&second), DONE);
    assert_eq!(text(&house, "a/d"), "new");
    assert_eq!(names(&house, "a"), ["d"]);
}

#[test]
fn removed_it_never_appears() {
    for rights in [Rights::ALL, Rights::of(&[Right::List, Right::Create])] {
        let (house, mut client, first) = bringing(rights);
        assert_eq!(client.ask(Request::Remove { path: b"a/c" }), DONE);
        assert_eq!(client.ask(Request::Lstat { path: b"a/c" }), Told::Status(StatusCode::NoSuchFile));
        assert_eq!(client.ask(Request::Write { handle: &first, offset: 2, data: b"y\n" }), DONE);
        assert_eq!(client.close(&first), DONE);
        assert!(names(&house, "a").is_empty(), "{:?}", names(&house, "a"));
        assert_eq!(*house.n_refused.lock().unwrap(), 0);
    }
}

#[test]
fn after_a_write_that_failed_it_never_appears() {
    let (house, mut client, first) = bringing(Rights::ALL);
    // No file system has this place; on a full one any other would do.
    let beyond = Request::Write { handle: &first, offset: 1 << 63, data: b"y" };
    assert_eq!(client.ask(beyond), Told::Status(StatusCode::Failure));
    assert_eq!(client.close(&first), Told::Status(StatusCode::Failure));
    assert!(!house.folder.path().join("a/c").exists());
    assert_eq!(*house.n_broken_off.lock().unwrap(), 1);
    // What had arrived is gone on with.
    let second = handle(client.open("a/c", OpenFlags::WRITE | OpenFlags::APPEND));
    assert_eq!(client.ask(Request::Write { handle: &second, offset: 0, data: b"z" }), DONE);
    assert_eq!(client.close(&second), DONE);
    assert_eq!(text(&house, "a/c"), "x\nz");
}

#[test]
fn begun_anew_the_later_one_is_what_is_seen() {
    let (house, mut client, first) = bringing(Rights::ALL);
    let second = handle(client.open("a/c", ANEW));
    let Told::Attrs(attrs) = client.ask(Request::Lstat { path: b"a/c" }) else { panic!("it is not seen") };
    assert_eq!(attrs.n_bytes, Some(0));
    assert_eq!(client.close(&first), DONE);
    assert_eq!(client.ask(Request::Write { handle: &second, offset: 0, data: b"new" }), DONE);
    assert_eq!(client.close(&second), DONE);
    assert_eq!(text(&house, "a/c"), "new");
    assert_eq!(names(&house, "a"), ["c"]);
}

#[test]
fn a_session_that_ends_leaves_none_of_it() {
    let (house, mut client, _first) = bringing(Rights::ALL);
    let _second = handle(client.open("a/c", OpenFlags::WRITE));
    let other = handle(client.open("a/e", ANEW));
    assert_eq!(client.ask(Request::Write { handle: &other, offset: 0, data: b"x" }), DONE);
    assert_eq!(client.ask(Request::Remove { path: b"a/e" }), DONE);
    drop(client);
    let left = names(&house, "a");
    assert_eq!(left.len(), 1, "what can be gone on with: {left:?}");
    assert!(left[0].ends_with(".partial-upload"), "{left:?}");
}
