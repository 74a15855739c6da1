//! How long the questions of the command line take on a catalog of 20,000 workbooks and 5 million columns, and what the
//! full-text index costs. `cargo bench --bench queries`; `-- 2000` for another number of workbooks, `-- 2000 <file>` to keep
//! the catalog in a file, which the next call only asks.

#![allow(clippy::print_stdout, reason = "what it measures is told there")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sigma_catalog::catalog::delivery::{Bundle, Delivery, Outcome, Rows, ScopeReport, scope};
use sigma_catalog::catalog::document::{
    ColumnEdge, CustomSqlTable, Element, ElementColumn, ElementQuery, LineageEdge, LineageNode, Page,
};
use sigma_catalog::catalog::organisation::{Connection, Document, File, Member, Workspace};
use sigma_catalog::catalog::warehouse::WarehouseTable;
use sigma_catalog::store::find::Wanted;
use sigma_catalog::store::lineage::Direction;
use sigma_catalog::store::{Catalog, RunEnd, RunStart, Store};

/// Elements of a workbook; the first ones read tables or models, the others read those.
const ELEMENTS: usize = 10;
/// Columns of an element: 250 columns a workbook.
const COLUMNS: usize = 25;
/// Workbooks to a data model.
const PER_MODEL: usize = 100;
/// Warehouse tables.
const TABLES: usize = 2_000;

const WORDS: &[&str] = &[
    "revenue",
    "margin",
    "churn",
    "orders",
    "customer",
    "region",
    "quarter",
    "forecast",
    "pipeline",
    "inventory",
    "ticket",
    "campaign",
    "headcount",
    "ledger",
    "booking",
    "renewal",
    "discount",
    "warehouse",
    "supplier",
    "refund",
];

fn word(number: usize) -> &'static str {
    WORDS[number % WORDS.len()]
}

