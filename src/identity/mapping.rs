//! The identity CSV: which catalog user is which Sigma member, by e-mail address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sha2::{Digest, Sha256};

use super::key::{EmailKey, KeyError, UserKey};
use super::problem::{Problem, Problems, Rejected};
use super::sheet::{self, Column, Delimiter, ReadOptions};

/// Columns of the identity CSV.
pub const COLUMNS: &[Column] = &[
    Column {
        name: "network_id",
        synonyms: &["network id", "networkid", "username", "user name", "user_name", "login", "login_name"],
        required: true,
        may_be_empty: false,
        doc: "login name of the person in the catalog",
    },
    Column {
        name: "sigma_email",
        synonyms: &["sigma email", "email", "e-mail", "email_address", "email address", "mail"],
        required: true,
        may_be_empty: false,
        doc: "e-mail address of the same person's Sigma account",
    },
];

/// One row: a catalog user and a Sigma address that are the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The line of the file, from 1.
    pub line: u64,
    /// The catalog user's login name, verbatim.
    pub network_id: String,
    /// The address, verbatim.
    pub sigma_email: String,
    /// What the login name is compared by.
    pub user: UserKey,
    /// What the address is compared by.
    pub email: EmailKey,
}

impl Pair {
    /// Of verbatim texts, for rows that were accepted before.
    ///
    /// # Errors
    /// [`KeyError`] for what this version would not accept any more.
    pub fn new(line: u64, network_id: String, sigma_email: String) -> Result<Self, KeyError> {
        let (user, email) = (UserKey::new(&network_id)?, EmailKey::new(&sigma_email)?);
        Ok(Self { line, network_id, sigma_email, user, email })
    }
}

/// A mapping without contradictions: every address belongs to one catalog user.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    pairs: Vec<Pair>,
    by_email: HashMap<EmailKey, usize>,
    by_user: HashMap<UserKey, usize>,
    merges: bool,
}

impl Mapping {
    /// Of pairs that were accepted before, with or without several addresses for one user. A pair that contradicts an
    /// earlier one takes both out of use: nobody is mapped by guesswork.
    pub fn of(pairs: Vec<Pair>, merges: bool) -> Self {
        let mut refused: Vec<EmailKey> = Vec::new();
        let mut first: HashMap<&EmailKey, &UserKey> = HashMap::new();
        for pair in &pairs {
            if *first.entry(&pair.email).or_insert(&pair.user) != &pair.user {
                refused.push(pair.email.clone());
            }
        }
        let pairs: Vec<Pair> = pairs.into_iter().filter(|pair| !refused.contains(&pair.email)).collect();
        let by_email = pairs.iter().enumerate().map(|(index, pair)| (pair.email.clone(), index)).collect();
        let by_user =
            pairs.iter().enumerate().rev().map(|(index, pair)| (pair.user.clone(), index)).collect();
        Self { pairs, by_email, by_user, merges }
    }

    /// Of the rows of a version that was accepted before: line, login name, address.
    ///
    /// # Errors
    /// The line that this version would not accept any more, and why.
    pub fn of_rows(
        rows: impl IntoIterator<Item = (u64, String, String)>,
        merges: bool,
    ) -> Result<Self, (u64, KeyError)> {
        let pairs = rows.into_iter().map(|(line, network_id, sigma_email)| {
            Pair::new(line, network_id, sigma_email).map_err(|error| (line, error))
        });
        Ok(Self::of(pairs.collect::<Result<_, _>>()?, merges))
    }

    /// The pairs, in the order of the file.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The pair of an address.
    pub fn of_email(&self, email: &EmailKey) -> Option<&Pair> {
        self.by_email.get(email).map(|index| &self.pairs[*index])
    }

    /// The first pair of a login name.
    pub fn of_user(&self, user: &UserKey) -> Option<&Pair> {
        self.by_user.get(user).map(|index| &self.pairs[*index])
    }

    /// Whether one catalog user may stand for several addresses.
    pub fn merges(&self) -> bool {
        self.merges
    }
}

/// An identity CSV that was accepted.
#[derive(Debug)]
pub struct MappingFile {
    /// What it says.
    pub mapping: Mapping,
    /// Rows below the header.
    pub rows: usize,
    /// Rows that say what an earlier row said; the first one counts.
    pub duplicates: usize,
    /// Name of its encoding.
    pub encoding: &'static str,
    /// What stands between its cells.
    pub delimiter: Delimiter,
    /// What is worth knowing and not wrong.
    pub warnings: Problems,
}

