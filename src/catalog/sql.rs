//! The rule that makes stored SQL stable and free of personal data.

/// Sigma ends the SQL it compiles with a comment that holds the id of the request and the e-mail of the token's owner,
/// so the same query differs on each call. Observed live by other clients.
const MARKER: &str = "-- Sigma Σ";

/// The SQL without Sigma's trailing comment.
pub fn without_sigma_comment(sql: &str) -> &str {
    match sql.rfind(MARKER) {
        Some(start) if is_trailing_comment(&sql[start..]) => sql[..start].trim_end(),
        _ => sql.trim_end(),
    }
}

/// Whether nothing but the comment follows: a marker inside a string of the query itself stays.
fn is_trailing_comment(tail: &str) -> bool {
    let tail = tail.trim_end();
    !tail.contains('\n') && tail.strip_prefix(MARKER).is_some_and(|rest| rest.trim_start().starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::without_sigma_comment;

    #[test]
    fn only_the_trailing_comment_goes() {
        let comment = "-- Sigma Σ {\"request-id\":\"3d4b\",\"email\":\"a@example.com\"}";
        let cases = [
            (format!("select 1\n\n{comment}"), "select 1"),
            (format!("select 1\n\n{comment}\n"), "select 1"),
            (format!("select 1 {comment}"), "select 1"),
            ("select 1\n".to_owned(), "select 1"),
            ("select '-- Sigma Σ {'\nfrom t".to_owned(), "select '-- Sigma Σ {'\nfrom t"),
            ("select '-- Sigma Σ' as x".to_owned(), "select '-- Sigma Σ' as x"),
            (format!("select '-- Sigma Σ {{' from t\n{comment}"), "select '-- Sigma Σ {' from t"),
            (String::new(), ""),
        ];
        for (sql, expected) in cases {
            assert_eq!(without_sigma_comment(&sql), expected, "{sql}");
        }
    }
}
