//! Tables for people: columns align on terminals whatever the width of the characters.

use std::fmt;

use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

/// A rule under the header and nothing else, so that lines survive being pasted into a mail.
const PLAIN: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('-').junction(' '))
    .content_lines(ContentLineStyle::none().junction(' '));

/// A table with a header.
#[derive(Debug)]
pub struct TextTable {
    table: Table,
    right_aligned: Vec<bool>,
}

impl TextTable {
    /// A table with these columns; a header that starts with `>` is of a column of numbers, set to the right.
    pub fn new<'h>(headers: impl IntoIterator<Item = &'h str>) -> Self {
        let headers: Vec<&str> = headers.into_iter().collect();
        let right_aligned: Vec<bool> = headers.iter().map(|header| header.starts_with('>')).collect();
        let mut table = Table::new();
        table.load_style(PLAIN);
        table.set_content_arrangement(ContentArrangement::Disabled);
        let cells = headers.iter().zip(&right_aligned);
        let cells = cells.map(|(header, right)| cell(header.trim_start_matches('>'), *right));
        table.set_header(cells.collect::<Vec<_>>());
        Self { table, right_aligned }
    }

    /// Adds a row.
    pub fn row<T: ToString>(&mut self, fields: impl IntoIterator<Item = T>) {
        let aligned = self.right_aligned.iter().copied().chain(std::iter::repeat(false));
        let cells = fields.into_iter().zip(aligned).map(|(field, right)| cell(&field.to_string(), right));
        self.table.add_row(cells.collect::<Vec<_>>());
    }
}

fn cell(text: &str, is_right: bool) -> Cell {
    let alignment = if is_right { CellAlignment::Right } else { CellAlignment::Left };
    Cell::new(text).set_alignment(alignment)
}

impl fmt::Display for TextTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.table.trim_fmt();
        let lines: Vec<&str> = text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_align() {
        let mut table = TextTable::new(["名称", ">行"]);
        table.row(["個人住民税", "1"]);
        table.row(["abc", "1000"]);
        assert_eq!(
            table.to_string(),
            "名称           行\n\
             ------------ ------\n\
             個人住民税      1\n\
             abc          1000"
        );
    }
}
