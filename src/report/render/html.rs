//! HTML: one page that needs nothing else and runs nothing. Every value goes through the template engine's escaping.

use askama::Template;

use super::{Out, caption, closing, doubts, facts, shown};
use crate::report::make::{Head, Render, Totals};
use crate::report::row::{Cell, ReportError};
use crate::report::table::{Column, Report, Type};

/// The one style sheet; the page's policy names it by its hash.
const STYLE: &str = include_str!("../templates/page.css");
/// SHA-256 of [`STYLE`] in base64. A test says which one is right.
const STYLE_HASH: &str = "sha256-t0bh3nb6dP0rSnpNvEcxbV/pEOaAkOjpFkoHPSL8Q7c=";

#[derive(Template)]
#[template(path = "begin.html", config = "src/report/askama.toml")]
struct Begin<'a> {
    title: String,
    caption: String,
    doubts: String,
    style: &'static str,
    style_hash: &'static str,
    columns: Vec<&'a Column>,
}

#[derive(Template)]
#[template(path = "row.html", config = "src/report/askama.toml")]
struct TableRow<'a> {
    facts: String,
    width: usize,
    cells: Vec<HtmlCell<'a>>,
}

struct HtmlCell<'a> {
    class: &'static str,
    text: std::borrow::Cow<'a, str>,
}

#[derive(Template)]
#[template(path = "end.html", config = "src/report/askama.toml")]
struct End {
    closing: String,
}

/// Writes HTML.
pub struct Html<'a> {
    out: Out<'a>,
}

impl<'a> Html<'a> {
    /// To there.
    pub fn new(out: Out<'a>) -> Self {
        Self { out }
    }

    fn put(&mut self, template: &impl Template) -> Result<(), ReportError> {
        let text = template.render().map_err(|error| ReportError::Internal(error.to_string()))?;
        Ok(self.out.write_all(text.as_bytes())?)
    }
}

impl Render for Html<'_> {
    fn begin(&mut self, head: &Head<'_>) -> Result<(), ReportError> {
        self.put(&Begin {
            title: format!("{} {}", head.report.id, head.report.name),
            caption: caption(head),
            doubts: doubts(head.unread),
            style: STYLE,
            style_hash: STYLE_HASH,
            columns: shown(head.report).into_iter().map(|(_, column)| column).collect(),
        })
    }

    fn row(&mut self, report: &Report, cells: &[Cell<'_>], is_summary: bool) -> Result<(), ReportError> {
        let columns = shown(report);
        let width = columns.len();
        if is_summary {
            return self.put(&TableRow { facts: facts(report, cells), width, cells: Vec::new() });
        }
        let cell = |(place, column): &(usize, &Column)| HtmlCell {
            class: class(column, &cells[*place]),
            text: cells[*place].text(),
        };
        self.put(&TableRow { facts: String::new(), width, cells: columns.iter().map(cell).collect() })
    }

    fn end(&mut self, report: &Report, totals: &Totals) -> Result<(), ReportError> {
        self.put(&End { closing: closing(report, totals) })
    }
}

/// The style of a cell: of our own words only, never of a name.
fn class(column: &Column, cell: &Cell<'_>) -> &'static str {
    let words = ["critical", "high", "medium", "low", "info"];
    match column.name {
        "severity" => words.into_iter().find(|word| *word == cell.text()).unwrap_or(""),
        _ if column.kind == Type::Number => "number",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::{STYLE, STYLE_HASH};

    /// RFC 4648; small enough not to be worth a dependency of a test.
    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let mut word = [0; 3];
            word[..chunk.len()].copy_from_slice(chunk);
            let word = u32::from_be_bytes([0, word[0], word[1], word[2]]);
            for place in 0..4 {
                let digit = DIGITS[(word >> (18 - 6 * place) & 63) as usize];
                text.push(if place > chunk.len() { '=' } else { char::from(digit) });
            }
        }
        text
    }

    #[test]
    fn the_policy_names_the_style_sheet() {
        assert_eq!(base64(b"ab"), "YWI=");
        assert_eq!(STYLE_HASH, format!("sha256-{}", base64(&Sha256::digest(STYLE))));
    }
}
