//! Every fault of a listing, in both dialects, in one run: how its scope ends, what it costs, and that nothing goes which
//! may still be there.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Value, json};
use sigma_catalog::simulator::{Mutation, Options};

use super::front::{Script, before};
use super::world::{exit_of, extract_from, scope, workbooks};
use crate::context::Context;

/// One fault.
struct Case {
    id: &'static str,
    /// A page: from the rows there are, by cursor and by how often that was asked for.
    page: fn(&[Value], &str, usize) -> Value,
    /// How the scope has to end.
    outcome: &'static str,
    code: &'static str,
    /// Rows taken from it, beyond (or short of) those there are; none for a listing that failed.
    rows: Option<i64>,
    requests: usize,
    /// The event that has to tell of it.
    event: Option<&'static str>,
}

/// A listing that comes to its end.
const fn ends(id: &'static str, requests: usize, page: fn(&[Value], &str, usize) -> Value) -> Case {
    Case { id, page, outcome: "complete", code: "", rows: Some(0), requests, event: None }
}

/// A listing that may not have shown everything: the last row, which is there, is missing from it.
const fn breaks(
    id: &'static str,
    code: &'static str,
    requests: usize,
    page: fn(&[Value], &str, usize) -> Value,
) -> Case {
    Case { id, page, outcome: "incomplete", code, rows: Some(-1), requests, event: Some(code) }
}

/// A listing that is none.
const fn fails(id: &'static str, page: fn(&[Value], &str, usize) -> Value) -> Case {
    let code = "body.shape";
    Case { id, page, outcome: "failed", code, rows: None, requests: 1, event: Some(code) }
}

/// A page of rows and the next cursor.
fn page(rows: &[Value], next: &str) -> Value {
    json!({"entries": rows, "next": if next.is_empty() { Value::Null } else { next.into() }})
}

/// The rows on two pages; the second one ends as given.
fn two_pages(rows: &[Value], at: &str, end: Option<Value>) -> Value {
    match (at, end) {
        ("", _) => page(&rows[..3], "2"),
        (_, None) => json!({"entries": rows[3..]}),
        (_, Some(end)) => json!({"entries": rows[3..], "next": end}),
    }
}

/// All rows but the last, over cursors that go round.
fn cycle(rows: &[Value], at: &str, length: usize) -> Value {
    let at: usize = at.parse().unwrap_or(0);
    let shown = &rows[..rows.len() - 1];
    let piece = shown.len().div_ceil(length + 1);
    let from = (at * piece).min(shown.len());
    page(&shown[from..(from + piece).min(shown.len())], &(at % length + 1).to_string())
}

/// A row like another one, with another name and id.
fn another(row: &Value, name: &str) -> Value {
    let mut row = row.clone();
    for key in ["columnId", "name"].into_iter().filter(|key| row[*key].is_string()).collect::<Vec<_>>() {
        row[key] = name.into();
    }
    row
}

/// A row of the same id with another content.
fn changed(row: &Value) -> Value {
    let mut row = row.clone();
    for key in ["label", "formula", "description"] {
        row[key] = "changed meanwhile".into();
    }
    row
}

const ISSUED: &str = "a%2Fb%3D%3D+c d=&limit=2#é";
const NEW: &str = "inserted meanwhile";

