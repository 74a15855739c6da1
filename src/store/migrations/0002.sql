-- Identity mappings, by version. They are what people decided, not what a run found: no run removes them.

CREATE TABLE identity_version (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN ('active', 'superseded')),
    imported_at TEXT NOT NULL,
    imported_by TEXT NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    allow_merge INTEGER NOT NULL CHECK (allow_merge IN (0, 1)),
    restored_from INTEGER REFERENCES identity_version
) STRICT;

CREATE UNIQUE INDEX identity_version_active ON identity_version (state) WHERE state = 'active';

-- Verbatim values beside what they are compared by; an address belongs to one catalog user.
CREATE TABLE identity_pair (
    version INTEGER NOT NULL REFERENCES identity_version,
    email_key TEXT NOT NULL,
    user_key TEXT NOT NULL,
    sigma_email TEXT NOT NULL,
    network_id TEXT NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (version, email_key)
) WITHOUT ROWID, STRICT;
