-- What hangs on a document besides its contents.

CREATE TABLE control_history (
    document INTEGER NOT NULL REFERENCES document_key,
    name TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    value_type TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, name, ordinal, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE bookmark_history (
    document INTEGER NOT NULL REFERENCES document_key,
    bookmark_id TEXT NOT NULL,
    name TEXT,
    is_shared INTEGER,
    is_default INTEGER,
    explore_key TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, bookmark_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE embed_history (
    document INTEGER NOT NULL REFERENCES document_key,
    embed_id TEXT NOT NULL,
    embed_url TEXT,
    is_public INTEGER,
    source_type TEXT,
    source_id TEXT,
    source_name TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, embed_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE export_schedule_history (
    document INTEGER NOT NULL REFERENCES document_key,
    schedule_id TEXT NOT NULL,
    title TEXT,
    cron_spec TEXT,
    timezone TEXT,
    is_suspended INTEGER,
    owner_id TEXT,
    attachments INTEGER,
    formats TEXT,
    run_as_recipient INTEGER,
    config TEXT,
    disabled_at TEXT,
    disabled_by TEXT,
    last_updated_by TEXT,
    created_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, schedule_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE materialization_schedule_history (
    document INTEGER NOT NULL REFERENCES document_key,
    sheet_id TEXT NOT NULL,
    element_id TEXT NOT NULL,
    element_name TEXT,
    cron_spec TEXT,
    timezone TEXT,
    configured_at TEXT,
    paused INTEGER,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, sheet_id, element_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE document_version_history (
    document INTEGER NOT NULL REFERENCES document_key,
    version INTEGER NOT NULL,
    published_at TEXT,
    published_by TEXT,
    tags TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, version, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE document_source_history (
    document INTEGER NOT NULL REFERENCES document_key,
    type TEXT NOT NULL,
    source_id TEXT NOT NULL,
    version_tag_id TEXT NOT NULL,
    element_ids TEXT,
    connection_id TEXT,
    definition TEXT,
    url TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, type, source_id, version_tag_id, valid_from)
) WITHOUT ROWID, STRICT;
