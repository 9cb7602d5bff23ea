//! Samples for partners to test with: right sets that chain, and sets with one flaw each, with what `conform` says of
//! them. The same options give the same files; persons and numbers are made up.

mod case;
mod draft;
mod flaws;
mod readme;
mod row_maker;
mod rows;

pub(crate) use case::Case;
pub(crate) use readme::readme;

use std::sync::Arc;

use renkei_core::layout::Layout;

use crate::Failure;

/// What samples are made of.
#[derive(Debug, Clone)]
pub(crate) struct SampleSpec {
    /// The layout.
    pub(crate) layout: Arc<Layout>,
    /// Whose data it is.
    pub(crate) municipality: String,
    /// Rows of the full; at least four.
    pub(crate) n_rows: u32,
    /// Which of all samples.
    pub(crate) seed: u64,
}

/// All samples of a layout: the right ones first.
pub(crate) fn samples(spec: &SampleSpec) -> Result<Vec<Case>, Failure> {
    let bench = draft::Bench::new(spec)?;
    let mut cases = case::right(&bench);
    cases.extend(flaws::flawed(&bench));
    Ok(cases)
}
