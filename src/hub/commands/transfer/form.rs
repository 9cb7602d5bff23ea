//! The form of a case as HTML: one page that needs nothing else, printed as it stands. Whatever comes from outside
//! is escaped; a text is shown character by character as it is, also outside the BMP and with variation selectors.

use std::fmt::Write as _;

use renkei_core::port::TransferRecord;
use renkei_core::transfer::{CaseKind, Content, Field};

/// What stands on the form, in order. No 個人番号: paper is not where it belongs.
const LINES: [&str; 26] = [
    "ido_todoke_ymd",
    "ido_ymd",
    "tennyu_yotei_ymd",
    "tenshutsu_yotei_ymd",
    "shimei_kana",
    "shimei",
    "kyuuji",
    "tsusho",
    "birth_ymd",
    "seibetsu",
    "zokugara_hyoki",
    "setainushi_shimei",
    "juminhyo_cd",
    "honseki",
    "hittosha",
    "jusho_machiaza",
    "jusho_banchigo",
    "jusho_katagaki",
    "tenshutsumoto_jusho",
    "tennyumae_todofuken",
    "tennyumae_shikugunchoson",
    "tennyumae_machiaza",
    "tennyumae_banchigo",
    "tennyumae_katagaki",
    "tennyumae_setainushi",
    "tenshutsusaki_jusho",
];

const STYLE: &str = "@page{size:A4;margin:18mm}\
body{font-family:IPAmjMincho,'Yu Mincho','Noto Serif CJK JP',serif;font-size:11pt;color:#000}\
h1{font-size:18pt;text-align:center;letter-spacing:.5em}\
table{border-collapse:collapse;width:100%}th,td{border:1px solid #000;padding:2mm;text-align:left}\
th{width:34%;font-weight:normal}td{overflow-wrap:anywhere}.note{font-size:9pt}\
@media print{.screen{display:none}tr{break-inside:avoid}}";

/// The form. `is_verified` says whether the texts are a clerk's or as they came.
pub(super) fn html(
    municipality: &str,
    case: &TransferRecord,
    content: &Content,
    is_verified: bool,
    printed_at: &str,
) -> String {
    let title = match case.standing.kind {
        CaseKind::OssMoveOut => "転出届",
        CaseKind::CsMoveIn => "転入届",
    };
    let state =
        if is_verified { "確認済みの内容" } else { "取り込んだままの内容（確認前）" };
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title} {case_no}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p class=\"note\">{municipality}長 様　整理番号 {case_no}　{state}　印刷 {printed_at}</p>\n",
        case_no = case.case_no,
        municipality = escaped(municipality),
        printed_at = escaped(printed_at),
    );
    if content.is_protected() {
        html.push_str("<p><strong>支援措置の対象です。住所を本人以外に示さないこと。</strong></p>\n");
    }
    html.push_str("<table>\n");
    for field in LINES.iter().filter_map(|name| Field::find(name)) {
        let (name, text) = (field.name_ja(), escaped(content.text(field)));
        // Writing to a String cannot fail.
        let _ = writeln!(html, "<tr><th scope=\"row\">{name}</th><td>{text}</td></tr>");
    }
    html.push_str(
        "</table>\n<p>届出人署名　　　　　　　　　　　　　　　　　　　　届出人と異動者の関係</p>\n</body>\n</html>\n",
    );
    html
}

/// A text that is nothing but text in HTML, between tags and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Overrides of direction would show a text in another order than it has.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use renkei_core::Digest;
    use renkei_core::transfer::{CaseNo, CaseState, Certificate, Standing};

    use super::*;

    fn case() -> TransferRecord {
        TransferRecord {
            case_no: CaseNo(5),
            standing: Standing {
                kind: CaseKind::CsMoveIn,
                state: CaseState::Received,
                certificate: Certificate::None,
            },
            source_sha256: Digest([0; 32]),
            row_no: 2,
            is_protected: false,
            commit_no: None,
            received_at: String::new(),
            changed_at: String::new(),
            counts_from: None,
        }
    }

    #[test]
    fn a_hostile_name_is_text_and_a_rare_character_is_itself() {
        let mut content = Content::default();
        let hostile = "<script>alert('x')</script>\" onload=\"y\u{202e}&amp;";
        for (name, text) in [
            ("shimei", hostile),
            ("setainushi_shimei", "𠮷野　葛\u{e0100}城"),
            ("kojin_bango", "123456789018"),
            ("shien_sochi_kbn", "1"),
        ] {
            content.set(Field::find(name).unwrap(), text);
        }
        let html = html("つくば市<b>", &case(), &content, false, "2026-10-02");
        assert!(html.contains(
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y\u{fffd}&amp;amp;"
        ));
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("123456789018"));
        assert!(html.contains("𠮷野　葛\u{e0100}城") && html.contains("支援措置の対象"));
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("src="));
        // What is not escaped is our own: as many tags as the form has.
        let plain = super::html("x", &case(), &Content::default(), false, "x");
        let n_tags = |text: &str| text.matches('<').count();
        assert_eq!(n_tags(&html), n_tags(&plain) + 4, "only the line on protection more");
    }

    #[test]
    fn every_line_is_a_field() {
        assert!(LINES.iter().all(|name| Field::find(name).is_some()));
    }
}
