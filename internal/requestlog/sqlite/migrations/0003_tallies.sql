-- What was counted of the exchanges that began in five minutes, of one merchant or
-- of all, by one process from one start on. Several rows of the same five minutes
-- add up.
CREATE TABLE tallies (
    seq         INTEGER PRIMARY KEY,
    everybody   INTEGER NOT NULL,          -- 1: of all merchants
    merchant_id TEXT    NOT NULL,
    start_s     INTEGER NOT NULL,          -- Unix time
    id          TEXT    NOT NULL,
    data        BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX tallies_by_merchant ON tallies (everybody, merchant_id, start_s, id);
CREATE INDEX tallies_by_time ON tallies (start_s);
