//! Connections, warehouse paths, table columns.
use serde_json::{Value, json};

use super::{audited, contains};
use crate::simulator::{
    ids::Uuid,
    org::Connection,
    serve::call::{Call, Problem, Reply},
};

fn row(call: &Call<'_>, connection: &Connection, with_archived: bool) -> Value {
    let mut row = json!({
        "organizationId": call.org.id, "connectionId": connection.id, "isSample": connection.sample,
        "isAuditLog": connection.audit_log, "lastActiveAt": connection.stamps.updated_at, "name": connection.name,
        "type": connection.kind, "useOauth": connection.oauth,
    });
    if connection.kind == "snowflake" {
        // Some fields are empty texts where one expects null.
        let role = if connection.sample || connection.audit_log { "" } else { "ANALYST" };
        for (key, value) in [
            ("account", "ab12345.eu-central-1"),
            ("warehouse", "BI_WH"),
            ("user", "SIGMA_SVC"),
            ("role", role),
        ] {
            row[key] = json!(value);
        }
        row["timeout"] = json!({ "default": 120 });
        row["writeAccess"] = json!(!connection.sample && !connection.audit_log);
        row["friendlyName"] = json!(true);
    }
    if with_archived {
        row["isArchived"] = json!(connection.archived);
    }
    audited(call.org, &connection.stamps, row)
}

pub fn connections(call: &Call<'_>) -> Reply {
    let archived = call.query.flag("includeArchived")?;
    let search = call.query.get("search");
    let wanted =
        |c: &&Connection| (archived || !c.archived) && search.is_none_or(|part| contains(c.name, part));
    let found: Vec<&Connection> = call.org.connections.iter().filter(wanted).collect();
    call.list(&found, |connection| row(call, connection, archived))
}

fn place(call: &Call<'_>) -> Result<usize, Problem> {
    call.org.connection(call.uuid(0)?).ok_or_else(Problem::not_found)
}

pub fn connection(call: &Call<'_>) -> Reply {
    call.one(&row(call, &call.org.connections[place(call)?], true))
}

pub fn test(call: &Call<'_>) -> Reply {
    let connection = &call.org.connections[place(call)?];
    let read = if connection.archived { "FAILED" } else { "SUCCESS" };
    call.one(&json!({ "read": read, "write": "DISABLED" }))
}

/// Databases, schemas and tables of connections in use.
pub fn paths(call: &Call<'_>) -> Reply {
    let only = match call.query.get("connectionId") {
        None => None,
        Some(text) => {
            let found = Uuid::parse(text).and_then(|id| call.org.connection(id));
            Some(
                found
                    .ok_or_else(|| Problem::invalid(format!("Unknown connection at connectionId: {text}")))?,
            )
        }
    };
    let scopes = call.org.scopes.iter().map(|scope| (scope.connection, scope.id, &scope.path));
    let tables = call.org.tables.iter().map(|table| (table.connection, table.id, &table.path));
    let wanted = |connection: usize| {
        only.is_none_or(|only| only == connection) && !call.org.connections[connection].archived
    };
    let rows: Vec<(usize, Uuid, &Vec<String>)> =
        scopes.chain(tables).filter(|(connection, ..)| wanted(*connection)).collect();
    call.list(&rows, |(connection, id, path)| {
        json!({ "connectionId": call.org.connections[*connection].id, "urlId": id.url_id(), "path": path })
    })
}

pub fn path(call: &Call<'_>) -> Reply {
    let id = Uuid::parse_any(call.params[0]).ok_or_else(Problem::not_found)?;
    if call.org.scope(id).is_some() {
        return Err(Problem::invalid("The inode is not a table"));
    }
    let table = &call.org.tables[call.org.table(id).ok_or_else(Problem::not_found)?];
    call.one(&json!({ "connectionId": call.org.connections[table.connection].id, "path": table.path }))
}

pub fn table_columns(call: &Call<'_>) -> Reply {
    let table = call.org.table(call.uuid(0)?).ok_or_else(Problem::not_found)?;
    let columns: Vec<(usize, &crate::simulator::org::TableColumn)> =
        call.org.tables[table].columns.iter().enumerate().collect();
    call.list(&columns, |(place, column)| {
        let visibility = if *place == 7 { "hidden" } else { "included" };
        let mut row =
            json!({ "name": column.native, "type": { "type": column.kind }, "visibility": visibility });
        if *place == 0 {
            row["description"] = json!("Primary key");
        }
        row
    })
}

/// Finds a database, schema or table by its path.
pub fn lookup(call: &Call<'_>) -> Reply {
    let place = place(call)?;
    let body: Value =
        serde_json::from_slice(call.body).map_err(|error| Problem::invalid(error.to_string()))?;
    let given =
        body["path"].as_array().map(|segments| segments.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    let wanted =
        given.ok_or_else(|| Problem::invalid("Expecting array at path but instead got: undefined"))?;
    let connection = &call.org.connections[place];
    let table = call.org.tables.iter().find(|table| table.connection == place && table.path == wanted);
    let scope = call.org.scopes.iter().find(|scope| scope.connection == place && scope.path == wanted);
    let (kind, id) = match (table, scope) {
        (Some(table), _) => ("table", table.id),
        (_, Some(scope)) => ("scope", scope.id),
        _ if wanted.is_empty() => ("scope", connection.id),
        _ => return Err(Problem::not_found()),
    };
    let url = format!("https://app.sigmacomputing.com/{}/s/Connection-Root-{}", call.org.slug, id.url_id());
    call.one(&json!({ "kind": kind, "inodeId": id, "url": url }))
}
