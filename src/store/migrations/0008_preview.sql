-- Images of pages: files named by their hash, in a folder beside the catalog.
CREATE TABLE preview_history (
    document INTEGER NOT NULL REFERENCES document_key,
    page_id TEXT NOT NULL,
    version INTEGER,
    width INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    exported_at TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, page_id, valid_from)
) WITHOUT ROWID, STRICT;
