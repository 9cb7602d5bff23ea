//! SFTP from the wire, as a stranger who has logged in or a partner's server sends it: however it arrives in pieces the
//! packets are the same, and what was read is read again from what it is written as.
//!
//! The first byte is the length of the pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Framing, MAX_PACKET_BYTES, Packet, Reply, WireError};

// The room's other parts stand on an SSH library, which would be fuzzed along.
#[allow(dead_code, unused_imports, unfulfilled_lint_expectations)]
#[path = "../../../src/sftp/wire/mod.rs"]
mod wire;

fuzz_target!(|bytes: &[u8]| {
    let [n_bytes, stream @ ..] = bytes else { return };
    let whole = packets(stream, stream.len().max(1));
    assert_eq!(whole, packets(stream, 1 + usize::from(*n_bytes)));
    for packet in whole.iter().flatten() {
        assert!(packet.len() <= MAX_PACKET_BYTES as usize);
        if let Ok(read) = Packet::parse(packet) {
            let mut written = Vec::new();
            read.put(&mut written);
            assert_eq!(Packet::parse(&written[4..]), Ok(read));
        }
        if let Ok((id, reply)) = Reply::parse(packet) {
            let mut written = Vec::new();
            reply.put(id.unwrap_or_default(), &mut written);
            assert_eq!(Reply::parse(&written[4..]), Ok((id, reply)));
        }
    }
});

/// All packets, and at the end what ended the stream, if something did.
fn packets(stream: &[u8], n_bytes: usize) -> Vec<Result<Vec<u8>, WireError>> {
    let mut framing = Framing::default();
    let mut found = Vec::new();
    for piece in stream.chunks(n_bytes) {
        framing.push(piece);
        loop {
            match framing.next_packet() {
                Ok(Some(packet)) => found.push(Ok(packet.to_vec())),
                Ok(None) => break,
                Err(error) => {
                    found.push(Err(error));
                    return found;
                }
            }
        }
    }
    found
}
