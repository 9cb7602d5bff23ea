//! Seals and opens the 個人番号 of packed rows with AES-256-GCM-SIV.
//!
//! Sealing is deterministic: the nonce comes from the resident, so the same row always has the same
//! bytes and rows compare without being opened. Under GCM-SIV a repeated nonce tells only that the same
//! resident has the same number, which the row tells anyway. Bound to municipality and 宛名番号, a sealed
//! number moved to another resident does not open.

use aes_gcm_siv::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use renkei_core::port::StoreError;
use renkei_registry::{AtenaNo, ItemNo, MunicipalityCode, PackedReader};
use sha2::{Digest as _, Sha256};

use crate::errors::{SqliteError, corrupt};
use crate::key::NumberKey;

const NONCE_LABEL: &[u8] = b"renkei number nonce";
const CASE_NONCE_LABEL: &[u8] = b"renkei transfer case nonce";
const KEY_CHECK_TEXT: &[u8] = b"renkei number key check";

/// The cipher of one municipality's numbers.
pub(crate) struct NumberSeal {
    cipher: Aes256GcmSiv,
    municipality: MunicipalityCode,
}

impl NumberSeal {
    pub(crate) fn new(key: &NumberKey, municipality: MunicipalityCode) -> Self {
        Self { cipher: Aes256GcmSiv::new(key.bytes().into()), municipality }
    }

    /// What this key makes of a fixed text; 宛名番号 0, which no resident has, stands in its place.
    pub(crate) fn key_check(&self) -> Result<Vec<u8>, SqliteError> {
        let mut bytes = KEY_CHECK_TEXT.to_vec();
        self.seal(0, &mut bytes)?;
        Ok(bytes)
    }

    /// Puts ciphertext and tag (16 bytes) in place of `number`.
    fn seal(&self, atena_no: u64, number: &mut Vec<u8>) -> Result<(), SqliteError> {
        let (nonce, context) = self.nonce_and_context(atena_no);
        self.cipher
            .encrypt_in_place(&nonce, &context, number)
            .map_err(|_| corrupt("an individual number cannot be sealed"))
    }

    /// Puts the clear number in place of what [`NumberSeal::seal`] made.
    fn open(&self, atena_no: u64, number: &mut Vec<u8>) -> Result<(), SqliteError> {
        let (nonce, context) = self.nonce_and_context(atena_no);
        self.cipher
            .decrypt_in_place(&nonce, &context, number)
            .map_err(|_| corrupt("a sealed individual number does not open"))
    }

    /// Puts ciphertext and tag in place of all that a transfer case holds, bound to the case's number.
    pub(crate) fn seal_case(&self, case_no: u32, bytes: &mut Vec<u8>) -> Result<(), SqliteError> {
        let (nonce, context) = self.derived(CASE_NONCE_LABEL, u64::from(case_no));
        self.cipher
            .encrypt_in_place(&nonce, &[CASE_NONCE_LABEL, context.as_slice()].concat(), bytes)
            .map_err(|_| corrupt("the content of a transfer case cannot be sealed"))
    }

    /// Puts the clear content in place of what [`NumberSeal::seal_case`] made.
    pub(crate) fn open_case(&self, case_no: u32, bytes: &mut Vec<u8>) -> Result<(), SqliteError> {
        let (nonce, context) = self.derived(CASE_NONCE_LABEL, u64::from(case_no));
        self.cipher
            .decrypt_in_place(&nonce, &[CASE_NONCE_LABEL, context.as_slice()].concat(), bytes)
            .map_err(|_| corrupt("the sealed content of a transfer case does not open"))
    }

    fn nonce_and_context(&self, atena_no: u64) -> (Nonce, [u8; 14]) {
        self.derived(NONCE_LABEL, atena_no)
    }

    fn derived(&self, label: &[u8], number: u64) -> (Nonce, [u8; 14]) {
        let mut context = [0; 14];
        let parts = self.municipality.as_str().bytes().chain(number.to_be_bytes());
        context.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
        let hash = Sha256::new().chain_update(label).chain_update(context).finalize();
        let mut nonce = Nonce::default();
        nonce.iter_mut().zip(hash).for_each(|(place, byte)| *place = byte);
        (nonce, context)
    }
}

/// A row as it is stored, with what decides where.
pub(crate) struct SealedRow<'a> {
    pub(crate) packed: &'a [u8],
    pub(crate) is_latest: bool,
    /// 世帯番号; `None` where the row has none.
    pub(crate) setai_no: Option<&'a str>,
}

/// Seals and opens rows; keeps its buffers from row to row, and the last number: a move reads and writes
/// several rows of one resident, nearly always with the same number.
pub(crate) struct RowSealer<'s> {
    seal: &'s NumberSeal,
    reader: PackedReader,
    last: Option<AtenaNo>,
    /// The number of `last`, in clear and sealed.
    clear: Vec<u8>,
    sealed: Vec<u8>,
    packed: Vec<u8>,
}

impl<'s> RowSealer<'s> {
    pub(crate) fn new(seal: &'s NumberSeal) -> Self {
        Self {
            seal,
            reader: PackedReader::new(),
            last: None,
            clear: Vec::new(),
            sealed: Vec::new(),
            packed: Vec::new(),
        }
    }

