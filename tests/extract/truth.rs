//! What the catalog holds is what the organisation has: nothing missing, nothing extra.

use std::collections::BTreeSet;

use serde_json::Value;
use sigma_catalog::simulator::Options;

use crate::context::{Context, EVERYTHING};

/// One kind: where the truth keeps it, which of it an administrator's crawl should hold (given the whole truth and the
/// row), what identifies and describes a row, and the same from the catalog.
struct Kind {
    truth: &'static str,
    held: fn(&Known, &Value) -> bool,
    fields: &'static [&'static str],
    catalog: &'static str,
}

/// What the rule for one row needs to know of the others.
struct Known {
    /// Data models: Sigma has no bulk endpoint for the SQL of their elements.
    models: BTreeSet<String>,
    /// Their sources are another table's, and come by default.
    datasets: BTreeSet<String>,
    /// Objects that listings show: only of these can grants be asked by object.
    listed: BTreeSet<String>,
    by_object: bool,
    /// Warehouse tables that lineage or datasets name.
    tables: BTreeSet<String>,
    /// Everything optional was asked for.
    everything: bool,
    /// Documents and folders of members' own, left out unless asked for.
    personal: BTreeSet<String>,
}

/// Whether a row is, or lies in, something personal.
fn personal(known: &Known, row: &Value) -> bool {
    ["id", "document", "inode"]
        .iter()
        .any(|key| row[*key].as_str().is_some_and(|id| known.personal.contains(id)))
}

fn all(_: &Known, _: &Value) -> bool {
    true
}

fn optional(known: &Known, _: &Value) -> bool {
    known.everything
}

fn of_no_dataset(known: &Known, row: &Value) -> bool {
    known.everything && !known.datasets.contains(row["document"].as_str().expect("a document"))
}

fn has_bulk_sql(known: &Known, row: &Value) -> bool {
    known.everything || !known.models.contains(row["document"].as_str().expect("a document"))
}

fn on_something_asked(known: &Known, row: &Value) -> bool {
    !known.by_object || known.listed.contains(row["inode"].as_str().expect("an inode"))
}

fn visible(_: &Known, row: &Value) -> bool {
    let typed = ["workspace", "folder", "workbook", "data-model", "report", "dataset"];
    row["visible"] == true && typed.iter().any(|known| row["type"] == *known)
}

/// Archived workbooks and reports are listed only when asked for.
fn current(_: &Known, row: &Value) -> bool {
    row["archived"] != true && row["exploration"] != true
}

/// Data models are listed archived or not.
fn listed_if_tagged(known: &Known, row: &Value) -> bool {
    row["kind"] == "data-model" || current(known, row)
}

fn on_something_reached(known: &Known, row: &Value) -> bool {
    let table = known.tables.contains(row["inode"].as_str().expect("an inode"));
    row["on"] == "connection" || (known.everything && table)
}

