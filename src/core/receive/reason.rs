//! Why a set was refused: a code for programs, words for people in two languages, and the place.

use serde::{Deserialize, Serialize};

/// One reason. Names files, rows and columns, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The code, as a word ([`ReasonCode::as_str`]); a text here, so that receipts of later programs are read.
    pub code: String,
    /// What was found, in English: names, numbers and what would be accepted.
    pub detail: String,
    /// The file it is in, where it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line of that file, from 1; the header is line 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The column's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// How often, where one line stands for many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Reason {
    /// A reason about the set as a whole.
    pub fn of_set(code: ReasonCode, detail: String) -> Self {
        let code = code.as_str().to_owned();
        Self { code, detail, file: None, row: None, column: None, count: None }
    }

    /// A reason about one of its files.
    pub fn of_file(code: ReasonCode, file: &str, detail: String) -> Self {
        Self { file: Some(file.to_owned()), ..Self::of_set(code, detail) }
    }
}

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $ja:literal, $en:literal;)+) => {
        /// What a set can be refused for, in the order it is judged.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ReasonCode {
            $($(#[$doc])* $name,)+
        }

        impl ReasonCode {
            /// All of them, in the order of judging.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in receipts, reason files and JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What it means, in Japanese, with what to do.
            pub const fn text_ja(self) -> &'static str {
                match self { $(Self::$name => $ja,)+ }
            }

            /// What it means, in English, with what to do.
            pub const fn text_en(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }
        }
    };
}

