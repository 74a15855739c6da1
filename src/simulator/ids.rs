//! Identifiers as Sigma writes them: UUIDs, their base62 "urlId" form, and short random ids.
use std::fmt;

use serde::{Serialize, Serializer};

/// The digits of a urlId, in order of value.
const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// The characters of page and element ids.
const NANO: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// A UUID; shown in the usual hyphenated lower-case form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(pub u128);

impl Uuid {
    /// Reads the hyphenated form.
    pub fn parse(text: &str) -> Option<Self> {
        let hyphens_right = text.len() == 36
            && text.bytes().enumerate().all(|(i, b)| (b == b'-') == matches!(i, 8 | 13 | 18 | 23));
        if !hyphens_right {
            return None;
        }
        u128::from_str_radix(&text.replace('-', ""), 16).ok().map(Self)
    }

    /// Reads a urlId (base62 of the sixteen bytes).
    pub fn parse_url_id(text: &str) -> Option<Self> {
        if !(16..=22).contains(&text.len()) {
            return None;
        }
        let mut value: u128 = 0;
        for byte in text.bytes() {
            let digit = DIGITS.iter().position(|d| *d == byte)? as u128;
            value = value.checked_mul(62)?.checked_add(digit)?;
        }
        Some(Self(value))
    }

    /// Reads either form.
    pub fn parse_any(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse_url_id(text))
    }

    /// The urlId: base62, big-endian, one leading `0` for each leading zero byte.
    pub fn url_id(self) -> String {
        let mut digits = Vec::with_capacity(22);
        let mut rest = self.0;
        while rest > 0 {
            digits.push(DIGITS[(rest % 62) as usize]);
            rest /= 62;
        }
        let zero_bytes = (self.0.leading_zeros() / 8) as usize;
        digits.extend(std::iter::repeat_n(b'0', zero_bytes));
        digits.iter().rev().map(|b| char::from(*b)).collect()
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Scrambles a number; the step of the splitmix64 generator.
pub fn scramble(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One number that depends on all of `words` and their order.
pub fn mix(words: &[u64]) -> u64 {
    words.iter().fold(0x5157_4d41, |state, word| scramble(state ^ scramble(*word)))
}

/// Reproducible chance: the same words always give the same throws.
#[derive(Debug, Clone)]
pub struct Dice(fastrand::Rng);

impl Dice {
    /// Dice that depend on all of `words`.
    pub fn new(words: &[u64]) -> Self {
        Self(fastrand::Rng::with_seed(mix(words)))
    }

    /// A number from 0 to `limit - 1`; 0 when `limit` is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { self.0.usize(..limit) }
    }

    /// True in `percent` of a hundred throws.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// A random UUID (version 4).
    pub fn uuid(&mut self) -> Uuid {
        let bits = self.0.u128(..);
        Uuid(bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62))
    }

    /// Ten characters, as Sigma names pages and elements.
    pub fn nano(&mut self) -> String {
        (0..10).map(|_| char::from(NANO[self.below(NANO.len())])).collect()
    }

    /// `length` letters and digits, as Sigma names members (29 of them).
    pub fn letters(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(DIGITS[self.below(DIGITS.len())])).collect()
    }

    /// `length` hexadecimal digits, as in client ids and tokens.
    pub fn hex(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(DIGITS[self.below(16)])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_ids_match_pairs_seen_on_live_organisations() {
        for (uuid, url_id) in [
            ("3ee61405-3be2-4000-ba72-60d36757b95b", "1UGFyEQCHqwPfQoAec3xJ9"),
            ("1b47afdb-db4e-4a2c-9fa4-fc1332f4a097", "Ptyl1jrKEO18RDX9y1d4P"),
            ("002814d6-59dd-47a1-9f35-c852a8155203", "0ijFvkwmxRPAwflBXQu1t"),
        ] {
            let parsed = Uuid::parse(uuid).expect("a UUID");
            assert_eq!(parsed.url_id(), url_id);
            assert_eq!(Uuid::parse_url_id(url_id), Some(parsed));
            assert_eq!(parsed.to_string(), uuid);
        }
        assert_eq!(Uuid::parse_any("not an id at all, really"), None);
    }

    #[test]
    fn the_same_words_throw_the_same_dice() {
        assert_eq!(Dice::new(&[1, 2]).uuid(), Dice::new(&[1, 2]).uuid());
        assert_ne!(Dice::new(&[1, 2]).uuid(), Dice::new(&[2, 1]).uuid());
    }
}
