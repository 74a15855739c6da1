//! Reading what the rules of access need, from the published run or from an earlier one.

mod member;

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Row};
use serde_json::Value;

use super::error::StoreError;
use super::ledger::{self, RunRow};
use super::reader::Catalog;
use crate::catalog::delivery::{LEFT_OUT, Outcome, scope};
use crate::catalog::facts::{
    AccountTypeFact, DocumentFact, Facts, FileFact, GrantFact, MemberFact, MembershipFact, Readings,
    TeamFact, WorkspaceFact,
};

/// What a question is about.
#[derive(Debug, Clone, Copy)]
pub enum About<'words> {
    /// Anything.
    Everything,
    /// Objects that these words name: as id, as the id in addresses, or as name in whatever ASCII case.
    Objects(&'words [String]),
    /// The member that this names: as id, or as e-mail address in whatever ASCII case.
    Member(&'words str),
}

/// Only the rows whose column holds one of the ids of a JSON list; all rows where there is none.
type Only<'a> = Option<(&'static str, &'a str)>;

const ALL: Only<'_> = None;

impl Catalog {
    /// What the rules of access need of the organisation as the published run found it, or as run `at` did.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`] when `at` is no run that published, [`StoreError::NothingPublished`] when none did.
    pub fn facts(&self, at: Option<i64>) -> Result<(RunRow, Facts), StoreError> {
        self.facts_about(at, About::Everything)
    }

    /// The same, of no more of the organisation than a question is about: its answers are those that all facts give.
    ///
    /// # Errors
    /// As [`Catalog::facts`].
    pub fn facts_about(&self, at: Option<i64>, about: About<'_>) -> Result<(RunRow, Facts), StoreError> {
        let db = self.connection();
        // One state of the file for all the statements, whatever a run publishes meanwhile.
        let _reading = db.unchecked_transaction()?;
        let run = self.published_at(at)?;
        let facts = match about {
            About::Everything => facts_of(db, &run)?,
            About::Objects(words) => facts_of_objects(db, &run, words)?,
            About::Member(text) => match member::facts_of_member(db, &run, text)? {
                Some(facts) => facts,
                None => facts_of(db, &run)?,
            },
        };
        Ok((run, facts))
    }

    /// The organisation's slug in addresses as a run found it; `None` where no address showed it.
    pub fn organization_slug(&self, run: i64) -> Result<Option<String>, StoreError> {
        let slugs = rows(self.connection(), run, "organization", "slug", ALL, |row| row.get(0))?;
        Ok(slugs.into_iter().next().flatten())
    }
}

/// What the rules of access need, as a run found it or, for one that is about to publish, finds it.
pub(super) fn facts_of(db: &Connection, run: &RunRow) -> Result<Facts, StoreError> {
    facts_within(db, run, None)
}

/// As much of it as decides who has what on the objects that the words may name.
fn facts_of_objects(db: &Connection, run: &RunRow, words: &[String]) -> Result<Facts, StoreError> {
    let objects = named_and_above(db, run.run_id, words)?;
    let facts = facts_within(db, run, Some(&json(objects.iter().map(String::as_str))))?;
    // Where teams were not listed, a grant on anything may tell of one that everybody may belong to.
    if facts.readings.is_read(scope::TEAMS, "") { Ok(facts) } else { facts_of(db, run) }
}

/// `objects`: of which objects alone, as a JSON list of ids that holds whatever lies above one that it holds.
fn facts_within(db: &Connection, run: &RunRow, objects: Option<&str>) -> Result<Facts, StoreError> {
    let id = run.run_id;
    let readings = readings(db, run, &SCOPES, objects)?;
    let only = |column: &'static str| objects.map(|objects| (column, objects));
    let grants = rows(db, id, "object_grant", GRANT, only("object_id"), grant)?;
    let teams = rows(db, id, "team", TEAM, ALL, team)?;
    let joined = objects.map(|_| json(teams_that_matter(&teams, &grants, &readings)));
    let joined = joined.as_deref().map(|teams| ("team_id", teams));
    Ok(Facts {
        members: rows(db, id, "member", MEMBER, ALL, member)?,
        memberships: rows(db, id, "team_member", MEMBERSHIP, joined, membership)?,
        teams,
        account_types: account_types(db, id, &readings)?,
        workspaces: rows(db, id, "workspace", WORKSPACE, only("id"), workspace)?,
        files: rows(db, id, "file", FILE, only("id"), file)?,
        documents: rows(db, id, "document", DOCUMENT, only("id"), document)?,
        grants,
        readings,
    })
}

/// The ids of all objects that one of the words names or that have no name, and of whatever lies above them.
fn named_and_above(db: &Connection, run: i64, words: &[String]) -> Result<Vec<String>, StoreError> {
    // As parameters rather than as a list, so that the planner knows how few they are.
    let list = (0..words.len()).map(|place| format!("?{}", place + 2)).collect::<Vec<_>>().join(", ");
    let named = ["workspace", "file", "document"].map(|table| {
        ["id IN", "url_id IN", "name COLLATE NOCASE IN"]
            .map(|column| {
                format!("SELECT id FROM {table}_history WHERE {VALID} AND {column} ({list}) UNION ")
            })
            .concat()
            + &format!("SELECT id FROM {table}_history WHERE {VALID} AND name IS NULL")
    });
    // UNION keeps an id once, which ends the walk in a circle of folders.
    let sql = format!(
        "WITH RECURSIVE above(id) AS (SELECT id FROM ({}) UNION \
         SELECT (SELECT parent_id FROM file_history WHERE {VALID} AND id = above.id) FROM above) \
         SELECT id FROM above WHERE id IS NOT NULL",
        named.join(" UNION ")
    );
    let mut statement = db.prepare(&sql)?;
    statement.raw_bind_parameter(1, run)?;
    for (word, place) in words.iter().zip(2..) {
        statement.raw_bind_parameter(place, word)?;
    }
    let (mut ids, mut rows) = (Vec::new(), statement.raw_query());
    while let Some(row) = rows.next()? {
        ids.push(row.get(0)?);
    }
    Ok(ids)
}

/// The teams of which it matters who belongs to them: those that something is granted to and, where grants were asked for
/// by principal, those whose grants were not read.
fn teams_that_matter<'teams>(
    teams: &'teams [TeamFact],
    grants: &[GrantFact],
    readings: &Readings,
) -> Vec<&'teams str> {
    let by_principal = readings.knows(scope::MEMBER_GRANTS) || readings.knows(scope::TEAM_GRANTS);
    let granted: HashSet<&str> = grants.iter().map(|grant| grant.team_id.as_str()).collect();
    let matters = |team: &&TeamFact| {
        granted.contains(team.id.as_str())
            || (by_principal && !readings.is_read(scope::TEAM_GRANTS, &team.id))
    };
    teams.iter().filter(matters).map(|team| team.id.as_str()).collect()
}

