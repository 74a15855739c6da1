//! What a run may take away, kind by kind: exactly what a listing that was read to its end no longer shows.
//!
//! A row that Sigma knows nothing of is planted for every step of the crawl, as if it had been there in an earlier run.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use sigma_catalog::catalog;
use sigma_catalog::catalog::delivery::scope;
use sigma_catalog::catalog::record::{Class, Table};
use sigma_catalog::crawl::graph::{DOCUMENT_KINDS, STEPS};
use sigma_catalog::simulator::Options;

use sigma_catalog::config;

use crate::context::{Context, Ran};

/// Everything there is to read, except images.
pub const ALL: [&str; 6] =
    ["--everything=true", "--archived=true", "--personal=true", "--explorations=true", "--concurrency", "8"];

/// What the simulated organisation has nothing of: only workbooks name tables in custom SQL.
const NOTHING: [&str; 2] =
    ["custom_sql_table (column-lineage of data-model)", "custom_sql_table (column-lineage of report)"];

/// What an unbroken run leaves although Sigma has it not, with the reason.
const KEPT: &[(&str, &str)] = &[("tenant", "one of the tenants is untold, and it may be any")];

pub fn options() -> Options {
    Options { workbooks: 2, pages: 1, elements: 3, columns: 2, export_polls: 0, ..Options::small() }
}

pub fn small() -> Context {
    Context::new(options())
}

pub fn file_of(context: &Context, name: &str) -> PathBuf {
    context.folder.path().join(name)
}

/// A row that Sigma knows nothing of.
#[derive(Debug)]
struct Planted {
    /// The scope that would list it, and of what.
    scope: &'static str,
    of: &'static str,
    table: &'static Table,
    /// What finds it.
    place: String,
}

impl Planted {
    fn is_there(&self, catalog: &Connection) -> bool {
        let history = self.table.history();
        let sql = format!("SELECT count(*) FROM {history} WHERE {} AND valid_to IS NULL", self.place);
        catalog.query_row(&sql, [], |row| row.get::<_, i64>(0)).expect(&sql) > 0
    }

    fn name(&self) -> String {
        format!("{} ({} of {})", self.table.name, self.scope, self.of)
    }
}

/// What the rows of a scope have in common besides their table.
fn rows_of(scope: &str, of: &str, table: &Table) -> String {
    if table.in_document {
        let more = match scope {
            // One of which nobody asks for its flat list: everything is on a page, and no element is asked by itself.
            scope::ELEMENTS if of != "data-model" => {
                " AND document IN (SELECT k.document FROM document_key k JOIN fetch_scope f ON f.parent_id = k.id \
                 WHERE f.endpoint = 'elements' AND f.http_calls = 0)"
            }
            scope::LINEAGE if table.name == "lineage_node" => " AND type = 'table'",
            _ => "",
        };
        return format!(
            "document IN (SELECT k.document FROM document_key k JOIN document d ON d.id = k.id \
             WHERE d.kind = '{of}' AND d.is_archived IS NOT 1){more}"
        );
    }
    match (scope, of) {
        (scope::DOCUMENTS, kind) => format!("kind = '{kind}'"),
        (scope::TAGGED_VERSIONS, kind) => format!("document_kind = '{kind}'"),
        (scope::OBJECT_GRANTS, "workspace") => "object_id IN (SELECT id FROM workspace)".to_owned(),
        (scope::MEMBER_GRANTS, _) => {
            "member_id <> '' AND object_id NOT IN (SELECT id FROM workspace)".to_owned()
        }
        (scope::TEAM_GRANTS, _) => "team_id <> '' AND object_id NOT IN (SELECT id FROM workspace)".to_owned(),
        (scope::CONNECTION_GRANTS, kind) => format!("asked_kind = '{kind}'"),
        _ => "1".to_owned(),
    }
}

