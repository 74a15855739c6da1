//! Every sample answer parses through the client's own code, and goes on parsing when Sigma leaves keys out, adds
//! some, sends `null`, or invents a word.
//!
//! The samples are not part of this repository: `SIGMA_SAMPLES` names the file (JSON: path template -> body).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Map, Value};
use sigma_catalog::sigma::{BodyFault, BodySummary, Endpoint, Paging};

/// Texts the vendor's schema restricts to a closed list.
const CLOSED_LISTS: [&str; 12] = [
    "type",
    "permission",
    "inodeType",
    "userKind",
    "memberType",
    "visibility",
    "badge",
    "migrationStatus",
    "valueType",
    "vizualizationType",
    "sourceType",
    "color",
];

/// The samples, or `None` with a notice when there is no such file.
fn samples() -> Option<BTreeMap<String, Value>> {
    let file = std::env::var_os("SIGMA_SAMPLES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/sigma-samples.json"),
        PathBuf::from,
    );
    match std::fs::read(&file) {
        Ok(text) => Some(serde_json::from_slice(&text).expect("the samples are JSON")),
        Err(error) => {
            let mut notice = std::io::stderr().lock();
            let _ = std::io::Write::write_fmt(
                &mut notice,
                format_args!("NOTICE: no samples tested: {}: {error}\n", file.display()),
            );
            None
        }
    }
}

/// Each endpoint of the table that has a sample.
fn sampled() -> Vec<(Endpoint, Value)> {
    let Some(mut samples) = samples() else { return Vec::new() };
    let sampled: Vec<_> = (Endpoint::ALL.iter())
        .filter_map(|endpoint| Some((*endpoint, samples.remove(endpoint.spec().path)?)))
        .collect();
    assert!(sampled.len() > 50, "only {} endpoints have a sample", sampled.len());
    sampled
}

fn parse(endpoint: Endpoint, body: &Value) -> Result<BodySummary, BodyFault> {
    endpoint.parse_body(body.to_string().as_bytes())
}

/// The rows of a body: its entries, itself if it is one object.
fn rows_mut(body: &mut Value, paging: Paging) -> Vec<&mut Map<String, Value>> {
    match paging {
        Paging::One => body.as_object_mut().into_iter().collect(),
        Paging::Bare => body.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut).collect(),
        _ => (body.get_mut("entries").and_then(Value::as_array_mut).into_iter().flatten())
            .filter_map(Value::as_object_mut)
            .collect(),
    }
}

/// Calls `change` with each object of a value that lies below the rows, and with the rows themselves.
fn objects(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| objects(value, change));
            change(fields);
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| objects(entry, change)),
        _ => {}
    }
}

/// All (variant, body) of a sample in which one key, at any depth below the rows, was changed.
fn each_key_changed(
    endpoint: Endpoint,
    body: &Value,
    change: impl Fn(&mut Map<String, Value>, &str),
) -> Vec<(String, Value)> {
    let spec = endpoint.spec();
    let row_id = spec.row_id[0];
    let mut variants = Vec::new();
    let rows = rows_mut(&mut body.clone(), spec.paging).len();
    for row in 0..rows {
        let mut paths = Vec::new();
        key_paths(&Value::Object(rows_mut(&mut body.clone(), spec.paging)[row].clone()), "", &mut paths);
        for path in paths {
            // The row's own id is the one key that must be there. Of an element's graph, one of its two must.
            let is_graph = row_id == "dependencies";
            if path == format!("/{row_id}") && !is_graph {
                continue;
            }
            let mut variant = body.clone();
            {
                let mut rows = rows_mut(&mut variant, spec.paging);
                let (parent, key) = path.rsplit_once('/').expect("a path");
                let mut whole = Value::Object(std::mem::take(rows[row]));
                let parent = whole.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
                change(parent, &key.replace("~1", "/").replace("~0", "~"));
                let Value::Object(fields) = whole else { unreachable!("it was an object") };
                *rows[row] = fields;
            }
            variants.push((format!("{} {path}", spec.name), variant));
        }
    }
    variants
}

/// JSON pointers of every key of every object in a value.
fn key_paths(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                key_paths(value, &path, out);
                out.push(path);
            }
        }
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                key_paths(entry, &format!("{at}/{index}"), out);
            }
        }
        _ => {}
    }
}

