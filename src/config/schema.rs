//! The JSON Schema of a settings file, made from the table of settings: editors complete and check the file with it.

use serde_json::{Map, Value, json};

use super::api_url::REGIONS;
use super::table::{Kind, Setting, TABLE};

/// Where the dialect of the schema is defined.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema. It says of each value what a schema can say; what it cannot, such as which hosts are trusted, is checked when
/// the settings are read.
pub fn json_schema() -> Value {
    let mut sections: Map<String, Value> = Map::new();
    for setting in TABLE {
        let section = sections
            .entry(setting.section())
            .or_insert_with(|| json!({ "type": "object", "additionalProperties": false, "properties": {} }));
        section["properties"][setting.name()] = of(setting);
    }
    json!({
        "$schema": DIALECT,
        "title": "Settings of sigma-catalog",
        "type": "object",
        "additionalProperties": false,
        "properties": sections,
    })
}

fn of(setting: &Setting) -> Value {
    let mut schema = json!({ "description": setting.doc });
    let text = |default: &str| Value::from(default);
    let facts = match setting.kind {
        Kind::Text | Kind::Path | Kind::Host => json!({ "type": "string" }),
        Kind::Secret => json!({ "type": "string", "format": "password", "writeOnly": true }),
        Kind::ApiUrl => {
            let bases: Vec<&str> = REGIONS.iter().map(|region| region.base).collect();
            json!({ "type": "string", "format": "uri", "examples": bases })
        }
        Kind::ProxyUrl => json!({ "type": "string", "format": "uri" }),
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Duration => json!({ "type": "string", "pattern": "^(0|[0-9]+[smhd])$" }),
        Kind::Choice(words) => json!({ "type": "string", "enum": words }),
        Kind::List => json!({ "type": "array", "items": { "type": "string", "pattern": "\\S" } }),
    };
    if let (Value::Object(schema), Value::Object(facts)) = (&mut schema, facts) {
        schema.extend(facts);
    }
    if let Some(default) = setting.default {
        schema["default"] = match setting.kind {
            Kind::Switch => (default == "true").into(),
            Kind::Integer { .. } => default.parse::<u32>().map_or_else(|_| text(default), Value::from),
            Kind::List => Value::Array(Vec::new()),
            _ => text(default),
        };
    }
    if let Some(unit) = setting.unit {
        schema["x-unit"] = unit.into();
    }
    schema["x-environment"] = setting.env.to_vec().into();
    schema
}