/// Copies a current row under another key. `None` where there is none to copy.
fn plant(
    catalog: &Connection,
    scope: &'static str,
    of: &'static str,
    table: &'static Table,
) -> Option<Planted> {
    let is_parent = |column: &str| table.listed_by.iter().any(|listed| listed.parent == Some(column));
    let keys: Vec<_> = table.columns.iter().filter(|column| column.key).collect();
    // What a scope lists is told apart by the rest of the key.
    let apart = keys.iter().rev().find(|column| !is_parent(column.name) || keys.len() == 1)?;
    let id = match apart.class {
        Class::Integer => "999999".to_owned(),
        // A warehouse table is there because the lineage of a document names it.
        Class::Text if scope == scope::WAREHOUSE_TABLES => format!("'planted {} workbook'", scope::LINEAGE),
        Class::Text => format!("'planted {scope} {of}'"),
    };
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let copied: Vec<String> = columns
        .iter()
        .map(|name| match *name {
            name if name == apart.name => id.clone(),
            "page_id" if scope == scope::ELEMENTS => "NULL".to_owned(),
            name => format!("\"{name}\""),
        })
        .collect();
    // Not the first one that was read, which differs from run to run.
    let (document, order) = match table.in_document {
        true => (
            "document, ",
            format!("(SELECT id FROM document_key k WHERE k.document = {0}.document)", table.history()),
        ),
        false => ("", "1".to_owned()),
    };
    let quoted: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
    let sql = format!(
        "INSERT INTO {0} ({document}{1}, valid_from) SELECT {document}{2}, valid_from FROM {0} \
         WHERE valid_to IS NULL AND {3} ORDER BY {4} LIMIT 1",
        table.history(),
        quoted.join(", "),
        copied.join(", "),
        rows_of(scope, of, table),
        order,
    );
    let planted = catalog.execute(&sql, []).expect(&sql) == 1;
    // The last run counted it: or else the guards would see the last ones go.
    let kind = if scope == scope::DOCUMENTS { of } else { table.name };
    catalog.execute("UPDATE run_count SET total = total + 1 WHERE kind = ?", [kind]).expect("counted");
    let scoped = rows_of(scope, of, table);
    // Which document it is in must not matter for finding it again: that may be gone.
    let place = if apart.class == Class::Integer {
        format!("\"{}\" = {id} AND {scoped}", apart.name)
    } else {
        format!("\"{}\" = {id}", apart.name)
    };
    planted.then_some(Planted { scope, of, table, place })
}

/// Every scope with what it fills: the steps of the crawl, and what comes with them.
fn scopes() -> Vec<(&'static str, &'static str, &'static Table)> {
    let table = |name| catalog::table(name).expect("a table");
    let mut all: Vec<_> = STEPS
        .iter()
        .filter(|step| {
            !step.fallback
                || step.scope == scope::ELEMENTS
                || step.scope == scope::QUERIES && step.of == "data-model"
        })
        // The key of an image is its page. Grants are asked by principal.
        .filter(|step| {
            step.scope != scope::PREVIEWS && (step.scope, step.of) != (scope::OBJECT_GRANTS, "object")
        })
        .map(|step| (step.scope, step.of, table(step.becomes)))
        .collect();
    for kind in ["workbook", "report", "data-model"] {
        for derived in catalog::TABLES.iter().filter(|table| table.in_document) {
            let listed = derived.listed_by.iter().map(|listed| listed.scope);
            let is_derived = |scope: &&str| [scope::LINEAGE, scope::COLUMN_LINEAGE].contains(scope);
            all.extend(listed.filter(is_derived).map(|scope| (scope, kind, *derived)));
        }
        all.push((scope::TAGGED_VERSIONS, kind, table("tagged_version")));
    }
    all.sort_by_key(|(scope, of, table)| (*scope, *of, table.name));
    all.dedup_by_key(|(scope, of, table)| (*scope, *of, table.name));
    all
}

/// Plants a row for every scope; the names of those where there is nothing of the kind.
fn plant_all(context: &Context) -> (Vec<Planted>, Vec<String>) {
    let catalog = Connection::open(context.database()).expect("the catalog");
    let (mut planted, mut nothing) = (Vec::new(), Vec::new());
    for (scope, of, table) in scopes() {
        match plant(&catalog, scope, of, table) {
            Some(row) => planted.push(row),
            None => nothing.push(format!("{} ({scope} of {of})", table.name)),
        }
    }
    (planted, nothing)
}

