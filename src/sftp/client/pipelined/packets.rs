//! The packets of SFTP version 3 that a client of ours sends and understands (draft-ietf-secsh-filexfer-02).

use crate::client::login::status;
use crate::client::remote::Attributes;

/// No answer of a server is longer: data come in pieces that were asked for.
pub(super) const MOST_PACKET_BYTES: usize = 320 * 1024;
const VERSION: u32 = 3;

/// What is asked of a server.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask<'a> {
    Stat {
        path: &'a str,
    },
    /// The same, a link being a link.
    LStat {
        path: &'a str,
    },
    FStat {
        handle: &'a [u8],
    },
    OpenFolder {
        path: &'a str,
    },
    ReadFolder {
        handle: &'a [u8],
    },
    OpenToRead {
        path: &'a str,
    },
    OpenToWrite {
        path: &'a str,
        truncates: bool,
    },
    Close {
        handle: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        offset: u64,
        n_bytes: u32,
    },
    Write {
        handle: &'a [u8],
        offset: u64,
        bytes: &'a [u8],
    },
    Remove {
        path: &'a str,
    },
    Rename {
        from: &'a str,
        to: &'a str,
    },
    Fsync {
        handle: &'a [u8],
    },
    /// `check-file-name` (draft-ietf-secsh-filexfer-extensions-00, 3): the SHA-256 of the first bytes of a file.
    CheckFile {
        path: &'a str,
        n_bytes: u64,
    },
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Status { code: u32, words: String },
    Handle(Vec<u8>),
    Data(Vec<u8>),
    Attributes(Attributes),
    Names(Vec<(Vec<u8>, Attributes)>),
    Extended(Vec<u8>),
}

/// A packet that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Begins the protocol.
pub(super) fn init() -> Vec<u8> {
    Packet::new(1).number(VERSION).done()
}

impl Ask<'_> {
    /// The packet, with its length before it.
    pub(super) fn packet(self, id: u32) -> Vec<u8> {
        const EXTENDED: u8 = 200;
        match self {
            Self::OpenToRead { path } => Packet::new(3).number(id).text(path.as_bytes()).number(1).number(0),
            Self::OpenToWrite { path, truncates } => {
                let flags = 0x02 | 0x08 | if truncates { 0x10 } else { 0 };
                // Attributes: the mode, from which the server's umask takes.
                Packet::new(3).number(id).text(path.as_bytes()).number(flags).number(4).number(0o644)
            }
            Self::Close { handle } => Packet::new(4).number(id).text(handle),
            Self::Read { handle, offset, n_bytes } => {
                Packet::new(5).number(id).text(handle).long(offset).number(n_bytes)
            }
            Self::Write { handle, offset, bytes } => {
                Packet::new(6).number(id).text(handle).long(offset).text(bytes)
            }
            Self::LStat { path } => Packet::new(7).number(id).text(path.as_bytes()),
            Self::OpenFolder { path } => Packet::new(11).number(id).text(path.as_bytes()),
            Self::ReadFolder { handle } => Packet::new(12).number(id).text(handle),
            Self::FStat { handle } => Packet::new(8).number(id).text(handle),
            Self::Remove { path } => Packet::new(13).number(id).text(path.as_bytes()),
            Self::Stat { path } => Packet::new(17).number(id).text(path.as_bytes()),
            Self::Rename { from, to } => Packet::new(18).number(id).text(from.as_bytes()).text(to.as_bytes()),
            Self::Fsync { handle } => {
                Packet::new(EXTENDED).number(id).text(b"fsync@openssh.com").text(handle)
            }
            Self::CheckFile { path, n_bytes } => Packet::new(EXTENDED)
                .number(id)
                .text(b"check-file-name")
                .text(path.as_bytes())
                .text(b"sha256")
                .long(0)
                .long(n_bytes)
                // One digest of all of it.
                .number(0),
        }
        .done()
    }
}

struct Packet(Vec<u8>);

impl Packet {
    fn new(kind: u8) -> Self {
        Self(vec![0, 0, 0, 0, kind])
    }

    fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn long(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn text(self, bytes: &[u8]) -> Self {
        let mut packet = self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        packet.0.extend_from_slice(bytes);
        packet
    }

    fn done(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len().saturating_sub(4)).unwrap_or(u32::MAX);
        for (to, from) in self.0.iter_mut().zip(length.to_be_bytes()) {
            *to = from;
        }
        self.0
    }
}

