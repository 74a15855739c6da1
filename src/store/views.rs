//! The stable face of the catalog: views in the vocabulary of the Open Connector Framework (OCF).
//!
//! Every view and every column is described here and nowhere else; a test compares this list with the database.
//! External ids are Sigma's own stable ids behind the kind of the object (`workbook:<UUID>`), with the document in front
//! of what is unique inside a document only (`element:<UUID>/<element id>`).

mod column_lineage;
mod custom_sql_source;
mod model;

use crate::catalog::TABLES;

/// A view of the stable face.
#[derive(Debug)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// What its rows are.
    pub doc: &'static str,
    /// Its columns in order, each with what it means.
    pub columns: &'static [(&'static str, &'static str)],
    /// The query behind it.
    query: &'static str,
}

impl View {
    /// The statement that creates it.
    pub fn statement(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        let reached = if self.name.starts_with("bi_") { reached(self.query) } else { String::new() };
        format!("CREATE VIEW {} ({}) AS {reached}{}", self.name, columns.join(", "), self.query)
    }
}

/// What the audience can reach, put in the place of the tables that a query reads: the OCF views show nothing else,
/// while `model`, `column_lineage` and the native tables keep everything, because who sees what is to be answered about everybody.
///
/// Only a mirroring run whose audience does not reach everything limits anything; see `run_audience.limited`.
fn reached(query: &str) -> String {
    let tables = TABLES.iter().filter_map(|table| match table.name {
        "workspace" | "file" | "document" => Some((table.name, "id")),
        "dataset_source" => Some((table.name, "dataset_id")),
        name => table.in_document.then_some((name, "document_id")),
    });
    let used = tables.filter(|(name, _)| {
        query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == *name)
    });
    let limited: Vec<String> = used
        .map(|(name, id)| {
            format!(
                "{name} AS NOT MATERIALIZED (SELECT * FROM main.{name} t WHERE coalesce((SELECT NOT limited FROM run_audience \
                 WHERE run_id = (SELECT published_run FROM catalog_state)), 1) OR t.{id} IN (SELECT object_id FROM mirrored_object))"
            )
        })
        .collect();
    if limited.is_empty() { String::new() } else { format!("WITH {} ", limited.join(", ")) }
}

/// A name for the number of a level.
macro_rules! level_name {
    ($level:literal) => {
        concat!("CASE ", $level, " WHEN 1 THEN 'view' WHEN 2 THEN 'explore' WHEN 3 THEN 'organize' WHEN 4 THEN 'edit' ELSE 'owner' END")
    };
}

/// The condition that a row of a history under the given name is published.
macro_rules! published {
    ($alias:literal) => {
        concat!(
            $alias,
            ".valid_from <= (SELECT published_run FROM catalog_state) AND (",
            $alias,
            ".valid_to IS NULL OR ",
            $alias,
            ".valid_to > (SELECT published_run FROM catalog_state))"
        )
    };
}

/// What is mirrored, natively: by principal, and expanded to the members that are mapped to a catalog user.
pub(super) static MIRRORED: &[(&str, &str)] = &[
    (
        "access_principal",
        concat!(
            "SELECT p.kind AS principal_kind, p.id AS principal_id, o.kind AS object_kind, o.id AS object_id, ",
            level_name!("a.level"),
            " AS level, a.via, g.id AS granted_at FROM access_principal_history a
JOIN access_key p ON p.key = a.principal JOIN access_key o ON o.key = a.object JOIN access_key g ON g.key = a.granted_at
WHERE ",
            published!("a")
        ),
    ),
    (
        "mirrored_member",
        concat!(
            "SELECT k.id AS member_id, m.catalog_user, m.method FROM mirrored_member_history m
JOIN access_key k ON k.key = m.member WHERE ",
            published!("m")
        ),
    ),
    (
        "mirrored_object",
        concat!(
            "SELECT k.kind AS object_kind, k.id AS object_id FROM mirrored_object_history m
JOIN access_key k ON k.key = m.object WHERE ",
            published!("m")
        ),
    ),
    (
        "mirrored_access",
        concat!(
            "SELECT k.id AS member_id, o.kind AS object_kind, o.id AS object_id, ",
            level_name!("b.level"),
            " AS level FROM (SELECT p.member, a.object, max(a.level) AS level
FROM mirrored_principal_history p JOIN access_principal_history a ON a.principal = p.principal
WHERE ",
            published!("p"),
            " AND ",
            published!("a"),
            " GROUP BY p.member, a.object) b JOIN access_key k ON k.key = b.member JOIN access_key o ON o.key = b.object"
        ),
    ),
];

