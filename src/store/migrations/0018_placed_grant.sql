-- What is granted to whom, in numbers and without what the rules of access do not ask for: a member's grants are a few
-- pages, and what they are on is found by number.

CREATE TABLE placed_grant_history (
    principal INTEGER NOT NULL REFERENCES access_key,
    object INTEGER NOT NULL REFERENCES access_key,
    -- Sigma's word; empty where there is none.
    permission TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    PRIMARY KEY (principal, object, permission, valid_from)
) WITHOUT ROWID, STRICT;

-- Of the runs so far no such rows are kept: what members saw in them is told from everything else.
DELETE FROM settled_run;

DROP INDEX placed_object_by_id;
DROP INDEX object_grant_to_member;
DROP INDEX object_grant_to_team;
