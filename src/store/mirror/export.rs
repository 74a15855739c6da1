//! What a run mirrors, told user by user.

use std::collections::HashMap;

use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::store::error::StoreError;
use crate::store::ledger::RunRow;
use crate::store::reader::Catalog;
use crate::store::schema::valid;

/// What one catalog user may do with one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MirrorRow<'a> {
    /// Login name.
    pub catalog_user: &'a str,
    /// Sigma's id of the object.
    pub object_id: &'a str,
    /// External id of the object in the stable views.
    pub catalog_object_key: &'a str,
    /// Always true: what is not visible, or not known to be, has no row.
    pub visible: bool,
    /// `view`, `explore`, `organize`, `edit` or `owner`.
    pub level: &'static str,
    /// `owner`, `grant` (to the member or a team), `public` (to "All Members"), `admin`; where several give the same level,
    /// the first of them in this order.
    pub basis: &'static str,
    /// Sigma's id of the member that gives most; of several, the first by id.
    pub sigma_member: &'a str,
}

/// The words of the levels, from 1.
const LEVELS: [&str; 5] = ["view", "explore", "organize", "edit", "owner"];

/// How much of an object. The larger one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    level: u8,
    basis: Basis,
}

/// What it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Basis {
    Admin,
    Public,
    Grant,
    Owner,
}

impl Right {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { level: row.get("level")?, basis: Basis::of(row.get_ref("via")?.as_str()?) })
    }
}

impl Basis {
    fn of(via: &str) -> Self {
        match via {
            "owner" => Self::Owner,
            "everyone" => Self::Public,
            "admin" => Self::Admin,
            _ => Self::Grant,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Grant => "grant",
            Self::Public => "public",
            Self::Admin => "admin",
        }
    }
}

impl Catalog {
    /// Hands what the catalog should enforce to `each`, as of the published run or of run `at`: by catalog user and the
    /// object's kind and id, one row for each.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`] when `at` is no run that published, [`StoreError::NothingPublished`] when none did.
    pub fn mirrored<E: From<StoreError>>(
        &self,
        at: Option<i64>,
        mut each: impl FnMut(MirrorRow<'_>) -> Result<(), E>,
    ) -> Result<RunRow, E> {
        let db = self.connection();
        // One state of the file for all the statements, whatever a run publishes meanwhile.
        let _reading = db.unchecked_transaction().map_err(StoreError::from)?;
        let run = self.published_at(at)?;
        if !self.has_mirror()? {
            return Ok(run);
        }
        let (members, rights) = (members(db, run.run_id)?, Rights::read(db, run.run_id)?);
        let mut best: Vec<Option<(Right, &str)>> = vec![None; rights.objects.len()];
        for user in members.chunk_by(|one, next| one.catalog_user == next.catalog_user) {
            rights.best_of(user, &mut best);
            for (best, object) in best.iter_mut().zip(&rights.objects) {
                let Some((right, sigma_member)) = best.take() else { continue };
                each(MirrorRow {
                    catalog_user: &user[0].catalog_user,
                    object_id: &object.catalog_key[object.id_from..],
                    catalog_object_key: &object.catalog_key,
                    visible: true,
                    level: LEVELS[usize::from(right.level.clamp(1, 5)) - 1],
                    basis: right.basis.name(),
                    sigma_member,
                })?;
            }
        }
        Ok(run)
    }
}

/// A member that is a catalog user.
struct Mapped {
    catalog_user: String,
    key: i64,
    id: String,
}

/// By catalog user and the member's id.
fn members(db: &Connection, run: i64) -> Result<Vec<Mapped>, StoreError> {
    let mut statement = db.prepare(&format!(
        "SELECT m.catalog_user, m.member, k.id FROM mirrored_member_history m JOIN access_key k ON k.key = m.member \
         WHERE {} ORDER BY m.catalog_user, k.id",
        valid("m", "?1")
    ))?;
    let members = statement.query_map([run], |row| {
        Ok(Mapped { catalog_user: row.get(0)?, key: row.get(1)?, id: row.get(2)? })
    })?;
    Ok(members.collect::<Result<_, _>>()?)
}

/// What members may see. Many share a principal, so that this is far less than what is told.
struct Rights {
    /// By kind and id.
    objects: Vec<Named>,
    /// What each principal may see: places among the objects.
    principals: HashMap<i64, Vec<(u32, Right)>>,
    /// The principals that stand for each member.
    stand_for: HashMap<i64, Vec<i64>>,
}

/// An object as the catalog names it: its kind, a colon and its id.
struct Named {
    catalog_key: String,
    id_from: usize,
}

impl Named {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (kind, id) = (row.get_ref("kind")?.as_str()?, row.get_ref("id")?.as_str()?);
        Ok(Self { catalog_key: format!("{kind}:{id}"), id_from: kind.len() + 1 })
    }
}

