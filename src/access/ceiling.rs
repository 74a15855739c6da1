//! What an account type lets its members use at most, from Sigma's words for what it allows.
//!
//! Sigma lists these words (`/v2/accountTypes/{id}/permissions`) without saying what each lifts a member to. One is
//! established: `view-worksheet`, the example of Sigma's own reference, lets a member open what it was given and no more.
//! A type that allows nothing else is capped at `view`. With any other word in the list the cap is not known, and so it is
//! with an empty list: a cap that is too high would show access where there is none.

use super::level::Level;

/// The words whose meaning is established, each with the highest level it can lift a member to.
const ESTABLISHED: &[(&str, Level)] = &[("view-worksheet", Level::View)];

/// The highest level that those words together allow; `None` where that is not known.
pub fn ceiling<'words>(words: impl IntoIterator<Item = &'words str>) -> Option<Level> {
    let mut highest = None;
    for word in words {
        let (_, level) = ESTABLISHED.iter().find(|(known, _)| *known == word)?;
        highest = highest.max(Some(*level));
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_known_only_where_every_word_is() {
        assert_eq!(ceiling(["view-worksheet"]), Some(Level::View));
        assert_eq!(ceiling(["view-worksheet", "view-worksheet"]), Some(Level::View));
        for words in [&["view-worksheet", "fly"][..], &["fly", "view-worksheet"], &["View-Worksheet"], &[]] {
            assert_eq!(ceiling(words.iter().copied()), None, "{words:?}");
        }
    }
}
