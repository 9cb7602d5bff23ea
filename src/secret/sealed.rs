//! A secret as it stands encrypted: a first line that says how, under which key, and how long the rest is, then the rest
//! in base64. AES-256-GCM-SIV with a nonce from the system's randomness; the first line and the file's name are bound to
//! it, so that one file in another's place does not open.

use std::path::Path;

use aes_gcm_siv::aead::{AeadInOut as _, Generate as _, KeyInit as _};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::SecretError;
use crate::key_file::{KeyFile, KeyId, MasterKey};

/// How every encrypted secret begins, and no other.
const MAGIC: &str = "renkei-secret ";
const FORM: &str = "1";
const NONCE_BYTES: usize = 12;
/// As editors and mail like it.
const LINE: usize = 76;

/// Whether a text is an encrypted secret, or the beginning of one.
pub(crate) fn is_sealed(text: &str) -> bool {
    let text = text.trim_end_matches(['\r', '\n']);
    text.starts_with(MAGIC) || (text.len() > 3 && MAGIC.starts_with(text)) || text == MAGIC.trim_end()
}

/// Encrypts `secret` as the file at `path`.
pub(crate) fn seal(secret: &str, path: &Path, key: &MasterKey) -> Result<String, SecretError> {
    let cipher = Aes256GcmSiv::new((&*key.for_files()).into());
    let nonce = Nonce::try_generate().map_err(|_| SecretError::Cipher)?;
    // Room for the tag too: what grows leaves a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(secret.len() + 16));
    bytes.extend_from_slice(secret.as_bytes());
    let head = head(&key.id(), NONCE_BYTES + secret.len() + 16);
    cipher
        .encrypt_in_place(&nonce, &bound(&head, &bound_name(path)), &mut *bytes)
        .map_err(|_| SecretError::Cipher)?;
    let body = STANDARD.encode([nonce.as_slice(), bytes.as_slice()].concat());
    let mut text = format!("{head}\n");
    for line in body.as_bytes().chunks(LINE) {
        text.extend(line.iter().map(|byte| char::from(*byte)));
        text.push('\n');
    }
    Ok(text)
}

/// An encrypted secret's first line, read.
pub(crate) struct Sealed<'t> {
    head: &'t str,
    body: &'t str,
    /// The key it needs.
    pub(crate) key: KeyId,
    n_bytes: usize,
}

impl<'t> Sealed<'t> {
    /// Reads what stands in the file at `path`.
    pub(crate) fn read(text: &'t str, path: &Path) -> Result<Self, SecretError> {
        let cut = || SecretError::Cut { path: path.to_owned() };
        let (head, body) = text.split_once('\n').ok_or_else(cut)?;
        let head = head.strip_suffix('\r').unwrap_or(head);
        let altered = || SecretError::Altered { path: path.to_owned() };
        let mut words = head.strip_prefix(MAGIC).ok_or_else(cut)?.split(' ');
        match words.next() {
            Some(FORM) => {}
            Some(form) if !form.is_empty() && form.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(SecretError::UnknownForm { path: path.to_owned() });
            }
            _ => return Err(altered()),
        }
        let key = words.next().and_then(KeyId::read).ok_or_else(altered)?;
        let n_bytes = words.next().and_then(|word| word.parse().ok()).ok_or_else(altered)?;
        if words.next().is_some() {
            return Err(altered());
        }
        Ok(Self { head, body, key, n_bytes })
    }

    /// Decrypts it as the file at `path`.
    pub(crate) fn open(&self, path: &Path, keys: &KeyFile) -> Result<Zeroizing<String>, SecretError> {
        let path = || path.to_owned();
        let key = keys.key(&self.key).ok_or_else(|| SecretError::WrongKey {
            path: path(),
            needed: self.key.to_string(),
            key: keys.path.clone(),
            held: keys.held(),
        })?;
        let digits: String = self.body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        if digits.len() < self.n_bytes.div_ceil(3) * 4 {
            return Err(SecretError::Cut { path: path() });
        }
        let altered = || SecretError::Altered { path: path() };
        let mut bytes = Zeroizing::new(STANDARD.decode(&digits).map_err(|_| altered())?);
        let nonce = bytes.split_off_nonce().filter(|_| bytes.len() + NONCE_BYTES == self.n_bytes);
        let nonce = nonce.ok_or_else(altered)?;
        let cipher = Aes256GcmSiv::new((&*key.for_files()).into());
        let context = bound(self.head, &bound_name(&path()));
        cipher.decrypt_in_place(&nonce, &context, &mut *bytes).map_err(|_| altered())?;
        // Of text it was made.
        let text = std::str::from_utf8(&bytes).map_err(|_| altered())?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

trait SplitNonce {
    fn split_off_nonce(&mut self) -> Option<Nonce>;
}

impl SplitNonce for Vec<u8> {
    fn split_off_nonce(&mut self) -> Option<Nonce> {
        let nonce = Nonce::try_from(self.get(..NONCE_BYTES)?).ok()?;
        self.drain(..NONCE_BYTES);
        Some(nonce)
    }
}

/// The last name of a path.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// By what a file is bound to its place: the last name of its path, so its folder may be moved. What it was before, which
/// has the name with `.old`, may be given its name back.
pub(crate) fn bound_name(path: &Path) -> String {
    let name = name_of(path);
    name.strip_suffix(".old").map_or_else(|| name.clone(), str::to_owned)
}

fn head(key: &KeyId, n_bytes: usize) -> String {
    format!("{MAGIC}{FORM} {key} {n_bytes}")
}

fn bound(head: &str, name: &str) -> Vec<u8> {
    [head, "\n", name].concat().into_bytes()
}
