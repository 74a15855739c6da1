-- What administrators define, and the warehouse side of lineage.

CREATE TABLE account_type_permission_history (
    account_type_id TEXT NOT NULL,
    permission TEXT NOT NULL,
    description TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (account_type_id, permission, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE user_attribute_history (
    id TEXT NOT NULL,
    name TEXT,
    description TEXT,
    default_value TEXT,
    value_type TEXT,
    created_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE user_attribute_value_history (
    user_attribute_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    value TEXT,
    priority INTEGER,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (user_attribute_id, member_id, team_id, tenant_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE tenant_history (
    id TEXT NOT NULL,
    parent_organization_id TEXT,
    name TEXT,
    slug TEXT,
    cloud_provider TEXT,
    region TEXT,
    api_url TEXT,
    shared_at TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE version_tag_history (
    id TEXT NOT NULL,
    name TEXT,
    description TEXT,
    color TEXT,
    owner_id TEXT,
    is_archived INTEGER,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE tagged_version_history (
    document_id TEXT NOT NULL,
    version_tag_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    document_kind TEXT NOT NULL,
    tag_name TEXT,
    tagged_document_id TEXT,
    tagged_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (document_id, version_tag_id, version, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE dataset_source_history (
    dataset_id TEXT NOT NULL,
    source_id TEXT NOT NULL,
    source_type TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (dataset_id, source_id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE warehouse_table_history (
    id TEXT NOT NULL,
    connection_id TEXT,
    path TEXT,
    database_name TEXT,
    schema_name TEXT,
    name TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE warehouse_column_history (
    table_id TEXT NOT NULL,
    name TEXT NOT NULL,
    data_type TEXT,
    visibility TEXT,
    description TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (table_id, name, valid_from)
) WITHOUT ROWID, STRICT;

CREATE TABLE connection_grant_history (
    id TEXT NOT NULL,
    asked_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    team_id TEXT NOT NULL,
    asked_kind TEXT NOT NULL,
    object_id TEXT,
    permission TEXT,
    created_by TEXT,
    created_at TEXT,
    updated_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (id, asked_id, member_id, team_id, valid_from)
) WITHOUT ROWID, STRICT;

-- Whether a table is still named anywhere is asked for each table when a run is published.
CREATE INDEX lineage_node_history_id ON lineage_node_history (id, valid_to);
CREATE INDEX dataset_source_history_source ON dataset_source_history (source_id, valid_to);
