//! Files of any CSV through the mapping that is shipped: every line is a row in the layout's columns, or told.
//!
//! The first byte chooses the encoding.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use renkei_core::declared::Problems;
use renkei_core::layout::Layout;
use renkei_core::mapping::{MappedReader, Mapping};
use renkei_core::row_check::RowChecker;

static MAPPINGS: LazyLock<[Mapping; 2]> = LazyLock::new(|| {
    let layout = Layout::read("l.toml", include_str!("../../../layouts/001z010-1.0.toml"), &Problems::new());
    let layouts = [("001z010-1.0".to_owned(), Arc::new(layout.expect("a shipped layout")))].into();
    let text = include_str!("../../../layouts/mappings/legacy-moves.toml");
    let other = text.replace("encoding = \"cp932\"", "encoding = \"utf-8\"");
    [text, &other]
        .map(|text| Mapping::read("m.toml", text, &layouts, &Problems::new()).expect("a shipped mapping"))
});

fuzz_target!(|bytes: &[u8]| {
    let [choice, file @ ..] = bytes else { return };
    let mapping = &MAPPINGS[usize::from(choice & 1)];
    let day = mapping.layout.valid_from;
    let checker = RowChecker::new(&mapping.layout, day);
    let mut reader = MappedReader::new(mapping, file);
    let mut last = 0;
    for _ in 0..=file.len() + 1 {
        match reader.next_row() {
            Ok(None) => return,
            Ok(Some(row)) => {
                assert!(row.row_no > last);
                last = row.row_no;
                assert_eq!(row.fields.len(), mapping.layout.columns.len());
                let mut issues = row.issues.clone();
                checker.check(&row.fields, &mut issues);
                let _ = (checker.mark(&row.fields), checker.bucket(&row.fields));
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    panic!("it goes on for ever");
});
