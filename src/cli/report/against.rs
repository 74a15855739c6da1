//! What a catalog itself lets its users see, read from a CSV.

use std::path::Path;

use crate::cli::error::CliError;
use crate::identity::ReadOptions;
use crate::identity::sheet::{self, Column};
use crate::report::Shown;

const COLUMNS: [Column; 2] = [
    Column {
        name: "catalog_user",
        synonyms: &["catalog_user", "network_id", "username", "user"],
        required: true,
        may_be_empty: false,
        doc: "login name of the catalog user",
    },
    Column {
        name: "object",
        synonyms: &["object", "object_id", "object_key", "catalog_object_key"],
        required: true,
        may_be_empty: false,
        doc: "id, address or path of the object that the user may see",
    },
];

/// Reads the file; it is refused as a whole if a line of it is wrong.
pub fn catalog_acl(path: &Path) -> Result<Vec<Shown>, CliError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| CliError::File {
        file: file.clone(),
        source,
        remedy: "give a CSV with the columns catalog_user and object".to_owned(),
    })?;
    let sheet = sheet::read(&bytes, &COLUMNS, ReadOptions::default())
        .map_err(|rejected| CliError::Csv { file: file.clone(), rejected })?;
    if !sheet.problems.is_empty() {
        return Err(CliError::Csv { file, rejected: crate::identity::Rejected::from(sheet.problems) });
    }
    let shown = |row: &sheet::SheetRow| Shown {
        catalog_user: row.cells[0].clone().unwrap_or_default(),
        object: row.cells[1].clone().unwrap_or_default(),
    };
    Ok(sheet.rows.iter().map(shown).collect())
}
