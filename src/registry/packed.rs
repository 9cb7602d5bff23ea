//! The packed row: all items of one history row in dictionary order, in one run of bytes.
//!
//! ```text
//! format 1 │ flags │ items n (u16 LE) │ bitmap ⌈n/8⌉ bytes: which items are not empty
//! │ length of each item that is not empty (LEB128) │ their bytes, one after the other
//! ```
//!
//! Rows written under a shorter dictionary stay readable: items past `n` are empty. A projection finds
//! an item's bytes without parsing text, which is what makes a full as fast as its digest.

use std::ops::Range;

use crate::dictionary::{Dictionary, ItemNo};
use crate::row::Values;

const FORMAT: u8 = 1;
/// The 個人番号 of this row is ciphertext.
const FLAG_NUMBER_SEALED: u8 = 0b1;
const HEADER_BYTES: usize = 4;

/// Bytes that are not a packed row this program can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackedError {
    /// Written by a later program.
    #[error("packed row of unknown format {format}")]
    Format {
        /// The format byte found.
        format: u8,
    },
    /// Cut short, or lengths that do not add up.
    #[error("packed row is damaged")]
    Damaged,
    /// More than a row can hold.
    #[error("row is longer than 4 GiB or has more than 65,535 items")]
    TooLong,
}

/// Reads packed rows; keeps its table of positions from row to row, so reading allocates nothing.
#[derive(Debug, Default)]
pub struct PackedReader {
    /// End of item i within `bytes`; the start is the end of item i-1.
    ends: Vec<u32>,
}

impl PackedReader {
    /// A reader for any number of rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds the items of one row.
    pub fn read<'a>(&'a mut self, packed: &'a [u8]) -> Result<PackedRow<'a>, PackedError> {
        let (&[format, flags, low, high], rest) =
            packed.split_first_chunk::<HEADER_BYTES>().ok_or(PackedError::Damaged)?;
        if format != FORMAT {
            return Err(PackedError::Format { format });
        }
        let n_items = usize::from(u16::from_le_bytes([low, high]));
        let (bitmap, mut rest) = rest.split_at_checked(n_items.div_ceil(8)).ok_or(PackedError::Damaged)?;
        self.ends.clear();
        self.ends.resize(n_items, 0);
        let mut end = 0_u32;
        let mut done = 0;
        for (byte_index, &byte) in bitmap.iter().enumerate() {
            let mut bits = byte;
            while bits != 0 {
                let index = byte_index * 8 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let length;
                (length, rest) = match rest.split_first() {
                    // Nearly every item is this short.
                    Some((&byte, after)) if byte < 0x80 => (u32::from(byte), after),
                    _ => take_length(rest)?,
                };
                // Items skipped since the last one are empty: they end where it ended.
                if done < index {
                    self.ends.get_mut(done..index).ok_or(PackedError::Damaged)?.fill(end);
                }
                end = end.checked_add(length).ok_or(PackedError::Damaged)?;
                *self.ends.get_mut(index).ok_or(PackedError::Damaged)? = end;
                done = index + 1;
            }
        }
        self.ends.get_mut(done..).ok_or(PackedError::Damaged)?.fill(end);
        if rest.len() != end as usize {
            return Err(PackedError::Damaged);
        }
        let head = packed.get(..packed.len() - rest.len()).ok_or(PackedError::Damaged)?;
        Ok(PackedRow { head, ends: &self.ends, bytes: rest, flags })
    }
}

/// One packed row with its items found.
#[derive(Debug, Clone, Copy)]
pub struct PackedRow<'a> {
    /// Everything before `bytes`.
    head: &'a [u8],
    ends: &'a [u32],
    bytes: &'a [u8],
    flags: u8,
}

impl<'a> PackedRow<'a> {
    /// The bytes of an item; empty where the row has none.
    pub fn bytes(&self, item: ItemNo) -> &'a [u8] {
        let index = item.index();
        let Some(&end) = self.ends.get(index) else { return &[] };
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    /// All items' bytes, one after the other, and where each ends.
    pub(crate) fn parts(&self) -> (&'a [u8], &'a [u32]) {
        (self.bytes, self.ends)
    }

    /// True when the 個人番号 is ciphertext: its bytes are then not text and must not leave the store.
    pub fn number_is_sealed(&self) -> bool {
        self.flags & FLAG_NUMBER_SEALED != 0
    }

    /// How many items the dictionary had when the row was written.
    pub fn n_items(&self) -> usize {
        self.ends.len()
    }

