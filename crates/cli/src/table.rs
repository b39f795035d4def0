//! A table of text, aligned for reading.

use std::fmt;

/// Rows of cells below a header; columns of numbers are aligned to the right.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column names and no rows yet.
    pub(crate) fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self {
            rows: vec![header.into_iter().map(Into::into).collect()],
        }
    }

    /// Adds a row, which has a cell for each column.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.rows[0].len(), "a cell for each column");
        self.rows.push(row);
    }

    fn width(&self, column: usize) -> usize {
        self.rows
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    }

    fn is_numeric(&self, column: usize) -> bool {
        let is_number = |cell: &str| cell.is_empty() || cell.parse::<f64>().is_ok();
        self.rows[1..].iter().all(|row| is_number(&row[column]))
    }
}

/// One line a row, indented by two spaces.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<(usize, bool)> = (0..self.rows[0].len())
            .map(|column| (self.width(column), self.is_numeric(column)))
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, (width, is_numeric)) in row.iter().zip(&columns) {
                let width = *width;
                line += "  ";
                line += &if *is_numeric {
                    right(cell, width)
                } else {
                    left(cell, width)
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn left(cell: &str, width: usize) -> String {
    format!("{cell:<width$}")
}

fn right(cell: &str, width: usize) -> String {
    format!("{cell:>width$}")
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn numbers_stand_right_and_words_left() {
        let mut table = Table::new(["trial", "state"]);
        table.push(vec!["7".to_owned(), "completed".to_owned()]);
        table.push(vec!["12".to_owned(), "failed".to_owned()]);
        assert_eq!(
            table.to_string(),
            "  trial  state\n      7  completed\n     12  failed\n"
        );
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        assert_eq!(Table::new(["a", "b"]).to_string(), "  a  b\n");
    }
}
