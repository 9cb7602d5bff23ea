//! What lies beside the samples for whoever tests with them.

use renkei_core::layout::Layout;

use super::case::Case;

/// The text, in both languages.
pub(crate) fn readme(layout: &Layout, cases: &[Case]) -> String {
    let id = format!("{}-{} {}", layout.interface, layout.branch, layout.version);
    let mut text = format!(
        "{} {id} の見本 / Samples of {id}\n\n\
         人も番号も架空です。フォルダごとに1件で、`renkei conform フォルダ/*.done` の判定と規則を示します。\n\
         Persons and numbers are made up. One sample a folder, with the verdict and the rule of\n\
         `renkei conform FOLDER/*.done`.\n",
        layout.name_ja,
    );
    for case in cases {
        let (ja, en) = match (case.rule, case.is_warning) {
            (None, _) => ("適合".to_owned(), "conforms".to_owned()),
            (Some(rule), true) => (format!("適合（警告 {rule}）"), format!("conforms, warning {rule}")),
            (Some(rule), false) => (format!("不適合（{rule}）"), format!("does not conform: {rule}")),
        };
        text.push_str(
            &format_args!("\n{}/\n  {}: {ja}\n  {}: {en}\n", case.folder, case.ja, case.en).to_string(),
        );
    }
    text
}
