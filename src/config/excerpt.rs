//! The line of a settings file that an error points at, with a caret, and without the secrets on it.

use std::fmt;
use std::ops::Range;

/// Words that mark a line as one that may hold a secret.
const SECRETIVE: &[&str] =
    &["secret", "secrt", "token", "passw", "pwd", "key", "credential", "jwt", "bearer"];

/// Where a value that was cut out is mentioned.
pub(crate) const REDACTED: &str = "[redacted]";

/// The longest line shown; a longer one is cut.
const WIDEST: usize = 120;

/// One line of a settings file and the part of it that is meant.
#[derive(Clone, Debug)]
pub(crate) struct Excerpt {
    line: String,
    /// First marked character and how many; `None` if that part is not shown.
    mark: Option<(usize, usize)>,
}

/// A place in a text, as people count.
pub(crate) struct Spot {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) excerpt: Excerpt,
}

/// Finds a byte range of `text` again as line, column and excerpt.
pub(crate) fn locate(text: &str, span: Range<usize>) -> Spot {
    let start = floor(text, span.start);
    let end = floor(text, span.end.max(span.start));
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    let column = text[line_start..start].chars().count();
    // A span over several lines is marked to the end of its first one.
    let length = text[start..end].lines().next().unwrap_or("").chars().count().max(1);

    let kept = visible(line, &text[..line_start]);
    let cut = kept.len() < line.len();
    let mut shown: String = kept.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WIDEST).collect();
    let visible_length = shown.chars().count();
    let mark = if column < visible_length || (!cut && column <= visible_length) {
        Some((column, length.min((visible_length - column).max(1))))
    } else {
        cut.then_some((visible_length, REDACTED.len()))
    };
    if cut {
        shown.push_str(REDACTED);
    }
    Spot {
        line: text[..line_start].matches('\n').count() + 1,
        column: column + 1,
        excerpt: Excerpt { line: shown, mark },
    }
}

/// The largest character boundary of `text` that is not behind `index`.
fn floor(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The part of `line` that may be shown: all of it, or what stands before a value that may be secret.
fn visible<'a>(line: &'a str, before: &str) -> &'a str {
    if before.lines().any(|earlier| secretive(earlier) && leaves_open(earlier)) {
        return "";
    }
    if !secretive(line) {
        return line;
    }
    let separator = if line.trim_start().starts_with('[') { ']' } else { '=' };
    let end = line.find(separator).map_or(0, |at| at + 1);
    let spaces = line[end..].len() - line[end..].trim_start().len();
    if line[end..].trim().is_empty() { line } else { &line[..end + spaces] }
}

/// Whether a line may hold a secret: by a word in it, or a user and password in a URL.
fn secretive(line: &str) -> bool {
    let line = line.to_lowercase();
    SECRETIVE.iter().any(|word| line.contains(word))
        || (line.contains('@') && ["://", "proxy", "url"].iter().any(|word| line.contains(word)))
}

/// Whether the value of a line may go on in the lines below it. A one-line string cannot.
fn leaves_open(line: &str) -> bool {
    if line.trim_start().starts_with(['#', '[']) {
        return false;
    }
    line.split_once('=').is_none_or(|(_, value)| {
        let value = value.trim_start();
        value.is_empty() || ["\"\"\"", "'''", "[", "{", "#"].iter().any(|open| value.starts_with(open))
    })
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}", self.line.trim_end())?;
        if let Some((start, length)) = self.mark {
            writeln!(f, "  {:start$}{:^<length$}", "", "")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, part: &str) -> String {
        let start = text.find(part).expect("the part is in the text");
        locate(text, start..start + part.len()).excerpt.to_string()
    }

    #[test]
    fn a_value_is_underlined_where_it_stands() {
        assert_eq!(shown("a = 1\nbé = \"ü\"\n", "\"ü\""), "  bé = \"ü\"\n       ^^^\n");
    }

    #[test]
    fn positions_count_characters_from_one_and_survive_the_end_of_the_text() {
        let text = "a = 1\r\nbé = 2";
        let spot = locate(text, text.len() - 1..text.len());
        assert_eq!((spot.line, spot.column), (2, 6));
        let spot = locate(text, 99..99);
        assert_eq!((spot.line, spot.column), (2, 7));
        assert_eq!(spot.excerpt.to_string(), "  bé = 2\n        ^\n");
        // A span inside a character is a parser's slip that must not become a panic.
        assert_eq!(locate("é", 1..1).column, 1);
    }

    #[test]
    fn no_secret_of_a_line_is_shown_however_it_is_written() {
        let texts = [
            "client_secret = \"hunter2\"",
            "client_secret: hunter2",
            "client_secrt = hunter2",
            "sigma = { client_id = \"a\", client_secret = \"hunter2\" }",
            "[client_secret] hunter2",
            "client_secret =\n\"hunter2\"",
            "client_secret = \"\"\"\nhunter2\n\"\"\"",
            "client_secret = [\n\"hunter2\"\n]",
            "client_secret\n= \"hunter2\"",
            "proxy = \"http://me:hunter2@proxy\"",
            "api-url = \"me:hunter2@api\"",
        ];
        for text in texts {
            assert!(!shown(text, "hunter2").contains("hunter2"), "{text}");
            assert!(shown(text, "hunter2").contains(REDACTED), "{text}");
        }
    }

    #[test]
    fn a_line_after_a_closed_secret_is_shown() {
        assert_eq!(shown("client_secret = \"x\"\nsql = 3", "3"), "  sql = 3\n        ^\n");
        assert_eq!(shown("# the token\nsql = 3", "3"), "  sql = 3\n        ^\n");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal_and_long_lines_are_cut() {
        assert_eq!(shown("a\t= \u{1b}[31m7", "7"), "  a =  [31m7\n           ^\n");
        let long = format!("a = \"{}\" # b", "x".repeat(500));
        assert_eq!(shown(&long, "# b").lines().count(), 1);
        assert!(shown(&long, "# b").len() < WIDEST + 4);
    }
}
