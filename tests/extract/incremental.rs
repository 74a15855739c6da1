//! A document that did not change is not asked again; what the catalog says is the same as if it were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use sigma_catalog::catalog::TABLES;
use sigma_catalog::simulator::{Mutation, Options};

use crate::context::{Context, Ran, run};
use crate::requests::{asked, counted, total};

/// What is asked of documents alone.
const CONTENTS: [&str; 5] = ["pages", "pages/{pageId}/elements", "columns", "queries", "lineage"];

/// How many requests went for the contents of documents.
fn contents(stats: &Value) -> u64 {
    let of = |kind: &str, id: &str| -> u64 {
        let path = |child: &&str| asked(stats, &format!("/v2/{kind}/{{{id}}}/{child}"));
        CONTENTS.iter().chain(&["elements"]).map(path).sum()
    };
    of("workbooks", "workbookId") + of("reports", "reportId") + of("dataModels", "dataModelId")
}

/// `extract` into a database of that name.
fn extract_into(context: &Context, database: &str, arguments: &[&str]) -> Ran {
    let url = context.simulator.url();
    let mut all =
        vec!["extract", "--api-url", &url, "--db", database, "--format", "json", "--concurrency", "4"];
    all.extend(arguments);
    let ran = run(&mut context.command(&all));
    assert_eq!(ran.code, 0, "{ran}");
    ran
}

/// Every published row of every table.
fn published(database: &Path) -> BTreeMap<&'static str, Vec<String>> {
    let catalog = Connection::open(database).expect("a catalog");
    let rows = |table: &str| {
        let mut statement = catalog.prepare(&format!("SELECT * FROM \"{table}\"")).expect(table);
        let width = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            (0..width).map(|cell| Ok(format!("{:?}", row.get::<_, rusqlite::types::Value>(cell)?))).collect()
        };
        let rows = statement.query_map([], row).expect(table);
        let mut rows: Vec<String> =
            rows.map(|row: rusqlite::Result<Vec<String>>| row.expect(table).join(" | ")).collect();
        rows.sort();
        rows
    };
    TABLES.iter().map(|table| (table.name, rows(table.name))).collect()
}

/// The tables in which two catalogs differ, with the first rows that only one of them has.
fn differences(one: &Path, other: &Path) -> String {
    let (one, other) = (published(one), published(other));
    let mut told = String::new();
    for (table, rows) in &one {
        let only = |rows: &[String], others: &[String]| {
            let only: Vec<String> =
                rows.iter().filter(|row| !others.contains(row)).take(3).cloned().collect();
            only
        };
        if *rows != other[table] {
            told += &format!(
                "{table}: only {:?} / only {:?}\n",
                only(rows, &other[table]),
                only(&other[table], rows)
            );
        }
    }
    told
}

#[test]
fn an_unchanged_organisation_is_not_asked_for_contents_again() {
    let context = Context::small();
    let first = extract_into(&context, "catalog.db", &[]);
    assert_eq!(first.json()["documents"]["carried"], 0, "{first}");
    assert!(contents(&context.simulator.stats()) > 50);
    context.simulator.reset_stats();
    let second = extract_into(&context, "catalog.db", &[]);
    assert_eq!(contents(&context.simulator.stats()), 0, "{:#}", context.simulator.stats());
    assert_eq!(second.json()["documents"]["asked"].as_object().map(|asked| asked.len()), Some(0), "{second}");
    std::fs::copy(context.database(), context.folder.path().join("full.db")).expect("a copy");
    let full = extract_into(&context, "full.db", &["--full"]);
    assert_eq!(full.json()["documents"]["carried"], 0, "{full}");
    assert_eq!(differences(&context.database(), &context.folder.path().join("full.db")), "");
}

/// A copy of the catalog, under another name.
fn copy(context: &Context, name: &str) -> PathBuf {
    let to = context.folder.path().join(name);
    std::fs::copy(context.database(), &to).expect("a copy");
    to
}

/// Runs once as every night and once in full, from the same catalog, and tells where the two catalogs differ.
fn night(context: &Context, arguments: &[&str]) -> (Ran, String) {
    let full = copy(context, "full.db");
    let ran = extract_into(context, "catalog.db", arguments);
    extract_into(context, "full.db", &[arguments, &["--full"]].concat());
    (ran, differences(&context.database(), &full))
}

