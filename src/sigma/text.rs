//! Text from outside, made fit for a log line.

const LONGEST: usize = 400;

/// Cuts at 400 characters, escapes control characters and takes out anything that looks like an e-mail address.
pub(crate) fn for_log(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST));
    for (at, character) in without_emails(text).chars().enumerate() {
        if at == LONGEST {
            out.push('…');
            break;
        }
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

fn without_emails(text: &str) -> String {
    if !text.contains('@') {
        return text.to_owned();
    }
    text.split_inclusive(char::is_whitespace)
        .map(
            |word| {
                if word.contains('@') { word.replace(word.trim_end(), "[e-mail]") } else { word.to_owned() }
            },
        )
        .collect()
}