/// The scopes that say nothing when one is broken: they are not asked after it, or derived from it.
fn depend_on(scope: &str, of: &str) -> &'static [&'static str] {
    match scope {
        scope::PAGES => &[scope::PAGE_ELEMENTS, scope::ELEMENTS, scope::COLUMN_LINEAGE],
        scope::PAGE_ELEMENTS => &[scope::ELEMENTS, scope::COLUMN_LINEAGE],
        scope::ELEMENTS => &[scope::COLUMN_LINEAGE, scope::QUERIES],
        // Which elements are on no page is known by their columns.
        scope::COLUMNS if of != "data-model" => &[scope::ELEMENTS, scope::COLUMN_LINEAGE],
        scope::COLUMNS | scope::LINEAGE => &[scope::COLUMN_LINEAGE],
        _ => &[],
    }
}

/// Rows that were closed although Sigma has them.
fn lost(context: &Context) -> Vec<String> {
    let run = context.rows("SELECT max(run_id) FROM run").remove(0);
    catalog::TABLES
        .iter()
        .flat_map(|table| {
            let keys: Vec<_> =
                table.columns.iter().filter(|column| column.key).map(|c| format!("\"{}\"", c.name)).collect();
            let rows = context.rows(&format!(
                "SELECT '{}', {} FROM {} WHERE valid_to = {run}",
                table.name,
                keys.join(", "),
                table.history()
            ));
            rows.into_iter().filter(|row| !row.contains("planted") && !row.contains("999999"))
        })
        .collect()
}

/// A catalog of everything with a planted row for every scope, to be broken again and again.
struct World {
    context: Context,
    planted: Vec<Planted>,
}

impl World {
    fn new() -> Self {
        let context = small();
        let ran = context.extract_with(&ALL);
        assert_eq!(ran.code, 0, "{ran}");
        let (planted, nothing) = plant_all(&context);
        assert_eq!(nothing, NOTHING);
        fs::copy(context.database(), file_of(&context, "planted.db")).expect("a copy");
        Self { context, planted }
    }

    /// Runs on the planted catalog; what is left of the planted rows.
    fn run(&self, arguments: &[&str], faults: &[String]) -> (Ran, BTreeSet<String>) {
        for rest in ["catalog.db-wal", "catalog.db-shm"] {
            let _ = fs::remove_file(file_of(&self.context, rest));
        }
        fs::copy(file_of(&self.context, "planted.db"), self.context.database()).expect("a copy");
        self.context.simulator.set_faults(faults.iter().map(|rule| rule.parse().expect("a rule")).collect());
        let ran = self.context.extract_with(&[arguments, &["--full"]].concat());
        let catalog = self.context.catalog();
        let left = self.planted.iter().filter(|row| row.is_there(&catalog)).map(Planted::name).collect();
        (ran, left)
    }

    /// The planted rows of scopes.
    fn of(&self, is_meant: impl Fn(&str, &str) -> bool) -> BTreeSet<String> {
        self.planted.iter().filter(|row| is_meant(row.scope, row.of)).map(Planted::name).collect()
    }

    /// The planted rows of scopes, and of those that depend on them.
    fn and_dependent(&self, is_meant: impl Fn(&str, &str) -> bool) -> BTreeSet<String> {
        let depends = |row: &&Planted| {
            STEPS.iter().any(|step| {
                let is_inside =
                    step.scope == scope::DOCUMENTS || depend_on(step.scope, step.of).contains(&row.scope);
                let is_named = step.scope == scope::LINEAGE
                    && step.of == "workbook"
                    && row.scope == scope::WAREHOUSE_TABLES;
                is_meant(step.scope, step.of) && (is_inside && step.of == row.of || is_named)
            })
        };
        self.planted
            .iter()
            .filter(|row| is_meant(row.scope, row.of) || depends(row))
            .map(Planted::name)
            .collect()
    }
}

#[test]
fn a_listing_read_to_its_end_takes_away_what_it_does_not_show() {
    let world = World::new();
    let (ran, left) = world.run(&ALL, &[]);
    assert_eq!(ran.code, 0, "{ran}");
    let kept: BTreeSet<_> = world
        .planted
        .iter()
        .filter(|row| KEPT.iter().any(|(table, _)| row.table.name == *table))
        .map(Planted::name)
        .collect();
    assert_eq!(left, kept);
    assert_eq!(lost(&world.context), Vec::<String>::new());
}

