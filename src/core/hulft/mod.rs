//! HULFT's definition cards (配信管理情報・集信管理情報), as `utligen` writes and `utliupdt` reads them: to our TOML and back.
//!
//! A card is lines of `KEY=value` up to a line `END`; lines that begin with `#` and empty lines are passed over. The keys
//! known here are those of published examples (qiita.com/harasakih, "HULFTのコマンド抜粋"); a key that is not among them
//! is refused, because what it would mean for the files that travel is not known.

mod card;
mod declared;
#[cfg(test)]
mod tests;

pub use card::{Card, CardKind, CardProblem, read_cards, write_cards};
pub use declared::{SECRET_KEY, cards_of_toml, toml_of_cards, without_secrets};
