//! What reports need beside the facts of access: embeds, gaps of the crawl, what is known to be gone, what Sigma said.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::reader::Catalog;
use super::{Store, now};
use crate::catalog::delivery::LEFT_OUT;

/// What the catalog holds about a run beside the facts of access.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The embeds of workbooks; `None`: this catalog does not know of any, because they were never asked for.
    pub embeds: Option<Embeds>,
    /// The scopes that the run did not read to their end, by scope and parent.
    pub gaps: HashMap<(String, String), Gap>,
    /// How many documents the settings left out of the run, by the ledger's words for what left them out, sorted.
    pub left_out: Vec<(String, usize)>,
    /// Objects that grants name, that an earlier run had and this one no longer has.
    pub gone: HashSet<String>,
    /// What Sigma last said of our rules.
    pub verification: Option<StoredVerification>,
}

/// The embeds of workbooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Embeds {
    /// All of them.
    pub rows: Vec<EmbedRow>,
    /// Whether every workbook that was asked answered to the end.
    pub is_whole: bool,
}

/// An embed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EmbedRow {
    /// Sigma's `embedId`.
    pub embed_id: String,
    /// The workbook.
    pub document_id: String,
    /// Anybody who has the address sees it; `None`: Sigma did not say.
    pub public: Option<bool>,
}

/// Why a scope was not read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gap {
    /// How it ended: `denied`, `gone`, `failed`, ...
    pub outcome: String,
    /// The HTTP status that Sigma answered with, if it answered.
    pub http_status: Option<i64>,
}

/// A verification as it was stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredVerification {
    /// The run that was compared with Sigma.
    pub run_id: i64,
    /// When, UTC.
    pub verified_at: String,
    /// The numbers.
    pub counts: VerificationCounts,
    /// All differences.
    pub differences: Vec<DifferenceRow>,
}

/// The numbers of a verification; those after `members` count pairs of member and object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerificationCounts {
    /// Members asked about and answered.
    pub members: i64,
    /// Compared.
    pub compared: i64,
    /// Alike.
    pub agreed: i64,
    /// Neither alike nor surely different.
    pub undecided: i64,
    /// Too new for Sigma's listing to show.
    pub too_new: i64,
    /// Shown by Sigma and not in the catalog.
    pub not_in_catalog: i64,
    /// Members about whom Sigma gave no answer.
    pub unanswered: i64,
}

/// A difference between the catalog and Sigma.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DifferenceRow {
    /// The member.
    pub member_id: String,
    /// The object.
    pub object_id: String,
    /// `level`, `catalog_only` or `sigma_only`.
    pub verdict: String,
    /// Our level; `None`: no access.
    pub computed: Option<String>,
    /// Sigma's word; `None`: not shown.
    pub sigma_says: Option<String>,
    /// How sure our level is.
    pub confidence: String,
}

impl Catalog {
    /// What the catalog holds about a run beside the facts of access.
    pub fn evidence(&self, run: i64) -> Result<Evidence, StoreError> {
        let db = self.connection();
        let _reading = db.unchecked_transaction()?;
        Ok(Evidence {
            embeds: embeds(db, run)?,
            gaps: gaps(db, run)?,
            left_out: left_out(db, run)?,
            gone: gone(db, run)?,
            verification: verification(db)?,
        })
    }
}

