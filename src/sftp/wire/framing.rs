//! Packets cut out of a stream of bytes that arrives in any pieces.

use super::{MAX_PACKET_BYTES, WireError};

/// Room kept between packets, in bytes: that of a large write.
const KEPT_BYTES: usize = MAX_PACKET_BYTES as usize + 4;

/// Collects bytes and gives whole packets. Never holds more than one packet and the piece it came with.
#[derive(Debug, Default)]
pub struct Framing {
    held: Vec<u8>,
    /// Bytes at the front that were given out already.
    n_done: usize,
}

impl Framing {
    /// Takes what has arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.make_room();
        self.held.extend_from_slice(bytes);
    }

    /// The next whole packet without its length field: type first. `None` until more has arrived.
    ///
    /// After [`WireError::TooLong`] nothing sensible can follow: the stream is to be ended.
    pub fn next_packet(&mut self) -> Result<Option<&[u8]>, WireError> {
        let waiting = self.held.get(self.n_done..).unwrap_or_default();
        let Some(length) = waiting.first_chunk::<4>() else { return Ok(None) };
        let n_bytes = u32::from_be_bytes(*length);
        if n_bytes > MAX_PACKET_BYTES {
            return Err(WireError::TooLong { n_bytes });
        }
        if n_bytes == 0 {
            return Err(WireError::Empty);
        }
        let end = 4 + n_bytes as usize;
        if waiting.len() < end {
            return Ok(None);
        }
        let start = self.n_done + 4;
        self.n_done += end;
        Ok(self.held.get(start..self.n_done))
    }

    /// True when a packet has begun that has not ended.
    pub fn is_inside(&self) -> bool {
        self.n_done < self.held.len()
    }

    fn make_room(&mut self) {
        if self.n_done > 0 {
            self.held.drain(..self.n_done);
            self.n_done = 0;
            if self.held.is_empty() && self.held.capacity() > 2 * KEPT_BYTES {
                self.held.shrink_to(KEPT_BYTES);
            }
        }
    }
}
