//! The layouts that files are examined against: a hub's, or those the program brings along.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use renkei_core::csv_file::{Accept, BlockRecords, Limits};
use renkei_core::declared::{Problems, nearest};
use renkei_core::layout::Layout;
use renkei_core::notice::Notice;
use renkei_core::text::CharacterSet;

use crate::config::ConfigError;
use crate::{Failure, HubError, Session};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Layouts by file name without `.toml`, and whose data they are for.
#[derive(Debug)]
pub(crate) struct KnownLayouts {
    layouts: BTreeMap<String, Arc<Layout>>,
    municipality: Option<String>,
}

impl KnownLayouts {
    /// The hub's, where there is one; else the shipped ones.
    pub(crate) fn of_session(session: &Session) -> Result<Self, Failure> {
        if session.folder().is_err() {
            return Ok(Self { layouts: shipped()?, municipality: None });
        }
        let config = session.config()?;
        let municipality = Some(config.municipality.as_str().to_owned());
        Ok(Self { layouts: config.layouts, municipality })
    }

    /// These, for a municipality.
    pub(crate) fn of_hub(layouts: BTreeMap<String, Arc<Layout>>, municipality: &str) -> Self {
        Self { layouts, municipality: Some(municipality.to_owned()) }
    }

    /// The municipality that data must be of, where there is a hub.
    pub(crate) fn municipality(&self) -> Option<&str> {
        self.municipality.as_deref()
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Arc<Layout>)> {
        self.layouts.iter().map(|(id, layout)| (id.as_str(), layout))
    }

    /// The layout of this id.
    pub(crate) fn get(&self, id: &str) -> Result<&Arc<Layout>, Failure> {
        self.layouts.get(id).ok_or_else(|| {
            let near = nearest(id, self.layouts.keys().map(String::as_str)).map(str::to_owned);
            HubError::UnknownLayout { layout: id.to_owned(), near }.into()
        })
    }

    /// The layout that a notice names.
    pub(crate) fn of_notice(&self, notice: &Notice) -> Option<&Layout> {
        let is_named = |layout: &&Layout| {
            layout.interface == notice.interface
                && layout.branch == notice.branch
                && layout.version == notice.version
        };
        self.layouts.values().map(AsRef::as_ref).find(is_named)
    }

    /// The layout whose header row a file begins with; of several versions the last that is in force.
    pub(crate) fn of_header(&self, start: &[u8], day: NaiveDate) -> Option<&Layout> {
        let fits = self.layouts.values().map(AsRef::as_ref).filter(|layout| has_header(layout, start));
        fits.max_by_key(|layout| (layout.is_valid_on(day), layout.version))
    }
}

/// The layouts the program brings along.
fn shipped() -> Result<BTreeMap<String, Arc<Layout>>, Failure> {
    let problems = Problems::new();
    let layouts = crate::init::shipped_layouts()
        .filter_map(|(id, text)| Some((id.to_owned(), Arc::new(Layout::read(id, text, &problems)?))))
        .collect();
    let problems = problems.into_sorted();
    if problems.is_empty() { Ok(layouts) } else { Err(ConfigError::Invalid { problems }.into()) }
}

fn has_header(layout: &Layout, start: &[u8]) -> bool {
    let start = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
    let mut records = BlockRecords::new(start, 0, Accept::default(), Limits::default());
    let (Some(Ok(record)), Some(headers)) = (records.next_record(), layout.headers(layout.file.header))
    else {
        return false;
    };
    let characters = CharacterSet::new(layout.file.encoding, None);
    record.n_fields() == layout.columns.len()
        && record
            .fields()
            .zip(headers)
            .all(|(field, header)| characters.decode(&field).is_ok_and(|name| name == header))
}
