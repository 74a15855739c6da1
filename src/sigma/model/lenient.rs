//! How wire values are read when the wire is not quite what the schema says.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A row's own id: a non-empty string, the one value a row cannot do without.
pub(super) fn id<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let id = String::deserialize(input)?;
    if id.is_empty() { Err(D::Error::custom("the row's id is empty")) } else { Ok(id) }
}

/// A list of which `null` means the empty one and from which entries of a foreign shape are left out.
pub(super) fn list<'de, D, T>(input: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let entries: Option<Vec<Tolerated<T>>> = Option::deserialize(input)?;
    Ok(entries.into_iter().flatten().filter_map(Tolerated::known).collect())
}

/// As [`list`], where absence (`None`) and emptiness are different facts.
pub(super) fn optional_list<'de, D, T>(input: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let entries: Option<Vec<Tolerated<T>>> = Option::deserialize(input)?;
    Ok(entries.map(|entries| entries.into_iter().filter_map(Tolerated::known).collect()))
}

/// A whole number, however it is written: `2`, `2.0` or `"2"`. Anything else is `None`.
pub(super) fn integer<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    Ok(match Option::<Tolerated<Number>>::deserialize(input)? {
        Some(Tolerated::Known(Number::Whole(number))) => Some(number),
        // Beyond 2^53 a float is no longer a whole number anyone wrote.
        Some(Tolerated::Known(Number::Float(number))) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
            Some(number as i64)
        }
        Some(Tolerated::Known(Number::Text(text))) => text.trim().parse().ok(),
        _ => None,
    })
}

/// As [`integer`], where a row cannot do without it.
pub(super) fn whole<'de, D: Deserializer<'de>>(input: D) -> Result<i64, D::Error> {
    integer(input)?.ok_or_else(|| D::Error::custom("a whole number is expected"))
}

/// A list of texts; a number, a boolean or a structure in it is kept as its JSON text, `null` is left out.
pub(super) fn texts<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<String>>, D::Error> {
    let entries: Option<Vec<Option<Text>>> = Option::deserialize(input)?;
    Ok(entries.map(|entries| {
        entries
            .into_iter()
            .flatten()
            .map(|entry| match entry {
                Text::Plain(text) => text,
                Text::Other(value) => value.to_string(),
            })
            .collect()
    }))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tolerated<T> {
    Known(T),
    Foreign(IgnoredAny),
}

impl<T> Tolerated<T> {
    fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Foreign(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Float(f64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Other(serde_json::Value),
}

/// The value of the key `type` of a JSON object, or the text itself: Sigma writes a column's type as
/// `{"type": "number", …}`, recursively. Reads only what is asked, because columns come by the million.
pub(super) struct TypeName(pub(super) Option<std::borrow::Cow<'static, str>>);

/// The names seen so often that no memory is spent on them.
const COMMON: [&str; 9] =
    ["text", "number", "integer", "datetime", "boolean", "error", "variant", "json", "date"];

impl<'de> Deserialize<'de> for TypeName {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(TypeNameVisitor)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum TypeKey {
    Type,
    #[serde(other)]
    Other,
}

struct TypeNameVisitor;

impl<'de> Visitor<'de> for TypeNameVisitor {
    type Value = TypeName;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a type: a text, an object with the key `type`, or null")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<TypeName, E> {
        Ok(TypeName(Some(match COMMON.iter().find(|common| **common == name) {
            Some(common) => (*common).into(),
            None => name.to_owned().into(),
        })))
    }

    fn visit_unit<E: Error>(self) -> Result<TypeName, E> {
        Ok(TypeName(None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<TypeName, E> {
        Ok(TypeName(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<TypeName, E> {
        Ok(TypeName(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<TypeName, E> {
        Ok(TypeName(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<TypeName, E> {
        Ok(TypeName(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TypeName, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(TypeName(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<TypeName, A::Error> {
        let mut found = TypeName(None);
        while let Some(key) = object.next_key()? {
            match key {
                TypeKey::Type => found = object.next_value()?,
                TypeKey::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}
