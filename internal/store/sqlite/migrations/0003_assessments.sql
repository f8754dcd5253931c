-- What is remembered of a keyed hash: of who or what sends payments. version
-- counts the facts that were ever added; facts are the newest, newest first,
-- 48 bytes each. The row grows to some 5 KB, which fits into a page of a table,
-- not of an index: hence a number and an index of the keys.
CREATE TABLE subjects (
    number   INTEGER PRIMARY KEY,
    key      BLOB    NOT NULL UNIQUE CHECK (length(key) = 16),
    version  INTEGER NOT NULL CHECK (version >= 1),
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    orders   INTEGER NOT NULL CHECK (orders BETWEEN 0 AND version),
    facts    BLOB    NOT NULL CHECK (length(facts) > 0 AND length(facts) % 48 = 0)
) STRICT;

CREATE INDEX subjects_by_age ON subjects (last_at);

-- Runs of the risk rules, each written with the revision it led to, or alone
-- with the revision 0. subjects are keys, 16 bytes each.
CREATE TABLE assessments (
    number         INTEGER PRIMARY KEY,
    assessment_id  BLOB    NOT NULL UNIQUE CHECK (length(assessment_id) = 16),
    session_id     BLOB    NOT NULL CHECK (length(session_id) = 16),
    revision       INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    merchant_id    TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    call           TEXT    NOT NULL,
    outcome        TEXT    NOT NULL,
    subjects       BLOB    NOT NULL CHECK (length(subjects) % 16 = 0),
    document       BLOB    NOT NULL
) STRICT;

CREATE INDEX assessments_of_session ON assessments (session_id, assessment_id);
CREATE INDEX assessments_of_merchant ON assessments (merchant_id, assessment_id);
