//! Numbers and strings in a packet: big-endian, strings with their length before them.

/// Takes fields from the front of a packet; `None` where it ends early.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (first, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(u32::from_be_bytes(*first))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (first, rest) = self.rest.split_first_chunk::<8>()?;
        self.rest = rest;
        Some(u64::from_be_bytes(*first))
    }

    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let n_bytes = usize::try_from(self.u32()?).ok()?;
        let (first, rest) = self.rest.split_at_checked(n_bytes)?;
        self.rest = rest;
        Some(first)
    }

    /// A string of a bounded length: a path or a handle.
    pub(super) fn short(&mut self, max_bytes: usize) -> Option<&'a [u8]> {
        self.string().filter(|text| text.len() <= max_bytes)
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// Puts fields at the end of a packet.
pub(super) trait PutFields {
    fn put_u32(&mut self, value: u32);
    fn put_u64(&mut self, value: u64);
    fn put_string(&mut self, text: &[u8]);
}

impl PutFields for Vec<u8> {
    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put_u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put_string(&mut self, text: &[u8]) {
        self.put_u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.extend_from_slice(text);
    }
}

/// Puts a packet at the end of `out`: its length field, its type, and what `body` writes.
pub(super) fn put_packet(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.put_u32(0);
    out.push(kind);
    body(out);
    let n_bytes = u32::try_from(out.len().saturating_sub(start + 4)).unwrap_or(u32::MAX);
    if let Some(length) = out.get_mut(start..start + 4) {
        length.copy_from_slice(&n_bytes.to_be_bytes());
    }
}