/// What a server offers beyond version 3, by the names of its extensions.
pub(super) fn read_version(packet: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut fields = Fields(packet);
    if fields.byte()? != 2 || fields.number()? < VERSION {
        return Err(Malformed);
    }
    let mut names = Vec::new();
    while !fields.0.is_empty() {
        names.push(String::from_utf8_lossy(fields.text()?).into_owned());
        fields.text()?;
    }
    Ok(names)
}

/// Reads an answer and which request it is of.
pub(super) fn read_answer(packet: &[u8]) -> Result<(u32, Answer), Malformed> {
    let mut fields = Fields(packet);
    let (kind, id) = (fields.byte()?, fields.number()?);
    let answer = match kind {
        101 => {
            let code = fields.number()?;
            // Some servers leave the words out.
            let words = fields.text().map(|words| String::from_utf8_lossy(words).into_owned());
            Answer::Status { code, words: words.unwrap_or_default() }
        }
        102 => Answer::Handle(fields.text()?.to_vec()),
        103 => Answer::Data(fields.text()?.to_vec()),
        104 => {
            let n_names = fields.number()?;
            let mut names = Vec::new();
            for _ in 0..n_names {
                let name = fields.text()?.to_vec();
                fields.text()?;
                names.push((name, fields.attributes()?));
            }
            if names.is_empty() {
                // Some servers end a folder so; it would be asked for more for ever.
                return Ok((id, Answer::Status { code: status::EOF, words: String::new() }));
            }
            Answer::Names(names)
        }
        105 => Answer::Attributes(fields.attributes()?),
        201 => Answer::Extended(fields.0.to_vec()),
        _ => return Err(Malformed),
    };
    Ok((id, answer))
}

/// The digest in the answer to [`Ask::CheckFile`]: the algorithm's name, then its bytes. Some servers begin with the
/// request's own name.
pub(super) fn read_check(reply: &[u8]) -> Option<[u8; 32]> {
    let mut fields = Fields(reply);
    let mut name = fields.text().ok()?;
    if name == b"check-file" || name == b"check-file-name" {
        name = fields.text().ok()?;
    }
    if name == b"sha256" { fields.0.try_into().ok() } else { None }
}

struct Fields<'p>(&'p [u8]);

impl<'p> Fields<'p> {
    fn take(&mut self, n_bytes: usize) -> Result<&'p [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(n_bytes).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        self.take(1)?.first().copied().ok_or(Malformed)
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        self.take(4)?.try_into().map(u32::from_be_bytes).map_err(|_| Malformed)
    }

    fn long(&mut self) -> Result<u64, Malformed> {
        self.take(8)?.try_into().map(u64::from_be_bytes).map_err(|_| Malformed)
    }

    /// The attributes of version 3 (draft-ietf-secsh-filexfer-02, 5).
    fn attributes(&mut self) -> Result<Attributes, Malformed> {
        let flags = self.number()?;
        let mut attributes = Attributes::default();
        if flags & 1 != 0 {
            attributes.n_bytes = Some(self.long()?);
        }
        if flags & 2 != 0 {
            self.long()?;
        }
        if flags & 4 != 0 {
            attributes.kind = Some(Attributes::kind_of(self.number()?));
        }
        if flags & 8 != 0 {
            self.number()?;
            attributes.changed_at = Some(self.number()?);
        }
        if flags & 0x8000_0000 != 0 {
            for _ in 0..self.number()? {
                self.text()?;
                self.text()?;
            }
        }
        Ok(attributes)
    }

    fn text(&mut self) -> Result<&'p [u8], Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        self.take(length)
    }
}

/// Cuts a stream of bytes into packets.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    held: Vec<u8>,
    from: usize,
}

