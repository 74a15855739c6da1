//! What a perfect crawler would know of what administrators define and of the warehouse.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Kind, Organization, Table};
use crate::simulator::ids::Uuid;

impl Organization {
    /// Account-type permissions, user attributes, tenants, version tags.
    pub(super) fn add_governance(&self, objects: &mut Map<String, Value>) {
        let permissions = self.account_types.iter().flat_map(|account_type| {
            let row = |permission| json!({ "account_type": account_type.id, "permission": permission });
            account_type.permissions.iter().map(row)
        });
        objects.insert("account-type-permission".into(), permissions.collect());
        let attributes = self.attributes.iter().map(|attribute| {
            json!({
                "id": attribute.id, "name": attribute.name, "description": attribute.description,
                "default": attribute.default,
            })
        });
        objects.insert("user-attribute".into(), attributes.collect());
        objects.insert("user-attribute-value".into(), self.attribute_value_truth().into());
        let tenants = self.tenants.iter().map(|tenant| {
            json!({ "id": tenant.id, "name": tenant.name, "slug": tenant.slug, "region": tenant.region })
        });
        objects.insert("tenant".into(), tenants.collect());
        let tags = self.tags.iter().map(|tag| {
            json!({
                "id": tag.id, "name": tag.name, "color": tag.color, "description": tag.description,
                "owner": self.members[tag.owner].id,
            })
        });
        objects.insert("version-tag".into(), tags.collect());
        objects.insert("tagged-version".into(), self.tagged_truth().into());
    }

    fn attribute_value_truth(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        for attribute in &self.attributes {
            let mut add = |holder: &str, id: Value, value: &str, priority: Option<usize>| {
                let mut row = json!({ "attribute": attribute.id, "value": value, "priority": priority });
                row[holder] = id;
                rows.push(row);
            };
            for (member, value) in &attribute.users {
                add("member", json!(self.members[*member].id), value, None);
            }
            for (priority, (team, value)) in attribute.teams.iter().enumerate() {
                add("team", json!(self.teams[*team].id), value, Some(priority + 1));
            }
            for tenant in self.tenants.iter().filter(|_| attribute.default.is_none()) {
                add("tenant", json!(tenant.id), tenant.slug, None);
            }
        }
        rows
    }

    fn tagged_truth(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        for (place, document) in self.documents.iter().enumerate() {
            let inode = self.inode_of(place);
            for used in document.tags.iter().filter(|_| !inode.deleted) {
                let tag = &self.tags[used.tag];
                // Data models do not say what their tagged copy is.
                let copy = (inode.kind != Kind::DataModel).then_some(used.tagged);
                rows.push(json!({
                    "document": inode.id, "kind": inode.kind.file_type(), "tag": tag.id, "name": tag.name,
                    "version": used.version, "copy": copy, "at": used.at,
                    "archived": inode.archived, "exploration": inode.exploration,
                }));
            }
        }
        rows
    }

    /// Dataset sources, and the warehouse tables that those or the lineage of documents name.
    pub(super) fn add_warehouse(&self, objects: &mut Map<String, Value>, lineage: &Value) {
        let mut reached: BTreeSet<Uuid> = BTreeSet::new();
        let mut sources = Vec::new();
        for (place, document) in self.documents.iter().enumerate() {
            let inode = self.inode_of(place);
            let Some(facts) = document.dataset.as_ref().filter(|_| !inode.deleted && !inode.archived) else {
                continue;
            };
            let table = self.tables[facts.table].id;
            reached.insert(table);
            sources.push(json!({ "dataset": inode.id, "type": "table", "source": table }));
        }
        objects.insert("dataset-source".into(), sources.into());
        let named = lineage.as_array().into_iter().flatten().filter(|edge| edge["source_type"] == "table");
        reached.extend(named.filter_map(|edge| edge["source_id"].as_str().and_then(Uuid::parse)));
        let tables = || self.tables.iter().filter(|table| reached.contains(&table.id));
        objects.insert("warehouse-table".into(), tables().map(|table| self.table_truth(table)).collect());
        let columns = tables().flat_map(|table| {
            table.columns.iter().enumerate().map(|(place, column)| {
                json!({
                    "table": table.id, "name": column.native, "type": column.kind,
                    "visibility": if place == 7 { "hidden" } else { "included" },
                    "description": (place == 0).then_some("Primary key"),
                })
            })
        });
        objects.insert("warehouse-column".into(), columns.collect());
    }

    /// The tables that custom SQL reads, and their ids in place of their paths where anything else tells of them.
    pub(super) fn name_tables_of_sql(objects: &mut Map<String, Value>, column_lineage: &mut Value) {
        let mut named = BTreeSet::new();
        for row in column_lineage.as_array_mut().into_iter().flatten().filter(|row| row.get("on").is_some()) {
            let is_it = |table: &&Value| {
                let path = table["path"].as_str().map(|path| path.replace('/', "."));
                table["connection"] == row["on"] && path.as_deref() == row["id"].as_str()
            };
            let tables = objects["warehouse-table"].as_array();
            let id = tables.into_iter().flatten().find(is_it).map(|table| table["id"].clone());
            let sql = json!({
                "document": row["document"], "sql": row["element"], "path": row["id"], "connection": row["on"], "table": id,
            });
            named.insert(sql.to_string());
            if let Some(id) = id {
                row["id"] = id;
            }
        }
        let rows = named.iter().filter_map(|row| serde_json::from_str::<Value>(row).ok()).collect();
        objects.insert("sql-table".into(), rows);
    }

    fn table_truth(&self, table: &Table) -> Value {
        let above = &table.path[..table.path.len().saturating_sub(1)];
        let (schema, databases) =
            above.split_last().map_or((None, above), |(schema, rest)| (Some(schema), rest));
        json!({
            "id": table.id, "connection": self.connections[table.connection].id, "path": table.path.join("/"),
            "database": databases.first(), "schema": schema, "name": table.name(),
        })
    }

    /// What sort of object a data permission is on.
    pub(super) fn data_object(&self, id: Uuid) -> &'static str {
        match (self.connection(id), self.table(id)) {
            (Some(_), _) => "connection",
            (_, Some(_)) => "table",
            _ => "scope",
        }
    }
}