/// The same rows, none of them an error.
#[track_caller]
fn assert_all_rows(endpoint: Endpoint, sample: &Value, variants: Vec<(String, Value)>) -> usize {
    let rows = parse(endpoint, sample).expect("the sample parses").rows;
    let mut failures = String::new();
    let tried = variants.len();
    for (what, variant) in variants {
        match parse(endpoint, &variant) {
            Ok(found) if found.rows == rows && found.row_errors.is_empty() => {}
            other => writeln!(failures, "{what}: {other:?}").expect("a text"),
        }
    }
    assert!(failures.is_empty(), "{failures}");
    tried
}

#[test]
#[ignore = "needs the vendor samples file; .ci/run runs it"]
fn every_sample_of_the_table_parses_completely() {
    for (endpoint, body) in sampled() {
        let found = parse(endpoint, &body).unwrap_or_else(|fault| panic!("{}: {fault}", endpoint.name()));
        assert_eq!(found.row_errors, [], "{}", endpoint.name());
        assert_eq!(
            found.rows,
            rows_mut(&mut body.clone(), endpoint.spec().paging).len(),
            "{}",
            endpoint.name()
        );
        assert!(found.rows > 0, "{} has an empty sample", endpoint.name());
        assert_eq!(found.more, body.get("nextPageToken").is_some(), "{}", endpoint.name());
    }
}

#[test]
#[ignore = "needs the vendor samples file; .ci/run runs it"]
fn every_key_but_the_id_may_be_missing() {
    for (endpoint, body) in sampled() {
        let variants = each_key_changed(endpoint, &body, |fields, key| drop(fields.remove(key)));
        assert_all_rows(endpoint, &body, variants);
    }
}

#[test]
#[ignore = "needs the vendor samples file; .ci/run runs it"]
fn every_value_but_the_id_may_be_null() {
    for (endpoint, body) in sampled() {
        let variants = each_key_changed(endpoint, &body, |fields, key| fields[key] = Value::Null);
        assert_all_rows(endpoint, &body, variants);
    }
}

#[test]
#[ignore = "needs the vendor samples file; .ci/run runs it"]
fn the_id_itself_is_mandatory() {
    for (endpoint, body) in sampled() {
        let spec = endpoint.spec();
        if spec.row_id[0] == "dependencies" {
            continue;
        }
        for value in [None, Some(Value::Null), Some(Value::from("")), Some(serde_json::json!({}))] {
            let mut variant = body.clone();
            for row in rows_mut(&mut variant, spec.paging) {
                row.remove(spec.row_id[0]).expect("the sample has the id");
                if let Some(value) = &value {
                    row.insert(spec.row_id[0].to_owned(), value.clone());
                }
            }
            assert!(matches!(parse(endpoint, &variant), Err(BodyFault::Shape(_))), "{} {value:?}", spec.name);
        }
    }
}

#[test]
#[ignore = "needs the vendor samples file; .ci/run runs it"]
fn unknown_keys_are_ignored_everywhere() {
    for (endpoint, body) in sampled() {
        let mut variant = body.clone();
        let mut added = 0;
        objects(&mut variant, &mut |fields| {
            // A node of an element's graph is a value of a map: a key added to the map itself is a node.
            fields.insert("xNew".to_owned(), serde_json::json!({"deep": [1, {"type": null}]}));
            added += 1;
        });
        assert!(added > 0);
        assert_all_rows(endpoint, &body, vec![("xNew everywhere".to_owned(), variant)]);
    }
}

#[test]
#[ignore = "needs the vendor samples file; .ci/run runs it"]
fn unknown_words_are_kept_in_closed_lists() {
    let mut tried = 0;
    for (endpoint, body) in sampled() {
        let mut variant = body.clone();
        objects(&mut variant, &mut |fields| {
            for key in CLOSED_LISTS {
                if let Some(value) = fields.get_mut(key).filter(|value| value.is_string()) {
                    *value = Value::from("never-seen-before");
                    tried += 1;
                }
            }
        });
        assert_all_rows(endpoint, &body, vec![("unknown words".to_owned(), variant)]);
    }
    assert!(tried > 50 || samples().is_none(), "only {tried} words replaced");
}
