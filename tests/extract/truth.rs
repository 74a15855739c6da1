//! What the catalog holds is what the organisation has: nothing missing, nothing extra.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::context::Context;

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

/// The rows of a query of the catalog, each as one line.
pub type Query<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// What runs were asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Everything optional.
    pub everything: bool,
    /// Grants object by object, not by whom they are made to.
    pub by_object: bool,
    /// What members keep for themselves.
    pub personal: bool,
}

/// What a catalog holds and should hold of one kind, each row as one line.
pub struct Compared {
    /// Where the truth keeps it.
    pub kind: &'static str,
    /// How many there are, whether they should be held or not.
    pub known: usize,
    /// As the organisation has them.
    pub expected: Vec<String>,
    /// As the catalog has them.
    pub held: Vec<String>,
}

/// Every kind, as the catalog that answers `rows` has it.
pub fn held(rows: Query<'_>) -> impl Iterator<Item = (&'static str, Vec<String>)> {
    KINDS.iter().map(move |kind| (kind.truth, rows(kind.catalog)))
}

/// Every kind, as `truth` has it and as the catalog that answers `rows` has it.
pub fn compare(truth: &Value, asked: Asked, rows: Query<'_>) -> Vec<Compared> {
    let ids = |kind: &str| -> Vec<Value> { truth["objects"][kind].as_array().expect(kind).clone() };
    let id_of = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    let mut known = Known {
        models: ids("data-model").iter().map(id_of).collect(),
        datasets: ids("dataset").iter().map(id_of).collect(),
        everything: asked.everything,
        listed: BTreeSet::new(),
        personal: BTreeSet::new(),
        by_object: asked.by_object,
        tables: ids("warehouse-table").iter().map(id_of).collect(),
    };
    let own = ids("file").into_iter().filter(|row| {
        let path = row["path"].as_str().expect("a path");
        row["type"] != "workspace"
            && (row["id"] == row["parent"] || path == "My Documents" || path.starts_with("My Documents/"))
    });
    if !asked.personal {
        known.personal = own.map(|row| id_of(&row)).collect();
        assert!(known.personal.len() > 1, "nobody has a document of their own: this would test nothing");
    }
    for kind in ["workspace", "data-model", "dataset"] {
        known.listed.extend(ids(kind).iter().map(id_of));
    }
    for kind in ["workbook", "report"] {
        let listed: Vec<_> = ids(kind).iter().filter(|row| current(&known, row)).map(id_of).collect();
        known.listed.extend(listed);
    }
    let folders = ids("file").into_iter().filter(|row| row["type"] == "folder" && row["visible"] == true);
    known.listed.extend(folders.map(|row| id_of(&row)));
    let compared = KINDS.iter().zip(held(rows)).map(|(kind, (_, held))| {
        let all = truth.pointer(kind.truth).and_then(Value::as_array).expect(kind.truth);
        let expected = (all.iter())
            .filter(|row| (kind.held)(&known, row) && !personal(&known, row))
            .map(|row| kind.fields.iter().map(|field| cell(&row[*field])).collect::<Vec<_>>().join(" | "))
            .collect();
        Compared { kind: kind.truth, known: all.len(), expected, held }
    });
    compared.collect()
}

impl Compared {
    /// What differs, as text; nothing where nothing does.
    pub fn differences(&self) -> String {
        let Self { kind, expected, held, .. } = self;
        let (wanted, has): (BTreeSet<_>, BTreeSet<_>) = (expected.iter().collect(), held.iter().collect());
        let missing: Vec<_> = wanted.difference(&has).take(5).collect();
        let extra: Vec<_> = has.difference(&wanted).take(5).collect();
        if missing.is_empty() && extra.is_empty() && wanted.len() == held.len() {
            return String::new();
        }
        let counts = format!("{} expected, {} held", wanted.len(), held.len());
        format!("{kind}: {counts}\n  missing {missing:#?}\n  extra {extra:#?}\n")
    }
}

/// Compares every kind; the differences as text.
pub fn differences(context: &Context) -> String {
    let rows = |sql: &str| context.rows(sql);
    let scopes = |of: &str| !rows(&format!("SELECT 1 FROM fetch_scope WHERE endpoint = {of}")).is_empty();
    let asked = Asked {
        everything: scopes("'embeds' AND outcome = 'complete'"),
        by_object: !scopes("'member-grants'"),
        personal: false,
    };
    let compared = compare(&context.simulator.truth(), asked, &rows);
    for kind in &compared {
        assert!(kind.known > 0, "the organisation has no {}: this would test nothing", kind.kind);
    }
    compared.iter().map(Compared::differences).collect()
}
