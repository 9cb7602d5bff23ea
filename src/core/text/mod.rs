//! Characters: the encodings that files are written in.

mod encoding;

pub use encoding::Encoding;
