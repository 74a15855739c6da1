//! Text from outside, made fit for a log line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use url::form_urlencoded::byte_serialize;

const LONGEST: usize = 400;

/// What stands for a text that repeats a secret.
const WITHHELD: &str = "[withheld: the answer repeats a secret]";

/// So many characters of a secret in a row are as good as the secret: a text may be cut within it.
const TELLING: usize = 12;

/// A shorter secret is a word that may occur by chance.
const SHORTEST: usize = 8;

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
    let has_sign = |text: &str| ["@", "%40", "\\u0040"].iter().any(|sign| text.contains(sign));
    if !has_sign(text) {
        return text.to_owned();
    }
    text.split_inclusive(char::is_whitespace)
        .map(|word| if has_sign(word) { word.replace(word.trim_end(), "[e-mail]") } else { word.to_owned() })
        .collect()
}

/// What a parser says of JSON that does not fit, without the value it found: that may be anybody's.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let said = error.to_string();
    for kind in ["invalid type: ", "invalid value: ", "unknown variant "] {
        if let Some(found) = said.strip_prefix(kind)
            && let Some(expected) = said.rfind(", expected ")
        {
            let word = found.split([' ', '`', '"', ',']).next().unwrap_or_default();
            return format!("{}{}", format!("{kind}{word}").trim_end(), &said[expected..]);
        }
    }
    said
}

/// The secrets of a client, in every form in which a server may repeat them.
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// The client secret, which may also be joined to its id as HTTP does, and the token in use.
    pub(crate) fn of(client_id: &str, client_secret: &str, token: Option<&str>) -> Self {
        let mut forms = Vec::new();
        for secret in [Some(client_secret), token].into_iter().flatten() {
            if secret.chars().count() < SHORTEST {
                continue;
            }
            forms.push(secret.to_owned());
            forms.push(byte_serialize(secret.as_bytes()).collect());
            forms.push(BASE64.encode(secret));
            forms.push(secret.escape_debug().collect());
        }
        forms.push(BASE64.encode(format!("{client_id}:{client_secret}")));
        Self(forms)
    }

    /// The text, unless it repeats a telling part of a secret, be it wrapped into several lines.
    pub(crate) fn withhold(&self, text: String) -> String {
        let mut joined = text.clone();
        for sign in ["\\n", "\\r", "\\t"] {
            joined = joined.replace(sign, "");
        }
        joined.retain(|character| !character.is_whitespace());
        let repeats = self.0.iter().any(|form| {
            let form: Vec<char> = form.chars().collect();
            form.windows(TELLING.min(form.len()))
                .any(|part| joined.contains(&part.iter().collect::<String>()))
        });
        if repeats { WITHHELD.to_owned() } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr3t/with+signs\"and=more-of-them";

    #[test]
    fn a_secret_is_found_in_every_form_also_cut_or_wrapped() {
        let secrets = Secrets::of("client", SECRET, Some("token-0123456789"));
        let withheld = |text: &str| secrets.withhold(for_log(text)) == WITHHELD;
        for text in [
            SECRET.to_owned(),
            format!("you sent client_secret={SECRET}&grant_type"),
            format!("{SECRET:?}"),
            serde_json::to_string(SECRET).expect("JSON"),
            byte_serialize(SECRET.as_bytes()).collect(),
            BASE64.encode(SECRET),
            format!("Basic {}", BASE64.encode(format!("client:{SECRET}"))),
            format!("{}{SECRET}", "x".repeat(LONGEST - 14)),
            format!("{}\n{}\r\n{}", &SECRET[..8], &SECRET[8..16], &SECRET[16..]),
            "Authorization: Bearer token-0123456789".to_owned(),
        ] {
            assert!(withheld(&text), "{text}");
        }
        for text in ["come back later", "the client client is unknown", "s3cr3t", "token-01"] {
            assert!(!withheld(text), "{text}");
        }
    }

    #[test]
    fn an_address_is_taken_out_however_it_is_written() {
        for address in
            ["ada@example.com", "<ada@example.com>,", "user=ada%40example.com", "ada\\u0040example.com"]
        {
            let told = for_log(&format!("no such user {address} here"));
            assert_eq!(told, "no such user [e-mail] here", "{address}");
        }
    }

    #[test]
    fn what_does_not_fit_is_described_without_its_value() {
        fn said<T: serde::de::DeserializeOwned>(json: &str) -> String {
            without_values(&serde_json::from_str::<T>(json).err().expect("a misfit"))
        }
        #[derive(Debug, serde::Deserialize)]
        enum Word {
            Known,
        }
        assert_eq!(
            said::<u64>(r#""Ada, expected""#),
            "invalid type: string, expected u64 at line 1 column 15"
        );
        assert_eq!(said::<u64>("-77"), "invalid value: integer, expected u64 at line 1 column 3");
        assert_eq!(said::<Word>(r#""Ada""#), "unknown variant, expected `Known` at line 1 column 5");
        assert!(format!("{:?}", Word::Known).contains("Known"));
    }
}
