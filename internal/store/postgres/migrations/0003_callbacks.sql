-- readable-from: 1
-- Messages to merchants' servers, each written with the revision that causes it.
-- due_at is on the merchant's clock, leased_until on the system's. While lease is
-- set somebody delivers the callback. answer is to the newest attempt. changed_by
-- names the lease or the step that changed the row last.
CREATE TABLE callbacks (
    callback_id  uuid    NOT NULL PRIMARY KEY,
    session_id   uuid    NOT NULL,
    revision     bigint  NOT NULL,
    created_at   bigint  NOT NULL,
    due_at       bigint  NOT NULL,
    leased_until bigint,
    lease        uuid,
    changed_by   uuid,
    attempts     integer NOT NULL DEFAULT 0,
    released     boolean NOT NULL DEFAULT false,
    state        text    NOT NULL,
    kind         text    NOT NULL,
    merchant_id  text    NOT NULL,
    url          text    NOT NULL,
    body         bytea   NOT NULL,
    answer       bytea,
    UNIQUE (session_id, revision),
    CONSTRAINT leases_end CHECK ((lease IS NULL) = (leased_until IS NULL))
);

CREATE INDEX callbacks_waiting ON callbacks (due_at) WHERE state = 'waiting';
CREATE INDEX callbacks_leased ON callbacks (leased_until) WHERE lease IS NOT NULL;
CREATE INDEX callbacks_of_merchant ON callbacks (merchant_id, created_at);

-- At most one delivery is under way for a session, whatever processes race.
CREATE UNIQUE INDEX callbacks_under_way ON callbacks (session_id) WHERE lease IS NOT NULL;

-- Merchants whose callbacks wait until they are released one by one.
CREATE TABLE callback_holds (
    merchant_id text NOT NULL PRIMARY KEY
);
