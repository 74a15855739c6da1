//! One value: from text (flag, environment, default) or from TOML, checked against its setting's kind.

use secrecy::SecretString;
use toml::de::DeValue;
use url::Host;

use super::error::Problem;
use super::excerpt::REDACTED;
use super::list;
use super::proxy::ProxyUrl;
use super::table::{Kind, Setting};

/// A value of the right kind and within its range.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Secret(SecretString),
    Proxy(ProxyUrl),
    Switch(bool),
    Integer(u32),
    List(Vec<String>),
}

impl Value {
    /// The value for people, without its secrets.
    pub(crate) fn shown(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::Secret(_) => REDACTED.to_owned(),
            Value::Proxy(proxy) => proxy.to_string(),
            Value::Switch(on) => on.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::List(texts) => list::join(texts),
        }
    }
}

/// Reads the text of a flag, an environment variable or a default.
pub(crate) fn from_text(setting: &Setting, text: &str) -> Result<Value, Problem> {
    match setting.kind {
        Kind::Switch => match text {
            "true" => Ok(Value::Switch(true)),
            "false" => Ok(Value::Switch(false)),
            _ => Err(wrong_type(setting, &quoted(text))),
        },
        Kind::Integer { min, max } => {
            let number = text.parse::<i128>().map_err(|_| wrong_type(setting, &quoted(text)))?;
            integer(setting, number, min, max)
        }
        Kind::List => list(setting, list::split(text)),
        _ => string(setting, text),
    }
}

/// Reads a value of the settings file.
pub(crate) fn from_toml(setting: &Setting, value: &DeValue<'_>) -> Result<Value, Problem> {
    match (setting.kind, value) {
        (Kind::Switch, DeValue::Boolean(on)) => Ok(Value::Switch(*on)),
        (Kind::Integer { min, max }, DeValue::Integer(number)) => {
            // A number too long even for 128 bits is as far out of range as any other.
            let number = i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX);
            integer(setting, number, min, max)
        }
        (Kind::Switch | Kind::Integer { .. }, other) => Err(wrong_type(setting, other.type_str())),
        (Kind::List, DeValue::Array(items)) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.to_string()),
                other => Err(wrong_type(setting, &format!("an array with {}", other.type_str()))),
            });
            list(setting, texts.collect::<Result<_, _>>()?)
        }
        (Kind::List, other) => Err(wrong_type(setting, other.type_str())),
        (_, DeValue::String(text)) => string(setting, text),
        (_, other) => Err(wrong_type(setting, other.type_str())),
    }
}

fn integer(setting: &Setting, number: i128, min: u32, max: u32) -> Result<Value, Problem> {
    match u32::try_from(number) {
        Ok(number) if (min..=max).contains(&number) => Ok(Value::Integer(number)),
        _ => {
            let found = if number == i128::MAX { "a longer number".to_owned() } else { number.to_string() };
            let help = match setting.default {
                Some(default) => {
                    format!("leave it out for the default of {default}, or choose {min} to {max}")
                }
                None => format!("leave it out, or choose {min} to {max}"),
            };
            let unit = setting.unit.map_or(String::new(), |unit| format!(" {unit}"));
            let text = format!("`{}` must be between {min} and {max}{unit}, found {found}", setting.key);
            Err(Problem::new("config.out_of_range", text, help))
        }
    }
}

fn string(setting: &Setting, text: &str) -> Result<Value, Problem> {
    if setting.is_secret() {
        return Ok(Value::Secret(SecretString::from(text)));
    }
    if text.chars().any(char::is_control) {
        let text = format!("`{}` contains a control character", setting.key);
        return Err(Problem::new("config.malformed", text, "write it on one line, without tabs or escapes"));
    }
    // Only a setting whose default is empty has a use for an empty value.
    if text.trim().is_empty() && setting.default != Some("") {
        let text = format!("`{}` is empty", setting.key);
        return Err(Problem::new("config.empty", text, "leave it out, or give it a value"));
    }
    match setting.kind {
        Kind::Choice(words) if !words.contains(&text) => Err(not_a_choice(setting, words, text)),
        Kind::Duration if super::duration::parse(text).is_none() => Err(no_duration(setting, text)),
        Kind::ProxyUrl => ProxyUrl::parse(text).map(Value::Proxy),
        Kind::Host => host(setting, text).map(Value::Text),
        _ => Ok(Value::Text(text.to_owned())),
    }
}

/// Texts without the space around them. An empty one is a slip that would mean nothing.
fn list(setting: &Setting, texts: Vec<String>) -> Result<Value, Problem> {
    let texts: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
    if texts.iter().any(String::is_empty) {
        let text = format!("`{}` holds an empty text", setting.key);
        return Err(Problem::new("config.empty", text, "take it out, or the comma too many"));
    }
    Ok(Value::List(texts))
}

fn host(setting: &Setting, text: &str) -> Result<String, Problem> {
    match Host::parse(text) {
        Ok(host) if !text.contains('*') => Ok(host.to_string()),
        _ => {
            let text = format!("`{}` must be one host name, found {}", setting.key, quoted(text));
            let help = "write the host alone, e.g. \"sigma.example.com\": no scheme, port, path or wildcard";
            Err(Problem::new("config.malformed", text, help))
        }
    }
}

fn no_duration(setting: &Setting, found: &str) -> Problem {
    let text = format!("`{}` must be a span of time, found {}", setting.key, quoted(found));
    let help = "write a whole number with its unit, as in \"90s\", \"30m\", \"12h\" or \"7d\" (at most 3650d), or \"0\"";
    Problem::new("config.malformed", text, help)
}

fn not_a_choice(setting: &Setting, words: &[&'static str], found: &str) -> Problem {
    let list = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let text = format!("`{}` must be one of {list}, found {}", setting.key, quoted(found));
    let help = match super::suggest::nearest(found, words.iter().copied()) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("leave it out for the default of \"{}\"", setting.default.unwrap_or_default()),
    };
    Problem::new("config.unknown_choice", text, help)
}

fn wrong_type(setting: &Setting, found: &str) -> Problem {
    let (expected, help) = match setting.kind {
        Kind::Switch => {
            ("true or false", "write true or false, in the settings file without quotes".to_owned())
        }
        Kind::Integer { min, max } => (
            "a whole number",
            format!("write a number from {min} to {max}, in the settings file without quotes"),
        ),
        Kind::List => ("an array of texts", format!("write it so: {} = [\"...\", \"...\"]", setting.name())),
        _ => ("text", format!("write it in quotes: {} = \"...\"", setting.name())),
    };
    let text = format!("`{}` must be {expected}, found {found}", setting.key);
    Problem::new("config.wrong_type", text, help)
}

/// A user's text as it may be repeated on a terminal: quoted, escaped, cut.
pub(crate) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    let more = if cut.len() < text.len() { "..." } else { "" };
    format!("{:?}", format!("{cut}{more}"))
}