const KINDS: &[Kind] = &[
    Kind {
        truth: "/objects/member",
        held: all,
        fields: &[
            "id",
            "email",
            "firstName",
            "lastName",
            "memberType",
            "userKind",
            "isArchived",
            "isInactive",
            "home",
        ],
        catalog: "SELECT id, email, first_name, last_name, member_type, user_kind, is_archived, is_inactive, \
                  home_folder_id FROM member",
    },
    Kind {
        truth: "/objects/team",
        held: all,
        fields: &["id", "name", "visibility", "isArchived"],
        catalog: "SELECT id, name, visibility, coalesce(is_archived, 0) FROM team",
    },
    Kind {
        truth: "/objects/account-type",
        held: all,
        fields: &["id", "name"],
        catalog: "SELECT id, name FROM account_type",
    },
    Kind {
        truth: "/objects/workspace",
        held: all,
        fields: &["id", "name"],
        catalog: "SELECT id, name FROM workspace",
    },
    Kind {
        truth: "/objects/file",
        held: visible,
        fields: &["id", "name", "type", "parent", "path", "badge", "owner", "archived"],
        catalog: "SELECT id, name, type, coalesce(parent_id, id), path, badge, owner_id, is_archived FROM file",
    },
    Kind {
        truth: "/objects/workbook",
        held: current,
        fields: &["id", "name", "url", "path", "version", "owner", "description"],
        catalog: "SELECT id, name, url, path, latest_version, owner_id, description FROM document WHERE kind = 'workbook'",
    },
    Kind {
        truth: "/objects/report",
        held: current,
        fields: &["id", "name", "url", "path", "version", "owner", "description"],
        catalog: "SELECT id, name, url, path, latest_version, owner_id, description FROM document WHERE kind = 'report'",
    },
    Kind {
        truth: "/objects/data-model",
        held: all,
        fields: &["id", "name", "url", "path", "version", "owner", "archived"],
        catalog: "SELECT id, name, url, path, latest_version, owner_id, coalesce(is_archived, 0) FROM document \
                  WHERE kind = 'data-model'",
    },
    Kind {
        truth: "/objects/dataset",
        held: all,
        fields: &["id", "name", "path", "owner"],
        catalog: "SELECT id, name, path, owner_id FROM document WHERE kind = 'dataset'",
    },
    Kind {
        truth: "/objects/connection",
        held: all,
        fields: &["id", "name", "archived"],
        catalog: "SELECT id, name, coalesce(is_archived, 0) FROM connection",
    },
    Kind {
        truth: "/objects/page",
        held: all,
        fields: &["document", "id", "name"],
        catalog: "SELECT document_id, page_id, name FROM page",
    },
    Kind {
        truth: "/objects/element",
        held: all,
        fields: &["document", "page", "id", "name", "type", "visualization"],
        catalog: "SELECT document_id, page_id, element_id, name, type, visualization_type FROM element",
    },
    Kind {
        truth: "/objects/column",
        held: all,
        fields: &["document", "element", "id", "name", "formula", "type"],
        catalog: "SELECT document_id, element_id, column_id, name, formula, data_type FROM element_column",
    },
    Kind {
        truth: "/objects/query",
        held: has_bulk_sql,
        fields: &["document", "element", "sql"],
        catalog: "SELECT document_id, element_id, sql FROM element_query WHERE sql IS NOT NULL",
    },
    Kind {
        truth: "/objects/control",
        held: optional,
        fields: &["document", "name", "ordinal", "type"],
        catalog: "SELECT document_id, name, ordinal, value_type FROM control",
    },
    Kind {
        truth: "/objects/bookmark",
        held: optional,
        fields: &["document", "id", "name", "shared", "default", "key"],
        catalog: "SELECT document_id, bookmark_id, name, is_shared, coalesce(is_default, 0), explore_key FROM bookmark",
    },
    Kind {
        truth: "/objects/embed",
        held: optional,
        fields: &["document", "id", "url", "public", "of", "source", "source_name"],
        catalog: "SELECT document_id, embed_id, embed_url, is_public, source_type, source_id, source_name FROM embed",
    },
    Kind {
        truth: "/objects/schedule",
        held: optional,
        fields: &[
            "document",
            "id",
            "title",
            "cron",
            "timezone",
            "suspended",
            "owner",
            "attachments",
            "formats",
            "as_recipient",
            "disabled_at",
            "updated_at",
        ],
        catalog: "SELECT document_id, schedule_id, title, cron_spec, timezone, is_suspended, owner_id, attachments, \
                  '[\"' || replace(formats, ',', '\",\"') || '\"]', run_as_recipient, disabled_at, updated_at \
                  FROM export_schedule",
    },
    Kind {
        truth: "/objects/materialization",
        held: optional,
        fields: &["document", "sheet", "element", "name", "cron", "timezone", "paused"],
        catalog: "SELECT document_id, sheet_id, element_id, element_name, cron_spec, timezone, paused \
                  FROM materialization_schedule",
    },
    Kind {
        truth: "/objects/version",
        held: optional,
        fields: &["document", "version", "at", "by", "tags"],
        catalog: "SELECT document_id, version, published_at, published_by, \
                  (SELECT json_group_array(value ->> 'versionTagId') FROM json_each(tags)) FROM document_version",
    },
    Kind {
        truth: "/objects/source",
        held: of_no_dataset,
        fields: &["document", "type", "id", "tag", "elements", "connection", "definition"],
        catalog: "SELECT document_id, type, source_id, version_tag_id, element_ids, connection_id, definition \
                  FROM document_source",
    },
    Kind {
        truth: "/lineage",
        held: all,
        fields: &["document", "source_type", "source_document", "source_id", "target"],
        catalog: "SELECT document_id, source_type, nullif(source_document_id, ''), source_id, target_id FROM lineage_edge",
    },
    Kind {
        truth: "/column_lineage",
        held: all,
        fields: &[
            "document",
            "element",
            "column",
            "type",
            "id",
            "name",
            "source_document",
            "source_element",
            "source_column",
        ],
        catalog: "SELECT document_id, element_id, column_id, source_type, source_id, source_column, source_document_id, \
                  source_element_id, source_column_id FROM column_lineage",
    },
    Kind {
        truth: "/objects/sql-table",
        held: all,
        fields: &["document", "sql", "path", "connection", "table"],
        catalog: "SELECT document_id, custom_sql_id, path, connection_id, table_id FROM custom_sql_source",
    },
    Kind {
        truth: "/grants",
        held: on_something_asked,
        fields: &["id", "inode", "member", "team", "permission"],
        catalog: "SELECT id, object_id, nullif(member_id, ''), nullif(team_id, ''), permission FROM object_grant",
    },
    Kind {
        truth: "/memberships",
        held: all,
        fields: &["team", "member", "admin"],
        catalog: "SELECT team_id, member_id, is_team_admin FROM team_member",
    },
    Kind {
        truth: "/objects/account-type-permission",
        held: all,
        fields: &["account_type", "permission"],
        catalog: "SELECT account_type_id, permission FROM account_type_permission",
    },
    Kind {
        truth: "/objects/user-attribute",
        held: all,
        fields: &["id", "name", "description", "default"],
        catalog: "SELECT id, name, description, default_value FROM user_attribute",
    },
    Kind {
        truth: "/objects/user-attribute-value",
        held: all,
        fields: &["attribute", "member", "team", "tenant", "value", "priority"],
        catalog: "SELECT user_attribute_id, nullif(member_id, ''), nullif(team_id, ''), nullif(tenant_id, ''), value, priority \
                  FROM user_attribute_value",
    },
    Kind {
        truth: "/objects/tenant",
        held: all,
        fields: &["id", "name", "slug", "region"],
        catalog: "SELECT id, name, slug, region FROM tenant",
    },
    Kind {
        truth: "/objects/version-tag",
        held: all,
        fields: &["id", "name", "color", "description", "owner"],
        catalog: "SELECT id, name, color, description, owner_id FROM version_tag",
    },
    Kind {
        truth: "/objects/tagged-version",
        held: listed_if_tagged,
        fields: &["document", "kind", "tag", "name", "version", "copy", "at"],
        catalog: "SELECT document_id, document_kind, version_tag_id, tag_name, version, tagged_document_id, tagged_at \
                  FROM tagged_version",
    },
    Kind {
        truth: "/objects/dataset-source",
        held: all,
        fields: &["dataset", "type", "source"],
        catalog: "SELECT dataset_id, source_type, source_id FROM dataset_source",
    },
    Kind {
        truth: "/objects/warehouse-table",
        held: all,
        fields: &["id", "connection", "path", "database", "schema", "name"],
        catalog: "SELECT id, connection_id, path, database_name, schema_name, name FROM warehouse_table",
    },
    Kind {
        truth: "/objects/warehouse-column",
        held: optional,
        fields: &["table", "name", "type", "visibility", "description"],
        catalog: "SELECT table_id, name, data_type, visibility, description FROM warehouse_column",
    },
    Kind {
        truth: "/connection_grants",
        held: on_something_reached,
        fields: &["id", "inode", "member", "team", "permission"],
        catalog: "SELECT id, object_id, nullif(member_id, ''), nullif(team_id, ''), permission FROM connection_grant \
                  WHERE asked_id = object_id",
    },
];

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(_) => format!("{:?}", value.to_string()),
        other => other.to_string(),
    }
}

