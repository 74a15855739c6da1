-- What columns are computed from.

CREATE TABLE column_edge_history (
    document INTEGER NOT NULL REFERENCES document_key,
    target_element_id TEXT NOT NULL,
    target_column_id TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source_document_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    source_column TEXT NOT NULL,
    source_name TEXT,
    source_column_id TEXT,
    evidence TEXT NOT NULL,
    inferred INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, target_element_id, target_column_id, source_type, source_document_id, source_id, source_column, valid_from)
) WITHOUT ROWID, STRICT;
