//! Conformance as people ask for it: files named on the command line, or dropped into a system's `check/` folder;
//! and its report as text and as a page.

mod check_folders;
mod errors_file;
mod examine;
mod html;
mod known_layouts;
mod text;

pub(crate) use check_folders::{CheckedFolder, check_folders};
pub(crate) use errors_file::ErrorsFile;
pub(crate) use examine::{Folder, Given, examine};
pub(crate) use html::page;
pub(crate) use known_layouts::KnownLayouts;
pub(crate) use text::as_text;
