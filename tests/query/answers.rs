//! What people read and what programs get, and the errors between.

use std::sync::LazyLock;

use serde_json::Value;

use crate::context::{Context, Ran, run};
use crate::truth::ask;

static CONTEXT: LazyLock<Context> = LazyLock::new(|| {
    let context = Context::small();
    context.extract();
    context
});

fn say(arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--db", "catalog.db"]);
    let mut command = CONTEXT.command(&all);
    run(command.env("COLUMNS", "100"))
}

/// One value of the catalog.
fn one(sql: &str) -> String {
    let mut rows = CONTEXT.rows(sql);
    assert!(!rows.is_empty(), "{sql}");
    serde_json::from_str(&rows.remove(0)).expect("text")
}

#[test]
fn an_element_without_a_name_is_shown_by_its_id() {
    let element = one(
        "SELECT document_id || '/' || element_id FROM element WHERE name IS NULL ORDER BY element_id LIMIT 1",
    );
    let shown = ask(&CONTEXT, &["show", &element]);
    assert_eq!(shown["name"], Value::Null);
    assert_eq!(shown["ref"], format!("element:{element}").as_str());
    let id = element.split_once('/').expect("two ids").1;
    assert!(say(&["show", &element]).stdout.starts_with(&format!("element {id}\n")));
}

#[test]
fn copies_of_a_workbook_with_the_same_element_ids_are_told_apart() {
    let element = one("SELECT element_id FROM element GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1");
    let documents = CONTEXT.rows(&format!("SELECT document_id FROM element WHERE element_id = '{element}'"));
    for document in documents {
        let document: String = serde_json::from_str(&document).expect("an id");
        let answer = ask(&CONTEXT, &["lineage", "upstream", &format!("{document}/{element}")]);
        let nodes = answer["nodes"].as_array().expect("nodes");
        assert_eq!(nodes[0]["ref"], format!("element:{document}/{element}").as_str());
        let own = |node: &&Value| {
            node["kind"] == "element" && !node["ref"].as_str().expect("a ref").contains(&document)
        };
        for node in nodes.iter().filter(own) {
            let place = node["ref"].as_str().expect("a ref").trim_start_matches("element:").split('/').next();
            let kind = one(&format!("SELECT kind FROM document WHERE id = '{}'", place.expect("a document")));
            assert_eq!(kind, "data-model", "{node}");
        }
    }
}

#[test]
fn lineage_of_a_document_starts_at_all_its_elements() {
    let workbook = one("SELECT id FROM document WHERE name = 'Lineage Showcase'");
    let answer = ask(&CONTEXT, &["lineage", "upstream", "Lineage Showcase"]);
    let elements = one(&format!("SELECT '' || count(*) FROM element WHERE document_id = '{workbook}'"));
    assert_eq!(answer["roots"].as_array().expect("roots").len().to_string(), elements);
    let kinds = |kind: &str| {
        let nodes = answer["nodes"].as_array().expect("nodes");
        nodes.iter().filter(|node| node["kind"] == kind).count()
    };
    for kind in ["table", "dataset", "customSQL", "csv-upload", "unresolved"] {
        assert!(kinds(kind) > 0, "{kind}");
    }
    let tree = say(&["lineage", "upstream", "Lineage Showcase"]);
    assert!(tree.stdout.contains("└─ table "), "{tree}");
    assert!(tree.stdout.contains("unresolved "), "{tree}");
    let cut = say(&["lineage", "upstream", "Lineage Showcase", "--depth", "1"]);
    assert!(cut.stderr.contains("--depth"), "{cut}");
}

#[test]
fn graphs_for_other_programs_cannot_be_broken_by_names() {
    let workbook = one("SELECT id FROM document WHERE name LIKE '%<script>%'");
    let dot = ask_text(&["lineage", "upstream", &workbook, "--format", "dot"]);
    assert!(dot.starts_with("digraph lineage {") && dot.trim_end().ends_with('}'), "{dot}");
    let quotes = dot.replace("\\\"", "").matches('"').count();
    assert_eq!(quotes % 2, 0, "{dot}");
    let mermaid = ask_text(&["lineage", "upstream", &workbook, "--format", "mermaid"]);
    assert!(mermaid.starts_with("graph LR"), "{mermaid}");
    assert!(!mermaid.contains("<script>"), "{mermaid}");
}

fn ask_text(arguments: &[&str]) -> String {
    let ran = say(arguments);
    assert_eq!(ran.code, 0, "{ran}");
    ran.stdout
}

