//! The view of column lineage: direct sources, one row each.

use super::View;

/// A reference to an element of a data model can be decided only here, where the model's own columns are known. The element
/// is the one whose id stands behind the model's in the lineage, or, where the model has no element of that id, the only one
/// of that name. Where an element reads several models, a reference belongs to the one candidate that has such a column.
/// Grouping keeps SQLite from looking for the column once for every place where it is told.
pub(super) const VIEW: View = View {
    name: "column_lineage",
    doc: "Direct sources of columns: each row says that the column is computed from the source",
    columns: &[
        ("document_id", "document of the column"),
        ("element_id", "element of the column; the name of custom SQL for evidence sql"),
        ("column_id", "the column; the output name in custom SQL for evidence sql"),
        ("source_type", "element, table, dataset, customSQL, csv-upload, semantic-view, control, ...; unresolved where no source or several fit the reference"),
        ("source_document_id", "document of the source, which may be a data model; null outside of documents and for unresolved ones"),
        ("source_element_id", "element of the source, or the name of custom SQL: with the document and the column it is the column of another row"),
        ("source_column_id", "column of that element, or output name of the custom SQL; null where it is not known"),
        ("source_column", "name of the source column; the native one for warehouse columns where it is known; * for all columns in SQL; the reference itself for unresolved ones"),
        ("source_id", "id of the source: UUID of a table or dataset, the dotted path of a table that SQL names where it is not known by that path, id of an element, custom SQL, upload; null for unresolved ones"),
        ("evidence", "columnId, formula or sql"),
        ("inferred", "1 where it was read from SQL, from a formula that could not be parsed, or under a name the warehouse may not use"),
    ],
    query: "SELECT c.document_id, c.element_id, c.column_id,
    CASE WHEN EXISTS (SELECT 1 FROM lineage_node n WHERE n.document_id = c.document_id AND n.type = 'dataset' AND n.id = c.source_id)
        OR EXISTS (SELECT 1 FROM document d WHERE d.id = c.source_id AND d.kind = 'dataset') THEN 'dataset' ELSE 'table' END,
    NULL, NULL, NULL, c.source_column, c.source_id, 'columnId', 0
FROM element_column c
WHERE c.source_id IS NOT NULL
UNION ALL
SELECT e.document_id, e.target_element_id, e.target_column_id, e.source_type,
    CASE WHEN e.source_type IN ('element', 'customSQL', 'control') THEN e.document_id END,
    CASE WHEN e.source_type IN ('element', 'customSQL', 'control') THEN e.source_id END,
    e.source_column_id, nullif(e.source_column, ''),
    CASE WHEN e.evidence = 'sql' AND e.source_type = 'table' THEN coalesce((SELECT s.table_id FROM custom_sql_source s
            WHERE s.document_id = e.document_id AND s.custom_sql_id = e.target_element_id AND s.path = e.source_id), e.source_id)
        ELSE nullif(e.source_id, '') END,
    e.evidence, e.inferred
FROM column_edge e
WHERE e.source_type <> 'data-model'
UNION ALL
SELECT document_id, target_element_id, target_column_id, iif(is_one, 'element', 'unresolved'), iif(is_one, found ->> 0, NULL),
    iif(is_one, found ->> 1, NULL), iif(is_one, found ->> 2, NULL),
    iif(is_one, source_column, source_name || '/' || source_column), iif(is_one, found ->> 1, NULL), evidence, inferred
FROM (
    SELECT document_id, target_element_id, target_column_id, source_name, source_column, min(evidence) AS evidence,
        min(inferred) AS inferred, max(found) AS found, coalesce(min(found) = max(found), 0) AS is_one
    FROM (
        SELECT x.*, (SELECT json_array(x.source_document_id, c.element_id, coalesce(
                    max(c.column_id) FILTER (WHERE c.name = x.source_column), max(c.column_id)))
                FROM element_column c
                WHERE c.document_id = x.source_document_id AND c.element_id = x.model_element_id
                    AND c.name = x.source_column COLLATE NOCASE
                GROUP BY c.element_id
                HAVING count(*) FILTER (WHERE c.name = x.source_column) = 1 OR count(*) = 1) AS found
        FROM (
            SELECT e.*, coalesce(
                (SELECT m.element_id FROM element m
                 WHERE m.document_id = e.source_document_id AND m.element_id = e.source_id
                    AND coalesce(m.name, m.element_id) = e.source_name COLLATE NOCASE),
                (SELECT CASE count(*) WHEN 1 THEN max(m.element_id) END FROM element m
                 WHERE m.document_id = e.source_document_id AND m.name = e.source_name
                    AND NOT EXISTS (SELECT 1 FROM element s WHERE s.document_id = e.source_document_id AND s.element_id = e.source_id))
                ) AS model_element_id
            FROM column_edge e WHERE e.source_type = 'data-model') x)
    GROUP BY document_id, target_element_id, target_column_id, source_name, source_column)",
};
