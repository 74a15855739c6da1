-- What lies in a container stands side by side, with no more than what a member sees rests on, and so does what is granted
-- to whom: what is asked of a member is read in a few pages.

CREATE TABLE placed_object_history (
    -- The container; 0: nothing that is known.
    parent INTEGER NOT NULL,
    object INTEGER NOT NULL REFERENCES access_key,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    name TEXT,
    -- As Sigma states it; NULL where the names of what it lies in make it.
    path TEXT,
    owner INTEGER REFERENCES access_key,
    is_archived INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (parent, object, valid_from)
) WITHOUT ROWID, STRICT;

INSERT INTO placed_object_history
SELECT coalesce(o.parent, 0), o.object, o.id, o.type, o.name, o.path, k.key, o.is_archived, o.valid_from, o.valid_to
FROM access_object_history o LEFT JOIN access_key k ON k.kind = 'member' AND k.id = o.owner_id
ORDER BY 1, 2, o.valid_from;

DROP TABLE access_object_history;

CREATE INDEX placed_object_by_key ON placed_object_history (object);
CREATE INDEX placed_object_by_id ON placed_object_history (id);
CREATE INDEX placed_object_by_owner ON placed_object_history (owner);

DROP INDEX object_grant_by_member;
DROP INDEX object_grant_by_team;
CREATE INDEX object_grant_to_member ON object_grant_history (member_id, valid_to, permission);
CREATE INDEX object_grant_to_team ON object_grant_history (team_id, valid_to, permission);