const EXTERNAL_ID: (&str, &str) = ("external_id", "stable id: the kind, a colon, Sigma's own id");
const NAME: (&str, &str) = ("name", "name as Sigma shows it");
const TYPE: (&str, &str) = ("bi_object_type", "what Sigma calls the object");
const OWNER: (&str, &str) = ("owner_external_id", "external id of the member who owns it, in bi_user");
const CREATED: (&str, &str) = ("created_at", "when it was created, ISO 8601 UTC");
const UPDATED: (&str, &str) = ("last_updated", "when it was last changed, ISO 8601 UTC");
const SOURCE_URL: (&str, &str) = ("source_url", "address in Sigma");
const DESCRIPTION: (&str, &str) = ("description", "description in Sigma");

/// All views of the stable face.
pub static VIEWS: &[View] = &[
    View {
        name: "bi_server",
        doc: "The Sigma organisation",
        columns: &[EXTERNAL_ID, NAME, TYPE, SOURCE_URL, ("last_updated", "when the published run ended, ISO 8601 UTC")],
        query: "SELECT 'organization:' || o.id, coalesce(o.slug, o.id), 'Organization', o.url,
    (SELECT ended_at FROM run WHERE run_id = (SELECT published_run FROM catalog_state))
FROM organization o",
    },
    View {
        name: "bi_folder",
        doc: "Workspaces, folders, and the workbooks and reports that hold pages",
        columns: &[
            EXTERNAL_ID,
            NAME,
            TYPE,
            ("parent_external_id", "external id of the folder it lies in, in bi_folder; null at the top or where the token cannot see it"),
            OWNER,
            CREATED,
            UPDATED,
            SOURCE_URL,
            DESCRIPTION,
            ("badge", "Endorsed, Warning or Deprecated"),
        ],
        query: "SELECT 'workspace:' || w.id, w.name, 'Workspace', NULL, 'member:' || w.created_by, w.created_at, w.updated_at,
    (SELECT url FROM organization) || 'workspace/' || w.url_id, NULL, NULL
FROM workspace w
UNION ALL
SELECT 'folder:' || f.id, f.name, CASE WHEN f.id IN (SELECT home_folder_id FROM member) THEN 'Personal' ELSE 'Folder' END,
    CASE WHEN w.id IS NOT NULL THEN 'workspace:' || w.id WHEN p.id IS NOT NULL THEN 'folder:' || p.id END,
    'member:' || f.owner_id, f.created_at, f.updated_at, (SELECT url FROM organization) || 'f/' || f.url_id, f.description, f.badge
FROM file f
LEFT JOIN workspace w ON w.id = f.parent_id
LEFT JOIN file p ON p.id = f.parent_id AND p.type = 'folder' AND p.id <> f.id
WHERE f.type = 'folder'
UNION ALL
SELECT d.kind || ':' || d.id, d.name, CASE d.kind WHEN 'workbook' THEN 'Workbook' ELSE 'Report' END,
    CASE WHEN w.id IS NOT NULL THEN 'workspace:' || w.id WHEN p.id IS NOT NULL THEN 'folder:' || p.id END,
    'member:' || d.owner_id, d.created_at, d.updated_at, d.url, coalesce(d.description, f.description), f.badge
FROM document d
LEFT JOIN file f ON f.id = d.id
LEFT JOIN workspace w ON w.id = f.parent_id
LEFT JOIN file p ON p.id = f.parent_id AND p.type = 'folder'
WHERE d.kind IN ('workbook', 'report')",
    },
    View {
        name: "bi_report",
        doc: "Pages (as dashboards) and the elements on them",
        columns: &[
            EXTERNAL_ID,
            NAME,
            TYPE,
            ("report_type", "DASHBOARD for a page, SIMPLE for an element"),
            ("parent_folder_external_id", "external id of the workbook or report, in bi_folder"),
            ("parent_report_external_id", "external id of the page of an element, in bi_report; null for pages"),
            OWNER,
            CREATED,
            UPDATED,
            SOURCE_URL,
            ("description", "description of the workbook or report it is in: Sigma has none of pages and elements"),
        ],
        query: "SELECT 'page:' || p.document_id || '/' || p.page_id, p.name, 'Page', 'DASHBOARD', d.kind || ':' || d.id, NULL,
    'member:' || d.owner_id, d.created_at, d.updated_at, d.url || '?:nodeId=' || p.page_id,
    coalesce(d.description, f.description)
FROM page p JOIN document d ON d.id = p.document_id LEFT JOIN file f ON f.id = d.id
UNION ALL
SELECT 'element:' || e.document_id || '/' || e.element_id, e.name, coalesce(e.type, 'element'), 'SIMPLE', d.kind || ':' || d.id,
    'page:' || e.document_id || '/' || e.page_id, 'member:' || d.owner_id, d.created_at, d.updated_at,
    d.url || '?:nodeId=' || e.element_id, coalesce(d.description, f.description)
FROM element e JOIN document d ON d.id = e.document_id LEFT JOIN file f ON f.id = d.id
WHERE d.kind IN ('workbook', 'report')",
    },
    View {
        name: "bi_report_column",
        doc: "Columns of the elements of workbooks and reports",
        columns: &[
            EXTERNAL_ID,
            NAME,
            TYPE,
            ("report_external_id", "external id of the element, in bi_report"),
            ("data_type", "data type in Sigma; error where the formula does not resolve"),
            ("expression", "formula in Sigma's language"),
            ("connection_column_external_id", "external id of the warehouse column it shows, in bi_connection_column"),
        ],
        query: "SELECT 'column:' || c.document_id || '/' || c.element_id || '/' || c.column_id, c.name, 'Column',
    'element:' || c.document_id || '/' || c.element_id, c.data_type, c.formula,
    'warehouse-column:' || c.source_id || '/' || c.source_column
FROM element_column c JOIN document d ON d.id = c.document_id
WHERE d.kind IN ('workbook', 'report')",
    },
    View {
        name: "bi_datasource",
        doc: "Data models with their elements, datasets, and the custom SQL, uploads and other sources that lineage names, those out of sight included",
        columns: &[
            EXTERNAL_ID,
            NAME,
            TYPE,
            ("parent_folder_external_id", "external id of the folder it lies in, in bi_folder"),
            ("parent_datasource_external_id", "external id of the data model of an element, in bi_datasource"),
            OWNER,
            CREATED,
            UPDATED,
            SOURCE_URL,
            ("description", "description in Sigma; for custom SQL its text"),
            ("badge", "Endorsed, Warning or Deprecated"),
        ],
        query: "SELECT d.kind || ':' || d.id, d.name, CASE d.kind WHEN 'dataset' THEN 'Dataset' ELSE 'Data Model' END,
    CASE WHEN w.id IS NOT NULL THEN 'workspace:' || w.id WHEN p.id IS NOT NULL THEN 'folder:' || p.id END, NULL,
    'member:' || d.owner_id, d.created_at, d.updated_at, d.url, coalesce(d.description, f.description), f.badge
FROM document d
LEFT JOIN file f ON f.id = d.id
LEFT JOIN workspace w ON w.id = f.parent_id
LEFT JOIN file p ON p.id = f.parent_id AND p.type = 'folder'
WHERE d.kind IN ('data-model', 'dataset')
UNION ALL
SELECT 'element:' || e.document_id || '/' || e.element_id, e.name, 'Data Model Element', NULL, d.kind || ':' || d.id,
    'member:' || d.owner_id, d.created_at, d.updated_at, d.url || '?:nodeId=' || e.element_id, NULL, NULL
FROM element e JOIN document d ON d.id = e.document_id
WHERE d.kind = 'data-model'
UNION ALL
SELECT CASE n.type WHEN 'customSQL' THEN 'customSQL:' || n.document_id || '/' || n.id ELSE n.type || ':' || n.id END, max(n.name),
    max(CASE n.type WHEN 'customSQL' THEN 'Custom SQL' WHEN 'csv-upload' THEN 'CSV Upload' WHEN 'data-model' THEN 'Data Model'
        WHEN 'dataset' THEN 'Dataset' ELSE n.type END),
    NULL, NULL, NULL, NULL, NULL, NULL, max(n.definition), NULL
FROM lineage_node n
WHERE n.type <> 'table' AND NOT (n.type IN ('data-model', 'dataset') AND n.id IN (SELECT id FROM document))
GROUP BY 1",
    },
    View {
        name: "bi_datasource_column",
        doc: "Columns of the elements of data models",
        columns: &[
            EXTERNAL_ID,
            NAME,
            TYPE,
            ("datasource_external_id", "external id of the data model element, in bi_datasource"),
            ("data_type", "data type in Sigma; error where the formula does not resolve"),
            ("expression", "formula in Sigma's language"),
            ("connection_column_external_id", "external id of the warehouse column it shows, in bi_connection_column"),
        ],
        query: "SELECT 'column:' || c.document_id || '/' || c.element_id || '/' || c.column_id, c.name, 'Column',
    'element:' || c.document_id || '/' || c.element_id, c.data_type, c.formula,
    'warehouse-column:' || c.source_id || '/' || c.source_column
FROM element_column c JOIN document d ON d.id = c.document_id
WHERE d.kind = 'data-model'",
    },
    View {
        name: "bi_connection",
        doc: "Connections to warehouses, and the warehouse tables that lineage reaches through them",
        columns: &[
            EXTERNAL_ID,
            NAME,
            TYPE,
            ("parent_external_id", "external id of the connection of a table, in bi_connection; null for connections and where the token cannot see it"),
            ("database_type", "kind of warehouse, in lower case"),
            CREATED,
            UPDATED,
            ("db_name", "database or catalog of a table; null where the warehouse has none or where it was not read"),
            ("db_schema", "schema of a table"),
            ("db_table", "name of a table in the warehouse"),
            ("is_sample", "1 for Sigma's sample data; null for tables"),
            ("is_audit_log", "1 for the connection to Sigma's audit log; null for tables"),
        ],
        query: "SELECT 'connection:' || c.id, c.name, 'Connection', NULL, c.type, c.created_at, c.updated_at, NULL, NULL, NULL,
    c.is_sample, c.is_audit_log
FROM connection c
UNION ALL
SELECT 'table:' || n.id, coalesce(max(n.name), w.name), 'Table', 'connection:' || max(c.id), max(c.type), NULL, NULL,
    w.database_name, w.schema_name, w.name, NULL, NULL
FROM (
    SELECT id, name, connection_id FROM lineage_node WHERE type = 'table'
    UNION ALL SELECT source_id, NULL, NULL FROM dataset_source WHERE source_type = 'table'
    UNION ALL SELECT id, NULL, connection_id FROM warehouse_table) n
LEFT JOIN connection c ON c.id = n.connection_id
LEFT JOIN warehouse_table w ON w.id = n.id
GROUP BY n.id",
    },
    View {
        name: "bi_connection_column",
        doc: "Columns of warehouse tables, and those of datasets that elements show",
        columns: &[
            EXTERNAL_ID,
            ("name", "name in the warehouse"),
            TYPE,
            ("connection_external_id", "external id of the table, in bi_connection; of the dataset, in bi_datasource, for columns of one"),
            ("data_type", "data type in Sigma; null where the table's columns were not read"),
            DESCRIPTION,
        ],
        query: "SELECT 'warehouse-column:' || c.source_id || '/' || c.source_column, c.source_column, 'Column',
    CASE WHEN c.source_id IN (SELECT id FROM document WHERE kind = 'dataset' UNION SELECT id FROM lineage_node WHERE type = 'dataset')
        THEN 'dataset:' ELSE 'table:' END || c.source_id, max(c.data_type), max(c.description)
FROM (
    SELECT DISTINCT source_id, source_column, NULL AS data_type, NULL AS description FROM element_column WHERE source_id IS NOT NULL
    UNION ALL SELECT table_id, name, data_type, description FROM warehouse_column) c
GROUP BY c.source_id, c.source_column",
    },
    View {
        name: "bi_user",
        doc: "Members of the Sigma organisation, without Sigma's own scheduler",
        columns: &[
            EXTERNAL_ID,
            ("name", "full name"),
            ("bi_object_type", "always User"),
            ("email", "e-mail address in Sigma"),
            ("account_type", "name of the account type, as Sigma answers it"),
            ("user_kind", "internal, guest or embed"),
            ("is_active", "1 unless deactivated in Sigma or archived by SCIM"),
            CREATED,
            UPDATED,
            ("catalog_user", "login name of the catalog user the member is; null unless mapped"),
        ],
        query: "SELECT 'member:' || m.id, nullif(trim(coalesce(m.first_name, '') || ' ' || coalesce(m.last_name, '')), ''), 'User',
    m.email, m.member_type, m.user_kind,
    NOT (coalesce(m.is_archived, 0) OR coalesce(m.is_inactive, 0)), m.created_at, m.updated_at, u.catalog_user
FROM member m LEFT JOIN mirrored_member u ON u.member_id = m.id
WHERE m.id <> 'SigmaSchedulerRobot' AND coalesce(m.email, '') <> 'scheduler-robot@sigmacomputing.com' COLLATE NOCASE",
    },
    View {
        name: "bi_permission",
        doc: "What the catalog should let its users see: rows exist for members mapped to a catalog user only",
        columns: &[
            ("user_external_id", "external id of the member, in bi_user"),
            ("object_external_id", "external id of the object"),
            ("object_type", "kind of the object: workspace, folder, workbook, report, data-model or dataset"),
            ("permission", "the member's effective permission, in Sigma's words; an owner's is edit"),
        ],
        query: "SELECT 'member:' || m.member_id, m.object_kind || ':' || m.object_id, m.object_kind, iif(m.level = 'owner', 'edit', m.level)
FROM mirrored_access m",
    },
    View {
        name: "bi_lineage",
        doc: "Direct sources: each row says that the target reads the source",
        columns: &[
            ("source_type", "element, table, dataset, data-model, customSQL, csv-upload, ...; unresolved where Sigma names nothing it tells about"),
            ("source_external_id", "external id of the source; for unresolved ones the reference that Sigma gave, behind `unresolved:`"),
            ("target_type", "kind of the target: element, dataset, or customSQL for the tables that its text names"),
            ("target_external_id", "external id of the target"),
            ("kind", "source, lookup or dependency"),
        ],
        query: "SELECT DISTINCT CASE WHEN e.element_id IS NOT NULL THEN 'element' WHEN l.is_nowhere THEN 'unresolved' ELSE l.source_type END,
    CASE
        WHEN l.source_type = 'element' THEN 'element:' || l.source_document_id || '/' || l.source_id
        WHEN e.element_id IS NOT NULL THEN 'element:' || l.source_document_id || '/' || l.source_id
        WHEN l.is_nowhere THEN 'unresolved:' || l.source_document_id || '/' || l.source_id
        WHEN l.source_type = 'data-model' THEN 'data-model:' || l.source_document_id
        WHEN l.source_type = 'customSQL' THEN 'customSQL:' || l.source_document_id || '/' || l.source_id
        ELSE l.source_type || ':' || l.source_id
    END,
    'element', 'element:' || l.document_id || '/' || l.target_id, l.kind
FROM (
    SELECT *, source_type = 'data-model' AND source_document_id NOT IN (
        SELECT id FROM document UNION SELECT id FROM lineage_node WHERE type = 'data-model') AS is_nowhere
    FROM lineage_edge) l
LEFT JOIN element e ON l.source_type = 'data-model' AND e.document_id = l.source_document_id AND e.element_id = l.source_id
UNION ALL
SELECT s.source_type, s.source_type || ':' || s.source_id, 'dataset', 'dataset:' || s.dataset_id, 'source'
FROM dataset_source s
UNION ALL
SELECT DISTINCT iif(s.table_id IS NULL, 'unresolved', 'table'),
    coalesce('table:' || s.table_id, 'unresolved:' || s.document_id || '/' || s.path),
    'customSQL', 'customSQL:' || s.document_id || '/' || s.custom_sql_id, 'source'
FROM custom_sql_source s
JOIN lineage_node n ON n.document_id = s.document_id AND n.type = 'customSQL' AND n.id = s.custom_sql_id",
    },
    custom_sql_source::VIEW,
    column_lineage::VIEW,
    model::VIEW,
];