/// Something at random that can happen to an organisation between two runs, as long as Sigma shows a sign of it.
fn something(dice: &mut fastrand::Rng, truth: &Value, step: usize) -> Mutation {
    let objects = &truth["objects"];
    let mut id = |kind: &str| {
        let rows = objects[kind].as_array().map(Vec::as_slice).unwrap_or_default();
        rows[dice.usize(..rows.len())]["id"].as_str().expect("an id").to_owned()
    };
    let places = [id("workspace"), id("workspace")];
    let paged = [id("workbook"), id("report")];
    let documents =
        [id("workbook"), id("workbook"), id("report"), id("data-model"), id("data-model"), id("dataset")];
    let (member, other, team, connection) = (id("member"), id("member"), id("team"), id("connection"));
    let folders = objects["file"].as_array().expect("files").iter().filter(|file| file["type"] == "folder");
    let folders: Vec<String> = folders.map(|file| file["id"].as_str().expect("an id").to_owned()).collect();
    let document = dice.choice(&documents).expect("one").clone();
    let paged = dice.choice(&paged).expect("one").clone();
    let place = dice.choice(&places).expect("one").clone();
    match dice.u8(..14) {
        0 => Mutation::RenameDocument { document, name: format!("Name {step}") },
        1 => Mutation::RenameFolder {
            folder: dice.choice(&folders).unwrap_or(&place).clone(),
            name: format!("Place {step}"),
        },
        2 if step.is_multiple_of(3) => Mutation::DeleteDocument { document },
        2 | 3 => Mutation::AddPage { document: paged, name: Some(format!("Page {step}")) },
        4 => Mutation::AddGrant {
            inode: document,
            member: Some(member),
            team: None,
            permission: "view".to_owned(),
        },
        5 => Mutation::ArchiveMember { member: other },
        6 => Mutation::AddTeamMember { team, member, admin: false },
        7 => Mutation::RemoveTeamMember { team, member },
        8 => Mutation::MoveDocument { document, folder: place },
        9 => Mutation::SetOwner { document, member },
        10 => Mutation::TouchDocument { document },
        11 => Mutation::ArchiveDocument { document, archived: dice.bool() },
        12 => Mutation::ArchiveConnection { connection, archived: dice.bool() },
        _ => Mutation::AddMember { first: None, last: None, email: None, member_type: None },
    }
}

#[test]
fn whatever_happens_a_run_that_carries_ends_with_what_a_run_that_asks_everything_ends_with() {
    let mut carried = 0;
    for (seed, arguments) in
        [(1, &["--everything", "true"][..]), (2, &[]), (3, &["--everything", "true", "--archived", "true"])]
    {
        let context = Context::new(Options { seed, ..Options::small() });
        let mut dice = fastrand::Rng::with_seed(seed);
        extract_into(&context, "catalog.db", arguments);
        let mut told = String::new();
        for step in 0..5 {
            for _ in 0..dice.usize(1..5) {
                let mutation = something(&mut dice, &context.simulator.truth(), step);
                // What makes no sense any more, like a page for what is gone, does not happen.
                if context.simulator.mutate(&mutation).is_ok() {
                    told += &format!("\nstep {step}: {mutation:?}");
                }
            }
            let (ran, differences) = night(&context, arguments);
            assert_eq!(differences, "", "seed {seed}:{told}\n{ran}");
            carried += ran.json()["documents"]["carried"].as_u64().expect("a number");
        }
    }
    assert!(carried > 100, "the runs carried next to nothing: {carried}");
}

/// What a run did with documents, by its summary: how many it carried, and how many it asked for that reason.
fn documents(ran: &Ran, why: &str) -> (u64, u64) {
    let counted = ran.json()["documents"].clone();
    (counted["carried"].as_u64().expect("a number"), counted["asked"][why].as_u64().unwrap_or(0))
}

/// An id of the catalog.
fn one_id(context: &Context, sql: &str) -> String {
    context.rows(sql).first().unwrap_or_else(|| panic!("nothing for {sql}")).trim_matches('"').to_owned()
}

fn change(context: &Context, mutation: Mutation) {
    context.simulator.mutate(&mutation).unwrap_or_else(|error| panic!("{mutation:?}: {error}"));
}

