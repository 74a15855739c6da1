//! What makes two spellings the same address or the same login name, and what merely looks alike.
//!
//! A wrong match shows one person's content to another, so the rules are narrow: Unicode's NFC and the case of ASCII
//! letters, nothing else. Lower-casing all of Unicode would make `ſ` equal `s` and the Kelvin sign equal `k`, which is
//! how accounts have been stolen elsewhere. What cannot be compared safely is refused, never repaired.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Why a text can be no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// A control character, line breaks included.
    #[error("holds the control character U+{:04X}", u32::from(*.0))]
    Control(char),
    /// A character that shows nothing: zero width, direction marks, variation selectors.
    #[error("holds the invisible character U+{:04X}", u32::from(*.0))]
    Invisible(char),
    /// A character that Unicode turns into an ASCII one, such as the Kelvin sign.
    #[error("holds U+{:04X}, which passes for a plain character", u32::from(*.0))]
    Disguised(char),
    /// White space inside.
    #[error("has white space inside")]
    Space,
    /// No local part, no domain, or more than one `@`.
    #[error("is not an e-mail address")]
    NotAnAddress,
    /// A domain that no two programs would read alike.
    #[error("has the domain `{0}`, which is not written in one clear way")]
    Domain(String),
}

impl KeyError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Empty => "fill it in, or delete the line",
            Self::Control(_) => "retype it on one line; a quote may be missing nearby",
            Self::Invisible(_) | Self::Disguised(_) => "retype it by hand instead of pasting it",
            Self::Space => "remove the white space",
            Self::NotAnAddress => "write it as name@domain",
            Self::Domain(_) => "write the domain as its owner does, or in its xn-- form",
        }
    }
}

/// What an e-mail address is compared by: two addresses are the same if and only if their keys are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailKey(String);

/// What a catalog's login name is compared by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserKey(String);

impl EmailKey {
    /// The key of an address: trimmed, NFC; the local part with ASCII letters in lower case, the domain as IDNA's
    /// A-labels. Nothing is done about dots and plus signs, which are part of the name.
    ///
    /// # Errors
    /// [`KeyError`] for what cannot be compared safely.
    pub fn new(address: &str) -> Result<Self, KeyError> {
        let text = clean(address, Spaces::Refused)?;
        let (local, domain) = text.split_once('@').ok_or(KeyError::NotAnAddress)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(KeyError::NotAnAddress);
        }
        let mut key = local.to_ascii_lowercase();
        for (index, label) in domain.split('.').enumerate() {
            key.push(if index == 0 { '@' } else { '.' });
            key.push_str(&domain_label(label).ok_or_else(|| KeyError::Domain(domain.to_owned()))?);
        }
        Ok(Self(key))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the address looks like to a person: addresses with different keys and one skeleton can be mistaken for each
    /// other. For warnings only.
    pub fn skeleton(&self) -> String {
        let readable = match self.0.split_once('@') {
            Some((local, domain)) if domain.contains("xn--") => {
                format!("{local}@{}", idna::domain_to_unicode(domain).0)
            }
            _ => self.0.clone(),
        };
        unicode_security::skeleton(&readable).collect()
    }
}

impl UserKey {
    /// The key of a login name: trimmed, NFC, ASCII letters in lower case. Plain spaces may stand inside.
    ///
    /// # Errors
    /// [`KeyError`] for what cannot be compared safely.
    pub fn new(name: &str) -> Result<Self, KeyError> {
        Ok(Self(clean(name, Spaces::Kept)?.to_ascii_lowercase()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Display for UserKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether plain spaces may stand inside a text. Other white space never may: it cannot be told from a space.
#[derive(Clone, Copy, PartialEq)]
enum Spaces {
    Kept,
    Refused,
}

/// Trimmed and in NFC, if it holds nothing but what a person can see.
fn clean(text: &str, spaces: Spaces) -> Result<String, KeyError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    for c in text.chars() {
        if c.is_control() {
            return Err(KeyError::Control(c));
        }
        if is_invisible(c) {
            return Err(KeyError::Invisible(c));
        }
        if c.is_whitespace() && (c != ' ' || spaces == Spaces::Refused) {
            return Err(KeyError::Space);
        }
        // A few characters are by Unicode's definition the same as an ASCII one: NFC would turn them into it.
        if !c.is_ascii() && std::iter::once(c).nfc().all(|c| c.is_ascii()) {
            return Err(KeyError::Disguised(c));
        }
    }
    Ok(if is_nfc(text) { text.to_owned() } else { text.nfc().collect() })
}

/// A label of a domain as an A-label. One that IDNA would have to rewrite, other than in case, is refused: `ſ` for `s`,
/// full-width letters, an ideographic full stop.
fn domain_label(label: &str) -> Option<String> {
    if label.is_empty() {
        return None;
    }
    if label.is_ascii() {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        return plain.then(|| label.to_ascii_lowercase());
    }
    let ascii = idna::domain_to_ascii(label).ok()?;
    let lower: String = label.chars().flat_map(char::to_lowercase).nfc().collect();
    (idna::domain_to_unicode(&ascii).0 == lower).then_some(ascii)
}

/// Characters that show nothing and are not white space, sorted: default-ignorable code points of Unicode, and the
/// annotation marks.
const INVISIBLE: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

fn is_invisible(c: char) -> bool {
    !c.is_ascii() && INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}