/// Compares every kind; the differences as text.
pub fn differences(context: &Context) -> String {
    let truth = context.simulator.truth();
    let ids = |kind: &str| -> Vec<Value> { truth["objects"][kind].as_array().expect(kind).clone() };
    let id_of = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    let mut known = Known {
        models: ids("data-model").iter().map(id_of).collect(),
        datasets: ids("dataset").iter().map(id_of).collect(),
        everything: !context
            .rows("SELECT 1 FROM fetch_scope WHERE endpoint = 'embeds' AND outcome = 'complete'")
            .is_empty(),
        listed: BTreeSet::new(),
        personal: BTreeSet::new(),
        by_object: context.rows("SELECT 1 FROM fetch_scope WHERE endpoint = 'member-grants'").is_empty(),
        tables: ids("warehouse-table").iter().map(id_of).collect(),
    };
    let own = ids("file").into_iter().filter(|row| {
        let path = row["path"].as_str().expect("a path");
        row["type"] != "workspace"
            && (row["id"] == row["parent"] || path == "My Documents" || path.starts_with("My Documents/"))
    });
    known.personal = own.map(|row| id_of(&row)).collect();
    assert!(known.personal.len() > 1, "nobody has a document of their own: this would test nothing");
    for kind in ["workspace", "data-model", "dataset"] {
        known.listed.extend(ids(kind).iter().map(id_of));
    }
    for kind in ["workbook", "report"] {
        let listed: Vec<_> = ids(kind).iter().filter(|row| current(&known, row)).map(id_of).collect();
        known.listed.extend(listed);
    }
    let folders = ids("file").into_iter().filter(|row| row["type"] == "folder" && row["visible"] == true);
    known.listed.extend(folders.map(|row| id_of(&row)));
    let mut found = String::new();
    for kind in KINDS {
        let rows = truth.pointer(kind.truth).and_then(Value::as_array).expect(kind.truth);
        assert!(!rows.is_empty(), "the organisation has no {}: this would test nothing", kind.truth);
        let expected: Vec<String> = rows
            .iter()
            .filter(|row| (kind.held)(&known, row) && !personal(&known, row))
            .map(|row| kind.fields.iter().map(|field| cell(&row[*field])).collect::<Vec<_>>().join(" | "))
            .collect();
        let held = context.rows(kind.catalog);
        let (wanted, has): (BTreeSet<_>, BTreeSet<_>) = (expected.iter().collect(), held.iter().collect());
        let missing: Vec<_> = wanted.difference(&has).take(5).collect();
        let extra: Vec<_> = has.difference(&wanted).take(5).collect();
        if !missing.is_empty() || !extra.is_empty() || wanted.len() != held.len() {
            found += &format!(
                "{}: {} expected, {} held\n  missing {missing:#?}\n  extra {extra:#?}\n",
                kind.truth,
                wanted.len(),
                held.len()
            );
        }
    }
    found
}

