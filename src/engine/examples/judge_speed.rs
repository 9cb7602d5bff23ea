//! How fast a data file is judged: writes a full of 001o005 with a million rows, or as many as are asked for,
//! and judges it.
//!
//!     cargo run --release -p renkei-engine --example judge_speed -- [rows] [ascending|any] [file]

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::time::Instant;

use renkei_core::declared::Problems;
use renkei_core::layout::Layout;
use renkei_engine::{EngineError, FileJudge, KeyOrder};

/// One row as the hub writes it, of a fixture.
const ROWS: &str =
    include_str!("../../../fixtures/moves/01-move-in-from-japan/expected-diff.001o005-v1.1.csv");
const LAYOUT: &str = include_str!("../../../layouts/001o005-1.1.toml");

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let n_rows: u64 = args.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let order = match args.next().as_deref() {
        None | Some("ascending") => KeyOrder::Ascending,
        _ => KeyOrder::Any,
    };
    let path = args.next().map_or_else(|| std::env::temp_dir().join("judge_speed.csv"), Into::into);
    if !path.exists() {
        write(&path, n_rows)?;
    }
    let layout =
        Layout::read("001o005-1.1.toml", LAYOUT, &Problems::new()).ok_or("the layout is not right")?;
    for _ in 0..3 {
        let mut judge = FileJudge::new(&layout, layout.file, "2026-10-05".parse()?, order);
        let mut n_fields = 0;
        let start = Instant::now();
        let judged = judge.judge(File::open(&path)?, &mut |batch| {
            n_fields += batch.rows().map(|row| row.fields().len()).sum::<usize>();
            Ok::<(), EngineError>(())
        })?;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{} rows, {n_fields} fields, {} MB, {} with errors, {} refused: {seconds:.2} s, {:.0} rows/s; {:?}",
            judged.n_rows,
            judged.n_bytes / 1_000_000,
            judged.n_rows_with_error,
            judged.n_refused,
            f64::from(u32::try_from(judged.n_rows)?) / seconds,
            judge.state(),
        );
    }
    Ok(())
}

fn write(path: &std::path::Path, n_rows: u64) -> Result<(), Box<dyn Error>> {
    let mut lines = ROWS.trim_start_matches('\u{feff}').lines();
    let (header, row) = (lines.next().ok_or("no header")?, lines.next().ok_or("no row")?);
    let mut file = BufWriter::new(File::create(path)?);
    write!(file, "{header}\r\n")?;
    for number in 1..=n_rows {
        write!(file, "{}\r\n", row.replacen("000000000010101", &format!("{number:015}"), 1))?;
    }
    file.flush()?;
    Ok(())
}
