//! "Did you mean": the nearest known name to one that is not known.

/// Edits (insert, delete, replace, swap of neighbours) that turn one text into the other.
pub(crate) fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut current = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let replaced = previous[j] + usize::from(a != b);
            let mut cost = replaced.min(previous[j + 1] + 1).min(current[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                cost = cost.min(before[j - 1] + 1);
            }
            current.push(cost);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

/// The candidate nearest to `name`, if it is near enough to be what was meant. Case and `-` for `_` are free.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Edits are quadratic in the length, and nothing this long is a typing mistake of ours.
    if name.len() > 64 {
        return None;
    }
    let name = name.to_lowercase().replace('-', "_");
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&name, candidate), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_each_kind_of_edit_once() {
        let cases = [
            ("grants", "grants", 0),
            ("grant", "grants", 1),
            ("grantss", "grants", 1),
            ("gramts", "grants", 1),
        ];
        for (left, right, edits) in cases.into_iter().chain([("garnts", "grants", 1), ("", "abc", 3)]) {
            assert_eq!(distance(left, right), edits, "{left} -> {right}");
            assert_eq!(distance(right, left), edits, "{right} -> {left}");
        }
    }

    #[test]
    fn only_a_near_name_is_suggested_and_the_nearest_wins() {
        let known = ["sql", "lineage", "reports", "data_models"];
        assert_eq!(nearest("linage", known), Some("lineage"));
        assert_eq!(nearest("Data-Models", known), Some("data_models"));
        assert_eq!(nearest("A-B-C", ["a_b_c"]), Some("a_b_c"));
        assert_eq!(nearest("report", known), Some("reports"));
        assert_eq!(nearest("quarantine", known), None);
        assert_eq!(nearest(&"x".repeat(65), known), None);
    }
}
