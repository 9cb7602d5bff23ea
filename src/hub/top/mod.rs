//! `renkei top`: tonight's board and the runs, live in a terminal. It reads and draws, and changes nothing.
//!
//! One thread looks at the hub ([`reading`]), so that a slow disk or daemon never holds up the keys; the other
//! turns keys into a state ([`screen`]) and draws it ([`drawing`]). Our own texts and signs are ASCII or
//! full-width: characters that some terminals draw wide and others narrow would shift what follows them.

mod columns;
mod drawing;
mod keys;
mod reading;
mod screen;
mod sheet;
mod terminal;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use view::run;
