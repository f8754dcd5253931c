-- readable-from: 1
-- What is remembered of a keyed hash: of who or what sends payments. version
-- counts the facts that were ever added; facts are the newest, newest first,
-- 48 bytes each. A row of the version 0 is of a key that a transaction locked
-- before it had facts; nothing is known of it. day is that of last_at: it
-- is what age is looked up by, and as it seldom changes a row that gets another
-- fact mostly leaves the indexes alone.
CREATE TABLE subjects (
    key      uuid   NOT NULL PRIMARY KEY,
    version  bigint NOT NULL CHECK (version >= 0),
    first_at bigint NOT NULL,
    last_at  bigint NOT NULL,
    day      bigint NOT NULL,
    orders   bigint NOT NULL CHECK (orders BETWEEN 0 AND version),
    facts    bytea  NOT NULL CHECK (length(facts) % 48 = 0)
);

CREATE INDEX subjects_by_day ON subjects (day);

-- Runs of the risk rules, each written with the revision it led to, or alone
-- with the revision 0. subjects are keys, 16 bytes each.
CREATE TABLE assessments (
    assessment_id  uuid   NOT NULL PRIMARY KEY,
    session_id     uuid   NOT NULL,
    change_id      uuid   NOT NULL,
    revision       bigint NOT NULL,
    at             bigint NOT NULL,
    merchant_id    text   NOT NULL,
    correlation_id text   NOT NULL,
    call           text   NOT NULL,
    outcome        text   NOT NULL,
    subjects       bytea  NOT NULL CHECK (length(subjects) % 16 = 0),
    document       bytea  NOT NULL
);

CREATE INDEX assessments_of_session ON assessments (session_id, assessment_id);
CREATE INDEX assessments_of_merchant ON assessments (merchant_id, assessment_id);