    /// Appends to `out` the same row with another 個人番号, marked sealed or not.
    pub fn with_number(&self, number: &[u8], is_sealed: bool, out: &mut Vec<u8>) -> Result<(), PackedError> {
        let flags = if is_sealed { FLAG_NUMBER_SEALED } else { 0 };
        let old = self.bytes(ItemNo::KOJIN_BANGO);
        match self.split_lengths(ItemNo::KOJIN_BANGO) {
            Some((before, after)) if !old.is_empty() && !number.is_empty() => {
                let end = self.ends.get(ItemNo::KOJIN_BANGO.index()).map_or(0, |end| *end as usize);
                let (kept, behind) = self.bytes.split_at_checked(end).ok_or(PackedError::Damaged)?;
                out.extend_from_slice(&[FORMAT, flags]);
                out.extend_from_slice(before.get(2..).unwrap_or_default());
                put_length(u32::try_from(number.len()).map_err(|_| PackedError::TooLong)?, out);
                out.extend_from_slice(after);
                out.extend_from_slice(kept.get(..kept.len() - old.len()).unwrap_or_default());
                out.extend_from_slice(number);
                out.extend_from_slice(behind);
                Ok(())
            }
            _ => pack(
                self.n_items(),
                flags,
                |item| if item == ItemNo::KOJIN_BANGO { number } else { self.bytes(item) },
                out,
            ),
        }
    }

    /// The head before and behind the length of an item that is not empty: what stays when only that item
    /// changes, so that sealing copies two runs instead of packing 160 items.
    fn split_lengths(&self, item: ItemNo) -> Option<(&'a [u8], &'a [u8])> {
        let lengths = HEADER_BYTES + self.n_items().div_ceil(8);
        let (bits, mut rest) = self.head.split_at_checked(lengths)?;
        let bits = bits.get(HEADER_BYTES..)?;
        let n_before =
            (0..item.index()).filter(|i| bits.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1));
        for _ in n_before {
            (_, rest) = take_length(rest).ok()?;
        }
        let before = self.head.get(..self.head.len() - rest.len())?;
        let (_, after) = take_length(rest).ok()?;
        Some((before, after))
    }
}

impl Values for PackedRow<'_> {
    /// The item as text; empty when its bytes are not UTF-8 (a sealed number).
    fn get(&self, item: ItemNo) -> &str {
        std::str::from_utf8(self.bytes(item)).unwrap_or_default()
    }
}

/// Appends to `out` the packed row of `values`, under the standard dictionary, with its number in clear.
pub fn pack_row(values: &(impl Values + ?Sized), out: &mut Vec<u8>) -> Result<(), PackedError> {
    pack(Dictionary::standard().len(), 0, |item| values.get(item).as_bytes(), out)
}

fn pack<'v>(
    n_items: usize,
    flags: u8,
    value: impl Fn(ItemNo) -> &'v [u8],
    out: &mut Vec<u8>,
) -> Result<(), PackedError> {
    // An index beyond u16 is no item; `pack_head` refuses that many.
    let bytes = |index| ItemNo::from_index(index).map(&value).unwrap_or_default();
    pack_head(flags, (0..n_items).map(|index| bytes(index).len()), out)?;
    for index in 0..n_items {
        out.extend_from_slice(bytes(index));
    }
    Ok(())
}

/// Appends to `out` the packed row, number in clear, of items that stand in `bytes` and end at `ends`.
pub(crate) fn pack_parts(ends: &[usize], bytes: &[u8], out: &mut Vec<u8>) -> Result<(), PackedError> {
    let mut start = 0;
    pack_head(0, ends.iter().map(|end| *end - std::mem::replace(&mut start, *end)), out)?;
    out.extend_from_slice(bytes);
    Ok(())
}

/// Everything of a packed row before the items' bytes.
fn pack_head(
    flags: u8,
    lengths: impl ExactSizeIterator<Item = usize>,
    out: &mut Vec<u8>,
) -> Result<(), PackedError> {
    let n_items = u16::try_from(lengths.len()).map_err(|_| PackedError::TooLong)?;
    let [low, high] = n_items.to_le_bytes();
    out.extend_from_slice(&[FORMAT, flags, low, high]);
    let bitmap: Range<usize> = out.len()..out.len() + lengths.len().div_ceil(8);
    out.resize(bitmap.end, 0);
    for (index, length) in lengths.enumerate().filter(|(_, length)| *length > 0) {
        if let Some(byte) = out.get_mut(bitmap.start + index / 8) {
            *byte |= 1 << (index % 8);
        }
        put_length(u32::try_from(length).map_err(|_| PackedError::TooLong)?, out);
    }
    Ok(())
}

