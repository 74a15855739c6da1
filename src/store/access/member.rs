//! As much of the facts as decides what one member sees.
//!
//! Only of a run that read all that access rests on: elsewhere something that was not read, wherever it is, may be what
//! tells of a grant, and then it takes all facts to say so.

use rusqlite::{Connection, OptionalExtension};

use super::{
    ALL, DOCUMENT, FILE, GRANT, MEMBER, MEMBERSHIP, TEAM, VALID, WORKSPACE, account_types, document, file,
    grant, is_absent_read, json, later_run, member, membership, readings, rows, team, workspace,
};
use crate::catalog::delivery::scope;
use crate::catalog::facts::{Facts, GrantFact, MemberFact, Readings, TeamFact};
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
    let objects = match members.iter().any(MemberFact::is_called_administrator) {
        true => None,
        false => Some(json(&reachable(db, id, &asked, &grants)?)),
    };
    let only = objects.as_deref().map(|objects| ("id", objects));
    Ok(Some(Facts {
        members,
        teams,
        memberships,
        // What an account type lets its members use is apart from what they were given.
        account_types: account_types(db, id, &readings(db, run, &[scope::ACCOUNT_TYPE_PERMISSIONS], None)?)?,
        workspaces: rows(db, id, "workspace", WORKSPACE, only, workspace)?,
        files: rows(db, id, "file", FILE, only, file)?,
        documents: rows(db, id, "document", DOCUMENT, only, document)?,
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

/// The ids of what the grants are on and of what the members own, and of all that lies below or above that.
fn reachable(
    db: &Connection,
    run: i64,
    members: &str,
    grants: &[GrantFact],
) -> Result<Vec<String>, StoreError> {
    let mut granted: Vec<String> = grants.iter().map(|grant| grant.object_id.clone()).collect();
    granted.sort_unstable();
    granted.dedup();
    let owned = ["file", "document"].map(|table| {
        format!(
            "SELECT id FROM {table}_history WHERE {VALID} AND owner_id IN (SELECT value FROM json_each(?2))"
        )
    });
    // UNION keeps an id once, which ends the walk in a circle of folders.
    let sql = format!(
        "WITH RECURSIVE start(id) AS MATERIALIZED (SELECT value FROM json_each(?3) UNION {}), \
         below(id) AS (SELECT id FROM start UNION \
         SELECT file.id FROM below CROSS JOIN file_history file ON file.parent_id = below.id WHERE {VALID}), \
         above(id) AS (SELECT id FROM start UNION \
         SELECT (SELECT parent_id FROM file_history WHERE {VALID} AND id = above.id) FROM above) \
         SELECT id FROM below UNION SELECT id FROM above WHERE id IS NOT NULL",
        owned.join(" UNION ")
    );
    let mut statement = db.prepare_cached(&sql)?;
    let ids =
        statement.query_map((run, members, json(&granted)), |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}
