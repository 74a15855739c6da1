//! R19, over a simulated organisation whose data permissions a test wrote down.

use rusqlite::Connection;
use serde_json::Value;
use sigma_catalog::simulator::Options;

use crate::shared::{Context, run};

fn rows(context: &Context) -> Vec<Value> {
    let mut command = context.command(&["report", "data-access", "--format", "json"]);
    let ran = run(command.env("SIGMACAT_CATALOG_DATABASE", context.database()));
    assert_eq!(ran.code, 0, "{ran}");
    ran.json()["rows"].as_array().expect("rows").clone()
}

/// A crawled organisation in which no data permission is known, and the catalog open for writing.
fn crawled() -> (Context, Connection) {
    let context = Context::new(Options { seed: 2, pages: 1, elements: 2, columns: 1, ..Options::small() });
    context.extract();
    let catalog = context.catalog();
    let catalog = Connection::open(catalog.path().expect("a path")).expect("the catalog");
    catalog
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS connection_grant_history (
                id TEXT NOT NULL, asked_id TEXT NOT NULL, member_id TEXT NOT NULL, team_id TEXT NOT NULL,
                asked_kind TEXT NOT NULL, object_id TEXT, permission TEXT, created_by TEXT, created_at TEXT,
                updated_at TEXT, valid_from INTEGER NOT NULL, valid_to INTEGER,
                PRIMARY KEY (id, asked_id, member_id, team_id, valid_from)) WITHOUT ROWID, STRICT;
             DELETE FROM connection_grant_history; DELETE FROM fetch_scope WHERE endpoint = 'connection-grants';",
        )
        .expect("the table");
    (context, catalog)
}

fn grant(catalog: &Connection, number: usize, on: &str, member: &str, team: &str, permission: &str) {
    catalog
        .execute(
            "INSERT INTO connection_grant_history (id, asked_id, member_id, team_id, asked_kind, permission, valid_from)
             VALUES (?, ?, ?, ?, 'connection', ?, 1)",
            [&format!("grant-{number}"), on, member, team, permission],
        )
        .expect("a grant");
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().expect(key).to_owned()
}

#[test]
fn who_may_build_from_data_without_permission_is_found() {
    let (context, catalog) = crawled();
    let all = rows(&context);
    assert!(all.len() > 10, "{}", all.len());
    assert!(all.iter().all(|row| ["explore", "edit", "owner"].contains(&text(row, "level").as_str())));
    // Nothing was asked: not having been granted anything proves nothing.
    assert!(all.iter().all(|row| row["has_usage"] == false && row["confidence"] == "unknown"));
    let (member, table) = (text(&all[0], "member_id"), text(&all[0], "table_id"));
    let connection: String = catalog
        .query_row(
            "SELECT connection_id FROM lineage_node WHERE id = ? AND type = 'table'",
            [&table],
            |row| row.get(0),
        )
        .expect("a connection");
    let without = |gone: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        all.iter().filter(|row| !gone(row)).cloned().collect()
    };
    // Words whose meaning is not known give nothing.
    grant(&catalog, 1, &table, &member, "", "writeback");
    assert_eq!(rows(&context), all);
    grant(&catalog, 2, &table, &member, "", "usage");
    assert_eq!(
        rows(&context),
        without(&|row| text(row, "table_id") == table && text(row, "member_id") == member)
    );
    // A team's grant on the connection is one on all its tables, for its members.
    let everyone: String = catalog
        .query_row("SELECT id FROM team WHERE lower(name) = 'all members'", [], |row| row.get(0))
        .expect("a team");
    grant(&catalog, 3, &connection, "", &everyone, "annotate");
    let tables: Vec<String> = {
        let sql = "SELECT DISTINCT id FROM lineage_node WHERE connection_id = ? AND type = 'table'";
        let mut statement = catalog.prepare(sql).expect("SQL");
        statement
            .query_map([&connection], |row| row.get(0))
            .expect("rows")
            .map(|id| id.expect("an id"))
            .collect()
    };
    let left = rows(&context);
    assert!(
        left.iter().all(|row| !tables.contains(&text(row, "table_id")) || is_guest(&catalog, row)),
        "{left:?}"
    );
    assert!(left.len() < all.len());
    // Where both were asked and answered, not having it is certain.
    let (table, connection) = catalog
        .query_row(
            "SELECT id, connection_id FROM lineage_node WHERE id = ? AND type = 'table'",
            [text(&all[all.len() - 1], "table_id")],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )
        .expect("a table");
    catalog.execute("DELETE FROM connection_grant_history", []).expect("no grants");
    for asked in [&table, &connection] {
        assert!(rows(&context).iter().all(|row| row["confidence"] == "unknown"));
        scope(&catalog, asked);
    }
    let (sure, unsure): (Vec<Value>, Vec<Value>) =
        rows(&context).into_iter().partition(|row| text(row, "table_id") == table);
    assert!(
        sure.iter().all(|row| row["confidence"] == "exact" && row["severity"] == "low") && !sure.is_empty()
    );
    assert!(unsure.iter().all(|row| row["confidence"] == "unknown" && row["severity"] == "info"));
}

fn is_guest(catalog: &Connection, row: &Value) -> bool {
    let sql = "SELECT user_kind = 'guest' FROM member WHERE id = ?";
    catalog.query_row(sql, [text(row, "member_id")], |row| row.get(0)).expect("a member")
}

/// Notes that the grants of a connection or table were read to their end.
fn scope(catalog: &Connection, parent: &str) {
    let columns: Vec<String> = {
        let mut statement =
            catalog.prepare("SELECT name FROM pragma_table_info('fetch_scope')").expect("SQL");
        statement.query_map([], |row| row.get(0)).expect("rows").map(|name| name.expect("a name")).collect()
    };
    let value = |name: &String| match name.as_str() {
        "endpoint" => "'connection-grants'".to_owned(),
        "parent_id" => format!("'{parent}'"),
        "outcome" => "'complete'".to_owned(),
        other => other.to_owned(),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let sql = format!(
        "INSERT INTO fetch_scope ({}) SELECT {} FROM fetch_scope WHERE endpoint = 'members' AND run_id = 1 LIMIT 1",
        columns.join(", "),
        values.join(", ")
    );
    assert_eq!(catalog.execute(&sql, []).expect("a scope"), 1);
}

#[test]
fn a_catalog_without_data_permissions_knows_nothing_of_them() {
    let (context, catalog) = crawled();
    catalog.execute_batch("DROP TABLE connection_grant_history").expect("no table");
    let unknown = rows(&context);
    assert!(!unknown.is_empty());
    assert!(unknown.iter().all(|row| row["has_usage"].is_null() && row["confidence"] == "unknown"));
    // Documents that read no tables are nobody's finding.
    catalog.execute_batch("DELETE FROM lineage_node_history").expect("no lineage");
    assert!(rows(&context).is_empty());
}
