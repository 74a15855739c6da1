//! A second run writes what changed, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sigma_catalog::catalog::TABLES;
use sigma_catalog::simulator::Mutation;

use crate::context::{Context, run};
use crate::truth;

/// What a new version of a document changes, whatever is new in it.
const OF_VERSIONS: [&str; 3] = ["document_version", "export_schedule", "materialization_schedule"];

/// Every row of every history table.
fn history(context: &Context) -> BTreeMap<String, Vec<String>> {
    let tables =
        context.rows("SELECT name FROM sqlite_schema WHERE name LIKE '%\\_history' ESCAPE '\\' ORDER BY 1");
    assert!(tables.len() > 10, "{tables:?}");
    tables
        .into_iter()
        .map(|table| {
            let table = table.trim_matches('"').to_owned();
            let mut rows = context.rows(&format!("SELECT * FROM {table}"));
            rows.sort();
            (table, rows)
        })
        .collect()
}

fn count(summary: &Value, kind: &str, what: &str) -> i64 {
    summary["objects"][kind][what].as_i64().unwrap_or_else(|| panic!("{kind} {what}: {summary}"))
}

#[test]
fn an_unchanged_organisation_writes_no_row() {
    let context = Context::small();
    let first = context.extract();
    assert_eq!(count(&first, "workbook", "new"), count(&first, "workbook", "total"));
    let before = history(&context);
    let second = context.extract();
    assert_eq!(history(&context), before);
    for (kind, counts) in second["objects"].as_object().expect("objects") {
        assert_eq!(
            (&counts["new"], &counts["changed"], &counts["removed"]),
            (&0.into(), &0.into(), &0.into()),
            "{kind}"
        );
        assert_eq!(counts["unchanged"], counts["total"], "{kind}");
    }
}

#[test]
fn a_rename_a_deletion_and_a_new_page_write_exactly_those() {
    let context = Context::small();
    context.extract();
    let objects = context.simulator.truth()["objects"].clone();
    let ordinary: Vec<String> = objects["workbook"]
        .as_array()
        .expect("workbooks")
        .iter()
        .filter(|row| row["archived"] == false && row["exploration"] == false)
        .filter(|row| {
            objects["page"].as_array().expect("pages").iter().any(|page| page["document"] == row["id"])
        })
        .map(|row| row["id"].as_str().expect("an id").to_owned())
        .collect();
    let [renamed, deleted, grown] = [0, 1, 2].map(|n| ordinary[n].clone());
    let before = history(&context);
    for mutation in [
        Mutation::RenameDocument {
            document: renamed.clone(),
            name: "Quarterly Revenue, restated".to_owned(),
        },
        Mutation::DeleteDocument { document: deleted.clone() },
        Mutation::AddPage { document: grown.clone(), name: Some("Appendix".to_owned()) },
    ] {
        context.simulator.mutate(&mutation).expect("a change");
    }
    let held =
        |table: &str| context.rows(&format!("SELECT 1 FROM {table} WHERE document_id = '{deleted}'")).len();
    let inside: BTreeMap<&str, usize> = TABLES
        .iter()
        .filter(|t| t.in_document && !OF_VERSIONS.contains(&t.name))
        .map(|t| (t.name, held(t.name)))
        .collect();
    let tagged = held("tagged_version");
    let granted = context.rows(&format!("SELECT 1 FROM object_grant WHERE object_id = '{deleted}'")).len();
    let summary = context.extract();
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");

    // Documents: the renamed and the grown one differ, the deleted one is gone; the same in their files.
    let changes = |sql: &str| context.rows(sql).into_iter().collect::<BTreeSet<_>>();
    let quoted = |ids: &[&String]| ids.iter().map(|id| format!("{id:?}")).collect::<BTreeSet<_>>();
    for table in ["document", "file"] {
        let opened = changes(&format!("SELECT id FROM {table}_history WHERE valid_from = 2"));
        let closed = changes(&format!("SELECT id FROM {table}_history WHERE valid_to = 2"));
        assert_eq!(opened, quoted(&[&renamed, &grown]), "{table}");
        assert_eq!(closed, quoted(&[&renamed, &grown, &deleted]), "{table}");
    }
    // Everything else that was opened lies in the new page, everything else that was closed in the deleted workbook.
    let document_of =
        |id: &str| context.rows(&format!("SELECT document FROM document_key WHERE id = '{id}'")).remove(0);
    let [renamed_key, grown_key, deleted_key] = [&renamed, &grown, &deleted].map(|id| document_of(id));
    for table in OF_VERSIONS {
        let touched =
            changes(&format!("SELECT document FROM {table}_history WHERE 2 IN (valid_from, valid_to)"));
        let may = BTreeSet::from([renamed_key.clone(), grown_key.clone(), deleted_key.clone()]);
        assert!(touched.is_subset(&may), "{table} {touched:?}");
    }
    for (table, count) in &inside {
        let touched = changes(&format!("SELECT document FROM {table}_history WHERE valid_from = 2"));
        assert!(touched.is_subset(&[grown_key.clone()].into()), "{table} {touched:?}");
        let closed = context.rows(&format!("SELECT document FROM {table}_history WHERE valid_to = 2"));
        assert_eq!(closed.len(), *count, "{table}");
        assert!(closed.iter().all(|document| *document == deleted_key), "{table}");
    }
    let new_pages = context.rows("SELECT name FROM page_history WHERE valid_from = 2");
    assert_eq!(new_pages, ["\"Appendix\""]);
    assert_eq!(context.rows("SELECT 1 FROM object_grant_history WHERE valid_to = 2").len(), granted);
    // Nothing else was written at all.
    let changed_tables: BTreeSet<_> = history(&context)
        .into_iter()
        .filter(|(table, rows)| before[table] != *rows)
        .map(|(table, _)| table)
        .collect();
    let mut expected: BTreeSet<String> =
        inside.iter().filter(|(_, count)| **count > 0).map(|(table, _)| format!("{table}_history")).collect();
    expected
        .extend(["document_history", "file_history", "page_history", "element_history"].map(str::to_owned));
    expected.extend(OF_VERSIONS.map(|table| format!("{table}_history")));
    let of_grants = ["object_grant_history", "placed_grant_history"];
    expected.extend(of_grants.into_iter().filter(|_| granted > 0).map(str::to_owned));
    // Who may do what with the deleted one, and the objects as access knows them.
    expected.extend(["access_principal_history", "placed_object_history"].map(str::to_owned));
    assert!(context.rows("SELECT 1 FROM access_principal_history WHERE valid_from = 2").is_empty());
    expected.extend((tagged > 0).then(|| "tagged_version_history".to_owned()));
    let unexpected: Vec<_> = changed_tables
        .difference(&expected)
        .filter(|t| !["element_", "lineage_", "column_edge_"].iter().any(|inside| t.starts_with(inside)))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
    assert_eq!(count(&summary, "workbook", "changed"), 2);
    assert_eq!(count(&summary, "workbook", "removed"), 1);
    assert_eq!(count(&summary, "page", "new"), 1);

    // And `runs diff` tells it.
    let told =
        run(&mut context.command(&["runs", "diff", "--db", "catalog.db", "1", "2", "--format", "json"]));
    assert_eq!(told.code, 0, "{told}");
    let told: Vec<Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let tells = |kind: &str, change: &str, id: &str| {
        told.iter()
            .any(|row| row["kind"] == kind && row["change"] == change && row["id"].as_str() == Some(id))
    };
    assert!(tells("workbook", "changed", &renamed));
    assert!(tells("workbook", "removed", &deleted));
    assert!(
        told.iter().any(|row| row["kind"] == "page" && row["change"] == "new" && row["name"] == "Appendix")
    );
}