    /// The stored form of a packed row whose number is in clear.
    pub(crate) fn seal<'a>(
        &'a mut self,
        atena_no: AtenaNo,
        packed: &'a [u8],
    ) -> Result<SealedRow<'a>, SqliteError> {
        let row = self.reader.read(packed)?;
        let number = row.bytes(ItemNo::KOJIN_BANGO);
        let is_latest = row.bytes(ItemNo::SAISHIN_FLG) == b"1";
        let setai_no = std::str::from_utf8(row.bytes(ItemNo::SETAI_NO)).ok().filter(|text| !text.is_empty());
        if row.number_is_sealed() {
            return Err(corrupt("a row to be written has a sealed individual number"));
        }
        if number.is_empty() {
            return Ok(SealedRow { packed, is_latest, setai_no });
        }
        if self.last != Some(atena_no) || self.clear != number {
            self.last = None;
            number.clone_into(&mut self.clear);
            number.clone_into(&mut self.sealed);
            self.seal.seal(atena_no.get(), &mut self.sealed)?;
            self.last = Some(atena_no);
        }
        self.packed.clear();
        row.with_number(&self.sealed, true, &mut self.packed)?;
        Ok(SealedRow { packed: &self.packed, is_latest, setai_no })
    }

    /// The packed row with its number in clear, of a row as stored.
    pub(crate) fn open<'a>(
        &'a mut self,
        atena_no: AtenaNo,
        stored: &'a [u8],
    ) -> Result<&'a [u8], SqliteError> {
        let row = self.reader.read(stored)?;
        if !row.number_is_sealed() {
            return Ok(stored);
        }
        let number = row.bytes(ItemNo::KOJIN_BANGO);
        if self.last != Some(atena_no) || self.sealed != number {
            self.last = None;
            number.clone_into(&mut self.sealed);
            number.clone_into(&mut self.clear);
            self.seal.open(atena_no.get(), &mut self.clear)?;
            self.last = Some(atena_no);
        }
        self.packed.clear();
        row.with_number(&self.clear, false, &mut self.packed)?;
        Ok(&self.packed)
    }
}

/// Fails with [`StoreError::WrongKey`] when the database was written under another key.
pub(crate) fn require_same_key(seal: &NumberSeal, stored_check: &[u8]) -> Result<(), SqliteError> {
    if seal.key_check()? == stored_check { Ok(()) } else { Err(StoreError::WrongKey.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_registry::{Row, packed::pack_row};

    const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c2b7e151628aed2a6abf7158809cf4f3c";

    fn seal(key: &str, municipality: &str) -> NumberSeal {
        NumberSeal::new(&NumberKey::from_hex(key).unwrap(), municipality.parse().unwrap())
    }

    fn packed(number: &str) -> Vec<u8> {
        let mut row = Row::new();
        row.set(ItemNo::KOJIN_BANGO, number);
        row.set(ItemNo::SAISHIN_FLG, "1");
        row.set(ItemNo::SETAI_NO, "000000000000007");
        let mut bytes = Vec::new();
        pack_row(&row, &mut bytes).unwrap();
        bytes
    }

    fn atena(number: u64) -> AtenaNo {
        AtenaNo::new(number).unwrap()
    }

    #[test]
    fn a_row_comes_back_and_always_seals_to_the_same_bytes() {
        let seal = seal(KEY, "082201");
        let (mut sealer, mut opener) = (RowSealer::new(&seal), RowSealer::new(&seal));
        let clear = packed("123456789018");
        let first = sealer.seal(atena(42), &clear).unwrap();
        assert_eq!((first.is_latest, first.setai_no), (true, Some("000000000000007")));
        assert!(!first.packed.windows(12).any(|bytes| bytes == b"123456789018"));
        assert_eq!(opener.open(atena(42), first.packed).unwrap(), clear);
        let first = first.packed.to_vec();
        assert_eq!(sealer.seal(atena(42), &clear).unwrap().packed, first);
        assert_ne!(sealer.seal(atena(43), &clear).unwrap().packed, first);
    }

    #[test]
    fn a_number_opens_only_for_its_resident_municipality_and_key() {
        let other_key = KEY.replace("2b", "2c");
        let clear = packed("123456789018");
        let home = seal(KEY, "082201");
        let stored = RowSealer::new(&home).seal(atena(42), &clear).unwrap().packed.to_vec();
        for (place, number, opens) in [
            (seal(KEY, "082201"), 42, true),
            (seal(KEY, "082201"), 43, false),
            (seal(KEY, "131016"), 42, false),
            (seal(&other_key, "082201"), 42, false),
        ] {
            assert_eq!(RowSealer::new(&place).open(atena(number), &stored).is_ok(), opens);
        }
    }

    #[test]
    fn a_case_opens_under_its_number_only() {
        let seal = seal(KEY, "082201");
        let mut bytes = "山田　太郎".as_bytes().to_vec();
        seal.seal_case(7, &mut bytes).unwrap();
        assert!(!bytes.windows(6).any(|part| part == "山田".as_bytes()));
        assert!(seal.open_case(8, &mut bytes.clone()).is_err());
        seal.open_case(7, &mut bytes).unwrap();
        assert_eq!(bytes, "山田　太郎".as_bytes());
    }

    #[test]
    fn no_number_stays_no_number_and_a_sealed_one_is_not_sealed_again() {
        let seal = seal(KEY, "082201");
        let mut sealer = RowSealer::new(&seal);
        let without = packed("");
        assert_eq!(sealer.seal(atena(42), &without).unwrap().packed, without);
        let stored = sealer.seal(atena(42), &packed("123456789018")).unwrap().packed.to_vec();
        assert!(sealer.seal(atena(42), &stored).is_err());
    }
}
