//! Queries with what their outputs are computed from.

use super::{SqlError, shape};

/// `name < table.column, ...` for each output, and `* < table` for tables of which all columns are given.
fn told(text: &str) -> Vec<String> {
    let shape = shape(text, None).unwrap_or_else(|error| panic!("{error}: {text}"));
    let outputs = shape.outputs.iter().map(|output| {
        let origins: Vec<_> = output.origins.iter().map(|o| format!("{}.{}", o.table, o.column)).collect();
        format!("{} < {}", output.name.as_deref().unwrap_or("?"), origins.join(", ")).trim_end().to_owned()
    });
    outputs.chain(shape.all_of.iter().map(|table| format!("* < {table}"))).collect()
}

const CASES: &[(&str, &[&str])] = &[
    ("select a from t", &["a < t.a"]),
    ("select a as b from db.s.t", &["b < db.s.t.a"]),
    ("select x.a from db.s.t x", &["a < db.s.t.a"]),
    ("select t.a, s.t.b, db.s.t.c from db.s.t", &["a < db.s.t.a", "b < db.s.t.b", "c < db.s.t.c"]),
    ("select \"Odd Name\" from \"My Db\".\"T\"", &["Odd Name < My Db.T.Odd Name"]),
    ("select `a` from `p`.`d`.`t`", &["a < p.d.t.a"]),
    ("select a + b as c, count(*), 1 from t", &["c < t.a, t.b", "? <", "? <"]),
    ("select case when a > 1 then b else c end as d from t", &["d < t.a, t.b, t.c"]),
    ("select sum(a) over (partition by b order by c) as s from t", &["s < t.a, t.b, t.c"]),
    ("select * from t", &["* < t"]),
    ("select * from t join u on t.id = u.id", &["* < t", "* < u"]),
    ("select t.*, u.a from t join u on t.id = u.id", &["a < u.a", "* < t"]),
    // Which of two tables has the column is not known; which alias is meant is.
    ("select a from t join u on t.id = u.id", &["a <"]),
    ("select x.a, y.a as b from t x join u y using (id)", &["a < t.a", "b < u.a"]),
    ("select a from t, u", &["a <"]),
    ("with c as (select a as b from t) select b from c", &["b < t.a"]),
    ("with c as (select a as b from t) select c.b, u.d from c join u on true", &["b < t.a", "d < u.d"]),
    ("with c as (select a as b from t) select b, e from c join u on true", &["b <", "e < u.e"]),
    ("with c (x, y) as (select a, b from t) select y from c", &["y < t.b"]),
    ("with c as (select * from t) select a from c", &["a < t.a"]),
    ("with c as (select * from t), d as (select a as b from c) select B as z from D", &["z < t.a"]),
    ("with c as (select a from t) select * from c", &["a < t.a"]),
    ("with t as (select a from db.t) select a from t", &["a < db.t.a"]),
    ("select q.b from (select a as b from t) q", &["b < t.a"]),
    ("select b from (select a as b from t) q join (select c from u) r on true", &["b < t.a"]),
    ("select z from (select a as b from t) q", &["z <"]),
    ("select a from t union all select b from u", &["a < t.a, u.b"]),
    ("select a, b from t union select * from u", &["a < t.a", "b < t.b", "* < u"]),
    ("(select a from t)", &["a < t.a"]),
    ("select (select max(b) from u) as m, a from t", &["m < u.b", "a < t.a"]),
    ("select (select b from u) as m from t", &["m < u.b"]),
    ("select a from t where b in (select c from u)", &["a < t.a"]),
    ("select v.a.b from t v", &["b < t.a"]),
    ("select data:key::string as k from t", &["k < t.data"]),
    ("select f.value as v from t, lateral flatten(input => t.items) f", &["v <"]),
    ("select * except (a) from (select a, b from t) q", &["b < t.b"]),
    ("select a from t where r = {{Region}} and d > {{date-range.start}}", &["a < t.a"]),
    ("select {{#identifier [column]}} as c, a from t", &["c <", "a < t.a"]),
    ("select a from {{#identifier [table]}}", &["a <"]),
    ("select a from t; ", &["a < t.a"]),
    ("select a from t -- a comment", &["a < t.a"]),
    ("select 'x' as a", &["a <"]),
];

