-- Messages to merchants' servers, each written with the revision that causes it.
-- due_at is on the merchant's clock, leased_until on the system's. While lease is
-- set somebody delivers the callback. answer is to the newest attempt.
CREATE TABLE callbacks (
    number       INTEGER PRIMARY KEY,
    callback_id  BLOB    NOT NULL UNIQUE CHECK (length(callback_id) = 16),
    session_id   BLOB    NOT NULL CHECK (length(session_id) = 16),
    revision     INTEGER NOT NULL,
    merchant_id  TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    url          TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    released     INTEGER NOT NULL DEFAULT 0,
    lease        BLOB    CHECK (length(lease) = 16),
    leased_until INTEGER CHECK ((lease IS NULL) = (leased_until IS NULL)),
    answer       BLOB,
    UNIQUE (session_id, revision)
) STRICT;

CREATE INDEX callbacks_waiting ON callbacks (due_at, number) WHERE state = 'waiting';
CREATE INDEX callbacks_leased ON callbacks (leased_until) WHERE lease IS NOT NULL;
CREATE INDEX callbacks_of_merchant ON callbacks (merchant_id, created_at);

-- At most one delivery is under way for a session.
CREATE UNIQUE INDEX callbacks_under_way ON callbacks (session_id) WHERE lease IS NOT NULL;

-- Merchants whose callbacks wait until they are released one by one.
CREATE TABLE callback_holds (
    merchant_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
