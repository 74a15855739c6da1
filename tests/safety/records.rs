//! Every published row is what the tables say: typed, with a key of its own, with instants that are instants.

use rusqlite::Connection;
use rusqlite::types::Value;
use sigma_catalog::catalog::TABLES;
use sigma_catalog::catalog::record::{Class, Table};

use crate::world::{BASE, World};

fn catalog(world: &World) -> Connection {
    Connection::open(world.database()).expect("the catalog")
}

/// Columns whose text is an instant, by how they are named.
fn is_instant(column: &str) -> bool {
    column.ends_with("_at")
}

/// What is wrong with the published rows of a table.
fn misfits(catalog: &Connection, table: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut statement = catalog.prepare(&format!("SELECT * FROM \"{}\"", table.name)).expect(table.name);
    let found: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let document = table.in_document.then_some("document_id");
    let known: Vec<&str> =
        document.into_iter().chain(table.columns.iter().map(|column| column.name)).collect();
    if found != known {
        wrong.push(format!("{} has the columns {found:?}, not {known:?}", table.name));
    }
    let mut rows = statement.query([]).expect(table.name);
    while let Some(row) = rows.next().expect("a row") {
        for column in table.columns {
            let name = format!("{}.{}", table.name, column.name);
            match (row.get::<_, Value>(column.name).expect("a value"), column.class) {
                (Value::Null, _) if column.nullable => {}
                (Value::Text(text), Class::Text) => {
                    if is_instant(column.name) && text.parse::<jiff::Timestamp>().is_err() {
                        wrong.push(format!("{name} is no instant: {text}"));
                    }
                    if column.key && text.is_empty() && !may_be_empty(table, column.name) {
                        wrong.push(format!("{name} is a key and empty"));
                    }
                }
                (Value::Integer(_), Class::Integer) => {}
                (other, class) => wrong.push(format!("{name} is {other:?}, not {class:?}")),
            }
        }
    }
    let key: Vec<String> = document
        .into_iter()
        .chain(table.columns.iter().filter(|column| column.key).map(|column| column.name))
        .map(|name| format!("\"{name}\""))
        .collect();
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM \"{}\" GROUP BY {} HAVING count(*) > 1)",
        table.name,
        key.join(", ")
    );
    let twice: i64 = catalog.query_row(&sql, [], |row| row.get(0)).expect("a count");
    if twice > 0 {
        wrong.push(format!("{twice} keys of {} are there twice", table.name));
    }
    wrong
}

/// Parts of keys that say "none": a source outside any document, a grant to no team.
fn may_be_empty(table: &Table, column: &str) -> bool {
    table.columns.iter().filter(|known| known.key).count() > 1 && column != "id"
}

#[test]
fn every_published_row_is_what_its_table_says() {
    let world = World::new();
    let catalog = catalog(&world);
    let wrong: Vec<String> = TABLES.iter().flat_map(|table| misfits(&catalog, table)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_table_with_a_source_has_rows() {
    // Images are off unless asked for.
    for table in TABLES.iter().filter(|table| table.name != "preview") {
        assert_ne!(BASE.rows(&format!("SELECT count(*) FROM \"{}\"", table.name)), ["0"], "{}", table.name);
    }
}

/// The check above finds each kind of misfit: it is no check that cannot fail.
#[test]
fn a_row_that_is_not_what_its_table_says_is_found() {
    for (mutant, found) in [
        ("INSERT INTO team_history SELECT * FROM team_copy", "are there twice"),
        ("UPDATE team_history SET created_at = 'yesterday'", "team.created_at is no instant"),
        ("UPDATE team_history SET id = NULL", "team.id is Null"),
        (
            "UPDATE team_history SET id = '' WHERE rowid = (SELECT min(rowid) FROM team_history)",
            "is a key and empty",
        ),
        ("UPDATE team_history SET is_archived = 'no'", "team.is_archived is Text"),
        ("UPDATE team_history SET name = x'00'", "team.name is Blob"),
    ] {
        let world = World::new();
        let catalog = catalog(&world);
        // Without its constraints, which would refuse most of these before anybody could look.
        catalog
            .execute_batch(
                "PRAGMA foreign_keys = OFF; \
                 CREATE TABLE team_copy AS SELECT * FROM team_history; \
                 DROP VIEW team; ALTER TABLE team_history RENAME TO old; \
                 CREATE TABLE team_history AS SELECT * FROM old; \
                 CREATE VIEW team AS SELECT id, name, description, visibility, is_archived, created_by, created_at, \
                 updated_at FROM team_history",
            )
            .expect("a table without constraints");
        catalog.execute_batch(mutant).expect(mutant);
        let wrong = misfits(&catalog, sigma_catalog::catalog::table("team").expect("a table"));
        assert!(wrong.iter().any(|wrong| wrong.contains(found)), "{mutant}: {wrong:#?}");
    }
}
