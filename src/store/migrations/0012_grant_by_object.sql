-- Who sees one object is asked of the grants on it and above it.
CREATE INDEX object_grant_by_object ON object_grant_history (object_id);
