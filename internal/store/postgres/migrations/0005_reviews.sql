-- readable-from: 1
-- What is listed of the reviews of orders; it follows from the session's revision
-- of that number. due_at is on the merchant's clock. waiting is true until a
-- verdict.
CREATE TABLE reviews (
    order_id    uuid    NOT NULL PRIMARY KEY,
    session_id  uuid    NOT NULL,
    revision    bigint  NOT NULL,
    placed_at   bigint  NOT NULL,
    due_at      bigint  NOT NULL,
    amount      bigint  NOT NULL,
    waiting     boolean NOT NULL,
    merchant_id text    NOT NULL,
    currency    text    NOT NULL,
    state       text    NOT NULL,
    claimed_by  text    NOT NULL
);

CREATE INDEX reviews_by_due ON reviews (waiting, due_at, order_id);
CREATE INDEX reviews_of_merchant ON reviews (merchant_id, waiting, due_at, order_id);

-- At most one delivery is under way for a session and kind: callbacks of
-- different kinds do not wait for each other.
DROP INDEX callbacks_under_way;
CREATE UNIQUE INDEX callbacks_under_way ON callbacks (session_id, kind) WHERE lease IS NOT NULL;
