//! The answers, by family. A handler reads the organisation and gives rows; paging, rights of the endpoint and faults
//! are not its business.
use serde_json::{Value, json};

use super::org::{Organization, Stamps};

pub(super) mod contents;
pub(super) mod documents;
pub(super) mod exports;
pub(super) mod extras;
pub(super) mod files;
pub(super) mod grants;
pub(super) mod graph;
pub(super) mod people;
pub(super) mod warehouse;

/// Adds who made a row and when.
fn audited(org: &Organization, stamps: &Stamps, mut row: Value) -> Value {
    row["createdBy"] = json!(org.members[stamps.created_by].id);
    row["updatedBy"] = json!(org.members[stamps.updated_by].id);
    row["createdAt"] = json!(stamps.created_at);
    row["updatedAt"] = json!(stamps.updated_at);
    row
}

/// Whether `text` contains `part`, whatever the case.
fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}
