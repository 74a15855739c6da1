//! As much of the facts as decides what one member sees.
//!
//! Only of a run that read all that access rests on: elsewhere something that was not read, wherever it is, may be what
//! tells of a grant, and then it takes all facts to say so.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

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
    // One that names a member as well is that member's, whom the rules do not find here.
    grants.extend(rows(db, id, "object_grant", GRANT, Some(("team_id", &json(&principals))), grant)?);
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
    let mut found = Found::default();
    found.take(placed(db, "id IN (SELECT value FROM json_each(?2))", (run, json(&granted)))?);
    found.take(placed(db, "owner_id IN (SELECT value FROM json_each(?2))", (run, members))?);
    let mut above: Vec<i64> = found.objects.iter().filter_map(|object| object.parent).collect();
    // What was met before is not taken again, which ends the walk in a circle of folders.
    let mut at = 0;
    while let Some(object) = found.objects.get(at) {
        if object.file.is_container() {
            found.take(placed(db, "parent = ?2", (run, object.key))?);
        }
        at += 1;
    }
    while let Some(key) = above.pop() {
        if !found.places.contains_key(&key) {
            let object = placed(db, "object = ?2", (run, key))?;
            above.extend(object.iter().filter_map(|object| object.parent));
            found.take(object);
        }
    }
    Ok(found.files())
}

/// All objects.
fn all(db: &Connection, run: i64) -> Result<Vec<FileFact>, StoreError> {
    let mut found = Found::default();
    found.take(placed(db, "true", [run])?);
    Ok(found.files())
}

/// An object by its number, with the number of what it lies in.
struct Placed {
    key: i64,
    parent: Option<i64>,
    file: FileFact,
}

/// Objects, each once.
#[derive(Default)]
struct Found {
    objects: Vec<Placed>,
    /// Where in the list the object of a number stands.
    places: HashMap<i64, usize>,
}

impl Found {
    fn take(&mut self, objects: Vec<Placed>) {
        for object in objects {
            if let Entry::Vacant(free) = self.places.entry(object.key) {
                free.insert(self.objects.len());
                self.objects.push(object);
            }
        }
    }

    /// The objects with the ids of what they lie in.
    fn files(self) -> Vec<FileFact> {
        let id_of = |key: &i64| self.places.get(key).map(|place| self.objects[*place].file.id.clone());
        let parents: Vec<Option<String>> =
            self.objects.iter().map(|object| object.parent.as_ref().and_then(id_of)).collect();
        let files = self.objects.into_iter().zip(parents);
        files.map(|(object, parent_id)| FileFact { parent_id, ..object.file }).collect()
    }
}

/// The objects that were there at run `?1` and that a condition names.
fn placed(db: &Connection, condition: &str, parameters: impl Params) -> Result<Vec<Placed>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT object, parent, id, type, url_id, name, path, owner_id, is_archived, created_at \
         FROM access_object_history WHERE {VALID} AND {condition}"
    ))?;
    let read = |row: &Row<'_>| {
        Ok(Placed {
            key: row.get(0)?,
            parent: row.get(1)?,
            file: FileFact {
                id: row.get(2)?,
                file_type: row.get(3)?,
                url_id: row.get(4)?,
                name: row.get(5)?,
                parent_id: None,
                path: row.get(6)?,
                owner_id: row.get(7)?,
                is_archived: row.get(8)?,
                created_at: row.get(9)?,
            },
        })
    };
    let objects = statement.query_map(parameters, read)?.collect::<Result<_, _>>()?;
    Ok(objects)
}
