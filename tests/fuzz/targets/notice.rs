//! Completion notices (格納完了通知) of anybody: read or refused, and what is read says the same when written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renkei_core::notice::Notice;

fuzz_target!(|bytes: &[u8]| {
    let Ok(notice) = Notice::parse(bytes) else { return };
    let written = notice.to_json().expect("what was read can be written");
    let again = Notice::parse(written.as_bytes()).expect("what was written can be read");
    assert_eq!(again, notice);
    assert_eq!(again.content_sha256(), notice.content_sha256());
    let names = notice.files.iter().map(|file| &file.name);
    for name in names.chain(notice.reports.iter().map(|report| &report.name)) {
        assert!(!name.as_str().contains(['/', '\0', '\n']) && !name.as_str().starts_with('.'));
    }
});
