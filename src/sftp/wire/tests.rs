//! The codec against itself and against bytes that mean harm.

use proptest::prelude::*;

use super::*;

fn attrs() -> impl Strategy<Value = Attrs> {
    let some = proptest::option::of::<BoxedStrategy<u64>>;
    (
        some(any::<u64>().boxed()),
        any::<Option<(u32, u32)>>(),
        any::<Option<u32>>(),
        any::<Option<(u32, u32)>>(),
    )
        .prop_map(|(n_bytes, owner, mode, times)| Attrs { n_bytes, owner, mode, times })
}

/// Bytes that a request of any kind can be made of.
fn parts() -> impl Strategy<Value = (u8, u32, Vec<u8>, Vec<u8>, u64, u32, Attrs)> {
    let name = proptest::collection::vec(any::<u8>(), 0..200);
    (0_u8..26, any::<u32>(), name.clone(), name, any::<u64>(), any::<u32>(), attrs())
}

fn request<'a>(
    which: u8,
    one: &'a [u8],
    other: &'a [u8],
    long: u64,
    short: u32,
    attrs: Attrs,
) -> Request<'a> {
    match which {
        0 => Request::Open { path: one, flags: OpenFlags(short), attrs },
        1 => Request::Close { handle: one },
        2 => Request::Read { handle: one, offset: long, n_bytes: short },
        3 => Request::Write { handle: one, offset: long, data: other },
        4 => Request::Lstat { path: one },
        5 => Request::Stat { path: one },
        6 => Request::Fstat { handle: one },
        7 => Request::Setstat { path: one, attrs },
        8 => Request::Fsetstat { handle: one, attrs },
        9 => Request::Opendir { path: one },
        10 => Request::Readdir { handle: one },
        11 => Request::Remove { path: one },
        12 => Request::Mkdir { path: one, attrs },
        13 => Request::Rmdir { path: one },
        14 => Request::Realpath { path: one },
        15 => Request::Rename { from: one, to: other },
        16 => Request::Readlink { path: one },
        17 => Request::Symlink { from: one, to: other },
        18 => Request::Extended(Extended::Limits),
        19 => Request::Extended(Extended::PosixRename { from: one, to: other }),
        20 => Request::Extended(Extended::Fsync { handle: one }),
        21 => Request::Extended(Extended::StatVfs { path: one }),
        22 => Request::Extended(Extended::FstatVfs { handle: one }),
        23 => Request::Extended(Extended::Hardlink { from: one, to: other }),
        24 => Request::Extended(Extended::Unknown { name: b"copy-data" }),
        _ => Request::Unknown { kind: 99 },
    }
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written((which, id, one, other, long, short, attrs) in parts()) {
        let packet = Packet::Request { id, request: request(which, &one, &other, long, short, attrs) };
        let mut bytes = Vec::new();
        packet.put(&mut bytes);
        let mut framing = Framing::default();
        framing.push(&bytes);
        let cut = framing.next_packet().unwrap().unwrap();
        prop_assert_eq!(Packet::parse(cut).unwrap(), packet);
        prop_assert!(!framing.is_inside());
        // A request cut short anywhere is malformed under its number, never another request.
        for n_bytes in 9..bytes.len() {
            match Packet::parse(&bytes[4..n_bytes]) {
                Err(WireError::Malformed { id: found, .. }) => prop_assert_eq!(found, Some(id)),
                Ok(Packet::Request { request, .. }) => prop_assert!(
                    // Attributes may be left out.
                    matches!(request, Request::Open { .. } | Request::Setstat { .. } | Request::Fsetstat { .. }
                        | Request::Mkdir { .. }), "{request:?}"),
                answer => prop_assert!(false, "{answer:?}"),
            }
        }
    }

    #[test]
    fn a_reply_is_read_as_it_was_written(
        id in any::<u32>(), name in proptest::collection::vec(any::<u8>(), 0..100), attrs in attrs(), n in any::<u64>(),
    ) {
        let entry = Entry { name: name.clone(), long_name: name.clone(), attrs };
        for reply in [
            Reply::Status { code: StatusCode::NoSuchFile, message: "no such file" },
            Reply::Handle(&name),
            Reply::Data(&name),
            Reply::Names(vec![entry.clone(), entry]),
            Reply::Attrs(attrs),
            Reply::Limits(Limits { max_packet: n, max_read: 1, max_write: 2, max_handles: 3 }),
            Reply::Volume(VolumeStat([n; 11])),
        ] {
            let mut bytes = Vec::new();
            reply.put(id, &mut bytes);
            prop_assert_eq!(Reply::parse(&bytes[4..]).unwrap(), (Some(id), reply));
        }
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..600), cut in 1_usize..50) {
        let _ = Packet::parse(&bytes);
        let _ = Reply::parse(&bytes);
        let mut framing = Framing::default();
        for piece in bytes.chunks(cut) {
            framing.push(piece);
            while let Ok(Some(packet)) = framing.next_packet() {
                let _ = Packet::parse(packet);
            }
        }
    }

    #[test]
    fn packets_come_out_of_any_pieces(n_packets in 1_usize..20, cut in 1_usize..3000) {
        let data = vec![7; 1000];
        let mut bytes = Vec::new();
        for id in 0..n_packets {
            let request = Request::Write { handle: b"1", offset: id as u64, data: &data };
            Packet::Request { id: u32::try_from(id).unwrap(), request }.put(&mut bytes);
        }
        let mut framing = Framing::default();
        let mut found = 0;
        for piece in bytes.chunks(cut) {
            framing.push(piece);
            while let Some(packet) = framing.next_packet().unwrap() {
                let Ok(Packet::Request { id, .. }) = Packet::parse(packet) else { panic!("not a request") };
                prop_assert_eq!(id as usize, found);
                found += 1;
            }
        }
        prop_assert_eq!(found, n_packets);
    }
}