fn fault(context: &Context, rules: &[&str]) {
    context.simulator.set_faults(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
}

/// Permissions that every run asks for: grants by 101 members and 11 teams with one question ahead, minus the simulator's
/// robot, the grants of workspaces and connections, memberships, the values of two attributes.
const PERMISSIONS: u64 = 112 + 10 + 2 + 11 + 4;

/// Everything else that every run asks for: a token, whose it is, and of what kind; one page of each of 19 listings (six
/// types of file among them) and what each of six account types allows.
const LISTINGS: u64 = 3 + 18 + 6;

#[test]
fn an_unchanged_organisation_costs_its_listings_and_permissions_and_a_changed_document_itself() {
    let context = Context::new(counted());
    let requests = |arguments: &[&str]| {
        context.simulator.reset_stats();
        extract_into(&context, "catalog.db", arguments);
        total(&context.simulator.stats())
    };
    let tables = |of: &str| {
        let sql = format!(
            "SELECT count(DISTINCT id) FROM lineage_node WHERE type = 'table' AND document_id IN ({of})"
        );
        context.rows(&sql)[0].parse::<u64>().expect("a number")
    };
    let first = requests(&[]);
    let all = tables("SELECT id FROM document");
    assert_eq!(first, 200 * 7 + 20 * 3 + all + LISTINGS + PERMISSIONS);
    assert_eq!(requests(&[]), LISTINGS + PERMISSIONS);
    assert_eq!(requests(&["--grants-every", "1d"]), LISTINGS);
    // One document in a hundred.
    let changed: Vec<String> =
        context.rows("SELECT id FROM document WHERE kind = 'workbook' ORDER BY 1 LIMIT 2");
    let changed: Vec<&str> = changed.iter().map(|id| id.trim_matches('"')).collect();
    for document in &changed {
        change(&context, Mutation::TouchDocument { document: (*document).to_owned() });
    }
    let named = tables(&format!("'{}'", changed.join("', '")));
    assert_eq!(requests(&["--grants-every", "1d"]), LISTINGS + 2 * 7 + named);
    assert!(100 * (LISTINGS + 2 * 7 + named) <= 5 * first && 100 * LISTINGS <= 3 * first);
    assert_eq!(requests(&["--full"]), first);
    assert_eq!(requests(&["--full-every", "0"]), first);
}

#[test]
fn what_others_hang_on_a_document_is_asked_in_every_run_and_nothing_else_of_it() {
    let context = Context::small();
    extract_into(&context, "catalog.db", &["--everything", "true"]);
    let embeds = context.rows("SELECT * FROM embed ORDER BY 1, 2");
    assert!(!embeds.is_empty());
    context.simulator.reset_stats();
    let ran = extract_into(&context, "catalog.db", &["--everything", "true"]);
    let stats = context.simulator.stats();
    let alive = |kind: &str| {
        let sql = format!("SELECT 1 FROM document WHERE kind = '{kind}' AND coalesce(is_archived, 0) = 0");
        context.rows(&sql).len() as u64
    };
    for child in ["embeds", "bookmarks", "schedules", "materialization-schedules"] {
        assert_eq!(
            asked(&stats, &format!("/v2/workbooks/{{workbookId}}/{child}")),
            alive("workbook"),
            "{child}"
        );
    }
    assert_eq!(asked(&stats, "/v2/reports/{reportId}/schedules"), alive("report"));
    assert_eq!(asked(&stats, "/v2/dataModels/{dataModelId}/materializationSchedules"), alive("data-model"));
    // Those that Sigma refuses to tell the sources of may be told them next time.
    let (carried, unread) = documents(&ran, "unread");
    assert!(carried > 5 * unread, "{ran}");
    for child in ["controls", "version-history", "columns"] {
        let count = asked(&stats, &format!("/v2/workbooks/{{workbookId}}/{child}"));
        assert!(count <= unread, "{child}: {count}");
    }
    assert_eq!(context.rows("SELECT * FROM embed ORDER BY 1, 2"), embeds);
    // With the tags of versions not listed, only the history tells of them.
    extract_into(&context, "catalog.db", &["--versions", "true", "--tags", "false"]);
    context.simulator.reset_stats();
    extract_into(&context, "catalog.db", &["--versions", "true", "--tags", "false"]);
    let versions = asked(&context.simulator.stats(), "/v2/workbooks/{workbookId}/version-history");
    assert_eq!(versions, alive("workbook"));
}

#[test]
fn what_is_built_on_a_document_that_changed_is_asked_and_what_is_built_on_that() {
    let context = Context::small();
    extract_into(&context, "catalog.db", &[]);
    // A data model that reads another one, which something else reads in turn.
    let model = one_id(
        &context,
        "SELECT DISTINCT e.source_document_id FROM lineage_edge e JOIN document d ON d.id = e.document_id \
         WHERE d.kind = 'data-model' AND e.source_type = 'data-model' ORDER BY 1",
    );
    let built = format!(
        "WITH RECURSIVE built(id) AS (SELECT '{model}' UNION SELECT e.document_id FROM lineage_edge e \
         JOIN built b ON e.source_document_id = b.id AND e.source_type = 'data-model') \
         SELECT id FROM built JOIN document USING (id) WHERE id <> '{model}' AND NOT coalesce(is_archived, 0)"
    );
    let built = context.rows(&built).len() as u64;
    assert!(built >= 1);
    change(&context, Mutation::RenameDocument { document: model.clone(), name: "Foundations".to_owned() });
    let (ran, differences) = night(&context, &[]);
    assert_eq!(differences, "", "{ran}");
    assert_eq!((documents(&ran, "changed").1, documents(&ran, "sources_changed").1), (1, built), "{ran}");
    change(&context, Mutation::DeleteDocument { document: model });
    let (ran, differences) = night(&context, &[]);
    assert_eq!(differences, "", "{ran}");
    assert_eq!(documents(&ran, "sources_changed").1, built, "{ran}");
}

#[test]
fn a_table_that_turns_out_to_be_another_has_all_its_readers_asked() {
    let context = Context::small();
    extract_into(&context, "catalog.db", &[]);
    let table = one_id(
        &context,
        // The simulator writes the custom SQL over a table anew when the table is renamed; people do not.
        "SELECT n.id FROM lineage_node n JOIN warehouse_table t USING (id) \
         WHERE NOT EXISTS (SELECT 1 FROM custom_sql_table c WHERE c.path LIKE '%' || t.name) \
         GROUP BY n.id HAVING count(DISTINCT document_id) > 2 ORDER BY 1",
    );
    let readers = format!(
        "SELECT document_id FROM lineage_node WHERE type = 'table' AND id = '{table}' \
         UNION SELECT dataset_id FROM dataset_source WHERE source_id = '{table}'"
    );
    let readers = context.rows(&readers);
    change(&context, Mutation::RenameTable { table, name: "RENAMED".to_owned() });
    // Nothing shows that, so nobody knows.
    let ran = extract_into(&context, "catalog.db", &[]);
    assert_eq!(documents(&ran, "sources_changed").1, 0);
    // One reader is asked for reasons of its own, and the table with it.
    let document = readers[0].trim_matches('"').to_owned();
    change(&context, Mutation::TouchDocument { document });
    let (ran, differences) = night(&context, &[]);
    assert_eq!(differences, "", "{ran}");
    assert!(documents(&ran, "sources_changed").1 >= readers.len() as u64 - 1, "{ran}");
    // The ledger has each of them once: what was asked after all was not carried.
    let carried = context.rows(
        "SELECT count(*) FROM fetch_scope WHERE endpoint = 'contents' AND outcome = 'carried' \
         AND run_id = (SELECT published_run FROM catalog_state)",
    );
    assert_eq!(carried, [documents(&ran, "").0.to_string()]);
}

#[test]
fn what_fell_short_is_asked_again_until_it_is_read_to_its_end() {
    let context = Context::small();
    let document = one_id_of(&context, "workbook");
    fault(&context, &[&format!("GET /v2/workbooks/{document}/columns 403")]);
    for _ in 0..2 {
        let ran = context.extract_with(&[]);
        assert_eq!(ran.code, 3, "{ran}");
    }
    let ran = context.extract_with(&[]);
    assert_eq!(documents(&ran, "unread").1, 1, "{ran}");
    // A listing that fails says nothing about what it would have listed.
    fault(&context, &["GET /v2/dataModels 500"]);
    let ran = context.extract_with(&[]);
    assert_eq!((ran.code, documents(&ran, "sources_changed").1), (3, 0), "{ran}");
    fault(&context, &["GET /v2/connections/paths/{inodeId} 403 x1"]);
    assert_eq!(context.extract_with(&["--full"]).code, 3);
    fault(&context, &[]);
    context.simulator.reset_stats();
    let (ran, differences) = night(&context, &[]);
    assert_eq!(differences, "", "{ran}");
    let again = extract_into(&context, "catalog.db", &[]);
    assert_eq!(again.json()["documents"]["asked"].as_object().map(|asked| asked.len()), Some(0), "{again}");
}

#[test]
fn a_warehouse_table_that_could_not_be_read_is_asked_again_and_no_other() {
    let context = Context::small();
    extract_into(&context, "catalog.db", &[]);
    let table = one_id(&context, "SELECT id FROM warehouse_table ORDER BY 1");
    let path = "/v2/connections/paths/{inodeId}";
    fault(&context, &[&format!("GET /v2/connections/paths/{table} 403")]);
    assert_eq!(context.extract_with(&["--full"]).code, 3);
    for (code, rules) in [(3, vec![format!("GET /v2/connections/paths/{table} 403")]), (0, Vec::new())] {
        fault(&context, &rules.iter().map(String::as_str).collect::<Vec<_>>());
        context.simulator.reset_stats();
        assert_eq!(context.extract_with(&[]).code, code);
        assert_eq!(asked(&context.simulator.stats(), path), 1);
    }
    context.simulator.reset_stats();
    assert_eq!(context.extract_with(&[]).code, 0);
    assert_eq!(asked(&context.simulator.stats(), path), 0);
}

#[test]
fn nothing_that_a_rejected_or_killed_run_read_is_carried() {
    let context =
        Context::new(Options { latency: Duration::from_millis(5), workbooks: 20, ..Options::small() });
    extract_into(&context, "catalog.db", &[]);
    let workbooks = context.rows("SELECT id FROM document WHERE kind = 'workbook' ORDER BY 1");
    let workbooks: Vec<String> = workbooks.iter().map(|id| id.trim_matches('"').to_owned()).collect();
    let paged = one_id(
        &context,
        "SELECT document_id FROM page JOIN document d ON d.id = document_id WHERE kind = 'workbook' ORDER BY 1",
    );
    change(&context, Mutation::AddPage { document: paged.clone(), name: Some("Late".to_owned()) });
    let most = workbooks.iter().filter(|id| **id != paged).take(12);
    for archived in [true, false] {
        for document in most.clone() {
            change(&context, Mutation::ArchiveDocument { document: document.clone(), archived });
        }
        if archived {
            let ran = context.extract_with(&[]);
            assert_eq!(ran.code, 4, "{ran}");
        }
    }
    // Killed when it has read something of what changed.
    context.simulator.reset_stats();
    let url = context.simulator.url();
    let mut command = context.command(&["extract", "--api-url", &url, "--db", "catalog.db"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    while contents(&context.simulator.stats()) < 40 {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().and_then(|()| child.wait()).expect("an end");
    let (ran, differences) = night(&context, &[]);
    assert_eq!(differences, "", "{ran}");
    assert_eq!(context.rows("SELECT count(*) FROM page WHERE name = 'Late'"), ["1"]);
}

#[test]
fn what_another_token_or_other_settings_read_is_asked_again() {
    let context = Context::small();
    extract_into(&context, "catalog.db", &[]);
    // The view of one who is no administrator, read with that member's credentials and with an administrator's.
    let builder = context.simulator.credentials()[1].clone();
    let members = context.simulator.truth()["objects"]["member"].clone();
    let members = members.as_array().expect("members");
    let member = members.iter().find(|row| row["id"] == builder.member_id.as_str()).expect("the builder");
    let email = member["email"].as_str().expect("an address");
    let view = ["--mirroring", "false", "--login-user", email];
    let url = context.simulator.url();
    let as_builder = || {
        let all = ["extract", "--api-url", &url, "--db", "builder.db", "--format", "json"];
        let mut command = context.command(&all);
        command.args(view);
        command.env("SIGMA_CLIENT_ID", &builder.client_id).env("SIGMA_CLIENT_SECRET", &builder.client_secret);
        let ran = run(&mut command);
        assert!(matches!(ran.code, 0 | 3), "{ran}");
        ran
    };
    as_builder();
    let (carried, _) = documents(&as_builder(), "");
    assert!(carried > 0, "the builder's own readings are carried");
    let ran = extract_into(&context, "builder.db", &view);
    assert_eq!(documents(&ran, "").0, 0, "an administrator asks everything again: {ran}");
    assert!(documents(&ran, "asked_differently").1 > 0, "{ran}");
    extract_into(&context, "admin.db", &view);
    let file = |name: &str| context.folder.path().join(name);
    assert_eq!(differences(&file("admin.db"), &file("builder.db")), "");
    // What no document of a kind is asked differently is carried.
    let ran = extract_into(&context, "catalog.db", &["--embeds", "true"]);
    let (carried, differently) = documents(&ran, "asked_differently");
    assert!(carried > 0 && differently > 0, "{ran}");
    assert_eq!(
        documents(&extract_into(&context, "catalog.db", &["--embeds", "true"]), "asked_differently").1,
        0
    );
}

#[test]
fn what_filters_kinds_and_views_leave_out_for_a_while_is_not_carried_when_it_is_back() {
    let context = Context::small();
    extract_into(&context, "catalog.db", &[]);
    let workbook = one_id(
        &context,
        "SELECT e.document_id FROM lineage_edge e JOIN document d ON d.id = e.document_id \
         WHERE d.kind = 'workbook' AND e.source_type = 'data-model' ORDER BY 1",
    );
    let model = one_id(
        &context,
        &format!(
            "SELECT source_document_id FROM lineage_edge WHERE document_id = '{workbook}' AND source_type = 'data-model'"
        ),
    );
    let rename = |name: &str| {
        change(&context, Mutation::RenameDocument { document: model.clone(), name: name.to_owned() });
    };
    let chris = "chris.creator@northwind-labs.example";
    let view = ["--mirroring", "false", "--login-user", chris, "--full-every", "7d"];
    let nights: &[&[&str]] = &[
        &["--exclude-documents", &workbook],
        &[],
        &["--workbooks", "false"],
        &[],
        &["--data-models", "false"],
        &[],
        &["--archived", "true", "--personal", "true", "--explorations", "true"],
        &[],
    ];
    // Gone and back although nothing changed: the catalog has nothing of it that could be kept.
    extract_into(&context, "catalog.db", &["--exclude-documents", &workbook]);
    let (ran, differences) = night(&context, &[]);
    assert_eq!((differences.as_str(), documents(&ran, "unread").1), ("", 1), "{ran}");
    for (place, arguments) in nights.iter().enumerate() {
        rename(&format!("Model {place}"));
        let (ran, differences) = night(&context, arguments);
        assert_eq!(differences, "", "{arguments:?} {ran}");
        assert!(documents(&ran, "").0 > 0, "{arguments:?} {ran}");
    }
    // One user's view, in a catalog of its own.
    std::fs::remove_file(context.database()).expect("a catalog");
    extract_into(&context, "catalog.db", &view);
    for place in 0..2 {
        rename(&format!("Seen {place}"));
        let (ran, differences) = night(&context, &view);
        assert_eq!(differences, "", "{ran}");
        assert!(documents(&ran, "").0 > 0, "{ran}");
    }
    let (ran, differences) = night(&context, &[]);
    assert_eq!(differences, "", "{ran}");
}

#[test]
fn an_image_that_is_gone_is_made_again() {
    let context = Context::small();
    let pages = ["--previews", "pages"];
    extract_into(&context, "catalog.db", &pages);
    let before = context.rows("SELECT document_id, page_id, sha256 FROM preview ORDER BY 1, 2");
    assert!(!before.is_empty());
    let (_, missing) = documents(&extract_into(&context, "catalog.db", &pages), "image_missing");
    assert_eq!(missing, 0);
    let image = one_id(&context, "SELECT sha256 FROM preview ORDER BY 1");
    let folder = context.folder.path().join("catalog-previews");
    let mut files =
        std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let file = files.find(|file| file.to_string_lossy().contains(&image)).expect("its file");
    std::fs::remove_file(&file).expect("a file");
    let (_, missing) = documents(&extract_into(&context, "catalog.db", &pages), "image_missing");
    assert!(missing >= 1);
    assert!(file.exists());
    assert_eq!(context.rows("SELECT document_id, page_id, sha256 FROM preview ORDER BY 1, 2"), before);
}

#[test]
fn permissions_stand_as_long_as_the_setting_says_and_what_came_since_is_asked() {
    for grants in ["principal", "object"] {
        let context = Context::small();
        let workbook = one_id_of(&context, "workbook");
        change(&context, Mutation::ArchiveDocument { document: workbook.clone(), archived: true });
        let team = context.simulator.truth()["objects"]["team"][0]["id"].as_str().expect("a team").to_owned();
        fault(&context, &[&format!("GET /v2/teams/{team}/members 403")]);
        let ran = context.extract_with(&["--grants", grants]);
        assert_eq!(ran.code, 3, "{ran}");
        fault(&context, &[]);
        assert_eq!(ran.json()["permissions_since"], Value::Null);
        let since = one_id(&context, "SELECT read_at FROM permission_read");
        let granted = context.rows("SELECT * FROM object_grant ORDER BY 1");

        // The one that is back has grants that nobody read, and so has the team that fell short.
        change(&context, Mutation::ArchiveDocument { document: workbook.clone(), archived: false });
        let other = one_id(&context, "SELECT id FROM document WHERE kind = 'workbook' ORDER BY 1");
        let member =
            one_id(&context, "SELECT id FROM member WHERE NOT coalesce(is_archived, 0) ORDER BY 1 DESC");
        let grant = |inode: &str| Mutation::AddGrant {
            inode: inode.to_owned(),
            member: Some(member.clone()),
            team: None,
            permission: "explore".to_owned(),
        };
        change(&context, grant(&workbook));
        change(&context, grant(&other));
        context.simulator.reset_stats();
        let kept = ["--grants", grants, "--grants-every", "1d"];
        let planned = extract_into(&context, "catalog.db", &[&kept[..], &["--dry-run"]].concat());
        context.simulator.reset_stats();
        let ran = extract_into(&context, "catalog.db", &kept);
        let stats = context.simulator.stats();
        assert_eq!(ran.json()["permissions_since"], *since, "{ran}");
        assert_eq!(asked(&stats, "/v2/grants"), 1, "{grants} {stats:#}");
        assert_eq!(asked(&stats, "/v2/teams/{teamId}/members"), 1, "{stats:#}");
        assert_eq!(asked(&stats, "/v2/workspaces/{workspaceId}/grants"), 0);
        assert_eq!(asked(&stats, "/v2/connections/{connectionId}/grants"), 0);
        assert_eq!(asked(&stats, "/v2/user-attributes/{userAttributeId}/users"), 0);
        // The plan does not know what came, and what fell short.
        let expected = planned.json()["requests"].as_u64().expect("a number");
        let more = total(&stats) - contents(&stats) - 2;
        assert!(expected.abs_diff(more) <= 4, "{expected} planned, {more} asked {stats:#}");
        let now = context.rows("SELECT * FROM object_grant ORDER BY 1");
        let new: Vec<&String> = now.iter().filter(|row| !granted.contains(row)).collect();
        assert!(!new.is_empty() && new.iter().all(|row| row.contains(&workbook)), "{grants} {new:#?}");
        assert!(granted.iter().all(|row| now.contains(row)));

        for told in [&["runs", "show"][..], &["access", "object", &other], &["report", "R01"]] {
            let ran = run(&mut context.command(&[told, &["--db", "catalog.db"]].concat()));
            assert!(ran.stdout.contains(&since) || ran.stderr.contains(&since), "{told:?} {ran}");
        }
        let (ran, differences) = night(&context, &["--grants", grants]);
        assert_eq!((differences.as_str(), &ran.json()["permissions_since"]), ("", &Value::Null), "{ran}");
        let new = context.rows("SELECT object_id FROM object_grant WHERE permission = 'explore'");
        assert!(new.iter().any(|id| id.contains(&other)), "a run that asks sees what the other could not");
        let ran = extract_into(&context, "catalog.db", &["--grants-every", "1d", "--data-grants", "off"]);
        assert_eq!(ran.json()["permissions_since"], Value::Null, "other questions: {ran}");
    }
}

/// An ordinary document of that kind.
fn one_id_of(context: &Context, kind: &str) -> String {
    let rows = context.simulator.truth()["objects"][kind].clone();
    let ordinary = |row: &&Value| row["archived"] == false && row["exploration"] == false;
    let row = rows.as_array().expect("rows").iter().find(ordinary).cloned().expect("one");
    row["id"].as_str().expect("an id").to_owned()
}
