//! As much of the facts as decides what one member sees.
//!
//! Only of a run that read all that access rests on: elsewhere something that was not read, wherever it is, may be what
//! tells of a grant, and then it takes all facts to say so.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Params, Row, Statement};

use super::{
    ALL, MEMBER, MEMBERSHIP, TEAM, VALID, account_types, is_absent_read, json, later_run, member, membership,
    readings, rows, team,
};
use crate::catalog::delivery::scope;
use crate::catalog::facts::{Facts, FileFact, GrantFact, MemberFact, Readings, TeamFact};
use crate::catalog::mirror::principal;
use crate::store::error::StoreError;
use crate::store::ledger::RunRow;
use crate::store::mirror::NOWHERE;

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
    let named = named(db, id, text)?;
    let asked = json(named.iter().map(|(_, id)| id.as_str()));
    let members: Vec<MemberFact> = rows(db, id, "member", MEMBER, Some(("id", &asked)), member)?;
    let memberships = rows(db, id, "team_member", MEMBERSHIP, Some(("member_id", &asked)), membership)?;
    let teams: Vec<TeamFact> = rows(db, id, "team", TEAM, ALL, team)?;
    let joined: HashSet<&str> = memberships.iter().map(|known| known.team_id.as_str()).collect();
    // Archived teams give nothing.
    let gives =
        |team: &&TeamFact| !team.is_archived && (team.is_everyone() || joined.contains(team.id.as_str()));
    let placed = placed_grants(db, id, &named, teams.iter().filter(gives))?;
    // Administrators see everything.
    let found = match members.iter().any(MemberFact::is_called_administrator) {
        true => all(db, id, &named)?,
        false => reachable(db, id, &named, &placed)?,
    };
    let grants = placed.into_iter().filter_map(|(object, grant)| found.granted_on(object, grant)).collect();
    Ok(Some(Facts {
        members,
        teams,
        memberships,
        // What an account type lets its members use is apart from what they were given.
        account_types: account_types(db, id, &readings(db, run, &[scope::ACCOUNT_TYPE_PERMISSIONS], None)?)?,
        workspaces: Vec::new(),
        files: found.files(),
        documents: Vec::new(),
        grants,
        readings: Readings::new(true, true),
    }))
}

/// Whether a run read all that access rests on, and that may still be said of it.
fn is_settled(db: &Connection, run: &RunRow) -> Result<bool, StoreError> {
    // A catalog that only an earlier version has written to lacks the table.
    if !db.table_exists(None, "placed_grant_history")? {
        return Ok(false);
    }
    let marked = db
        .query_row("SELECT 1 FROM settled_run WHERE run_id = ?", [run.run_id], |_| Ok(()))
        .optional()?
        .is_some();
    let later = later_run(db, run)?;
    Ok(marked && (later.is_none() || is_absent_read(run, later)))
}

/// The members that the text may mean.
fn named(db: &Connection, run: i64, text: &str) -> Result<Vec<Asked>, StoreError> {
    let mut statement = db.prepare(&named_by())?;
    let asked = statement.query_map((run, text.trim()), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(asked.collect::<Result<_, _>>()?)
}

/// The question for the members that were there at run `?1` and that `?2` may mean.
fn named_by() -> String {
    format!(
        "SELECT (SELECT key FROM access_key WHERE kind = '{}' AND id = m.id), id FROM member_history m \
         WHERE {VALID} AND id IN (SELECT ?2 UNION SELECT id FROM member_history \
         WHERE {VALID} AND email = ?2 COLLATE NOCASE)",
        principal::MEMBER
    )
}

/// A member that was asked about: its number, where it has one, and its id.
type Asked = (Option<i64>, String);

/// A grant that does not yet say on what by its id, and the number of that.
type Placed = (i64, GrantFact);

/// What is granted to the members and to teams.
fn placed_grants<'facts>(
    db: &Connection,
    run: i64,
    members: &[Asked],
    teams: impl Iterator<Item = &'facts TeamFact>,
) -> Result<Vec<Placed>, StoreError> {
    let to = |member_id: &str, team_id: &str| GrantFact {
        member_id: member_id.to_owned(),
        team_id: team_id.to_owned(),
        ..GrantFact::default()
    };
    let mut grantees: HashMap<i64, GrantFact> =
        members.iter().filter_map(|(key, id)| Some(((*key)?, to(id, "")))).collect();
    let mut key = db.prepare("SELECT key FROM access_key WHERE kind = ? AND id = ?")?;
    for team in teams {
        // All teams of that name are one principal.
        let named = if team.is_everyone() { (principal::EVERYONE, "") } else { (principal::TEAM, &*team.id) };
        if let Some(key) = key.query_row(named, |row| row.get(0)).optional()? {
            grantees.insert(key, to("", &team.id));
        }
    }
    let mut statement = db.prepare(&granted())?;
    let mut rows = statement.query((run, json(grantees.keys().copied())))?;
    let mut grants = Vec::new();
    while let Some(row) = rows.next()? {
        let grantee = &grantees[&row.get(0)?];
        grants.push((row.get(1)?, GrantFact { permission: row.get(2)?, ..grantee.clone() }));
    }
    Ok(grants)
}

/// The question for what was granted at run `?1` to the principals of the JSON list `?2`.
fn granted() -> String {
    format!(
        "SELECT principal, object, permission FROM placed_grant_history WHERE {VALID} AND {}",
        among("principal")
    )
}

