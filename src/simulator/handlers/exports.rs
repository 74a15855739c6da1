//! Exports: started, polled, downloaded.
use std::collections::HashMap;

use serde_json::{Value, json};

use super::{contents, documents::kind_of};
use crate::simulator::{
    ids::Dice,
    org::Kind,
    serve::{
        call::{Answer, Call, Problem, Reply},
        lock,
    },
};

/// A one-pixel image.
const PIXEL: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00,
    0x00, 0x00, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x48, 0x48, 0x48, 0xf8, 0x0f, 0x00, 0x04,
    0x64, 0x02, 0x20, 0x7f, 0x9f, 0x91, 0x2e, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42,
    0x60, 0x82,
];

/// Exports under way and done, by query id.
#[derive(Default)]
pub struct Exports(HashMap<String, Export>);

struct Export {
    /// How often it will still answer "running".
    polls: u32,
    format: &'static str,
}

/// Formats and what they may be made of: (format, content type, whole document, page, element).
const FORMATS: [(&str, &str, bool, bool, bool); 6] = [
    ("pdf", "application/pdf", true, true, true),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true, true, true),
    ("png", "image/png", false, true, true),
    ("csv", "text/csv", false, false, true),
    ("json", "application/json", false, false, true),
    ("jsonl", "application/x-ndjson", false, false, true),
];

pub fn start(call: &Call<'_>) -> Reply {
    let (_, content) = contents::opened(call)?;
    let body: Value =
        serde_json::from_slice(call.body).map_err(|error| Problem::invalid(error.to_string()))?;
    let wanted = body["format"]["type"].as_str().unwrap_or("undefined");
    let format = FORMATS.iter().find(|format| format.0 == wanted);
    let (name, _, whole, page, element) = *format
        .filter(|format| kind_of(call) == Kind::Workbook || format.0 == "pdf")
        .ok_or_else(|| Problem::invalid(format!("Unexpected value at format.type: {wanted}")))?;
    let fits = match (body["pageId"].as_str(), body["elementId"].as_str()) {
        (None, None) => whole,
        (Some(id), None) => page && content.pages.iter().any(|p| p.id == id),
        (None, Some(id)) => element && content.elements.iter().any(|e| e.id == id && e.is_data()),
        (Some(_), Some(_)) => false,
    };
    if !fits {
        return Err(Problem::invalid(format!("{name} cannot be made of this")));
    }
    let mut exports = lock(&call.state.exports);
    let id = Dice::new(&[call.org.seed, 0xe4, exports.0.len() as u64]).uuid().to_string();
    exports.0.insert(id.clone(), Export { polls: call.state.options.export_polls, format: name });
    call.one(&json!({ "queryId": id, "jobComplete": false }))
}

pub fn download(call: &Call<'_>) -> Reply {
    let mut exports = lock(&call.state.exports);
    let export = exports.0.get_mut(call.params[0]).ok_or_else(Problem::not_found)?;
    if export.polls > 0 {
        export.polls -= 1;
        return Ok(Answer { status: 204, content_type: "application/json", body: Vec::new() });
    }
    let body: &[u8] = match export.format {
        "png" => PIXEL,
        "csv" => b"Region,Total\nEMEA,1\n",
        "json" => br#"[{"Region":"EMEA","Total":1}]"#,
        "jsonl" => b"{\"Region\":\"EMEA\",\"Total\":1}\n",
        "pdf" => b"%PDF-1.4\n%%EOF\n",
        _ => b"PK\x05\x06",
    };
    let content_type =
        FORMATS.iter().find(|format| format.0 == export.format).map_or("application/pdf", |f| f.1);
    Ok(Answer { status: 200, content_type, body: body.to_vec() })
}