fn json<T: Into<Value>>(words: impl IntoIterator<Item = T>) -> String {
    Value::from_iter(words).to_string()
}

fn account_types(db: &Connection, run: i64, readings: &Readings) -> Result<Vec<AccountTypeFact>, StoreError> {
    let mut allowed: HashMap<String, Vec<String>> = HashMap::new();
    // A catalog that only an earlier version has written to lacks the table.
    let words = match db.table_exists(None, "account_type_permission_history")? {
        true => rows(db, run, "account_type_permission", "account_type_id, permission", ALL, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?,
        false => Vec::new(),
    };
    for (account_type, word) in words {
        allowed.entry(account_type).or_default().push(word);
    }
    rows(db, run, "account_type", "id, name, is_custom", ALL, |row| {
        let id: String = row.get(0)?;
        let read = readings.is_read(scope::ACCOUNT_TYPE_PERMISSIONS, &id);
        let permissions = read.then(|| allowed.remove(&id).unwrap_or_default());
        Ok(AccountTypeFact { name: row.get(1)?, is_custom: row.get(2)?, permissions })
    })
}

const MEMBER: &str = "id, email, nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''), \
    member_type, user_kind, is_archived, is_inactive";

fn member(row: &Row<'_>) -> rusqlite::Result<MemberFact> {
    Ok(MemberFact {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        account_type: row.get(3)?,
        user_kind: row.get(4)?,
        is_archived: flag(row, 5)?,
        is_inactive: flag(row, 6)?,
    })
}

const TEAM: &str = "id, name, is_archived";

fn team(row: &Row<'_>) -> rusqlite::Result<TeamFact> {
    Ok(TeamFact { id: row.get(0)?, name: row.get(1)?, is_archived: flag(row, 2)? })
}

const MEMBERSHIP: &str = "team_id, member_id";

fn membership(row: &Row<'_>) -> rusqlite::Result<MembershipFact> {
    Ok(MembershipFact { team_id: row.get(0)?, member_id: row.get(1)? })
}

const WORKSPACE: &str = "id, url_id, name";

fn workspace(row: &Row<'_>) -> rusqlite::Result<WorkspaceFact> {
    Ok(WorkspaceFact { id: row.get(0)?, url_id: row.get(1)?, name: row.get(2)? })
}

const GRANT: &str = "id, object_id, member_id, team_id, permission, created_by, created_at";

fn grant(row: &Row<'_>) -> rusqlite::Result<GrantFact> {
    Ok(GrantFact {
        id: row.get(0)?,
        object_id: row.get(1)?,
        member_id: row.get(2)?,
        team_id: row.get(3)?,
        permission: row.get(4)?,
        created_by: row.get(5)?,
        created_at: row.get(6)?,
    })
}

const FILE: &str = "id, type, url_id, name, parent_id, path, owner_id, is_archived, created_at";

fn file(row: &Row<'_>) -> rusqlite::Result<FileFact> {
    Ok(FileFact {
        id: row.get(0)?,
        file_type: FileFact::type_of(row.get_ref(1)?.as_str()?),
        url_id: row.get(2)?,
        name: row.get(3)?,
        parent_id: row.get(4)?,
        path: row.get(5)?,
        owner_id: row.get(6)?,
        is_archived: flag(row, 7)?,
        created_at: row.get(8)?,
    })
}

const DOCUMENT: &str = "id, kind, url_id, name, path, owner_id, is_archived, created_at";

fn document(row: &Row<'_>) -> rusqlite::Result<DocumentFact> {
    Ok(DocumentFact {
        id: row.get(0)?,
        kind: row.get(1)?,
        url_id: row.get(2)?,
        name: row.get(3)?,
        path: row.get(4)?,
        owner_id: row.get(5)?,
        is_archived: flag(row, 6)?,
        created_at: row.get(7)?,
    })
}

/// A flag that Sigma leaves out where it does not hold.
fn flag(row: &Row<'_>, column: usize) -> rusqlite::Result<bool> {
    Ok(row.get::<_, Option<bool>>(column)?.unwrap_or(false))
}

/// Whether a row was valid at a run.
const VALID: &str = "valid_from <= ?1 AND (valid_to IS NULL OR valid_to > ?1)";

/// The rows of a record table that were valid at a run.
fn rows<T>(
    db: &Connection,
    run: i64,
    table: &str,
    columns: &str,
    only: Only<'_>,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = db.prepare_cached(&question(table, columns, only))?;
    let rows = match only {
        None => statement.query_map([run], read)?.collect::<Result<_, _>>()?,
        Some((_, ids)) => statement.query_map((run, ids), read)?.collect::<Result<_, _>>()?,
    };
    Ok(rows)
}

fn question(table: &str, columns: &str, only: Only<'_>) -> String {
    let only = only.map(|(column, _)| format!(" AND {column} IN (SELECT value FROM json_each(?2))"));
    format!("SELECT {columns} FROM {table}_history WHERE {VALID}{}", only.unwrap_or_default())
}

/// The scopes that access rests on.
const SCOPES: [&str; 11] = [
    scope::MEMBERS,
    scope::TEAMS,
    scope::TEAM_MEMBERS,
    scope::ACCOUNT_TYPES,
    scope::ACCOUNT_TYPE_PERMISSIONS,
    scope::WORKSPACES,
    scope::FILES,
    scope::DOCUMENTS,
    scope::OBJECT_GRANTS,
    scope::MEMBER_GRANTS,
    scope::TEAM_GRANTS,
];

/// The last run that was published after this one.
fn later_run(db: &Connection, run: &RunRow) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT max(run_id) FROM run WHERE run_id > ? AND state IN ('published', 'published_partial')";
    Ok(db.query_row(sql, [run.run_id], |row| row.get(0))?)
}

