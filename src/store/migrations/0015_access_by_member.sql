-- What a member sees is asked of what is granted to it and to its teams, of what it owns, and of what lies below that.

-- Runs that read all that access rests on: what they do not show is not there.
CREATE TABLE settled_run (
    run_id INTEGER PRIMARY KEY REFERENCES run
) STRICT;

-- Objects as the rules of access see them, side by side in the order they are told in as far as they came together.
CREATE TABLE access_object_history (
    object INTEGER NOT NULL REFERENCES access_key,
    parent INTEGER REFERENCES access_key,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    url_id TEXT,
    name TEXT,
    path TEXT,
    owner_id TEXT,
    is_archived INTEGER NOT NULL,
    created_at TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (object, valid_from)
) WITHOUT ROWID, STRICT;

CREATE INDEX access_object_by_id ON access_object_history (id);
CREATE INDEX access_object_by_parent ON access_object_history (parent);
CREATE INDEX access_object_by_owner ON access_object_history (owner_id);
CREATE INDEX team_member_by_member ON team_member_history (member_id);
CREATE INDEX object_grant_by_member ON object_grant_history (member_id);
CREATE INDEX object_grant_by_team ON object_grant_history (team_id);
