//! The files of a new hub. Layouts and degrade maps are those of the repository, embedded.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use renkei_registry::MunicipalityCode;

use super::errors::InitError;
use super::key::new_key;

/// Whose hub it is to be.
#[derive(Debug, Clone)]
pub struct NewHub {
    /// 全国地方公共団体コード.
    pub municipality: MunicipalityCode,
    /// The municipality's name.
    pub name: String,
    /// Go on in a folder that holds something, leaving every file that is there as it is.
    pub keeps_existing: bool,
}

/// What was done with one file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Made {
    /// The file, relative to the hub's folder.
    pub file: String,
    /// False when it was there and was left as it is.
    pub is_new: bool,
}

macro_rules! shipped {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../", $path)))),+]
    };
}

/// Files taken over as they are.
const SHIPPED: &[(&str, &str)] = shipped![
    "jobs/calendars/holidays.toml",
    "jobs/calendars/office.toml",
    "layouts/001o005-1.0.toml",
    "layouts/001o005-1.1.toml",
    "layouts/001o006-1.0.toml",
    "layouts/001o006-1.1.toml",
    "layouts/001z001-1.0.toml",
    "layouts/001z010-1.0.toml",
    "layouts/001z020-1.0.toml",
    "layouts/001z021-1.0.toml",
    "layouts/003z001-1.0.toml",
    "layouts/023z001-1.0.toml",
    "layouts/024z001-1.0.toml",
    "layouts/025z001-1.0.toml",
    "layouts/026z001-1.0.toml",
    "layouts/027z001-1.0.toml",
    "layouts/degrade/cp932.csv",
    "layouts/mappings/legacy-certificates.toml",
    "layouts/mappings/legacy-moves.toml",
];

/// The layouts the program brings along: id and text.
pub(crate) fn shipped_layouts() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHIPPED.iter().filter_map(|(file, text)| {
        let id = file.strip_prefix("layouts/")?.strip_suffix(".toml")?;
        (!id.contains('/')).then_some((id, *text))
    })
}

/// The calendars the program brings along: file name, id and text.
pub(crate) fn shipped_calendars() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    SHIPPED.iter().filter_map(|(file, text)| {
        let id = file.strip_prefix("jobs/calendars/")?.strip_suffix(".toml")?;
        Some((*file, id, *text))
    })
}

/// Folders and their modes: only `share` is for others to see.
const FOLDERS: [(&str, u32); 8] = [
    ("jobs", 0o755),
    ("jobs/calendars", 0o755),
    ("layouts", 0o755),
    ("layouts/degrade", 0o755),
    ("layouts/mappings", 0o755),
    ("secrets", 0o700),
    ("data", 0o700),
    ("share", 0o755),
];

/// Makes the folder and everything in it.
pub fn init(folder: &Path, hub: &NewHub) -> Result<Vec<Made>, InitError> {
    let written = |path: &Path, result: io::Result<()>| {
        result.map_err(|source| InitError::Write { path: path.to_path_buf(), source })
    };
    written(folder, fs::create_dir_all(folder))?;
    let mut entries =
        fs::read_dir(folder).map_err(|source| InitError::Write { path: folder.to_path_buf(), source })?;
    if !hub.keeps_existing && entries.next().is_some() {
        return Err(InitError::NotEmpty { folder: folder.to_path_buf() });
    }
    for (name, mode) in FOLDERS {
        let path = folder.join(name);
        if !path.is_dir() {
            written(&path, DirBuilder::new().mode(mode).create(&path))?;
        }
    }
    let name = toml::Value::String(hub.name.clone()).to_string();
    let hub_toml = include_str!("templates/hub.toml")
        .replace("{{municipality}}", hub.municipality.as_str())
        .replace("{{name}}", &name);
    let key = new_key().map_err(|source| InitError::Random { source })?;
    let own = [
        ("hub.toml", hub_toml.as_str(), 0o644),
        ("jobs/nightly.toml", include_str!("../../../jobs/nightly.toml"), 0o644),
        ("jobs/retention.toml", include_str!("../../../jobs/retention.toml"), 0o644),
        ("jobs/receive.toml", include_str!("../../../jobs/receive.toml"), 0o644),
        ("jobs/reconcile.toml", include_str!("../../../jobs/reconcile.toml"), 0o644),
        ("jobs/mend.toml", include_str!("../../../jobs/mend.toml"), 0o644),
        ("README.txt", include_str!("templates/README.txt"), 0o644),
        ("secrets/number.key", key.as_str(), 0o600),
    ];
    let shipped = SHIPPED.iter().map(|(file, text)| (*file, *text, 0o644));
    own.into_iter()
        .chain(shipped)
        .map(|(file, text, mode)| {
            let path = folder.join(file);
            let result = write_new(&path, text, mode);
            let is_new = !matches!(&result, Err(error) if error.kind() == io::ErrorKind::AlreadyExists);
            if is_new {
                written(&path, result)?;
            }
            Ok(Made { file: file.to_owned(), is_new })
        })
        .collect()
}

/// Never over a file that is there, not even one that appears meanwhile.
fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
