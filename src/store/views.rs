//! The stable face of the catalog: views in the vocabulary of the Open Connector Framework (OCF).
//!
//! Every view and every column is described here and nowhere else; a test compares this list with the database.
//! External ids are Sigma's own stable ids behind the kind of the object (`workbook:<UUID>`), with the document in front
//! of what is unique inside a document only (`element:<UUID>/<element id>`).

mod column_lineage;
mod model;

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
        format!("CREATE VIEW {} ({}) AS {}", self.name, columns.join(", "), self.query)
    }
}

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
            DESCRIPTION,
        ],
        query: "SELECT 'page:' || p.document_id || '/' || p.page_id, p.name, 'Page', 'DASHBOARD', d.kind || ':' || d.id, NULL,
    'member:' || d.owner_id, d.created_at, d.updated_at, d.url || '?:nodeId=' || p.page_id, NULL
FROM page p JOIN document d ON d.id = p.document_id
UNION ALL
SELECT 'element:' || e.document_id || '/' || e.element_id, e.name, coalesce(e.type, 'element'), 'SIMPLE', d.kind || ':' || d.id,
    'page:' || e.document_id || '/' || e.page_id, 'member:' || d.owner_id, d.created_at, d.updated_at,
    d.url || '?:nodeId=' || e.element_id, NULL
FROM element e JOIN document d ON d.id = e.document_id
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
        ],
        query: "SELECT 'connection:' || c.id, c.name, 'Connection', NULL, c.type, c.created_at, c.updated_at
FROM connection c
UNION ALL
SELECT 'table:' || n.id, max(n.name), 'Table', 'connection:' || max(c.id), max(c.type), NULL, NULL
FROM lineage_node n LEFT JOIN connection c ON c.id = n.connection_id
WHERE n.type = 'table'
GROUP BY n.id",
    },
    View {
        name: "bi_connection_column",
        doc: "Warehouse columns that elements show",
        columns: &[
            EXTERNAL_ID,
            ("name", "name in the warehouse"),
            TYPE,
            ("connection_external_id", "external id of the table, in bi_connection; of the dataset, in bi_datasource, for columns of one"),
        ],
        query: "SELECT DISTINCT 'warehouse-column:' || c.source_id || '/' || c.source_column, c.source_column, 'Column',
    CASE WHEN c.source_id IN (SELECT id FROM document WHERE kind = 'dataset' UNION SELECT id FROM lineage_node WHERE type = 'dataset')
        THEN 'dataset:' ELSE 'table:' END || c.source_id
FROM element_column c
WHERE c.source_id IS NOT NULL",
    },
    View {
        name: "bi_user",
        doc: "Members of the Sigma organisation",
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
        ],
        query: "SELECT 'member:' || m.id, nullif(trim(coalesce(m.first_name, '') || ' ' || coalesce(m.last_name, '')), ''), 'User',
    m.email, m.member_type, m.user_kind,
    NOT (coalesce(m.is_archived, 0) OR coalesce(m.is_inactive, 0)), m.created_at, m.updated_at
FROM member m",
    },
    View {
        name: "bi_permission",
        doc: "What the catalog should let its users see: rows exist for members mapped to a catalog user only",
        columns: &[
            ("user_external_id", "external id of the member, in bi_user"),
            ("object_external_id", "external id of the object"),
            ("object_type", "kind of the object: workspace, folder, workbook, report, data-model or dataset"),
            ("permission", "the member's effective permission, in Sigma's words"),
        ],
        query: "SELECT 'member:' || m.member_id, coalesce(d.kind, iif(w.id IS NULL, f.type, 'workspace')) || ':' || m.object_id,
    coalesce(d.kind, iif(w.id IS NULL, f.type, 'workspace')), m.permission
FROM mirrored_permission m
LEFT JOIN document d ON d.id = m.object_id
LEFT JOIN workspace w ON w.id = m.object_id
LEFT JOIN file f ON f.id = m.object_id
WHERE m.run_id = (SELECT published_run FROM catalog_state)",
    },
    View {
        name: "bi_lineage",
        doc: "Direct sources: each row says that the target reads the source",
        columns: &[
            ("source_type", "element, table, dataset, data-model, customSQL, csv-upload, ...; unresolved where Sigma names nothing it tells about"),
            ("source_external_id", "external id of the source; for unresolved ones the reference that Sigma gave, behind `unresolved:`"),
            ("target_type", "kind of the target: element"),
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
LEFT JOIN element e ON l.source_type = 'data-model' AND e.document_id = l.source_document_id AND e.element_id = l.source_id",
    },
    column_lineage::VIEW,
    model::VIEW,
];
