//! Text is kept byte for byte, whatever is in it, also where it is a key.

use sigma_catalog::catalog::document::{Element, ElementColumn};
use sigma_catalog::catalog::organisation::Team;
use sigma_catalog::catalog::record::{Record, Table, Value};

use crate::org::{Inside, column, document, element, report, rows, team};
use crate::{World, assert_same, counted};
use sigma_catalog::catalog::delivery::{Bundle, Delivery, Outcome, scope};

fn awkward() -> Vec<String> {
    let long = "x".repeat(64 * 1024);
    let mut all: Vec<String> = [
        "",
        " ",
        "plain",
        "PLAIN",
        "Grüße",
        "Gru\u{308}ße",
        "👩‍👩‍👧‍👦 🏳️‍🌈",
        "\u{202e}left-to-right?",
        "שלום עולם",
        "مرحبا",
        "日本語",
        "a\0b",
        "a\0c",
        "\0",
        "it's \"quoted\" `back` [brackets] %_like",
        "'; DROP TABLE member_history; --",
        "line\r\nbreak\ttab",
        "a/b/c",
        "null",
        "NULL",
        "0",
        "1e3",
        "\u{feff}bom",
        "\u{fffd}\u{10ffff}",
        "trailing ",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push(format!("{long}y"));
    all.push(format!("{long}z"));
    all
}

/// An organisation in which these are names and, with a letter in front, keys of teams, elements and columns.
fn deliveries(names: &[String]) -> Vec<Delivery> {
    let mut inside = Inside::default();
    let mut teams: Vec<Team> = Vec::new();
    for name in names {
        teams.push(Team { name: Some(name.clone()), ..team(&format!("t{name}")) });
        let id = format!("e{name}");
        inside.elements.push(Element { name: Some(name.clone()), ..element(&id, None) });
        inside.columns.push(ElementColumn { formula: Some(name.clone()), ..column(&id, name) });
    }
    let scopes = [scope::ELEMENTS, scope::COLUMNS].map(|name| report(name, "", Outcome::Complete)).to_vec();
    vec![
        rows(teams),
        crate::org::listed(scope::TEAMS, "", Outcome::Complete),
        rows([document("dm1", "data-model")]),
        Delivery::Bundle(Bundle { document_id: "dm1".into(), rows: inside.rows(), scopes }),
    ]
}

/// The column of a table, read by another program.
fn stored(world: &World, table: &Table, column: &str) -> Vec<String> {
    let db = world.reader();
    let mut statement = db.prepare(&format!("SELECT {column} FROM {}", table.name)).unwrap();
    let mut texts: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    texts.sort();
    texts
}

#[test]
fn any_text_survives_as_a_name_and_as_a_key() {
    let world = World::new();
    let first = world.run(deliveries(&awkward()));
    let count = awkward().len() as i64;
    let mut names = awkward();
    names.sort();
    let with = |letter: &str| -> Vec<String> {
        let mut keys: Vec<String> = awkward().iter().map(|name| format!("{letter}{name}")).collect();
        keys.sort();
        keys
    };
    assert!(stored(&world, Team::TABLE, "name") == names);
    assert!(stored(&world, Team::TABLE, "id") == with("t"));
    assert!(stored(&world, Element::TABLE, "name") == names);
    assert!(stored(&world, Element::TABLE, "element_id") == with("e"));
    assert!(stored(&world, ElementColumn::TABLE, "formula") == names);
    assert!(stored(&world, ElementColumn::TABLE, "column_id") == names);
    assert_eq!(counted(&first, "team"), [count, count, 0, 0, 0]);

    let before = world.history();
    let second = world.run(deliveries(&awkward()));
    assert_same(&before, &world.history());
    assert_eq!(counted(&second, "element_column"), [count, 0, 0, 0, count]);
}

#[test]
fn each_key_is_removed_by_itself() {
    let world = World::new();
    let all = awkward();
    for (index, gone) in all.iter().enumerate() {
        world.run(deliveries(&all));
        let mut rest = all.clone();
        rest.remove(index);
        let run = world.run(deliveries(&rest));
        for kind in ["team", "element", "element_column"] {
            assert_eq!(run.counts[kind].removed, 1, "{kind} {:?}", &gone[..gone.len().min(20)]);
        }
        rest.sort();
        assert!(stored(&world, Team::TABLE, "name") == rest);
        assert!(stored(&world, ElementColumn::TABLE, "column_id") == rest);
    }
}

#[test]
fn a_difference_tells_any_key_whole() {
    let world = World::new();
    let empty = world.run(deliveries(&[]));
    let full = world.run(deliveries(&awkward()));
    let told = world.diff(empty.run_id, full.run_id);
    for name in awkward() {
        let line = format!("+ team t{name}");
        assert!(told.contains(&line), "{:?}", &line[..line.len().min(40)]);
    }
}

#[test]
fn absent_and_empty_are_two_values() {
    let world = World::new();
    let of =
        |description: Option<&str>| rows([Team { description: description.map(str::to_owned), ..team("t") }]);
    for (description, changed) in [(None, 0), (Some(""), 1), (Some(""), 0), (None, 1), (None, 0)] {
        let run = world.run([of(description)]);
        assert_eq!(run.counts["team"].changed, changed, "{description:?}");
    }
    assert_eq!(Value::from(None::<String>), Value::Null);
}
