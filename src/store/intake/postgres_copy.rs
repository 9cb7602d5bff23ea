//! Rows as `COPY … (FORMAT binary)` reads them: lengths before bytes, so nothing in a value needs a mark before it.

use bytes::{BufMut as _, Bytes, BytesMut};

/// What every such stream begins with: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// A stream being written.
pub(crate) struct CopyRows {
    bytes: BytesMut,
    n_columns: i16,
    n_rows: usize,
}

impl CopyRows {
    /// An empty stream of rows of so many columns. PostgreSQL has at most 1,600.
    pub(crate) fn new(n_columns: usize) -> Self {
        let mut rows = Self {
            bytes: BytesMut::new(),
            n_columns: i16::try_from(n_columns).unwrap_or(i16::MAX),
            n_rows: 0,
        };
        rows.bytes.put_slice(HEADER);
        rows
    }

    /// Begins a row; its columns follow in order.
    pub(crate) fn row(&mut self) -> &mut Self {
        self.n_rows += 1;
        self.bytes.put_i16(self.n_columns);
        self
    }

    /// A `bytea` or `text`.
    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        // A value is a field of a file; two GiB of one do not come so far.
        self.bytes.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
        self.bytes.put_slice(value);
        self
    }

    /// A `smallint`.
    pub(crate) fn int(&mut self, value: i16) -> &mut Self {
        self.bytes.put_i32(2);
        self.bytes.put_i16(value);
        self
    }

    /// NULL.
    pub(crate) fn null(&mut self) -> &mut Self {
        self.bytes.put_i32(-1);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// Ends the stream.
    pub(crate) fn end(mut self) -> Bytes {
        self.bytes.put_i16(-1);
        self.bytes.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_as_documented() {
        let mut rows = CopyRows::new(3);
        assert!(rows.is_empty());
        rows.row().bytes("𠮷".as_bytes()).int(-2).null();
        assert!(!rows.is_empty());
        let expected: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\
            \0\x03\0\0\0\x04\xf0\xa0\xae\xb7\0\0\0\x02\xff\xfe\xff\xff\xff\xff\xff\xff";
        assert_eq!(rows.end(), expected);
    }
}