/// What the grants are on and all that lies below it, what the members own, and whatever lies above that.
fn reachable<'members>(
    db: &Connection,
    run: i64,
    members: &'members [Asked],
    grants: &[Placed],
) -> Result<Found<'members>, StoreError> {
    let mut granted: Vec<i64> = grants.iter().map(|(object, _)| *object).collect();
    granted.sort_unstable();
    granted.dedup();
    let mut found = Found::of(members);
    let mut by_key = objects(db, &among("object"))?;
    found.take(&mut by_key, (run, json(granted)))?;
    found.walk(&mut objects(db, &among("parent"))?, run, |found, met| {
        let new = found.files[met..].iter().zip(&found.keys[met..]);
        let containers = new.filter(|(file, _)| file.is_container() && !file.is_archived);
        json(containers.map(|(_, (key, _))| *key))
    })?;
    // Who owns a container does not by that own what lies in it.
    let mut owned = objects(db, "owner = ?2")?;
    for (key, _) in members {
        found.take(&mut owned, (run, key))?;
    }
    found.walk(&mut by_key, run, |found, met| {
        let parents = found.keys[met..].iter().map(|(_, parent)| *parent);
        json(parents.filter(|key| *key != NOWHERE && !found.places.contains_key(key)))
    })?;
    Ok(found)
}

/// All objects.
fn all<'members>(
    db: &Connection,
    run: i64,
    members: &'members [Asked],
) -> Result<Found<'members>, StoreError> {
    let mut found = Found::of(members);
    found.take(&mut objects(db, "true")?, [run])?;
    Ok(found)
}

/// The objects that were there at run `?1` and that a condition names.
fn objects<'db>(db: &'db Connection, condition: &str) -> Result<Statement<'db>, StoreError> {
    Ok(db.prepare(&format!(
        "SELECT object, parent, id, type, name, path, owner, is_archived \
         FROM placed_object_history WHERE {VALID} AND {condition}"
    ))?)
}

/// That a column holds one of the ids or numbers of the JSON list `?2`: all at once, since each question costs more than the
/// rows it finds.
fn among(column: &str) -> String {
    format!("{column} IN (SELECT value FROM json_each(?2))")
}

/// Objects, each once.
struct Found<'members> {
    /// Whose objects they are is noted of these alone.
    members: &'members [Asked],
    files: Vec<FileFact>,
    /// The number of each, and that of what it lies in.
    keys: Vec<(i64, i64)>,
    /// Where those of a number stand.
    places: foldhash::HashMap<i64, usize>,
}

impl<'members> Found<'members> {
    fn of(members: &'members [Asked]) -> Self {
        Self { members, files: Vec::new(), keys: Vec::new(), places: foldhash::HashMap::default() }
    }

    /// Takes what a statement finds.
    fn take(&mut self, statement: &mut Statement<'_>, parameters: impl Params) -> Result<(), StoreError> {
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            let key = row.get(0)?;
            if let Entry::Vacant(free) = self.places.entry(key) {
                free.insert(self.files.len());
                self.keys.push((key, row.get(1)?));
                self.files.push(self.file(row)?);
            }
        }
        Ok(())
    }

    /// Walks on from what was found: a statement that asks for a list, and the list for all from a place on. What was met
    /// before is not taken again, which ends a walk in a circle of folders.
    fn walk(
        &mut self,
        statement: &mut Statement<'_>,
        run: i64,
        next: impl Fn(&Self, usize) -> String,
    ) -> Result<(), StoreError> {
        let mut met = 0;
        while met < self.files.len() {
            let wanted = next(self, met);
            met = self.files.len();
            self.take(statement, (run, wanted))?;
        }
        Ok(())
    }

    /// A grant with the id of what it is on; `None` where that was not there.
    fn granted_on(&self, object: i64, grant: GrantFact) -> Option<GrantFact> {
        let file = &self.files[*self.places.get(&object)?];
        Some(GrantFact { object_id: file.id.clone(), ..grant })
    }

    fn file(&self, row: &Row<'_>) -> rusqlite::Result<FileFact> {
        let owner: Option<i64> = row.get(6)?;
        let owner = owner.and_then(|owner| self.members.iter().find(|(key, _)| *key == Some(owner)));
        Ok(FileFact {
            id: row.get(2)?,
            file_type: FileFact::type_of(row.get_ref(3)?.as_str()?),
            name: row.get(4)?,
            path: row.get(5)?,
            owner_id: owner.map(|(_, id)| id.clone()),
            is_archived: row.get(7)?,
            ..FileFact::default()
        })
    }

    /// The objects with the ids of what they lie in.
    fn files(mut self) -> Vec<FileFact> {
        let (mut last, mut id) = (NOWHERE, None);
        for (place, (_, parent)) in self.keys.iter().enumerate() {
            // What lies in the same container mostly comes together, and shares the text.
            if *parent != last {
                last = *parent;
                id = self.places.get(parent).map(|parent| self.files[*parent].id.as_str().into());
            }
            self.files[place].parent_id.clone_from(&id);
        }
        self.files
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn what_reaches_a_member_is_found_by_indexes() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("catalog.db")).expect("a store");
        let db = &store.connection;
        let of_objects =
            |condition: &str| objects(db, condition).expect("a statement").expanded_sql().expect("its text");
        for (sql, by) in [
            (of_objects(&among("parent")), "placed_object_history USING PRIMARY KEY (parent=?"),
            (of_objects(&among("object")), "USING INDEX placed_object_by_key"),
            (of_objects("owner = ?2"), "USING INDEX placed_object_by_owner"),
            (named_by(), "USING INDEX member_by_email (email=?"),
            (granted(), "placed_grant_history USING PRIMARY KEY (principal=?"),
        ] {
            let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(&sql);
            let steps = plan.raw_query().mapped(|row| row.get(3)).collect::<Result<Vec<String>, _>>();
            let steps = steps.expect(&sql);
            assert!(steps.iter().any(|step| step.contains(by)), "{sql}: {steps:?}");
        }
    }
}
