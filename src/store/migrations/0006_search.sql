-- Full-text search: one entry per object. The texts themselves are not kept twice, only their words.

CREATE TABLE search_object (
    entry INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    -- The document it lies in; 0 for what lies in none.
    document INTEGER NOT NULL,
    id TEXT NOT NULL,
    UNIQUE (document, id, kind)
) STRICT;

CREATE VIRTUAL TABLE search_text USING fts5 (
    name, description, columns, formulas, sql,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- Whether the entries are those of the published run; a catalog of an earlier version has none yet.
CREATE TABLE search_state (
    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
    is_built INTEGER NOT NULL
) STRICT;
INSERT INTO search_state SELECT 1, published_run = 0 FROM catalog_state;

-- Who reads a source outside the reader's own document.
CREATE INDEX lineage_edge_by_source ON lineage_edge_history (source_document_id, source_id)
    WHERE source_type <> 'element';