impl Store {
    /// Stores a verification in place of the one before.
    pub fn record_verification(
        &mut self,
        run: i64,
        counts: &VerificationCounts,
        differences: &[DifferenceRow],
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let VerificationCounts { members, compared, agreed, undecided, too_new, not_in_catalog, unanswered } =
            counts;
        transaction.execute(
            "INSERT OR REPLACE INTO verification VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![run, now(), members, compared, agreed, undecided, too_new, not_in_catalog, unanswered],
        )?;
        transaction.execute("DELETE FROM verification_difference", [])?;
        for difference in differences {
            let DifferenceRow { member_id, object_id, verdict, computed, sigma_says, confidence } =
                difference;
            transaction
                .prepare_cached("INSERT INTO verification_difference VALUES (?, ?, ?, ?, ?, ?)")?
                .execute(params![member_id, object_id, verdict, computed, sigma_says, confidence])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

/// Whether a table exists: catalogs that were last written by an earlier version have fewer, and reading does not
/// change them.
pub(super) fn has_table(db: &Connection, table: &str) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)";
    Ok(db.query_row(sql, [table], |row| row.get(0))?)
}

fn embeds(db: &Connection, run: i64) -> Result<Option<Embeds>, StoreError> {
    if !has_table(db, "embed_history")? {
        return Ok(None);
    }
    let asked: i64 = db.query_row(
        "SELECT count(*) FROM fetch_scope WHERE run_id <= ? AND endpoint = 'embeds'",
        [run],
        |row| row.get(0),
    )?;
    let mut statement = db.prepare(
        "SELECT t.embed_id, k.id, t.is_public FROM embed_history t JOIN document_key k ON k.document = t.document \
         WHERE t.valid_from <= ?1 AND (t.valid_to IS NULL OR t.valid_to > ?1) ORDER BY k.id, t.embed_id",
    )?;
    let rows: Vec<EmbedRow> = statement
        .query_map([run], |row| {
            Ok(EmbedRow { embed_id: row.get(0)?, document_id: row.get(1)?, public: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    let is_whole: bool = db.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM fetch_scope WHERE run_id = ? AND endpoint = 'embeds' \
         AND outcome NOT IN ('complete', 'not_applicable', 'carried'))",
        [run],
        |row| row.get(0),
    )?;
    Ok((asked > 0 || !rows.is_empty()).then_some(Embeds { rows, is_whole }))
}

fn gaps(db: &Connection, run: i64) -> Result<HashMap<(String, String), Gap>, StoreError> {
    let mut statement = db.prepare(&format!(
        "SELECT endpoint, parent_id, outcome, message FROM fetch_scope \
         WHERE run_id = ? AND outcome NOT IN ('complete', 'not_applicable', 'carried') \
         AND error_code IS NOT '{LEFT_OUT}'"
    ))?;
    let gaps = statement
        .query_map([run], |row| {
            let message: Option<String> = row.get(3)?;
            let gap = Gap { outcome: row.get(2)?, http_status: message.as_deref().and_then(status_in) };
            Ok(((row.get(0)?, row.get(1)?), gap))
        })?
        .collect::<Result<_, _>>()?;
    Ok(gaps)
}

fn left_out(db: &Connection, run: i64) -> Result<Vec<(String, usize)>, StoreError> {
    let mut statement = db.prepare(
        "SELECT coalesce(message, ''), count(*) FROM fetch_scope WHERE run_id = ? AND error_code = ? GROUP BY 1 ORDER BY 1",
    )?;
    let counts = statement
        .query_map(params![run, LEFT_OUT], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as usize)))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

/// The status in what the ledger keeps of a failed call: "`GET /v2/grants`: status 403 `forbidden`: ...".
fn status_in(message: &str) -> Option<i64> {
    let (_, rest) = message.split_once("`: status ")?;
    rest.get(..3)?.parse().ok()
}

fn gone(db: &Connection, run: i64) -> Result<HashSet<String>, StoreError> {
    let places = ["workspace", "file", "document"];
    let is_there = places.map(|table| {
        format!(
            "EXISTS (SELECT 1 FROM {table}_history t WHERE t.id = g.object_id AND t.valid_from <= ?1 \
             AND (t.valid_to IS NULL OR t.valid_to > ?1))"
        )
    });
    let was_there = places.map(|table| {
        format!("EXISTS (SELECT 1 FROM {table}_history t WHERE t.id = g.object_id AND t.valid_to <= ?1)")
    });
    let mut statement = db.prepare(&format!(
        "SELECT DISTINCT g.object_id FROM object_grant_history g \
         WHERE g.valid_from <= ?1 AND (g.valid_to IS NULL OR g.valid_to > ?1) AND NOT ({}) AND ({})",
        is_there.join(" OR "),
        was_there.join(" OR ")
    ))?;
    let gone = statement.query_map([run], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(gone)
}

fn verification(db: &Connection) -> Result<Option<StoredVerification>, StoreError> {
    if !has_table(db, "verification")? {
        return Ok(None);
    }
    let stored = db
        .query_row("SELECT * FROM verification", [], |row| {
            Ok(StoredVerification {
                run_id: row.get("run_id")?,
                verified_at: row.get("verified_at")?,
                counts: VerificationCounts {
                    members: row.get("members")?,
                    compared: row.get("compared")?,
                    agreed: row.get("agreed")?,
                    undecided: row.get("undecided")?,
                    too_new: row.get("too_new")?,
                    not_in_catalog: row.get("not_in_catalog")?,
                    unanswered: row.get("unanswered")?,
                },
                differences: Vec::new(),
            })
        })
        .optional()?;
    let Some(mut stored) = stored else { return Ok(None) };
    let mut statement = db.prepare("SELECT * FROM verification_difference")?;
    stored.differences = statement
        .query_map([], |row| {
            Ok(DifferenceRow {
                member_id: row.get("member_id")?,
                object_id: row.get("object_id")?,
                verdict: row.get("verdict")?,
                computed: row.get("computed")?,
                sigma_says: row.get("sigma_says")?,
                confidence: row.get("confidence")?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Some(stored))
}

#[cfg(test)]
mod tests {
    use super::status_in;

    #[test]
    fn the_status_is_read_from_what_the_ledger_keeps_of_a_call() {
        for (message, expected) in [
            ("`GET /v2/grants`: status 403 `forbidden`: not yours (request r-1)", Some(403)),
            ("`GET /v2/grants`: status 410: gone", Some(410)),
            ("`GET /v2/grants`: the connection was closed", None),
            ("a name with status 403 in it", None),
            ("", None),
        ] {
            assert_eq!(status_in(message), expected, "{message}");
        }
    }
}
