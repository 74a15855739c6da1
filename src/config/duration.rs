//! A span of time as people write it: a whole number with its unit, or 0.

use std::time::Duration;

/// Seconds in each unit.
const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];

/// The longest span that makes sense, in days.
const MOST_DAYS: u64 = 3650;

/// Reads `90s`, `30m`, `12h`, `7d` or `0`; `None` for anything else, and for what is longer than ten years.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let unit = text.chars().last()?;
    let (_, seconds) = UNITS.iter().find(|(known, _)| *known == unit)?;
    let number = text.strip_suffix(unit).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let span = number.parse::<u64>().ok()?.checked_mul(*seconds)?;
    (span <= MOST_DAYS * 86_400).then_some(Duration::from_secs(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_whole_number_and_a_unit() {
        for (text, seconds) in
            [("0", 0), ("0d", 0), ("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800)]
        {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "7", "d", "-1d", "1.5h", "7 d", "7D", "1w", "3651d", "99999999999999999999d", "١d"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
