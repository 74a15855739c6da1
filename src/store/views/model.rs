//! The view of models: what reverse-ETL tools and modellers see in Sigma.

use super::View;

/// No outer joins: SQLite would read the whole other side of one for a single model.
///
/// Elements without columns and without SQL (texts, images, controls) are no models, whatever types come to be; of the types
/// that Sigma calls data elements all are, so that one whose columns could not be read is not missing.
pub(super) const VIEW: View = View {
    name: "model",
    doc: "Data elements as row-and-column models, in workbooks, reports and data models",
    columns: &[
        ("document_id", "document of the element"),
        ("document_name", "name of the document"),
        ("document_kind", "workbook, report or data-model"),
        ("page_id", "page of the element; null in data models"),
        ("page_name", "name of the page"),
        ("element_id", "the element, unique within its document"),
        ("name", "name of the element"),
        ("type", "Sigma's type of the element"),
        ("connection_id", "the connection, where the tables and custom SQL that it reads directly are all on that one"),
        ("sql", "SQL as compiled for the token's owner"),
        ("sql_readable", "1 where the token's owner could read the SQL"),
        ("sql_error", "what Sigma says where it could not compile the SQL"),
        ("column_count", "number of columns"),
    ],
    query: "SELECT e.document_id, d.name, d.kind, e.page_id,
    (SELECT p.name FROM page p WHERE p.document_id = e.document_id AND p.page_id = e.page_id), e.element_id, e.name, e.type,
    (SELECT CASE WHEN count(DISTINCT connection_id) = 1 AND count(*) = count(connection_id) THEN max(connection_id) END
        FROM (SELECT (SELECT n.connection_id FROM lineage_node n
                WHERE n.document_id = l.document_id AND n.type = l.source_type AND n.id = l.source_id) AS connection_id
            FROM lineage_edge l
            WHERE l.document_id = e.document_id AND l.target_id = e.element_id AND l.source_type IN ('table', 'customSQL'))),
    (SELECT q.sql FROM element_query q WHERE q.document_id = e.document_id AND q.element_id = e.element_id),
    EXISTS (SELECT 1 FROM element_query q WHERE q.document_id = e.document_id AND q.element_id = e.element_id AND q.sql IS NOT NULL),
    (SELECT q.error FROM element_query q WHERE q.document_id = e.document_id AND q.element_id = e.element_id),
    (SELECT count(*) FROM element_column c WHERE c.document_id = e.document_id AND c.element_id = e.element_id)
FROM element e
JOIN document d ON d.id = e.document_id
WHERE e.type IN ('table', 'pivot-table', 'input-table', 'visualization', 'viz')
    OR EXISTS (SELECT 1 FROM element_query q WHERE q.document_id = e.document_id AND q.element_id = e.element_id)
    OR EXISTS (SELECT 1 FROM element_column c WHERE c.document_id = e.document_id AND c.element_id = e.element_id)",
};
