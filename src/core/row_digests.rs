//! SHA-256 of many rows side by side: sixteen of them in the lanes of vector registers.
//!
//! The state digest needs a SHA-256 of every row, and on processors without instructions for it (x86 servers
//! before 2021 among them) that is a third of a full's time. No library at hand digests many short messages
//! at once, so this does, for the state digest alone, which guards against accidents: sixteen lanes take
//! a quarter of the time of one row after the other by `ring`. With such instructions `ring` does it all.
//! The arithmetic is that of FIPS 180-4, and the tests compare it with `ring`'s.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the width of registers")]

use pulp::{Arch, Simd, WithSimd};

use crate::state::RowDigest;

/// Rows under way at the same time: what one 512-bit register holds, or two or four smaller ones.
const LANES: usize = 16;
const BLOCK_BYTES: usize = 64;
const LENGTH_AT: usize = BLOCK_BYTES - size_of::<u64>();

/// One 32-bit word of each lane.
type Words = [u32; LANES];

/// FIPS 180-4, 5.3.3.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// FIPS 180-4, 4.2.2, by runs of sixteen rounds.
#[rustfmt::skip]
const ROUNDS: [[u32; 16]; 4] = [
    [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    ], [
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    ], [
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    ], [
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ],
];

/// The digest of each row, in order.
pub(crate) fn of_rows(rows: &[&[u8]]) -> Vec<RowDigest> {
    if has_instructions() || rows.len() < LANES {
        return rows.iter().map(|row| RowDigest::of(row)).collect();
    }
    Arch::new().dispatch(SideBySide { rows })
}

/// True where the processor does SHA-256 itself, which `RowDigest::of` then uses.
fn has_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("sha");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("sha2");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    false
}

/// The work, compiled once for each width of registers.
struct SideBySide<'r> {
    rows: &'r [&'r [u8]],
}

impl WithSimd for SideBySide<'_> {
    type Output = Vec<RowDigest>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _width: S) -> Vec<RowDigest> {
        let mut digests = vec![RowDigest([0; 32]); self.rows.len()];
        let mut coming = self.rows.iter().zip(&mut digests);
        let mut lanes: [Option<Lane<'_>>; LANES] = Default::default();
        let mut state = [[0; LANES]; START.len()];
        let mut block = [[0; LANES]; 16];
        loop {
            let mut is_any = false;
            for (place, lane) in lanes.iter_mut().enumerate() {
                if lane.is_none()
                    && let Some((row, digest)) = coming.next()
                {
                    *lane = Some(Lane::new(row, digest));
                    put_lane(&mut state, place, START);
                }
                if let Some(lane) = lane {
                    is_any = true;
                    put_lane(&mut block, place, lane.next_block());
                }
            }
            if !is_any {
                return digests;
            }
            compress(&mut state, &mut block);
            for (place, lane) in lanes.iter_mut().enumerate() {
                if let Some(done) = lane.take_if(|lane| lane.is_done) {
                    let words = state.iter().filter_map(|words| words.get(place));
                    for (bytes, word) in done.digest.0.as_chunks_mut::<4>().0.iter_mut().zip(words) {
                        *bytes = word.to_be_bytes();
                    }
                }
            }
        }
    }
}

/// A row under way.
struct Lane<'r> {
    /// What of the row is still to be taken in.
    rest: &'r [u8],
    n_bits: u64,
    /// The bit that ends the row is in.
    is_ended: bool,
    /// The last block was given.
    is_done: bool,
    digest: &'r mut RowDigest,
}

impl<'r> Lane<'r> {
    #[inline(always)]
    fn new(row: &'r [u8], digest: &'r mut RowDigest) -> Self {
        Self { rest: row, n_bits: row.len() as u64 * 8, is_ended: false, is_done: false, digest }
    }