impl Rights {
    fn read(db: &Connection, run: i64) -> Result<Self, StoreError> {
        let mut statement = db.prepare("SELECT key, kind, id FROM access_key ORDER BY kind, id")?;
        let keys = statement.query_map([], |row| Ok((row.get(0)?, Named::of(row)?)))?;
        let (mut objects, mut places) = (Vec::new(), HashMap::new());
        for key in keys {
            let (key, object): (i64, Named) = key?;
            places.insert(key, objects.len() as u32);
            objects.push(object);
        }
        let mut statement = db.prepare(&format!(
            "SELECT p.member, p.principal FROM mirrored_principal_history p WHERE {}",
            valid("p", "?1")
        ))?;
        let pairs = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut stand_for: HashMap<i64, Vec<i64>> = HashMap::new();
        let mut principals: HashMap<i64, Vec<_>> = HashMap::new();
        for pair in pairs {
            let (member, principal) = pair?;
            stand_for.entry(member).or_default().push(principal);
            principals.entry(principal).or_default();
        }
        let mut statement = db.prepare(&format!(
            "SELECT a.principal, a.object, a.level, a.via FROM access_principal_history a WHERE {}",
            valid("a", "?1")
        ))?;
        let rights = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?, Right::of(row)?)))?;
        for right in rights {
            let (principal, object, right): (i64, i64, Right) = right?;
            if let Some(seen) = principals.get_mut(&principal) {
                seen.extend(places.get(&object).map(|place| (*place, right)));
            }
        }
        Ok(Self { objects, principals, stand_for })
    }

    /// The best that one of a user's members has on each object. Several members are one catalog user where merging was
    /// allowed.
    fn best_of<'user>(&self, user: &'user [Mapped], best: &mut [Option<(Right, &'user str)>]) {
        for member in user {
            for principal in self.stand_for.get(&member.key).into_iter().flatten() {
                for (object, right) in self.principals.get(principal).into_iter().flatten() {
                    let best = &mut best[*object as usize];
                    if best.is_none_or(|(known, _)| *right > known) {
                        *best = Some((*right, &member.id));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_level_counts_then_the_better_basis_then_the_first_member() {
        let right = |level, via| Right { level, basis: Basis::of(via) };
        let mapped = |key, id: &str| Mapped { catalog_user: "ann".into(), key, id: id.into() };
        let user = [mapped(1, "a"), mapped(2, "b")];
        for (of_first, of_second, best) in [
            (right(1, "owner"), right(2, "admin"), ("admin", "b")),
            (right(2, "admin"), right(1, "owner"), ("admin", "a")),
            (right(4, "admin"), right(4, "everyone"), ("public", "b")),
            (right(4, "everyone"), right(4, "team"), ("grant", "b")),
            (right(4, "direct"), right(4, "team"), ("grant", "a")),
            (right(5, "direct"), right(5, "owner"), ("owner", "b")),
        ] {
            let rights = Rights {
                objects: Vec::new(),
                principals: HashMap::from([(10, vec![(1, of_first)]), (20, vec![(1, of_second)])]),
                stand_for: HashMap::from([(1, vec![10]), (2, vec![20])]),
            };
            let mut found = [None; 2];
            rights.best_of(&user, &mut found);
            assert_eq!(found[0], None);
            let (right, member) = found[1].expect("a right");
            assert_eq!((right.basis.name(), member), best);
        }
    }
}
