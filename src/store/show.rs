//! One object with all that the catalog knows of it and of what is next to it.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params_from_iter, types::ValueRef};
use serde::Serialize;

use super::error::StoreError;
use super::find::Wanted;
use super::impact::Owner;
use super::lineage::Direction;
use super::objects::{Described, Describer, Key};
use super::reader::Catalog;

/// An object.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// What it is called and where it lies.
    #[serde(flatten)]
    pub object: Described,
    /// The row that the catalog keeps of it, by column.
    pub fields: BTreeMap<String, serde_json::Value>,
    /// Its description in Sigma; the text of custom SQL.
    pub description: Option<String>,
    /// Its address in Sigma.
    pub url: Option<String>,
    /// The member who owns it or the document it lies in.
    pub owner: Option<Owner>,
    /// What it lies in, the nearest first.
    pub parents: Vec<Described>,
    /// What lies in it; of a team its members, of a member the teams and what the member owns.
    pub children: Vec<Described>,
    /// What it is built from directly.
    pub upstream: Vec<Described>,
    /// What is built from it directly.
    pub downstream: Vec<Described>,
    /// Grants made on it; of a member or team, grants made to it. None for what cannot have any.
    pub grants: Option<i64>,
}

/// Kinds with the view of their rows, the columns that identify one, and the query for what lies in one (kind, document, id,
/// column; parameters are the document and the id).
struct Kind {
    names: &'static [&'static str],
    view: &'static str,
    document: Option<&'static str>,
    id: &'static str,
    children: &'static str,
}

const NONE: &str = "SELECT '', '', '', '' WHERE ?1 IS NULL AND ?2 IS NULL";
const PARTS: &str = "SELECT 'page', document_id, page_id, '' FROM page WHERE document_id = ?2 AND ?1 = ''
    UNION ALL SELECT 'element', document_id, element_id, '' FROM element WHERE document_id = ?2 AND page_id IS NULL";
const FILES: &str =
    "SELECT type, '', id, '' FROM file WHERE parent_id = ?2 AND id <> ?2 AND ?1 = '' ORDER BY type, name";

const KINDS: &[Kind] = &[
    Kind { names: &["workspace"], view: "workspace", document: None, id: "id", children: FILES },
    Kind {
        names: &["workbook", "report", "data-model", "dataset"],
        view: "document",
        document: None,
        id: "id",
        children: PARTS,
    },
    Kind {
        names: &["page"],
        view: "page",
        document: Some("document_id"),
        id: "page_id",
        children: "SELECT 'element', document_id, element_id, '' FROM element WHERE document_id = ?1 AND page_id = ?2 ORDER BY name",
    },
    Kind {
        names: &["element"],
        view: "element",
        document: Some("document_id"),
        id: "element_id",
        children: "SELECT 'element', document_id, element_id, column_id FROM element_column \
                   WHERE document_id = ?1 AND element_id = ?2 ORDER BY name",
    },
    Kind {
        names: &["connection"],
        view: "connection",
        document: None,
        id: "id",
        children: "SELECT type, '', id, '' FROM (SELECT type, id, name FROM lineage_node
                WHERE connection_id = ?2 AND type <> 'customSQL' AND ?1 = ''
            UNION SELECT 'table', id, name FROM warehouse_table WHERE connection_id = ?2)
            GROUP BY type, id ORDER BY max(name), id",
    },
    Kind {
        names: &["table"],
        view: "warehouse_table",
        document: None,
        id: "id",
        children: "SELECT 'table', '', table_id, name FROM warehouse_column WHERE table_id = ?2 AND ?1 = '' ORDER BY name",
    },
    Kind {
        names: &["team"],
        view: "team",
        document: None,
        id: "id",
        children: "SELECT 'member', '', member_id, '' FROM team_member WHERE team_id = ?2 AND ?1 = ''",
    },
    Kind {
        names: &["member"],
        view: "member",
        document: None,
        id: "id",
        children: "SELECT 'team', '', team_id, '' FROM team_member WHERE member_id = ?2 AND ?1 = ''
            UNION ALL SELECT kind, '', id, '' FROM document WHERE owner_id = ?2",
    },
    Kind {
        names: &["customSQL"],
        view: "lineage_node",
        document: Some("document_id"),
        id: "id",
        children: NONE,
    },
    Kind { names: &["folder"], view: "file", document: None, id: "id", children: FILES },
];

/// Whatever documents name as a source, when no view knows it as an object of its own.
const SOURCE: Kind = Kind { names: &[], view: "lineage_node", document: None, id: "id", children: NONE };

