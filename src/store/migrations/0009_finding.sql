-- What reports found, run by run, and what people decided about it; and what Sigma last said of our access rules.

-- A finding keeps its key and its first run for good, also when it goes and comes back.
CREATE TABLE finding (
    report_id TEXT NOT NULL,
    finding_key TEXT NOT NULL,
    -- The object it is about, where it is about one.
    object_id TEXT,
    first_seen_run INTEGER NOT NULL REFERENCES run,
    last_seen_run INTEGER NOT NULL REFERENCES run,
    -- The first run that read all it rests on and did not find it any more.
    resolved_run INTEGER REFERENCES run,
    -- The row as it was last seen: column by column, JSON.
    cells TEXT NOT NULL,
    PRIMARY KEY (report_id, finding_key)
) WITHOUT ROWID, STRICT;

CREATE TABLE finding_suppression (
    finding_key TEXT NOT NULL PRIMARY KEY,
    report_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- The last day on which it holds, ISO 8601.
    until TEXT NOT NULL,
    suppressed_by TEXT NOT NULL,
    suppressed_at TEXT NOT NULL
) WITHOUT ROWID, STRICT;

-- The last verification only: it is about the run it names.
CREATE TABLE verification (
    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
    run_id INTEGER NOT NULL REFERENCES run,
    verified_at TEXT NOT NULL,
    members INTEGER NOT NULL,
    compared INTEGER NOT NULL,
    agreed INTEGER NOT NULL,
    undecided INTEGER NOT NULL,
    too_new INTEGER NOT NULL,
    not_in_catalog INTEGER NOT NULL,
    unanswered INTEGER NOT NULL
) STRICT;

CREATE TABLE verification_difference (
    member_id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    computed TEXT,
    sigma_says TEXT,
    confidence TEXT NOT NULL,
    PRIMARY KEY (member_id, object_id)
) WITHOUT ROWID, STRICT;
