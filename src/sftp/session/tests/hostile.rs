//! Clients that mean harm: whatever they send, the session answers within bounds or ends, and leaves nothing open.

use proptest::prelude::*;

use super::*;
use crate::wire::MAX_PACKET_BYTES;

/// Fields of a packet as a client may make them up: small numbers that are handles, paths that lead somewhere, lengths
/// beyond everything.
fn field() -> impl Strategy<Value = Vec<u8>> {
    let text = |bytes: Vec<u8>| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat();
    prop_oneof![
        any::<u32>().prop_map(|number| number.to_be_bytes().to_vec()),
        (0_u32..64).prop_map(|number| number.to_be_bytes().to_vec()),
        any::<u64>().prop_map(|number| number.to_be_bytes().to_vec()),
        (0_u32..8).prop_map(move |handle| text(handle.to_be_bytes().to_vec())),
        proptest::sample::select(vec![
            "a",
            "a/b",
            "a/b/../c",
            "../../..",
            "/",
            "",
            "a/.x.uploading",
            "limits@openssh.com",
            "posix-rename@openssh.com",
            "fsync@openssh.com",
            "statvfs@openssh.com",
        ])
        .prop_map(move |path| text(path.as_bytes().to_vec())),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(text),
        proptest::collection::vec(any::<u8>(), 0..10),
    ]
}

fn packet() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![3_u8..21, Just(200), any::<u8>()];
    (kind, any::<u32>(), proptest::collection::vec(field(), 0..5)).prop_map(|(kind, id, fields)| {
        let mut packet = vec![kind];
        packet.extend_from_slice(&id.to_be_bytes());
        for field in &fields {
            packet.extend_from_slice(field);
        }
        packet
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn every_packet_has_one_reply_or_ends_the_session(packets in proptest::collection::vec(packet(), 1..60)) {
        let house = house(vec![rule("a", Rights::ALL)]);
        std::fs::create_dir(house.folder.path().join("a")).unwrap();
        std::fs::write(house.folder.path().join("a/b"), vec![1; 100_000]).unwrap();
        std::fs::write(house.folder.path().join("outside"), "x").unwrap();
        let mut client = Client::new(&house);
        for packet in &packets {
            let mut out = Vec::new();
            if client.session.answer(packet, &mut out).is_err() {
                break;
            }
            let mut framing = Framing::default();
            framing.push(&out);
            let reply = framing.next_packet().unwrap().unwrap();
            prop_assert!(reply.len() <= MAX_PACKET_BYTES as usize);
            let id = u32::from_be_bytes(packet[1..5].try_into().unwrap());
            prop_assert_eq!(Reply::parse(reply).unwrap().0, Some(id));
            prop_assert_eq!(framing.next_packet(), Ok(None));
        }
        drop(client);
        prop_assert_eq!(std::fs::read(house.folder.path().join("outside")).unwrap(), b"x");
        let names: Vec<_> = std::fs::read_dir(house.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        prop_assert_eq!(names.len(), 2, "{:?}", names);
        for entry in std::fs::read_dir(house.folder.path().join("a")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap_or_default();
            prop_assert!(!name.ends_with(".uploading"), "{}", name);
        }
    }
}
