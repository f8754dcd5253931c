-- Exchanges that were refused: one row each, so that an explanation can be
-- written at once and searched.
CREATE TABLE refusals (
    seq                 INTEGER PRIMARY KEY,
    correlation_id      TEXT    NOT NULL,
    merchant_id         TEXT    NOT NULL,
    at_ns               INTEGER NOT NULL,  -- Unix time
    status              INTEGER NOT NULL,
    operation           TEXT    NOT NULL,
    session_id          TEXT    NOT NULL,
    order_id            TEXT    NOT NULL,
    authorization_token TEXT    NOT NULL,
    explanation         TEXT    NOT NULL,  -- JSON: code, messages, reason, violations; or empty
    packed              INTEGER NOT NULL,  -- 1: data is packed
    data                BLOB    NOT NULL   -- the exchange
) STRICT;

-- Ids and times grow, so these indexes grow at their ends.
CREATE INDEX refusals_by_correlation_id ON refusals (correlation_id);
CREATE INDEX refusals_by_session ON refusals (session_id) WHERE session_id <> '';
CREATE INDEX refusals_by_time ON refusals (at_ns);

-- All others: many in a row, which costs a fifth of a row for each.
CREATE TABLE blocks (
    seq       INTEGER PRIMARY KEY,
    first_id  TEXT    NOT NULL,            -- lowest and highest correlation id; both begin alike
    last_id   TEXT    NOT NULL,
    at_ns     INTEGER NOT NULL,            -- Unix time of the newest exchange
    exchanges INTEGER NOT NULL,
    packed    INTEGER NOT NULL,            -- 1: data is packed
    data      BLOB    NOT NULL             -- the exchanges, one after the other
) STRICT;

CREATE INDEX blocks_by_id ON blocks (first_id, last_id);
CREATE INDEX blocks_by_time ON blocks (at_ns);

-- Which sessions, orders and tokens a block may be about: four bytes (FNV-1a,
-- little endian) for each. It stands apart from the data, so that reading all
-- marks of a time is reading a few pages. No row for a block without names.
CREATE TABLE marks (
    seq         INTEGER PRIMARY KEY,       -- of the block
    newest_name TEXT    NOT NULL,
    oldest_name TEXT    NOT NULL,
    marks       BLOB    NOT NULL
) STRICT;

-- Names begin with a time: blocks from before a name was made are left out.
CREATE INDEX marks_by_name ON marks (newest_name, oldest_name);
