//! The previews that the catalog knows.

use std::collections::HashSet;

use super::Store;
use super::error::StoreError;

/// A preview of the published catalog, with the document it is of.
#[derive(Debug, Clone)]
pub struct KnownPreview {
    /// The document.
    pub document_id: String,
    /// The record.
    pub preview: crate::catalog::document::Preview,
}

impl Store {
    /// The previews of the published catalog.
    pub fn previews(&self) -> Result<Vec<KnownPreview>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT document_id, page_id, version, width, sha256, bytes, exported_at FROM preview",
        )?;
        let rows = statement.query_map([], |row| {
            let preview = crate::catalog::document::Preview {
                page_id: row.get(1)?,
                version: row.get(2)?,
                width: row.get(3)?,
                sha256: row.get(4)?,
                bytes: row.get(5)?,
                exported_at: row.get(6)?,
            };
            Ok(KnownPreview { document_id: row.get(0)?, preview })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The hashes that any kept state of the catalog refers to.
    pub(super) fn kept_images(&self) -> Result<HashSet<String>, StoreError> {
        let mut statement = self.connection.prepare("SELECT DISTINCT sha256 FROM preview_history")?;
        let hashes = statement.query_map([], |row| row.get(0))?;
        Ok(hashes.collect::<Result<_, _>>()?)
    }
}
