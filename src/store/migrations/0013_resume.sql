-- What a run has read and not published yet outlives it, so that the next run can go on from there.
-- Rows newer than the published run belong to the run named in `staging`; without it there are none.

-- The run whose reading another one went on with.
CREATE TABLE run_resumed (
    run_id INTEGER PRIMARY KEY REFERENCES run,
    earlier INTEGER NOT NULL REFERENCES run
) STRICT;

CREATE TABLE staging (
    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
    run_id INTEGER NOT NULL REFERENCES run,
    -- When the first of the runs started that read what is staged.
    since TEXT NOT NULL,
    -- What was asked, of whom, by whom; empty where that was not said.
    fingerprint TEXT NOT NULL
) STRICT;

-- The scopes that were begun. A document with all its scopes is one of them.
CREATE TABLE staged_scope (
    scope INTEGER PRIMARY KEY,
    endpoint TEXT NOT NULL,
    parent TEXT NOT NULL,
    -- The last run that asked for it, or took over what an earlier one had read of it.
    run_id INTEGER NOT NULL,
    -- Read, and as good as the source.
    is_good INTEGER NOT NULL,
    UNIQUE (endpoint, parent)
) STRICT;

-- What a scope sets off besides its rows, in the crawl's own words.
CREATE TABLE staged_follow_up (
    scope INTEGER NOT NULL,
    follow_up TEXT NOT NULL
) STRICT;
CREATE INDEX staged_follow_up_by_scope ON staged_follow_up (scope);

-- What the staged rows do to the objects of a kind, by document; 0 is the organisation.
CREATE TABLE staged_tally (
    document INTEGER NOT NULL,
    kind TEXT NOT NULL,
    new INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    unlisted INTEGER NOT NULL,
    PRIMARY KEY (document, kind)
) WITHOUT ROWID, STRICT;