#[test]
fn a_listing_that_loses_most_of_its_documents_is_rejected_and_can_be_accepted_once() {
    let context = Context::small();
    context.extract();
    let before = history(&context);
    let workbooks = context.rows("SELECT id FROM document WHERE kind = 'workbook'");
    for id in workbooks.iter().skip(2) {
        let document = id.trim_matches('"').to_owned();
        context.simulator.mutate(&Mutation::DeleteDocument { document }).expect("a change");
    }
    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 4, "{ran}");
    assert_eq!(history(&context), before);
    assert_eq!(context.rows("SELECT id FROM document WHERE kind = 'workbook'"), workbooks);
    let refused = &ran.json()["refused_removals"];
    assert!(
        refused.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] == "workbook")),
        "{ran}"
    );
    let told = run(&mut context.command(&["runs", "show", "--db", "catalog.db", "2"]));
    assert!(told.stdout.contains("guard.removal_refused") && told.stdout.contains("workbook"), "{told}");
    assert_eq!(context.extract_with(&["--accept-removals", "1"]).code, 2);
    let accepted = context.extract_with(&["--accept-removals", "2"]);
    assert_eq!(accepted.code, 0, "{accepted}");
    assert_eq!(context.rows("SELECT 1 FROM document WHERE kind = 'workbook'").len(), 2);
}

