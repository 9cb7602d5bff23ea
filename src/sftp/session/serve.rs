//! A session over any pair of streams: standard input and output below another SSH server, or a pipe in a test.

use std::io::{ErrorKind, Read, Write};

use super::{Session, SessionError};
use crate::wire::Framing;

/// Bytes taken from the stream at a time.
const READ_BYTES: usize = 256 * 1024;
/// Replies are sent when so many bytes wait, and whenever no whole request waits.
const SEND_BYTES: usize = 256 * 1024;

/// Why serving ended before its client said so.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The stream failed.
    #[error("the connection failed")]
    Stream(#[from] std::io::Error),
    /// The client broke the protocol.
    #[error(transparent)]
    Client(#[from] SessionError),
}

/// Serves a session until its client closes the stream.
pub fn serve(mut session: Session, mut input: impl Read, mut output: impl Write) -> Result<(), ServeError> {
    let mut framing = Framing::default();
    let mut piece = vec![0; READ_BYTES];
    let mut out = Vec::new();
    loop {
        let n_read = match input.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n_read) => n_read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        framing.push(piece.get(..n_read).unwrap_or_default());
        let ended = loop {
            let step = match framing.next_packet() {
                Ok(Some(packet)) => session.answer(packet, &mut out),
                Ok(None) => break Ok(()),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = step {
                break Err(error);
            }
            if out.len() >= SEND_BYTES {
                output.write_all(&out)?;
                out.clear();
                session.sent();
            }
        };
        output.write_all(&out)?;
        output.flush()?;
        out.clear();
        session.sent();
        ended?;
    }
}
