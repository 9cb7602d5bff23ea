//! Mappings (読替定義): read, or all problems told; and whatever mapping is read turns rows over.
#![no_main]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use renkei_core::declared::Problems;
use renkei_core::layout::Layout;
use renkei_core::mapping::{MappedReader, Mapping};

static LAYOUTS: LazyLock<BTreeMap<String, Arc<Layout>>> = LazyLock::new(|| {
    let read = |text| Arc::new(Layout::read("l.toml", text, &Problems::new()).expect("a shipped layout"));
    [
        ("001z010-1.0".to_owned(), read(include_str!("../../../layouts/001z010-1.0.toml"))),
        ("023z001-1.0".to_owned(), read(include_str!("../../../layouts/023z001-1.0.toml"))),
    ]
    .into()
});
const SOURCE: &[u8] = "番号,住民番号,異動日\r\n1,10101,R08.10.01\r\n,,\r\n9,\"x\",S64.01.08\r\n".as_bytes();

fuzz_target!(|text: &str| {
    let problems = Problems::new();
    let mapping = Mapping::read("m.toml", text, &LAYOUTS, &problems);
    assert_eq!(mapping.is_none(), !problems.is_empty());
    let Some(mapping) = mapping else { return };
    let mut reader = MappedReader::new(&mapping, SOURCE);
    for _ in 0..SOURCE.len() {
        match reader.next_row() {
            Ok(None) => return,
            Ok(Some(row)) => assert_eq!(row.fields.len(), mapping.layout.columns.len()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    panic!("it goes on for ever");
});