impl Catalog {
    /// An object with what is next to it.
    pub fn show(&self, key: &Key) -> Result<Shown, StoreError> {
        self.require_current_schema()?;
        let kind = KINDS.iter().find(|kind| kind.names.contains(&key.kind.as_str())).unwrap_or(&SOURCE);
        let mut describer = Describer::new(self);
        let object = describer.describe(key)?;
        let mut fields = if key.column.is_empty() {
            self.row(kind.view, &[kind.document.map(|name| (name, &key.document)), Some((kind.id, &key.id))])?
        } else if key.kind == "element" {
            let element =
                [("document_id", &key.document), ("element_id", &key.id), ("column_id", &key.column)];
            self.row("element_column", &element.map(Some))?
        } else if key.kind == "table" {
            self.row("warehouse_column", &[("table_id", &key.id), ("name", &key.column)].map(Some))?
        } else {
            BTreeMap::new()
        };
        // The listing of files tells of a document what its own does not, and of an archived one it tells all. Of a table that
        // was not asked for its path the documents that name it tell something.
        let is_inode = key.document.is_empty() && key.column.is_empty();
        let also = if key.kind == "table" { SOURCE.view } else { "file" };
        let also = if is_inode { self.row(also, &[Some(("id", &key.id))])? } else { BTreeMap::new() };
        for (name, value) in &also {
            let known = fields.entry(name.clone()).or_insert(serde_json::Value::Null);
            if known.is_null() {
                *known = value.clone();
            }
        }
        let text = |name: &str| fields.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let parents = self.parents(key, &text("parent_id"), &text("page_id"), &mut describer)?;
        let document = self.row("document", &[Some(("id", &key.document))])?;
        let of_document = |name: &str| document.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let owner = text("owner_id").or_else(|| of_document("owner_id"));
        let url = match (key.kind.as_str(), of_document("url")) {
            ("page" | "element", Some(url)) => Some(format!("{url}?:nodeId={}", key.id)),
            _ => text("url"),
        };
        let has_lineage = (Wanted::DATA.is)(key.kind());
        let neighbours =
            |direction| if has_lineage { self.neighbours(key, direction) } else { Ok(Vec::new()) };
        Ok(Shown {
            description: text("description").or_else(|| text("definition")),
            url,
            owner: owner.map(|owner| self.owner(&owner)).transpose()?,
            parents,
            children: self.children(kind, key, &mut describer)?,
            upstream: neighbours(Direction::Upstream)?,
            downstream: neighbours(Direction::Downstream)?,
            grants: self.grants(key)?,
            fields,
            object,
        })
    }

    /// The first row of a view with these values, by column.
    fn row(
        &self,
        view: &str,
        is: &[Option<(&str, &String)>],
    ) -> Result<BTreeMap<String, serde_json::Value>, StoreError> {
        let conditions: Vec<String> =
            is.iter().flatten().map(|(column, _)| format!("{column} = ?")).collect();
        let sql = format!("SELECT * FROM {view} WHERE {} LIMIT 1", conditions.join(" AND "));
        let mut statement = self.connection().prepare_cached(&sql)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let found = statement
            .query_row(params_from_iter(is.iter().flatten().map(|(_, value)| *value)), |row| {
                names.into_iter().enumerate().map(|(at, name)| Ok((name, json(row.get_ref(at)?)))).collect()
            })
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// What it lies in, from the nearest to the workspace.
    fn parents(
        &self,
        key: &Key,
        folder: &Option<String>,
        page: &Option<String>,
        describer: &mut Describer<'_>,
    ) -> Result<Vec<Described>, StoreError> {
        let mut parents = Vec::new();
        let mut next = folder.clone();
        if !key.document.is_empty() {
            if !key.column.is_empty() {
                parents.push(describer.describe(&key.without_column())?);
            }
            if let Some(page) = page.as_deref().filter(|_| key.kind == "element") {
                parents.push(describer.describe(&Key::inside("page", &key.document, page))?);
            }
            let kind = describer.document_kind(&key.document)?;
            let kind = kind.as_deref().unwrap_or("document");
            parents.push(describer.describe(&Key::outside(kind, &key.document))?);
            next = self.parent_of(&key.document)?;
        }
        while let Some(id) = next {
            // A workspace names itself as its parent in some listings, and nothing forbids longer circles.
            if id == key.id || parents.iter().any(|parent| parent.key.id == id) {
                break;
            }
            let is_workspace =
                self.connection().prepare_cached("SELECT 1 FROM workspace WHERE id = ?")?.exists([&id])?;
            let kind = if is_workspace { "workspace" } else { "folder" };
            parents.push(describer.describe(&Key::outside(kind, &id))?);
            next = self.parent_of(&id)?;
        }
        Ok(parents)
    }

    fn parent_of(&self, id: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection().prepare_cached("SELECT parent_id FROM file WHERE id = ?")?;
        Ok(statement.query_row([id], |row| row.get(0)).optional()?.flatten())
    }

    fn children(
        &self,
        kind: &Kind,
        key: &Key,
        describer: &mut Describer<'_>,
    ) -> Result<Vec<Described>, StoreError> {
        if !key.column.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = self.connection().prepare_cached(kind.children)?;
        let keys = statement.query_map([&key.document, &key.id], |row| {
            Ok(Key { kind: row.get(0)?, document: row.get(1)?, id: row.get(2)?, column: row.get(3)? })
        })?;
        let keys: Vec<Key> = keys.collect::<Result<_, _>>()?;
        keys.iter().map(|key| describer.describe(key)).collect()
    }

    fn grants(&self, key: &Key) -> Result<Option<i64>, StoreError> {
        let column = match key.kind.as_str() {
            _ if !key.document.is_empty() || !key.column.is_empty() => return Ok(None),
            "member" => "member_id",
            "team" => "team_id",
            "workspace" | "folder" => "object_id",
            _ if key.is_document() => "object_id",
            _ => return Ok(None),
        };
        let sql = format!("SELECT count(*) FROM object_grant WHERE {column} = ?");
        Ok(Some(self.connection().prepare_cached(&sql)?.query_row([&key.id], |row| row.get(0))?))
    }
}

fn json(value: ValueRef<'_>) -> serde_json::Value {
    match value {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Null | ValueRef::Blob(_) => serde_json::Value::Null,
    }
}
