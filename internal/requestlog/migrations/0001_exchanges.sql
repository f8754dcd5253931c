-- One row for each HTTP exchange, in the order of writing. seq only grows, so
-- deleting what is old is deleting a range at the front of both tables.
CREATE TABLE exchanges (
    seq                 INTEGER PRIMARY KEY,
    correlation_id      TEXT    NOT NULL,
    merchant_id         TEXT    NOT NULL,
    at_ns               INTEGER,           -- Unix time
    duration_ns         INTEGER NOT NULL,
    method              TEXT    NOT NULL,
    path                TEXT    NOT NULL,
    operation           TEXT    NOT NULL,
    status              INTEGER NOT NULL,
    session_id          TEXT    NOT NULL,
    order_id            TEXT    NOT NULL,
    authorization_token TEXT    NOT NULL,
    shed                INTEGER NOT NULL,  -- 1: the bodies were dropped under overload
    packed              INTEGER NOT NULL,  -- 1: the request body is packed, 2: the response body
    explanation         TEXT,              -- JSON: code, messages, reason, violations
    request_body        BLOB,
    response_body       BLOB
) STRICT;

-- Correlation ids are ordered by time, so this index grows at its end.
CREATE INDEX exchanges_by_correlation_id ON exchanges (correlation_id);

-- One row for each transaction of the writer: which sessions its exchanges
-- belong to, four bytes (FNV-1a, little endian) for each exchange from
-- first_seq on. Read from end to end it finds the exchanges of a session. An
-- index on session_id would dirty a random page for nearly every exchange.
CREATE TABLE runs (
    first_seq  INTEGER PRIMARY KEY,
    written_ms INTEGER NOT NULL,           -- Unix time; finds the seq to delete up to
    sessions   BLOB    NOT NULL
) STRICT;
