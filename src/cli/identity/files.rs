//! The files and versions that `identity` works on, read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::args::{ReadArgs, UsersArgs};
use crate::cli::args::{CatalogArgs, Cli};
use crate::cli::error::CliError;
use crate::cli::output::Printer;
use crate::cli::settings::{self, SettingArgs};
use crate::config::Settings;
use crate::identity::mapping::{self, sha256};
use crate::identity::{
    CatalogUser, CatalogUsers, CsvUsers, MAX_BYTES, Mapping, MappingFile, ReadOptions, Rejected,
    users_named_by,
};
use crate::store::{Catalog, MappingVersion, StoreError};

/// Settings with what the arguments say about the catalog and its users.
pub fn settings(
    cli: &Cli,
    catalog: &CatalogArgs,
    users: &UsersArgs,
    printer: &Printer,
) -> Result<Settings, CliError> {
    let mut settings = settings::load(cli, &SettingArgs::default(), printer)?.settings;
    settings.catalog.database = catalog.db.clone().unwrap_or(settings.catalog.database);
    let permissions = &mut settings.permissions;
    permissions.catalog_users_csv =
        users.catalog_users_csv.clone().unwrap_or_else(|| permissions.catalog_users_csv.clone());
    Ok(settings)
}

/// The bytes of a file, or a little more of it than any file may have.
fn bytes(file: &Path, remedy: &str) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| CliError::File { file: shown(file), source, remedy: remedy.to_owned() })?;
    Ok(bytes)
}

/// A file's name for people.
pub fn shown(file: &Path) -> String {
    file.display().to_string()
}

/// An identity CSV that was read, accepted or not.
pub struct ReadFile {
    /// Its name for people.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
    /// What it says, or what is wrong with it.
    pub content: Result<MappingFile, Rejected>,
}

impl ReadFile {
    /// Reads one.
    pub fn open(file: &Path, read: ReadArgs) -> Result<Self, CliError> {
        let bytes =
            bytes(file, "name an identity CSV that exists; `identity template` shows what is in one")?;
        let content = mapping::read(&bytes, read.options(), read.allow_merge);
        Ok(Self { name: shown(file), sha256: sha256(&bytes), content })
    }

    /// What it says.
    pub fn accepted(self) -> Result<MappingFile, CliError> {
        let Self { name: file, content, .. } = self;
        content.map_err(|rejected| CliError::Csv { file, rejected })
    }
}

/// The users of the catalog.
pub fn users(file: &Path) -> Result<Vec<CatalogUser>, CliError> {
    let remedy =
        "name the CSV of the catalog's users with --catalog-users-csv or `permissions.catalog_users_csv`";
    let bytes = bytes(file, remedy)?;
    let source = CsvUsers { name: shown(file), bytes: &bytes, options: ReadOptions::default() };
    source.users().map_err(|rejected| CliError::Csv { file: source.source(), rejected })
}

/// The users of the catalog, if their file exists.
pub fn users_if_any(file: &Path) -> Result<Option<Vec<CatalogUser>>, CliError> {
    if file.exists() { users(file).map(Some) } else { Ok(None) }
}

/// The users of the catalog: those of their file or, where there is none, those whom the mapping names.
pub fn users_or_named(file: &Path, mapping: Option<&Mapping>) -> Result<Option<Vec<CatalogUser>>, CliError> {
    Ok(users_if_any(file)?.or_else(|| mapping.map(users_named_by)))
}

/// The catalog, if there is one.
pub fn catalog_if_any(database: &Path) -> Result<Option<Catalog>, CliError> {
    match Catalog::open(database) {
        Ok(catalog) => Ok(Some(catalog)),
        Err(StoreError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A version that must exist.
pub fn version(catalog: &Catalog, version: i64) -> Result<MappingVersion, CliError> {
    catalog.mapping_version(version)?.ok_or_else(|| CliError::Usage {
        problem: format!("there is no version {version} of the identity mapping"),
        remedy: "`sigma-catalog identity list` shows the versions there are".to_owned(),
    })
}

/// The mapping of a version.
pub fn mapping(catalog: &Catalog, version: &MappingVersion) -> Result<Mapping, CliError> {
    let rows = catalog.mapping_rows(version.version)?;
    let rows = rows.into_iter().map(|row| (row.line, row.network_id, row.sigma_email));
    Mapping::of_rows(rows, version.allow_merge).map_err(|(line, error)| CliError::Usage {
        problem: format!("version {} of the mapping: line {line} {error}", version.version),
        remedy: "import the file again after correcting it".to_owned(),
    })
}