static CASES: [Case; 22] = [
    breaks("D1", "listing.repeated_cursor", 2, |rows, at, _| cycle(rows, at, 1)),
    breaks("D2", "listing.repeated_cursor", 3, |rows, at, _| cycle(rows, at, 2)),
    breaks("D3", "listing.repeated_cursor", 4, |rows, at, _| cycle(rows, at, 3)),
    breaks("D4", "listing.empty_pages", 11, |rows, at, _| {
        let at: usize = at.parse().unwrap_or(0);
        page(&rows[..rows.len() - 1], &(at + 1).to_string())
    }),
    ends("D5", 3, |rows, at, _| match at {
        "" => page(&rows[..2], "empty"),
        "empty" => page(&[], "rest"),
        _ => page(&rows[2..], ""),
    }),
    breaks("D6", "listing.empty_pages", 11, |rows, at, _| match at.parse().unwrap_or(0) {
        0 => page(&rows[..rows.len() - 1], "1"),
        at if at <= 10 => page(&[], &(at + 1).to_string()),
        _ => page(&rows[rows.len() - 1..], ""),
    }),
    ends("D7", 2, |rows, at, _| two_pages(rows, at, None)),
    ends("D8", 2, |rows, at, _| two_pages(rows, at, Some(Value::Null))),
    ends("D9", 2, |rows, at, _| two_pages(rows, at, Some("".into()))),
    fails("D10", |_, _, _| json!({"next": null, "total": 0})),
    fails("D11", |_, _, _| json!({"entries": null, "next": null})),
    fails("D12", |rows, _, _| json!({"entries": {"0": rows[0]}, "next": null})),
    fails("D13", |rows, _, _| json!(rows)),
    ends("D14", 4, |rows, at, visit| match (at, visit) {
        ("", _) => page(&rows[..4], "2"),
        (_, 0) => page(&rows[2..], ""),
        _ => page(&rows[4..], ""),
    }),
    Case {
        rows: Some(1),
        event: Some("listing.page_drift"),
        ..ends("D15", 4, |rows, at, visit| match (at, visit) {
            ("", 0) => page(&rows[..3], "2"),
            // One was inserted before the third, which is shown again, and has changed.
            (_, 0) => page(&[&[changed(&rows[2])], &rows[3..]].concat(), ""),
            ("", _) => page(&[&rows[..2], &[another(&rows[2], NEW)]].concat(), "2"),
            _ => page(&[&[changed(&rows[2])], &rows[3..]].concat(), ""),
        })
    },
    breaks("D16", "listing.total_not_reached", 4, |rows, at, _| {
        // One of the first page was deleted, so that the first of the second page slipped to where nobody looks.
        let mut page = match at {
            "" => page(&rows[..3], "2"),
            _ => page(&rows[4..], ""),
        };
        page["total"] = rows.len().into();
        page
    }),
    Case {
        event: Some("listing.total_exceeded"),
        ..ends("D17", 2, |rows, at, _| {
            let mut page = two_pages(rows, at, None);
            page["total"] = 1.into();
            page
        })
    },
    Case {
        rows: Some(0),
        ..breaks("D18", "listing.total_not_reached", 4, |rows, at, _| {
            let mut page = two_pages(rows, at, None);
            page["total"] = (rows.len() + 5).into();
            page
        })
    },
    ends("D19", 3, |rows, at, _| match at {
        "" => page(&rows[..1], "2"),
        "2" => page(&rows[1..4], "3"),
        _ => page(&rows[4..], ""),
    }),
    ends("D20", 2, |rows, at, _| match at {
        "" => page(&rows[..3], ISSUED),
        ISSUED => page(&rows[3..], ""),
        // Any other spelling of it.
        _ => json!({"entries": null}),
    }),
    breaks("D21", "listing.row_errors", 1, |rows, _, _| {
        let error = json!({"code": "inode_archived", "message": "gone, ada@example.com", "requestId": "r"});
        page(&[&rows[..rows.len() - 1], &[error]].concat(), "")
    }),
    Case {
        rows: Some(1_500),
        ..ends("D22", 1, |rows, _, _| {
            // More than any limit that was asked for.
            let more = (0..1_500).map(|number| another(&rows[0], &format!("more {number}")));
            page(&[rows, &more.collect::<Vec<_>>()].concat(), "")
        })
    },
];

/// A dialect: the listing that speaks it, and where its rows are in the catalog.
struct Dialect {
    name: &'static str,
    endpoint: &'static str,
    path: fn(&str) -> String,
    rows: &'static str,
}

static DIALECTS: [Dialect; 2] = [
    Dialect {
        name: "page and nextPage",
        endpoint: "columns",
        path: |id| format!("/v2/workbooks/{id}/columns"),
        rows: "SELECT element_id, column_id, name, formula FROM element_column WHERE document_id =",
    },
    Dialect {
        name: "pageToken and nextPageToken",
        endpoint: "warehouse-columns",
        path: |id| format!("/v2/connections/tables/{id}/columns"),
        rows: "SELECT name, description, data_type FROM warehouse_column WHERE table_id =",
    },
];

/// What one fault came to.
struct Met {
    case: &'static Case,
    dialect: &'static Dialect,
    parent: String,
    before: Vec<String>,
    after: Vec<String>,
    scope: String,
    requests: usize,
    events: Vec<String>,
}

/// What all faults came to.
static MET: LazyLock<Vec<Met>> = LazyLock::new(|| {
    // As many at once as an organisation has warehouse tables.
    CASES.chunks(11).flat_map(meet).collect()
});

