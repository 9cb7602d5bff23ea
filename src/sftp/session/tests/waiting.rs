//! Which requests are asked of somebody who may wait, so that the connection still answers meanwhile.

use super::*;
use crate::wire::Extended;

const ANEW: u32 = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;

#[test]
fn what_is_quick_is_done_at_once_and_what_takes_long_elsewhere() {
    let rights = Rights::of(&[Right::List, Right::Read, Right::Create]);
    let house = house(vec![rule("a", rights)]);
    std::fs::create_dir(house.folder.path().join("a")).unwrap();
    let mut client = Client::new(&house);
    let open = |flags| Request::Open { path: b"a/c", flags: OpenFlags(flags), attrs: Attrs::default() };
    assert!(!client.waits(open(OpenFlags::READ)));
    assert!(!client.waits(open(ANEW)));
    // A file that stands is copied to be gone on with, and to be cut.
    for flags in
        [OpenFlags::WRITE | OpenFlags::APPEND, OpenFlags::APPEND, OpenFlags::APPEND | OpenFlags::READ]
    {
        assert!(client.waits(open(flags)), "{flags}");
    }
    assert!(!client.waits(open(OpenFlags::APPEND | OpenFlags::TRUNCATE)));
    let times = Attrs { times: Some((1, 1)), ..Attrs::default() };
    let length = Attrs { n_bytes: Some(1), ..Attrs::default() };
    assert!(!client.waits(Request::Setstat { path: b"a/c", attrs: times }));
    assert!(client.waits(Request::Setstat { path: b"a/c", attrs: length }));

    let Told::Handle(handle) = client.open("a/c", ANEW) else { panic!("not opened") };
    let close = Request::Close { handle: &handle };
    let sync = Request::Extended(Extended::Fsync { handle: &handle });
    let data = vec![7; 200_000];
    for no in 0..6_u64 {
        let is_much = no * 200_000 > 1 << 20;
        assert_eq!((client.waits(close), client.waits(sync)), (is_much, is_much), "{no}");
        let write = Request::Write { handle: &handle, offset: no * 200_000, data: &data };
        assert!(!client.waits(write));
        assert_eq!(client.ask(write), Told::Status(StatusCode::Ok));
    }
    assert!(client.waits(close));
    // What is durable is not waited for once more.
    assert_eq!(client.ask(sync), Told::Status(StatusCode::Ok));
    assert!(!client.waits(close));
}
