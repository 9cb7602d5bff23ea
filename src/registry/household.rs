//! Households (世帯): what must be true of the registered members of one.

use crate::dictionary::ItemNo;
use crate::row::Values;

/// 続柄 of the head.
const HEAD: &str = "02";

/// Something odd about a household. It is reported, not refused: members are moved one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HouseholdIssue {
    /// Members, but no head (世帯主).
    NoHead,
    /// More than one head.
    SeveralHeads,
    /// Members at different addresses.
    SeveralAddresses,
}

impl HouseholdIssue {
    /// The rule's word in reports and JSON.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NoHead => "household-without-head",
            Self::SeveralHeads => "household-with-several-heads",
            Self::SeveralAddresses => "household-at-several-addresses",
        }
    }
}

/// Checks the latest rows of all who share a 世帯番号; those not registered (住民状態 other than 1) do not
/// count.
pub fn check_household<'r, V: Values + 'r>(members: impl IntoIterator<Item = &'r V>) -> Vec<HouseholdIssue> {
    let registered: Vec<&V> = members.into_iter().filter(|row| row.get(ItemNo::JUMIN_JOTAI) == "1").collect();
    let Some(first) = registered.first() else { return Vec::new() };
    let mut issues = Vec::new();
    match registered.iter().filter(|row| row.get(ItemNo::ZOKUGARA_CD1) == HEAD).count() {
        0 => issues.push(HouseholdIssue::NoHead),
        1 => {}
        _ => issues.push(HouseholdIssue::SeveralHeads),
    }
    let address = [ItemNo::JUSHO_MACHIAZA_CD, ItemNo::JUSHO_BANCHIGO, ItemNo::JUSHO_KATAGAKI];
    if registered.iter().any(|row| address.iter().any(|item| row.get(*item) != first.get(*item))) {
        issues.push(HouseholdIssue::SeveralAddresses);
    }
    issues
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodeTable, Row};

    fn member(status: &str, relationship: &str, banchi: &str) -> Row {
        let mut row = Row::new();
        row.set(ItemNo::JUMIN_JOTAI, status);
        row.set(ItemNo::ZOKUGARA_CD1, relationship);
        row.set(ItemNo::JUSHO_BANCHIGO, banchi);
        row
    }

    fn check(members: &[(&str, &str, &str)], expect: &[HouseholdIssue]) {
        let rows: Vec<Row> = members.iter().map(|(s, r, b)| member(s, r, b)).collect();
        assert_eq!(check_household(&rows), expect, "{members:?}");
    }

    #[test]
    fn a_household_has_one_head_and_one_address() {
        assert_eq!(CodeTable::find("relationship").unwrap().get(HEAD).unwrap().name_ja, "世帯主");
        check(&[], &[]);
        check(&[("1", "02", "1"), ("1", "12", "1"), ("1", "20", "1")], &[]);
        check(&[("1", "12", "1"), ("1", "20", "1")], &[HouseholdIssue::NoHead]);
        check(&[("1", "02", "1"), ("1", "02", "1")], &[HouseholdIssue::SeveralHeads]);
        check(&[("1", "02", "1"), ("1", "12", "2")], &[HouseholdIssue::SeveralAddresses]);
        check(&[("3", "02", "9"), ("1", "02", "1")], &[]);
        check(&[("2", "02", "1")], &[]);
    }
}
