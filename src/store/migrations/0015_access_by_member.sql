-- Runs that read all that access rests on: what they do not show is not there. What a member sees then takes no more than
-- what is granted to it and to its teams, what it owns, and what lies below that.
CREATE TABLE settled_run (
    run_id INTEGER PRIMARY KEY REFERENCES run
) STRICT;

CREATE INDEX team_member_by_member ON team_member_history (member_id);
CREATE INDEX object_grant_by_member ON object_grant_history (member_id);
CREATE INDEX object_grant_by_team ON object_grant_history (team_id);
CREATE INDEX file_by_parent ON file_history (parent_id);
CREATE INDEX file_by_owner ON file_history (owner_id);
CREATE INDEX document_by_owner ON document_history (owner_id);
