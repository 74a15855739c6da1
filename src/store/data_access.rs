//! Reading the second plane of permissions: which warehouse tables documents read, and who was granted their use.

use std::collections::HashMap;

use rusqlite::Connection;

use super::error::StoreError;
use super::evidence::has_table;
use super::reader::Catalog;
use super::schema::valid;
use crate::catalog::delivery::Outcome;

/// The tables that documents read, and the grants on them and on their connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataAccess {
    /// Which document reads which table, by document and path.
    pub reads: Vec<TableRead>,
    /// Data permissions; `None`: this catalog does not hold any, because they were never asked for.
    pub grants: Option<Vec<DataGrant>>,
    /// The connections and tables that were asked for their grants in the run, and whether they answered to the end.
    pub asked: HashMap<String, bool>,
}

/// A document reads a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableRead {
    /// The document.
    pub document_id: String,
    /// The table's inode.
    pub table_id: String,
    /// The connection it is read through, where that is known.
    pub connection_id: Option<String>,
    /// Names of the connection and of what leads to the table, joined by `/`, as far as they are known.
    pub path: String,
}

/// A data permission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataGrant {
    /// The connection or table that was asked for its grants.
    pub asked_id: String,
    /// The member it is made to; empty for a team.
    pub member_id: String,
    /// The team it is made to; empty for a member.
    pub team_id: String,
    /// `usage`, `annotate`, ... verbatim.
    pub permission: Option<String>,
}

impl Catalog {
    /// The data plane as a run found it.
    ///
    /// # Errors
    /// If the catalog cannot be read.
    pub fn data_access(&self, run: i64) -> Result<DataAccess, StoreError> {
        let db = self.connection();
        let _reading = db.unchecked_transaction()?;
        Ok(DataAccess { reads: reads(db, run)?, grants: grants(db, run)?, asked: asked(db, run)? })
    }
}

fn reads(db: &Connection, run: i64) -> Result<Vec<TableRead>, StoreError> {
    // Catalogs of earlier versions do not know where tables lie.
    let (places, path, connection) = if has_table(db, "warehouse_table_history")? {
        let join = format!("LEFT JOIN warehouse_table_history w ON w.id = n.id AND {}", valid("w", "?1"));
        (join, "coalesce(w.path, n.name, n.id)", "coalesce(n.connection_id, w.connection_id)")
    } else {
        (String::new(), "coalesce(n.name, n.id)", "n.connection_id")
    };
    let mut statement = db.prepare(&format!(
        "SELECT DISTINCT k.id, n.id, {connection}, coalesce(c.name || '/', '') || {path} AS path \
         FROM lineage_node_history n JOIN document_key k ON k.document = n.document {places} \
         LEFT JOIN connection_history c ON c.id = {connection} AND {} \
         WHERE n.type = 'table' AND {} ORDER BY k.id, path, n.id",
        valid("c", "?1"),
        valid("n", "?1"),
    ))?;
    let rows = statement.query_map([run], |row| {
        Ok(TableRead {
            document_id: row.get(0)?,
            table_id: row.get(1)?,
            connection_id: row.get(2)?,
            path: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn grants(db: &Connection, run: i64) -> Result<Option<Vec<DataGrant>>, StoreError> {
    if !has_table(db, "connection_grant_history")? {
        return Ok(None);
    }
    let mut statement = db.prepare(&format!(
        "SELECT asked_id, member_id, team_id, permission FROM connection_grant_history g WHERE {}",
        valid("g", "?1")
    ))?;
    let rows = statement.query_map([run], |row| {
        Ok(DataGrant {
            asked_id: row.get(0)?,
            member_id: row.get(1)?,
            team_id: row.get(2)?,
            permission: row.get(3)?,
        })
    })?;
    Ok(Some(rows.collect::<Result<_, _>>()?))
}

fn asked(db: &Connection, run: i64) -> Result<HashMap<String, bool>, StoreError> {
    let read = [Outcome::Complete, Outcome::NotApplicable, Outcome::Carried].map(Outcome::name);
    let mut statement = db.prepare(
        "SELECT parent_id, outcome FROM fetch_scope WHERE run_id = ? AND endpoint = 'connection-grants'",
    )?;
    let rows = statement.query_map([run], |row| {
        let outcome: String = row.get(1)?;
        Ok((row.get(0)?, read.contains(&outcome.as_str())))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
