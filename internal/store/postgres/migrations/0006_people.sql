-- readable-from: 1
-- Who may sign in. email is in lower case; merchant_id is '' for the operator's
-- people; credentials is the document of package account. change_id names the
-- change that wrote a row last.
CREATE TABLE people (
    person_id   uuid   NOT NULL PRIMARY KEY,
    change_id   uuid   NOT NULL,
    email       text   NOT NULL UNIQUE,
    merchant_id text   NOT NULL,
    name        text   NOT NULL,
    role        text   NOT NULL,
    created_at  bigint NOT NULL,
    disabled_at bigint,
    version     bigint NOT NULL CHECK (version >= 1),
    credentials bytea  NOT NULL
);

CREATE INDEX people_of_merchant ON people (merchant_id, person_id);

-- Sessions, links and ceremonies by the SHA-256 of their secret. person_id is
-- NULL while they are nobody's. One that was taken stays until it expires:
-- taken_by names the change that took it.
CREATE TABLE tickets (
    hash       bytea  NOT NULL PRIMARY KEY,
    change_id  uuid   NOT NULL,
    taken_by   uuid,
    person_id  uuid,
    kind       text   NOT NULL,
    created_at bigint NOT NULL,
    seen_at    bigint NOT NULL,
    expires_at bigint NOT NULL,
    document   bytea  NOT NULL
);

CREATE INDEX tickets_of_person ON tickets (person_id, kind, created_at);
CREATE INDEX tickets_expired ON tickets (expires_at);

-- How often something was tried that may be a guess.
CREATE TABLE attempts (
    hash      bytea  NOT NULL PRIMARY KEY,
    change_id uuid   NOT NULL,
    count     bigint NOT NULL CHECK (count >= 0),
    at        bigint NOT NULL
);

CREATE INDEX attempts_at ON attempts (at);

-- What people did. Rows are only added, and deleted by age.
CREATE TABLE audit (
    audit_id    uuid   NOT NULL PRIMARY KEY,
    change_id   uuid   NOT NULL,
    at          bigint NOT NULL,
    person_id   text   NOT NULL,
    person      text   NOT NULL,
    action      text   NOT NULL,
    subject     text   NOT NULL,
    merchant_id text   NOT NULL,
    address     text   NOT NULL
);

CREATE INDEX audit_at ON audit (at, audit_id);
CREATE INDEX audit_of_merchant ON audit (merchant_id, at, audit_id);