fn put_length(mut length: u32, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    out.push(length.to_le_bytes()[0]);
}

fn take_length(bytes: &[u8]) -> Result<(u32, &[u8]), PackedError> {
    let mut length = 0_u32;
    let mut rest = bytes;
    for shift in [0, 7, 14, 21, 28] {
        let (&byte, after) = rest.split_first().ok_or(PackedError::Damaged)?;
        rest = after;
        length |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((length, rest));
        }
    }
    Err(PackedError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;

    fn sample() -> Row {
        let mut row = Row::new();
        row.set(ItemNo::ATENA_NO, "000000000000042");
        row.set(ItemNo::KOJIN_BANGO, "123456789018");
        row.set(ItemNo::JUSHO_KATAGAKI, &"𠮷野ハイツ".repeat(60));
        row.set(ItemNo::DEL_FLG, "0");
        row
    }

    fn packed(row: &Row) -> Vec<u8> {
        let mut bytes = Vec::new();
        pack_row(row, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_row_comes_back_as_it_went_in() {
        for row in [sample(), Row::new()] {
            let bytes = packed(&row);
            let mut reader = PackedReader::new();
            let read = reader.read(&bytes).unwrap();
            for item in Dictionary::standard().items() {
                assert_eq!(read.get(item.no), row.get(item.no), "{}", item.id);
            }
        }
    }

    #[test]
    fn a_reader_forgets_the_row_before() {
        let mut reader = PackedReader::new();
        let (full, empty) = (packed(&sample()), packed(&Row::new()));
        assert_eq!(reader.read(&full).unwrap().get(ItemNo::DEL_FLG), "0");
        assert_eq!(reader.read(&empty).unwrap().get(ItemNo::DEL_FLG), "");
    }

    #[test]
    fn a_sealed_number_replaces_the_clear_one_and_back() {
        let bytes = packed(&sample());
        let mut reader = PackedReader::new();
        let mut sealed = Vec::new();
        reader.read(&bytes).unwrap().with_number(&[0xff; 28], true, &mut sealed).unwrap();
        let mut clear = Vec::new();
        let row = reader.read(&sealed).unwrap();
        assert!(row.number_is_sealed());
        assert_eq!(row.bytes(ItemNo::KOJIN_BANGO), [0xff; 28]);
        assert_eq!(row.get(ItemNo::KOJIN_BANGO), "");
        row.with_number(b"123456789018", false, &mut clear).unwrap();
        assert_eq!(clear, bytes);
    }

    #[test]
    fn a_new_number_leaves_every_other_item_as_it_was() {
        let long = "9".repeat(200);
        for old in ["", "1", &long] {
            for new in ["", "7", "123456789018", &long] {
                let mut row = sample();
                row.set(ItemNo::JUMINHYO_CD, &"5".repeat(130));
                row.set(ItemNo::KOJIN_BANGO, old);
                let before = packed(&row);
                let mut after = b"kept".to_vec();
                let mut reader = PackedReader::new();
                reader.read(&before).unwrap().with_number(new.as_bytes(), false, &mut after).unwrap();
                row.set(ItemNo::KOJIN_BANGO, new);
                assert_eq!(after, [b"kept".as_slice(), &packed(&row)].concat(), "{old:?} to {new:?}");
            }
        }
    }

    #[test]
    fn damage_is_an_error_at_every_length() {
        let bytes = packed(&sample());
        let mut reader = PackedReader::new();
        for length in 0..bytes.len() {
            assert_eq!(reader.read(&bytes[..length]).err(), Some(PackedError::Damaged), "cut at {length}");
        }
        let mut longer = bytes.clone();
        longer.push(b'x');
        assert_eq!(reader.read(&longer).err(), Some(PackedError::Damaged));
        let mut later = bytes;
        later[0] = 9;
        assert_eq!(reader.read(&later).err(), Some(PackedError::Format { format: 9 }));
    }

    #[test]
    fn a_row_of_a_shorter_dictionary_is_empty_past_its_end() {
        let mut bytes = Vec::new();
        pack(6, 0, |item| if item == ItemNo::ATENA_NO { b"42" } else { b"" }, &mut bytes).unwrap();
        let mut reader = PackedReader::new();
        let row = reader.read(&bytes).unwrap();
        assert_eq!((row.get(ItemNo::ATENA_NO), row.get(ItemNo::DEL_FLG)), ("42", ""));
    }
}
