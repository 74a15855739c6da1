//! Lists as one text, for flags and environment variables: separated by commas, `\,` a comma within an entry, `\\` a
//! backslash.

/// The entries of a text; none of an empty one. A backslash before anything else stands for itself.
pub(crate) fn split(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut entries = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped =
            if character == '\\' { characters.next_if(|next| matches!(next, ',' | '\\')) } else { None };
        match (escaped, character) {
            (None, ',') => entries.push(String::new()),
            (escaped, character) => {
                if let Some(entry) = entries.last_mut() {
                    entry.push(escaped.unwrap_or(character));
                }
            }
        }
    }
    entries
}

/// The text that [`split`] reads as these entries.
pub(crate) fn join<T: AsRef<str>>(entries: &[T]) -> String {
    let escaped = entries.iter().map(|entry| entry.as_ref().replace('\\', "\\\\").replace(',', "\\,"));
    escaped.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{join, split};

    #[test]
    fn commas_separate_unless_escaped() {
        for (text, entries) in [
            ("", vec![]),
            ("Sales", vec!["Sales"]),
            ("Sales,Sales/Q3 2026", vec!["Sales", "Sales/Q3 2026"]),
            (r"Plan\, Build,Run", vec!["Plan, Build", "Run"]),
            (r"C:\\,D:\x", vec![r"C:\", r"D:\x"]),
            ("a,", vec!["a", ""]),
        ] {
            assert_eq!(split(text), entries, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_joined_is_split_again(entries in proptest::collection::vec(r"[a-z,\\ ]{1,6}", 0..5)) {
            prop_assert_eq!(split(&join(&entries)), entries);
        }
    }
}
