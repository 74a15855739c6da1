-- The tables that custom SQL names, and the indexes by which people's words for objects are found.

CREATE TABLE custom_sql_table_history (
    document INTEGER NOT NULL REFERENCES document_key,
    custom_sql_id TEXT NOT NULL,
    path TEXT NOT NULL,
    connection_id TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, custom_sql_id, path, valid_from)
) WITHOUT ROWID, STRICT;

-- Which custom SQL names a table, and which table that is: SQL writes paths with dots and in any case.
CREATE INDEX custom_sql_table_by_path ON custom_sql_table_history (path COLLATE NOCASE);
CREATE INDEX warehouse_table_by_path ON warehouse_table_history (replace(path, '/', '.') COLLATE NOCASE);

CREATE INDEX warehouse_table_by_name ON warehouse_table_history (name COLLATE NOCASE);
CREATE INDEX document_by_name ON document_history (name COLLATE NOCASE);
CREATE INDEX document_by_url_id ON document_history (url_id);
CREATE INDEX file_by_name ON file_history (name COLLATE NOCASE);
CREATE INDEX file_by_url_id ON file_history (url_id);
CREATE INDEX lineage_node_by_name ON lineage_node_history (name COLLATE NOCASE);
