//! Files of moves for tests.

use std::fmt::Write as _;

use super::Sandbox;

/// The columns of [`renaming`].
const COLUMNS: &str = "atena_no,ido_jiyu,ido_ymd,ido_todoke_ymd,shimei,uji_nihonjin,mei_nihonjin";

/// A file of moves that give residents another name (職権修正).
pub(crate) fn renaming(names: &[(&str, &str)]) -> String {
    let mut text = format!("{COLUMNS}\r\n");
    for (atena_no, name) in names {
        let (family, given) = name.split_once('　').unwrap_or((name, ""));
        let _ = write!(text, "{atena_no},43,2026-10-01,2026-10-01,{name},{family},{given}\r\n");
    }
    text
}

/// The fields of a simple CSV without line breaks in fields.
pub(crate) fn fields(line: &str) -> Vec<String> {
    line.trim_end_matches(['\r', '\n']).split(',').map(|field| field.trim_matches('"').to_owned()).collect()
}

impl Sandbox {
    /// Writes a file into the sandbox.
    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Cuts `town/moves.csv` into `n` files in order, `moves-1.csv` and so on, each with the header.
    pub(crate) fn cut_moves(&self, n: usize) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("town/moves.csv")).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.split_inclusive('\n').collect();
        rows.chunks(rows.len().div_ceil(n))
            .enumerate()
            .map(|(index, part)| {
                let name = format!("moves-{}.csv", index + 1);
                self.write(&name, &format!("{header}\n{}", part.concat()));
                name
            })
            .collect()
    }

    /// The 宛名番号 of all residents that were loaded, in order.
    pub(crate) fn registry_numbers(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("town/residents.csv")).unwrap();
        let mut lines = text.lines();
        let header = fields(lines.next().unwrap());
        let place = header.iter().position(|name| name == "atena_no").unwrap();
        let mut numbers: Vec<String> = lines.map(|line| fields(line)[place].clone()).collect();
        numbers.dedup();
        numbers
    }

    /// The 宛名番号 of registered Japanese residents, in order, from `town/residents.csv`.
    pub(crate) fn japanese(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("town/residents.csv")).unwrap();
        let mut lines = text.lines();
        let header = fields(lines.next().unwrap());
        let place = |id: &str| header.iter().position(|name| name == id).unwrap();
        let (key, latest) = (place("atena_no"), place("saishin_flg"));
        let (kind, status) = (place("jumin_shubetsu"), place("jumin_jotai"));
        lines
            .map(fields)
            .filter(|row| row[latest] == "1" && row[kind] == "1" && row[status] == "1")
            .map(|row| row[key].clone())
            .collect()
    }
}
