//! How fast two fulls are compared, in whatever order their rows stand.
//!
//!     cargo run --release -p renkei-engine --example compare_speed -- LAYOUT.toml A.csv B.csv

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

use renkei_core::declared::Problems;
use renkei_core::layout::Layout;
use renkei_engine::EngineError;
use renkei_engine::compare::{Side, SideFile, compare};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = std::env::args().skip(1).map(Into::into).collect();
    let [layout, a, b] = paths.as_slice() else { return Err("LAYOUT.toml A.csv B.csv".into()) };
    let text = std::fs::read_to_string(layout)?;
    let layout = Layout::read("layout.toml", &text, &Problems::new()).ok_or("the layout is not right")?;
    let open = |path: &PathBuf| -> Result<Box<dyn SideFile>, EngineError> {
        let file = File::open(path);
        Ok(Box::new(file.map_err(|source| EngineError::Input { file: "a file".to_owned(), source })?))
    };
    let (open_a, open_b) = (|_| open(a), |_| open(b));
    let n_bytes = [std::fs::metadata(a)?.len(), std::fs::metadata(b)?.len()];
    let side_a = Side { n_files: 1, n_bytes: n_bytes[0], format: layout.file, open: &open_a };
    let side_b = Side { n_files: 1, n_bytes: n_bytes[1], format: layout.file, open: &open_b };
    let start = Instant::now();
    let found = compare(&layout, side_a, side_b, &mut |_| Ok(()))?;
    println!(
        "{} and {} rows: missing {}, surplus {}, different {}: {:.2} s",
        found.n_rows_a,
        found.n_rows_b,
        found.n_missing,
        found.n_surplus,
        found.n_different,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
