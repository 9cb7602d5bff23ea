//! The program `renkei`: everything it does lives in the rooms under `src/`.

use std::process::ExitCode;

fn main() -> ExitCode {
    renkei_hub::main()
}
