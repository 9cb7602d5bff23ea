//! Receipts (取込結果) of receivers: read or refused, and what is read says the same when written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use renkei_core::receive::Receipt;

fuzz_target!(|bytes: &[u8]| {
    let Ok(receipt) = Receipt::parse(bytes) else { return };
    let again = Receipt::parse(receipt.to_json().as_bytes()).expect("what was written can be read");
    assert_eq!(again, receipt);
    if let Ok(name) = receipt.file_name() {
        assert!(!name.as_str().contains('/'));
    }
});
