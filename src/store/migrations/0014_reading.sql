-- What documents were when their contents were last read completely, and when permissions were: an unchanged document is
-- not read again.

-- The rows of runs after the published one count for nobody but the run that wrote them.
CREATE TABLE document_read (
    document INTEGER NOT NULL REFERENCES document_key,
    run_id INTEGER NOT NULL REFERENCES run,
    read_at TEXT NOT NULL,
    version INTEGER,
    updated_at TEXT,
    place TEXT,
    tags TEXT NOT NULL,
    sources TEXT NOT NULL,
    questions TEXT NOT NULL,
    PRIMARY KEY (document, run_id)
) WITHOUT ROWID, STRICT;

-- When the permissions that a run rests on were read; none where they were not all read.
CREATE TABLE permission_read (
    run_id INTEGER PRIMARY KEY REFERENCES run,
    read_at TEXT NOT NULL,
    questions TEXT NOT NULL
) STRICT;