reason_codes! {
    /// The notice is no notice.
    NoticeMalformed = "notice-malformed",
        "格納完了通知が読めません。通知を作り直して置いてください。",
        "The completion notice cannot be read. Write it again and hand it in again.";
    /// The notice is in a format of another program.
    NoticeFormat = "notice-format",
        "格納完了通知の形式版がこのプログラムの読めるものではありません。",
        "The completion notice is in a format that this program does not read.";
    /// The notice contradicts itself.
    NoticeContradiction = "notice-contradiction",
        "格納完了通知の内容が互いに矛盾しています。通知を作り直してください。",
        "The completion notice contradicts itself. Make it again.";
    /// The system the folder belongs to does not provide the interface.
    SenderNotAllowed = "sender-not-allowed",
        "この業務システムはこの連携を提出できません。提出先のフォルダを確かめてください。",
        "This system may not hand in this interface. Check the folder it was put into.";
    /// Another municipality's data.
    OtherMunicipality = "other-municipality",
        "別の市区町村のデータです。送り手の設定を確かめてください。",
        "The data is of another municipality. Check the sender's settings.";
    /// No interface that is taken in here.
    UnknownInterface = "unknown-interface",
        "ここで取り込む連携ではありません。連携IDと枝番を確かめてください。",
        "This interface is not taken in here. Check interface id and branch.";
    /// A version that is not accepted at all.
    UnknownVersion = "unknown-version",
        "受け付けていない版数です。受け付ける版数で作り直してください。",
        "The version is not accepted. Make the files in an accepted version.";
    /// A version that is not accepted yet.
    VersionNotYetValid = "version-not-yet-valid",
        "この業務日にはまだ受け付けない版数です。切替日を確かめてください。",
        "The version is not accepted yet on this business date. Check the switch date.";
    /// A version that is accepted no more.
    VersionRetired = "version-retired",
        "この業務日にはもう受け付けない版数です。後継の版数で作り直してください。",
        "The version is no longer accepted on this business date. Use its successor.";
    /// The file format's words are unknown, or its columns are not the layout's.
    FileFormat = "file-format",
        "通知にあるファイルの書き方（文字コード・改行・引用符・見出し・列数）がレイアウトに合いません。",
        "The file format in the notice (encoding, newline, quotes, header, columns) does not fit the layout.";
    /// More rows or bytes than the intake takes.
    TooLarge = "too-large",
        "この取込が受け付ける大きさ（max_rows・max_bytes）を超えています。分けて出すか、設定を見直してください。",
        "It is larger than this intake takes (max_rows, max_bytes). Hand in less, or have the bounds changed.";
    /// A notice without the digests of the state before and after, where they are asked for.
    NoProof = "no-proof",
        "通知に状態のハッシュ値（state_before・state_after）がありません。この取込では必要です。",
        "The notice has no digests of the state (state_before, state_after); this intake needs them.";
    /// A content that this intake does not take.
    KindNotTaken = "kind-not-taken",
        "この取込が受け付けない種別です。全件（full）か差分（diff）として出し直してください。",
        "This intake does not take such content. Hand it in as a full or a diff.";
    /// A set whose turn has gone by, where every set counts.
    TooLate = "too-late",
        "後の連番を取り込んだ後に届きました。順番を確かめ、新しい連番で出し直してください。",
        "It came after a later one was taken in. Check the order and hand it in under a new number.";
    /// The same number as a set taken in, with other content.
    OtherContent = "other-content",
        "取込済みの連番と同じ連番で内容が違います。新しい連番で出し直してください。",
        "A set with this sequence number was taken in with other content. Publish it under a new number.";
    /// A file does not have the length the notice says.
    WrongLength = "wrong-length",
        "ファイルの長さが通知と違います。置き直してください。",
        "A file is not as long as the notice says. Hand it in again.";
    /// A file does not have the digest the notice says.
    WrongDigest = "wrong-digest",
        "ファイルのハッシュ値が通知と違います。途中で変わったか壊れています。置き直してください。",
        "A file's digest is not the notice's: it was changed or damaged. Hand it in again.";
    /// A file does not have as many rows as the notice says.
    WrongRowCount = "wrong-row-count",
        "行数が通知と違います。",
        "The number of rows is not the notice's.";
    /// A file cannot be read as strict CSV of the layout.
    NotLayout = "not-layout",
        "レイアウトどおりの CSV ではありません（見出し・列数・引用符・文字コード）。",
        "It is not CSV of this layout (header, columns, quotes, encoding).";
    /// A row has items that are wrong.
    WrongRows = "wrong-rows",
        "項目の内容に誤りのある行があります。行と項目の一覧を見て直してください。",
        "There are rows with wrong items. See the list of rows and items.";
    /// A key occurs twice.
    DuplicateKey = "duplicate-key",
        "同じキーの行が2つ以上あります。",
        "A key occurs more than once.";
    /// A full has rows marked as removed.
    RemovalInFull = "removal-in-full",
        "全件に削除の印の付いた行があります。削除は差分だけに書けます。",
        "A full has rows marked as removed; only a diff may.";
    /// Added, changed and removed rows are not what the notice says.
    WrongChangeCounts = "wrong-change-counts",
        "追加・更新・削除の件数が通知と違います。受け手の持つ状態が送り手の想定と違います。",
        "Added, changed and removed rows are not the notice's: what is held is not what the sender thinks.";
    /// What is held is not what the diff builds on.
    WrongStateBefore = "wrong-state-before",
        "差分の前提となる状態が、ここで持っている状態と違います。全件か差分の再送が要ります。",
        "The diff builds on a state that is not held here. A full, or the diffs again, will mend it.";
    /// Rows and state do not give the state the notice says.
    WrongStateAfter = "wrong-state-after",
        "取込後の状態が通知と違います。全件の送り直しが要ります。",
        "The state after taking it in is not the notice's. A full will mend it.";
    /// The registry does not take what the rows say.
    RegistryRefused = "registry-refused",
        "住民記録が取り込めない内容です。理由の一覧を見て直してください。",
        "The registry does not take what the rows say. See the reasons.";
    /// The mass-change guard holds it.
    ChangeHeld = "change-held",
        "変更の量が境を超えています。確認のうえ人が取込を許可してください。",
        "It changes more than the bounds allow. A person must look at it and allow it.";
}

impl ReasonCode {
    /// Reads [`ReasonCode::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own_and_texts() {
        let words: std::collections::BTreeSet<_> = ReasonCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), ReasonCode::ALL.len());
        for code in ReasonCode::ALL {
            assert_eq!(ReasonCode::parse(code.as_str()), Some(*code));
            assert!(code.text_ja().ends_with('。') && code.text_en().is_ascii(), "{}", code.as_str());
        }
    }
}