#[test]
fn a_length_beyond_the_bound_is_refused_before_anything_else_arrives() {
    let check = |length: u32, expect: Result<bool, WireError>| {
        let mut framing = Framing::default();
        framing.push(&length.to_be_bytes());
        assert_eq!(framing.next_packet().map(|packet| packet.is_some()), expect, "{length}");
    };
    check(0, Err(WireError::Empty));
    check(1, Ok(false));
    check(MAX_PACKET_BYTES, Ok(false));
    check(MAX_PACKET_BYTES + 1, Err(WireError::TooLong { n_bytes: MAX_PACKET_BYTES + 1 }));
    check(u32::MAX, Err(WireError::TooLong { n_bytes: u32::MAX }));
}

#[test]
fn counts_and_lengths_inside_a_packet_are_not_believed() {
    // A listing that says it has four thousand million lines, a name as long, a path beyond the bound.
    assert!(Reply::parse(&[104, 0, 0, 0, 1, 255, 255, 255, 255]).is_err());
    assert!(Packet::parse(&[17, 0, 0, 0, 1, 255, 255, 255, 255, 1]).is_err());
    let mut long = Vec::new();
    let path = vec![b'a'; MAX_PATH_BYTES + 1];
    Packet::Request { id: 1, request: Request::Stat { path: &path } }.put(&mut long);
    assert_eq!(Packet::parse(&long[4..]), Err(WireError::Malformed { kind: 17, id: Some(1) }));
    // Attributes with pairs without end.
    let mut pairs = vec![9, 0, 0, 0, 1, 0, 0, 0, 1, b'a'];
    pairs.extend_from_slice(&0x8000_0000_u32.to_be_bytes());
    pairs.extend_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(Packet::parse(&pairs), Err(WireError::Malformed { kind: 9, id: Some(1) }));
}

#[test]
fn a_data_reply_is_filled_in_place_or_left_out() {
    let mut out = vec![1, 2];
    let n_read = data_reply(&mut out, 9, |out| {
        out.extend_from_slice(b"abc");
        Ok::<_, ()>(3)
    });
    assert_eq!(n_read, Ok(3));
    assert_eq!(Reply::parse(&out[6..]).unwrap(), (Some(9), Reply::Data(b"abc")));
    assert_eq!(u32::from_be_bytes(out[2..6].try_into().unwrap()) as usize, out.len() - 6);
    for answer in [Ok(0), Err(())] {
        let mut out = vec![1, 2];
        assert_eq!(data_reply(&mut out, 9, |_| answer), answer);
        assert_eq!(out, [1, 2]);
    }
}