fn uuid(kind: usize, number: usize) -> String {
    // Spread, as real ids are.
    let mixed = (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
        ^ ((kind as u128) << 120);
    let hex = format!("{mixed:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn report(name: &'static str, parent: &str) -> ScopeReport {
    ScopeReport {
        scope: name,
        parent: parent.to_owned(),
        outcome: Outcome::Complete,
        pages: 1,
        rows: 0,
        http_calls: 1,
        retries: 0,
        code: None,
        message: None,
    }
}

fn file(id: &str, kind: &str, name: &str, parent: &str, number: usize) -> File {
    File {
        id: id.to_owned(),
        r#type: kind.to_owned(),
        url_id: Some(format!("u{number}x{}", kind.len())),
        name: Some(name.to_owned()),
        parent_id: Some(parent.to_owned()),
        path: Some("Analytics".to_owned()),
        permission: None,
        badge: number.is_multiple_of(50).then(|| "Endorsed".to_owned()),
        description: None,
        owner_id: Some(format!("member{}", number % 500)),
        is_archived: Some(false),
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: Some("2026-01-01T00:00:00.000Z".to_owned()),
    }
}

fn document(id: &str, kind: &str, name: &str, number: usize) -> Document {
    Document {
        id: id.to_owned(),
        kind: kind.to_owned(),
        url_id: Some(format!("u{number}x{}", kind.len())),
        name: Some(name.to_owned()),
        url: Some(format!("https://app.sigmacomputing.com/acme/{kind}/u{number}x{}", kind.len())),
        path: Some("Analytics".to_owned()),
        description: number.is_multiple_of(7).then(|| format!("Numbers for the {} review", word(number + 3))),
        owner_id: Some(format!("member{}", number % 500)),
        latest_version: Some(3),
        is_archived: Some(false),
        migration_status: None,
        migrated_to: None,
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: Some("2026-01-01T00:00:00.000Z".to_owned()),
    }
}

fn edge(source_type: &str, source_document_id: &str, source_id: &str, target_id: &str) -> LineageEdge {
    LineageEdge {
        source_type: source_type.to_owned(),
        source_document_id: source_document_id.to_owned(),
        source_id: source_id.to_owned(),
        target_id: target_id.to_owned(),
        kind: "source".to_owned(),
        evidence: "lineage".to_owned(),
    }
}

fn element_name(number: usize, element: usize) -> String {
    format!("{} by {} {number}", word(number + element), word(number / 7 + element * 3))
}

fn column_name(element: usize, column: usize) -> String {
    format!("{} {} {column}", word(column), word(column * 7 + element))
}

fn column_edge(element: &str, column: &str, source: (&str, &str, &str)) -> ColumnEdge {
    let (source_type, source_document_id, source_id) = source;
    ColumnEdge {
        target_element_id: element.to_owned(),
        target_column_id: column.to_owned(),
        source_type: source_type.to_owned(),
        source_document_id: source_document_id.to_owned(),
        source_id: source_id.to_owned(),
        source_column: String::new(),
        source_name: None,
        source_column_id: None,
        evidence: "formula".to_owned(),
        inferred: false,
    }
}

/// Custom SQL over a table that it names by its path, in every fourth workbook, read by the last element.
fn custom_sql(rows: &mut Rows, table: usize, element_id: &str, number: usize) {
    let path = table_path(table).join(".");
    rows.push(LineageNode {
        r#type: "customSQL".to_owned(),
        id: "sql1".to_owned(),
        name: Some("sql1".to_owned()),
        connection_id: Some("connection".to_owned()),
        definition: Some(format!("select * from {path}")),
    });
    rows.push(CustomSqlTable {
        custom_sql_id: "sql1".to_owned(),
        path: path.clone(),
        connection_id: Some("connection".to_owned()),
    });
    for column in 0..COLUMNS {
        let name = format!("{}_{column}", word(column).to_uppercase());
        let of_table = column_edge("sql1", &name, ("table", "", &path));
        rows.push(ColumnEdge {
            source_column: name.clone(),
            evidence: "sql".to_owned(),
            inferred: true,
            ..of_table
        });
        let of_sql = column_edge(element_id, &column_id(number, column), ("customSQL", "", "sql1"));
        rows.push(ColumnEdge { source_column: name.clone(), source_column_id: Some(name), ..of_sql });
    }
}

fn table_path(table: usize) -> [String; 3] {
    ["ANALYTICS".to_owned(), word(table).to_uppercase(), format!("T{table:04}")]
}

fn column_id(number: usize, column: usize) -> String {
    format!("c{column:03}{:06}", number % 1_000_000)
}

/// A workbook, or a data model where `model` says how many workbooks there are to a one.
fn bundle(id: &str, number: usize, is_model: bool) -> Bundle {
    let mut rows = Rows::default();
    if !is_model {
        for page in 0..2 {
            let name = Some(format!("{} page {page}", word(number + page)));
            rows.push(Page { page_id: format!("page{page}"), name, hidden: None });
        }
    }
    let table = |element: usize| (number * 3 + element) % TABLES;
    for element in 0..ELEMENTS {
        let element_id = format!("el{element:02}{:06}", number % 1_000_000);
        rows.push(Element {
            element_id: element_id.clone(),
            page_id: (!is_model).then(|| format!("page{}", element % 2)),
            name: Some(element_name(number, element)),
            r#type: Some("table".to_owned()),
            visualization_type: None,
            error: None,
        });
        let model = number / PER_MODEL;
        let model_element = format!("el05{model:06}");
        let source = match element {
            0 | 1 => None,
            2 if !is_model => Some(("data-model", uuid(2, model), model_element.clone())),
            _ => Some(("element", String::new(), format!("el{:02}{:06}", element % 2, number % 1_000_000))),
        };
        let is_sql = element == ELEMENTS - 1 && !is_model && number.is_multiple_of(4);
        for column in 0..COLUMNS {
            let native = source.is_none() && column < 8;
            let mut name = column_name(element, column);
            if number.is_multiple_of(1_000) && column == 24 {
                name = "Net Promoter Score".to_owned();
            }
            rows.push(ElementColumn {
                element_id: element_id.clone(),
                column_id: column_id(number, column),
                formula: Some(format!("[{}/{} {}]", word(element), word(column), column)),
                name: Some(name),
                data_type: Some("number".to_owned()),
                source_id: native.then(|| uuid(3, table(element))),
                source_column: native.then(|| format!("{}_{column}", word(column).to_uppercase())),
            });
            let Some((kind, document, source)) = source.as_ref().filter(|_| !is_sql) else { continue };
            let edge = column_edge(&element_id, &column_id(number, column), (kind, document, source));
            rows.push(if *kind == "data-model" {
                let (element, column) = (Some(element_name(model, 5)), column_name(5, column));
                ColumnEdge { source_name: element, source_column: column, ..edge }
            } else {
                ColumnEdge {
                    source_column: column_name(element % 2, column),
                    source_column_id: Some(column_id(number, column)),
                    ..edge
                }
            });
        }
        rows.push(ElementQuery {
            element_id: element_id.clone(),
            sql: Some(format!(
                "select {} from ANALYTICS.{}.T{:04} Q1 where region_code = 'EMEA' group by 1 limit 1000",
                (0..8).map(|column| format!("{}_{column}", word(column))).collect::<Vec<_>>().join(", "),
                word(element).to_uppercase(),
                table(element)
            )),
            error: None,
        });
        if element < 2 {
            rows.push(LineageNode {
                r#type: "table".to_owned(),
                id: uuid(3, table(element)),
                name: Some(format!("T{:04}", table(element))),
                connection_id: Some("connection".to_owned()),
                definition: None,
            });
            rows.push(edge("table", "", &uuid(3, table(element)), &element_id));
        } else if is_sql {
            custom_sql(&mut rows, table(element), &element_id, number);
            rows.push(edge("customSQL", id, "sql1", &element_id));
        } else if let Some((kind, document, source)) = &source {
            let document = if document.is_empty() { id } else { document };
            rows.push(edge(kind, document, source, &element_id));
        }
    }
    let mut scopes =
        vec![report(scope::COLUMNS, ""), report(scope::LINEAGE, ""), report(scope::COLUMN_LINEAGE, "")];
    scopes.push(report(if is_model { scope::ELEMENTS } else { scope::PAGES }, ""));
    Bundle { document_id: id.to_owned(), rows, scopes }
}

/// Loads the organisation; how long the rows took, and the publication with its index.
fn load(path: &Path, workbooks: usize) -> (Duration, Duration) {
    let start = RunStart {
        version: String::new(),
        api_url: String::new(),
        organization_id: None,
        token_member_id: None,
        token_is_admin: Some(true),
    };
    let began = Instant::now();
    let mut writer = Store::open(path).expect("a store").begin(&start).expect("a run");
    let mut rows = Rows::default();
    let analytics = uuid(9, 0);
    rows.push(Workspace {
        id: analytics.clone(),
        url_id: Some("ws".to_owned()),
        name: Some("Analytics".to_owned()),
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    });
    for number in 0..500 {
        rows.push(Member {
            id: format!("member{number}"),
            email: Some(format!("member{number}@example.com")),
            first_name: Some("Member".to_owned()),
            last_name: Some(number.to_string()),
            member_type: None,
            user_kind: None,
            is_archived: None,
            is_inactive: None,
            home_folder_id: None,
            created_at: None,
            updated_at: None,
        });
    }
    rows.push(Connection {
        id: "connection".to_owned(),
        name: Some("Warehouse".to_owned()),
        r#type: Some("snowflake".to_owned()),
        account: None,
        warehouse: None,
        role: None,
        is_sample: None,
        is_audit_log: None,
        use_oauth: None,
        write_access: None,
        is_archived: None,
        created_by: None,
        created_at: None,
        updated_at: None,
    });
    for table in 0..TABLES {
        let path = table_path(table);
        rows.push(WarehouseTable {
            id: uuid(3, table),
            connection_id: Some("connection".to_owned()),
            path: Some(path.join("/")),
            database_name: Some(path[0].clone()),
            schema_name: Some(path[1].clone()),
            name: Some(path[2].clone()),
        });
    }
    let models = workbooks.div_ceil(PER_MODEL);
    for (kind, code, count) in [("data-model", 2, models), ("workbook", 1, workbooks)] {
        for number in 0..count {
            let (id, name) = (uuid(code, number), format!("{} {} {number}", word(number), word(number / 20)));
            rows.push(file(&id, kind, &name, &analytics, number));
            rows.push(document(&id, kind, &name, number));
        }
    }
    writer.accept(Delivery::Rows(rows)).expect("rows");
    for number in 0..models {
        writer.accept(Delivery::Bundle(bundle(&uuid(2, number), number, true))).expect("a model");
    }
    for number in 0..workbooks {
        writer.accept(Delivery::Bundle(bundle(&uuid(1, number), number, false))).expect("a workbook");
    }
    writer.flush().expect("a flush");
    let loaded = began.elapsed();
    let began = Instant::now();
    writer.publish(&RunEnd::default(), &BTreeMap::new()).expect("a publication");
    (loaded, began.elapsed())
}

/// The fastest and the median of nine, each with a connection of its own, as a command has.
fn time(path: &Path, what: &str, mut ask: impl FnMut(&Catalog) -> usize) {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..9 {
        let began = Instant::now();
        let catalog = Catalog::open(path).expect("a catalog");
        found = ask(&catalog);
        times.push(began.elapsed());
    }
    times.sort();
    println!("{what:<58} {:>8.1} ms {:>8.1} ms {found:>8}", millis(times[0]), millis(times[4]));
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn main() {
    let workbooks = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let kept = std::env::args().skip(1).find(|argument| argument.contains('/'));
    let folder = tempfile::tempdir().expect("a folder");
    let path = kept.map_or_else(|| folder.path().join("catalog.db"), PathBuf::from);
    if path.exists() {
        drop(Store::open(&path).expect("a store"));
    } else {
        prepare(&path, workbooks);
    }
    ask(&path, workbooks);
}

/// Makes the catalog, and tells what that costs.
fn prepare(path: &Path, workbooks: usize) {
    let (loaded, published) = load(path, workbooks);
    let columns = (workbooks + workbooks.div_ceil(PER_MODEL)) * ELEMENTS * COLUMNS;
    println!(
        "{workbooks} workbooks, {columns} columns: loaded in {:.1} s, published with its index in {:.1} s, {} MB",
        loaded.as_secs_f64(),
        published.as_secs_f64(),
        std::fs::metadata(path).expect("a file").len() / 1_000_000
    );
    let began = Instant::now();
    Store::open(path).expect("a store").rebuild_search().expect("an index");
    let rebuilt = began.elapsed().as_secs_f64();
    println!(
        "full-text index made anew in {rebuilt:.1} s: {:.2} s a million columns",
        rebuilt / columns as f64 * 1e6
    );
}

/// Asks all the questions.
fn ask(path: &Path, workbooks: usize) {
    println!("{:<58} {:>11} {:>11} {:>8}", "question", "fastest", "median", "answers");
    let search = |text: &str, kinds: &[&str]| {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let text = text.to_owned();
        move |catalog: &Catalog| catalog.search(&text, &kinds, 20).expect("a search").len()
    };
    time(path, "search: a name (one object)", search("revenue margin 12345", &[]));
    time(path, "search: two words", search("churn ledger", &["workbook"]));
    time(path, "search: a table name in SQL", search("T1234", &[]));
    time(path, "search: a word of 1 in 20 names and of all elements", search("revenue", &[]));
    time(path, "search: the beginning of such a word", search("rev", &[]));
    time(path, "search: columns of a name that few have", search("net promoter score", &["column"]));
    time(path, "search: columns of a name that every element has", search("renewal 15", &["column"]));
    let find = |catalog: &Catalog, text: &str| catalog.find(text, Wanted::ANY).expect("one object");
    let middle = workbooks / 2;
    let name = format!("Analytics/{} {} {middle}", word(middle), word(middle / 20));
    time(path, "show: a workbook by path", |catalog| {
        catalog.show(&find(catalog, &name)).expect("it").children.len()
    });
    let id = uuid(1, middle);
    time(path, "show: a workbook by id", |catalog| {
        catalog.show(&find(catalog, &id)).expect("it").children.len()
    });
    let element = format!("{id}/el04{middle:06}");
    time(path, "show: an element", |catalog| {
        catalog.show(&find(catalog, &element)).expect("it").children.len()
    });
    let lineage = |text: String, direction| {
        move |catalog: &Catalog| {
            let key = catalog.find(&text, Wanted::DATA).expect("one object");
            catalog.lineage(&key, direction, usize::MAX).expect("lineage").nodes.len()
        }
    };
    time(path, "lineage upstream: a workbook", lineage(id.clone(), Direction::Upstream));
    time(path, "lineage downstream: a table by name", lineage("T0500".to_owned(), Direction::Downstream));
    let by_column = |text: String, direction| {
        move |catalog: &Catalog| {
            let key = catalog.find(&text, Wanted::DATA).expect("one object");
            catalog.column_lineage(&key, direction, usize::MAX).expect("lineage").nodes.len()
        }
    };
    // Through the element's own document and the model's to the table.
    let far = format!("{id}/el02{middle:06}/{}", column_id(middle, 5));
    time(path, "lineage upstream: a column", by_column(far, Direction::Upstream));
    time(path, "lineage upstream: all columns of a workbook", by_column(id.clone(), Direction::Upstream));
    time(path, "lineage downstream: a data model", lineage(uuid(2, 3), Direction::Downstream));
    let impact = |text: &str| {
        let text = text.to_owned();
        move |catalog: &Catalog| {
            let key = catalog.find(&text, Wanted::DATA).expect("one object");
            catalog.impact(&key).expect("an impact").documents.len()
        }
    };
    time(path, "impact: a table", impact("T0500"));
    time(path, "impact: a table by its path", impact(&table_path(500).join(".")));
    time(path, "impact: a column", impact("T0500.REVENUE_0"));
    time(
        path,
        "impact: a column of a table by its path",
        impact(&format!("{}.MARGIN_1", table_path(501).join("."))),
    );
    time(path, "models: those of a workbook", |catalog| catalog.models(Some(&id)).expect("models").len());
    time(path, "models: one", |catalog| {
        catalog.model(&find(catalog, &element)).expect("models").expect("one").columns.len()
    });
}
