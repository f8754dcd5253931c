-- readable-from: 1
-- All times are unix milliseconds. change_id names the change that added a row,
-- so that a commit in doubt can be asked for again.

-- Rows are only added, and deleted with their whole session. The first of a
-- session has what never changes: merchant_id, client_token, created_at. The
-- sums of an order, in minor units, are in every row after it; the checks are
-- checkout.Ledger.Holds. state is the document of package record. A row of the
-- kind 'deleted' closes the place behind a session that was deleted.
CREATE TABLE revisions (
    session_id          uuid   NOT NULL,
    revision            bigint NOT NULL CHECK (revision >= 1),
    change_id           uuid   NOT NULL,
    at                  bigint NOT NULL,
    created_at          bigint,
    authorized          bigint,
    captured            bigint,
    released            bigint,
    refunded            bigint,
    authorization_token uuid,
    order_id            uuid,
    kind                text   NOT NULL,
    correlation_id      text,
    reason              text,
    merchant_id         text,
    client_token        text,
    state               bytea  NOT NULL,
    PRIMARY KEY (session_id, revision),
    CONSTRAINT first_has_header CHECK (revision <> 1
        OR (merchant_id IS NOT NULL AND client_token IS NOT NULL AND created_at IS NOT NULL)),
    CONSTRAINT sums_are_not_negative CHECK (authorized >= 0 AND captured >= 0 AND released >= 0 AND refunded >= 0),
    CONSTRAINT captured_within_authorized CHECK (captured <= authorized),
    CONSTRAINT released_within_remaining CHECK (released <= authorized - captured),
    CONSTRAINT refunded_within_captured CHECK (refunded <= captured)
);

CREATE TABLE authorizations (
    token      uuid NOT NULL PRIMARY KEY,
    session_id uuid NOT NULL,
    change_id  uuid NOT NULL
);

-- One order per session and per authorization.
CREATE TABLE orders (
    order_id            uuid   NOT NULL PRIMARY KEY,
    session_id          uuid   NOT NULL UNIQUE,
    authorization_token uuid   NOT NULL UNIQUE,
    change_id           uuid   NOT NULL,
    merchant_id         text   NOT NULL,
    created_at          bigint NOT NULL
);

-- disabled_at and revoked_at are NULL while the merchant and the key are live.
CREATE TABLE merchants (
    merchant_id text   NOT NULL PRIMARY KEY,
    change_id   uuid   NOT NULL,
    name        text   NOT NULL,
    created_at  bigint NOT NULL,
    disabled_at bigint
);

-- One credential each; hash is of the password.
CREATE TABLE keys (
    username    text   NOT NULL PRIMARY KEY,
    merchant_id text   NOT NULL REFERENCES merchants (merchant_id),
    change_id   uuid   NOT NULL,
    hash        bytea  NOT NULL,
    created_at  bigint NOT NULL,
    revoked_at  bigint
);

CREATE INDEX keys_of_merchant ON keys (merchant_id);

-- How far a merchant's playground clock is ahead after its n-th move, in
-- nanoseconds. Rows are only added.
CREATE TABLE clocks (
    merchant_id text   NOT NULL REFERENCES merchants (merchant_id),
    move        bigint NOT NULL CHECK (move >= 1),
    change_id   uuid   NOT NULL,
    advance_ns  bigint NOT NULL,
    PRIMARY KEY (merchant_id, move)
);

CREATE TABLE secrets (
    name  text  NOT NULL PRIMARY KEY,
    value bytea NOT NULL
);

-- Always empty: see confirm.go.
CREATE TABLE confirmations (
    change_id uuid NOT NULL PRIMARY KEY
);