fn holds_the_truth(options: Options, arguments: &[&str]) {
    let context = Context::new(options);
    let ran = context.extract_with(&[&["--concurrency", "4"], arguments].concat());
    assert_eq!(ran.code, 0, "{ran}");
    let found = differences(&context);
    assert!(found.is_empty(), "{found}");
}

#[test]
fn the_catalog_of_a_small_organisation_is_the_organisation() {
    for seed in [1, 2, 3] {
        holds_the_truth(Options { seed, ..Options::small() }, &[]);
        holds_the_truth(Options { seed, ..Options::small() }, &["--everything", "true"]);
    }
}

#[test]
fn the_catalog_of_a_medium_organisation_is_the_organisation() {
    for seed in [1, 2, 3] {
        holds_the_truth(Options { seed, ..Options::medium() }, &["--everything", "true"]);
    }
}

#[test]
fn grants_by_object_and_by_principal_give_the_same_catalog() {
    for way in ["object", "principal"] {
        let context = Context::small();
        let ran = context.extract_with(&[&["--grants", way], &EVERYTHING[..]].concat());
        assert_eq!(ran.code, 0, "{ran}");
        let found = differences(&context);
        assert!(found.is_empty(), "{way}: {found}");
        // Inherited rows come by default, and nothing in them says so: they must not even be asked for.
        let read = context
            .rows(
                "SELECT sum(rows) FROM fetch_scope WHERE endpoint IN \
             ('object-grants', 'member-grants', 'team-grants')",
            )
            .remove(0);
        let by_workspace = context
            .rows(
                "SELECT sum(rows) FROM fetch_scope WHERE endpoint = 'object-grants' \
            AND parent_id IN (SELECT id FROM workspace)",
            )
            .remove(0);
        let twice: i64 = if way == "principal" { by_workspace.parse().expect("a number") } else { 0 };
        let held: i64 =
            context.rows("SELECT count(*) FROM object_grant").remove(0).parse().expect("a number");
        assert_eq!(read.parse::<i64>().expect("a number") - twice, held, "{way}");
    }
}

