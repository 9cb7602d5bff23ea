//! Towns, each made once in a test program.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use renkei_town::{Items, Town, TownSpec, write_moves_csv, write_residents_csv};

type Files = Arc<[Vec<u8>; 2]>;

/// Writes `residents.csv` and `moves.csv`.
pub(super) fn write(folder: &Path, n_residents: u32, n_moves: u32) {
    static MADE: Mutex<BTreeMap<(u32, u32), Files>> = Mutex::new(BTreeMap::new());
    let files = Arc::clone(
        MADE.lock()
            .unwrap()
            .entry((n_residents, n_moves))
            .or_insert_with(|| Arc::new(make(n_residents, n_moves))),
    );
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("residents.csv"), &files[0]).unwrap();
    std::fs::write(folder.join("moves.csv"), &files[1]).unwrap();
}

fn make(n_residents: u32, n_moves: u32) -> [Vec<u8>; 2] {
    let spec = TownSpec { n_residents, seed: 1, day: "2026-10-01".to_owned(), with_past: true };
    let town = Town::new(spec).unwrap();
    let (mut residents, mut moves) = (Vec::new(), Vec::new());
    write_residents_csv(&town, &Items::All, &mut residents).unwrap();
    write_moves_csv(&town, n_moves, 1, &mut moves).unwrap();
    [residents, moves]
}
