-- All times are unix milliseconds. Ids of 16 bytes are UUIDs.

CREATE TABLE sessions (
    number       INTEGER PRIMARY KEY,
    session_id   BLOB    NOT NULL UNIQUE CHECK (length(session_id) = 16),
    merchant_id  TEXT    NOT NULL,
    client_token TEXT    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

-- Rows are only ever added. previous links the revisions of a session, newest
-- to oldest; state is the document of package record.
CREATE TABLE revisions (
    row_id              INTEGER PRIMARY KEY,
    session             INTEGER NOT NULL REFERENCES sessions (number),
    revision            INTEGER NOT NULL CHECK (revision >= 1),
    previous            INTEGER CHECK ((revision = 1) = (previous IS NULL)),
    at                  INTEGER NOT NULL,
    kind                TEXT    NOT NULL,
    correlation_id      TEXT,
    authorization_token BLOB    CHECK (length(authorization_token) = 16),
    order_id            BLOB    CHECK (length(order_id) = 16),
    reason              TEXT,
    state               BLOB    NOT NULL
) STRICT;

-- The newest revision of each session, or an older one: a head is written some
-- time after its revision, together with many others. It is apart from sessions
-- because it changes and the header does not, and because hundreds fit into a
-- page.
CREATE TABLE heads (
    session  INTEGER PRIMARY KEY REFERENCES sessions (number),
    revision INTEGER NOT NULL CHECK (revision >= 1),
    row_id   INTEGER NOT NULL
) STRICT;

-- How far the heads are complete: the heads of sessions without a revision
-- after this one are the newest, those of the others are found by reading the
-- revisions after it. Row ids of revisions only grow, because the newest row is
-- never deleted.
CREATE TABLE heads_flushed (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    row_id INTEGER NOT NULL
) STRICT;

INSERT INTO heads_flushed (one, row_id) VALUES (1, 0);

CREATE TABLE authorizations (
    token     BLOB    NOT NULL PRIMARY KEY CHECK (length(token) = 16),
    session   INTEGER NOT NULL REFERENCES sessions (number),
    issued_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One order per session (the primary key) and per authorization (unique). The
-- checks on the amounts, in minor units, are checkout.Ledger.Holds.
CREATE TABLE orders (
    session             INTEGER PRIMARY KEY REFERENCES sessions (number),
    order_id            BLOB    NOT NULL UNIQUE CHECK (length(order_id) = 16),
    authorization_token BLOB    NOT NULL UNIQUE CHECK (length(authorization_token) = 16),
    merchant_id         TEXT    NOT NULL,
    created_at          INTEGER NOT NULL,
    authorized          INTEGER NOT NULL CHECK (authorized >= 0),
    captured            INTEGER NOT NULL CHECK (captured >= 0),
    released            INTEGER NOT NULL CHECK (released >= 0),
    refunded            INTEGER NOT NULL CHECK (refunded >= 0),
    CONSTRAINT captured_within_authorized CHECK (captured <= authorized),
    CONSTRAINT released_within_remaining CHECK (released <= authorized - captured),
    CONSTRAINT refunded_within_captured CHECK (refunded <= captured)
) STRICT;

-- disabled_at and revoked_at are NULL while the merchant and the key are live.
CREATE TABLE merchants (
    merchant_id TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT, WITHOUT ROWID;

-- One credential each; hash is of the password.
CREATE TABLE keys (
    username    TEXT    NOT NULL PRIMARY KEY,
    merchant_id TEXT    NOT NULL REFERENCES merchants (merchant_id),
    hash        BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_of_merchant ON keys (merchant_id, created_at, username);

-- How far a merchant's playground clock was moved, in nanoseconds.
CREATE TABLE clocks (
    merchant_id TEXT    NOT NULL PRIMARY KEY REFERENCES merchants (merchant_id),
    advance_ns  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
