-- Who may sign in. email is in lower case; merchant_id is '' for the operator's
-- people; credentials is the document of package account.
CREATE TABLE people (
    person_id   BLOB    NOT NULL PRIMARY KEY CHECK (length(person_id) = 16),
    email       TEXT    NOT NULL UNIQUE,
    merchant_id TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    role        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER,
    version     INTEGER NOT NULL CHECK (version >= 1),
    credentials BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX people_of_merchant ON people (merchant_id, person_id);

-- Sessions, links and ceremonies by the SHA-256 of their secret. person_id is
-- NULL while they are nobody's.
CREATE TABLE tickets (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    person_id  BLOB    CHECK (length(person_id) = 16),
    kind       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    document   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tickets_of_person ON tickets (person_id, kind, created_at);
CREATE INDEX tickets_expired ON tickets (expires_at);

-- How often something was tried that may be a guess.
CREATE TABLE attempts (
    hash  BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    count INTEGER NOT NULL CHECK (count >= 0),
    at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_at ON attempts (at);

-- What people did. Rows are only added, and deleted by age.
CREATE TABLE audit (
    audit_id    BLOB    NOT NULL PRIMARY KEY CHECK (length(audit_id) = 16),
    at          INTEGER NOT NULL,
    person_id   TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    merchant_id TEXT    NOT NULL,
    address     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_at ON audit (at, audit_id);
CREATE INDEX audit_of_merchant ON audit (merchant_id, at, audit_id);
