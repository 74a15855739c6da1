//! Every type of record with every column given, and with every column absent that may be: stored, changed and read back.

use rusqlite::types::Value as Sql;
use sigma_catalog::catalog::TABLES;
use sigma_catalog::catalog::delivery::{Bundle, Delivery, Rows};
use sigma_catalog::catalog::record::{Class, Record, Table, Value};

use crate::World;
use crate::org::{document, rows};

/// A row of whatever table stands at that place.
struct Row<const AT: usize>(Vec<Value>);

impl<const AT: usize> Record for Row<AT> {
    const TABLE: &'static Table = TABLES[AT];

    fn of_values(values: Vec<Value>) -> Option<Self> {
        Some(Self(values))
    }

    fn into_values(self) -> Vec<Value> {
        self.0
    }
}

/// A row of a table: its key, and the other columns given, or absent where they may be.
fn row(table: &Table, number: i64, given: bool) -> Vec<Value> {
    let value = |(at, column): (usize, &sigma_catalog::catalog::record::Column)| {
        if column.nullable && !given {
            return Value::Null;
        }
        match column.class {
            // Documents are of a kind, and in one; the rest may be called anything.
            _ if column.name == "kind" && table.name == "document" => "workbook".into(),
            Class::Text => format!("{} {number} {at}", column.name).into(),
            Class::Integer => (number * 100 + at as i64).into(),
        }
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// What another program reads of a table, in the order of its key.
fn stored(world: &World, table: &Table) -> Vec<Vec<Value>> {
    let columns: Vec<_> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let sql = format!("SELECT {} FROM \"{}\" ORDER BY 1", columns.join(", "), table.name);
    let db = world.reader();
    let mut statement = db.prepare(&sql).unwrap();
    let width = columns.len();
    let read = statement.query_map([], |row| {
        let value = |at| {
            Ok(match row.get::<_, Sql>(at)? {
                Sql::Null => Value::Null,
                Sql::Integer(number) => Value::Integer(number),
                Sql::Text(text) => Value::Text(text),
                other => panic!("no catalog holds {other:?}"),
            })
        };
        (0..width).map(value).collect::<rusqlite::Result<Vec<_>>>()
    });
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

fn goes_in_and_out<const AT: usize>() {
    let table = TABLES[AT];
    let world = World::new();
    let deliver = |all: &[Vec<Value>]| {
        let mut inside = Rows::default();
        for row in all {
            inside.push(Row::<AT>(row.clone()));
        }
        let deliveries = if table.in_document {
            let document_id = "d".to_owned();
            vec![
                rows([document("d", "workbook")]),
                Delivery::Bundle(Bundle { document_id, rows: inside, scopes: Vec::new() }),
            ]
        } else {
            vec![Delivery::Rows(inside)]
        };
        world.run(deliveries).counts
    };
    let (all, none) = (row(table, 1, true), row(table, 2, false));
    // Inserted, unchanged, then each changed into the other's sort: given to absent and back.
    for (first, second) in [(true, false), (true, false), (false, true), (true, false)] {
        let wanted = [row(table, 1, first), row(table, 2, second)];
        deliver(&wanted);
        assert_eq!(stored(&world, table), wanted, "{}", table.name);
    }
    assert_eq!(stored(&world, table), [all, none], "{}", table.name);
}

macro_rules! each {
    ($($at:literal)*) => {
        /// One function for each place; a table more or less does not compile or is noticed below.
        const EACH: &[fn()] = &[$(goes_in_and_out::<$at>),*];
    };
}

each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35);

#[test]
fn every_type_of_record_survives_with_and_without_what_may_be_absent() {
    assert_eq!(EACH.len(), TABLES.len(), "add the new place to the list above");
    EACH.iter().for_each(|check| check());
}
