//! The view of the tables that custom SQL names.

use super::View;

/// A path means the one table of that path on the connection of the query: of that spelling, else whatever the case. The plus
/// takes the column's type from the comparison, with which SQLite would not use the index of paths.
pub(super) const VIEW: View = View {
    name: "custom_sql_source",
    doc: "Tables that custom SQL names anywhere in its text: read from it, so inferred",
    columns: &[
        ("document_id", "document of the custom SQL"),
        ("custom_sql_id", "name of the custom SQL in its document"),
        ("path", "dotted path of the table as the query spells it"),
        ("connection_id", "connection that the query runs on"),
        (
            "table_id",
            "the warehouse table of that whole path on that connection; null where none or several are known",
        ),
    ],
    query: "SELECT t.document_id, t.custom_sql_id, t.path, t.connection_id,
    (SELECT coalesce(
            CASE count(*) FILTER (WHERE replace(w.path, '/', '.') = t.path) WHEN 1
                THEN max(w.id) FILTER (WHERE replace(w.path, '/', '.') = t.path) END,
            CASE count(*) WHEN 1 THEN max(w.id) END)
        FROM warehouse_table w
        WHERE replace(w.path, '/', '.') = +t.path COLLATE NOCASE AND w.connection_id = t.connection_id)
FROM custom_sql_table t",
};