/// The SHA-256 of a file, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads an identity CSV. `allow_merge` accepts several addresses for one catalog user.
///
/// # Errors
/// Everything that is wrong with it. A file is accepted as a whole or not at all.
pub fn read(bytes: &[u8], options: ReadOptions, allow_merge: bool) -> Result<MappingFile, Rejected> {
    let sheet = sheet::read(bytes, COLUMNS, options)?;
    let (mut problems, mut warnings) = (sheet.problems, sheet.notes);
    let mut pairs: Vec<Pair> = Vec::with_capacity(sheet.rows.len());
    let mut by_email: HashMap<EmailKey, usize> = HashMap::new();
    let mut by_user: HashMap<UserKey, usize> = HashMap::new();
    let (mut duplicates, mut conflicts) = (0, 0);
    for row in sheet.rows {
        let line = row.line;
        let Some(pair) = pair(row, &mut problems) else { continue };
        if let Some(earlier) = by_email.get(&pair.email).map(|index| &pairs[*index]) {
            if earlier.user == pair.user {
                duplicates += 1;
                let said = format!("says what line {} says", earlier.line);
                warnings.push(Problem::at(line, said, "delete one of them"));
            } else {
                conflicts += 1;
                problems.push(
                    Problem::at(
                        line,
                        format!(
                            "`{}` belongs to `{}` here and to `{}` on line {}",
                            pair.sigma_email, pair.network_id, earlier.network_id, earlier.line
                        ),
                        "keep the line of the person who owns the address",
                    )
                    .in_column("sigma_email"),
                );
            }
            continue;
        }
        let index = pairs.len();
        match by_user.entry(pair.user.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(index);
            }
            Entry::Occupied(entry) => {
                let earlier = &pairs[*entry.get()];
                let text = format!(
                    "`{}` stands for `{}` here and for `{}` on line {}",
                    pair.network_id, pair.sigma_email, earlier.sigma_email, earlier.line
                );
                if allow_merge {
                    warnings.push(Problem::at(line, text, "both are mapped, because merging was allowed"));
                } else {
                    conflicts += 1;
                    let help =
                        "keep one line, or allow it with --allow-merge if both accounts are one person's";
                    problems.push(Problem::at(line, text, help).in_column("network_id"));
                }
            }
        }
        by_email.insert(pair.email.clone(), index);
        pairs.push(pair);
    }
    problems.sort();
    if !problems.is_empty() {
        return Err(Rejected { problems, rows: sheet.total, duplicates, conflicts });
    }
    warn_of_look_alikes(&pairs, &mut warnings);
    Ok(MappingFile {
        mapping: Mapping { pairs, by_email, by_user, merges: allow_merge },
        rows: sheet.total,
        duplicates,
        encoding: sheet.encoding,
        delimiter: sheet.delimiter,
        warnings,
    })
}

/// The pair of a row; what is wrong with either cell is told.
fn pair(row: sheet::SheetRow, problems: &mut Problems) -> Option<Pair> {
    let mut cells = row.cells.into_iter().map(Option::unwrap_or_default);
    let (network_id, sigma_email) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
    let (user, email) = (UserKey::new(&network_id), EmailKey::new(&sigma_email));
    let errors = [("network_id", user.as_ref().err()), ("sigma_email", email.as_ref().err())];
    for (column, error) in errors {
        if let Some(error) = error {
            problems.push(Problem::at(row.line, error.to_string(), error.help()).in_column(column));
        }
    }
    Some(Pair { line: row.line, network_id, sigma_email, user: user.ok()?, email: email.ok()? })
}

/// Two different addresses that a person would read alike: one of them may be an impostor's.
fn warn_of_look_alikes(pairs: &[Pair], warnings: &mut Problems) {
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(pairs.len());
    for (index, pair) in pairs.iter().enumerate() {
        match seen.entry(pair.email.skeleton()) {
            Entry::Vacant(entry) => {
                entry.insert(index);
            }
            Entry::Occupied(entry) => {
                let earlier = &pairs[*entry.get()];
                warnings.push(
                    Problem::at(
                        pair.line,
                        format!(
                            "`{}` looks like `{}` on line {}",
                            pair.sigma_email, earlier.sigma_email, earlier.line
                        ),
                        "see that they are two people; they are compared as different addresses",
                    )
                    .in_column("sigma_email"),
                );
            }
        }
    }
}
