//! Tables for people: cells gathered in one text, told as wide as a terminal allows.

use std::borrow::Cow;
use std::io::{self, Write};

use super::layout::{self, Line};
use super::output::{BUFFER, harmless, one_line};

/// The cells of a table, its header first. They share one text: a table may have tens of thousands of them.
#[derive(Debug)]
pub struct Cells {
    columns: usize,
    text: String,
    cells: Vec<Cell>,
}

/// A cell: where in the text it ends, and how many columns of a terminal it takes in one line.
#[derive(Debug)]
struct Cell {
    end: usize,
    width: usize,
    /// Whether each byte is a column.
    plain: bool,
}

impl Cells {
    /// No rows yet.
    pub fn new(header: &[&str]) -> Self {
        let mut cells = Self { columns: header.len(), text: String::new(), cells: Vec::new() };
        header.iter().for_each(|label| cells.add(label));
        cells
    }

    /// Those of rows that are there already.
    pub fn of(header: &[&str], rows: &[Vec<String>]) -> Self {
        let mut cells = Self::new(header);
        for row in rows {
            (0..header.len()).for_each(|column| cells.add(row.get(column).map_or("", String::as_str)));
        }
        cells
    }

    /// Adds the next cell of a row, or the first of the next row.
    pub fn add(&mut self, text: &str) {
        self.write(|cell| cell.push_str(text));
    }

    /// The same; `tell` appends what the cell says.
    pub fn write(&mut self, tell: impl FnOnce(&mut String)) {
        let from = self.text.len();
        tell(&mut self.text);
        let text = &self.text[from..];
        let (mut width, plain) = (text.len(), layout::is_plain(text));
        if !plain {
            let shown = shown(text).into_owned();
            self.text.truncate(from);
            self.text += &shown;
            width = layout::width_of(&shown);
        }
        self.cells.push(Cell { end: self.text.len(), width, plain });
    }

    /// Writes the table in lines of at most that width, as far as it can be so narrow. Columns named in `numbers` stand to
    /// the right.
    pub fn write_to(&self, out: &mut dyn Write, width: usize, numbers: &[usize]) -> io::Result<()> {
        let widest = |column| {
            let cells = self.cells.iter().skip(column).step_by(self.columns);
            cells.map(|cell| cell.width).max().unwrap_or(0)
        };
        let wanted: Vec<usize> = (0..self.columns).map(widest).collect();
        let widths = layout::fit(&wanted, width);
        let mut told = String::with_capacity(BUFFER);
        let mut lines: Vec<Vec<Line<'_>>> = vec![Vec::new(); self.columns];
        let mut from = 0;
        for row in self.cells.chunks(self.columns.max(1)) {
            let mut height = 0;
            for ((cell, width), lines) in row.iter().zip(&widths).zip(&mut lines) {
                lines.clear();
                let text = &self.text[from..cell.end];
                from = cell.end;
                if cell.width <= *width {
                    lines.push(Line { text, width: cell.width })
                } else {
                    layout::wrap_onto(lines, text, *width, cell.plain)
                }
                height = height.max(lines.len());
            }
            for line in 0..height {
                let lines = lines.iter().map(|lines| lines.get(line).copied().unwrap_or_default());
                tell_line(&mut told, lines, &widths, numbers);
            }
            if told.len() > BUFFER / 2 {
                out.write_all(told.as_bytes())?;
                told.clear();
            }
        }
        out.write_all(told.as_bytes())
    }
}

/// Appends a line of a row, and its end.
fn tell_line<'text>(
    out: &mut String,
    lines: impl Iterator<Item = Line<'text>>,
    widths: &[usize],
    numbers: &[usize],
) {
    let start = out.len();
    // What is blank at the end is not told.
    let mut blanks = 0;
    for (column, line) in lines.enumerate() {
        let blank = widths[column].saturating_sub(line.width);
        let (before, after) = if numbers.contains(&column) { (blank, 0) } else { (0, blank) };
        blanks += before;
        if !line.text.is_empty() {
            pad(out, std::mem::take(&mut blanks));
            *out += line.text;
        }
        blanks += after + layout::GAP;
    }
    out.truncate(start + out[start..].trim_end().len());
    out.push('\n');
}

/// What a cell of a table shows: one line, with nothing that a terminal would obey.
fn shown(text: &str) -> Cow<'_, str> {
    match harmless(text) {
        Cow::Borrowed(text) => one_line(text),
        Cow::Owned(text) => one_line(&text).into_owned().into(),
    }
}

fn pad(line: &mut String, mut blanks: usize) {
    const BLANKS: &str = "                                ";
    while blanks > 0 {
        let some = blanks.min(BLANKS.len());
        line.push_str(&BLANKS[..some]);
        blanks -= some;
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;

    fn told(rows: &[&[&str]], width: usize, numbers: &[usize]) -> Vec<String> {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        let mut told = Vec::new();
        let cells = Cells::of(&["name", "count", "where"], &rows);
        cells.write_to(&mut told, width, numbers).expect("written");
        String::from_utf8(told).expect("text").lines().map(str::to_owned).collect()
    }

    #[test]
    fn columns_stand_below_each_other_and_no_line_ends_in_blanks() {
        assert_eq!(
            told(&[&["Sales", "7", "Finance"], &["Q3", "1,234", ""], &["", "", ""]], 80, &[1]),
            ["name   count  where", "Sales      7  Finance", "Q3     1,234", ""]
        );
        assert_eq!(
            told(&[&["Sales"], &["a", "b", "c", "d"]], 80, &[]),
            ["name   count  where", "Sales", "a      b      c"]
        );
        assert_eq!(told(&[], 80, &[]), ["name  count  where"]);
    }

    #[test]
    fn a_long_table_is_told_whole() {
        let rows: Vec<[String; 3]> =
            (0..20_000).map(|row| [row.to_string(), "1".into(), "x".into()]).collect();
        let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let told = told(&rows, 80, &[]);
        assert_eq!(told.len(), 20_001);
        assert_eq!(told[20_000], "19999  1      x");
    }

    #[test]
    fn a_cell_that_is_too_wide_goes_on_below() {
        assert_eq!(
            told(&[&["Net Retention by Quarter", "12", "Customer Success/Reports"]], 36, &[1]),
            [
                "name           count  where",
                "Net Retention     12  Customer",
                "by Quarter            Success/",
                "                      Reports",
            ]
        );
    }

    #[test]
    fn cells_are_as_wide_as_they_look_and_command_nothing() {
        assert_eq!(
            told(&[&["日本", "a\nb", "\u{1b}[2J"], &["é", "x", "\u{a0}"]], 80, &[]),
            ["name  count  where", "日本  a\\nb   \\u{1b}[2J", "é     x"]
        );
    }
}
