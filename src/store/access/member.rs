//! As much of the facts as decides what one member sees.
//!
//! Only of a run that read all that access rests on: elsewhere something that was not read, wherever it is, may be what
//! tells of a grant, and then it takes all facts to say so.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::{
    ALL, GRANT, MEMBER, MEMBERSHIP, TEAM, VALID, account_types, grant, is_absent_read, json, later_run,
    member, membership, readings, rows, team,
};
use crate::catalog::delivery::scope;
use crate::catalog::facts::{Facts, FileFact, GrantFact, MemberFact, Readings, TeamFact};
use crate::store::error::StoreError;
use crate::store::ledger::RunRow;

/// The facts about the members that have this text for their id or, in whatever ASCII case, for their e-mail address;
/// `None`: nothing less than all facts will do.
pub(super) fn facts_of_member(
    db: &Connection,
    run: &RunRow,
    text: &str,
) -> Result<Option<Facts>, StoreError> {
    if !is_settled(db, run)? {
        return Ok(None);
    }
    let id = run.run_id;
    let asked = json(&named(db, id, text)?);
    let members: Vec<MemberFact> = rows(db, id, "member", MEMBER, Some(("id", &asked)), member)?;
    let memberships = rows(db, id, "team_member", MEMBERSHIP, Some(("member_id", &asked)), membership)?;
    let teams: Vec<TeamFact> = rows(db, id, "team", TEAM, ALL, team)?;
    let mut principals: Vec<String> = memberships.iter().map(|known| known.team_id.clone()).collect();
    principals.extend(teams.iter().filter(|team| team.is_everyone()).map(|team| team.id.clone()));
    let mut grants = rows(db, id, "object_grant", GRANT, Some(("member_id", &asked)), grant)?;
    // One that names a member as well is that member's.
    let to_teams = rows(db, id, "object_grant", GRANT, Some(("team_id", &json(&principals))), grant)?;
    grants.extend(to_teams.into_iter().filter(|grant| grant.member_id.is_empty()));
    // Administrators see everything.
    let files = match members.iter().any(MemberFact::is_called_administrator) {
        true => all(db, id)?,
        false => reachable(db, id, &asked, &grants)?,
    };
    Ok(Some(Facts {
        members,
        teams,
        memberships,
        // What an account type lets its members use is apart from what they were given.
        account_types: account_types(db, id, &readings(db, run, &[scope::ACCOUNT_TYPE_PERMISSIONS], None)?)?,
        workspaces: Vec::new(),
        files,
        documents: Vec::new(),
        grants,
        readings: Readings::new(true, true),
    }))
}

/// Whether a run read all that access rests on, and that may still be said of it.
fn is_settled(db: &Connection, run: &RunRow) -> Result<bool, StoreError> {
    // A catalog that only an earlier version has written to lacks the table.
    if !db.table_exists(None, "settled_run")? {
        return Ok(false);
    }
    let marked = db
        .query_row("SELECT 1 FROM settled_run WHERE run_id = ?", [run.run_id], |_| Ok(()))
        .optional()?
        .is_some();
    let later = later_run(db, run)?;
    Ok(marked && (later.is_none() || is_absent_read(run, later)))
}

/// The ids of the members that the text may mean.
fn named(db: &Connection, run: i64, text: &str) -> Result<Vec<String>, StoreError> {
    let sql =
        format!("SELECT id FROM member_history WHERE {VALID} AND (id = ?2 OR email = ?2 COLLATE NOCASE)");
    let mut statement = db.prepare_cached(&sql)?;
    let ids = statement.query_map((run, text.trim()), |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

/// What the grants are on and what the members own, and all that lies below or above that.
fn reachable(
    db: &Connection,
    run: i64,
    members: &str,
    grants: &[GrantFact],
) -> Result<Vec<FileFact>, StoreError> {
    let mut granted: Vec<String> = grants.iter().map(|grant| grant.object_id.clone()).collect();
    granted.sort_unstable();
    granted.dedup();
    // UNION keeps an object once, which ends the walk in a circle of folders.
    let within = format!(
        "WITH RECURSIVE start(object) AS MATERIALIZED ( \
         SELECT object FROM {OBJECTS} WHERE {VALID} AND id IN (SELECT value FROM json_each(?2)) \
         UNION SELECT object FROM {OBJECTS} WHERE {VALID} AND owner_id IN (SELECT value FROM json_each(?3))), \
         below(object) AS (SELECT object FROM start UNION \
         SELECT next.object FROM below CROSS JOIN {OBJECTS} next ON next.parent = below.object WHERE {VALID}), \
         above(object) AS (SELECT object FROM start UNION \
         SELECT (SELECT parent FROM {OBJECTS} WHERE {VALID} AND object = above.object) FROM above) \
         SELECT {OBJECT} FROM (SELECT object AS within FROM below UNION SELECT object FROM above) \
         CROSS JOIN {OBJECTS} ON object = within WHERE {VALID}"
    );
    placed(db, &within, (run, json(&granted), members))
}

/// All objects.
fn all(db: &Connection, run: i64) -> Result<Vec<FileFact>, StoreError> {
    placed(db, &format!("SELECT {OBJECT} FROM {OBJECTS} WHERE {VALID}"), [run])
}

const OBJECTS: &str = "access_object_history";
const OBJECT: &str = "id, type, url_id, name, path, owner_id, is_archived, created_at, object, parent";

/// The objects that a query answers, each with what it lies in.
fn placed(db: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<FileFact>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        let file = FileFact {
            id: row.get(0)?,
            file_type: row.get(1)?,
            url_id: row.get(2)?,
            name: row.get(3)?,
            parent_id: None,
            path: row.get(4)?,
            owner_id: row.get(5)?,
            is_archived: row.get(6)?,
            created_at: row.get(7)?,
        };
        Ok((row.get(8)?, row.get(9)?, file))
    };
    let objects: Vec<(i64, Option<i64>, FileFact)> =
        statement.query_map(parameters, read)?.collect::<Result<_, _>>()?;
    let places: HashMap<i64, usize> =
        objects.iter().zip(0..).map(|((key, ..), place)| (*key, place)).collect();
    let parents: Vec<Option<String>> = objects
        .iter()
        .map(|(_, parent, _)| Some(objects[*places.get(parent.as_ref()?)?].2.id.clone()))
        .collect();
    let files = objects.into_iter().zip(parents);
    Ok(files.map(|((_, _, file), parent_id)| FileFact { parent_id, ..file }).collect())
}
