//! The users of the catalog that permissions are mirrored into, wherever they come from.

use std::collections::{HashMap, HashSet};

use super::key::UserKey;
use super::mapping::Mapping;
use super::problem::{Problem, Problems, Rejected};
use super::sheet::{self, Column, ReadOptions};

/// A user of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogUser {
    /// Login name, verbatim.
    pub network_id: String,
    /// E-mail address, verbatim.
    pub email: Option<String>,
    /// The name people know.
    pub display_name: Option<String>,
    /// Whether the user may sign in.
    pub active: bool,
}

/// A complete list of a catalog's users: a file now, a catalog's own interface where there is one.
pub trait CatalogUsers {
    /// Why the list cannot be had.
    type Error;

    /// Where the list comes from, for people.
    fn source(&self) -> String;

    /// All users, inactive ones included.
    ///
    /// # Errors
    /// When the list cannot be had completely: part of it would make a person look unknown.
    fn users(&self) -> Result<Vec<CatalogUser>, Self::Error>;
}

/// The users that a mapping names, for where nothing lists the catalog's users: the mapping is authoritative, and that a user
/// is unknown or inactive can be told only from a complete list.
pub fn users_named_by(mapping: &Mapping) -> Vec<CatalogUser> {
    let mut known = HashSet::new();
    let pairs = mapping.pairs().iter().filter(|pair| known.insert(&pair.user));
    pairs
        .map(|pair| CatalogUser {
            network_id: pair.network_id.clone(),
            email: None,
            display_name: None,
            active: true,
        })
        .collect()
}

/// Columns of the catalog users CSV.
pub const COLUMNS: &[Column] = &[
    Column {
        name: "network_id",
        synonyms: &["network id", "networkid", "username", "user name", "user_name", "login", "login_name"],
        required: true,
        may_be_empty: false,
        doc: "login name of the user",
    },
    Column {
        name: "email",
        synonyms: &["e-mail", "email_address", "email address", "mail"],
        required: true,
        may_be_empty: true,
        doc: "e-mail address of the user",
    },
    Column {
        name: "display_name",
        synonyms: &["display name", "name", "full_name", "full name"],
        required: false,
        may_be_empty: true,
        doc: "the name people know",
    },
    Column {
        name: "active",
        synonyms: &["is_active", "enabled"],
        required: true,
        may_be_empty: false,
        doc: "whether the user may sign in: true or false, yes or no, 1 or 0",
    },
];

/// What stands for active and for inactive.
const SWITCH: &[(&str, bool)] =
    &[("true", true), ("yes", true), ("1", true), ("false", false), ("no", false), ("0", false)];

/// Catalog users from a CSV file.
#[derive(Debug)]
pub struct CsvUsers<'a> {
    /// Name of the file, for people.
    pub name: String,
    /// What it holds.
    pub bytes: &'a [u8],
    /// How it is to be read.
    pub options: ReadOptions,
}

impl CatalogUsers for CsvUsers<'_> {
    type Error = Rejected;

    fn source(&self) -> String {
        self.name.clone()
    }

    fn users(&self) -> Result<Vec<CatalogUser>, Rejected> {
        let sheet = sheet::read(self.bytes, COLUMNS, self.options)?;
        let mut problems = sheet.problems;
        let mut users = Vec::with_capacity(sheet.rows.len());
        let mut lines: HashMap<String, u64> = HashMap::new();
        let mut duplicates = 0;
        for row in sheet.rows {
            let line = row.line;
            if let Some(user) = user(row, &mut problems) {
                // Names that differ in case only are two users, and told as such when identities are reconciled.
                match lines.get(&user.network_id) {
                    Some(earlier) => {
                        duplicates += 1;
                        let problem =
                            Problem::at(line, format!("is on line {earlier} too"), "keep one of them");
                        problems.push(problem.in_column("network_id"));
                    }
                    None => {
                        lines.insert(user.network_id.clone(), line);
                        users.push(user);
                    }
                }
            }
        }
        problems.sort();
        if problems.is_empty() {
            Ok(users)
        } else {
            Err(Rejected { problems, rows: sheet.total, duplicates, conflicts: 0 })
        }
    }
}

fn user(row: sheet::SheetRow, problems: &mut Problems) -> Option<CatalogUser> {
    let line = row.line;
    let mut cells = row.cells.into_iter().map(|cell| cell.filter(|cell| !cell.trim().is_empty()));
    let mut next = || cells.next().flatten();
    let (network_id, email, display_name, active) = (next()?, next(), next(), next()?);
    let known = SWITCH.iter().find(|(word, _)| active.trim().eq_ignore_ascii_case(word));
    if known.is_none() {
        let problem =
            Problem::at(line, format!("`{active:.40}` is neither true nor false"), "write true or false");
        problems.push(problem.in_column("active"));
    }
    if let Err(error) = UserKey::new(&network_id) {
        problems.push(Problem::at(line, error.to_string(), error.help()).in_column("network_id"));
        return None;
    }
    Some(CatalogUser { network_id, email, display_name, active: known?.1 })
}