/// Whether a run's scope that left no trace was read.
fn is_absent_read(run: &RunRow, later: Option<i64>) -> bool {
    later.is_some_and(|later| run.run_id > later - ledger::KEPT_RUNS)
}

/// What the run read of these scopes to its end.
///
/// The ledger forgets the good scopes of a run when a later one publishes, and everything some time after: of an earlier
/// run a scope without a trace was read, of a forgotten one nothing can be said.
///
/// `objects`: the objects whose grants alone matter, as a JSON list; others are noted where theirs were not read, so that
/// what is missing in all is known.
fn readings(
    db: &Connection,
    run: &RunRow,
    scopes: &[&str],
    objects: Option<&str>,
) -> Result<Readings, StoreError> {
    let absent_is_read = is_absent_read(run, later_run(db, run)?);
    let mut readings = Readings::new(absent_is_read, run.token_is_admin == Some(true));
    // What was left out on purpose was not read, but for single documents: those the listing told.
    let read = [Outcome::Complete, Outcome::NotApplicable, Outcome::Carried].map(Outcome::name);
    let scopes = scopes.iter().map(|scope| format!("'{scope}'")).collect::<Vec<_>>().join(", ");
    let good = read.map(|outcome| format!("'{outcome}'")).join(", ");
    let mut statement = db.prepare_cached(&format!(
        "SELECT endpoint, parent_id, outcome FROM fetch_scope WHERE run_id = ?1 AND endpoint IN ({scopes}) \
         AND error_code IS NOT '{LEFT_OUT}' AND (?2 IS NULL OR endpoint <> '{}' OR outcome NOT IN ({good}) \
         OR parent_id IN (SELECT value FROM json_each(?2)))",
        scope::OBJECT_GRANTS
    ))?;
    let mut rows = statement.query((run.run_id, objects))?;
    while let Some(row) = rows.next()? {
        let outcome = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        let (scope, parent) = (row.get_ref(0)?, row.get_ref(1)?);
        let (scope, parent) =
            (scope.as_str().map_err(rusqlite::Error::from)?, parent.as_str().map_err(rusqlite::Error::from)?);
        readings.note(scope, parent, read.contains(&outcome));
    }
    Ok(readings)
}