/// An organisation read well, and once more with each of these faults in a listing of its own.
fn meet(cases: &'static [Case]) -> Vec<Met> {
    let context = Context::new(Options { workbooks: 20, ..Options::small() });
    assert_eq!(exit_of(&extract_from(&context, &context.simulator.url(), |_| {})), 0);
    let tables =
        context.rows("SELECT table_id FROM warehouse_column GROUP BY 1 HAVING count(*) > 5 ORDER BY 1");
    let tables: Vec<_> = tables.into_iter().map(|id| id.trim_matches('"').to_owned()).collect();
    let parents = [workbooks(&context, &[]), tables];
    let (mut scripts, mut met) = (HashMap::<String, Script>::new(), Vec::new());
    for (dialect, parents) in DIALECTS.iter().zip(parents) {
        assert!(parents.len() >= cases.len(), "{} listings for {}", parents.len(), dialect.name);
        for (case, parent) in cases.iter().zip(parents) {
            scripts.insert((dialect.path)(&parent), Box::new(case.page));
            let before = context.rows(&format!("{} '{parent}' ORDER BY 1, 2, 3", dialect.rows));
            let (scope, after, events) = (String::new(), Vec::new(), Vec::new());
            met.push(Met { case, dialect, parent, before, after, scope, requests: 0, events });
        }
    }
    for Met { parent, .. } in met.iter().filter(|met| met.dialect.endpoint == "columns") {
        // So that it is worth reading again.
        context.simulator.mutate(&Mutation::TouchDocument { document: parent.clone() }).expect("a change");
    }
    let server = before(&context, scripts);
    assert_eq!(exit_of(&extract_from(&context, server.url.as_str(), |_| {})), 3);
    let asked = server.data_requests();
    for met in &mut met {
        let Met { dialect, parent, .. } = met;
        met.after = context.rows(&format!("{} '{parent}' ORDER BY 1, 2, 3", dialect.rows));
        met.scope = scope(&context, dialect.endpoint, parent);
        let path = (dialect.path)(parent);
        met.requests = asked.iter().filter(|seen| seen.path == path).count();
        met.events = context.rows(&format!(
            "SELECT code, title FROM run_event WHERE run_id = 2 AND instr(context, '{parent}') \
             AND (instr(context, '{} ') = 1 OR context = '{path}')",
            dialect.endpoint
        ));
    }
    met
}

/// What is wrong with how a fault was met.
fn wrong(met: &Met) -> Vec<&'static str> {
    let Met { case, before, after, scope, requests, events, .. } = met;
    let taken = scope.split(" | ").nth(2).and_then(|rows| rows.parse::<i64>().ok());
    let (had, more) = (before.len() as i64, case.rows);
    let told = |event: &&str| events.len() == 1 && events[0].starts_with(&format!("{event:?}"));
    let rules = [
        ("outcome", scope.starts_with(&format!("{:?} | {:?} | ", case.outcome, case.code))),
        ("rows read", taken == Some(more.map_or(0, |more| had + more))),
        ("requests", *requests == case.requests),
        ("something is gone", before.iter().all(|row| after.contains(row))),
        ("something is new", after.len() as i64 == had + more.map_or(0, |more| more.max(0))),
        ("event", case.event.map_or(events.is_empty(), |event| told(&event))),
    ];
    rules.into_iter().filter(|(_, holds)| !holds).map(|(rule, _)| rule).collect()
}

/// Checks these cases in both dialects.
#[track_caller]
fn check(ids: &[&str]) {
    let met: Vec<_> = MET.iter().filter(|met| ids.contains(&met.case.id)).collect();
    assert_eq!(met.len(), ids.len() * DIALECTS.len());
    let about = |met: &&Met| {
        let (id, dialect, wrong) = (met.case.id, met.dialect.name, wrong(met));
        let seen = format!("{} after {} requests, {:?}", met.scope, met.requests, met.events);
        (!wrong.is_empty()).then(|| format!("{id} with {dialect}: {}: {seen}", wrong.join(", ")))
    };
    let wrong: Vec<_> = met.iter().filter_map(about).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn cursors_that_repeat_end_a_listing_as_incomplete() {
    check(&["D1", "D2", "D3"]);
}

#[test]
fn pages_without_news_end_a_listing_as_incomplete_and_a_few_do_not() {
    check(&["D4", "D5", "D6"]);
}

#[test]
fn every_form_of_no_next_page_ends_a_listing_well() {
    check(&["D7", "D8", "D9"]);
}

#[test]
fn what_is_no_page_is_never_an_empty_one() {
    check(&["D10", "D11", "D12", "D13"]);
}

#[test]
fn rows_that_move_between_pages_are_neither_lost_nor_doubled() {
    check(&["D14", "D15", "D16"]);
    let drift = MET.iter().filter(|met| met.case.id == "D15");
    assert!(drift.clone().count() == 2 && drift.clone().all(|met| !met.after.is_empty()));
    for met in drift {
        // What was shown first is kept.
        assert!(met.after.iter().all(|row| !row.contains("changed meanwhile")), "{:#?}", met.after);
        assert!(met.events[0].contains("changed while they were listed"), "{:?}", met.events);
    }
}

#[test]
fn a_count_that_is_wrong_removes_nothing() {
    check(&["D17", "D18"]);
}

#[test]
fn neither_page_sizes_nor_cursors_are_guessed_at() {
    check(&["D19", "D20", "D22"]);
}

#[test]
fn an_error_among_the_rows_is_counted_and_costs_no_other_row() {
    check(&["D21"]);
    for met in MET.iter().filter(|met| met.case.id == "D21") {
        let told = &met.events[0];
        assert!(told.contains("1 of them, the first `inode_archived` gone, [e-mail]"), "{told}");
    }
}
