//! How wide the columns of a table are, and where its cells break.

use console::measure_text_width;

/// A column up to this width is not broken, where that leaves room for the others.
const SHORT: usize = 14;

/// What a longer column needs.
const LEAST: usize = 10;

/// Spaces between two columns.
pub const GAP: usize = 2;

/// How many columns of a terminal a text takes.
pub fn width_of(text: &str) -> usize {
    // Most texts are plain; working out how wide the others are takes many times as long.
    if is_plain(text) { text.len() } else { measure_text_width(text) }
}

/// Whether each byte is a character that takes one column and that no terminal obeys.
pub fn is_plain(text: &str) -> bool {
    let plain = |bytes: &[u8]| bytes.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    // As many at a time as a machine compares at once.
    let (chunks, rest) = text.as_bytes().as_chunks::<16>();
    chunks.iter().all(|chunk| plain(chunk)) && plain(rest)
}

/// The widths of columns that would like to be that wide, so that they fit the total.
///
/// Short columns stay whole as long as the others get what they need; those share the rest, none more than it can use.
pub fn fit(wanted: &[usize], total: usize) -> Vec<usize> {
    let gaps = GAP * wanted.len().saturating_sub(1);
    let room = total.saturating_sub(gaps);
    let mut widths = wanted.to_vec();
    if wanted.iter().sum::<usize>() <= room {
        return widths;
    }
    let is_short = |width: &usize| *width <= SHORT;
    let short: usize = wanted.iter().filter(|width| is_short(width)).sum();
    let long = wanted.iter().filter(|width| !is_short(width)).count();
    let keep_short = short + long * LEAST <= room;
    let mut left = if keep_short { room - short } else { room };
    // The narrowest first: what one does not need is there for the wider ones.
    let mut open: Vec<usize> =
        (0..wanted.len()).filter(|place| !(keep_short && is_short(&wanted[*place]))).collect();
    open.sort_by_key(|place| wanted[*place]);
    for (done, place) in open.iter().enumerate() {
        let share = left / (open.len() - done);
        widths[*place] = wanted[*place].min(share).max(1);
        left = left.saturating_sub(widths[*place]);
    }
    widths
}

/// The text in lines of at most that width, broken after words where possible, else after parts of them.
pub fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    wrap_onto(&mut lines, text, width, is_plain(text));
    lines.into_iter().map(|line| line.text).collect()
}

/// A text in one line, and how many columns of a terminal it takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line<'text> {
    /// The text.
    pub text: &'text str,
    /// Its columns.
    pub width: usize,
}

/// The same, added to lines that are there; `plain`: whether the [text is](is_plain).
pub fn wrap_onto<'text>(lines: &mut Vec<Line<'text>>, text: &'text str, width: usize, plain: bool) {
    if plain {
        wrap_line(text, width.max(1), lines, str::len, |text, width| (width, text[width..].chars().next()));
    } else {
        for line in text.split('\n') {
            wrap_line(line, width.max(1), lines, width_of, end_of_line);
        }
    }
}

/// `width_of` and `end_of_line`: for texts of this kind.
fn wrap_line<'text>(
    line: &'text str,
    width: usize,
    lines: &mut Vec<Line<'text>>,
    width_of: impl Fn(&str) -> usize,
    end_of_line: impl Fn(&str, usize) -> (usize, Option<char>),
) {
    let mut add = |text| lines.push(Line { text, width: width_of(text) });
    let mut is_first = true;
    let mut rest = line;
    while width_of(rest) > width {
        let (end, next) = end_of_line(rest, width);
        let last = |wanted: fn(&u8) -> bool| rest.as_bytes()[..end].iter().rposition(wanted);
        // Where the line may end at best: after a word, after a part of one.
        let word = || if next == Some(' ') { end } else { last(|byte| *byte == b' ').unwrap_or(0) };
        let part = || last(|byte| matches!(byte, b'/' | b'_' | b'-' | b'@' | b',')).map_or(0, |at| at + 1);
        // A character may be wider than the line.
        let end = if end == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { end };
        // A break that leaves most of the line empty is worse than a broken word.
        let fair = |at: &usize| at * 3 > end;
        let at = Some(word()).filter(fair).or_else(|| Some(part()).filter(fair)).unwrap_or(end);
        add(rest[..at].trim_end());
        rest = rest[at..].trim_start_matches(' ');
        is_first = false;
    }
    if !rest.is_empty() || is_first {
        add(rest);
    }
}

/// Where a text no longer fits a width that it is wider than, and the character that stands there.
fn end_of_line(text: &str, width: usize) -> (usize, Option<char>) {
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += width_of(c.encode_utf8(&mut [0; 4]));
        if taken > width {
            return (at, Some(c));
        }
    }
    (text.len(), None)
}

#[cfg(test)]
mod tests {
    use super::{fit, wrap};

    #[test]
    fn columns_that_fit_are_as_wide_as_they_like() {
        assert_eq!(fit(&[4, 20, 60], 100), [4, 20, 60]);
        assert_eq!(fit(&[], 100), Vec::<usize>::new());
    }

    #[test]
    fn short_columns_stay_whole_and_the_others_share_the_rest() {
        // 100 - 3 gaps = 94; 8 and 14 are short, 72 are left: 20 has all it wants.
        assert_eq!(fit(&[8, 20, 14, 60], 100), [8, 20, 14, 52]);
        assert_eq!(fit(&[8, 90, 14, 60], 100), [8, 36, 14, 36]);
        // No room for short ones to stay whole: all share.
        assert_eq!(fit(&[12, 12, 30], 24), [6, 7, 7]);
        assert!(fit(&[50, 50, 50], 3).iter().all(|width| *width == 1));
    }

    #[test]
    fn cells_break_after_words_then_after_parts_of_them_then_anywhere() {
        assert_eq!(wrap("Customer Success/Net Retention", 12), ["Customer", "Success/Net", "Retention"]);
        assert_eq!(wrap("member_archived_by_scim", 12), ["member_", "archived_by_", "scim"]);
        assert_eq!(wrap("ina.inactive@northwind.example", 14), ["ina.inactive@", "northwind.exam", "ple"]);
        assert_eq!(wrap("a bcdefghijklmnop", 8), ["a bcdefg", "hijklmno", "p"]);
        assert_eq!(wrap("one two", 3), ["one", "two"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
    }
}