#[test]
fn a_document_that_cannot_be_read_keeps_its_rows_and_the_run_says_so() {
    let context = Context::small();
    context.extract();
    let document = context.rows("SELECT document_id FROM page ORDER BY 1 LIMIT 1").remove(0);
    let document = document.trim_matches('"').to_owned();
    let inside = |table: &str| {
        context.rows(&format!("SELECT * FROM {table} WHERE document_id = '{document}' ORDER BY 2, 3"))
    };
    let all = || {
        ["page", "element_column", "element_query", "lineage_node", "lineage_edge", "column_edge"].map(inside)
    };
    let before = all();
    assert!(before.iter().all(|rows| !rows.is_empty()));
    // Its listing still has it.
    context.simulator.set_faults(vec![format!("GET /v2/*/{document}/* 404").parse().expect("a rule")]);
    let ran = context.extract_with(&["--full"]);
    assert_eq!((ran.code, all()), (3, before.clone()), "{ran}");
    let rule = format!("GET /v2/*/{document}/* 403");
    context.simulator.set_faults(vec![rule.parse().expect("a rule")]);
    let ran = context.extract_with(&["--full"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert_eq!(context.extract_with(&["--full", "--partial-ok"]).code, 0);
    assert_eq!(all(), before);
    let summary = ran.json();
    assert_eq!(summary["state"], "published_partial");
    let deficient = summary["deficient"].as_array().expect("deficient");
    assert!(
        deficient.iter().any(|scope| scope["outcome"] == "denied" && scope["parent_id"] == *document),
        "{ran}"
    );
    context.simulator.set_faults(Vec::new());
    context.extract();
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn lineage_that_the_server_fails_to_tell_is_kept() {
    let context = Context::small();
    context.extract();
    let edges = context.rows("SELECT * FROM lineage_edge ORDER BY 1, 2, 3, 4, 5");
    context.simulator.set_faults(vec!["GET /v2/workbooks/{workbookId}/lineage 500".parse().expect("a rule")]);
    let ran = context.extract_with(&["--full"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(context.rows("SELECT * FROM lineage_edge ORDER BY 1, 2, 3, 4, 5"), edges);
}

#[test]
fn what_reads_a_data_model_that_is_gone_still_names_it() {
    let context = Context::small();
    context.extract();
    let readers = "SELECT source_document_id, count(*) FROM lineage_edge e \
                   JOIN document d ON d.id = e.document_id AND d.kind = 'workbook' \
                   WHERE source_type = 'data-model' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1";
    let before = context.rows(readers);
    let document = before[0].split('"').nth(1).expect("an id").to_owned();
    context.simulator.mutate(&Mutation::DeleteDocument { document: document.clone() }).expect("a change");
    context.extract();
    assert_eq!(context.rows(&format!("SELECT 1 FROM document WHERE id = '{document}'")), [""; 0]);
    assert_eq!(context.rows(readers), before);
    let wrong = truth::differences(&context);
    assert!(wrong.is_empty(), "{wrong}");
    // As do single elements.
    context.simulator.set_faults(vec!["GET /v2/workbooks/{workbookId}/lineage 404".parse().expect("a rule")]);
    let ran = context.extract_with(&["--full"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert_eq!(context.rows(readers), before);
}

#[test]
fn what_sigma_no_longer_offers_is_kept_and_said() {
    let context = Context::small();
    context.extract();
    let before = history(&context);
    for (status, endpoint) in [(410, "/v2/reports"), (409, "/v2/dataModels/{dataModelId}/columns")] {
        context.simulator.set_faults(vec![format!("GET {endpoint} {status}").parse().expect("a rule")]);
        let ran = context.extract_with(&["--full"]);
        assert_eq!(ran.code, 3, "{ran}");
        assert_eq!(history(&context), before, "{ran}");
    }
}

#[test]
fn a_kind_that_is_turned_off_is_kept_and_said() {
    let context = Context::small();
    context.extract();
    let before = history(&context);
    let ran = context.extract_with(&["--reports", "false"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(history(&context), before);
    let scopes = ran.json()["scopes"].clone();
    let told = scopes.as_array().expect("scopes").iter();
    assert!(
        told.clone().any(|row| row["scope"] == "documents" && row["outcome"] == "excluded"),
        "{scopes:#}"
    );
}

#[test]
fn a_name_cannot_command_the_terminal_and_json_has_it_exactly() {
    let context = Context::small();
    context.extract();
    let workbook = context.rows("SELECT id FROM document WHERE kind = 'workbook' LIMIT 1").remove(0);
    let document = workbook.trim_matches('"').to_owned();
    let name = "\u{1b}[2Jgone\u{7f}\u{9b}\u{202e}\r\nline".to_owned();
    context.simulator.mutate(&Mutation::RenameDocument { document, name: name.clone() }).expect("a change");
    context.extract();
    let diff = |format| {
        run(&mut context.command(&["runs", "diff", "--db", "catalog.db", "1", "2", "--format", format]))
    };
    let exact = diff("json");
    let rows = exact.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    assert!(rows.into_iter().any(|row| row["name"] == *name), "{exact}");
    let text = diff("text").stdout;
    assert!(text.contains("gone") && !text.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\r']), "{text:?}");
    assert!(text.lines().all(|line| line.starts_with(['+', '~', '-'])), "{text:?}");
}
