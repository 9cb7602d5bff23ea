//! Cards there and back.

use proptest::prelude::*;

use super::*;
use crate::declared::Problems;

const CARDS: &str = "# 滞納管理へ\r\n\r\nSNDFILE=TAX01\r\nFILENAME=/data/tax 01.csv\r\nTRANSTYPE=B\r\nTRANSPRTY=50\r\n\
                     JOBID=\r\nCOMMENT=a=b \"c\"\r\nEND\r\nRCVFILE=KAIGO1\r\nFILENAME=C:\\in\\kaigo.csv\r\nGENCTL=YES\r\n\
                     GENMNGNO=0010\r\nDATAVERIFY=1\r\nEND\r\n";

#[test]
fn cards_come_back_as_they_were() {
    let cards = read_cards(CARDS).unwrap();
    assert_eq!((cards[0].kind, cards[0].file_id.as_str()), (CardKind::Send, "TAX01"));
    assert_eq!(cards[0].field("COMMENT"), Some("a=b \"c\""));
    assert_eq!(read_cards(&write_cards(&cards)).as_ref(), Ok(&cards));
    let toml = toml_of_cards(&cards, Some("015"), "/opt/hulft/bin/utlsend");
    assert!(toml.contains("id = \"tax01\"") && toml.contains("[[received]]"), "{toml}");
    let problems = Problems::new();
    let back = cards_of_toml("cards.toml", &toml, &problems);
    assert_eq!(back, Some(cards), "{:?}", problems.into_sorted());
}

#[test]
fn a_password_is_never_written_out_and_a_mark_is_passed_over() {
    let text = "\u{feff}SNDFILE=TAX01\nPASSWORD=canary\nCOMMENT=x\nEND\n";
    let cards = read_cards(text).unwrap();
    let toml = toml_of_cards(&cards, None, "/x");
    assert!(!toml.contains("canary") && toml.contains("# PASSWORD is left out"), "{toml}");
    let (plain, n_secrets) = without_secrets(cards);
    assert_eq!(n_secrets, 1);
    assert_eq!(write_cards(&plain), "SNDFILE=TAX01\nCOMMENT=x\nEND\n");
    assert_eq!(cards_of_toml("c.toml", &toml, &Problems::new()), Some(plain));
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    let check = |text: &str, expected: &[(usize, &str)]| {
        let problems = read_cards(text).unwrap_err();
        let told: Vec<(usize, &str)> =
            problems.iter().map(|problem| (problem.line, problem.what.as_str())).collect();
        assert_eq!(told, expected, "{text:?}");
    };
    check("END", &[(1, "END without a card before it")]);
    check("FILENAME=x", &[(1, "a card begins with SNDFILE or RCVFILE")]);
    check("SNDFILE=A\nFILENAME", &[(2, "must be KEY=value or END"), (1, "the card of SNDFILE has no END")]);
    check("SNDFILE=A\nSNDFILE=B\nEND", &[(2, "another card begins before END")]);
    check("SNDFILE=A-B\nEND", &[(1, "SNDFILE must be 1 to 50 of A-Z, a-z, 0-9 and _")]);
    check(
        "SNDFILE=A\nFILNAME=x\nTRANSTYPE=Q\nCOMP=1\nCOMP=2\nEND\nSNDFILE=A\nEND",
        &[
            (2, "unknown key FILNAME (did you mean FILENAME?)"),
            (3, "TRANSTYPE must be T, B, F or M"),
            (5, "COMP is there twice"),
            (7, "the file id A is there twice"),
        ],
    );
    // What a send card has a receive card has not; and no value is shown.
    check(
        "RCVFILE=A\nTRANSTYPE=B\nPASSWORD=a\u{1}canary\nEND",
        &[
            (2, "unknown key TRANSTYPE (did you mean TRANSMODE?)"),
            (3, "PASSWORD must be without control characters"),
        ],
    );
}

proptest! {
    #[test]
    fn any_value_comes_back_or_is_refused(values in prop::collection::vec("\\PC{0,20}", 1..5), id in "[A-Z0-9_]{1,12}") {
        let keys = ["FILENAME", "COMMENT", "JOBID", "GRPID", "EJOBID"];
        let fields = keys.iter().zip(&values).map(|(key, value)| ((*key).to_owned(), value.trim().to_owned()));
        let card = Card { kind: CardKind::Send, file_id: id, fields: fields.collect() };
        let back = read_cards(&write_cards(std::slice::from_ref(&card)));
        prop_assert_eq!(back.as_deref(), Ok(&[card.clone()][..]));
        let problems = Problems::new();
        let toml = toml_of_cards(std::slice::from_ref(&card), None, "/x");
        prop_assert_eq!(cards_of_toml("c.toml", &toml, &problems), Some(vec![card]));
    }

    #[test]
    fn no_text_stops_the_reader(text in "\\PC{0,200}|(SNDFILE=A|END|=|#|[A-Z]{1,5}=x|\n){0,30}") {
        let _ = read_cards(&text);
    }
}