#[test]
fn columns_are_followed_to_the_warehouse() {
    let column = one("SELECT document_id || '/' || element_id || '/' || column_id FROM element_column \
         WHERE source_column IS NOT NULL ORDER BY 1 LIMIT 1");
    let answer = ask(&CONTEXT, &["lineage", "upstream", "--columns", &column]);
    let nodes = answer["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 2, "{nodes:#?}");
    let warehouse = nodes[1]["ref"].as_str().expect("a ref");
    assert!(warehouse.starts_with("warehouse-column:"), "{warehouse}");
    let back = ask(&CONTEXT, &["lineage", "downstream", warehouse]);
    let nodes = back["nodes"].as_array().expect("nodes");
    assert!(nodes.iter().any(|node| node["ref"] == format!("column:{column}").as_str()), "{nodes:#?}");
}

#[test]
fn a_name_that_several_bear_is_an_error_that_lists_them() {
    let name = one(
        "SELECT name FROM lineage_node WHERE type = 'table' GROUP BY name HAVING count(DISTINCT id) > 1 LIMIT 1",
    );
    let ran = say(&["impact", &name]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.starts_with("error[object.ambiguous]: "), "{ran}");
    assert!(ran.stderr.matches("  table:").count() > 1, "{ran}");
    let table = ran.stderr.split_whitespace().find(|word| word.starts_with("table:")).expect("a reference");
    assert_eq!(say(&["impact", table]).code, 0, "what it lists is accepted");
}

#[test]
fn what_is_not_there_is_an_error_with_what_is_called_similarly() {
    let ran = say(&["show", "Lineage Showcas"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.starts_with("error[object.not_found]: "), "{ran}");
    assert!(ran.stderr.contains("Lineage Showcase"), "{ran}");
    let ran = say(&["search", "***"]);
    assert_eq!(ran.code, 2, "{ran}");
    let ran = say(&["search", "zzzzzz"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "nothing has `zzzzzz`\n"));
    let ran = run(&mut CONTEXT.command(&["show", "x", "--db", "other.db"]));
    assert_eq!(ran.code, 9, "{ran}");
}

#[test]
fn show_tells_parents_children_owner_badge_and_lineage() {
    let model = one(
        "SELECT d.id FROM document d JOIN file f ON f.id = d.id WHERE d.kind = 'data-model' AND f.badge = 'Endorsed' LIMIT 1",
    );
    let shown = ask(&CONTEXT, &["show", &model]);
    assert_eq!(shown["badge"], "Endorsed");
    for part in ["children", "upstream", "downstream", "parents"] {
        assert!(!shown[part].as_array().expect(part).is_empty(), "{part}: {shown:#}");
    }
    let parents = shown["parents"].as_array().expect("parents");
    assert_eq!(parents.last().expect("one")["kind"], "workspace", "{parents:#?}");
    let grants = one(&format!("SELECT '' || count(*) FROM object_grant WHERE object_id = '{model}'"));
    assert_eq!(shown["grants"].to_string(), grants);
    let text = ask_text(&["show", &model]);
    for words in ["[Endorsed]", "\n  owner ", "\ncontains: ", "\nbuilt from: ", "\nread by: "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let team = one("SELECT id FROM team ORDER BY name LIMIT 1");
    let members = one(&format!("SELECT '' || count(*) FROM team_member WHERE team_id = '{team}'"));
    let shown = ask(&CONTEXT, &["show", &team]);
    assert_eq!(shown["children"].as_array().expect("members").len().to_string(), members);
}

#[test]
fn models_are_the_data_elements_and_no_others() {
    let models = ask(&CONTEXT, &["models", "list"]);
    let models = models["models"].as_array().expect("models");
    let with_columns = one(
        "SELECT '' || count(*) FROM (SELECT DISTINCT document_id, element_id FROM element_column WHERE element_id <> '')",
    );
    let shown = models.iter().filter(|model| model["column_count"] != 0).count();
    assert_eq!(shown.to_string(), with_columns);
    let none = ["text", "image", "control"];
    assert!(models.iter().all(|model| !none.iter().any(|kind| model["type"] == *kind)));
    assert!(models.iter().any(|model| model["sql_readable"] == false));
    // A connection is told where it is the only one.
    let told = models.iter().filter(|model| model["connection_id"].is_string()).count();
    assert!(told > 0 && told < models.len());
    let text = one("SELECT document_id || '/' || element_id FROM element WHERE type = 'text' LIMIT 1");
    let ran = say(&["models", "show", &text]);
    assert_eq!(ran.code, 2, "{ran}");
}

#[test]
fn a_kind_that_there_is_not_is_told_and_not_taken_for_nothing_found() {
    for format in ["text", "json"] {
        let ran = say(&["search", "orders", "--type", "workbok", "--format", format]);
        assert_eq!(ran.code, 2, "{ran}");
        assert!(ran.stderr.contains("`workbok`") && ran.stderr.contains("workbook"), "{ran}");
    }
    let ran = say(&["search", "nothingiscalledso", "--type", "workbook"]);
    assert_eq!(ran.code, 0, "{ran}");
}

#[test]
fn people_read_it_at_100_columns() {
    let table = one("SELECT id FROM lineage_node WHERE type = 'table' ORDER BY id LIMIT 1");
    for arguments in [
        vec!["search", "orders"],
        vec!["models", "list"],
        vec!["impact", &table],
        vec!["show", "Snowflake Production"],
    ] {
        let ran = say(&arguments);
        assert_eq!(ran.code, 0, "{ran}");
        // Paths and addresses are as long as they are.
        let wide = ran.stdout.lines().filter(|line| line.chars().count() > 120).count();
        assert_eq!(wide, 0, "{ran}");
    }
}
