-- What is listed of the reviews of orders; it follows from the newest revision of
-- the session. due_at is on the merchant's clock. waiting is 1 until a verdict.
CREATE TABLE reviews (
    order_id    BLOB    NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    session_id  BLOB    NOT NULL CHECK (length(session_id) = 16),
    merchant_id TEXT    NOT NULL,
    placed_at   INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    amount      INTEGER NOT NULL,
    currency    TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    waiting     INTEGER NOT NULL,
    claimed_by  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX reviews_by_due ON reviews (waiting, due_at, order_id);
CREATE INDEX reviews_of_merchant ON reviews (merchant_id, waiting, due_at, order_id);

-- At most one delivery is under way for a session and kind: callbacks of
-- different kinds do not wait for each other.
DROP INDEX callbacks_under_way;
CREATE UNIQUE INDEX callbacks_under_way ON callbacks (session_id, kind) WHERE lease IS NOT NULL;
