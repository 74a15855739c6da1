-- The first schema. History tables keep one row per state of an object: valid from the run that first saw it so,
-- to the run that no longer did. Rows of an unpublished run are invisible to the views.

CREATE TABLE catalog_state (
    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
    published_run INTEGER NOT NULL
) STRICT;
INSERT INTO catalog_state VALUES (1, 0);

CREATE TABLE run (
    run_id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN
        ('running', 'published', 'published_partial', 'rejected', 'failed', 'interrupted', 'abandoned')),
    started_at TEXT NOT NULL,
    heartbeat_at TEXT NOT NULL,
    ended_at TEXT,
    version TEXT NOT NULL,
    api_url TEXT NOT NULL,
    organization_id TEXT,
    token_member_id TEXT,
    token_is_admin INTEGER,
    exit_code INTEGER,
    requests INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    waited_ms INTEGER NOT NULL DEFAULT 0,
    message TEXT
) STRICT;

CREATE TABLE run_count (
    run_id INTEGER NOT NULL REFERENCES run,
    kind TEXT NOT NULL,
    total INTEGER NOT NULL,
    new INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    PRIMARY KEY (run_id, kind)
) WITHOUT ROWID, STRICT;

CREATE TABLE fetch_scope (
    run_id INTEGER NOT NULL REFERENCES run,
    endpoint TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    pages INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    http_calls INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    error_code TEXT,
    message TEXT,
    PRIMARY KEY (run_id, endpoint, parent_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE run_event (
    run_id INTEGER NOT NULL REFERENCES run,
    at TEXT NOT NULL,
    severity TEXT NOT NULL,
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    context TEXT NOT NULL,
    count INTEGER NOT NULL
) STRICT;

-- Ids of documents are stored once; what lies inside a document is keyed by this number, side by side.
CREATE TABLE document_key (
    document INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE
) STRICT;

-- What the catalog should enforce for mapped users; nobody is mapped without an identity mapping.
CREATE TABLE mirrored_permission (
    run_id INTEGER NOT NULL REFERENCES run,
    member_id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    permission TEXT NOT NULL,
    PRIMARY KEY (run_id, member_id, object_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE organization_history (
    id TEXT NOT NULL,
    slug TEXT,
    url TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE member_history (
    id TEXT NOT NULL,
    email TEXT,
    first_name TEXT,
    last_name TEXT,
    member_type TEXT,
    user_kind TEXT,
    is_archived INTEGER,
    is_inactive INTEGER,
    home_folder_id TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE team_history (
    id TEXT NOT NULL,
    name TEXT,
    description TEXT,
    visibility TEXT,
    is_archived INTEGER,
    created_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE team_member_history (
    team_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    is_team_admin INTEGER,
    added_by TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (team_id, member_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE account_type_history (
    id TEXT NOT NULL,
    name TEXT,
    description TEXT,
    is_custom INTEGER,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE workspace_history (
    id TEXT NOT NULL,
    url_id TEXT,
    name TEXT,
    created_by TEXT,
    updated_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE file_history (
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    url_id TEXT,
    name TEXT,
    parent_id TEXT,
    path TEXT,
    permission TEXT,
    badge TEXT,
    description TEXT,
    owner_id TEXT,
    is_archived INTEGER,
    created_by TEXT,
    updated_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE connection_history (
    id TEXT NOT NULL,
    name TEXT,
    type TEXT,
    account TEXT,
    warehouse TEXT,
    role TEXT,
    is_sample INTEGER,
    is_audit_log INTEGER,
    use_oauth INTEGER,
    write_access INTEGER,
    is_archived INTEGER,
    created_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE document_history (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    url_id TEXT,
    name TEXT,
    url TEXT,
    path TEXT,
    description TEXT,
    owner_id TEXT,
    latest_version INTEGER,
    is_archived INTEGER,
    migration_status TEXT,
    migrated_to TEXT,
    created_by TEXT,
    updated_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE object_grant_history (
    id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    permission TEXT,
    created_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, object_id, member_id, team_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE page_history (
    document INTEGER NOT NULL REFERENCES document_key,
    page_id TEXT NOT NULL,
    name TEXT,
    hidden INTEGER,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, page_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE element_history (
    document INTEGER NOT NULL REFERENCES document_key,
    element_id TEXT NOT NULL,
    page_id TEXT,
    name TEXT,
    type TEXT,
    visualization_type TEXT,
    error TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, element_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE element_column_history (
    document INTEGER NOT NULL REFERENCES document_key,
    element_id TEXT NOT NULL,
    column_id TEXT NOT NULL,
    name TEXT,
    formula TEXT,
    data_type TEXT,
    source_id TEXT,
    source_column TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, element_id, column_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE element_query_history (
    document INTEGER NOT NULL REFERENCES document_key,
    element_id TEXT NOT NULL,
    sql TEXT,
    error TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, element_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE lineage_node_history (
    document INTEGER NOT NULL REFERENCES document_key,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    connection_id TEXT,
    definition TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, type, id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE lineage_edge_history (
    document INTEGER NOT NULL REFERENCES document_key,
    source_type TEXT NOT NULL,
    source_document_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    target_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    evidence TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document, source_type, source_document_id, source_id, target_id, valid_from)
) WITHOUT ROWID, STRICT;
