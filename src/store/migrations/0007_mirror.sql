-- What the catalog should enforce, and whom each run mirrored. The first schema kept mirrored permissions run by run and
-- expanded; they are kept by principal now, with history, and expanded when they are asked for.

DROP TABLE IF EXISTS mirrored_permission;

-- Whose view decided what a run mirrored, and on what that rested.
CREATE TABLE run_audience (
    run_id INTEGER PRIMARY KEY REFERENCES run,
    mode TEXT NOT NULL CHECK (mode IN ('login_user', 'common_users', 'identity_csv')),
    login_member_id TEXT,
    matched_by TEXT,
    mapping_version INTEGER REFERENCES identity_version,
    mapping_file TEXT,
    mapping_sha256 TEXT,
    users_file TEXT,
    users_sha256 TEXT,
    source TEXT NOT NULL CHECK (source IN ('grants', 'sigma', 'none')),
    mapped INTEGER NOT NULL,
    excluded INTEGER NOT NULL,
    limited INTEGER NOT NULL CHECK (limited IN (0, 1))
) STRICT;

-- Objects by their kind, and principals: member, team, everyone, administrators, and what Sigma answered of a member.
CREATE TABLE access_key (
    key INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    UNIQUE (kind, id)
) STRICT;

-- The best level of each principal on each object; 1 to 5: view, explore, organize, edit, owner.
CREATE TABLE access_principal_history (
    principal INTEGER NOT NULL REFERENCES access_key,
    object INTEGER NOT NULL REFERENCES access_key,
    level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
    via TEXT NOT NULL,
    granted_at INTEGER NOT NULL REFERENCES access_key,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (principal, object, valid_from)
) WITHOUT ROWID, STRICT;

-- Members that are exactly one catalog user.
CREATE TABLE mirrored_member_history (
    member INTEGER NOT NULL REFERENCES access_key,
    catalog_user TEXT NOT NULL,
    method TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (member, valid_from)
) WITHOUT ROWID, STRICT;

-- The principals whose access is a mirrored member's.
CREATE TABLE mirrored_principal_history (
    member INTEGER NOT NULL REFERENCES access_key,
    principal INTEGER NOT NULL REFERENCES access_key,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (member, principal, valid_from)
) WITHOUT ROWID, STRICT;

-- What the audience can reach, containers included; kept where the audience does not reach everything.
CREATE TABLE mirrored_object_history (
    object INTEGER NOT NULL REFERENCES access_key,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (object, valid_from)
) WITHOUT ROWID, STRICT;
