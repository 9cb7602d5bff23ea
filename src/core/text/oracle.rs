//! CP932 against two independent tables, Python's codec and glibc's iconv, over the whole BMP. The
//! differences are listed one by one: they are decisions, and no others may creep in.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use super::cp932;

type Codes = BTreeMap<char, Vec<u8>>;

fn bmp() -> impl Iterator<Item = char> {
    (0x20..0x1_0000).filter_map(char::from_u32)
}

fn ours() -> Codes {
    let code = |character| {
        let [high, low] = cp932::code_of(character).unwrap_or_default().to_be_bytes();
        match (high, low) {
            (0, 0) => Vec::new(),
            (0, low) => vec![low],
            (high, low) => vec![high, low],
        }
    };
    bmp().map(|character| (character, code(character))).collect()
}

/// Has another program encode `<code point> <character>` lines, leaving out what it has no code for.
fn theirs(program: &str, arguments: &[&str]) -> Codes {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{program} is needed to check CP932; scripts/test installs it: {error}")
        });
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        for character in bmp() {
            writeln!(input, "{:04X} {character}", u32::from(character)).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let codes: Codes = lines
        .map(|line| {
            let code_point = u32::from_str_radix(str::from_utf8(&line[..4]).unwrap(), 16).unwrap();
            (char::from_u32(code_point).unwrap(), line[5..].to_vec())
        })
        .collect();
    assert_eq!(codes.len(), bmp().count(), "{program} gave a line for each character");
    codes
}

/// Where the other table differs: character, our code, its code.
fn differences(other: &Codes) -> Vec<(char, Vec<u8>, Vec<u8>)> {
    let ours = ours();
    ours.into_iter()
        .filter_map(|(character, code)| {
            let other = &other[&character];
            (code != *other).then(|| (character, code, other.clone()))
        })
        .collect()
}

#[test]
fn iconv_differs_by_yen_and_overline_only() {
    let found = differences(&theirs("iconv", &["-f", "UTF-8", "-t", "CP932", "-c"]));
    assert_eq!(found, [('\u{a5}', Vec::new(), vec![0x5C]), ('\u{203e}', Vec::new(), vec![0x7E])]);
}

#[test]
fn python_differs_by_the_ibm_extensions_and_six_characters() {
    let program = "import sys; i, o = sys.stdin.buffer, sys.stdout.buffer; \
        o.write(i.read().decode('utf-8').encode('cp932', 'ignore'))";
    let found = differences(&theirs("python3", &["-c", program]));
    // Python writes the IBM extensions with NEC's codes, as no other writer does.
    let (ibm, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, _, theirs)| matches!(theirs[..], [0xED | 0xEE, _]));
    assert!(ibm.iter().all(|(_, ours, _)| matches!(ours[..], [0xFA..=0xFC, _])));
    assert_eq!(ibm.len(), 373);
    assert_eq!(
        others,
        [
            ('\u{80}', Vec::new(), vec![0x80]),
            ('\u{2014}', vec![0x81, 0x5C], Vec::new()),
            ('\u{f8f0}', Vec::new(), vec![0xA0]),
            ('\u{f8f1}', Vec::new(), vec![0xFD]),
            ('\u{f8f2}', Vec::new(), vec![0xFE]),
            ('\u{f8f3}', Vec::new(), vec![0xFF]),
        ]
    );
}
