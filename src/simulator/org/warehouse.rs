//! Connections, databases, schemas, tables and their columns.
use std::collections::BTreeSet;

use super::{
    Connection, Organization, Scope, Table, TableColumn,
    generate::{stamps, stream},
    words,
};
use crate::simulator::{ids::Dice, options::Options};

/// Place of the connection with three-segment paths, and of the one with two.
pub const SNOWFLAKE: usize = 0;
pub const REDSHIFT: usize = 1;

/// Adds connections and what they hold.
pub fn add(org: &mut Organization, options: &Options) {
    let mut dice = Dice::new(&[options.seed, stream::WAREHOUSE]);
    let rows: [(&'static str, &'static str); 5] = [
        ("Snowflake Production", "snowflake"),
        ("Finance Redshift", "redshift"),
        ("Sigma Sample Database", "snowflake"),
        ("Sigma Audit Logs", "snowflake"),
        ("Old BigQuery", "bigQuery"),
    ];
    for (place, (name, kind)) in rows.into_iter().take(if options.awkward { 5 } else { 2 }).enumerate() {
        org.connections.push(Connection {
            id: dice.uuid(),
            name,
            kind,
            sample: place == 2,
            audit_log: place == 3,
            archived: place == 4,
            oauth: place == 1,
            stamps: stamps(&mut dice, 0, 0),
        });
    }
    let in_snowflake = (10 + options.workbooks / 20).min(words::TABLES.len() * words::SCHEMAS.len());
    for i in 0..in_snowflake {
        let (database, schema) = words::SCHEMAS[i / words::TABLES.len()];
        add_table(org, &mut dice, SNOWFLAKE, &[database, schema], i % words::TABLES.len());
    }
    for i in [9, 0, 6] {
        add_table(org, &mut dice, REDSHIFT, &["finance"], i);
    }
    if options.awkward {
        add_table(org, &mut dice, 2, &["EXAMPLES", "PLUGS_ELECTRONICS"], 0);
        add_table(org, &mut dice, 3, &["AUDIT_LOGS", "SIGMA"], 8);
        org.archived_table = Some(add_table(org, &mut dice, 4, &["legacy-project", "mart"], 7));
    }
    org.usable_tables = (0..org.tables.len()).filter(|t| org.tables[*t].connection < 3).collect();
    add_scopes(org, &mut dice);
}

fn add_table(
    org: &mut Organization,
    dice: &mut Dice,
    connection: usize,
    scope: &[&str],
    archetype: usize,
) -> usize {
    let (name, columns) = words::TABLES[archetype];
    let path = scope.iter().chain([&name]).map(|s| (*s).to_owned()).collect();
    let columns = columns
        .split_whitespace()
        .filter_map(|column| column.split_once(':'))
        .map(|(native, kind)| TableColumn { native: native.to_owned(), name: friendly(native), kind })
        .collect();
    org.tables.push(Table { id: dice.uuid(), connection, path, columns });
    org.tables.len() - 1
}

/// Sigma's friendly form of a warehouse name: `NET_AMOUNT` becomes `Net Amount`.
fn friendly(native: &str) -> String {
    let word = |word: &str| match word.strip_prefix('[') {
        Some(_) => word.to_owned(),
        None => word.chars().take(1).chain(word.chars().skip(1).flat_map(char::to_lowercase)).collect(),
    };
    native.split('_').map(word).collect::<Vec<String>>().join(" ")
}

/// The databases and schemas above the tables.
fn add_scopes(org: &mut Organization, dice: &mut Dice) {
    let mut paths = BTreeSet::new();
    for table in &org.tables {
        for depth in 1..table.path.len() {
            paths.insert((table.connection, table.path[..depth].to_vec()));
        }
    }
    org.scopes =
        paths.into_iter().map(|(connection, path)| Scope { id: dice.uuid(), connection, path }).collect();
}
