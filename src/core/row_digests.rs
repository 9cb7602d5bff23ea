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

/// Rows under way at the same time, at most: what a 512-bit register holds. In smaller ones there are fewer.
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
        return one_by_one(rows);
    }
    Arch::new().dispatch(SideBySide { rows })
}

fn one_by_one(rows: &[&[u8]]) -> Vec<RowDigest> {
    rows.iter().map(|row| RowDigest::of(row)).collect()
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
    fn with_simd<S: Simd>(self, simd: S) -> Vec<RowDigest> {
        if S::U32_LANES == 1 {
            return one_by_one(self.rows);
        }
        let mut digests = vec![RowDigest([0; 32]); self.rows.len()];
        let mut coming = self.rows.iter().zip(&mut digests);
        let mut lanes: [Option<Lane<'_>>; LANES] = Default::default();
        let mut state = [[0; LANES]; START.len()];
        let mut block = [[0; LANES]; 16];
        loop {
            let mut is_any = false;
            for (place, lane) in lanes.iter_mut().enumerate().take(S::U32_LANES) {
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
            let load = |words: &Words| simd.partial_load_u32s(words);
            let sums = compress(simd, state.each_ref().map(load), block.each_ref().map(load));
            for (words, sum) in state.iter_mut().zip(sums) {
                simd.partial_store_u32s(words, sum);
            }
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
fn compress<S: Simd>(simd: S, state: [S::u32s; 8], block: [S::u32s; 16]) -> [S::u32s; 8] {
    let [first, second, third, fourth] = ROUNDS;
    let working = rounds(simd, state, block, first);
    let block = schedule(simd, block);
    let working = rounds(simd, working, block, second);
    let block = schedule(simd, block);
    let working = rounds(simd, working, block, third);
    let working = rounds(simd, working, schedule(simd, block), fourth);
    let mut before = state.into_iter();
    working.map(|word| before.next().map_or(word, |before| simd.add_u32s(before, word)))
}

/// The next sixteen words of the message schedule. Written out, as are the rounds: a loop over words that
/// could stand in registers would keep them in memory.
#[inline(always)]
fn schedule<S: Simd>(simd: S, block: [S::u32s; 16]) -> [S::u32s; 16] {
    let [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf] = block;
    let w0 = word(simd, w0, w1, w9, we);
    let w1 = word(simd, w1, w2, wa, wf);
    let w2 = word(simd, w2, w3, wb, w0);
    let w3 = word(simd, w3, w4, wc, w1);
    let w4 = word(simd, w4, w5, wd, w2);
    let w5 = word(simd, w5, w6, we, w3);
    let w6 = word(simd, w6, w7, wf, w4);
    let w7 = word(simd, w7, w8, w0, w5);
    let w8 = word(simd, w8, w9, w1, w6);
    let w9 = word(simd, w9, wa, w2, w7);
    let wa = word(simd, wa, wb, w3, w8);
    let wb = word(simd, wb, wc, w4, w9);
    let wc = word(simd, wc, wd, w5, wa);
    let wd = word(simd, wd, we, w6, wb);
    let we = word(simd, we, wf, w7, wc);
    let wf = word(simd, wf, w0, w8, wd);
    [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf]
}

/// The word sixteen after `oldest`, from those one, nine and fourteen after it.
#[inline(always)]
fn word<S: Simd>(simd: S, oldest: S::u32s, far: S::u32s, middle: S::u32s, near: S::u32s) -> S::u32s {
    let shift = |word, n_bits| simd.wrapping_dyn_shr_u32s(word, simd.splat_u32s(n_bits));
    let small0 = xor(simd, rotate(simd, far, 7), rotate(simd, far, 18), shift(far, 3));
    let small1 = xor(simd, rotate(simd, near, 17), rotate(simd, near, 19), shift(near, 10));
    simd.add_u32s(simd.add_u32s(oldest, small0), simd.add_u32s(middle, small1))
}

/// Sixteen rounds in every lane.
#[inline(always)]
fn rounds<S: Simd>(
    simd: S,
    working: [S::u32s; 8],
    block: [S::u32s; 16],
    constants: [u32; 16],
) -> [S::u32s; 8] {
    let [w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, wa, wb, wc, wd, we, wf] = block;
    let [k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, ka, kb, kc, kd, ke, kf] = constants;
    let working = round(simd, working, w0, k0);
    let working = round(simd, working, w1, k1);
    let working = round(simd, working, w2, k2);
    let working = round(simd, working, w3, k3);
    let working = round(simd, working, w4, k4);
    let working = round(simd, working, w5, k5);
    let working = round(simd, working, w6, k6);
    let working = round(simd, working, w7, k7);
    let working = round(simd, working, w8, k8);
    let working = round(simd, working, w9, k9);
    let working = round(simd, working, wa, ka);
    let working = round(simd, working, wb, kb);
    let working = round(simd, working, wc, kc);
    let working = round(simd, working, wd, kd);
    let working = round(simd, working, we, ke);
    round(simd, working, wf, kf)
}

/// One round in every lane.
#[inline(always)]
#[expect(clippy::many_single_char_names, reason = "the names of the standard")]
fn round<S: Simd>(simd: S, working: [S::u32s; 8], word: S::u32s, constant: u32) -> [S::u32s; 8] {
    let [a, b, c, d, e, f, g, h] = working;
    let big1 = xor(simd, rotate(simd, e, 6), rotate(simd, e, 11), rotate(simd, e, 25));
    let choice = simd.xor_u32s(g, simd.and_u32s(e, simd.xor_u32s(f, g)));
    let word = simd.add_u32s(word, simd.splat_u32s(constant));
    let first = simd.add_u32s(simd.add_u32s(simd.add_u32s(h, word), choice), big1);
    let big0 = xor(simd, rotate(simd, a, 2), rotate(simd, a, 13), rotate(simd, a, 22));
    let majority = simd.xor_u32s(simd.and_u32s(a, b), simd.and_u32s(c, simd.xor_u32s(a, b)));
    let second = simd.add_u32s(big0, majority);
    [simd.add_u32s(first, second), a, b, c, simd.add_u32s(d, first), e, f, g]
}

/// To the right, by 1 to 31 bits.
#[inline(always)]
fn rotate<S: Simd>(simd: S, word: S::u32s, n_bits: u32) -> S::u32s {
    let right = simd.wrapping_dyn_shr_u32s(word, simd.splat_u32s(n_bits));
    simd.or_u32s(right, simd.wrapping_dyn_shl_u32s(word, simd.splat_u32s(32 - n_bits)))
}

#[inline(always)]
fn xor<S: Simd>(simd: S, x: S::u32s, y: S::u32s, z: S::u32s) -> S::u32s {
    simd.xor_u32s(simd.xor_u32s(x, y), z)
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