    /// The next block of the padded row (FIPS 180-4, 5.1.1).
    #[inline(always)]
    fn next_block(&mut self) -> [u32; 16] {
        if let Some((block, rest)) = self.rest.split_first_chunk() {
            self.rest = rest;
            return big_endian(block);
        }
        let mut block = [0; BLOCK_BYTES];
        let mut places = block.iter_mut();
        for (place, byte) in places.by_ref().zip(self.rest) {
            *place = *byte;
        }
        if !self.is_ended
            && let Some(place) = block.get_mut(self.rest.len())
        {
            *place = 0x80;
        }
        self.is_done = self.is_ended || self.rest.len() < LENGTH_AT;
        if self.is_done
            && let Some(length) = block.last_chunk_mut()
        {
            *length = self.n_bits.to_be_bytes();
        }
        self.rest = &[];
        self.is_ended = true;
        big_endian(&block)
    }
}

#[inline(always)]
fn big_endian(block: &[u8; BLOCK_BYTES]) -> [u32; 16] {
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

#[inline(always)]
fn put_lane<const N: usize>(words: &mut [Words; N], lane: usize, values: [u32; N]) {
    for (words, value) in words.iter_mut().zip(values) {
        if let Some(word) = words.get_mut(lane) {
            *word = value;
        }
    }
}

/// Takes one block of every lane into its state (FIPS 180-4, 6.2.2).
#[inline(always)]
fn compress(state: &mut [Words; 8], block: &mut [Words; 16]) {
    let mut working = *state;
    for (index, constants) in ROUNDS.iter().enumerate() {
        if index > 0 {
            schedule(block);
        }
        for (words, constant) in block.iter().zip(constants) {
            round(&mut working, words, *constant);
        }
    }
    for (words, more) in state.iter_mut().zip(&working) {
        for (word, more) in words.iter_mut().zip(more) {
            *word = word.wrapping_add(*more);
        }
    }
}

/// The next sixteen words of the message schedule, in place of the last sixteen.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "every index is below 16, the length of what is indexed")]
fn schedule(block: &mut [Words; 16]) {
    for t in 0..16 {
        let (near, middle, far) = (block[(t + 14) & 15], block[(t + 9) & 15], block[(t + 1) & 15]);
        let words = &mut block[t];
        for lane in 0..LANES {
            let (x, y) = (far[lane], near[lane]);
            let small0 = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
            let small1 = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
            words[lane] = words[lane].wrapping_add(small0).wrapping_add(middle[lane]).wrapping_add(small1);
        }
    }
}

/// One round in every lane.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "every index is below LANES, the length of what is indexed")]
#[expect(clippy::many_single_char_names, reason = "the names of the standard")]
fn round(working: &mut [Words; 8], words: &Words, constant: u32) {
    let [a, b, c, d, e, f, g, h] = working;
    for lane in 0..LANES {
        let big1 = e[lane].rotate_right(6) ^ e[lane].rotate_right(11) ^ e[lane].rotate_right(25);
        let choice = g[lane] ^ (e[lane] & (f[lane] ^ g[lane]));
        let first =
            h[lane].wrapping_add(big1).wrapping_add(choice).wrapping_add(words[lane]).wrapping_add(constant);
        let big0 = a[lane].rotate_right(2) ^ a[lane].rotate_right(13) ^ a[lane].rotate_right(22);
        let majority = (a[lane] & b[lane]) ^ (c[lane] & (a[lane] ^ b[lane]));
        d[lane] = d[lane].wrapping_add(first);
        h[lane] = first.wrapping_add(big0).wrapping_add(majority);
    }
    working.rotate_right(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[Vec<u8>]) {
        let rows: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
        let expect: Vec<RowDigest> = rows.iter().map(|row| RowDigest::of(row)).collect();
        assert_eq!(Arch::new().dispatch(SideBySide { rows: &rows }), expect, "{} rows", rows.len());
        assert_eq!(of_rows(&rows), expect, "{} rows", rows.len());
    }

    fn row(n_bytes: usize) -> Vec<u8> {
        (0..n_bytes).map(|index| u8::try_from((index * 7 + n_bytes) % 251).unwrap()).collect()
    }

    #[test]
    fn rows_of_every_length_give_what_one_after_the_other_gives() {
        check(&(0..300).map(row).collect::<Vec<_>>());
        check(&(0..300).rev().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn any_number_of_rows_fills_the_lanes() {
        for n_rows in [0, 1, 2, LANES - 1, LANES, LANES + 1, 3 * LANES] {
            check(&(0..n_rows).map(|index| row(index * 53 % 200)).collect::<Vec<_>>());
        }
    }
}