#[test]
fn outputs_are_traced_to_the_tables_and_never_guessed() {
    let wrong: Vec<_> = CASES
        .iter()
        .filter_map(|(text, expected)| {
            let found = told(text);
            (found != *expected).then(|| format!("{text}: {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn all_tables_that_a_query_names_are_told() {
    for (text, expected) in [
        ("select a from t", &["t"][..]),
        ("select 1", &[]),
        ("select u.a from db.s.u u left join db.s.v on u.id = v.id", &["db.s.u", "db.s.v"]),
        ("select a from t where b in (select c from u) and exists (select 1 from v)", &["t", "u", "v"]),
        ("select (select max(b) from u) as m from t", &["t", "u"]),
        ("select a from t union all select b from u", &["t", "u"]),
        ("select * from (select a from t) q, u", &["t", "u"]),
        ("with c as (select a from t), d as (select a from c join u using (a)) select a from d", &["t", "u"]),
        // A common table expression that is not recursive does not see itself.
        ("with t as (select a from t) select a from t", &["t"]),
        ("with recursive c as (select a from t union all select a from c) select a from c", &["t"]),
        ("with c as (select a from t) select a from s.c", &["s.c", "t"]),
        // Its name is known inside of the query that it belongs to, and nowhere else.
        ("select a from (with c as (select a from t) select a from c) q join C on true", &["C", "t"]),
        ("select a from t where exists (select 1 from (with c as (select 1) select * from C) q)", &["t"]),
        ("select f.value from t, lateral flatten(input => t.items) f", &["t"]),
        ("select a from {{#identifier [table]}}", &[]),
    ] {
        let found = shape(text, None).unwrap_or_else(|error| panic!("{error}: {text}")).tables;
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn the_dialect_of_the_warehouse_is_tried_first() {
    let origins = |warehouse| {
        let shape = shape("select \"a\" as x from t", warehouse).expect("a query");
        shape.outputs[0].origins.len()
    };
    assert_eq!(origins(Some("snowflake")), 1, "a name in quotes");
    assert_eq!(origins(Some("bigQuery")), 0, "a text");
    assert_eq!(origins(Some("something new")), origins(None));
    // What it cannot read, another may.
    assert!(shape("select data:key::string as k from t", Some("bigQuery")).is_ok());
}

#[test]
fn what_is_no_query_is_an_error() {
    for text in [
        "",
        "selekt a",
        "select a from",
        "drop table t",
        "select 1; select 2",
        "{{x",
        "\u{0}",
        "insert into t values (1)",
    ] {
        assert_eq!(shape(text, None), Err(SqlError::Unparsed), "{text}");
    }
}

#[test]
fn depth_and_length_end_no_stack_and_take_no_time() {
    let chain = |n: usize| format!("select {} as c from t", vec!["a"; n].join(" + "));
    assert_eq!(shape(&chain(1_000), None).unwrap().outputs[0].origins.len(), 1);
    assert_eq!(shape(&chain(100_000), None), Err(SqlError::TooLarge));
    let nested = |n: usize| format!("select {}a{} from t", "(".repeat(n), ")".repeat(n));
    assert!(shape(&nested(20), None).is_ok());
    assert_eq!(shape(&nested(10_000), None), Err(SqlError::TooLarge));
    for n in [10, 20, 30, 38] {
        let _ = shape(&format!("select {}1", "(".repeat(n)), None);
        let _ = shape(&format!("select * from {}t{}", "(".repeat(n), ")".repeat(n)), None);
        let _ = shape(&format!("select {}a{}", "f(".repeat(n), ")".repeat(n)), None);
        let _ = shape(&format!("select {}a{}", "case when a then ".repeat(n), " end".repeat(n)), None);
        let _ = shape(&format!("{}select 1{}", "(".repeat(n), ")".repeat(n)), None);
    }
    assert_eq!(shape(&format!("select {}1", "not ".repeat(100_000)), None), Err(SqlError::TooLarge));
    let unions = vec!["select a from t"; 500].join(" union all ");
    assert_eq!(told(&unions), ["a < t.a"]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_answered(text in ".{0,60}") {
        let _ = shape(&text, None);
    }

    #[test]
    fn any_text_of_sql_like_pieces_is_answered(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "select ", "from ", "a", "t", ".", "*", ",", " as ", "(", ")", " join ", " on ", "with ", " union ", "case when ", " end ",
        "'x'", "\"q\"", "{{p}}", "1", " + ", ":", "::int", "[", "]", ";",
    ]), 0..16)) {
        let _ = shape(&pieces.concat(), None);
    }
}