impl Cutter {
    /// Takes more bytes of the stream.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if self.from == self.held.len() {
            self.held.clear();
            self.from = 0;
        }
        self.held.extend_from_slice(bytes);
    }

    /// The next whole packet without its length; `None` where it is not all there yet.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Malformed> {
        let rest = self.held.get(self.from..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Malformed)?;
        if length > MOST_PACKET_BYTES {
            return Err(Malformed);
        }
        let Some(packet) = rest.get(..length) else { return Ok(None) };
        let packet = packet.to_vec();
        self.from += 4 + length;
        if self.from > 4 * MOST_PACKET_BYTES {
            self.held.drain(..self.from);
            self.from = 0;
        }
        Ok(Some(packet))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::client::remote::EntryKind;

    #[test]
    fn requests_have_the_bytes_of_the_draft() {
        let check = |ask: Ask<'_>, expected: &[u8]| assert_eq!(ask.packet(7), expected, "{ask:?}");
        assert_eq!(init(), [0, 0, 0, 5, 1, 0, 0, 0, 3]);
        check(Ask::Close { handle: b"h" }, &[0, 0, 0, 10, 4, 0, 0, 0, 7, 0, 0, 0, 1, b'h']);
        check(
            Ask::Write { handle: b"h", offset: 258, bytes: b"xy" },
            &[0, 0, 0, 24, 6, 0, 0, 0, 7, 0, 0, 0, 1, b'h', 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 2, b'x', b'y'],
        );
        let open = Ask::OpenToWrite { path: "a", truncates: true }.packet(7);
        assert_eq!(open[9..], [0, 0, 0, 1, b'a', 0, 0, 0, 0x1a, 0, 0, 0, 4, 0, 0, 1, 0xa4]);
    }

    #[test]
    fn answers_are_read_and_what_is_none_is_refused() {
        let check = |packet: &[u8], expected| assert_eq!(read_answer(packet), expected, "{packet:?}");
        let status = Answer::Status { code: 4, words: "no".to_owned() };
        check(&[101, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0, 0, 2, b'n', b'o', 0, 0, 0, 0], Ok((9, status)));
        check(&[101, 0, 0, 0, 9, 0, 0, 0, 0], Ok((9, Answer::Status { code: 0, words: String::new() })));
        check(&[102, 0, 0, 0, 9, 0, 0, 0, 1, b'h'], Ok((9, Answer::Handle(b"h".to_vec()))));
        check(&[104, 0, 0, 0, 9, 0, 0, 0, 0], Ok((9, Answer::Status { code: 1, words: String::new() })));
        let plain = Attributes { kind: Some(EntryKind::Other), ..Attributes::default() };
        check(&[105, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0, 0, 0], Ok((9, Answer::Attributes(plain))));
        let all = [
            &[104, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, b'.', b'.', 0, 0, 0, 1, b'l', 0x80, 0, 0, 15][..],
            &[0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0x81, 0xa4, 0, 0, 0, 3, 0, 0, 0, 4],
            &[0, 0, 0, 1, 0, 0, 0, 1, b'k', 0, 0, 0, 0],
        ]
        .concat();
        let file = Attributes { n_bytes: Some(5), kind: Some(EntryKind::File), changed_at: Some(4) };
        check(&all, Ok((9, Answer::Names(vec![(b"..".to_vec(), file)]))));
        check(&all[..all.len() - 1], Err(Malformed));
        // A count that is a lie reserves nothing.
        check(&[104, 0, 0, 0, 9, 255, 255, 255, 255], Err(Malformed));
        check(&[103, 0, 0, 0, 9, 0, 0, 0, 2, b'h'], Err(Malformed));
        check(&[103, 0, 0, 0], Err(Malformed));
        check(&[1, 0, 0, 0, 9], Err(Malformed));
        assert_eq!(read_version(&[2, 0, 0, 0, 3]), Ok(Vec::new()));
        assert_eq!(read_version(&[2, 0, 0, 0, 2]), Err(Malformed));
    }

    #[test]
    fn a_digest_is_read_with_and_without_the_requests_name() {
        let text =
            |text: &str| [&u32::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat();
        let plain = [text("sha256"), vec![5; 32]].concat();
        assert_eq!(read_check(&plain), Some([5; 32]));
        assert_eq!(read_check(&[text("check-file"), plain].concat()), Some([5; 32]));
        assert_eq!(read_check(&[text("md5"), vec![5; 32]].concat()), None);
        assert_eq!(read_check(&[text("sha256"), vec![5; 31]].concat()), None);
    }

    #[test]
    fn a_packet_that_says_it_is_huge_is_refused_before_it_comes() {
        let mut cutter = Cutter::default();
        cutter.add(&[0, 0x10, 0, 0, 1]);
        assert_eq!(cutter.next(), Err(Malformed));
    }

    proptest! {
        #[test]
        fn a_stream_is_cut_alike_however_it_comes(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
            cuts in prop::collection::vec(1..64usize, 1..20),
        ) {
            let stream: Vec<u8> = packets
                .iter()
                .flat_map(|packet| [&u32::try_from(packet.len()).unwrap().to_be_bytes()[..], packet].concat())
                .collect();
            let (mut cutter, mut got, mut rest) = (Cutter::default(), Vec::new(), &stream[..]);
            for n_bytes in cuts.iter().cycle() {
                let (chunk, left) = rest.split_at((*n_bytes).min(rest.len()));
                cutter.add(chunk);
                while let Some(packet) = cutter.next().unwrap() {
                    got.push(packet);
                }
                rest = left;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(got, packets);
        }

        #[test]
        fn no_answer_stops_the_reader(packet in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = (read_answer(&packet), read_version(&packet), read_check(&packet));
        }
    }
}