/// Endpoints that may break together: none of them is what another one of its group is asked after.
fn group(scope: &str, of: &str) -> &'static str {
    match scope {
        scope::WORKSPACES => "workspaces",
        scope::FILES => "files",
        scope::MEMBERS => "members",
        scope::TEAMS => "teams",
        scope::DOCUMENTS if of == "workbook" => "workbooks",
        scope::DOCUMENTS => "other documents",
        scope::CONNECTIONS | scope::ACCOUNT_TYPES | scope::USER_ATTRIBUTES | scope::TENANTS => "listings",
        scope::PAGES => "pages",
        scope::PAGE_ELEMENTS => "elements of pages",
        scope::ELEMENTS => "elements",
        scope::COLUMNS => "columns",
        scope::LINEAGE => "lineage",
        _ => "what nothing else is asked after",
    }
}

#[test]
fn no_listing_that_breaks_takes_anything_away() {
    let world = World::new();
    let bulk = || STEPS.iter().filter(|step| step.scope != scope::PREVIEWS && !step.fallback);
    let groups: BTreeSet<&str> = bulk().map(|step| group(step.scope, step.of)).collect();
    let mut wrong = Vec::new();
    let mut check = |what: &str, faults: &[String], meant: BTreeSet<String>| {
        let (ran, left) = world.run(&ALL, faults);
        let gone: Vec<_> = meant.difference(&left).collect();
        let lost = lost(&world.context);
        if ran.code == 4 || ran.code == 0 || meant.is_empty() || !gone.is_empty() || !lost.is_empty() {
            wrong.push(format!("{what}, exit {}: {gone:?} {lost:?}", ran.code));
        }
    };
    for name in groups {
        let broken = || bulk().filter(|step| group(step.scope, step.of) == name);
        let is_broken = |scope: &str, of: &str| broken().any(|step| (step.scope, step.of) == (scope, of));
        for kind in ["403", "row-error"] {
            // Besides the row that is none there are others, and what they name is read.
            let reads_on = kind == "row-error" && ["workbooks", "other documents", "pages"].contains(&name);
            let mut meant = if reads_on { world.of(is_broken) } else { world.and_dependent(is_broken) };
            // A table that lineage names no more goes, whatever is known of it.
            meant.retain(|row| name == "lineage" || !row.starts_with("warehouse_table "));
            let faults: BTreeSet<String> =
                broken().map(|step| format!("GET {} {kind}", step.endpoint.spec().path)).collect();
            check(&format!("{name} {kind}"), &faults.into_iter().collect::<Vec<_>>(), meant);
        }
    }
    // Element by element, where elements may not be asked either.
    let by_element = || STEPS.iter().filter(|step| step.fallback && step.scope != scope::ELEMENTS);
    let is_asked = |scope: &str, of: &str| by_element().any(|step| (step.scope, step.of) == (scope, of));
    let refused = by_element().map(|step| format!("GET {} 403", step.endpoint.spec().path));
    let without_bulk = bulk()
        .filter(|step| is_asked(step.scope, step.of))
        .map(|step| format!("GET {} 404", step.endpoint.spec().path));
    check(
        "element by element",
        &refused.chain(without_bulk).collect::<Vec<_>>(),
        world.of(|scope, of| is_asked(scope, of) || scope == scope::COLUMN_LINEAGE && of != "data-model"),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every setting that turns something on, as the flag that does, and the steps it turns on.
fn switches() -> Vec<(&'static str, String, String)> {
    let mut all: Vec<&str> =
        STEPS.iter().filter_map(|step| step.setting).filter(|key| *key != "previews.mode").collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
        .map(|key| {
            let flag = config::find(key).and_then(|setting| setting.flag).expect("a flag");
            let (on, off) = if key == "crawl.data_grants" { ("tables", "off") } else { ("true", "false") };
            (key, format!("--{flag}={on}"), format!("--{flag}={off}"))
        })
        .collect()
}

#[test]
fn nothing_that_is_turned_off_is_taken_away() {
    let world = World::new();
    let switches = switches();
    let with = |off: &dyn Fn(&str) -> bool| -> Vec<String> {
        let each = switches.iter().map(|(key, on, not)| if off(key) { not.clone() } else { on.clone() });
        each.chain(ALL[1..].iter().map(|word| (*word).to_owned())).collect()
    };
    let mut wrong = Vec::new();
    let mut check = |what: &str, off: &dyn Fn(&str) -> bool| {
        let arguments = with(off);
        let (ran, left) = world.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
        let is_off = |scope: &str, of: &str| {
            STEPS.iter().any(|step| (step.scope, step.of) == (scope, of) && step.setting.is_some_and(off))
                || scope == scope::TAGGED_VERSIONS && off("crawl.tags")
        };
        let meant = world.and_dependent(is_off);
        let gone: Vec<_> = meant.difference(&left).collect();
        let lost = lost(&world.context);
        let told = world.context.rows(
            "SELECT DISTINCT endpoint FROM fetch_scope WHERE error_code = 'setting.off' AND run_id = 2",
        );
        let untold: Vec<_> = world
            .planted
            .iter()
            .filter(|row| is_off(row.scope, row.of))
            .filter(|row| {
                !DOCUMENT_KINDS.contains(&row.of) || !off(&format!("crawl.{}s", row.of.replace('-', "_")))
            })
            .filter(|row| !told.contains(&format!("{:?}", row.scope)))
            .map(Planted::name)
            .collect();
        if ran.code != 0 || meant.is_empty() || !gone.is_empty() || !lost.is_empty() || !untold.is_empty() {
            wrong.push(format!("{what}, exit {}: {gone:?} {lost:?} {untold:?}", ran.code));
        }
    };
    let groups: [&[&str]; 4] = [
        &["crawl.reports", "crawl.datasets", "crawl.tags", "crawl.tenants", "crawl.data_grants"],
        &["crawl.data_models", "crawl.sql", "crawl.user_attributes", "crawl.warehouse_columns"],
        &["crawl.workbooks", "crawl.warehouse"],
        &["crawl.lineage"],
    ];
    for group in groups {
        check(&group.join(" "), &|key| group.contains(&key));
    }
    check("what is optional", &|key| config::OPTIONAL.contains(&key));
    check("all", &|_| true);
    let grouped =
        |key: &str| config::OPTIONAL.contains(&key) || groups.iter().any(|group| group.contains(&key));
    assert!(switches.iter().all(|(key, ..)| grouped(key)), "{switches:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn archived_documents_keep_what_was_in_them() {
    let context = small();
    let ran = context.extract_with(&ALL);
    assert_eq!(ran.code, 0, "{ran}");
    let archived = context
        .rows("SELECT document FROM document_key k JOIN document d ON d.id = k.id WHERE d.is_archived = 1")
        .remove(0);
    let inside: Vec<&Table> = catalog::TABLES.iter().copied().filter(|table| table.in_document).collect();
    let written = Connection::open(context.database()).expect("the catalog");
    for table in &inside {
        let history = table.history();
        let columns: Vec<String> =
            table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let columns = columns.join(", ");
        // Of one document, so that no key occurs twice.
        let sql = format!(
            "INSERT INTO {history} (document, {columns}, valid_from) SELECT {archived}, {columns}, valid_from FROM {history} \
             WHERE document = (SELECT document FROM {history} WHERE valid_to IS NULL LIMIT 1) AND valid_to IS NULL"
        );
        let copied = written.execute(&sql, []).expect(&sql);
        assert!(copied > 0 || table.name == "preview", "{}", table.name);
    }
    drop(written);
    let held = |table: &Table| {
        context
            .rows(&format!("SELECT * FROM {} WHERE document = {archived} ORDER BY 2, 3, 4", table.history()))
    };
    let before: Vec<_> = inside.iter().map(|table| held(table)).collect();
    let ran = context.extract_with(&ALL);
    assert_eq!(ran.code, 0, "{ran}");
    for (table, before) in inside.iter().zip(before) {
        assert_eq!(held(table), before, "{}", table.name);
    }
}