#[test]
fn the_views_refer_to_nothing_that_is_not_there() {
    let context = Context::small();
    context.extract();
    let references = [
        ("bi_folder", "parent_external_id", "bi_folder"),
        ("bi_report", "parent_folder_external_id", "bi_folder"),
        ("bi_report", "parent_report_external_id", "bi_report"),
        ("bi_report", "owner_external_id", "bi_user"),
        ("bi_report_column", "report_external_id", "bi_report"),
        ("bi_report_column", "connection_column_external_id", "bi_connection_column"),
        ("bi_datasource", "parent_folder_external_id", "bi_folder"),
        ("bi_datasource", "parent_datasource_external_id", "bi_datasource"),
        ("bi_datasource_column", "datasource_external_id", "bi_datasource"),
        ("bi_connection", "parent_external_id", "bi_connection"),
    ];
    for (view, column, target) in references {
        let dangling = context.rows(&format!(
            "SELECT DISTINCT {column} FROM {view} WHERE {column} NOT IN (SELECT external_id FROM {target})"
        ));
        assert_eq!(dangling, Vec::<String>::new(), "{view}.{column}");
        let any = context.rows(&format!("SELECT 1 FROM {view} WHERE {column} IS NOT NULL LIMIT 1"));
        assert!(!any.is_empty(), "{view}.{column} is null everywhere");
    }
    let known = "SELECT external_id FROM bi_report UNION ALL SELECT external_id FROM bi_datasource \
                 UNION ALL SELECT external_id FROM bi_connection";
    for end in ["source", "target"] {
        let dangling = context.rows(&format!(
            "SELECT DISTINCT {end}_external_id FROM bi_lineage WHERE {end}_type <> 'unresolved' \
             AND {end}_external_id NOT IN ({known})"
        ));
        assert_eq!(dangling, Vec::<String>::new(), "bi_lineage.{end}");
    }
    for view in [
        "bi_server",
        "bi_folder",
        "bi_report",
        "bi_report_column",
        "bi_datasource",
        "bi_datasource_column",
        "bi_connection",
        "bi_connection_column",
        "bi_user",
    ] {
        let twice = context.rows(&format!("SELECT external_id FROM {view} GROUP BY 1 HAVING count(*) > 1"));
        assert_eq!(twice, Vec::<String>::new(), "{view} has an id twice");
    }
}

#[test]
fn no_address_of_the_tokens_owner_is_in_the_stored_sql() {
    let context = Context::small();
    context.extract();
    assert_eq!(
        context.rows("SELECT sql FROM element_query WHERE sql LIKE '%Sigma Σ%' OR sql LIKE '%request-id%'"),
        Vec::<String>::new()
    );
    assert!(!context.rows("SELECT sql FROM element_query WHERE sql IS NOT NULL LIMIT 1").is_empty());
}
